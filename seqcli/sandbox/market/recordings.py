"""Reading a recorded market: NDJSON, gzip-compressed or plain, a book or trade a line, in time order, exact or refused.

    {"channel": "book:ETH-USDT", "venue": "bybit",
     "data": {"bids": [["px", "sz"], …], "asks": […], "ts_ns": 1618677787169146800}}
    {"channel": "trades:ETH-USDT", "venue": "bybit",
     "data": {"px": "2364.95", "sz": "0.01", "side": "buy", "ts_ns": 1618677790311595000}}

Prices and sizes are decimal strings and are kept to the digit. A price with more than 9 decimals or a size
with more than 8 is refused, unless the digits beyond are zeros. `bybit`, `binance_futures` and `dydx` record
perpetuals under the name of a spot pair: `ETH-USDT` there is `ETH-USDT-PERP` here, and `binance_futures` is
the venue binance.

A line without a venue is one of a stream that was kept. Its books are those of all venues together, and become the
book of one venue called `consolidated`; prices and sizes are JSON numbers there, read as decimals. Venues may cross, a
venue's book may not: levels at or beyond the other side's best are left out, on both sides. A time that goes back
is the one of the line before. Whatever else a stream tells – prices, orders, gaps – is passed over.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.errors import Usage
from seqcli.sandbox.market.books import Level, Print, Side
from seqcli.sandbox.market.instruments import canonical
from seqcli.wire import streams

PERP_VENUES = {"binance_futures": "binance", "bybit": "bybit", "dydx": "dydx"}
"""Recorded venue → our venue, for those whose recordings are perpetuals."""

CONSOLIDATED = "consolidated"
"""The venue of a book that several venues share."""

_TOLD = streams.PRIVATE | streams.OF_SYMBOL | streams.OF_DEPLOYMENT | streams.SCOPED
_VENUE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_MOST = 2**63 - 1
_MOST_DIGITS = 20  # before the point: enough to be out of range


class Series(msgspec.Struct):
    """One symbol on one venue from one file; times are the recording's own."""

    path: str
    symbol: str
    venue: str
    books: list[tuple[int, tuple[Level, ...], tuple[Level, ...]]] = []
    prints: list[Print] = []
    price_digits: int = 0
    qty_digits: int = 0


class Recording(msgspec.Struct):
    """One file: what it holds, and the first and last instant of it."""

    path: str
    first_ns: int
    last_ns: int
    series: list[Series]


class _Frame(msgspec.Struct):
    channel: str = ""
    venue: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    type: str = ""


class _Merged(msgspec.Struct):
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    ts_ns: int


class _Snapshot(msgspec.Struct):
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    ts_ns: int


class _Trade(msgspec.Struct):
    px: str
    sz: str
    side: Side
    ts_ns: int


def read(path: str) -> Recording:
    """Read and check one file. Raises Usage with a sentence naming the file and the line."""
    reading = _Reading(path)
    number = 0
    for number, line in enumerate(_lines(path), 1):
        try:
            reading.take(line)
        except (ValueError, msgspec.MsgspecError) as error:
            raise _refusal(path, f"line {number}: {error}") from None
    return reading.ended(number)


def _refusal(path: str, why: str) -> Usage:
    return Usage(f"tape {path}: {why}", hint="a tape is NDJSON: one book or trade a line, oldest first")


def _lines(path: str) -> Iterator[bytes]:
    import gzip
    import zlib

    number = 0
    try:
        with open(path, "rb") as peeked:  # noqa: PTH123 - a path as it was typed
            plain = peeked.read(1) in {b"{", b""}
        with open(path, "rb") if plain else gzip.open(path) as file:  # noqa: PTH123 - as above
            for line in file:
                number += 1
                yield line
    except gzip.BadGzipFile:
        raise _refusal(path, _broken(number, "it is neither NDJSON nor gzip-compressed")) from None
    except EOFError:
        raise _refusal(path, f"it is cut off in line {number + 1}") from None
    except zlib.error:
        raise _refusal(path, f"it is damaged in line {number + 1}") from None
    except OSError as error:
        raise _refusal(path, (error.strerror or str(error)).lower()) from None


def _broken(number: int, otherwise: str) -> str:
    return f"it is damaged in line {number + 1}" if number else otherwise


class _Reading:
    """A file half read."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._series: dict[tuple[str, str], Series] = {}
        self._levels: dict[tuple[str, str], Level] = {}
        self._first = self._last = 0

    def take(self, line: bytes) -> None:
        frame = msgspec.json.decode(line, type=_Frame)
        channel, _, symbol = frame.channel.partition(":")
        if not frame.venue:
            self._streamed(channel, symbol, frame)
            return
        series = self._of(frame.venue, symbol)
        if channel == "book":
            self._snapshot(series, msgspec.json.decode(frame.data, type=_Snapshot))
        elif channel == "trades":
            self._trade(series, msgspec.json.decode(frame.data, type=_Trade))
        else:
            raise ValueError(f"channel {channel[:40]!r} is neither book nor trades")

    def _streamed(self, channel: str, symbol: str, frame: _Frame) -> None:
        if channel != "book":
            if channel not in _TOLD and not (frame.type and not channel):
                raise ValueError(f"channel {channel[:40]!r} is none of a stream's, and there is no venue")
            return
        data = msgspec.json.decode(frame.data, type=_Merged)
        series = self._of(CONSOLIDATED, symbol)
        sides = ([(format(price, "f"), format(size, "f")) for price, size in side] for side in (data.bids, data.asks))
        bids, asks = _uncrossed(*(self._ladder(series, side) for side in sides))
        _check(bids, asks)
        at = max(data.ts_ns, self._last)
        self._advance(at)
        series.books.append((at, bids, asks))

    def ended(self, lines: int) -> Recording:
        if not lines:
            raise _refusal(self._path, "it is empty")
        for series in self._series.values():
            if not series.books:
                raise _refusal(self._path, f"it holds no order book of {series.symbol} on {series.venue}")
        return Recording(self._path, self._first, self._last, list(self._series.values()))

    def _of(self, venue: str, symbol: str) -> Series:
        series = self._series.get((venue, symbol))
        if series is None:
            ours, name = _named(venue, symbol)
            series = self._series[venue, symbol] = Series(self._path, name, ours)
        return series

    def _snapshot(self, series: Series, data: _Snapshot) -> None:
        self._advance(data.ts_ns)
        bids = self._ladder(series, data.bids)
        asks = self._ladder(series, data.asks)
        _check(bids, asks)
        series.books.append((data.ts_ns, bids, asks))

    def _trade(self, series: Series, data: _Trade) -> None:
        self._advance(data.ts_ns)
        price, qty = self._level(series, (data.px, data.sz))
        series.prints.append(Print(data.ts_ns, price, qty, data.side))

    def _ladder(self, series: Series, rows: list[tuple[str, str]]) -> tuple[Level, ...]:
        known = self._levels
        return tuple([known.get(row) or self._level(series, row) for row in rows])

    def _level(self, series: Series, row: tuple[str, str]) -> Level:
        level = self._levels.get(row)
        if level is None:
            price, price_digits = exactly(row[0], 9)
            qty, qty_digits = exactly(row[1], 8)
            level = self._levels[row] = (price, qty)
            series.price_digits = max(series.price_digits, price_digits)
            series.qty_digits = max(series.qty_digits, qty_digits)
        return level

    def _advance(self, ts_ns: int) -> None:
        if not 0 < ts_ns <= _MOST:
            raise ValueError(f"ts_ns {ts_ns} is no time in nanoseconds since 1970")
        if ts_ns < self._last:
            raise ValueError(f"ts_ns {ts_ns} is earlier than the line before it ({self._last})")
        self._first = self._first or ts_ns
        self._last = ts_ns


def _named(venue: str, symbol: str) -> tuple[str, str]:
    """(our venue, our symbol) of a recorded pair. Raises ValueError for a name that cannot be one."""
    if not _VENUE.fullmatch(venue):
        raise ValueError(f"{venue[:40]!r} is no venue")
    pair = canonical(symbol, "perp" if venue in PERP_VENUES else None)
    if len(pair.split("-")) not in (2, 3):
        raise ValueError(f"{symbol[:40]!r} is no pair; a pair looks like BTC-USD")
    return PERP_VENUES.get(venue, venue), pair


def exactly(text: str, digits: int) -> tuple[int, int]:
    """(text × 10**digits, decimals that matter). Raises ValueError unless it is a positive decimal that
    fits exactly.

    >>> exactly("29.180002", 8)
    (2918000200, 6)
    """
    whole, point, part = text.partition(".")
    part_kept = part.rstrip("0")
    if not (whole.isascii() and whole.isdigit()) or (point and not (part.isascii() and part.isdigit())):
        raise ValueError(f"{text[:40]!r} is no decimal number")
    if len(part_kept) > digits:
        raise ValueError(f"{text[:40]!r} has more than {digits} decimals and would have to be rounded")
    value = int(whole[:_MOST_DIGITS] + part_kept.ljust(digits, "0"))
    if not 0 < value <= _MOST:
        raise ValueError(f"{text[:40]!r} is {'too large' if value else 'zero'}")
    return value, len(part_kept)


def _uncrossed(bids: tuple[Level, ...], asks: tuple[Level, ...]) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Both sides without the levels that meet the other one's best."""
    if not bids or not asks or bids[0][0] < asks[0][0]:
        return bids, asks
    highest, lowest = bids[0][0], asks[0][0]
    return tuple(level for level in bids if level[0] < lowest), tuple(level for level in asks if level[0] > highest)


def _check(bids: tuple[Level, ...], asks: tuple[Level, ...]) -> None:
    if not _descending(bids) or not _descending(asks[::-1]):
        raise ValueError("the book's levels are not best price first")
    if bids and asks and bids[0][0] >= asks[0][0]:
        raise ValueError("the book is crossed: its best bid is not below its best ask")


def _descending(levels: tuple[Level, ...]) -> bool:
    prices: list[Any] = [price for price, _ in levels]
    return all(map(int.__gt__, prices, prices[1:]))
