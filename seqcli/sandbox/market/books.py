"""What a market answers: books, tops, prints, and the instants at which a price is reached.

Units everywhere in the sandbox's markets: prices 1e9 fixed point in the quote asset, quantities 1e8 fixed
point in the base asset, times nanoseconds since the Unix epoch; all `int`. Symbols and venues are canonical
(`instruments.canonical`, `instruments.venue_of`); unknown ones get empty answers, never an error.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

import msgspec

from seqcli.sandbox.market.instruments import Instrument, Venue

Side = Literal["buy", "sell"]
Level = tuple[int, int]
"""(price_1e9, qty_1e8); the quantity is positive."""


class Book(msgspec.Struct, frozen=True, gc=False):
    """One venue's visible book as it stood from `ts_ns` on: levels best first, up to 20 a side."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    ts_ns: int


class Top(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask of one venue's book; a missing side is 0 at quantity 0."""

    bid_1e9: int
    bid_qty_1e8: int
    ask_1e9: int
    ask_qty_1e8: int
    ts_ns: int


class Print(msgspec.Struct, frozen=True, gc=False):
    """One public trade; `side` is the aggressor's: a `sell` hit the bid, a `buy` lifted the ask."""

    ts_ns: int
    price_1e9: int
    qty_1e8: int
    side: Side


class Funding(msgspec.Struct, frozen=True, gc=False):
    """What perps pay at one settlement: the signed fraction 1e9 of the notional at the mark; positive: longs pay."""

    rate_1e9: int
    mark_price_1e9: int
    open_interest_1e8: int


class Market(Protocol):
    """A market at any instant, past or present: a pure reading, without clock, state or I/O.

    The same question has the same answer for ever. A venue publishes at instants of its own and stands
    still between; what `touches` yields at t is decided by `book(..., t)` and the prints at t, so the three
    never disagree. What a market does NOT model: the orders of this exchange. Books and prints are those of
    a world in which they were never sent; consumed levels, queue positions and impact are the exchange's
    own affair.
    """

    def venues(self) -> Mapping[str, Venue]:
        """Every venue by its id, those without instruments included."""

    def instruments(self) -> Mapping[str, Instrument]:
        """Every tradable instrument by its canonical symbol."""

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        """Each venue's last book at or before `ts_ns`. Read-only: the same object is handed to every caller
        until a venue changes, so its identity may serve as a cache key.
        """

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        """One entry of `books`, without building the others."""

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        """The tops of `books`, cheaper than the books when these have not been built yet."""

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        """The best bid and ask of one entry of `best`, a missing side 0: cheapest for many instants of the past."""

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The venue's public trades with from_ns < ts_ns <= to_ns, oldest first. Costs a step an instant."""

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:
        """What a settlement of a perp at this instant would take; None where that is not known.

        Without the mark, then 0, it is read in a tenth of the time.
        """

    def touches(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants t with from_ns < t <= to_ns, strictly increasing, at which an order of `side`
        resting at `price_1e9` on `venue` can be affected; at no other instant of that interval can it be. t
        is yielded exactly if

        - the venue publishes a book at t whose opposite touch reaches the price: buy – best ask <= price;
          sell – best bid >= price; or
        - there is a print at t at the price or through it, whoever was the aggressor: buy – print price <=
          price; sell – print price >= price.

        It is lazy: a caller whose order is done stops asking. Instants before `from_ns` do not count, even
        if the book which stands at `from_ns` already crosses the price: whoever places an order looks at
        that book first. It does not say what happens to the order (queue position and quantity are the
        caller's), and it knows nothing of other venues: a routed order is asked for venue by venue.
        """

    def stops(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants t with from_ns < t <= to_ns, strictly increasing, at which the venue publishes a book whose
        touch for an order of `side` has come to the price or past it: sell – best bid <= price; buy – best ask >=
        price. A book without that side counts as no instant. Lazy, like `touches`.
        """
