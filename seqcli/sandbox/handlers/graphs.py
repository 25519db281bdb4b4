"""Execution graphs: list, show, cancel, resume, amend a node."""

from typing import Any

from seqcli.sandbox.analysis.showing import graph_body, graph_row, node_body
from seqcli.sandbox.handlers.orders import change_of, page_of, paged, sandbox_rows
from seqcli.sandbox.serving import Box, Call, invalid, not_found, serves
from seqcli.sandbox.storage.records import Wanted
from seqcli.wire import graphs

_STATUSES = graphs.TERMINAL | {"ACCEPTED", "RUNNING", "PAUSED"}


@serves(graphs.LIST)
def listing(box: Box, call: Call) -> dict[str, Any]:
    """A page, newest first."""
    import msgspec

    from seqcli.sandbox.exchange.graphs import Graph

    statuses = tuple(word.strip().upper() for word in (call.query.status or "").split(",") if word)
    for word in statuses:
        if word not in _STATUSES:
            raise invalid(("status", f"{word[:32]} is not one of {', '.join(sorted(_STATUSES))}"))
    wanted = Wanted(client_id=call.caller.client_id, sandbox=sandbox_rows(call), statuses=statuses)
    page_of(call, wanted)
    page = box.store.graphs(wanted)
    open_ones = box.exchange.graphs
    stored = [msgspec.convert(row, Graph) for row in page.rows]
    rows = [graph_row(open_ones.get((row.client_id, row.graph_id), row)) for row in stored]
    return paged("execution_graphs", rows, page.total, wanted)


@serves(graphs.SHOW)
def show(box: Box, call: Call) -> dict[str, Any]:
    """One graph with its nodes, edges and orders."""
    graph, orders = box.exchange.graph(call.caller.client_id, call.path["graph_id"])
    return graph_body(graph, orders, box.exchange.parts(orders))


@serves(graphs.CANCEL)
def cancel(box: Box, call: Call) -> dict[str, Any]:
    """End every open order of a graph. An order's own id ends that order only."""
    name = call.path["graph_id"]
    client_id = call.caller.client_id
    if name.startswith("graph:") and box.exchange.find_graph(client_id, name) is None:
        order, state = box.exchange.cancel(client_id, name, call.now_ns)
        graph, orders = box.exchange.graph(client_id, order.graph_id)
        orders, count = [order], int(state == "done")
    else:
        was_ended = box.exchange.graph(client_id, name)[0].ended
        graph, orders, count = box.exchange.cancel_graph(client_id, name, call.now_ns)
        state = "already_terminal" if was_ended else "done" if graph.ended else "requested"
    return {
        "graph_id": graph.graph_id,
        "status": graph.status,
        "cancel_state": state,
        "cancel_requested_count": count,
        "orders": [{"node_order_id": order.node_order_id, "status": order.status} for order in orders],
    }


@serves(graphs.RESUME)
def resume(box: Box, call: Call) -> dict[str, Any]:
    """Carry on a paused graph with what was held: a running one is told so, an ended one is a conflict."""
    graph, was_paused = box.exchange.resume_graph(call.caller.client_id, call.path["graph_id"], call.now_ns)
    return {"graph_id": graph.graph_id, "status": graph.status, "resumed": was_paused}


@serves(graphs.AMEND_NODE)
def amend_node(box: Box, call: Call) -> dict[str, Any]:
    """Amend the latest order of a node, or the definition of one that waits; an active node keeps its definition."""
    exchange, client_id = box.exchange, call.caller.client_id
    graph, orders = exchange.graph(client_id, call.path["graph_id"])
    node = next((row for row in graph.nodes if row.node_id == call.path["node_id"]), None)
    if node is None:
        raise not_found("node", call.path["node_id"])
    by_id = {row.node_order_id: row for row in orders}
    if not node.node_order_ids:
        exchange.redefine_node(graph, node, call.body, call.now_ns)
        return node_body(node, by_id, {}) | {"mode": "native_atomic"}
    waiting = [name for name in ("quantity", "order_type", "execution") if getattr(call.body, name) is not None]
    if waiting:
        raise invalid(*((name, "only while the node waits") for name in waiting))
    order = exchange.amend(client_id, node.node_order_ids[-1], change_of(call.body), call.now_ns)
    by_id[order.node_order_id] = order
    return node_body(node, by_id, exchange.parts([order])) | {"mode": "cancel_replace"}
