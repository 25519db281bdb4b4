"""Graphs by request: cancel one whole, resume a paused one, amend a node."""

import msgspec

from seqcli.sandbox.exchange import amending, triggers
from seqcli.sandbox.exchange.activation import carry_out, touch, touch_node
from seqcli.sandbox.exchange.admission import redefine
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.graphs import Graph, Node
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.problems import conflict, invalid
from seqcli.wire.graphs import AmendNode
from seqcli.wire.submission import Execution, FixedQuantity, LimitPrice, NodeQuantity, OrderType, StopLimit


def cancel(machine: Machine, graph: Graph, now_ns: int) -> int:
    """Skip what waits, cancel what is open. Returns how many orders were open."""
    graph.cancelling = True
    count = triggers.cancel_open(machine, graph, now_ns)
    triggers.settle(machine, now_ns)
    return count


def resume(machine: Machine, graph: Graph, now_ns: int) -> bool:
    """Go on with a paused graph and carry out what was held. Returns whether it was paused. Raises `Problem`."""
    if graph.ended:
        raise conflict("execution graph", "already terminal")
    if machine.accounts[graph.client_id].switch.engaged:
        raise conflict("kill_switch", "engaged")
    if graph.status != "PAUSED":
        return False
    held, graph.held = graph.held, []
    graph.status, graph.pause_reason = "RUNNING", None
    touch(machine, graph).whole = True
    for what in held:
        carry_out(machine, graph, what, now_ns)
    triggers.settle(machine, now_ns)
    return True


def redefine_node(machine: Machine, graph: Graph, node: Node, body: AmendNode, now_ns: int) -> None:
    """Change a node that has not started yet. Raises `Problem`; then nothing has changed."""
    if node.status == "SKIPPED" or graph.over:
        raise conflict("node", "already terminal")
    redefine(node, _as_definition(node, body))
    touch_node(machine, graph, node)
    touch(machine, graph).whole = True
    triggers.settle(machine, now_ns)


def _as_definition(node: Node, body: AmendNode) -> AmendNode:
    """The words that amend an order, said of a node that is none yet."""
    quantity, kind, worked = body.quantity, body.order_type, body.execution
    limits = body.new_constraints
    if body.new_qty_1e8 is not None:
        if quantity is not None:
            raise invalid(("new_qty_1e8", "give it or quantity, not both"))
        quantity = NodeQuantity(fixed=FixedQuantity(qty_1e8=body.new_qty_1e8))
    if limits is not None and limits.max_price_1e9 is not None:
        if node.limit_price_1e9 is None or kind is not None:
            raise invalid(("new_constraints.max_price_1e9", "a market order has no price"))
        price, trigger = limits.max_price_1e9, node.trigger_price_1e9
        stop = None if trigger is None else StopLimit(trigger_price_1e9=trigger, price_1e9=price)
        kind = OrderType(limit=LimitPrice(price_1e9=price)) if stop is None else OrderType(stop_limit=stop)
    if limits is not None and (limits.urgency is not None or limits.horizon_ms is not None):
        if worked is not None:
            raise invalid(("new_constraints", "give it or execution, not both"))
        worked = msgspec.convert({**node.execution, "tif": node.tif}, Execution)
        worked.urgency = limits.urgency or worked.urgency
        worked.horizon_ms = limits.horizon_ms or worked.horizon_ms
    if quantity is None and kind is None and worked is None:
        raise invalid(("new_qty_1e8", "give a new quantity, order type, execution or constraint"))
    return AmendNode(quantity=quantity, order_type=kind, execution=worked)


def amend(machine: Machine, order: Order, change: Change, now_ns: int) -> None:
    """Amend an order, and let what follows happen. Raises `Problem`; then nothing has changed."""
    if order.parent is not None:
        raise conflict("order", f"a slice follows its order; amend {order.parent}")
    amending.amend(machine, order, change, now_ns)
    triggers.settle(machine, now_ns)
