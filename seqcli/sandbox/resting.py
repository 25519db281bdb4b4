"""Time passes: resting orders meet the market, horizons end. Only the instants that can matter are looked at.

The market names those instants (`Market.touches`); they are taken in time order over all orders, so one long step ends
in the same state as many short ones. At an instant: touches first, then horizons; among our orders by rank.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from seqcli.sandbox.books import Side
from seqcli.sandbox.execution import after_fills, end, fill
from seqcli.sandbox.machine import Machine
from seqcli.sandbox.matching import opposite, reached, through
from seqcli.sandbox.orders import Leg, Order

KEEP_PLACE_NS = 600_000_000_000
"""A quiet market this far behind is marked as seen, so that a later start need not look at it again."""
AHEAD_NS = 10_000_000_000
"""How far ahead of now the next instants are looked up, so that a call between them costs nothing."""
_TOUCH, _HORIZON = 0, 1


class _Next(NamedTuple):
    """The next thing that may happen to a leg, or the end of an order's horizon. Sorts by time, kind, rank."""

    ts_ns: int
    what: int
    rank: int
    order: Order
    leg: Leg | None
    later: Iterator[int]

    @property
    def stands(self) -> bool:
        """Whether it has not been overtaken by an end or a replacement."""
        if self.order.ended:
            return False
        if self.leg is None:
            return self.order.expires_ns == self.ts_ns
        return self.leg.rank == self.rank and self.leg.open_qty_1e8 > 0


Queues = dict[tuple[str, str, str], Leg]
"""Legs whose place in the queue moved, by client, order and venue."""


class Watch:
    """What may happen until `until_ns`, in order; orders that came later are added when time next passes."""

    def __init__(self, machine: Machine, since_ns: int, now_ns: int) -> None:
        self.until_ns = now_ns + AHEAD_NS
        self._machine = machine
        self._heap: list[_Next] = []
        self._known: set[tuple[int, int]] = set()
        for order in machine.orders.values():
            self._add(order, since_ns)

    def add_new(self, since_ns: int) -> None:
        """Watch what has been placed or replaced meanwhile."""
        for order in self._machine.unwatched.values():
            if not order.ended:
                self._add(order, since_ns)
        self._machine.unwatched.clear()

    def _add(self, order: Order, since_ns: int) -> None:
        last = max((leg.rank for leg in order.legs), default=0)
        ends = order.expires_ns
        if ends is not None and ends <= self.until_ns and self._is_new(_HORIZON, last):
            heappush(self._heap, _Next(ends, _HORIZON, last, order, None, iter(())))
        if self._machine.accounts[order.client_id].settings.fill_model == "none":
            return
        for leg in order.legs:
            if leg.open_qty_1e8 and self._is_new(_TOUCH, leg.rank):
                self._add_leg(order, leg, max(since_ns, leg.placed_ns))

    def _is_new(self, what: int, rank: int) -> bool:
        is_new = (what, rank) not in self._known
        self._known.add((what, rank))
        return is_new

    def _add_leg(self, order: Order, leg: Leg, since_ns: int) -> None:
        side: Side = "buy" if order.side == "buy" else "sell"
        price = order.limit_price_1e9 or 0
        later = self._machine.market.touches(order.symbol, leg.venue, side, price, since_ns, self.until_ns)
        self._push(_Next(0, _TOUCH, leg.rank, order, leg, later))

    def _push(self, entry: _Next) -> None:
        ts_ns = next(entry.later, None)
        if ts_ns is not None:
            heappush(self._heap, entry._replace(ts_ns=ts_ns))

    def run(self, now_ns: int, queues: Queues) -> None:
        """Take everything until `now_ns` in order."""
        heap = self._heap
        while heap and heap[0].ts_ns <= now_ns:
            first = heappop(heap)
            group = [first]
            while heap and heap[0][:2] == first[:2]:
                group.append(heappop(heap))
            group = [entry for entry in group if entry.stands]
            if first.what == _HORIZON:
                for entry in group:
                    if entry.stands:
                        end(self._machine, entry.order, "expired", entry.ts_ns)
                continue
            _touched(self._machine, group, queues)
            for entry in group:
                if entry.stands:
                    self._push(entry)


def advance(machine: Machine, now_ns: int) -> None:
    """Let everything that was to happen until `now_ns` happen. Going back does nothing."""
    since = max(machine.seen_ns, machine.counters.cursor_ns)
    if now_ns <= since:
        return
    if machine.orders:
        _meet(machine, since, now_ns)
    machine.seen_ns = now_ns


def _meet(machine: Machine, since_ns: int, now_ns: int) -> None:
    watch = machine.watch
    if not isinstance(watch, Watch) or watch.until_ns < now_ns:
        watch = machine.watch = Watch(machine, since_ns, now_ns)
    watch.add_new(since_ns)
    queues: Queues = {}
    seq = machine.counters.seq
    watch.run(now_ns, queues)
    moved = bool(queues) or machine.counters.seq != seq
    if moved or (machine.orders and now_ns - machine.counters.cursor_ns >= KEEP_PLACE_NS):
        mark(machine, now_ns, queues)


def mark(machine: Machine, now_ns: int, queues: Queues | None = None) -> None:
    """Keep how far the market has been seen, and the queues that moved."""
    rows = [[*name, leg.queue_1e8] for name, leg in (queues or {}).items() if (name[0], name[1]) in machine.orders]
    machine.emit("progress", {"upto_ns": now_ns, "queues": rows}, now_ns)


def _touched(machine: Machine, group: list[_Next], queues: Queues) -> None:
    """Everything that one instant does, order by order; a print is shared out among orders of one price."""
    filled: dict[int, tuple[Order, int]] = {}
    shared: dict[tuple[str, str, str, int, int], int] = {}
    for entry in group:
        order, leg, ts_ns = entry.order, entry.leg, entry.ts_ns
        if leg is None or order.ended or not leg.open_qty_1e8:
            continue
        before = leg.queue_1e8
        qty = _share(machine, order, leg, ts_ns, shared)
        if leg.queue_1e8 != before:
            queues[order.client_id, order.node_order_id, leg.venue] = leg
        if qty:
            fill(machine, order, leg, (order.limit_price_1e9 or 0, qty), ts_ns, taker=False)
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
    price = order.limit_price_1e9 or 0
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
