"""The synthetic market: prices and books for any symbol, venue and instant, as a function of a seed. No
process, no floats.

price(seed, symbol, t) = anchor × (1 + the walk of the base asset + the small slow basis of the symbol); see
`noise`. `BTC-USD`, `BTC-USDT` and `BTC-USD-PERP` share their asset's walk, so they move together. Each
venue publishes every 250 ms (`quoting.TICK_NS`) at a phase of its own, with its own spread, depth and
trades; a book's `ts_ns` is that instant, so its age is true. The consolidated market is never crossed nor
locked, at any instant (`quoting.Source` says why).

Costs, measured on two slow cores: the books of a symbol that has not changed 0.4 µs, one venue's new book
50 µs, a hundred orders resting for thirty days 70 ms, importing this module and those below it 3 ms.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from seqcli.sandbox.market.books import Book, Funding, Level, Market, Print, Side, Top
from seqcli.sandbox.market.funding import Rates
from seqcli.sandbox.market.instruments import VENUES, Instrument, Venue
from seqcli.sandbox.market.listings import ASSETS, listed
from seqcli.sandbox.market.noise import ONE, Octave, Walk, key_of, walking
from seqcli.sandbox.market.quoting import TICK_NS, Source
from seqcli.sandbox.rounding import mid_price

__all__ = ["Book", "Level", "Market", "Print", "Side", "SyntheticMarket", "Top"]

T = TypeVar("T", Book, Top)

_MINUTES, _HOURS = 10, 16  # octaves of about 4 minutes and 4.5 hours
_BASIS_PPM = {"USD": 20, "USDT": 150, "USDC": 60, "PERP": 300}
_DEX_BASIS_PPM = 250


class _Now(Generic[T]):
    """The last answer of one kind for one symbol, kept while no venue changes."""

    __slots__ = ("answer", "read", "since", "until")
    read: Callable[[Source, int], T]

    def __init__(self, read: Callable[[Source, int], T]) -> None:
        self.read = read
        self.answer: dict[str, T] = {}
        self.since = self.until = 0

    def at(self, sources: dict[str, Source], ts_ns: int) -> dict[str, T]:
        if self.since <= ts_ns < self.until:
            return self.answer
        ticks = {venue: source.tick_at(ts_ns) for venue, source in sources.items()}
        self.answer = {venue: self._one(sources[venue], venue, tick) for venue, tick in ticks.items()}
        self.since = max(each.ts_ns for each in self.answer.values())
        self.until = min(each.ts_ns for each in self.answer.values()) + TICK_NS
        return self.answer

    def _one(self, source: Source, venue: str, tick: int) -> T:
        known = self.answer.get(venue)
        if known is not None and known.ts_ns == source.instant(tick):
            return known
        return self.read(source, tick)


class _Line:
    """One symbol: its walk, its venues, its last answers."""

    __slots__ = ("books", "rates", "sources", "tops", "walk")

    def __init__(self, seed: int, instrument: Instrument) -> None:
        self.walk = Walk(_octaves(seed, instrument))
        self.sources = {venue: Source(seed, instrument, venue, self.walk) for venue in instrument.venues}
        perps = instrument.venues if instrument.kind == "perp" else ()
        self.rates = {venue: Rates(seed, instrument, venue) for venue in perps}
        self.books = _Now[Book](Source.book)
        self.tops = _Now[Top](Source.top)


class SyntheticMarket:
    """The `Market` of a seed. The latest answers are kept while they last; nothing else is."""

    def __init__(self, seed: int = 42) -> None:
        self.seed = seed
        self._instruments = listed()
        self._lines: dict[str, _Line] = {}

    def venues(self) -> Mapping[str, Venue]:
        """The fifteen edges."""
        return VENUES

    def instruments(self) -> Mapping[str, Instrument]:
        """Everything listed, by canonical symbol."""
        return self._instruments

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        """Each venue's book at `ts_ns`; {} for an unknown symbol."""
        line = self._line(symbol)
        return line.books.at(line.sources, ts_ns) if line else {}

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        """One venue's book at `ts_ns`."""
        source = self._source(symbol, venue)
        return source.book(source.tick_at(ts_ns)) if source else None

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        """Each venue's best bid and ask at `ts_ns`."""
        line = self._line(symbol)
        return line.tops.at(line.sources, ts_ns) if line else {}

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        """One venue's best bid and ask at `ts_ns`."""
        source = self._source(symbol, venue)
        return source.touch(source.tick_at(ts_ns)) if source else None

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The venue's trades in (from_ns, to_ns]."""
        source = self._source(symbol, venue)
        return source.prints(from_ns, to_ns) if source else iter(())

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:
        """What a perp pays; the mark is the venue's mid."""
        line = self._line(symbol)
        rates = line.rates.get(venue) if line else None
        if rates is None:
            return None
        touch = self.touch(symbol, venue, ts_ns) if marked else None
        return Funding(rates.rate_1e9(ts_ns), mid_price(*touch) if touch else 0, rates.open_interest_1e8(ts_ns))

    def touches(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants in (from_ns, to_ns] that can affect a resting order; see `books.Market.touches`."""
        source = self._source(symbol, venue)
        return source.touches(side, price_1e9, from_ns, to_ns) if source else iter(())

    def index(self, asset: str, ts_ns: int) -> int:
        """The price 1e9 of an asset in USD that the venues quote round, at the tick of an instant."""
        line = self._line(f"{asset}-USD")
        if line is None:
            raise KeyError(asset)
        return ASSETS[asset].anchor_1e9 * (ONE + line.walk.value(ts_ns // TICK_NS)) // ONE

    def stops(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants in (from_ns, to_ns] at which a touch has come to a price; see `books.Market.stops`."""
        source = self._source(symbol, venue)
        return source.stops(side, price_1e9, from_ns, to_ns) if source else iter(())

    def examined(self) -> int:
        """How many ticks and intervals `touches` has looked at so far, over all symbols."""
        return sum(line.walk.examined for line in self._lines.values())

    def _source(self, symbol: str, venue: str) -> Source | None:
        line = self._line(symbol)
        return line.sources.get(venue) if line else None

    def _line(self, symbol: str) -> _Line | None:
        line = self._lines.get(symbol)
        if line is None:
            instrument = self._instruments.get(symbol)
            if instrument is None:
                return None
            line = self._lines[symbol] = _Line(self.seed, instrument)
        return line


def _octaves(seed: int, instrument: Instrument) -> list[Octave]:
    """The asset's octaves and, on top, the slow basis of this symbol."""
    asset = ASSETS[instrument.base]
    walk = walking(key_of(seed, "asset", instrument.base), ONE * asset.wildness_ppm // 1_000_000)
    amplitude = ONE * _basis_ppm(instrument) // 1_000_000
    key = key_of(seed, "basis", instrument.symbol)
    return [*walk, Octave(key, _MINUTES, amplitude // 2), Octave(key, _HOURS, amplitude)]


def _basis_ppm(instrument: Instrument) -> int:
    if instrument.kind == "perp":
        return _BASIS_PPM["PERP"]
    return _DEX_BASIS_PPM if instrument.venues == ("dex",) else _BASIS_PPM[instrument.quote]
