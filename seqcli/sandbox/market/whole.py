"""The synthetic market with prediction markets beside it: one `Market` for both.

What belongs to contracts is imported when the first name comes up that is no pair: most commands never ask.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from seqcli.sandbox.market.books import Book, Funding, Print, Side, Top
from seqcli.sandbox.market.instruments import Instrument, Venue
from seqcli.sandbox.market.synthetic import SyntheticMarket

if TYPE_CHECKING:
    from seqcli.sandbox.market.prediction.catalogue import Catalogue, Named
    from seqcli.sandbox.market.prediction.trading import Trading

_EMPTY: Mapping[str, Book] = {}
_NO_TOP: Mapping[str, Top] = {}


class Instruments(Mapping[str, Instrument]):
    """What is listed, and every token of every contract by any of its names. Only what is listed is counted."""

    def __init__(self, listed: Mapping[str, Instrument], find: "Callable[[str], Named | None]") -> None:
        self._listed, self._find = listed, find

    def __getitem__(self, name: str) -> Instrument:
        row = self._listed.get(name)
        if row is not None:
            return row
        named = self._find(name)
        if named is None:
            raise KeyError(name)
        from seqcli.sandbox.market.prediction.trading import instrument

        return instrument(named)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class WholeMarket:
    """The `Market` of a seed: pairs, perps, and contracts on kalshi and polymarket."""

    def __init__(self, seed: int = 42) -> None:
        self.synthetic = SyntheticMarket(seed)
        self._instruments = Instruments(self.synthetic.instruments(), self.find)
        self._answers: dict[str, tuple[Book, Mapping[str, Book]]] = {}

    def find(self, name: str) -> "Named | None":
        """What a name means among contracts."""
        return self.contracts.find(name)

    @cached_property
    def contracts(self) -> "Catalogue":
        """Every contract there ever is."""
        from seqcli.sandbox.market.prediction.catalogue import Catalogue
        from seqcli.sandbox.market.prediction.odds import Odds

        return Catalogue(Odds(self.synthetic.seed, self.synthetic.index))

    @cached_property
    def _trading(self) -> "Trading":
        from seqcli.sandbox.market.prediction.trading import Trading

        return Trading(self.synthetic.seed, self.contracts)

    def venues(self) -> Mapping[str, Venue]:
        """The fifteen edges."""
        return self.synthetic.venues()

    def instruments(self) -> Mapping[str, Instrument]:
        """Pairs and perps; tokens by name."""
        return self._instruments

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        """Each venue's book; a contract has one, while it trades."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.books(symbol, ts_ns)
        book = self._trading.book(named, ts_ns)
        if book is None:
            return _EMPTY
        kept = self._answers.get(symbol)
        if kept is None or kept[0] is not book:
            kept = self._answers[symbol] = book, {named.contract.venue: book}
        return kept[1]

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        """One entry of `books`."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.book(symbol, venue, ts_ns)
        return self._trading.book(named, ts_ns) if venue == named.contract.venue else None

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        """The tops of `books`."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.best(symbol, ts_ns)
        top = self._trading.top(named, ts_ns)
        return {named.contract.venue: top} if top else _NO_TOP

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        """The best bid and ask of one entry of `best`."""
        if symbol in self.synthetic.instruments():
            return self.synthetic.touch(symbol, venue, ts_ns)
        top = self.best(symbol, ts_ns).get(venue)
        return (top.bid_1e9, top.ask_1e9) if top else None

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        """A venue's trades."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.prints(symbol, venue, from_ns, to_ns)
        return self._trading.prints(named, from_ns, to_ns) if venue == named.contract.venue else iter(())

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:
        """What a perp pays."""
        return self.synthetic.funding(symbol, venue, ts_ns, marked=marked)

    def touches(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants that can affect a resting order."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.touches(symbol, venue, side, price_1e9, from_ns, to_ns)
        if venue != named.contract.venue:
            return iter(())
        return self._trading.touches(named, side, price_1e9, from_ns, to_ns)

    def stops(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants at which a touch has come to a price."""
        named = self._named(symbol)
        if named is None:
            return self.synthetic.stops(symbol, venue, side, price_1e9, from_ns, to_ns)
        if venue != named.contract.venue:
            return iter(())
        return self._trading.stops(named, side, price_1e9, from_ns, to_ns)

    def _named(self, symbol: str) -> "Named | None":
        return None if symbol in self.synthetic.instruments() else self.find(symbol)
