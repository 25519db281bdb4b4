"""Edges that an operator has dropped: the market as it is reached without them, no book, print or fill of theirs.

Spot and perp of one exchange are two edges: `binance` and `binance-perp` drop apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from seqcli.sandbox.market.books import Book, Funding, Market, Print, Side, Top
from seqcli.sandbox.market.instruments import VENUES, Instrument, Kind, Venue

T = TypeVar("T", Book, Top)


def edge_of(kind: Kind | str, venue: str) -> str:
    """The edge that carries instruments of `kind` at a venue."""
    own = f"{venue}-perp"
    return own if kind == "perp" and own in VENUES else venue


class Reachable:
    """A `Market` without the venues of `down` edges; instruments and venues stay listed."""

    def __init__(self, market: Market, down: Iterable[str] = ()) -> None:
        self.market = market
        self.down = frozenset(down)
        self._kept: dict[str, tuple[object, frozenset[str], Mapping[str, object]]] = {}

    def venues(self) -> Mapping[str, Venue]:
        """Every venue, connected or not."""
        return self.market.venues()

    def instruments(self) -> Mapping[str, Instrument]:
        """Every instrument."""
        return self.market.instruments()

    def reaches(self, symbol: str, venue: str) -> bool:
        """Whether the edge between is up."""
        return not self.down or edge_of(self._kind(symbol), venue) not in self.down

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        """As the market's, of connected venues; the same object until one of them changes."""
        return self._without(symbol, self.market.books(symbol, ts_ns), "books")

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        """One entry of `books`."""
        return self.market.book(symbol, venue, ts_ns) if self.reaches(symbol, venue) else None

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        """The tops of connected venues."""
        return self._without(symbol, self.market.best(symbol, ts_ns), "best")

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        """The best bid and ask of a connected venue."""
        return self.market.touch(symbol, venue, ts_ns) if self.reaches(symbol, venue) else None

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The trades of a connected venue."""
        return self.market.prints(symbol, venue, from_ns, to_ns) if self.reaches(symbol, venue) else iter(())

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:
        """As the market's: a venue takes it whether or not it is reached."""
        return self.market.funding(symbol, venue, ts_ns, marked=marked)

    def touches(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """As the market's; a disconnected venue touches nothing."""
        if not self.reaches(symbol, venue):
            return iter(())
        return self.market.touches(symbol, venue, side, price_1e9, from_ns, to_ns)

    def stops(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """As the market's; a disconnected venue shows nothing."""
        if not self.reaches(symbol, venue):
            return iter(())
        return self.market.stops(symbol, venue, side, price_1e9, from_ns, to_ns)

    def _kind(self, symbol: str) -> str:
        row = self.market.instruments().get(symbol)
        return row.kind if row else ""

    def _without(self, symbol: str, found: Mapping[str, T], what: str) -> Mapping[str, T]:
        if not self.down or not any(not self.reaches(symbol, venue) for venue in found):
            return found
        name = f"{what}/{symbol}"
        known = self._kept.get(name)
        if known is None or known[0] is not found or known[1] != self.down:
            rest = {venue: each for venue, each in found.items() if self.reaches(symbol, venue)}
            known = self._kept[name] = (found, self.down, rest)
        return known[2]  # type: ignore[return-value]
