"""What follows in a graph from what happened to its orders: edges fire, nodes are skipped, limits are kept, it ends.

Orders leave signals behind; `settle` answers them in order, at the instant they happened, until nothing more follows.
Then every graph that changed is told of once.
"""

from fractions import Fraction

from seqcli.sandbox.exchange import activation, ending, graph_risk, pacing
from seqcli.sandbox.exchange.activation import touch, touch_node
from seqcli.sandbox.exchange.graphs import ON_FILL, Edge, Graph, Held, Node, step_of
from seqcli.sandbox.exchange.machine import Key, Machine, Signal
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.reach import Reach
from seqcli.sandbox.exchange.sizing import size


def settle(machine: Machine, now_ns: int) -> None:
    """Carry out what follows from what has happened, and tell of it."""
    open_ends = bool(machine.touched)
    while machine.signals or open_ends:
        open_ends = False
        ended, filled = _answer_all(machine, now_ns)
        for key, touched in tuple(machine.touched.items()):
            if key in ended or touched.edges or touched.whole:
                graph = machine.graph_of(*key)
                if graph is not None:
                    _conclude(machine, graph, now_ns)
        breached = [graph for graph in filled.values() if check_limits(machine, graph, now_ns)]
        for graph in breached:
            _conclude(machine, graph, now_ns)
    if machine.touched:
        _tell(machine, now_ns)


def _answer_all(machine: Machine, now_ns: int) -> tuple[set[Key], dict[Key, Graph]]:
    """Answer every signal. Returns which graphs had an order end, and which have limits to be looked at."""
    ended: set[Key] = set()
    filled: dict[Key, Graph] = {}
    while machine.signals:
        signal = machine.signals.popleft()
        order = signal.order
        graph = machine.graph_of(order.client_id, order.graph_id)
        if graph is None:
            continue
        if signal.what == "ended":
            ended.add((order.client_id, order.graph_id))
        elif not graph.edges and not graph.bounds.kept:
            continue
        elif signal.what == "filled":
            filled[order.client_id, order.graph_id] = graph
        _answer(machine, graph, signal, now_ns)
    return ended, filled


def _tell(machine: Machine, now_ns: int) -> None:
    told, machine.touched = machine.touched, {}
    for key, touched in told.items():
        graph = machine.graph_of(*key)
        if graph is None:
            continue
        graph.updated_ns = now_ns
        if touched.whole or graph is machine.opening:
            machine.emit("graph", graph, now_ns)
        else:
            machine.emit("graph_step", step_of(graph, touched), now_ns)


# -- signals ---------------------------------------------------------------------------------------------------------


def _answer(machine: Machine, graph: Graph, signal: Signal, now_ns: int) -> None:
    order = signal.order
    if order.parent is not None and signal.what == "ended":
        pacing.slice_ended(machine, order, now_ns)
        return
    node = graph.node(order.node_id if order.parent is None else order.node_id.rpartition(".s")[0])
    if signal.what == "ended":
        _ended(machine, graph, node, order)
    for at, edge in enumerate(graph.edges):
        if edge.from_node == node.node_id and not graph.over and _answers(edge, signal):
            fire(machine, graph, at, now_ns, signal.qty_1e8)
    if graph.edges and signal.what != "accepted":
        _measure(machine, graph, node, now_ns)


def _ended(machine: Machine, graph: Graph, node: Node, order: Order) -> None:
    touch_node(machine, graph, node)
    node.live -= 1
    graph.held = [row for row in graph.held if row.name != order.node_order_id]
    node.outcome, node.failure_reason = order.status, order.failure_reason
    if order.status == "REJECTED" and graph.bounds.on_reject == "cancel_all" and not graph.over:
        give_up(machine, graph, order.failure_reason or "EXCHANGE_REJECT", order.terminal_ns or 0)


def _answers(edge: Edge, signal: Signal) -> bool:
    """Whether an edge listens to a signal of its source; ratios and ends of nodes are looked at apart."""
    if edge.trigger == ON_FILL:
        return signal.what == "filled"
    if edge.fired_count:
        return False
    if signal.what == "ended":
        order = signal.order
        reason = "cancelled" if edge.trigger == "on_cancel" else "rejected" if edge.trigger == "on_reject" else ""
        return reason == "cancelled" == order.end_reason or (reason == "rejected" and order.status == "REJECTED")
    return (edge.trigger, signal.what) in {("on_accepted", "accepted"), ("on_first_fill", "filled")}


def _measure(machine: Machine, graph: Graph, node: Node, now_ns: int) -> None:
    """Fire the edges that wait for a part of a node to be filled, or for all of it."""
    waiting = [
        at
        for at, edge in enumerate(graph.edges)
        if edge.from_node == node.node_id and edge.trigger in ("on_full_fill", "on_fill_ratio") and not edge.fired_count
    ]
    if not waiting or graph.over or not node.filled_qty_1e8:
        return
    goal = Reach(graph).goal_1e8(node)
    for at in waiting:
        ratio = Fraction(graph.edges[at].ratio or 1)
        if node.filled_qty_1e8 * ratio.denominator >= ratio.numerator * goal and not graph.edges[at].fired_count:
            fire(machine, graph, at, now_ns)


# -- edges -----------------------------------------------------------------------------------------------------------


def fire(machine: Machine, graph: Graph, at: int, now_ns: int, filled_1e8: int = 0) -> None:
    """An edge fires: its target starts, or is cancelled."""
    edge = graph.edges[at]
    touch(machine, graph).edges.add(at)
    edge.fired_count += 1
    edge.last_fired_ns = now_ns
    target = graph.node(edge.to_node)
    if edge.action == "cancel":
        _cancel(machine, graph, target, now_ns)
        return
    touch_node(machine, graph, target)
    wanted = size(machine, graph, edge, filled_1e8, now_ns)
    if wanted != 0:
        edge.passed_1e8 += wanted or 0
        activation.carry_out(machine, graph, Held("activate", target.node_id, wanted), now_ns)


def timed_out(machine: Machine, graph: Graph, at: int, now_ns: int) -> None:
    """The time of an edge has come."""
    if not graph.over and not graph.edges[at].fired_count:
        fire(machine, graph, at, now_ns)


def _cancel(machine: Machine, graph: Graph, target: Node, now_ns: int) -> None:
    if not target.node_order_ids:
        skip(machine, graph, target, now_ns)
        graph.held = [row for row in graph.held if row.name != target.node_id]
        return
    for name in target.node_order_ids:
        order = machine.orders.get((graph.client_id, name))
        if order is not None:
            ending.cancel(machine, order, now_ns)


def skip(machine: Machine, graph: Graph, node: Node, now_ns: int) -> None:
    """A node can no longer start."""
    touch_node(machine, graph, node)
    node.status = node.outcome = "SKIPPED"
    node.terminal_ns = now_ns


# -- ends ------------------------------------------------------------------------------------------------------------


def _conclude(machine: Machine, graph: Graph, now_ns: int) -> None:
    """See which nodes have come to their end, and whether the graph has."""
    again = bool(graph.edges) or len(graph.nodes) > 1
    if not again and not graph.nodes[0].live:
        graph.nodes[0].terminal_ns = now_ns
    while again and not graph.ended:
        again = False
        reach = Reach(graph)
        for node in graph.nodes:
            if node.terminal_ns is not None:
                continue
            if not node.node_order_ids and not reach.may_start(node):
                skip(machine, graph, node, now_ns)
                again = True
            elif reach.done(node):
                touch_node(machine, graph, node)
                node.terminal_ns = now_ns
                _done(machine, graph, node, now_ns)
                again = True
    if not graph.ended and not graph.held and all(node.terminal_ns is not None for node in graph.nodes):
        _finish(machine, graph, now_ns)


def _done(machine: Machine, graph: Graph, node: Node, now_ns: int) -> None:
    _measure(machine, graph, node, now_ns)
    for at, edge in enumerate(graph.edges):
        waits = edge.from_node == node.node_id and edge.trigger == "on_done" and not edge.fired_count
        if waits and not graph.over:
            fire(machine, graph, at, now_ns)


def _finish(machine: Machine, graph: Graph, now_ns: int) -> None:
    """CANCELLED after a cancel, FAILED after a breach or when something was rejected and nothing filled."""
    refused = [node for node in graph.nodes if node.outcome == "REJECTED"]
    if graph.failing is not None:
        graph.status, graph.failure_reason = "FAILED", graph.failing
    elif graph.cancelling:
        graph.status = "CANCELLED"
    elif refused and not any(node.filled_qty_1e8 for node in graph.nodes):
        graph.status, graph.failure_reason = "FAILED", refused[0].failure_reason
    else:
        graph.status = "COMPLETED"
    graph.pause_reason = None
    graph.terminal_ns, graph.ended = now_ns, True
    touch(machine, graph).whole = True


def give_up(machine: Machine, graph: Graph, reason: str, now_ns: int) -> None:
    """Cancel everything; the graph will have FAILED."""
    graph.failing = reason
    cancel_open(machine, graph, now_ns)


def cancel_open(machine: Machine, graph: Graph, now_ns: int) -> int:
    """Skip what waits and cancel what is open of a graph that is over. Returns how many orders were open."""
    touch(machine, graph).whole = True
    graph.held = []
    for node in graph.nodes:
        if not node.node_order_ids and node.terminal_ns is None:
            skip(machine, graph, node, now_ns)
    names = [name for node in graph.nodes if node.live for name in node.node_order_ids]
    live = [machine.orders[graph.client_id, name] for name in names if (graph.client_id, name) in machine.orders]
    for order in live:
        ending.cancel(machine, order, now_ns)
    return len(live)


def look_again(machine: Machine, graphs: list[Graph], now_ns: int) -> None:
    """Funding has moved the loss of graphs: keep their limits now, and watch them from where they stand."""
    for graph in graphs:
        if graph.bounds.max_loss_usd_1e9 is not None and not graph.over:
            touch(machine, graph).whole = True
            check_limits(machine, graph, now_ns)
    settle(machine, now_ns)


def check_limits(machine: Machine, graph: Graph, now_ns: int) -> bool:
    """Keep the graph's own limits, now. Returns whether one was broken."""
    if graph.over or not graph.bounds.kept:
        return False
    found = graph_risk.breach(machine.market, graph, now_ns)
    if found is None:
        return False
    data = {"kind": "limit_breach", "graph_id": graph.graph_id, "reason": graph.bounds.on_breach, **found._asdict()}
    machine.emit("risk", {"client_id": graph.client_id, **data}, now_ns)
    if graph.bounds.on_breach == "cancel_all":
        give_up(machine, graph, "RISK", now_ns)
        return True
    graph_risk.allow_more(machine.market, graph, now_ns)
    touch(machine, graph).whole = True
    if graph.bounds.on_breach == "pause":
        activation.pause(machine, graph, "RISK")
    return True
