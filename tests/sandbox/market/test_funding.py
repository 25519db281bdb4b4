"""Funding: rates that are smooth and capped, settlements that move the cash of perps, and books that still add up."""

import itertools
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.exchange import settlement
from seqcli.sandbox.exchange.audit import Unbalanced, check
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.exchange.seeding import Seed
from seqcli.sandbox.market import funding
from seqcli.sandbox.market.books import Funding
from seqcli.sandbox.market.funding import HOUR_NS, interval_ns, next_ns
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.rounding import funding_usd, half_even
from seqcli.wire.submission import SimpleOrder
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, START, HandMarket, Stage, px, sz, two_venues

SECOND, DAY = 1_000_000_000, 24 * HOUR_NS
PERP = "BTC-USD-PERP"
FIRST = next_ns("hyperliquid", START)
ROW = f"hyperliquid/perp/{PERP}"


def funded(*rates: int, mark: str = "50000") -> HandMarket:
    """A market whose perp is funded at the given rates, hour by hour."""
    market = two_venues()
    for place, rate in enumerate(rates):
        market.rates[PERP, "hyperliquid", FIRST + place * HOUR_NS] = Funding(rate, px(mark), 0)
    return market


def payments(stage: Stage) -> list[dict[str, Any]]:
    return [event.data for event in stage.events if event.kind == "funding"]


# -- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", ["binance", "bybit", "hyperliquid", "okx"])
def test_rates_are_capped_smooth_of_both_signs_and_the_same_for_ever(venue: str) -> None:
    market, again = SyntheticMarket(11), SyntheticMarket(11)
    rates = []
    for place in range(2_000):
        found = market.funding(PERP, venue, START + place * HOUR_NS)
        assert found is not None
        rates.append(found.rate_1e9 * 8 * HOUR_NS // interval_ns(venue))
    assert max(map(abs, rates)) <= 750_000
    assert min(rates) < 0 < max(rates)
    assert 0 < sum(rates) // len(rates) < 300_000
    assert max(abs(after - rate) for rate, after in itertools.pairwise(rates)) < 60_000
    assert again.funding(PERP, venue, START + 777 * HOUR_NS) == market.funding(PERP, venue, START + 777 * HOUR_NS)
    assert SyntheticMarket(12).funding(PERP, venue, START) != market.funding(PERP, venue, START)


def test_only_perps_where_they_trade_are_funded() -> None:
    market = SyntheticMarket(11)
    assert market.funding("BTC-USD", "binance", START) is None
    assert market.funding(PERP, "kraken", START) is None
    assert market.funding("NOPE-PERP", "binance", START) is None


def test_venues_settle_at_whole_multiples_of_their_interval() -> None:
    assert interval_ns("hyperliquid") == HOUR_NS
    assert interval_ns("binance") == 8 * HOUR_NS
    assert next_ns("binance", 0) == 8 * HOUR_NS
    assert next_ns("binance", 8 * HOUR_NS - 1) == 8 * HOUR_NS
    assert next_ns("binance", 8 * HOUR_NS) == 16 * HOUR_NS


def test_an_hourly_rate_is_an_eighth_of_its_eight_hours() -> None:
    market = SyntheticMarket(11)
    instrument = market.instruments()[PERP]
    hourly, eight = (funding.Rates(11, instrument, "hyperliquid") for _ in range(2))
    eight._hours = 8
    for place in range(50):
        at = START + place * HOUR_NS
        assert hourly.rate_1e9(at) == half_even(eight.rate_1e9(at), 8)


@given(st.integers(1, 10**15), st.integers(-(10**13), 10**13), st.integers(-750_000, 750_000))
def test_a_payment_is_the_nearest_amount_and_the_other_side_s_negative(mark: int, qty: int, rate: int) -> None:
    paid = funding_usd(mark, qty, rate)
    assert abs(paid * 10**17 - mark * qty * rate) * 2 <= 10**17
    assert funding_usd(mark, -qty, rate) == -paid == funding_usd(mark, qty, -rate)


# -- settlement ------------------------------------------------------------------------------------------------------


def test_longs_pay_shorts_at_a_positive_rate_and_are_paid_at_a_negative_one() -> None:
    for side, sign in (("buy", 1), ("sell", -1)):
        stage = Stage(funded(100_000, -30_000))
        stage.order(side, "2", PERP)
        before = stage.cash("hyperliquid", "USDC")
        stage.pass_time(FIRST - stage.now)
        assert stage.cash("hyperliquid", "USDC") - before == -sign * px("10")  # 2 × 50,000 × 0.01 %
        stage.pass_time(HOUR_NS)
        row = stage.exchange.accounts[ME].holdings[ROW]
        assert row.funding_paid_usd_1e9 == sign * px("7")
        assert stage.cash("hyperliquid", "USDC") - before == -sign * px("7")
        assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_payment_says_what_it_was_made_of() -> None:
    stage = Stage(funded(123_457, mark="50000.123456789"))
    stage.order("buy", "0.3", PERP)
    stage.pass_time(2 * HOUR_NS)
    assert payments(stage) == [
        {
            "client_id": ME,
            "row": ROW,
            "ts_ns": FIRST,
            "qty_1e8": sz("0.3"),
            "rate_1e9": 123_457,
            "mark_price_1e9": px("50000.123456789"),
            "paid_usd_1e9": funding_usd(px("50000.123456789"), sz("0.3"), 123_457),
        }
    ]


def test_what_was_held_just_before_counts_and_nothing_is_paid_twice() -> None:
    stage = Stage(funded(100_000, 100_000))
    stage.pass_time(FIRST - stage.now)
    stage.order("buy", "1", PERP)  # at the very instant: too late for this one
    assert payments(stage) == []
    stage.pass_time(HOUR_NS - 1)
    assert payments(stage) == []
    stage.pass_time(1)
    stage.pass_time(1)
    stage.pass_time(SECOND)
    assert [row["ts_ns"] for row in payments(stage)] == [FIRST + HOUR_NS]


def test_an_order_that_fills_on_the_way_is_funded_from_then_on() -> None:
    """Nobody looks for five hours; the limit is met after two of them."""
    market = funded(*[100_000] * 5)
    market.set_book(PERP, "hyperliquid", "47900*10", "48000*10", FIRST + 3 * HOUR_NS // 2)
    stage = Stage(market)
    stage.order("buy", "1", PERP, price=Decimal(49_000), venue="hyperliquid")
    stage.pass_time(5 * HOUR_NS)
    assert stage.holding("hyperliquid", PERP, "perp") == sz("1")
    assert [row["ts_ns"] for row in payments(stage)] == [FIRST + place * HOUR_NS for place in (2, 3, 4)]


def test_a_closed_position_pays_no_more() -> None:
    stage = Stage(funded(*[100_000] * 4))
    stage.order("buy", "1", PERP)
    stage.pass_time(HOUR_NS)
    stage.order("sell", "1", PERP)
    stage.pass_time(3 * HOUR_NS)
    assert len(payments(stage)) == 1
    assert stage.exchange.accounts[ME].holdings[ROW].funding_paid_usd_1e9 == px("5")


def test_within_an_hour_nobody_is_asked_what_he_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(funded(100_000))
    stage.order("buy", "1", PERP)
    stage.pass_time(1)
    monkeypatch.setattr(settlement, "_ahead", lambda *_: pytest.fail("asked"))
    stage.pass_time(FIRST - stage.now - 1)
    with pytest.raises(pytest.fail.Exception):
        stage.pass_time(1)


def test_a_venue_without_a_rate_takes_nothing() -> None:
    stage = Stage(two_venues())
    stage.order("buy", "1", PERP)
    stage.pass_time(30 * DAY)
    assert payments(stage) == []


def test_a_reload_neither_pays_twice_nor_forgets() -> None:
    market = SyntheticMarket(7)
    whole = Stage(market)
    whole.order("buy", "1", PERP, venue="hyperliquid")
    broken = Stage(market)
    broken.order("buy", "1", PERP, venue="hyperliquid")
    whole.pass_time(50 * HOUR_NS)
    for _ in range(10):
        broken.exchange = broken.again()
        broken.pass_time(5 * HOUR_NS)
    assert payments(whole) == payments(broken)
    assert len(payments(whole)) == 50


def test_seeded_perps_are_funded_and_a_reset_leaves_the_books_whole() -> None:
    stage = Stage(funded(100_000, 100_000, 100_000))
    row = Seed(venue="hyperliquid", kind="perp", symbol=PERP, amount=-sz("2"), cost_usd_1e9=-px("90000"), cash="USDC")
    stage.exchange.account(ME, stage.now)
    stage.exchange.seed(ME, [row], stage.now, replace=False)
    stage.pass_time(FIRST - stage.now)
    assert payments(stage)[0]["paid_usd_1e9"] == -px("10")
    stage.exchange.reset(ME, stage.now)
    stage.settle()
    check(stage.exchange)
    stage.pass_time(2 * HOUR_NS)
    assert len(payments(stage)) == 1
    assert stage.again().snapshot() == stage.exchange.snapshot()


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "rest", "wait"]), st.integers(1, 40), st.integers(1, 30 * 3_600 * SECOND)
    ),
    min_size=1,
    max_size=8,
)


def played(steps: list[Step], pieces: int) -> Stage:
    """Trade perps on two venues; each wait in so many pieces."""
    stage = Stage(SyntheticMarket(7))
    stage.exchange.account(ME, stage.now)
    stage.settle()
    for what, size, wait in steps:
        venue = ("hyperliquid", "binance")[size % 2]
        if what == "rest":
            top = stage.market.best(PERP, stage.now)[venue]
            price = Decimal((top.bid_1e9 - size * px("20")) // 10**7).scaleb(-2)
            stage.order("buy", f"0.{size:02}", PERP, venue=venue, price=price)
        elif what != "wait":
            stage.order(what, f"0.{size:02}", PERP, venue=venue)
        end = stage.now + wait
        for piece in range(1, pieces + 1):
            stage.pass_time(end - (end - stage.now) * (pieces - piece) // max(pieces - piece + 1, 1) - stage.now)
    return stage


@given(STEPS)
@settings(max_examples=12, deadline=None)
def test_one_long_step_pays_what_many_short_ones_do_and_the_history_says(steps: list[Step]) -> None:
    """Audited after every event; each payment is rate × mark × what was held, as the market says for ever."""
    long, short = played(steps, 1), played(steps, 5)
    assert payments(long) == payments(short)
    assert long.fills() == short.fills()
    accounts = [stage.exchange.accounts[ME] for stage in (long, short)]
    assert accounts[0].holdings == accounts[1].holdings
    assert accounts[0].cash == accounts[1].cash
    assert long.again().snapshot() == long.exchange.snapshot()
    for row in payments(long):
        venue = row["row"].partition("/")[0]
        said = long.market.funding(PERP, venue, row["ts_ns"])
        assert said is not None
        assert (said.rate_1e9, said.mark_price_1e9) == (row["rate_1e9"], row["mark_price_1e9"])
        signed = [(1 if fill["side"] == "buy" else -1) * fill["qty_1e8"] for fill in long.fills()
                  if fill["venue"] == venue and fill["ts_ns"] < row["ts_ns"]]  # fmt: skip
        assert row["qty_1e8"] == sum(signed)
    for name, holding in accounts[0].holdings.items():
        assert holding.funding_paid_usd_1e9 == sum(row["paid_usd_1e9"] for row in payments(long) if row["row"] == name)


def hedged(pieces: int) -> Stage:
    """A perp bought in ten slices, half an hour apart, and half of it sold on another venue after three hours."""
    stage = Stage(SyntheticMarket(7))
    pacing = {"uniform": {"num_slices": 10, "interval_ms": 1_800_000}}
    nodes = [
        node("a", qty="1", symbol=PERP, venue="hyperliquid", pacing=pacing),
        node("b", "sell", "0.5", symbol=PERP, venue="binance"),
    ]
    Play(stage, nodes, edge("a", "b", "on_timeout", ms=10_800_000))
    for _ in range(pieces):
        stage.pass_time(12 * HOUR_NS // pieces)
    return stage


def test_graphs_that_trade_while_nobody_looks_are_funded_hour_by_hour() -> None:
    long, short = hedged(1), hedged(97)
    assert payments(long) == payments(short)
    assert long.fills() == short.fills()
    held = [row["qty_1e8"] for row in payments(long) if row["row"] == ROW]
    assert held[:5] == sorted(set(held[:5]))
    assert held[-1] == sz("1")
    assert {row["qty_1e8"] for row in payments(long) if row["row"].startswith("binance")} == {-sz("0.5")}
    assert long.again().snapshot() == long.exchange.snapshot()


def test_the_audit_notices_funding_that_came_from_nowhere() -> None:
    """Negative controls: cash without its counter-posting, a pot that was not counted."""
    stage = Stage(funded(100_000))
    stage.order("buy", "1", PERP)
    stage.pass_time(2 * HOUR_NS)
    account = stage.exchange.accounts[ME]
    check(stage.exchange)
    account.cash_moves("hyperliquid/USDC", 1, stage.now)
    with pytest.raises(Unbalanced, match="not conserved"):
        check(stage.exchange)
    account.funding_pot["hyperliquid/USDC"] -= 1
    with pytest.raises(Unbalanced, match="funding taken"):
        check(stage.exchange)


def test_a_rate_that_settled_otherwise_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison of long and short steps can fail: without the stops at settlements it does."""
    steps: list[Step] = [("buy", 2, 20 * HOUR_NS), ("sell", 4, 20 * HOUR_NS)]
    expected = payments(played(steps, 1))
    monkeypatch.setattr(settlement, "instants", lambda _machine, _now_ns: iter(()))
    assert payments(played(steps, 1)) != expected


def test_thirty_idle_days_with_perps_and_a_hundred_resting_orders_are_caught_up_quickly() -> None:
    market = SyntheticMarket(3)
    exchange = Exchange(market)
    for number in range(100):
        symbol = ("BTC-USD", "ETH-USD", "SOL-USDT", PERP)[number % 4]
        venue, top = next(iter(market.best(symbol, START).items()))
        price = round(Decimal(top.bid_1e9).scaleb(-9) * (60 + number % 30) / 100, 2)
        exchange.place(ME, SimpleOrder(symbol=symbol, side="buy", qty=Decimal(1), price=price, venue=venue), START)
    for venue in ("hyperliquid", "okx"):
        exchange.place(ME, SimpleOrder(symbol=PERP, side="buy", qty=Decimal(1), venue=venue), START)
    before = time.perf_counter()
    exchange.advance(START + 30 * DAY)
    assert time.perf_counter() - before < 1
    said = [event for event in exchange.pending if event.kind == "funding"]
    assert len(said) == 30 * 24 + 30 * 3
    check(exchange)


# -- what may be lost ------------------------------------------------------------------------------------------------


def test_funding_counts_in_the_day_s_result_and_a_day_begins_before_its_first_payment() -> None:
    stage = Stage(funded(100_000, 100_000, 100_000))
    stage.order("buy", "2", PERP)
    account = stage.exchange.accounts[ME]
    after_the_fill = account.earned_today(stage.now)
    stage.pass_time(FIRST - stage.now)
    assert account.earned_today(stage.now) == after_the_fill - px("10")
    midnight = (stage.now // DAY + 1) * DAY
    market = funded()
    market.rates[PERP, "hyperliquid", midnight] = Funding(100_000, px("50000"), 0)
    night = Stage(market)
    night.order("buy", "2", PERP)
    night.pass_time(midnight - night.now)
    assert night.exchange.accounts[ME].earned_today(night.now) == -px("10")
    night.order("buy", "1", PERP)
    fee = night.fills()[-1]["fee_usd_1e9"]
    assert night.exchange.accounts[ME].earned_today(night.now) == -px("10") - fee
    assert night.again().snapshot() == night.exchange.snapshot()


def test_a_day_s_loss_by_funding_alone_stops_new_orders() -> None:
    stage = Stage(funded(*[1_000_000] * 3), limits=Limits(max_daily_loss_usd=150))
    stage.order("buy", "1", PERP)
    stage.pass_time(FIRST - stage.now)
    assert stage.order("buy", "0.1", PERP).failure_reason is None  # fees and 50 dollars
    stage.pass_time(2 * HOUR_NS)
    assert stage.order("buy", "0.1", PERP).failure_reason == "DAILY_LOSS_LIMIT"


@pytest.mark.parametrize(("held", "status"), [("buy", "FAILED"), ("sell", "RUNNING")])
def test_a_graph_that_loses_too_much_by_funding_is_stopped_at_the_settlement(held: str, status: str) -> None:
    stage = Stage(funded(*[1_000_000] * 5))
    nodes = [
        node("perp", held, symbol=PERP, venue="hyperliquid"),
        node("rest", symbol="BTC-USD", limit="40000"),
    ]
    play = Play(stage, nodes, risk={"runtime": {"max_loss_usd": 230}})  # 50 of it are fees
    stage.pass_time(FIRST + 2 * HOUR_NS - stage.now)
    assert (play.status, abs(play.graph.funding_usd_1e9)) == ("RUNNING", px("150"))
    stage.pass_time(2 * HOUR_NS)
    assert play.status == status
    if status == "FAILED":
        assert (play.graph.failure_reason, play.graph.terminal_ns) == ("RISK", FIRST + 3 * HOUR_NS)
        assert play.outcome("rest") == "CANCELLED"
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_loss_by_funding_brings_the_limit_nearer_for_the_market_too() -> None:
    """After the settlement a smaller fall is enough, and it is seen at its instant though nobody looks."""
    market = funded(2_000_000)
    at = FIRST + HOUR_NS // 2
    market.set_book(PERP, "hyperliquid", "49920*10", "49930*10", at)
    stage = Stage(market)
    nodes = [node("perp", symbol=PERP, venue="hyperliquid"), node("rest", symbol="BTC-USD", limit="40000")]
    play = Play(stage, nodes, risk={"runtime": {"max_loss_usd": 200}})
    stage.pass_time(3 * HOUR_NS)
    assert (play.status, play.graph.terminal_ns) == ("FAILED", at)
    (row,) = (event.data for event in stage.events if event.kind == "risk")
    assert row["limit"] == "max_loss_usd"
