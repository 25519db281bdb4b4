"""Changing and ending what is open: cancel-replace of an order; cancels of an order, a graph, a venue."""

from typing import Any

import msgspec

from seqcli.sandbox import ledger
from seqcli.sandbox.execution import MILLISECOND_NS, carry_out, changed, end, routed
from seqcli.sandbox.graphs import Graph
from seqcli.sandbox.machine import Machine
from seqcli.sandbox.orders import Order
from seqcli.sandbox.problems import conflict, invalid
from seqcli.sandbox.router import View
from seqcli.wire.order_rules import MAX_MS, URGENCIES


class Change(msgspec.Struct, kw_only=True):
    """What to change of an order; None stays. `qty_1e8` is the new total, not a delta."""

    qty_1e8: int | None = None
    limit_price_1e9: int | None = None
    urgency: str | None = None
    horizon_ms: int | None = None
    participation_limit_bps: int | None = None


def amend(machine: Machine, order: Order, change: Change, now_ns: int) -> None:
    """Cancel and replace under the same id. Raises `Problem`; then nothing has changed.

    A smaller total alone keeps the place in the queue; anything else joins at the back, and may fill at once.
    """
    if order.ended:
        raise conflict("order", "already terminal")
    _check(order, change)
    cut_off = unreachable(machine, order)
    if cut_off:
        raise conflict("venue", f"{cut_off[0]} is not connected")
    switch = machine.accounts[order.client_id].switch
    if switch.engaged and not _only_reduces(order, change):
        raise conflict("kill_switch", "engaged")
    qty = order.qty_1e8 if change.qty_1e8 is None else change.qty_1e8
    limit = order.limit_price_1e9 if change.limit_price_1e9 is None else change.limit_price_1e9
    if qty == order.filled_qty_1e8:
        _set(order, qty, limit, change, now_ns)
        end(machine, order, "filled", now_ns)
    elif qty > order.qty_1e8 or limit != order.limit_price_1e9:
        _replace(machine, order, (qty, limit), change, now_ns)
    else:
        _shrink(machine, order, qty)
        _set(order, qty, limit, change, now_ns)
        changed(machine, order, now_ns)


def _check(order: Order, change: Change) -> None:
    bad = []
    if change == Change():
        bad.append(("new_qty_1e8", "give new_qty_1e8, new_constraints, or both"))
    if change.qty_1e8 is not None and change.qty_1e8 <= 0:
        bad.append(("new_qty_1e8", "must be positive"))
    elif change.qty_1e8 is not None and change.qty_1e8 < order.filled_qty_1e8:
        bad.append(("new_qty_1e8", "below what has filled"))
    if change.limit_price_1e9 is not None and order.limit_price_1e9 is None:
        bad.append(("new_constraints.max_price_1e9", "a market order has no price"))
    elif change.limit_price_1e9 is not None and change.limit_price_1e9 <= 0:
        bad.append(("new_constraints.max_price_1e9", "must be positive"))
    if change.urgency is not None and change.urgency.lower() not in URGENCIES:
        bad.append(("new_constraints.urgency", f"must be one of {', '.join(URGENCIES)}"))
    if change.horizon_ms is not None and not 1 <= change.horizon_ms <= MAX_MS:
        bad.append(("new_constraints.horizon_ms", f"must be 1 to {MAX_MS}"))
    if bad:
        raise invalid(*bad)


def _only_reduces(order: Order, change: Change) -> bool:
    return (
        change.qty_1e8 is not None
        and change.qty_1e8 < order.qty_1e8
        and change.limit_price_1e9 in (None, order.limit_price_1e9)
        and change.urgency is None
        and change.horizon_ms is None
    )


def _set(order: Order, qty: int, limit: int | None, change: Change, now_ns: int) -> None:
    order.qty_1e8 = qty
    if limit != order.limit_price_1e9:
        order.limit_price_1e9 = limit
        order.order_type = {"limit": {"price_1e9": limit}}
    if change.urgency is not None:
        order.execution = {**order.execution, "urgency": change.urgency.lower()}
    if change.horizon_ms is not None:
        order.execution = {**order.execution, "horizon_ms": change.horizon_ms}
        order.expires_ns = now_ns + change.horizon_ms * MILLISECOND_NS
    if change.participation_limit_bps is not None:
        order.execution = {**order.execution, "participation_limit_bps": change.participation_limit_bps}


def _shrink(machine: Machine, order: Order, qty: int) -> None:
    """Take the difference off the legs, the last one first."""
    account = machine.accounts[order.client_id]
    excess = order.remaining_1e8 - sum(leg.open_qty_1e8 for leg in order.legs)  # cancelled at its venue before
    excess = max(0, order.qty_1e8 - qty - excess)
    for leg in reversed(order.legs):
        cut = min(excess, leg.open_qty_1e8)
        if cut:
            leg.qty_1e8 -= cut
            leg.held = min(leg.held, ledger.to_hold(account, order, leg, leg.open_qty_1e8))
            if not leg.open_qty_1e8:
                leg.status = "FILLED" if leg.filled_qty_1e8 else "CANCELLED"
            excess -= cut


def _replace(machine: Machine, order: Order, new: tuple[int, int | None], change: Change, now_ns: int) -> None:
    """Plan the new rest with what the old one holds; only when that is possible, let the old one go."""
    qty, limit = new
    trial = msgspec.structs.replace(order, qty_1e8=qty, limit_price_1e9=limit, legs=[])
    view = View(machine.market, machine.gone, machine.accounts[order.client_id], now_ns)
    trial.arrival_mid_1e9 = view.mid(order.symbol)
    credit = {leg.venue: leg.held for leg in order.legs if leg.held}
    found = routed(machine, view, trial, credit=credit)
    if found.refusal:
        field = "new_qty_1e8" if limit == order.limit_price_1e9 else "new_constraints.max_price_1e9"
        raise invalid((field, found.refusal.detail))
    _set(order, qty, limit, change, now_ns)
    for leg in order.legs:
        if leg.open_qty_1e8:
            leg.qty_1e8, leg.held, leg.rank = leg.filled_qty_1e8, 0, 0
            leg.status = "FILLED" if leg.filled_qty_1e8 else "CANCELLED"
    order.legs = [leg for leg in order.legs if leg.filled_qty_1e8]
    changed(machine, order, now_ns)
    carry_out(machine, order, found, now_ns)


def cancel(machine: Machine, order: Order, now_ns: int) -> str:
    """End an open order. Returns the cancel_state: done, already_terminal, or requested when its venue is cut off."""
    if order.ended:
        return "already_terminal"
    if unreachable(machine, order):
        if not order.cancelling:
            order.cancelling = True
            changed(machine, order, now_ns)
        return "requested"
    end(machine, order, "cancelled", now_ns)
    return "done"


def unreachable(machine: Machine, order: Order) -> list[str]:
    """The venues of an order's open legs that nothing gets through to."""
    open_at = [leg.venue for leg in order.legs if leg.open_qty_1e8]
    return [venue for venue in open_at if not machine.reaches(order.symbol, venue)]


def reconnected(machine: Machine, now_ns: int) -> None:
    """Carry out the cancels that waited for a venue which is back."""
    for order in [row for row in machine.orders.values() if row.cancelling]:
        if not unreachable(machine, order):
            end(machine, order, "cancelled", now_ns)


def cancel_graph(machine: Machine, graph: Graph, orders: list[Order], now_ns: int) -> int:
    """End every open order of an open graph. Returns how many."""
    live = [order for order in orders if not order.ended]
    graph.cancelling = True
    for node in graph.nodes:
        if node.status == "WAITING":
            node.status = node.outcome = "SKIPPED"
    for order in live:
        cancel(machine, order, now_ns)
    if not graph.ended:
        machine.emit("graph", graph, now_ns)
    return len(live)


def cancel_venue(machine: Machine, client_id: str, venue: str, now_ns: int) -> list[dict[str, Any]]:
    """End every open leg on a venue; an order with legs elsewhere goes on there. Returns rows for the reply."""
    rows = []
    for order in [row for row in machine.orders.values() if row.client_id == client_id]:
        leg = order.leg(venue)
        if leg is None or not leg.open_qty_1e8:
            continue
        identity = leg.venue_order_id
        error = None
        if venue in unreachable(machine, order):
            error = f"{venue} is not connected"
        elif any(other.open_qty_1e8 for other in order.legs if other is not leg):
            leg.status, leg.held = "PARTIAL" if leg.filled_qty_1e8 else "CANCELLED", 0
            changed(machine, order, now_ns)
        else:
            end(machine, order, "cancelled", now_ns)
        rows.append(
            {
                "node_order_id": order.node_order_id,
                "venue_order_id": identity,
                "status": order.status,
                "error": error,
            }
        )
    return rows
