"""One venue quoting one symbol of the synthetic market: touch, book and print at any tick."""

from collections.abc import Iterator

from seqcli.sandbox.market.books import Book, Level, Print, Side, Top
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.market.listings import ASSETS, UNIT
from seqcli.sandbox.market.noise import ONE, Walk, key_of, mix

TICK_NS = 250_000_000
"""The one grid of the synthetic market: each venue publishes once in 250 ms, at a phase of its own."""
LEVELS = 20

_BPS = ONE // 10_000
_LEAST_HALF = _BPS // 5
_WIDEST_EXTRA = _BPS
_JITTER = _BPS
_ON_CHAIN_EXTRA = {"dex": 4 * _BPS, "solana": 3 * _BPS}
_MEMORY_SHIFT = 5  # 32 ticks, 8 s: as long a level at one price keeps its size
_KEPT = 16  # ladders without their touch: both sides, at a few round prices
_LEAST_PACE, _PACES = 12, 25  # of 256 ticks, so many carry a print


class Source:
    """A venue's side of one symbol.

    Every bid lies at least `least_half` below the walk and every ask as far above it, rounded outwards to
    the tick size; two venues are at most one tick of the grid apart, and the walk moves less than 2 ×
    `least_half` in one. So no venue's bid ever reaches another's ask.
    """

    def __init__(self, seed: int, instrument: Instrument, venue: str, walk: Walk) -> None:
        key = key_of(seed, "venue", venue, instrument.symbol)
        self._walk = walk
        self._key, self._size_key, self._print_key = key, mix(key, 1), mix(key, 2)
        self.phase_ns = mix(key, 3) % (TICK_NS // 1_000_000) * 1_000_000
        self._pace = _LEAST_PACE + mix(key, 4) % _PACES
        self._anchor = instrument.anchor_1e9
        self._tick, self._lot = instrument.tick_size_1e9, instrument.lot_size_1e8
        self._least_qty = max(instrument.min_qty_1e8, self._lot)
        self.least_half = max(walk.step, _LEAST_HALF)
        extra = mix(key, 5) % _WIDEST_EXTRA + _ON_CHAIN_EXTRA.get(venue, 0)
        self._half = self.least_half + extra
        shown = ASSETS[instrument.base].level_usd * UNIT * 10**8 // self._anchor
        self._shown = shown * (128 + mix(key, 6) % 256) // 256
        self._gap = _gap(self._anchor, self._tick)
        self._behind: dict[tuple[int, int, int], tuple[Level, ...]] = {}

    def tick_at(self, ts_ns: int) -> int:
        """The last tick this venue has published at `ts_ns`."""
        return (ts_ns - self.phase_ns) // TICK_NS

    def instant(self, tick: int) -> int:
        """When the tick is published, in nanoseconds since the epoch."""
        return tick * TICK_NS + self.phase_ns

    def touch(self, tick: int) -> tuple[int, int]:
        """(best bid, best ask), 1e9."""
        middle = ONE + self._walk.value(tick)
        bits = mix(self._key, tick)
        low = middle - self._half - (_JITTER * (bits & 0xFFFF) >> 16)
        high = middle + self._half + (_JITTER * (bits >> 16 & 0xFFFF) >> 16)
        step = ONE * self._tick
        return self._anchor * low // step * self._tick, -(-self._anchor * high // step) * self._tick

    def top(self, tick: int) -> Top:
        """The best level of both sides."""
        bid, ask = self.touch(tick)
        sizes = self._sizes(tick)
        return Top(bid, self._size(sizes, bid, 0), ask, self._size(sizes, ask, 0), self.instant(tick))

    def book(self, tick: int) -> Book:
        """All twenty levels of both sides: the touch, then round prices further and further out."""
        bid, ask = self.touch(tick)
        sizes, gap = self._sizes(tick), self._gap
        return Book(
            self._ladder(sizes, bid, (bid - 1) // gap * gap, -gap),
            self._ladder(sizes, ask, (ask // gap + 1) * gap, gap),
            self.instant(tick),
        )

    def _ladder(self, sizes: int, touch: int, second: int, gap: int) -> tuple[Level, ...]:
        """The touch changes at every tick; what lies behind it seldom does, and is kept."""
        key = sizes, second, gap
        behind = self._behind.get(key)
        if behind is None:
            prices = range(second, second + gap * (LEVELS - 1), gap)
            behind = tuple([(price, self._size(sizes, price, depth)) for depth, price in enumerate(prices, 1)])
            if len(self._behind) >= _KEPT:
                self._behind.clear()
            self._behind[key] = behind
        return ((touch, self._size(sizes, touch, 0)), *behind)

    def _sizes(self, tick: int) -> int:
        return mix(self._size_key, tick >> _MEMORY_SHIFT)

    def _size(self, sizes: int, price: int, depth: int) -> int:
        """A quarter of `depth` more at every level, times 0.33 to 1.66 by hash, in whole lots."""
        size = self._shown * (4 + depth) * (64 + (mix(sizes, price) & 0xFF)) // 768
        return max(size // self._lot * self._lot, self._least_qty)

    def print_at(self, tick: int) -> Print | None:
        """The trade of a tick, if it has one: up to about half the size shown at the touch it hit."""
        side = self._aggressor(tick)
        if side is None:
            return None
        bid, ask = self.touch(tick)
        price = ask if side == "buy" else bid
        part = self._size(self._sizes(tick), price, 0) * (8 + (mix(self._print_key, ~tick) & 0xFF)) // 512
        return Print(self.instant(tick), price, max(part // self._lot * self._lot, self._lot), side)

    def prints(self, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The trades of (from_ns, to_ns], oldest first."""
        for tick in range(self.tick_at(from_ns) + 1, self.tick_at(to_ns) + 1):
            trade = self.print_at(tick)
            if trade is not None:
                yield trade

    def touches(self, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] that can affect an order; the contract is `Market.touches`."""
        first, last = self.tick_at(from_ns) + 1, self.tick_at(to_ns)
        buying = side == "buy"
        affects = self._affects_buy if buying else self._affects_sell
        for tick in self._walk.ticks_within(first, last, self._limit(price_1e9, buying), below=buying):
            if affects(tick, price_1e9):
                yield self.instant(tick)

    def stops(self, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] with a touch at or past a price; the contract is `Market.stops`."""
        first, last = self.tick_at(from_ns) + 1, self.tick_at(to_ns)
        selling = side == "sell"
        if not selling and price_1e9 <= self._tick:  # every ask is: the caller wants each instant
            yield from map(self.instant, range(first, last + 1))
            return
        for tick in self._walk.ticks_within(first, last, self._limit(price_1e9, selling), below=selling):
            bid, ask = self.touch(tick)
            if bid <= price_1e9 if selling else ask >= price_1e9:
                yield self.instant(tick)

    def _limit(self, price: int, buying: bool) -> int:
        """The height the walk must come to for the order's own side, at its widest, to get to the price."""
        widest = self._half + _JITTER
        if buying:
            edge = (price // self._tick + 1) * self._tick
            return -(-edge * ONE // self._anchor) - ONE + widest
        edge = (-(-price // self._tick) - 1) * self._tick
        return edge * ONE // self._anchor - ONE - widest

    def _affects_buy(self, tick: int, price: int) -> bool:
        bid, ask = self.touch(tick)
        return ask <= price or (bid <= price and self._aggressor(tick) == "sell")

    def _affects_sell(self, tick: int, price: int) -> bool:
        bid, ask = self.touch(tick)
        return bid >= price or (ask >= price and self._aggressor(tick) == "buy")

    def _aggressor(self, tick: int) -> Side | None:
        bits = mix(self._print_key, tick)
        if bits & 0xFF >= self._pace:
            return None
        return "buy" if bits & 0x100 else "sell"


def _gap(anchor: int, tick: int) -> int:
    """The largest of 1, 2, 5 × 10**n up to a basis point of the anchor, but no less than the tick size."""
    power = tick
    while power * 10 * 10_000 <= anchor:
        power *= 10
    return max((power * times for times in (1, 2, 5) if power * times * 10_000 <= anchor), default=tick)
