"""Market data as topics: what is sent for each, and only when it has changed.

The market is a function of time, so nothing runs for a topic that nobody watches; one ticker asks for all that are.
A feed gives the rows of its topic at an instant; a row whose mark differs from the last one is sent. To add a feed,
add its row to `FEEDS`: the rest follows.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from seqcli.sandbox.market import references
from seqcli.sandbox.market.books import Book, Market
from seqcli.sandbox.market.consolidated import PRICE, SIZE, human, levels, merged, spread
from seqcli.sandbox.market.instruments import canonical
from seqcli.wire import strict
from seqcli.wire.streams import BAD_SYMBOL, UNKNOWN, BadTopic, Topic

BOOK_TICK_NS = 25_000_000
"""How often books are looked at: the documented pace."""
SECOND_NS = 1_000_000_000
MAX_LEVELS = 100


class Row(NamedTuple):
    """One row of a topic: its name among the topic's rows, what changes when it does, and the JSON to send."""

    name: str
    mark: Hashable
    payload: bytes


Render = Callable[[Market, Topic, int], Iterable[Row]]


class Feed(msgspec.Struct, frozen=True):
    """How a kind of topic is served. `every_ns`: no more often than this; `at_once`: the state as it is follows the
    subscription, otherwise only what changes later; `of_books`: nothing changes while the symbol's books stand.
    """

    render: Render
    every_ns: int = BOOK_TICK_NS
    at_once: bool = True
    of_books: bool = True


def prices(market: Market, topic: Topic, ts_ns: int) -> Iterator[Row]:
    """The best bid and offer over all venues; zeros and ``unavailable`` when there are none."""
    books = _live(market.books(topic.symbol, ts_ns))
    (bid, bid_size), (ask, ask_size) = _best(books, max), _best(books, min)
    mid, bps = spread(bid, ask)
    source = "edge_nbbo" if books else "unavailable"
    text = (
        f'{{"bid":{human(bid, PRICE)},"ask":{human(ask, PRICE)},"mid":{mid},"bid_sz":{human(bid_size, SIZE)},'
        f'"ask_sz":{human(ask_size, SIZE)},"spread_bps":{bps},"source":"{source}","ts_ns":{_last_ns(books)}}}'
    )
    yield Row("", (bid, bid_size, ask, ask_size), text.encode())


def book(market: Market, topic: Topic, ts_ns: int) -> Iterator[Row]:
    """The consolidated book: each frame a whole snapshot, without levels when no venue has any."""
    books = _live(market.books(topic.symbol, ts_ns))
    sides = f'"bids":{merged(books, MAX_LEVELS, max)},"asks":{merged(books, MAX_LEVELS, min)}'
    yield Row("", hash(sides), f'{{{sides},"ts_ns":{_last_ns(books)}}}'.encode())


def _live(books: Mapping[str, Book]) -> dict[str, Book]:
    return {venue: entry for venue, entry in books.items() if entry.bids or entry.asks}


def _best(books: Mapping[str, Book], best: Callable[..., int]) -> tuple[int, int]:
    rows = levels(books, 1, best)
    return rows[0] if rows else (0, 0)


def _last_ns(books: Mapping[str, Book]) -> int:
    return max((entry.ts_ns for entry in books.values()), default=0)


def fair_price(market: Market, topic: Topic, ts_ns: int) -> Iterator[Row]:
    """The fair price of one asset, or of all."""
    names = [topic.scope.upper()] if topic.scope else references.underlyings(market.instruments())
    for row in references.fair_prices(market, names, ts_ns):
        yield Row(row.underlying, (row.price_1e9, row.bid_vwap_1e9, row.ask_vwap_1e9), strict.encode(row))


def funding(market: Market, topic: Topic, ts_ns: int) -> Iterator[Row]:
    """Funding of one perp, of a venue's, or of all."""
    known = market.instruments()
    perps = [known[topic.symbol]] if topic.symbol else [row for row in known.values() if row.kind == "perp"]
    for row in references.funding_rates(market, perps, topic.scope.lower() or None, ts_ns):
        mark = (row.rate_bps_per_hour, row.predicted_rate_bps_per_hour, row.mark_price_1e9, row.next_settlement_ns)
        yield Row(f"{row.venue}/{row.symbol}", mark, strict.encode(msgspec.structs.asdict(row) | {"ts_ns": ts_ns}))


FEEDS: dict[str, Feed] = {
    "prices": Feed(prices),
    "book": Feed(book),
    "fair_price": Feed(fair_price, every_ns=SECOND_NS, at_once=False, of_books=False),
    "funding": Feed(funding, every_ns=SECOND_NS, at_once=False, of_books=False),
}


class Reader(Protocol):
    """Where changed rows go: an outbox."""

    def replace(self, channel: str, row: str, payload: bytes) -> None:
        """The newest row of a channel."""


class _Watched:
    """A topic that somebody watches, and its rows as they were last seen."""

    def __init__(self, topic: Topic, feed: Feed) -> None:
        self.topic, self.feed = topic, feed
        self.readers: dict[tuple[int, str], Reader] = {}
        self.rows: dict[str, Row] = {}
        self.books: object = None
        self.due_ns = 0


class MarketData:
    """Every topic of the market that is watched. `now_ns` is the exchange's time, which never goes back."""

    def __init__(self, market: Market, feeds: Mapping[str, Feed] | None = None) -> None:
        self._market = market
        self._feeds = FEEDS if feeds is None else feeds
        self._watched: dict[Topic, _Watched] = {}

    def __bool__(self) -> bool:
        return bool(self._watched)

    def canonical(self, topic: Topic) -> Topic:
        """`topic` with its symbol as the exchange spells it. Raises `BadTopic` for what nothing is sent for."""
        if topic.kind not in self._feeds:
            raise BadTopic(UNKNOWN)
        if not topic.symbol:
            return topic
        try:
            if topic.kind == "funding":
                perp = references.perp_of(self._market.instruments(), topic.symbol)
                symbol = perp.symbol if perp else ""
            else:
                symbol = canonical(topic.symbol)
        except ValueError:
            raise BadTopic(BAD_SYMBOL) from None
        if symbol not in self._market.instruments():
            raise BadTopic(BAD_SYMBOL)
        return msgspec.structs.replace(topic, symbol=symbol)

    def watch(self, topic: Topic, channel: str, reader: Reader, now_ns: int) -> None:
        """Send `reader` the rows of a canonical topic, under the name by which it was subscribed."""
        watched = self._watched.get(topic)
        if watched is None:
            watched = self._watched[topic] = _Watched(topic, self._feeds[topic.kind])
            self._look(watched, now_ns)
        watched.readers[id(reader), channel] = reader
        if watched.feed.at_once:
            for row in watched.rows.values():
                reader.replace(channel, row.name, row.payload)

    def leave(self, topic: Topic, channel: str, reader: Reader) -> None:
        """No longer."""
        watched = self._watched.get(topic)
        if watched is not None:
            watched.readers.pop((id(reader), channel), None)
            if not watched.readers:
                del self._watched[topic]

    def steps(self, now_ns: int) -> Iterator[int]:
        """Look at every topic that is due; yields the number of frames handed out, topic by topic, so that the
        caller may let others work in between.
        """
        for watched in list(self._watched.values()):
            if watched.due_ns <= now_ns and watched.readers:
                changed = self._look(watched, now_ns)
                for (_, channel), reader in watched.readers.items():
                    for row in changed:
                        reader.replace(channel, row.name, row.payload)
                yield len(changed) * len(watched.readers)

    def _look(self, watched: _Watched, now_ns: int) -> list[Row]:
        watched.due_ns = now_ns + watched.feed.every_ns - BOOK_TICK_NS // 2  # a tick that comes a little early counts
        if watched.feed.of_books:
            books = self._market.books(watched.topic.symbol, now_ns)
            if books is watched.books:
                return []
            watched.books = books
        changed = []
        for row in watched.feed.render(self._market, watched.topic, now_ns):
            last = watched.rows.get(row.name)
            if last is None or last.mark != row.mark:
                changed.append(row)
            watched.rows[row.name] = row
        return changed
