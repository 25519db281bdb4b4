"""Market intelligence: each figure recomputed by hand from the quotes, depths, fees and prints of the same instant."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.analysis import liquidity
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.market.books import Print
from seqcli.sandbox.service.gate import Gate
from seqcli.sandbox.serving import Settings
from tests.sandbox.handlers.test_market import bad_field
from tests.sandbox.handlers.test_trading import Desk

SYMBOL, UNIT = "ETH-USD", 10**9


class OpenMarket(Desk):
    """Over the market of the seed."""

    def open(self) -> None:
        self.box = OpenBox(self.state, Settings(), lambda: self.now)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=print)
        self.key = self.box.api_key


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = OpenMarket(tmp_path / "box")
    yield desk
    desk.box.store.close()


def ask(desk: Desk, path: str) -> Any:
    return desk("GET", f"/v1/intelligence/{path}")[1]


def exact(value: Any) -> Fraction:
    return Fraction(str(value))


# -- depth -----------------------------------------------------------------------------------------------------------


def test_the_merged_depth_is_the_quote_s_book_and_each_venue_s_first_level_its_touch(desk: Desk) -> None:
    body = ask(desk, f"depth?symbol={SYMBOL}&depth=7")
    quote = desk("GET", f"/v1/quotes/{SYMBOL}?depth=7")[1]
    assert (body["bids"], body["asks"]) == (quote["book"]["bids"], quote["book"]["asks"])
    assert set(body["venues"]) == set(quote["venues"])
    for name, sides in body["venues"].items():
        touch = quote["venues"][name]
        assert sides["bids"][0] == [touch["bid"], touch["bid_size"]]
        assert sides["asks"][0] == [touch["ask"], touch["ask_size"]]
        assert len(sides["bids"]) == len(sides["asks"]) == 7


def test_depth_in_dollars_is_what_the_shown_levels_are_worth(desk: Desk) -> None:
    body = ask(desk, f"depth?symbol={SYMBOL}&depth=5")
    for side, told in (("bids", "bid_depth_usd"), ("asks", "ask_depth_usd")):
        worth = sum(exact(price) * exact(size) for price, size in body[side])
        assert abs(exact(body[told]) - worth) <= Fraction(5, UNIT)


def test_depth_of_one_venue_and_of_none(desk: Desk) -> None:
    body = ask(desk, f"depth?symbol={SYMBOL}&venue=KRAKEN&depth=500")
    assert list(body["venues"]) == ["kraken"]
    assert (body["bids"], len(body["asks"])) == (body["venues"]["kraken"]["bids"], 20)
    nothing = ask(desk, "depth?symbol=NOPE-USD")
    assert (nothing["source"], nothing["bids"], nothing["venues"]) == ("unavailable", [], {})


# -- the cost of size ------------------------------------------------------------------------------------------------


def by_hand(desk: Desk, side: str, qty: Fraction) -> tuple[Fraction, Fraction]:
    """(quantity had, what it cost): levels of all venues, each taken in the order of its price with the fee."""
    venues = ask(desk, f"depth?symbol={SYMBOL}&depth=100")["venues"]
    fees = {row["venue"]: row["taker_bps"] for row in desk("GET", f"/v1/fees?ticker={SYMBOL}")[1]["fees"]}
    sign, name = (1, "asks") if side == "buy" else (-1, "bids")
    levels = sorted(
        (sign * exact(price) * (10_000 + sign * fees[venue]), sign * exact(price), venue, exact(size))
        for venue, sides in venues.items()
        for price, size in sides[name]
    )
    had = cost = Fraction(0)
    for _, price, _, size in levels:
        part = min(size, qty - had)
        had, cost = had + part, cost + part * abs(price)
    return had, cost


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_slippage_is_the_walk_through_the_depth_against_the_middle(desk: Desk, side: str) -> None:
    body = ask(desk, f"slippage?symbol={SYMBOL}&side={side}&sizes=1000,25000.5,400000,2000000,90000000")
    quote = desk("GET", f"/v1/quotes/{SYMBOL}")[1]["nbbo"]
    mid = exact(quote["mid"])
    assert abs(Fraction(body["mid_1e9"], UNIT) - mid) <= Fraction(1, 2 * UNIT)
    touch = exact(quote["ask" if side == "buy" else "bid"])
    for row in body["curve"]:
        wanted = exact(row["size_usd"]) / touch
        had, cost = by_hand(desk, side, Fraction(int(wanted * 10**8), 10**8))
        assert Fraction(row["qty_1e8"], 10**8) == had
        assert abs(Fraction(row["avg_price_1e9"], UNIT) - cost / had) <= Fraction(1, UNIT)
        away = (cost / had - mid) / mid * 10_000 * (1 if side == "buy" else -1)
        assert abs(exact(row["slippage_bps"]) - away) <= Fraction(1, 1_000)
        assert row["fillable"] is (had == Fraction(int(wanted * 10**8), 10**8))
    costs = [row["slippage_bps"] for row in body["curve"]]
    assert costs == sorted(costs)
    assert [row["fillable"] for row in body["curve"]] == [True, True, True, True, False]


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_slippage_is_what_a_preview_and_then_the_order_get(desk: Desk, side: str) -> None:
    """Selling is of what was bought a while before, so that nothing of the books is missing."""
    if side == "sell":
        for venue in ("binance", "coinbase", "cryptocom", "kraken"):
            desk("POST", "/v1/orders", {"symbol": SYMBOL, "side": "buy", "qty": 100, "venue": venue})
        desk.now += 5 * UNIT
    (row,) = ask(desk, f"slippage?symbol={SYMBOL}&side={side}&sizes=200000")["curve"]
    order = {"symbol": SYMBOL, "side": side, "notional": 200000, "graph_id": "g3"}  # for the first router
    preview = desk("POST", "/v1/orders/preview", order)[1]
    assert (preview["est_avg_price_1e9"], preview["qty_1e8"]) == (row["avg_price_1e9"], row["qty_1e8"])
    placed = desk("POST", "/v1/orders", order)[1]["orders"][0]
    assert placed["status"] == "FILLED"
    assert (placed["avg_fill_price_1e9"], placed["filled_qty_1e8"]) == (row["avg_price_1e9"], row["qty_1e8"])


def test_too_little_money_and_an_unknown_symbol_get_nothing(desk: Desk) -> None:
    (row,) = ask(desk, f"slippage?symbol={SYMBOL}&sizes=0.000000001")["curve"]
    assert (row["qty_1e8"], row["avg_price_1e9"], row["slippage_bps"], row["fillable"]) == (0, None, None, False)
    body = ask(desk, "slippage?symbol=NOPE-USD")
    assert (body["source"], body["mid_1e9"], body["curve"], body["side"]) == ("unavailable", None, [], "buy")


def test_without_sizes_the_documented_four(desk: Desk) -> None:
    rows = ask(desk, f"slippage?symbol={SYMBOL}")["curve"]
    assert [row["size_usd"] for row in rows] == [1_000, 10_000, 100_000, 1_000_000]


# -- how venues behave -----------------------------------------------------------------------------------------------


def prints_of(desk: Desk, venue: str, now_ns: int) -> list[dict[str, Any]]:
    """The window's prints of one venue, from the price history."""
    end_s = now_ns // UNIT
    window = f"start_ts={end_s - 300}&end_ts={end_s + 1}&fidelity_secs=0&limit=50000"
    points = desk("GET", f"/v1/price_history/{SYMBOL}?{window}")[1]["points"]
    return [row for row in points if row["venue_id"] == venue and now_ns - 300 * UNIT < row["ts_ns"] <= now_ns]


def vpin(rows: list[dict[str, Any]]) -> Fraction:
    """By brute force: where each bucket begins and ends in the quantity traded, and what of each trade lies in it."""
    whole: int = sum(row["qty_1e8"] for row in rows)
    gaps = Fraction(0)
    for place in range(20):
        low, high = Fraction(whole * place, 20), Fraction(whole * (place + 1), 20)
        start, net = Fraction(0), Fraction(0)
        for row in rows:
            end = start + row["qty_1e8"]
            inside = max(Fraction(0), min(end, high) - max(start, low))
            net += inside if row["side"] == "buy" else -inside
            start = end
        gaps += abs(net)
    return gaps / whole


def test_shares_toxicity_and_books_a_trade_are_counted_from_the_prints(desk: Desk) -> None:
    body = ask(desk, f"venues?symbol={SYMBOL}")
    assert body["count"] == len(body["venues"]) == 4
    assert body["as_of_ns"] - body["since_ns"] == 300 * UNIT
    found = {row["venue"]: prints_of(desk, row["venue"], body["as_of_ns"]) for row in body["venues"]}
    whole = sum(row["qty_1e8"] for rows in found.values() for row in rows)
    assert sum(exact(row["market_share"]) for row in body["venues"]) == 1
    for row in body["venues"]:
        rows = found[row["venue"]]
        share = Fraction(sum(each["qty_1e8"] for each in rows), whole)
        assert abs(exact(row["market_share"]) - share) < Fraction(1, 10**6)
        assert abs(exact(row["toxicity_score"]) - vpin(rows)) <= Fraction(1, 10**6)
        assert 0 <= row["toxicity_score"] <= 1
        assert abs(exact(row["quote_to_trade_ratio"]) - Fraction(1_200, len(rows))) <= Fraction(1, 2_000)


def test_a_spread_is_that_of_the_quote_and_judged_by_the_venue_s_own(desk: Desk) -> None:
    regimes = set()
    for _ in range(6):
        touches = desk("GET", f"/v1/quotes/{SYMBOL}")[1]["venues"]
        for row in ask(desk, f"venues?symbol={SYMBOL}")["venues"]:
            bid, offer = (exact(touches[row["venue"]][name]) for name in ("bid", "ask"))
            assert abs(exact(row["spread_bps"]) - (offer - bid) * 20_000 / (bid + offer)) <= Fraction(1, 1_000)
            regimes.add(row["spread_regime"])
        desk.now += 7 * UNIT
    assert regimes == {"tight", "normal", "wide"}


def test_a_venue_that_is_not_reached_is_in_none_of_them(desk: Desk) -> None:
    desk("PUT", "/v1/sandbox/edges/kraken", {"connected": False})
    assert "kraken" not in ask(desk, f"depth?symbol={SYMBOL}")["venues"]
    rows = ask(desk, f"venues?symbol={SYMBOL}")["venues"]
    assert "kraken" not in {row["venue"] for row in rows}
    assert sum(exact(row["market_share"]) for row in rows) == 1


def test_too_few_trades_have_no_toxicity_and_one_side_alone_is_all_of_it() -> None:
    rows = [Print(place, UNIT, 1 + place % 3, "buy") for place in range(liquidity.BUCKETS)]
    assert liquidity.toxicity(rows[:-1]) is None
    assert liquidity.toxicity(rows) == 1
    even = [Print(place, UNIT, 5, "buy" if place % 2 else "sell") for place in range(4 * liquidity.BUCKETS)]
    assert liquidity.toxicity(even) == 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("depth", "symbol"),
        ("depth?symbol=a%20b", "symbol"),
        ("depth?symbol=ETH-USD&venue=nowhere", "venue"),
        ("slippage", "symbol"),
        ("slippage?symbol=ETH-USD&side=hold", "side"),
        ("slippage?symbol=ETH-USD&sizes=", "sizes"),
        ("slippage?symbol=ETH-USD&sizes=1000,x", "sizes"),
        ("slippage?symbol=ETH-USD&sizes=0", "sizes"),
        ("slippage?symbol=ETH-USD&sizes=-5", "sizes"),
        ("slippage?symbol=ETH-USD&sizes=1e3", "sizes"),
        (f"slippage?symbol=ETH-USD&sizes={','.join(['1'] * 21)}", "sizes"),
        ("venues", "symbol"),
    ],
)
def test_what_is_missing_or_wrong_is_named(desk: Desk, path: str, field: str) -> None:
    assert bad_field(ask(desk, path)) == field
