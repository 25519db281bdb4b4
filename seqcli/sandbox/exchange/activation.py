"""A node becomes an order: plain, following the market, armed as a stop, or in slices.

While its graph is paused, or the kill switch is engaged, what would start is held instead, until the graph is resumed.
"""

import msgspec

from seqcli.sandbox.exchange import ending, execution, pacing, pegging, stops
from seqcli.sandbox.exchange.graphs import Graph, Held, Node, Touched
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import View

_AT_ONCE = frozenset({"on_accepted", "on_first_fill", "on_fill"})


def touch(machine: Machine, graph: Graph) -> Touched:
    """What has changed of a graph and is to be told."""
    return machine.touched.setdefault((graph.client_id, graph.graph_id), Touched())


def touch_node(machine: Machine, graph: Graph, node: Node) -> None:
    """A node is about to change."""
    touch(machine, graph).nodes.setdefault(graph.at(node.node_id), len(node.node_order_ids))


def start(machine: Machine, graph: Graph, node: Node, now_ns: int, qty_1e8: int | None = None) -> Order:
    """Turn a node into an order, of its own quantity or of another."""
    touch_node(machine, graph, node)
    order = execution.order_of(node, graph, now_ns, qty_1e8)
    node.status = node.outcome = ""
    node.activated_ns = now_ns if node.activated_ns is None else node.activated_ns
    node.node_order_ids.append(order.node_order_id)
    node.live += 1
    if graph.status == "ACCEPTED":
        graph.status, touch(machine, graph).whole = "RUNNING", True
    deviation = graph.bounds.max_deviation_bps
    if node.trigger_price_1e9 is not None:
        if stops.arm(machine, order, now_ns):
            fire(machine, graph, order, now_ns)
    elif node.slices:
        pacing.begin(machine, order, now_ns, deviation)
    else:
        pegging.work(machine, execution.opened(machine, order, now_ns), order, deviation)
    node.qty_1e8 = node.qty_1e8 or order.qty_1e8 or None
    node.ordered_1e8 += order.qty_1e8
    return order


def carry_out(machine: Machine, graph: Graph, what: Held, now_ns: int) -> None:
    """Start, fire or go on with something, or hold it. A stop is an open order: a mere pause leaves it be."""
    if graph.over:
        return
    engaged = machine.accounts[graph.client_id].switch.engaged
    if engaged or (graph.status == "PAUSED" and what.what != "fire"):
        graph.held = [*graph.held, what]
        touch(machine, graph)
        if graph.status != "PAUSED":
            pause(machine, graph, "KILL_SWITCH")
        _hold(machine, graph, what, now_ns)
        return
    if what.what == "activate":
        node = graph.node(what.name)
        if node.status != "SKIPPED":
            start(machine, graph, node, now_ns, what.qty_1e8)
        return
    order = machine.orders.get((graph.client_id, what.name))
    if order is not None and what.what == "fire":
        fire(machine, graph, order, now_ns)
    elif order is not None and not order.cancelling:
        pacing.next_slice(machine, order, now_ns, graph.bounds.max_deviation_bps)


def _hold(machine: Machine, graph: Graph, what: Held, now_ns: int) -> None:
    """A held stop or slice no longer watches for its moment: that has come."""
    order = machine.orders.get((graph.client_id, what.name))
    if what.what != "activate" and order is not None:
        order.armed, order.next_slice_ns = False, None
        ending.changed(machine, order, now_ns)


def pause(machine: Machine, graph: Graph, reason: str) -> None:
    """Hold what would start, until a resume."""
    if graph.status != "PAUSED":
        graph.status, graph.pause_reason = "PAUSED", reason
        touch(machine, graph).whole = True


def fire(machine: Machine, graph: Graph, order: Order, now_ns: int) -> None:
    """Fire a stop. What an edge would cancel at its first fill is cancelled before, if it holds what the stop needs."""
    rivals = _rivals(machine, graph, order)
    if rivals and _needs(machine, order, [rival for _, rival in rivals], now_ns):
        for at, rival in rivals:
            edge = graph.edges[at]
            if not edge.fired_count:
                edge.fired_count, edge.last_fired_ns = 1, now_ns
                touch(machine, graph).edges.add(at)
            ending.cancel(machine, rival, now_ns)
    stops.fire(machine, order, now_ns, graph.bounds.max_deviation_bps)


def _rivals(machine: Machine, graph: Graph, order: Order) -> list[tuple[int, Order]]:
    """Open orders that hold something and that a cancel edge of this one ends at once; with the place of the edge."""
    found = []
    for at, edge in enumerate(graph.edges):
        if edge.from_node == order.node_id and edge.action == "cancel" and edge.trigger in _AT_ONCE:
            for name in graph.node(edge.to_node).node_order_ids:
                rival = machine.orders.get((graph.client_id, name))
                if rival is not None and pegging.held_by(rival):
                    found.append((at, rival))
    return found


def _needs(machine: Machine, order: Order, rivals: list[Order], now_ns: int) -> bool:
    """Whether an order can be paid for with what its rivals hold, and not without."""
    view = View(machine.market, machine.gone, machine.accounts[order.client_id], now_ns)
    trial = msgspec.structs.replace(order, legs=[], arrival_mid_1e9=view.mid(order.symbol))
    refusal = execution.routed(machine, view, trial).refusal
    if refusal is None or refusal.reason != "INSUFFICIENT_BALANCE":
        return False
    credit: dict[str, int] = {}
    for rival in rivals:
        for venue, held in pegging.held_by(rival).items():
            credit[venue] = credit.get(venue, 0) + held
    return execution.routed(machine, view, trial, credit=credit).refusal is None
