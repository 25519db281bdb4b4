"""A market written by hand, an archive in a dictionary, and an exchange between them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from seqcli.sandbox.exchange.audit import check
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.exchange import Exchange, Placed
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.market.books import Book, Funding, Print, Side, Top
from seqcli.sandbox.market.instruments import VENUES, Instrument, Venue
from seqcli.wire.submission import SimpleOrder

ME = "cl_me"
START = 1_790_000_000_000_000_000
SECOND = 1_000_000_000


def px(text: str) -> int:
    """A price, 1e9."""
    return int(Decimal(text).scaleb(9))


def sz(text: str) -> int:
    """A quantity, 1e8."""
    return int(Decimal(text).scaleb(8))


def instrument(symbol: str, *venues: str, kind: str = "spot") -> Instrument:
    base, quote = symbol.split("-")[:2]
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        kind=kind,  # type: ignore[arg-type]
        venues=venues,
        tick_size_1e9=px("0.01"),
        lot_size_1e8=sz("0.0001"),
        min_qty_1e8=sz("0.001"),
        min_notional_1e9=px("5"),
        price_precision=2,
        qty_precision=4,
    )


class HandMarket:
    """Books stand from the second they were set; prints are listed."""

    def __init__(self) -> None:
        rows = (
            instrument("BTC-USD", "kraken", "coinbase"),
            instrument("BTC-USDT", "binance"),
            instrument("USDC-USD", "kraken"),
            instrument("BTC-USD-PERP", "hyperliquid", kind="perp"),
        )
        self._instruments = {row.symbol: row for row in rows}
        self.rates: dict[tuple[str, str, int], Funding] = {}
        self._books: dict[tuple[str, str], list[Book]] = {}
        self._prints: dict[tuple[str, str], list[Print]] = {}

    def set_book(self, symbol: str, venue: str, bids: str, asks: str, ts_ns: int = START) -> None:
        """Sides as ``price*size price*size``, best first."""
        book = Book(_levels(bids), _levels(asks), ts_ns)
        self._books.setdefault((symbol, venue), []).append(book)

    def add_print(self, symbol: str, venue: str, ts_ns: int, price: str, size: str, side: Side) -> None:
        row = Print(ts_ns, px(price), sz(size), side)
        self._prints.setdefault((symbol, venue), []).append(row)

    def venues(self) -> Mapping[str, Venue]:
        return VENUES

    def instruments(self) -> Mapping[str, Instrument]:
        return self._instruments

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        found = {}
        for name, venue in self._books:
            book = self.book(symbol, venue, ts_ns) if name == symbol else None
            if book is not None:
                found[venue] = book
        return found

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        standing = [book for book in self._books.get((symbol, venue), ()) if book.ts_ns <= ts_ns]
        return standing[-1] if standing else None

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        return {venue: _top(book) for venue, book in self.books(symbol, ts_ns).items()}

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        book = self.book(symbol, venue, ts_ns)
        return (_top(book).bid_1e9, _top(book).ask_1e9) if book else None

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        return (row for row in self._prints.get((symbol, venue), ()) if from_ns < row.ts_ns <= to_ns)

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:  # noqa: ARG002
        return self.rates.get((symbol, venue, ts_ns))

    def touches(self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        instants = {book.ts_ns for book in self._books.get((symbol, venue), ())}
        instants |= {row.ts_ns for row in self._prints.get((symbol, venue), ())}
        sign = 1 if side == "buy" else -1
        for ts_ns in sorted(instants):
            if not from_ns < ts_ns <= to_ns:
                continue
            book = self.book(symbol, venue, ts_ns)
            levels = (book.asks if side == "buy" else book.bids) if book else ()
            trades = self.prints(symbol, venue, ts_ns - 1, ts_ns)
            prices = [levels[0][0]] if levels else []
            prices += [row.price_1e9 for row in trades]
            if any(sign * price <= sign * price_1e9 for price in prices):
                yield ts_ns

    def stops(self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        for book in self._books.get((symbol, venue), ()):
            levels = book.bids if side == "sell" else book.asks
            passed = levels and (levels[0][0] <= price_1e9 if side == "sell" else levels[0][0] >= price_1e9)
            if passed and from_ns < book.ts_ns <= to_ns:
                yield book.ts_ns


def _levels(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (word.split("*") for word in text.split())
    return tuple((px(price), sz(size)) for price, size in pairs)


def _top(book: Book) -> Top:
    bid, bid_size = book.bids[0] if book.bids else (0, 0)
    ask, ask_size = book.asks[0] if book.asks else (0, 0)
    return Top(bid, bid_size, ask, ask_size, book.ts_ns)


class Shelf:
    """An archive that sees every event at once."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[str, Any]] = {}

    def keep(self, events: list[Event]) -> None:
        for event in events:
            name = {"order": "node_order_id", "graph": "graph_id", "fill": "fill_id"}.get(event.kind)
            if name is not None:
                self.rows[event.kind, event.data["client_id"], event.data[name]] = event.data

    def find_graph(self, client_id: str, graph_id: str) -> dict[str, Any] | None:
        return self.rows.get(("graph", client_id, graph_id))

    def find_order(self, client_id: str, node_order_id: str) -> dict[str, Any] | None:
        return self.rows.get(("order", client_id, node_order_id))


class Stage:
    """An exchange that is checked after every event, and everything it has said."""

    def __init__(self, market: Any = None, limits: Limits | None = None) -> None:
        self.market = market if market is not None else two_venues()
        self.shelf = Shelf()
        self.limits = limits
        self.exchange = checked(Exchange(self.market, archive=self.shelf, limits=limits))
        self.events: list[Event] = []
        self.now = START

    def settle(self) -> list[Event]:
        """What was said since the last time, in the archive."""
        said, self.exchange.pending = self.exchange.pending, []
        self.shelf.keep(said)
        self.events += said
        return said

    def pass_time(self, ns: int) -> None:
        """Let time pass."""
        self.now += ns
        self.exchange.advance(self.now)
        self.settle()

    def place(self, side: str = "buy", qty: str | None = "1", symbol: str = "BTC-USD", **words: Any) -> Placed:
        """Submit the simple form."""
        body = SimpleOrder(symbol=symbol, side=side, qty=None if qty is None else Decimal(qty), **words)
        placed = self.exchange.place(ME, body, self.now)
        self.settle()
        return placed

    def order(self, side: str = "buy", qty: str | None = "1", symbol: str = "BTC-USD", **words: Any) -> Order:
        """Submit the simple form; the one order it makes."""
        return self.place(side, qty, symbol, **words).orders[0]

    def fills(self) -> list[dict[str, Any]]:
        """Every fill so far."""
        return [event.data for event in self.events if event.kind == "fill"]

    def again(self) -> Exchange:
        """The exchange replayed from its events alone."""
        return Exchange.restore(self.market, None, self.events, archive=self.shelf, limits=self.limits)

    def cash(self, venue: str, asset: str = "USD") -> int:
        return self.exchange.accounts[ME].cash_of(f"{venue}/{asset}")

    def holding(self, venue: str, asset: str = "BTC", kind: str = "crypto") -> int:
        row = self.exchange.accounts[ME].holdings.get(f"{venue}/{kind}/{asset}")
        return row.qty_1e8 if row else 0


def checked(exchange: Exchange) -> Exchange:
    """`exchange`, whose books are audited after every event."""
    emit = exchange.emit

    def audited(kind: str, record: Any, ts_ns: int) -> None:
        emit(kind, record, ts_ns)
        check(exchange)

    exchange.emit = audited  # type: ignore[method-assign]
    return exchange


def two_venues() -> HandMarket:
    """BTC-USD: kraken is cheaper at the touch and dearer in fees (26 against 10 bps)."""
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "49990*1 49980*2", "50000*1 50010*2 50100*5")
    market.set_book("BTC-USD", "coinbase", "49985*1 49970*3", "50020*1 50040*2")
    market.set_book("BTC-USDT", "binance", "49990*1", "50000*1 50005*1")
    market.set_book("USDC-USD", "kraken", "0.99*100000", "1.01*100000")
    market.set_book("BTC-USD-PERP", "hyperliquid", "50000*10 49900*10", "50010*10 50110*10")
    return market
