"""Changing and ending what is open: cancel-replace of an order; the cancel of everything on a venue."""

from typing import Any

import msgspec

from seqcli.sandbox.exchange import ledger, pegging
from seqcli.sandbox.exchange.activation import touch_node
from seqcli.sandbox.exchange.ending import changed, end, live_slice, unreachable
from seqcli.sandbox.exchange.execution import MILLISECOND_NS, replace, routed
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import View
from seqcli.sandbox.problems import conflict, invalid
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
    before = order.qty_1e8
    _apply(machine, order, change, now_ns)
    graph = machine.graph_of(order.client_id, order.graph_id)
    if graph is not None and order.parent is None and order.qty_1e8 != before:
        node = graph.node(order.node_id)
        touch_node(machine, graph, node)
        node.ordered_1e8 += order.qty_1e8 - before


def _apply(machine: Machine, order: Order, change: Change, now_ns: int) -> None:
    qty = order.qty_1e8 if change.qty_1e8 is None else change.qty_1e8
    limit = order.limit_price_1e9 if change.limit_price_1e9 is None else change.limit_price_1e9
    is_new = qty > order.qty_1e8 or limit != order.limit_price_1e9
    waits = order.trigger_price_1e9 is not None and order.status == "NEW"
    if qty == order.filled_qty_1e8:
        _set(order, qty, limit, change, now_ns)
        end(machine, order, "filled", now_ns)
    elif order.slice_count:
        _part(machine, order, (qty, limit), now_ns)
        _set(order, qty, limit, change, now_ns)
        changed(machine, order, now_ns)
    elif is_new and not waits:
        _replace(machine, order, (qty, limit), change, now_ns)
    else:
        if not waits:
            _shrink(machine, order, qty)
        _set(order, qty, limit, change, now_ns)
        changed(machine, order, now_ns)


def _part(machine: Machine, order: Order, new: tuple[int, int | None], now_ns: int) -> None:
    """The slice at work of an order follows it: to its price, and to no more than is left. Raises `Problem`."""
    qty, limit = new
    part = live_slice(machine, order)
    if part is None:
        return
    most = min(part.qty_1e8, part.filled_qty_1e8 + qty - order.filled_qty_1e8)
    if most < part.qty_1e8 or limit != part.limit_price_1e9:
        _apply(machine, part, Change(qty_1e8=most, limit_price_1e9=limit), now_ns)


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
        trigger = order.trigger_price_1e9
        stop = {"stop_limit": {"trigger_price_1e9": trigger, "price_1e9": limit}}
        order.order_type = {"limit": {"price_1e9": limit}} if trigger is None else stop
    if change.urgency is not None:
        order.execution = {**order.execution, "urgency": change.urgency.lower()}
        order.pegged_ns = now_ns  # another patience begins now
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
    if order.peg_1e9 is None:
        trial.arrival_mid_1e9 = view.mid(order.symbol)
    else:
        trial.peg_1e9 = pegging.price_now(machine, view, trial) or order.peg_1e9
    found = routed(machine, view, trial, credit=pegging.held_by(order))
    if found.refusal:
        field = "new_qty_1e8" if limit == order.limit_price_1e9 else "new_constraints.max_price_1e9"
        raise invalid((field, found.refusal.detail))
    _set(order, qty, limit, change, now_ns)
    if order.peg_1e9 is not None:
        order.peg_1e9, order.pegged_ns = trial.peg_1e9, now_ns
    replace(machine, view, order, trial, found)


def reconnected(machine: Machine, now_ns: int) -> None:
    """Carry out the cancels that waited for a venue which is back."""
    for order in [row for row in machine.orders.values() if row.cancelling]:
        if not unreachable(machine, order):
            end(machine, order, "cancelled", now_ns)


def cancel_venue(machine: Machine, client_id: str, venue: str, now_ns: int) -> list[dict[str, Any]]:
    """End every open leg on a venue, and what is pinned to it and has none yet; an order with legs elsewhere goes on.

    Returns rows for the reply.
    """
    rows = []
    for order in [row for row in machine.orders.values() if row.client_id == client_id]:
        leg = order.leg(venue)
        is_there = leg is not None and leg.open_qty_1e8 > 0
        if order.ended or not (is_there or (order.pin == venue and order.parent is None)):
            continue
        error = None
        if venue in unreachable(machine, order):
            error = f"{venue} is not connected"
        elif leg is not None and any(other.open_qty_1e8 for other in order.legs if other is not leg):
            leg.status, leg.held = "PARTIAL" if leg.filled_qty_1e8 else "CANCELLED", 0
            changed(machine, order, now_ns)
        else:
            end(machine, order, "cancelled", now_ns)
        rows.append(
            {
                "node_order_id": order.node_order_id,
                "venue_order_id": leg.venue_order_id if leg and is_there else None,
                "status": order.status,
                "error": error,
            }
        )
    return rows
