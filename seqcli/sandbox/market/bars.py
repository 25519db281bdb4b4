"""Bars and prints of the past, read from the market: what a bar says is what a quote said at that instant.

A bar's close is the mid of its last instant, its open the mid that stood when it began, so each opens at the close of
the one before. Highs and lows are read at the ends and at instants between, `STEPS` a bar. Volumes are counted print
by print, where the window holds no more than `COUNTED` instants.
"""

from collections.abc import Generator, Sequence

import msgspec

from seqcli.sandbox.market.books import Market
from seqcli.sandbox.rounding import mid_price

TICK_NS = 250_000_000
STEPS = 8
COUNTED = 600_000
_FEW = 64
"""Prints between two pauses."""
_FIRST_LOOK_NS = 16_000_000_000


class Bar(msgspec.Struct, kw_only=True):
    """From `ts_ns` on; `price_1e9` is its close."""

    ts_ns: int
    price_1e9: int
    open_1e9: int
    high_1e9: int
    low_1e9: int
    close_1e9: int
    volume_1e8: int | None


class Tick(msgspec.Struct, kw_only=True):
    """A print."""

    ts_ns: int
    price_1e9: int
    qty_1e8: int
    side: str
    venue_id: str


def mid(market: Market, symbol: str, venues: Sequence[str], ts_ns: int) -> int | None:
    """The middle of the best bid and ask over `venues`; None when a side is missing or the venues cross."""
    bid = ask = 0
    for venue in venues:
        touch = market.touch(symbol, venue, ts_ns)
        if touch is not None:
            bid = max(bid, touch[0])
            ask = min(ask or touch[1], touch[1] or ask)
    return mid_price(bid, ask) if 0 < bid <= ask else None


def counts_volume(venues: Sequence[str], length_ns: int) -> bool:
    """Whether the prints of a window are few enough to be counted."""
    return length_ns // TICK_NS * len(venues) <= COUNTED


class Window:
    """Bars of `step_ns` that begin in [start, end): a symbol on some venues, up to `now_ns`."""

    def __init__(self, market: Market, symbol: str, venues: Sequence[str], now_ns: int) -> None:
        self._market = market
        self._symbol = symbol
        self._venues = venues
        self._now_ns = now_ns

    def bars(
        self, start_ns: int, end_ns: int, step_ns: int, most: int
    ) -> Generator[None, None, tuple[list[Bar], bool]]:
        """The first `most` bars, and whether there are more, with pauses. A bar without a mid is left out."""
        first = -(-start_ns // step_ns) * step_ns
        begins = range(first, min(end_ns, self._now_ns + 1), step_ns)
        kept = begins[:most]
        counted = counts_volume(self._venues, len(kept) * step_ns)
        found: list[Bar] = []
        before = self._mid(first - 1) if kept else None
        for begin in kept:
            bar = yield from self._bar(begin, step_ns, before, counted=counted)
            before = bar.price_1e9 if bar else None
            if bar is not None:
                found.append(bar)
        return found, len(begins) > len(kept)

    def _mid(self, ts_ns: int) -> int | None:
        return mid(self._market, self._symbol, self._venues, ts_ns)

    def _bar(self, begin: int, step_ns: int, before: int | None, *, counted: bool) -> Generator[None, None, Bar | None]:
        last = min(begin + step_ns - 1, self._now_ns)
        inner = range(begin, last, max(step_ns // STEPS, TICK_NS))[1:]
        close = self._mid(last)
        if close is None:
            return None
        mids = [each for each in (before, *map(self._mid, inner), close) if each is not None]
        yield
        return Bar(
            ts_ns=begin,
            price_1e9=close,
            open_1e9=mids[0],
            high_1e9=max(mids),
            low_1e9=min(mids),
            close_1e9=close,
            volume_1e8=(yield from self._volume(begin - 1, last)) if counted else None,
        )

    def _volume(self, from_ns: int, to_ns: int) -> Generator[None, None, int]:
        total = 0
        for venue in self._venues:
            for place, each in enumerate(self._market.prints(self._symbol, venue, from_ns, to_ns)):
                total += each.qty_1e8
                if not place % _FEW:
                    yield
        return total

    def prints(self, start_ns: int, end_ns: int, most: int) -> tuple[list[Tick], bool]:
        """The newest `most` prints of [start, end), oldest first, and whether there may be earlier ones."""
        upto, low = min(end_ns - 1, self._now_ns), start_ns - 1
        found: list[Tick] = []
        look = _FIRST_LOOK_NS
        while upto > low and len(found) <= most:
            since = max(low, upto - look)
            found = self._prints(since, upto) + found
            upto, look = since, look * 2
        return found[-most:], len(found) > most

    def _prints(self, from_ns: int, to_ns: int) -> list[Tick]:
        rows = [
            Tick(ts_ns=each.ts_ns, price_1e9=each.price_1e9, qty_1e8=each.qty_1e8, side=each.side, venue_id=venue)
            for venue in self._venues
            for each in self._market.prints(self._symbol, venue, from_ns, to_ns)
        ]
        return sorted(rows, key=lambda row: (row.ts_ns, row.venue_id))
