"""A taker against the visible books; a resting order against the queue before it.

A taker sweeps the merged levels in order of landed price (see `landed`), within its limit. What it took is gone from
that venue for a second. A resting order joins the back of the visible queue at its price; a print at that price moves
the queue up, then fills; the opposite touch at the price, or a print through it, fills it at once, whole, at its own
price.

Not modelled: our orders do not move the market, and a venue's latency is not felt; it only ranks.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

import msgspec

from seqcli.sandbox.exchange.landed import BPS, NOTHING, UNIT, Terms
from seqcli.sandbox.market.books import Book, Level, Print
from seqcli.sandbox.rounding import affordable, whole_lots

GONE_NS = 1_000_000_000


class Take(msgspec.Struct):
    """A level, or part of one, that a taker gets."""

    venue: str
    price_1e9: int
    qty_1e8: int


class Budget:
    """What an account can pay or deliver on one venue while an order is planned."""

    __slots__ = ("closing", "free", "lot", "rate", "sells_base")

    def __init__(self, free: int, rate: int, lot: int, *, sells_base: bool, closing: int = 0) -> None:
        """`free`: base 1e8 when `sells_base`, else USD 1e9, of which `rate` per 100,000 of notional is paid.

        `closing` is the quantity that costs nothing, as it closes a position.
        """
        self.free, self.rate, self.lot, self.sells_base, self.closing = free, rate, lot, sells_base, closing

    def room(self, price_1e9: int, wanted_1e8: int) -> int:
        """How much of `wanted_1e8` at a price is covered; a shortfall is in whole lots."""
        paid = max(0, self.free) if self.sells_base else affordable(self.free, price_1e9, self.rate)
        limit = paid + self.closing
        return wanted_1e8 if limit >= wanted_1e8 else whole_lots(limit, self.lot)

    def spend(self, price_1e9: int, qty_1e8: int) -> None:
        """Take it off."""
        if self.sells_base:
            self.free -= qty_1e8
            return
        paid = max(0, qty_1e8 - self.closing)
        self.closing = max(0, self.closing - qty_1e8)
        self.free -= -(-price_1e9 * paid * self.rate // (10**8 * 100_000))


class Candidate(msgspec.Struct):
    """A venue that may take part: its side of the book that we would hit, best first, and what we have there."""

    venue: str
    levels: Sequence[Level]
    own_side: Sequence[Level]
    maker_bps: int
    taker_bps: int
    budget: Budget
    terms: Terms = NOTHING

    def factor(self, sign: int) -> int:
        """Landed price over price, × `UNIT`; `sign` 1 for a buy, −1 for a sale."""
        return UNIT + sign * (self.taker_bps * BPS + sum(self.terms))


class Sweep(msgspec.Struct):
    """What a taker gets; `short` names venues whose levels it could not pay for."""

    takes: list[Take]
    left_1e8: int
    short: list[str]


def sweep(candidates: Iterable[Candidate], side: str, qty_1e8: int, limit_1e9: int | None) -> Sweep:
    """Greedy over the merged levels by landed price; ties: price, then venue."""
    sign = 1 if side == "buy" else -1
    found = Sweep([], qty_1e8, [])
    heap: list[_Offer] = []
    for candidate in candidates:
        _offer(heap, candidate, 0, (sign, sign * candidate.factor(sign)), limit_1e9)
    while found.left_1e8 and heap:
        _, _, venue, depth, weight, candidate = heappop(heap)
        price, size = candidate.levels[depth]
        wanted = min(size, found.left_1e8)
        taken = candidate.budget.room(price, wanted)
        if taken:
            candidate.budget.spend(price, taken)
            found.takes.append(Take(venue, price, taken))
            found.left_1e8 -= taken
        if taken < wanted:
            found.short.append(venue)
        else:
            _offer(heap, candidate, depth + 1, (sign, weight), limit_1e9)
    return found


_Offer = tuple[int, int, str, int, int, Candidate]


def _offer(heap: list[_Offer], candidate: Candidate, depth: int, rank: tuple[int, int], limit: int | None) -> None:
    """Put a level of a candidate up; `rank` is the sign of its prices, and what they are ranked by a unit of price."""
    if depth >= len(candidate.levels):
        return
    price = candidate.levels[depth][0]
    sign, weight = rank
    if limit is None or sign * price <= sign * limit:
        heappush(heap, (weight * price, sign * price, candidate.venue, depth, weight, candidate))


class Gone:
    """Levels that were taken lately: they are not there again for a second, venue by venue.

    Rows are (until_ns, price, quantity). `_rows` is state and is shortened only when something is taken; `_live` and
    `_sums` are what of it is left, and follow the time of the questions, which never goes back.
    """

    __slots__ = ("_live", "_rows", "_sums")

    def __init__(self, rows: dict[str, list[tuple[int, int, int]]] | None = None) -> None:
        self._rows: dict[str, deque[tuple[int, int, int]]] = {}
        self._live: dict[str, deque[tuple[int, int, int]]] = {}
        self._sums: dict[str, dict[int, int]] = {}
        for name, kept in (rows or {}).items():
            for row in kept:
                self._add(name, row)

    def rows(self) -> dict[str, list[tuple[int, int, int]]]:
        """What `Gone` can be made from again."""
        return {name: list(kept) for name, kept in self._rows.items()}

    def take(self, symbol: str, venue: str, side: str, row: tuple[int, int, int]) -> None:
        """`row` is the time of the taking, price, quantity; `side` the taker's."""
        ts_ns, price, qty = row
        name = f"{symbol}/{venue}/{side}"
        kept = self._rows.get(name)
        while kept and kept[0][0] <= ts_ns:
            kept.popleft()
        self._add(name, (ts_ns + GONE_NS, price, qty))

    def _add(self, name: str, row: tuple[int, int, int]) -> None:
        self._rows.setdefault(name, deque()).append(row)
        self._live.setdefault(name, deque()).append(row)
        sums = self._sums.setdefault(name, {})
        sums[row[1]] = sums.get(row[1], 0) + row[2]

    def left(self, symbol: str, venue: str, side: str, levels: Sequence[Level], ts_ns: int) -> Sequence[Level]:
        """`levels` without what was taken from them."""
        name = f"{symbol}/{venue}/{side}"
        live = self._live.get(name)
        if not live:
            return levels
        taken = self._sums[name]
        while live and live[0][0] <= ts_ns:
            _, price, qty = live.popleft()
            taken[price] -= qty
            if not taken[price]:
                del taken[price]
        if not taken:
            return levels
        rest: list[Level] = []
        for level in levels:
            price, size = level
            if price not in taken:
                rest.append(level)
            elif size > taken[price]:
                rest.append((price, size - taken[price]))
        return rest


def opposite(book: Book, side: str) -> Sequence[Level]:
    """The side of a book that an order of `side` hits."""
    return book.asks if side == "buy" else book.bids


def queue_at(levels: Sequence[Level], price_1e9: int) -> int:
    """What is visible at a price on our own side."""
    return next((size for price, size in levels if price == price_1e9), 0)


def reached(levels: Sequence[Level], side: str, price_1e9: int) -> bool:
    """Whether the opposite touch is at the price or through it."""
    return bool(levels) and (levels[0][0] <= price_1e9 if side == "buy" else levels[0][0] >= price_1e9)


def through(trade: Print, side: str, price_1e9: int) -> bool:
    """Whether a print went past the price."""
    return trade.price_1e9 < price_1e9 if side == "buy" else trade.price_1e9 > price_1e9
