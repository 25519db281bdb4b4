"""Records → the bodies the API shows of them."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox.exchange.graphs import Edge, Graph, Node
from seqcli.sandbox.exchange.orders import Leg, Order, slice_id
from seqcli.sandbox.rounding import average_price


def order_body(order: Order) -> dict[str, Any]:
    """An order, the same in REST and streams. One that follows the market without a limit shows where it is now."""
    return {
        "node_order_id": order.node_order_id,
        "graph_id": order.graph_id,
        "node_id": order.node_id,
        "seq": order.seq,
        "symbol": order.symbol,
        "instrument": instrument_body(order),
        "side": order.side,
        "order_type": order.order_type,
        "limit_price_1e9": order.peg_1e9 if order.limit_price_1e9 is None else order.limit_price_1e9,
        "trigger_price_1e9": order.trigger_price_1e9,
        "tif": order.tif,
        "execution": order.execution,
        "status": order.status,
        "end_reason": order.end_reason,
        "failure_reason": order.failure_reason,
        "failure_detail": order.failure_detail,
        "qty_1e8": order.qty_1e8,
        "filled_qty_1e8": order.filled_qty_1e8,
        "remaining_qty_1e8": order.remaining_1e8,
        "notional_usd_1e9": order.notional_usd_1e9,
        "avg_fill_price_1e9": average_price(order.cost, order.filled_qty_1e8),
        "fees_usd_1e9": order.fees_usd_1e9,
        "arrival_mid_1e9": order.arrival_mid_1e9,
        "legs": [_leg(leg) for leg in order.legs],
        "fill_count": order.fill_count,
        "slice_count": order.slice_count,
        "routing_version": order.routing_version,
        "mode": "native_atomic",
        "is_sandbox": order.sandbox,
        "revision": order.revision,
        "metadata": msgspec.Raw(order.metadata.encode()),
        "created_ns": order.created_ns,
        "updated_ns": order.updated_ns,
        "terminal_ns": order.terminal_ns,
    }


def instrument_body(row: Order | Node) -> dict[str, Any]:
    """What is traded; `venue` is the pin."""
    return {"symbol": row.symbol, "type": row.kind, "venue": row.pin}


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "venue": leg.venue,
        "venue_order_id": leg.venue_order_id,
        "qty_1e8": leg.qty_1e8,
        "filled_qty_1e8": leg.filled_qty_1e8,
        "avg_fill_price_1e9": average_price(leg.cost, leg.filled_qty_1e8),
        "status": leg.status,
        "failure_reason": leg.failure_reason,
    }


def graph_row(graph: Graph) -> dict[str, Any]:
    """A graph without its nodes, edges and orders."""
    return {
        "graph_id": graph.graph_id,
        "status": graph.status,
        "is_sandbox": graph.sandbox,
        "node_count": len(graph.nodes),
        "edge_count": len(graph.edges),
        "expanded_node_count": len(graph.nodes) + graph.slices,
        "expanded_edge_count": len(graph.edges) + graph.slices,
        "risk": msgspec.Raw(graph.risk.encode()),
        "metadata": msgspec.Raw(graph.metadata.encode()),
        "pause_reason": graph.pause_reason,
        "failure_reason": graph.failure_reason,
        "created_ns": graph.created_ns,
        "updated_ns": graph.updated_ns,
        "terminal_ns": graph.terminal_ns,
    }


def graph_body(graph: Graph, orders: list[Order], parts: dict[str, list[Order]]) -> dict[str, Any]:
    """A graph with its nodes, edges and orders; `parts` are the slices of orders in slices, by the order's id."""
    by_id = {order.node_order_id: order for order in orders}
    row = graph_row(graph)
    head = {name: row.pop(name) for name in list(row)[:7]}
    nodes = [node_body(node, by_id, parts) for node in graph.nodes]
    edges = [edge_body(edge) for edge in graph.edges]
    bodies = [order_body(order) for order in orders]
    return {**head, "nodes": nodes, "edges": edges, "orders": bodies, **row}


def edge_body(edge: Edge) -> dict[str, Any]:
    """An edge and how often it fired."""
    sizing: Any = edge.sizing
    if edge.size_ratio is not None:
        sizing = {"fill_ratio": {"ratio": Decimal(edge.size_ratio)}}
    elif edge.size_1e8 is not None:
        sizing = {"fixed": {"qty_1e8": edge.size_1e8}}
    return {
        "edge_id": edge.edge_id,
        "from_node": edge.from_node,
        "to_node": edge.to_node,
        "trigger": edge.trigger if edge.after_ms is None else {"on_timeout": {"ms": edge.after_ms}},
        "condition": None if edge.ratio is None else {"fill_ratio_gte": Decimal(edge.ratio)},
        "sizing": sizing,
        "action": edge.action,
        "fired_count": edge.fired_count,
        "last_fired_ns": edge.last_fired_ns,
    }


def _slices(order: Order | None, parts: dict[str, list[Order]]) -> list[dict[str, Any]]:
    """A row a slice: those that began, and when the others are due."""
    pacing = order.execution.get("pacing") if order is not None else None
    if order is None or pacing is None:
        return []
    began = {part.node_order_id: part for part in parts.get(order.node_order_id, ())}
    interval_ns = pacing["uniform"]["interval_ms"] * 1_000_000
    due = order.next_slice_ns or order.created_ns + order.slice_count * interval_ns
    rows = []
    for number in range(1, pacing["uniform"]["num_slices"] + 1):
        name = slice_id(order, number)
        part = began.get(name)
        waits = not order.ended and number > order.slice_count
        rows.append(
            {
                "node_id": f"{order.node_id}.s{number}",
                "node_order_id": name if part else None,
                "qty_1e8": part.qty_1e8 if part else None,
                "filled_qty_1e8": part.filled_qty_1e8 if part else 0,
                "status": part.status if part else "WAITING" if waits else "SKIPPED",
                "scheduled_ns": part.created_ns if part else due + (number - order.slice_count - 1) * interval_ns,
            }
        )
    return rows


def node_body(node: Node, orders: dict[str, Order], parts: dict[str, list[Order]]) -> dict[str, Any]:
    """A node as it stands; `orders` holds those it became, by id, and `parts` their slices."""
    latest = orders.get(node.node_order_ids[-1]) if node.node_order_ids else None
    quantity: dict[str, Any] = {"fixed": {"qty_1e8": node.qty_1e8}}
    if node.notional_usd_1e9 is not None:
        quantity = {"notional": {"notional_usd_1e9": node.notional_usd_1e9}}
    became = [orders[name] for name in node.node_order_ids if name in orders]
    filled = sum(order.filled_qty_1e8 for order in became)
    return {
        "node_id": node.node_id,
        "instrument": instrument_body(node),
        "side": node.side,
        "order_type": node.order_type,
        "quantity": quantity,
        "execution": node.execution,
        "activation": node.activation,
        "status": latest.status if latest else node.status,
        "node_order_id": node.node_order_ids[-1] if node.node_order_ids else None,
        "node_order_ids": node.node_order_ids,
        "qty_1e8": latest.qty_1e8 if latest else node.qty_1e8,
        "filled_qty_1e8": filled,
        "avg_fill_price_1e9": average_price(sum(order.cost for order in became), filled),
        "failure_reason": latest.failure_reason if latest else None,
        "slices": _slices(latest, parts),
        "activated_ns": node.activated_ns,
        "terminal_ns": node.terminal_ns,
    }


def fill_body(record: dict[str, Any]) -> dict[str, Any]:
    """A fill, from its record."""
    body = {name: record[name] for name in _FILL_KEYS}
    body["is_prediction"] = record["instrument_type"] == "prediction"
    body["is_sandbox"] = record["sandbox"]
    body["ts_ns"] = record["ts_ns"]
    return body


_FILL_KEYS = (
    *("fill_id", "node_order_id", "graph_id", "node_id", "symbol", "instrument_type", "venue", "side"),
    *("price_1e9", "qty_1e8", "notional_usd_1e9", "fee_usd_1e9", "fee_bps", "liquidity"),
    *("venue_order_id", "venue_trade_id"),
)
