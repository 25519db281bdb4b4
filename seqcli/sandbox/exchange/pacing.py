"""An order in slices (TWAP): equal parts, each an order of its own, one interval apart.

The first starts at once. When the next is due, what the one before has not filled is cancelled and carried over, so a
slice asks for what should have been filled by its end and is not. The last slice takes the odd rest, and has no end but
its own; with it the whole order ends.
"""

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ending, execution, pegging, rules
from seqcli.sandbox.exchange.ending import changed, end, live_slice
from seqcli.sandbox.exchange.execution import MILLISECOND_NS
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order, slice_id
from seqcli.sandbox.exchange.router import View, best_opposite
from seqcli.sandbox.exchange.rules import Refusal


def begin(machine: Machine, order: Order, now_ns: int, deviation_bps: int | None) -> None:
    """Accept an order in slices and start the first."""
    view = execution.opened(machine, order, now_ns)
    refusal = _impossible(machine, view, order, deviation_bps)
    if refusal is not None:
        ending.reject(machine, order, refusal, now_ns)
        return
    execution.accepted(machine, order)
    next_slice(machine, order, now_ns, deviation_bps)


def _impossible(machine: Machine, view: View, order: Order, deviation_bps: int | None) -> Refusal | None:
    """Whether the whole may not be: its venue, its size, the limits of the account and of the graph."""
    instrument = view.market.instruments().get(order.symbol)
    if instrument is None or (order.pin and order.pin not in instrument.venues):
        return Refusal("BAD_VENUE", f"{order.symbol} does not trade on {order.pin or 'any venue'}")
    if order.arrival_mid_1e9 is None:
        return Refusal("STALE_VENUE", f"no book of {order.symbol}")
    mid = order.arrival_mid_1e9
    if order.notional_usd_1e9 is not None and not order.qty_1e8:
        touch = best_opposite(view.candidates(order, instrument, {}), order.side) or mid
        order.qty_1e8 = rounding.quantity_for(order.notional_usd_1e9, touch, instrument.lot_size_1e8)
    return (
        rules.venue_terms(order, order.qty_1e8, instrument, order.price_1e9 or mid)
        or rules.account_limits(view.account, machine.limits, order, order.qty_1e8, mid, view.now_ns)
        or rules.deviation(order, deviation_bps, mid)
    )


def next_slice(machine: Machine, order: Order, now_ns: int, deviation_bps: int | None) -> None:
    """Cancel what the slice at work has left, and start the next."""
    uniform = order.execution["pacing"]["uniform"]
    part = live_slice(machine, order)
    if part is not None:
        if ending.unreachable(machine, part):
            order.next_slice_ns = now_ns + uniform["interval_ms"] * MILLISECOND_NS
            changed(machine, order, now_ns)
            return
        end(machine, part, "cancelled", now_ns)
    order.slice_count += 1
    is_last = order.slice_count >= uniform["num_slices"]
    order.next_slice_ns = None if is_last else now_ns + uniform["interval_ms"] * MILLISECOND_NS
    order.status = "WORKING"
    changed(machine, order, now_ns)
    wanted = _due(machine, order) - order.filled_qty_1e8
    if wanted > 0:
        part = _slice(order, wanted, now_ns)
        pegging.work(machine, execution.opened(machine, part, now_ns), part, deviation_bps)
    elif is_last:
        end(machine, order, "expired", now_ns)


def _due(machine: Machine, order: Order) -> int:
    """What is to be filled when the slice that now begins is done."""
    number, slices = order.slice_count, order.execution["pacing"]["uniform"]["num_slices"]
    if number >= slices:
        return order.qty_1e8
    instrument = machine.market.instruments().get(order.symbol)
    lot = instrument.lot_size_1e8 if instrument else 1
    return number * rounding.whole_lots(order.qty_1e8 // slices, lot)


def _slice(order: Order, qty_1e8: int, now_ns: int) -> Order:
    execution_of_it = {name: value for name, value in order.execution.items() if name not in ("pacing", "horizon_ms")}
    return Order(
        client_id=order.client_id,
        node_order_id=slice_id(order, order.slice_count),
        graph_id=order.graph_id,
        node_id=f"{order.node_id}.s{order.slice_count}",
        seq=order.seq,
        symbol=order.symbol,
        kind=order.kind,
        base=order.base,
        quote=order.quote,
        pin=order.pin,
        side=order.side,
        order_type=order.order_type,
        limit_price_1e9=order.limit_price_1e9,
        tif=order.tif,
        execution=execution_of_it,
        qty_1e8=qty_1e8,
        created_ns=now_ns,
        updated_ns=now_ns,
        legs=[],
        venues=[order.pin] if order.pin else [],
        parent=order.node_order_id,
        is_slice=True,
        routing_version=order.routing_version,
    )


def slice_ended(machine: Machine, part: Order, ts_ns: int) -> None:
    """A slice is done; with the last one, or when nothing is left to do, the whole order is."""
    order = machine.orders.get((part.client_id, part.parent or ""))
    if order is None or order.ended:
        return
    if order.filled_qty_1e8 == order.qty_1e8:
        end(machine, order, "filled", ts_ns)
    elif part.node_order_id == slice_id(order, order.execution["pacing"]["uniform"]["num_slices"]):
        order.failure_reason, order.failure_detail = part.failure_reason, part.failure_detail
        end(machine, order, part.end_reason or "expired", ts_ns)
