"""Orders: submit, preview, list, show, amend, cancel."""

from typing import Any

import msgspec

from seqcli.sandbox.analysis.previews import preview as estimate
from seqcli.sandbox.analysis.showing import order_body
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.orders import TERMINAL, Order
from seqcli.sandbox.market.instruments import canonical, venue_of
from seqcli.sandbox.serving import Answer, Box, Call, invalid, serves
from seqcli.sandbox.storage.records import Wanted
from seqcli.wire import orders
from seqcli.wire.submission import GraphOrder

DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
_STATUSES = TERMINAL | {"NEW", "WORKING"}


@serves(orders.PLACE)
def place(box: Box, call: Call) -> Answer:
    """201 for a new graph, 200 for one that was placed before under the same id and with the same values."""
    placed = box.exchange.place(call.caller.client_id, call.body, call.now_ns)
    graph = placed.graph
    body = {
        "graph_id": graph.graph_id,
        "status": graph.status,
        "node_order_id": placed.orders[0].node_order_id,
        "node_count": len(graph.nodes),
        "edge_count": len(graph.edges),
        "expanded_node_count": len(graph.nodes) + graph.slices,
        "expanded_edge_count": len(graph.edges) + graph.slices,
        "orders": [order_body(order) for order in placed.orders],
        "is_sandbox": graph.sandbox,
        "replayed": placed.replayed,
        "created_ns": graph.created_ns,
    }
    return Answer(body, 200 if placed.replayed else 201)


@serves(orders.PREVIEW)
def preview(box: Box, call: Call) -> dict[str, Any]:
    """One estimate, or one a node of a graph."""
    exchange = box.exchange
    ticket = exchange.read(call.body)
    account = exchange.account(call.caller.client_id, call.now_ns)
    named = ticket.graph_id or ""
    bodies = [estimate(exchange, account, node, named, call.now_ns) for node in ticket.nodes]
    if not isinstance(call.body, GraphOrder):
        return bodies[0]
    nodes = [{"node_id": node.node_id, **body} for node, body in zip(ticket.nodes, bodies, strict=True)]
    return {"nodes": nodes, "warnings": [], "as_of_ns": call.now_ns}


@serves(orders.LIST)
def listing(box: Box, call: Call) -> dict[str, Any]:
    """A page, newest first; with `node_order_id` that one order or none."""
    query = call.query
    wanted = Wanted(
        client_id=call.caller.client_id,
        sandbox=sandbox_rows(call),
        symbol=symbol_of(query.symbol),
        venue=venue_name(box, query.venue),
        graph_id=query.graph_id,
        node_order_id=query.node_order_id,
        since_ns=query.since_ns,
        until_ns=query.until_ns,
        slices=bool(query.include_slices) or query.node_order_id is not None,
    )
    wanted.ended, wanted.statuses = _statuses(query.status)
    page_of(call, wanted)
    page = box.store.orders(wanted)
    rows = [order_body(msgspec.convert(row, Order)) for row in page.rows]
    return paged("orders", rows, page.total, wanted)


def _statuses(text: str | None) -> tuple[bool | None, tuple[str, ...]]:
    if text is None:
        return None, ()
    if text.lower() in ("open", "closed"):
        return text.lower() == "closed", ()
    words = tuple(word.strip().upper() for word in text.split(","))
    for word in words:
        if word not in _STATUSES:
            raise invalid(("status", f"{word[:32]} is not open, closed or one of {', '.join(sorted(_STATUSES))}"))
    return None, words


@serves(orders.SHOW)
def show(box: Box, call: Call) -> dict[str, Any]:
    """One order."""
    return order_body(box.exchange.find_order(call.caller.client_id, call.path["node_order_id"]))


@serves(orders.AMEND)
def amend(box: Box, call: Call) -> dict[str, Any]:
    """Cancel and replace under the same id."""
    order = box.exchange.amend(call.caller.client_id, call.path["node_order_id"], change_of(call.body), call.now_ns)
    return amended(order)


def change_of(body: Any) -> Change:
    """The change that an amend body asks for."""
    constraints = body.new_constraints or orders.NewConstraints()
    return Change(
        qty_1e8=body.new_qty_1e8,
        limit_price_1e9=constraints.max_price_1e9,
        urgency=constraints.urgency,
        horizon_ms=constraints.horizon_ms,
        participation_limit_bps=constraints.participation_limit_bps,
    )


def amended(order: Order) -> dict[str, Any]:
    """The reply to an amend."""
    return {
        "node_order_id": order.node_order_id,
        "graph_id": order.graph_id,
        "status": order.status,
        "mode": "cancel_replace",
        "qty_1e8": order.qty_1e8,
        "filled_qty_1e8": order.filled_qty_1e8,
        "limit_price_1e9": order.limit_price_1e9,
        "revision": order.revision,
        "updated_ns": order.updated_ns,
    }


@serves(orders.CANCEL)
def cancel(box: Box, call: Call) -> dict[str, Any]:
    """End one order; again is not an error."""
    return cancelled(box, call, call.path["node_order_id"])


def cancelled(box: Box, call: Call, name: str) -> dict[str, Any]:
    """End the order `name`, and say how it stands."""
    order, state = box.exchange.cancel(call.caller.client_id, name, call.now_ns)
    return {
        "node_order_id": order.node_order_id,
        "graph_id": order.graph_id,
        "status": order.status,
        "cancel_state": state,
        "filled_qty_1e8": order.filled_qty_1e8,
        "updated_ns": order.updated_ns,
    }


# -- what every list shares ------------------------------------------------------------------------------------------


def page_of(call: Call, wanted: Wanted) -> None:
    """Take limit and offset of a query; see `limit_of`. Raises `Problem`."""
    wanted.limit = limit_of(call.query.limit, DEFAULT_LIMIT)
    wanted.offset = 0 if call.query.offset is None else call.query.offset
    if wanted.offset < 0:
        raise invalid(("offset", "must not be negative"))


def limit_of(limit: int | None, usual: int) -> int:
    """How many rows: what was asked for, lowered to the most there are at once. Raises `Problem` below 1."""
    if limit is not None and limit < 1:
        raise invalid(("limit", f"must be 1 to {MAX_LIMIT}"))
    return usual if limit is None else min(limit, MAX_LIMIT)


def paged(name: str, rows: list[dict[str, Any]], total: int, wanted: Wanted) -> dict[str, Any]:
    """The body of a list."""
    return {
        name: rows,
        "total": total,
        "limit": wanted.limit,
        "offset": wanted.offset,
        "has_more": wanted.offset + len(rows) < total,
    }


def sandbox_rows(call: Call) -> bool:
    """Which kind of rows: a sandbox key sees its own, a live key live ones unless it asks otherwise."""
    return call.caller.sandbox or bool(call.query.sandbox)


def symbol_of(text: str | None) -> str | None:
    """The canonical form of a symbol filter. Raises `Problem`."""
    if text is None:
        return None
    try:
        return canonical(text)
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None


def venue_name(box: Box, text: str | None, field: str = "venue") -> str | None:
    """The id of a venue that was written. Raises `Problem`."""
    if text is None:
        return None
    try:
        return venue_of(text, box.market.venues())[0]
    except ValueError as error:
        raise invalid((field, str(error))) from None
