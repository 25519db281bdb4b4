"""Time passes: resting orders meet the market, stops fire, prices are followed, horizons and timers end.

What can happen when is told by `alarms`; it is taken in time order over all orders and graphs, and what follows of it
in a graph happens at the same instant. So one long step ends in the same state as many short ones.
"""

from seqcli.sandbox.exchange import pegging, stops, triggers
from seqcli.sandbox.exchange.activation import carry_out
from seqcli.sandbox.exchange.alarms import HORIZON, LOSS, PEG, STOP, TIMER, TOUCH, Alarm, Watch
from seqcli.sandbox.exchange.ending import end
from seqcli.sandbox.exchange.execution import after_fills, fill
from seqcli.sandbox.exchange.graphs import Held
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.matching import opposite, reached, through
from seqcli.sandbox.exchange.orders import Leg, Order

KEEP_PLACE_NS = 600_000_000_000
"""A quiet market this far behind is marked as seen, so that a later start need not look at it again."""

Queues = dict[tuple[str, str, str], Leg]
"""Legs whose place in the queue moved, by client, order and venue."""


def advance(machine: Machine, now_ns: int, upto_ns: int = 0) -> None:
    """Let everything that was to happen until `now_ns` happen. Going back does nothing.

    `upto_ns` says how far time will be let pass next: what may happen until then is looked up once.
    """
    since = max(machine.seen_ns, machine.counters.cursor_ns)
    if now_ns <= since:
        return
    if machine.orders or machine.graphs:
        _meet(machine, since, now_ns, max(now_ns, upto_ns))
    machine.seen_ns = now_ns


def _meet(machine: Machine, since_ns: int, now_ns: int, upto_ns: int) -> None:
    watch = machine.watch
    if not isinstance(watch, Watch) or watch.until_ns < now_ns:
        watch = machine.watch = Watch(machine, since_ns, upto_ns)
    watch.add_new(since_ns)
    queues: Queues = {}
    seq = machine.counters.seq
    _run(machine, watch, now_ns, queues)
    moved = bool(queues) or machine.counters.seq != seq
    waits = machine.orders or machine.graphs
    if moved or (waits and now_ns - machine.counters.cursor_ns >= KEEP_PLACE_NS):
        mark(machine, now_ns, queues)


def _run(machine: Machine, watch: Watch, now_ns: int, queues: Queues) -> None:
    """Take everything until `now_ns` in order."""
    group = watch.group(now_ns)
    while group:
        ts_ns = group[0].ts_ns
        if group[0].what == TOUCH:
            _touched(machine, group, queues)
            triggers.settle(machine, ts_ns)
        else:
            for alarm in group:
                if alarm.stands:
                    _ring(machine, alarm)
                    triggers.settle(machine, ts_ns)
        for alarm in group:
            watch.again(alarm)
        watch.add_new(ts_ns)
        group = watch.group(now_ns)


def _ring(machine: Machine, alarm: Alarm) -> None:
    """Do what one alarm is for."""
    order, graph, ts_ns = alarm.order, alarm.graph, alarm.ts_ns
    if graph is not None and alarm.what == TIMER:
        triggers.timed_out(machine, graph, int(alarm.name[-1]), ts_ns)
    elif graph is not None and alarm.what == LOSS:
        triggers.check_limits(machine, graph, ts_ns)
    elif order is not None and alarm.what == HORIZON:
        end(machine, order, "expired", ts_ns)
    elif order is not None and alarm.what == PEG:
        pegging.repeg(machine, order, ts_ns)
    elif order is not None:
        graph = machine.graph_of(order.client_id, order.graph_id)
        is_stop = alarm.what == STOP
        if graph is not None and (not is_stop or stops.reached(machine.market, order, ts_ns)):
            carry_out(machine, graph, Held("fire" if is_stop else "slice", order.node_order_id), ts_ns)


def mark(machine: Machine, now_ns: int, queues: Queues | None = None) -> None:
    """Keep how far the market has been seen, and the queues that moved."""
    rows = [[*name, leg.queue_1e8] for name, leg in (queues or {}).items() if (name[0], name[1]) in machine.orders]
    machine.emit("progress", {"upto_ns": now_ns, "queues": rows}, now_ns)


def _touched(machine: Machine, group: list[Alarm], queues: Queues) -> None:
    """Everything that one instant does, order by order; a print is shared out among orders of one price."""
    filled: dict[int, tuple[Order, int]] = {}
    shared: dict[tuple[str, str, str, int, int], int] = {}
    for entry in group:
        order, leg, ts_ns = entry.order, entry.leg, entry.ts_ns
        if order is None or leg is None or order.ended or not leg.open_qty_1e8:
            continue
        before = leg.queue_1e8
        qty = _share(machine, order, leg, ts_ns, shared)
        if leg.queue_1e8 != before:
            queues[order.client_id, order.node_order_id, leg.venue] = leg
        if qty:
            fill(machine, order, leg, (order.price_1e9 or 0, qty), ts_ns, taker=False)
            filled[id(order)] = order, ts_ns
    for order, ts_ns in filled.values():
        after_fills(machine, order, ts_ns)


def _share(
    machine: Machine,
    order: Order,
    leg: Leg,
    ts_ns: int,
    shared: dict[tuple[str, str, str, int, int], int],
) -> int:
    """How much of a leg fills at an instant; its queue moves up."""
    price = order.price_1e9 or 0
    book = machine.market.book(order.symbol, leg.venue, ts_ns)
    if book is not None and reached(opposite(book, order.side), order.side, price):
        return leg.open_qty_1e8
    at_once = machine.accounts[order.client_id].settings.fill_model == "instant"
    qty = 0
    trades = machine.market.prints(order.symbol, leg.venue, ts_ns - 1, ts_ns)
    for number, trade in enumerate(trades):
        if through(trade, order.side, price) or (at_once and trade.price_1e9 == price):
            return leg.open_qty_1e8
        if trade.price_1e9 != price:
            continue
        name = (order.symbol, leg.venue, order.side, price, number)
        used = shared.get(name, 0)
        part = min(leg.open_qty_1e8 - qty, max(0, trade.qty_1e8 - leg.queue_1e8 - used))
        leg.queue_1e8 = max(0, leg.queue_1e8 - trade.qty_1e8)
        shared[name] = used + part
        qty += part
    return qty
