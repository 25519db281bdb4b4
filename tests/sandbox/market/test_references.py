"""Fair prices and funding, as replies and as frames: both from the same books, both what positions pay."""

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.market import references
from seqcli.sandbox.market.consolidated import levels
from seqcli.sandbox.market.funding import HOUR_NS
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.rounding import funding_usd
from seqcli.sandbox.streams.feeds import MarketData
from seqcli.wire import streams
from tests.sandbox.market.test_bars import NOW, NOW_S, Desk, bad_field
from tests.sandbox.stage import START, HandMarket, px

SECOND, DAY_S = 1_000_000_000, 86_400
PERP = "BTC-USD-PERP"
USD = 10**17


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


# -- fair price ------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(1, 10**14), st.integers(1, 10**12)), min_size=1, max_size=8), st.integers(1, 10**22)
)
def test_an_average_is_that_of_the_first_dollars_of_a_side(side: list[tuple[int, int]], budget: int) -> None:
    """Against exact fractions, level by level."""
    average, used = references.vwap(side, budget)
    left, qty = Fraction(budget), Fraction(0)
    for price, size in side:
        take = min(left, Fraction(price * size))
        qty += take / price
        left -= take
    assert used == budget - left
    assert abs(average - (budget - left) / qty) <= Fraction(1, 2)


def test_the_fair_price_is_the_mean_of_both_sides_of_the_quoted_books(desk: Desk) -> None:
    body = desk("/v1/fair_price?underlying=BTC,nope,eth,btc")
    assert (body["count"], body["as_of_ns"]) == (2, NOW)
    row = body["fair_prices"][0]
    assert [each["underlying"] for each in body["fair_prices"]] == ["BTC", "ETH"]
    books = desk.box.market.books("BTC-USD", NOW)
    bid, _ = references.vwap(levels(books, 1000, max), 125_000 * USD)
    ask, _ = references.vwap(levels(books, 1000, min), 125_000 * USD)
    assert (row["bid_vwap_1e9"], row["ask_vwap_1e9"]) == (bid, ask)
    assert abs(2 * row["price_1e9"] - bid - ask) <= 1
    assert Decimal(str(row["price"])) == Decimal(row["price_1e9"]).scaleb(-9)
    touch = desk("/v1/quotes/BTC-USD")["nbbo"]
    assert row["bid_vwap_1e9"] <= touch["bid"] * 10**9 < touch["ask"] * 10**9 <= row["ask_vwap_1e9"]
    assert (row["quote"], row["depth_usd"], row["venue_count"]) == ("USD", 250_000.0, len(row["venues"]))
    assert row["ts_ns"] == max(book.ts_ns for book in books.values())


def test_all_assets_have_one_when_none_is_named(desk: Desk) -> None:
    names = [row["underlying"] for row in desk("/v1/fair_price")["fair_prices"]]
    assert names == sorted(set(names))
    assert {"BTC", "SOL", "JUP", "AERO"} - set(names) <= {"AERO"}
    assert bad_field(desk("/v1/fair_price?underlying=B-C")) == "underlying"


def test_stale_and_missing_books_do_not_count() -> None:
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "100*9999", "102*9999", START)
    market.set_book("BTC-USD", "coinbase", "90*9999", "92*9999", START - 10 * SECOND)
    found = references.fair_price(market, "BTC", START + 5 * SECOND)
    assert found is not None
    assert (found.price_1e9, found.venues) == (px("101"), ["kraken"])
    assert references.fair_price(market, "BTC", START + 5 * SECOND + 1) is None
    thin = HandMarket()
    thin.set_book("BTC-USD", "kraken", "100*1", "102*2", START)
    shallow = references.fair_price(thin, "BTC", START)
    assert shallow is not None
    assert shallow.depth_usd == Decimal(304)


def test_another_dollar_stands_in_where_there_is_no_pair_with_the_first() -> None:
    market = HandMarket()
    market.set_book("BTC-USDT", "binance", "100*9999", "102*9999", START)
    found = references.fair_price(market, "BTC", START)
    assert found is not None
    assert (found.quote, found.price_1e9) == ("USDT", px("101"))


# -- funding ---------------------------------------------------------------------------------------------------------


def test_funding_history_is_what_settlements_take(desk: Desk) -> None:
    body = desk("/v1/funding_history/BTC-USDT?venue=hyperliquid&range=1w")
    assert (body["symbol"], body["venue"], body["count"]) == ("BTC-USDT", "hyperliquid", 168)
    for point in body["points"]:
        found = desk.box.market.funding(PERP, "hyperliquid", point["ts_ns"])
        assert found is not None
        assert point == {
            "ts_ns": point["ts_ns"], "rate_1e9": found.rate_1e9, "mark_price_1e9": found.mark_price_1e9,
        }  # fmt: skip
        assert point["ts_ns"] % HOUR_NS == 0
        assert point["ts_ns"] <= NOW


def test_a_position_has_paid_what_the_history_says(desk: Desk) -> None:
    """Through the API alone: bought, left for two days, the sum of rate × mark × quantity of each settlement."""
    order = {"symbol": PERP, "side": "sell", "qty": 0.37, "venue": "hyperliquid"}
    assert desk("/v1/orders", order)["status"] == "COMPLETED"
    desk.now_ns += 49 * HOUR_NS
    rows = desk("/v1/positions?kinds=perp")["positions"]
    assert [row["qty_1e8"] for row in rows] == [-37_000_000]
    points = desk(f"/v1/funding_history/{PERP}?venue=hyperliquid&range=1w")["points"]
    due = [point for point in points if point["ts_ns"] > NOW]
    assert len(due) == 49
    paid = sum(funding_usd(point["mark_price_1e9"], -37_000_000, point["rate_1e9"]) for point in due)
    assert rows[0]["instrument"]["funding_paid_usd_1e9"] == paid != 0


def test_funding_marks_are_the_bars_of_that_venue(desk: Desk) -> None:
    point = desk(f"/v1/funding_history/{PERP}?venue=binance&range=1w")["points"][0]
    at_s = point["ts_ns"] // SECOND
    words = f"venue=binance&fidelity_secs=1&start_ts={at_s}&end_ts={at_s + 1}"
    bar = desk(f"/v1/price_history/{PERP}?{words}")["points"][0]
    assert bar["low_1e9"] <= point["mark_price_1e9"] <= bar["high_1e9"]


@pytest.mark.parametrize(("name", "days"), [("", 30), ("&range=1d", 1), ("&range=3m", 90), ("&range=max", 3650)])
def test_funding_history_has_ranges(desk: Desk, name: str, days: int) -> None:
    assert desk(f"/v1/funding_history/{PERP}?venue=okx{name}")["count"] == days * 3
    hourly = desk(f"/v1/funding_history/{PERP}?venue=hyperliquid{name}")["points"]
    assert len(hourly) == days * 24
    assert {row["mark_price_1e9"] is None for row in hourly} == {days > 365}
    window = f"start_ts={NOW_S - 5 * DAY_S}&end_ts={NOW_S - 3 * DAY_S}"
    assert desk(f"/v1/funding_history/{PERP}?venue=okx{name}&{window}")["count"] == 6


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (f"/v1/funding_history/{PERP}", "venue"),
        (f"/v1/funding_history/{PERP}?venue=kraken", "venue"),
        (f"/v1/funding_history/{PERP}?venue=nowhere", "venue"),
        (f"/v1/funding_history/{PERP}?venue=okx&range=1h", "range"),
        (f"/v1/funding_history/{PERP}?venue=okx&start_ts=5", "end_ts"),
        ("/v1/funding_history/B%20C?venue=okx", "symbol"),
        ("/v1/market/funding-rates?venue=nowhere", "venue"),
        ("/v1/market/funding-rates?symbol=B%20C", "symbol"),
    ],
)
def test_what_cannot_be_meant_is_refused(desk: Desk, target: str, field: str) -> None:
    assert bad_field(desk(target)) == field


def test_an_unknown_perp_has_no_history_and_no_rates(desk: Desk) -> None:
    assert desk("/v1/funding_history/NOPE-USD-PERP?venue=okx")["error"]["code"] == "NOT_FOUND"
    assert desk("/v1/market/funding-rates?symbol=NOPE-USD") == {"unit": "bps_per_hour", "rates": []}


def test_rates_are_per_hour_whatever_the_interval(desk: Desk) -> None:
    rows = desk("/v1/market/funding-rates?symbol=BTC-USDT")["rates"]
    assert [row["venue"] for row in rows] == ["hyperliquid", "binance", "bybit", "okx"]
    assert {row["symbol"] for row in rows} == {"BTC-USDT"}
    for row in rows:
        hours = 1 if row["venue"] == "hyperliquid" else 8
        last = desk(f"/v1/funding_history/{PERP}?venue={row['venue']}&range=1d")["points"][-1]
        assert row["next_settlement_ns"] == last["ts_ns"] + hours * HOUR_NS
        assert abs(row["rate_bps_per_hour"] - last["rate_1e9"] / 10**5 / hours) < 10**-6
        assert 0 <= row["snapshot_age_ms"] < 250
        assert row["open_interest_1e8"] > 0
    every = desk("/v1/market/funding-rates")["rates"]
    assert len(every) == 40
    assert every == sorted(every, key=lambda row: (row["next_settlement_ns"], row["venue"], row["symbol"]))
    assert {row["venue"] for row in desk("/v1/market/funding-rates?venue=okx-perp")["rates"]} == {"okx"}


def test_what_is_not_known_is_null() -> None:
    """A market without rates: the mark is known, the rest is not."""
    market = HandMarket()
    market.set_book(PERP, "hyperliquid", "100*1", "101*1", START)
    perp = market.instruments()[PERP]
    row = msgspec.to_builtins(references.funding_rates(market, [perp], None, START)[0])
    assert row["mark_price_1e9"] == px("100.5")
    unknown = ("rate_bps_per_hour", "predicted_rate_bps_per_hour", "open_interest_1e8", "next_settlement_ns")
    assert [row[name] for name in unknown] == [None] * 4


# -- streams ---------------------------------------------------------------------------------------------------------


class Wall:
    """A reader that keeps what it is told."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Any] = {}

    def replace(self, channel: str, row: str, payload: bytes) -> None:
        self.rows[channel, row] = json.loads(payload)


@pytest.mark.parametrize(
    ("topic", "rows"),
    [
        ("fair_price:BTC", ["BTC"]),
        ("funding:binance:BTC-USDT", [f"binance/{PERP}"]),
        ("funding:okx", 10),
        ("funding", 40),
    ],
)
def test_topics_tell_what_replies_do(desk: Desk, topic: str, rows: Any) -> None:
    data, wall = MarketData(desk.box.market), Wall()
    data.watch(data.canonical(streams.topic_of(topic)), topic, wall, NOW - 600 * SECOND)
    assert wall.rows == {}
    assert sum(data.steps(NOW)) == len(wall.rows)
    names = [name for _, name in wall.rows]
    assert (len(names) if isinstance(rows, int) else names) == rows
    if topic.startswith("fair_price"):
        assert wall.rows[topic, "BTC"] == desk("/v1/fair_price?underlying=BTC")["fair_prices"][0]
        return
    for row in desk("/v1/market/funding-rates")["rates"]:
        told = wall.rows.get((topic, f"{row['venue']}/{row['symbol']}"))
        assert told is None or told == row | {"ts_ns": NOW}


def test_a_topic_is_told_once_a_second_at_most() -> None:
    market = SyntheticMarket(3)
    data, wall = MarketData(market), Wall()
    data.watch(data.canonical(streams.topic_of("fair_price:ETH")), "fair_price:ETH", wall, NOW)
    told = [sum(data.steps(NOW + place * SECOND // 4)) for place in range(1, 13)]
    assert told == [0, 0, 0, 1] * 3
