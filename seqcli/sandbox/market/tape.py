"""A recorded market: the `Market` protocol answered from files, shifted to now. Prices and sizes stay to
the digit.

Sessions. Files that overlap in recorded time belong to one session (they were recorded side by side, as the
symbols of one connection are) and keep their offsets to each other. Every session's first line happens at
the start instant, so recordings of different days play together: prices of two venues recorded at different
times may well cross, and that says nothing about those markets.

The seam. Unless `once`, each session begins again 100 ms (of its own time) after its last line. At the seam
prices jump from the last book to the first one, and an order the jump passes over is touched, as by any
other book. Until a file's own first book comes round again its last one stands. With `once` the last book
stands for ever, older and older, and nothing is printed any more.

Before its first book a venue has none. Symbols without a recording do not exist here. Venues outside the
fifteen join this market with the default fees. `speed` shortens all offsets; the books' own instants move
with them, so an age is true.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from seqcli.errors import Usage
from seqcli.sandbox.market.books import Book, Funding, Print, Side, Top
from seqcli.sandbox.market.crossings import Crossings, Minima
from seqcli.sandbox.market.instruments import VENUES, Instrument, Kind, Venue
from seqcli.sandbox.market.recordings import Recording, Series, read

SEAM_NS = 100_000_000
"""Recorded time between a session's last line and its next beginning: the least distance of two snapshots."""
NORMAL_SPEED = 1000
_FASTEST = 1_000_000
_SPEED = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,3}))?")


def parse_speed(text: str) -> int:
    """Thousandths of the recorded speed: "2" → 2000, "0.5" → 500. Raises Usage outside 0.001 to 1000."""
    parts = _SPEED.fullmatch(text)
    speed = int(parts[1] + (parts[2] or "").ljust(3, "0")) if parts else 0
    if not 0 < speed <= _FASTEST:
        raise Usage(
            f"{text[:40]!r} is no tape speed",
            hint="a number from 0.001 to 1000; 2 is twice as fast as recorded",
        )
    return speed


class _Session:
    """Recordings that overlap in time, and how their time becomes the market's."""

    def __init__(self, first: Recording, start_ns: int, speed: int) -> None:
        self.first_ns, self.last_ns = first.first_ns, first.last_ns
        self._open_ns = start_ns
        self._speed = speed
        self.recordings = [first]

    @property
    def start_ns(self) -> int:
        """When the session's first line plays: so that each of its books is known when the market opens."""
        series = [row for recording in self.recordings for row in recording.series]
        return self._open_ns - self.offset(max((row.books[0][0] for row in series if row.books), default=self.first_ns))

    def offset(self, ts_ns: int) -> int:
        """Nanoseconds of market time since the session's beginning."""
        return (ts_ns - self.first_ns) * NORMAL_SPEED // self._speed

    def length(self) -> int:
        """Market time from one beginning to the next."""
        return max(1, self.offset(self.last_ns + SEAM_NS))

    def join(self, recording: Recording) -> None:
        self.recordings.append(recording)
        self.last_ns = max(self.last_ns, recording.last_ns)


class _Player:
    """One series in market time."""

    def __init__(self, series: Series, session: _Session, *, once: bool) -> None:
        self._books = series.books
        self._prints = series.prints
        self._book_at = [session.offset(ts_ns) for ts_ns, _, _ in series.books]
        self._print_at = [session.offset(each.ts_ns) for each in series.prints]
        self._start = session.start_ns
        self._length = None if once else session.length()
        self._last: Book | None = None

    def book(self, ts_ns: int) -> Book | None:
        """The last book at or before an instant."""
        turn, within = self._turn(ts_ns)
        index = bisect_right(self._book_at, within) - 1
        if index < 0:
            turn, index = turn - 1, len(self._books) - 1
        if turn < 0:
            return None
        at = self._begin(turn) + self._book_at[index]
        if self._last is None or self._last.ts_ns != at:
            _, bids, asks = self._books[index]
            self._last = Book(bids, asks, at)
        return self._last

    def prints(self, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The trades of (from_ns, to_ns]."""
        for turn, low, high in self._turns(from_ns, to_ns):
            begin = self._begin(turn)
            first, last = bisect_right(self._print_at, low), bisect_right(self._print_at, high)
            for index in range(first, last):
                each = self._prints[index]
                yield Print(begin + self._print_at[index], each.price_1e9, each.qty_1e8, each.side)

    def touches(self, side: Side, price: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] that can affect an order; the contract is `Market.touches`."""
        return self._at(*self._crossings.touching(side, price), from_ns, to_ns)

    def stops(self, side: Side, price: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] with a touch at or past a price; the contract is `Market.stops`."""
        return self._at(*self._crossings.stopping(side, price), from_ns, to_ns)

    @cached_property
    def _crossings(self) -> Crossings:
        return Crossings(self._book_at, self._books, self._print_at, self._prints)

    def _at(self, minima: Minima, limit: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] at which a number is `limit` or less, turn after turn."""
        if minima.least > limit:
            return
        for turn, low, high in self._turns(from_ns, to_ns):
            begin = self._begin(turn)
            for offset in self._crossings.between(minima, limit, low, high):
                yield begin + offset

    def _begin(self, turn: int) -> int:
        return self._start + turn * (self._length or 0)

    def _turn(self, ts_ns: int) -> tuple[int, int]:
        """(how often the tape has begun again, time within); before the start: (-1, …) and no book."""
        since = ts_ns - self._start
        if since < 0:
            return -1, -1
        return divmod(since, self._length) if self._length else (0, since)

    def _turns(self, from_ns: int, to_ns: int) -> Iterator[tuple[int, int, int]]:
        """(turn, low, high): each turn that meets (from_ns, to_ns], and its offsets (low, high] that do."""
        last = to_ns - self._start
        if last < 0:
            return
        since = max(from_ns - self._start, -1)
        length = self._length or max(last, since) + 1
        for turn in range(max(since, 0) // length, last // length + 1):
            yield turn, max(since - turn * length, -1), min(last - turn * length, length - 1)


class RecordedMarket:
    """The `Market` of some recordings, from `start_ns` on. Raises Usage naming a file that is no tape."""

    def __init__(self, paths: Sequence[str], start_ns: int, *, speed: int = NORMAL_SPEED, once: bool = False) -> None:
        """`speed` in thousandths of the recorded one (`parse_speed`); `once`: no second beginning."""
        self._players: dict[str, dict[str, _Player]] = {}
        self._answers: dict[str, dict[str, Book]] = {}
        everything: list[Series] = []
        for session in _sessions([read(path) for path in paths], start_ns, speed):
            for recording in session.recordings:
                for series in recording.series:
                    _refuse_twice(everything, series)
                    everything.append(series)
                    self._players.setdefault(series.symbol, {})[series.venue] = _Player(series, session, once=once)
        self._instruments = _instruments(everything)
        self._venues = _venues(self._instruments)

    def venues(self) -> Mapping[str, Venue]:
        """The fifteen edges and those the recordings add."""
        return self._venues

    def instruments(self) -> Mapping[str, Instrument]:
        """What was recorded, by canonical symbol; steps are the finest digits seen, minima unknown."""
        return self._instruments

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        """Each venue's last snapshot at or before `ts_ns`."""
        found = {venue: player.book(ts_ns) for venue, player in self._players.get(symbol, {}).items()}
        books = {venue: book for venue, book in found.items() if book is not None}
        last = self._answers.get(symbol)
        if last is not None and len(last) == len(books) and all(last.get(venue) is books[venue] for venue in books):
            return last
        self._answers[symbol] = books
        return books

    def book(self, symbol: str, venue: str, ts_ns: int) -> Book | None:
        """One venue's last snapshot at or before `ts_ns`."""
        player = self._player(symbol, venue)
        return player.book(ts_ns) if player else None

    def best(self, symbol: str, ts_ns: int) -> Mapping[str, Top]:
        """Each venue's best bid and ask; a missing side is 0."""
        return {venue: _top(book) for venue, book in self.books(symbol, ts_ns).items()}

    def touch(self, symbol: str, venue: str, ts_ns: int) -> tuple[int, int] | None:
        """One venue's best bid and ask; a missing side is 0."""
        book = self.book(symbol, venue, ts_ns)
        return (book.bids[0][0] if book.bids else 0, book.asks[0][0] if book.asks else 0) if book else None

    def prints(self, symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The recorded trades in (from_ns, to_ns]."""
        player = self._player(symbol, venue)
        return player.prints(from_ns, to_ns) if player else iter(())

    def funding(self, symbol: str, venue: str, ts_ns: int, *, marked: bool = True) -> Funding | None:  # noqa: ARG002 - as every market's
        """Nothing: recordings hold books and trades, and no rate is made up beside them."""
        return None

    def touches(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants in (from_ns, to_ns] that can affect a resting order; see `books.Market.touches`."""
        player = self._player(symbol, venue)
        return player.touches(side, price_1e9, from_ns, to_ns) if player else iter(())

    def stops(  # noqa: PLR0917 - the six words of one question
        self, symbol: str, venue: str, side: Side, price_1e9: int, from_ns: int, to_ns: int
    ) -> Iterator[int]:
        """The instants in (from_ns, to_ns] at which a touch has come to a price; see `books.Market.stops`."""
        player = self._player(symbol, venue)
        return player.stops(side, price_1e9, from_ns, to_ns) if player else iter(())

    def _player(self, symbol: str, venue: str) -> _Player | None:
        return self._players.get(symbol, {}).get(venue)


def _sessions(recordings: list[Recording], start_ns: int, speed: int) -> list[_Session]:
    sessions: list[_Session] = []
    for recording in sorted(recordings, key=lambda each: (each.first_ns, each.path)):
        if sessions and recording.first_ns <= sessions[-1].last_ns:
            sessions[-1].join(recording)
        else:
            sessions.append(_Session(recording, start_ns, speed))
    return sessions


def _refuse_twice(known: list[Series], series: Series) -> None:
    for other in known:
        if (other.symbol, other.venue) == (series.symbol, series.venue):
            raise Usage(
                f"tapes {other.path} and {series.path} both record {series.symbol} on {series.venue}",
                hint="one market has one book a venue: play one of the two",
            )


def _top(book: Book) -> Top:
    bid, bid_qty = book.bids[0] if book.bids else (0, 0)
    ask, ask_qty = book.asks[0] if book.asks else (0, 0)
    return Top(bid, bid_qty, ask, ask_qty, book.ts_ns)


def _instruments(everything: list[Series]) -> dict[str, Instrument]:
    by_symbol: dict[str, list[Series]] = {}
    for series in everything:
        by_symbol.setdefault(series.symbol, []).append(series)
    return {symbol: _instrument(symbol, by_symbol[symbol]) for symbol in sorted(by_symbol)}


def _instrument(symbol: str, parts: list[Series]) -> Instrument:
    base, quote = symbol.split("-")[:2]
    price_digits = max(each.price_digits for each in parts)
    qty_digits = max(each.qty_digits for each in parts)
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        kind="perp" if symbol.endswith("-PERP") else "spot",
        venues=tuple(sorted(each.venue for each in parts)),
        tick_size_1e9=10 ** (9 - price_digits),
        lot_size_1e8=10 ** (8 - qty_digits),
        min_qty_1e8=0,
        min_notional_1e9=0,
        price_precision=price_digits,
        qty_precision=qty_digits,
    )


def _venues(instruments: Mapping[str, Instrument]) -> dict[str, Venue]:
    kinds: dict[str, set[Kind]] = {}
    for instrument in instruments.values():
        for venue in instrument.venues:
            kinds.setdefault(venue, set()).add(instrument.kind)
    joined = {name: Venue(name, "NA", tuple(sorted(seen))) for name, seen in kinds.items() if name not in VENUES}
    return {**VENUES, **joined}
