"""Bars agree with quotes and prints, whatever window they are asked for in."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.market.bars import COUNTED, TICK_NS, Window, mid
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings, whole
from tests.sandbox.stage import START, HandMarket, px

SECOND, DAY_S = 1_000_000_000, 86_400
NOW = 1_785_240_030_700_000_000
NOW_S = NOW // SECOND
MARKET = SyntheticMarket(7)
ALL = MARKET.instruments()["BTC-USD"].venues


class Desk:
    """The gate at an instant that the test moves."""

    def __init__(self, folder: Path) -> None:
        state = State(folder)
        state.prepare()
        self.now_ns = NOW
        self.box = OpenBox(state, Settings(started_ns=NOW), lambda: self.now_ns)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now_ns, log=print)

    def __call__(self, target: str, body: Any = None) -> Any:
        path, _, query = target.partition("?")
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}", "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.gate.handle(Inbound("GET" if body is None else "POST", path, query, headers), content)
        return json.loads(reply.body)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def bad_field(reply: Any) -> str:
    field: str = reply["error"]["details"][0]["field"]
    return field


def fixed(number: float) -> int:
    return round(number * 10**9)


def test_a_bar_s_close_is_the_quote_of_its_last_instant(desk: Desk) -> None:
    """Of all venues for a day; of one venue when it is looked at two days later."""
    first = NOW_S // 300 * 300 - 3600
    seen = {}
    for begin in range(first, NOW_S, 300):
        desk.now_ns = min((begin + 300) * SECOND - 1, NOW)
        quote = desk("/v1/quotes/BTC-USD")
        touch = quote["venues"]["kraken"]
        seen[begin * SECOND] = fixed(quote["nbbo"]["mid"]), fixed((touch["bid"] + touch["ask"]) / 2)
    target = f"/v1/price_history/BTC-USD?fidelity_secs=300&start_ts={first}&end_ts={NOW_S}&venue=kraken"
    body = desk(target)
    assert (body["venue"], body["source"]) == (None, "tape")
    assert {bar["ts_ns"]: bar["close_1e9"] for bar in body["points"]} == {at: row[0] for at, row in seen.items()}
    desk.now_ns += 2 * DAY_S * SECOND
    body = desk(target)
    assert (body["venue"], body["source"]) == ("kraken", "venue_klines")
    closed = {bar["ts_ns"]: bar["close_1e9"] for bar in body["points"][:-1]}
    assert closed == {at: row[1] for at, row in list(seen.items())[:-1]}
    assert all(bar["close_1e9"] == bar["price_1e9"] for bar in body["points"])


@given(
    back=st.integers(0, 400 * DAY_S),
    step=st.sampled_from([1, 7, 60, 300, 3600]),
    count=st.integers(1, 9),
    venues=st.sampled_from([("kraken",), ALL]),
)
@settings(max_examples=20, deadline=None)
def test_bars_hang_together(back: int, step: int, count: int, venues: tuple[str, ...]) -> None:
    """Each opens where the one before closed, within its high and low; a window's end changes no bar before it."""
    window = Window(MARKET, "BTC-USD", venues, NOW)
    start = (NOW_S - back) // step * step - count * step
    bars, more = whole(window.bars(start * SECOND, (start + count * step) * SECOND, step * SECOND, 1000))
    assert not more
    assert [bar.ts_ns for bar in bars] == [(start + place * step) * SECOND for place in range(count)]
    for before, bar in itertools.pairwise(bars):
        assert bar.open_1e9 == before.close_1e9
    for bar in bars:
        assert bar.low_1e9 <= min(bar.open_1e9, bar.close_1e9) <= max(bar.open_1e9, bar.close_1e9) <= bar.high_1e9
    alone, _ = whole(window.bars(bars[-1].ts_ns, bars[-1].ts_ns + 1, step * SECOND, 1))
    assert [alone[0].open_1e9, alone[0].high_1e9, alone[0].low_1e9, alone[0].close_1e9] == [
        bars[-1].open_1e9, bars[-1].high_1e9, bars[-1].low_1e9, bars[-1].close_1e9,
    ]  # fmt: skip


def test_a_bar_of_few_ticks_has_the_extremes_of_all_of_them() -> None:
    """Below eight ticks each is looked at: no mid of a quote lies outside."""
    begin = NOW_S * SECOND - 100 * SECOND
    bars, _ = whole(Window(MARKET, "BTC-USD", ("kraken",), NOW).bars(begin, begin + 50 * SECOND, SECOND, 100))
    for bar in bars:
        instants = range(bar.ts_ns - 1, bar.ts_ns + SECOND, TICK_NS // 5)
        mids = {mid(MARKET, "BTC-USD", ("kraken",), each) for each in instants}
        assert {bar.low_1e9, bar.high_1e9} <= mids
        assert all(bar.low_1e9 <= (each or 0) <= bar.high_1e9 for each in mids)


def test_the_bar_of_now_ends_with_now() -> None:
    bars, _ = whole(Window(MARKET, "BTC-USD", ALL, NOW).bars(NOW - 90 * SECOND, NOW + DAY_S * SECOND, 60 * SECOND, 100))
    assert bars[-1].ts_ns <= NOW < bars[-1].ts_ns + 60 * SECOND
    assert bars[-1].close_1e9 == mid(MARKET, "BTC-USD", ALL, NOW)


def test_a_volume_is_the_sum_of_the_prints_and_no_print_counts_twice() -> None:
    window = Window(MARKET, "BTC-USD", ALL, NOW)
    start = (NOW_S // 60 - 9) * 60 * SECOND
    bars, _ = whole(window.bars(start, start + 8 * 60 * SECOND, 60 * SECOND, 100))
    ticks, more = window.prints(start, start + 8 * 60 * SECOND, 50_000)
    assert not more
    assert sum(bar.volume_1e8 or 0 for bar in bars) == sum(tick.qty_1e8 for tick in ticks) > 0
    minutes, _ = whole(window.bars(start, start + 8 * 60 * SECOND, 480 * SECOND, 100))
    assert all(bar.volume_1e8 is not None for bar in minutes)


def test_volumes_of_long_windows_are_left_out_not_guessed() -> None:
    days = COUNTED * TICK_NS // SECOND // DAY_S + 1
    bars, _ = whole(
        Window(MARKET, "BTC-USD", ("kraken",), NOW).bars(NOW - days * DAY_S * SECOND, NOW, DAY_S * SECOND, 10)
    )
    assert {bar.volume_1e8 for bar in bars} == {None}


def test_prints_are_the_newest_oldest_first(desk: Desk) -> None:
    body = desk("/v1/price_history/BTC-USD?fidelity_secs=0&limit=50")
    points = body["points"]
    assert (body["count"], body["truncated"], body["fidelity_secs"]) == (50, True, 0)
    assert set(points[0]) == {"ts_ns", "price_1e9", "qty_1e8", "side", "venue_id"}
    assert [row["ts_ns"] for row in points] == sorted(row["ts_ns"] for row in points)
    first = points[0]["ts_ns"]
    every = [
        (trade.ts_ns, venue)
        for venue in desk.box.market.instruments()["BTC-USD"].venues
        for trade in desk.box.market.prints("BTC-USD", venue, first - 1, NOW)
    ]
    assert [(row["ts_ns"], row["venue_id"]) for row in points][-len(every) + 1 :] == sorted(every)[1:]
    assert len(desk("/v1/price_history/BTC-USD?fidelity_secs=0")["points"]) == 100


def test_a_window_of_prints_holds_exactly_its_own(desk: Desk) -> None:
    body = desk(f"/v1/price_history/BTC-USD?fidelity_secs=0&start_ts={NOW_S - 60}&end_ts={NOW_S - 30}&limit=9999")
    assert not body["truncated"]
    assert all(NOW_S - 60 <= row["ts_ns"] // SECOND < NOW_S - 30 for row in body["points"])


@pytest.mark.parametrize("name", ["1h", "6h", "1d"])
def test_ranges_of_a_day_need_no_venue(desk: Desk, name: str) -> None:
    body = desk(f"/v1/price_history/btc%2Fusd?range={name}&fidelity_secs=1800")
    assert (body["symbol"], body["venue"], body["source"], body["range"]) == ("BTC-USD", None, "tape", name)
    assert body["underlying"] is None
    assert all(row["ts_ns"] % (1800 * SECOND) == 0 for row in body["points"])


@pytest.mark.parametrize("name", ["1w", "1m", "3m", "6m", "1y", "2y", "5y", "max"])
def test_longer_ranges_need_a_venue(desk: Desk, name: str) -> None:
    target = f"/v1/price_history/ETH-USD?range={name}&fidelity_secs={30 * DAY_S}"
    assert bad_field(desk(target)) == "venue"
    assert desk(f"{target}&venue=kraken")["source"] == "venue_klines"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("range=9d", "range"),
        ("start_ts=1", "end_ts"),
        ("end_ts=1", "start_ts"),
        ("start_ts=9&end_ts=9", "end_ts"),
        ("start_ts=-5&end_ts=9", "end_ts"),
        ("fidelity_secs=-1", "fidelity_secs"),
        ("fidelity_secs=0&limit=0", "limit"),
        ("venue=nowhere", "venue"),
        ("venue=okx&range=1w", "venue"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(desk: Desk, query: str, field: str) -> None:
    assert bad_field(desk(f"/v1/price_history/BTC-USD?{query}")) == field


def test_unknown_symbols_are_not_found_and_malformed_ones_refused(desk: Desk) -> None:
    assert desk("/v1/price_history/NOPE-USD")["error"]["code"] == "NOT_FOUND"
    assert bad_field(desk("/v1/price_history/B%20C")) == "symbol"


def test_a_reply_has_a_limit_and_says_when_there_is_more(desk: Desk) -> None:
    body = desk(f"/v1/price_history/BTC-USD?venue=kraken&start_ts={NOW_S - 20_000}&end_ts={NOW_S}&fidelity_secs=1")
    assert (body["count"], body["truncated"]) == (10_000, True)
    later = body["points"][-1]["ts_ns"] // SECOND + 1
    rest = desk(f"/v1/price_history/BTC-USD?venue=kraken&start_ts={later}&end_ts={NOW_S}&fidelity_secs=1")
    assert (rest["count"], rest["truncated"]) == (10_000, False)
    assert rest["points"][0]["open_1e9"] == body["points"][-1]["close_1e9"]


def test_nothing_is_known_of_the_future(desk: Desk) -> None:
    body = desk(f"/v1/price_history/BTC-USD?start_ts={NOW_S + 60}&end_ts={NOW_S + 120}")
    assert (body["count"], body["points"]) == (0, [])


def test_venues_that_cross_or_are_missing_make_no_bar() -> None:
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "100*1", "101*1", START)
    market.set_book("BTC-USD", "coinbase", "102*1", "103*1", START + 60 * SECOND)
    window = Window(market, "BTC-USD", ("kraken", "coinbase"), START + 300 * SECOND)
    begin = START // (60 * SECOND) * 60 * SECOND
    bars, _ = whole(window.bars(begin - 600 * SECOND, begin + 300 * SECOND, 60 * SECOND, 100))
    assert {bar.close_1e9 for bar in bars} == {px("100.5")}
    assert {bar.ts_ns for bar in bars} == {begin}


def test_what_a_perp_is_on_is_the_spot_of_the_same_instants_and_spot_is_on_nothing(desk: Desk) -> None:
    window = f"fidelity_secs=300&start_ts={NOW_S - 3600}&end_ts={NOW_S}"
    body = desk(f"/v1/price_history/ETH-USD-PERP?{window}&underlying=true")
    spot = desk(f"/v1/price_history/ETH-USD?{window}&underlying=true")
    assert body["underlying"] == [{"ts_ns": bar["ts_ns"], "price_1e9": bar["close_1e9"]} for bar in spot["points"]]
    assert spot["underlying"] is None
    assert desk(f"/v1/price_history/ETH-USD-PERP?{window}")["underlying"] is None
    prints = desk("/v1/price_history/ETH-USD-PERP?fidelity_secs=0&limit=3&underlying=true")
    venues = MARKET.instruments()["ETH-USD"].venues
    for row, beside in zip(prints["points"], prints["underlying"], strict=True):
        assert beside == {"ts_ns": row["ts_ns"], "price_1e9": mid(desk.box.market, "ETH-USD", venues, row["ts_ns"])}


def test_what_a_contract_is_on_is_what_decides_it(desk: Desk) -> None:
    begins = NOW_S // 900 * 900 - 900
    desk.now_ns = (begins + 1000) * SECOND
    slug = f"btc-updown-15m-{begins}"
    settled = desk(f"/v1/settlement/{slug}?underlying=true")
    body = desk(f"/v1/price_history/{slug}?fidelity_secs=60&start_ts={begins}&end_ts={begins + 900}&underlying=true")
    first, last = body["underlying"][0], body["underlying"][-1]
    assert len(body["underlying"]) == body["count"] == 15
    assert settled["resolved_outcome"] == ("Up" if last["price_1e9"] >= settled_start(settled) else "Down")
    assert abs(first["price_1e9"] - settled_start(settled)) < settled_start(settled) // 100
    race = desk("/v1/markets?q=storm")["markets"][0]["symbol"]
    assert desk(f"/v1/price_history/{race}?fidelity_secs=60&range=1h&underlying=true")["underlying"] is None


def settled_start(settled: Any) -> int:
    price: int = settled["underlying"]["points"][0]["price_1e9"]
    return price
