"""A recorded market: times are shifted, prices and sizes are not; sessions, loops and speed."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.errors import Usage
from seqcli.sandbox.market.bars import Window
from seqcli.sandbox.market.books import Market, Print, Side
from seqcli.sandbox.market.instruments import VENUES
from seqcli.sandbox.market.tape import SEAM_NS, RecordedMarket, parse_speed
from seqcli.sandbox.serving import whole

NOW = 1_764_000_000_000_000_000
MS = 1_000_000
THEN = 1_600_000_000_000_000_000
UNIT = 10**9


class Folder:
    """Writes little tapes. A frame is (milliseconds, bid, ask), or (milliseconds, aggressor, price)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, symbol: str, *frames: tuple[Any, ...], venue: str = "kraken", then: int = THEN) -> str:
        lines = [json.dumps(_frame(symbol, venue, then + frame[0] * MS, *frame[1:])) for frame in frames]
        path = self._folder / f"{name}.ndjson.gz"
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
        return str(path)


def _frame(symbol: str, venue: str, ts_ns: int, first: Any, second: Any) -> dict[str, Any]:
    if first in ("buy", "sell"):
        data = {"px": str(second), "sz": "0.5", "side": first, "ts_ns": ts_ns}
        return {"channel": f"trades:{symbol}", "venue": venue, "data": data}
    sides = {"bids": [[str(first), "1"]] if first else [], "asks": [[str(second), "2"]] if second else []}
    return {"channel": f"book:{symbol}", "venue": venue, "data": {**sides, "ts_ns": ts_ns}}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


ETH = ((0, 100, 101), (40, "buy", 101), (100, 90, 91), (250, "sell", 90), (300, 110, 111))


@pytest.fixture
def eth(folder: Folder) -> str:
    return folder.write("eth", "ETH-USD", *ETH)


def bid(market: RecordedMarket, at_ms: int, symbol: str = "ETH-USD", venue: str = "kraken") -> int | None:
    book = market.books(symbol, NOW + at_ms * MS).get(venue)
    return book.bids[0][0] // UNIT if book else None


def test_a_recorded_market_is_a_market(eth):
    market: Market = RecordedMarket([eth], NOW)
    assert market.book("ETH-USD", "kraken", NOW) is not None


def test_a_book_is_the_last_snapshot_at_or_before_the_instant_and_its_age_is_true(eth):
    market = RecordedMarket([eth], NOW)
    assert [bid(market, at) for at in (-1, 0, 99, 100, 299, 300)] == [None, 100, 100, 90, 90, 110]
    assert market.books("ETH-USD", NOW + 299 * MS)["kraken"].ts_ns == NOW + 100 * MS
    assert market.books("ETH-USD", NOW - 1) == {}


def test_the_tape_begins_again_a_hundred_milliseconds_after_its_last_line(eth):
    market = RecordedMarket([eth], NOW)
    turn = 300 + SEAM_NS // MS
    assert [bid(market, at) for at in (turn - 1, turn, turn + 100, 50 * turn - 1, 50 * turn)] == [
        110,
        100,
        90,
        110,
        100,
    ]
    assert market.books("ETH-USD", NOW + (7 * turn + 130) * MS)["kraken"].ts_ns == NOW + (7 * turn + 100) * MS


def test_played_once_the_last_book_stands_and_nothing_is_printed_any_more(eth):
    market = RecordedMarket([eth], NOW, once=True)
    year = 365 * 86_400_000
    assert [bid(market, at) for at in (300, 400, 500, year)] == [110] * 4
    assert market.books("ETH-USD", NOW + year * MS)["kraken"].ts_ns == NOW + 300 * MS
    assert len(list(market.prints("ETH-USD", "kraken", NOW - 1, NOW + year * MS))) == 2
    assert list(market.touches("ETH-USD", "kraken", "buy", 200 * UNIT, NOW + 300 * MS, NOW + year * MS)) == []


def test_speed_shortens_the_offsets_and_nothing_else(eth):
    market = RecordedMarket([eth], NOW, speed=2000)
    assert [bid(market, at) for at in (0, 49, 50, 149, 150, 199, 200)] == [100, 100, 90, 90, 110, 110, 100]
    slow = RecordedMarket([eth], NOW, speed=500)
    assert [bid(slow, at) for at in (0, 199, 200, 600, 799, 800)] == [100, 100, 90, 110, 110, 100]


@pytest.mark.parametrize(("text", "speed"), [("1", 1000), ("2", 2000), ("0.5", 500), ("0.001", 1), ("1000", 1_000_000)])
def test_a_speed_is_a_number_from_a_thousandth_to_a_thousand(text, speed):
    assert parse_speed(text) == speed


@pytest.mark.parametrize(
    "text", ["", "0", "0.0", "-1", "1e3", "0.0001", "1000.001", "1001", "fast", "١", "1.", ".5", "nan"]
)
def test_another_speed_is_refused(text):
    with pytest.raises(Usage, match="no tape speed"):
        parse_speed(text)


def test_files_that_overlap_keep_their_offsets_and_open_when_each_has_a_book(folder, eth):
    other = folder.write("btc", "BTC-USD", (200, 500, 501), (700, 600, 601))
    market = RecordedMarket([other, eth], NOW)
    assert [bid(market, at, "BTC-USD") for at in (-1, 0, 499, 500)] == [None, 500, 500, 600]
    assert [bid(market, at) for at in (-200, 199, 200, 599, 600)] == [100, 110, 110, 110, 100]
    assert [bid(market, at, "BTC-USD") for at in (599, 600, 799, 800)] == [600, 600, 600, 500]


def test_files_of_different_days_all_begin_at_the_start_instant_and_loop_on_their_own(folder, eth):
    other = folder.write("old", "ETH-USD", (0, 500, 501), (20, 600, 601), venue="gemini", then=THEN // 2)
    market = RecordedMarket([eth, other], NOW)
    assert [bid(market, at, venue="gemini") for at in (0, 20, 119, 120, 140)] == [500, 600, 600, 500, 600]
    assert [bid(market, at) for at in (0, 120, 399, 400)] == [100, 90, 110, 100]


def test_prints_are_the_recorded_trades_of_the_interval_loop_after_loop(eth):
    market = RecordedMarket([eth], NOW)
    bought, sold = (
        Print(NOW + 40 * MS, 101 * UNIT, 50_000_000, "buy"),
        Print(NOW + 250 * MS, 90 * UNIT, 50_000_000, "sell"),
    )
    again = Print(NOW + 440 * MS, 101 * UNIT, 50_000_000, "buy")
    assert list(market.prints("ETH-USD", "kraken", NOW - MS, NOW + 440 * MS)) == [bought, sold, again]
    assert list(market.prints("ETH-USD", "kraken", NOW + 40 * MS, NOW + 440 * MS - 1)) == [sold]
    assert list(market.prints("ETH-USD", "kraken", NOW - 2 * MS, NOW - 1)) == []


def test_touches_are_books_that_reach_the_price_and_prints_at_or_through_it(eth):
    market = RecordedMarket([eth], NOW)

    def at(side: Side, price: int, to_ms: int = 399) -> list[int]:
        found = market.touches("ETH-USD", "kraken", side, price * UNIT, NOW - 1, NOW + to_ms * MS)
        return [(ts_ns - NOW) // MS for ts_ns in found]

    assert at("buy", 89) == []
    assert at("buy", 90) == [250]
    assert at("buy", 91) == [100, 250]
    assert at("buy", 101) == [0, 40, 100, 250]
    assert at("sell", 111) == []
    assert at("sell", 110) == [300]
    assert at("sell", 101) == [40, 300]
    assert at("buy", 91, 900) == [100, 250, 500, 650, 900]


def affected(market: RecordedMarket, ts_ns: int, side: str, price: int) -> bool:
    """The contract of `touches`, read aloud for one instant."""
    book = market.book("ETH-USD", "kraken", ts_ns)
    prints = [each.price_1e9 for each in market.prints("ETH-USD", "kraken", ts_ns - 1, ts_ns)]
    new = book if book is not None and book.ts_ns == ts_ns else None
    if side == "buy":
        reached = new is not None and bool(new.asks) and new.asks[0][0] <= price
        return reached or any(each <= price for each in prints)
    reached = new is not None and bool(new.bids) and new.bids[0][0] >= price
    return reached or any(each >= price for each in prints)


FRAMES = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["buy", "sell", "book", "bids", "asks"]), st.integers(1, 9)),
    max_size=12,
)


ON_ANY_TAPE = given(
    frames=FRAMES,
    side=st.sampled_from(["buy", "sell"]),
    price=st.integers(1, 10),
    begin=st.integers(-20, 500),
    length=st.integers(0, 400),
    once=st.booleans(),
)
"""A short tape, and a price over a stretch that may reach beyond it."""


@settings(deadline=None, max_examples=60)
@ON_ANY_TAPE
def test_touches_are_exactly_those_of_stepping(*, tmp_path_factory, frames, side, price, begin, length, once):
    lines: list[tuple[Any, ...]] = [(0, 5, 6)]
    for at_ms, kind, level in sorted(frames, key=lambda frame: frame[0]):
        if kind in ("buy", "sell"):
            lines.append((at_ms, kind, level))
        else:
            lines.append((at_ms, level if kind != "asks" else 0, level + 1 if kind != "bids" else 0))
    path = Folder(tmp_path_factory.mktemp("tape")).write("any", "ETH-USD", *lines)
    market = RecordedMarket([path], NOW, once=once)
    from_ns, to_ns = NOW + begin * MS, NOW + (begin + length) * MS
    every = range(from_ns + MS, to_ns + 1, MS)  # these tapes have their lines on whole milliseconds
    expected = [ts_ns for ts_ns in every if affected(market, ts_ns, side, price * UNIT)]
    assert list(market.touches("ETH-USD", "kraken", side, price * UNIT, from_ns, to_ns)) == expected


def test_books_are_one_object_until_a_venue_publishes(eth):
    market = RecordedMarket([eth], NOW)
    books = market.books("ETH-USD", NOW)
    assert market.books("ETH-USD", NOW + 99 * MS) is books
    assert market.books("ETH-USD", NOW + 100 * MS) is not books


def test_a_missing_side_is_a_zero_at_the_top(folder):
    market = RecordedMarket([folder.write("half", "ETH-USD", (0, 0, 101))], NOW)
    top = market.best("ETH-USD", NOW)["kraken"]
    assert (top.bid_1e9, top.bid_qty_1e8, top.ask_1e9, top.ask_qty_1e8) == (0, 0, 101 * UNIT, 2 * 10**8)


def test_one_venue_has_one_book_a_symbol(folder, eth):
    again = folder.write("again", "ETH-USD", (0, 1, 2), then=THEN // 2)
    with pytest.raises(Usage, match="both record ETH-USD on kraken"):
        RecordedMarket([eth, again], NOW)
    with pytest.raises(Usage, match="both record"):
        RecordedMarket([eth, eth], NOW)


def test_instruments_are_what_was_recorded_and_venues_outside_the_fifteen_join(folder, eth):
    other = folder.write("perp", "ETH-USD", (0, "1.25", "1.375"), venue="dydx", then=THEN // 2)
    market = RecordedMarket([eth, other], NOW)
    assert list(market.instruments()) == ["ETH-USD", "ETH-USD-PERP"]
    perp = market.instruments()["ETH-USD-PERP"]
    assert (perp.kind, perp.venues, perp.tick_size_1e9, perp.price_precision) == ("perp", ("dydx",), 10**6, 3)
    assert list(market.venues()) == [*VENUES, "dydx"]
    assert (market.venues()["dydx"].maker_bps, market.venues()["dydx"].kinds) == (10, ("perp",))


def test_a_symbol_without_a_recording_is_unavailable(eth):
    market = RecordedMarket([eth], NOW)
    assert market.books("BTC-USD", NOW) == {}
    assert market.best("BTC-USD", NOW) == {}
    assert market.book("ETH-USD", "binance", NOW) is None
    assert list(market.prints("BTC-USD", "kraken", NOW, NOW + UNIT)) == []
    assert list(market.touches("BTC-USD", "kraken", "buy", UNIT, NOW, NOW + UNIT)) == []


def test_a_month_of_a_tape_that_never_gets_there_costs_nothing(eth):
    market = RecordedMarket([eth], NOW)
    assert list(market.touches("ETH-USD", "kraken", "buy", 89 * UNIT, NOW, NOW + 10**9 * UNIT)) == []


def test_a_real_recording_quotes_the_recorded_book_to_the_digit(tapes):
    path = tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"
    frames = [json.loads(line)["data"] for line in gzip.decompress(path.read_bytes()).splitlines()]
    books = [frame for frame in frames if "bids" in frame]
    market = RecordedMarket([str(path)], NOW)
    first = frames[0]["ts_ns"]
    for frame in books[::50]:
        book = market.books("BTC-USDT", NOW + frame["ts_ns"] - first)["binance"]
        for kept, recorded in ((book.bids, frame["bids"]), (book.asks, frame["asks"])):
            assert [(f"{price / 10**9:.8f}", f"{qty / 10**8:.8f}") for price, qty in kept] == [
                tuple(row) for row in recorded
            ]
    last = frames[-1]["ts_ns"]
    prints = list(market.prints("BTC-USDT", "binance", NOW - 1, NOW + last - first))
    assert len(prints) == len(frames) - len(books)


def test_the_three_recordings_of_one_connection_keep_their_offsets(tapes):
    names = [f"BINANCE-{base}-USDT-2021-04-04.ndjson.gz" for base in ("BTC", "ETH", "DOT")]
    firsts = [
        json.loads(gzip.decompress((tapes / name).read_bytes()).splitlines()[0])["data"]["ts_ns"] for name in names
    ]
    market = RecordedMarket([str(tapes / name) for name in names], NOW)
    for name, first in zip(names, firsts, strict=True):
        symbol = "-".join(name.split("-")[1:3])
        begins = NOW + first - max(firsts)
        assert market.book(symbol, "binance", begins - 1) is None
        book = market.book(symbol, "binance", begins)
        assert book is not None
        assert book.ts_ns == begins


def test_all_recordings_of_one_day_play_together(tapes):
    paths = sorted(str(path) for path in tapes.glob("*-2021-04-17.ndjson.gz"))
    market = RecordedMarket(paths, NOW)
    assert "ETH-USDT-PERP" in market.instruments()
    assert market.instruments()["LTC-USD"].venues == ("bitstamp", "gemini")
    for symbol, instrument in market.instruments().items():
        assert set(market.books(symbol, NOW + 10 * UNIT)) == set(instrument.venues)


def test_bars_of_a_tape_begin_with_it_and_count_its_trades(eth):
    market = RecordedMarket([eth], NOW, once=True)
    second = NOW // UNIT * UNIT
    window = Window(market, "ETH-USD", ("kraken",), NOW + 9 * UNIT)
    bars, _ = whole(window.bars(second - 5 * UNIT, second + 3 * UNIT, UNIT, 99))
    assert [bar.ts_ns for bar in bars] == [second, second + UNIT, second + 2 * UNIT]
    assert [bar.close_1e9 for bar in bars] == [110 * UNIT + UNIT // 2] * 3
    assert (bars[0].low_1e9, bars[0].volume_1e8) == (90 * UNIT + UNIT // 2, 10**8)
    prints, more = Window(market, "ETH-USD", ("kraken",), NOW + 9 * UNIT).prints(0, second + 9 * UNIT, 10)
    assert ([row.price_1e9 // UNIT for row in prints], more) == ([101, 90], False)
