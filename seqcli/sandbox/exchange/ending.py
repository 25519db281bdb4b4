"""What becomes of an order is told, and how orders end. Every change of one passes here.

Moves: NEW → WORKING or terminal; WORKING → terminal; none out of a terminal state.
"""

from seqcli.sandbox.exchange.machine import Machine, Signal
from seqcli.sandbox.exchange.orders import Leg, Order, slice_id
from seqcli.sandbox.exchange.rules import Refusal


def end(machine: Machine, order: Order, reason: str, ts_ns: int) -> None:
    """End an order: `reason` is filled, cancelled, rejected or expired; what had filled decides the status.

    The slice at work of an order in slices ends with it.
    """
    part = live_slice(machine, order)
    if part is not None:
        end(machine, part, "cancelled" if reason == "filled" else reason, ts_ns)
    for leg in order.legs:
        leg.status, leg.held = leg_end(leg, reason), 0
    order.end_reason, order.ended, order.terminal_ns = reason, True, ts_ns
    order.armed, order.next_slice_ns = False, None
    if order.qty_1e8 and order.filled_qty_1e8 == order.qty_1e8:
        order.status = "FILLED"
    else:
        order.status = "PARTIAL" if order.filled_qty_1e8 else reason.upper()
    changed(machine, order, ts_ns)
    machine.signals.append(Signal("ended", order))


def live_slice(machine: Machine, order: Order) -> Order | None:
    """The slice that is at work; None when there is none."""
    if not order.slice_count:
        return None
    return machine.orders.get((order.client_id, slice_id(order, order.slice_count)))


def reject(machine: Machine, order: Order, refusal: Refusal, ts_ns: int) -> None:
    """End an order that may not go on, for a reason."""
    order.failure_reason, order.failure_detail = refusal
    end(machine, order, "rejected", ts_ns)


def leg_end(leg: Leg, reason: str) -> str:
    """The status of a leg that ends for a reason; one that ended before keeps its own."""
    if leg.status in ("CANCELLED", "EXPIRED", "PARTIAL") and leg.filled_qty_1e8 < leg.qty_1e8:
        return leg.status
    if leg.filled_qty_1e8 == leg.qty_1e8:
        return "FILLED"
    return "PARTIAL" if leg.filled_qty_1e8 else reason.upper()


def changed(machine: Machine, order: Order, ts_ns: int) -> None:
    """Tell of an order as it is now, and of the one that it is a slice of when that has filled with it."""
    order.revision += 1
    order.updated_ns = ts_ns
    order.venues = [leg.venue for leg in order.legs] or ([order.pin] if order.pin else [])
    machine.emit("order", order, ts_ns)
    if order.parent is not None and (order.client_id, order.parent) in machine.untold:
        machine.untold.discard((order.client_id, order.parent))
        whole = machine.orders.get((order.client_id, order.parent))
        if whole is not None:
            changed(machine, whole, ts_ns)


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
    """The venues of an order's open legs, or of its slice's, that nothing gets through to."""
    part = live_slice(machine, order)
    legs = [*order.legs, *(part.legs if part else ())]
    return [leg.venue for leg in legs if leg.open_qty_1e8 and not machine.reaches(order.symbol, leg.venue)]
