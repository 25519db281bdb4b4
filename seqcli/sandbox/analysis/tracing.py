"""The life of an order as a list of instants: what the server measured, and what the exchange dated.

``received``, ``validated``, ``acked``, ``amend`` and ``cancel_requested`` are by the server's clock (see `timing`);
``acked``: it is on disk, and the reply leaves. ``routed``, ``fill``, ``rejected`` and ``terminal`` bear the exchange's
stamp of the command that caused them: one command is one instant there, risk checks and routing included.
"""

from collections.abc import Sequence
from typing import Any

from seqcli.sandbox.analysis.tca import arrival_of
from seqcli.sandbox.exchange import explain
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.storage.costs import Step

_WHY = ("version", "urgency", "est_cost_bps", "candidates", "rejected")
_RANK = ("received", "validated", "amend", "cancel_requested", "routed", "rejected", "fill", "terminal", "acked")


def events(order: Order, fills: Sequence[dict[str, Any]], steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Oldest first; what one instant holds in the order in which it comes about."""
    rows = [row for step in steps for row in _asked(order, step)]
    if order.failure_reason and not order.filled_qty_1e8:
        detail: dict[str, Any] = {"reason": order.failure_reason, "detail": order.failure_detail}
        rows.append(_row(order.terminal_ns or order.updated_ns, "rejected", detail, order.pin))
    else:
        legs = [{"venue": leg.venue, "qty_1e8": leg.qty_1e8} for leg in order.legs]
        why = explain.shown(order.routing) or {}
        more = {name: why[name] for name in _WHY if name in why}
        routed = {"legs": legs, "arrival_mid_1e9": order.arrival_mid_1e9, **more}
        rows.append(_row(arrival_of(order), "routed", routed))
    for fill in fills:
        names = ("fill_id", "price_1e9", "qty_1e8", "fee_usd_1e9", "liquidity")
        rows.append(_row(fill["ts_ns"], "fill", {name: fill[name] for name in names}, fill["venue"]))
    if order.ended:
        detail = {"status": order.status, "end_reason": order.end_reason, "filled_qty_1e8": order.filled_qty_1e8}
        rows.append(_row(order.terminal_ns or order.updated_ns, "terminal", detail))
    rows.sort(key=lambda row: (row["ts_ns"], _RANK.index(row["stage"])))
    first = rows[0]["ts_ns"]
    return [{"ts_ns": row["ts_ns"], "elapsed_ns": row["ts_ns"] - first, **row} for row in rows]


def _asked(order: Order, step: Step) -> list[dict[str, Any]]:
    """What one request left behind; of a submission only the orders that began with it."""
    detail: dict[str, Any] = {
        "request": step.what,
        "checked_ns": step.validated_ns - step.received_ns,
        "applied_ns": step.applied_ns - step.validated_ns,
        "written_ns": step.durable_ns - step.applied_ns,
    }
    if step.what == "place":
        if step.validated_ns != order.created_ns:
            return []
        begun = [_row(step.received_ns, "received"), _row(step.validated_ns, "validated")]
        return [*begun, _row(step.durable_ns, "acked", detail)]
    if step.node_order_id not in ("", order.node_order_id) or step.what == "resume":
        return []
    stage = "amend" if step.what == "amend" else "cancel_requested"
    return [_row(step.received_ns, stage), _row(step.durable_ns, "acked", detail)]


def _row(ts_ns: int, stage: str, detail: dict[str, Any] | None = None, venue: str | None = None) -> dict[str, Any]:
    edge = None if venue is None else f"venue-edge-{venue}"
    return {"ts_ns": ts_ns, "stage": stage, "venue": venue, "edge_id": edge, "detail": detail or {}}
