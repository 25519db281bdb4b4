"""Stops wait for their trigger; passive and chasing orders follow the market within their bounds and their patience."""

from decimal import Decimal
from typing import Any

import pytest

from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.problems import Problem
from seqcli.wire.submission import SimpleOrder
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz

DAY = 86_400 * SECOND


@pytest.fixture
def stage():
    return Stage()


def book(stage: Stage, at: float, bids: str, asks: str, venue: str = "kraken") -> None:
    stage.market.set_book("BTC-USD", venue, bids, asks, START + int(at * SECOND))


# -- stops -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "trigger", "far", "near", "price"),
    [
        ("sell", "49000", "49001*1 | 49002*1", "49000*1 | 49002*1", "49000"),
        ("buy", "51000", "50000*1 | 50999*1", "50000*1 | 51000*1", "51000"),
    ],
)
def test_a_stop_is_armed_until_the_touch_that_it_would_hit_is_at_its_trigger(stage, side, trigger, far, near, price):
    if side == "sell":
        stage.order(qty="1", venue="kraken")
    play = Play(stage, [node("a", side, "0.5", stop=trigger)])
    order = play.order("a")
    assert (order.status, order.legs, order.trigger_price_1e9) == ("NEW", [], px(trigger))
    assert stage.exchange.accounts[ME].held == {}
    book(stage, 5, *far.split(" | "))
    stage.pass_time(9 * SECOND)
    assert play.outcome("a") == "NEW"
    book(stage, 10, *near.split(" | "))
    stage.pass_time(60 * SECOND)
    assert (play.outcome("a"), play.order("a").terminal_ns) == ("FILLED", START + 10 * SECOND)
    assert stage.fills()[-1]["price_1e9"] == px(price)
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_stop_without_a_venue_waits_for_the_best_touch_of_all(stage):
    stage.order(qty="1")
    play = Play(stage, [node("a", "sell", "0.5", stop="49000", venue=None)])
    book(stage, 5, "48000*1", "49002*1")  # coinbase still bids 49985
    book(stage, 10, "48500*1", "49002*1", "coinbase")
    stage.pass_time(9 * SECOND)
    assert play.outcome("a") == "NEW"
    stage.pass_time(9 * SECOND)
    assert (play.outcome("a"), play.order("a").terminal_ns) == ("FILLED", START + 10 * SECOND)


def test_a_stop_whose_trigger_has_passed_fires_at_once(stage):
    play = Play(stage, [node("a", "buy", "0.5", stop="49000")])
    assert (play.outcome("a"), play.status) == ("FILLED", "COMPLETED")


def test_a_stop_limit_rests_at_its_limit_once_it_has_fired(stage):
    play = Play(stage, [node("a", "buy", "0.5", stop="51000", limit="51000.5")])
    book(stage, 5, "51000*1", "51001*1")
    stage.pass_time(9 * SECOND)
    order = play.order("a")
    assert (order.status, order.legs[0].status, order.tif) == ("WORKING", "WORKING", "gtc")
    assert stage.exchange.accounts[ME].held["kraken/USD"] > px("25500")


def test_an_armed_stop_is_amended_and_cancelled_like_any_order(stage):
    play = Play(stage, [node("a", "buy", "0.5", stop="51000", limit="51000.5")])
    change = Change(qty_1e8=sz("0.7"), limit_price_1e9=px("52000"))
    order = stage.exchange.amend(ME, "graph:g:a:1", change, stage.now)
    assert (order.status, order.qty_1e8, order.armed) == ("NEW", sz("0.7"), True)
    assert order.order_type == {"stop_limit": {"trigger_price_1e9": px("51000"), "price_1e9": px("52000")}}
    stage.settle()
    rows = stage.exchange.cancel_venue(ME, "kraken", stage.now)
    assert [(row["node_order_id"], row["venue_order_id"], row["status"]) for row in rows] == [
        ("graph:g:a:1", None, "CANCELLED")
    ]
    stage.settle()
    assert play.status == "COMPLETED"
    book(stage, 5, "51000*1", "51001*1")
    stage.pass_time(9 * SECOND)
    assert stage.fills() == []


def test_a_stop_that_comes_to_its_trigger_during_the_kill_switch_is_held(stage):
    play = Play(stage, [node("a", "buy", "0.5", stop="51000")])
    stage.exchange.engage(ME, "key", None, stage.now)
    book(stage, 5, "51000*1", "51001*1")
    book(stage, 50, "50000*1", "50001*1")
    stage.pass_time(9 * SECOND)
    assert (play.status, play.graph.pause_reason, play.outcome("a")) == ("PAUSED", "KILL_SWITCH", "NEW")
    stage.exchange.clear(ME, stage.now)
    stage.pass_time(60 * SECOND)
    assert play.outcome("a") == "NEW"
    assert play.resume()
    assert (play.outcome("a"), stage.fills()[0]["price_1e9"]) == ("FILLED", px("50001"))


def test_a_stop_that_could_not_be_is_refused_before_its_trigger(stage):
    play = Play(stage, [node("a", "sell", "0.00001", stop="49000")])
    assert (play.status, play.order("a").failure_reason) == ("FAILED", "EXCHANGE_REJECT")


def test_thirty_idle_days_of_a_hundred_stops_look_at_few_instants():
    market = SyntheticMarket(3)
    stage = Stage(market)
    for number in range(100):
        symbol = ("BTC-USD", "ETH-USD", "SOL-USDT", "BTC-USD-PERP")[number % 4]
        top = next(iter(market.best(symbol, START).values()))
        trigger = str(Decimal(top.bid_1e9 * (130 + number % 30) // 100 // 10**7).scaleb(-2))
        Play(stage, [node("a", "buy", "0.1", stop=trigger, symbol=symbol, venue=None)], graph_id=f"g{number}")
    before = market.examined()
    stage.exchange.advance(START + 30 * DAY)
    assert market.examined() - before < 400_000  # of more than forty million
    assert len(stage.exchange.orders) == 100


# -- passive ---------------------------------------------------------------------------------------------------------


def passive(stage: Stage, **words: Any) -> Play:
    return Play(stage, [node("a", policy="passive", **words)])


def test_a_passive_order_rests_at_the_touch_and_follows_it_after_its_patience(stage):
    play = passive(stage)
    order = play.order("a")
    assert (order.status, order.peg_1e9, order.limit_price_1e9, order.tif) == (
        "WORKING",
        px("49990"),
        None,
        "post_only",
    )
    book(stage, 4, "49995*1", "50000*1")
    stage.pass_time(9 * SECOND)
    assert play.order("a").peg_1e9 == px("49990")
    stage.pass_time(SECOND)
    assert (play.order("a").peg_1e9, play.order("a").pegged_ns) == (px("49995"), START + 10 * SECOND)
    book(stage, 25, "49997*1", "50000*1")  # patience is over: at once
    stage.pass_time(20 * SECOND)
    assert (play.order("a").peg_1e9, play.order("a").pegged_ns) == (px("49997"), START + 25 * SECOND)
    book(stage, 40, "49900*1", "49997*1")
    stage.pass_time(30 * SECOND)
    (fill,) = stage.fills()
    assert (fill["price_1e9"], fill["liquidity"], fill["ts_ns"]) == (px("49997"), "maker", START + 40 * SECOND)
    assert play.status == "COMPLETED"
    assert stage.again().snapshot() == stage.exchange.snapshot()


@pytest.mark.parametrize(("urgency", "after"), [("low", 30), ("medium", 10), ("high", 2)])
def test_urgency_scales_the_patience_of_a_passive_order(stage, urgency, after):
    play = passive(stage, urgency=urgency)
    book(stage, 1, "49995*1", "50000*1")
    stage.pass_time(after * SECOND - 1)
    assert play.order("a").peg_1e9 == px("49990")
    stage.pass_time(1)
    assert play.order("a").peg_1e9 == px("49995")


def test_a_passive_order_does_not_go_beyond_its_limit(stage):
    play = passive(stage, limit="49992")
    book(stage, 1, "49995*1", "50000*1")
    stage.pass_time(60 * SECOND)
    assert (play.order("a").peg_1e9, play.order("a").legs[0].held > 0) == (px("49992"), True)
    told = len(stage.events)
    book(stage, 100, "49998*1", "50000*1")
    stage.pass_time(100 * SECOND)
    assert len(stage.events) == told


def test_a_passive_order_never_takes(stage):
    book(stage, 0, "50000*1", "50000.01*1")  # a tick apart
    book(stage, 0, "49999*1", "50000*2", "coinbase")
    order = stage.order(qty="1", policy="passive")
    assert (order.status, order.peg_1e9) == ("WORKING", px("49999.99"))
    assert stage.fills() == []


def test_an_amended_passive_order_keeps_to_the_touch(stage):
    play = passive(stage)
    stage.exchange.amend(ME, "graph:g:a:1", Change(qty_1e8=sz("2")), stage.now)
    assert (play.order("a").qty_1e8, play.order("a").peg_1e9) == (sz("2"), px("49990"))
    with pytest.raises(Problem, match="a market order has no price"):
        stage.exchange.amend(ME, "graph:g:a:1", Change(limit_price_1e9=px("49000")), stage.now)


# -- chase -----------------------------------------------------------------------------------------------------------


def chase(stage: Stage, qty: str = "3", **words: Any) -> Play:
    return Play(stage, [node("a", qty=qty, policy="aggressive_chase", **words)])


def test_a_chase_takes_the_touch_and_follows_it_until_it_is_filled(stage):
    play = chase(stage)
    order = play.order("a")
    assert (order.status, order.filled_qty_1e8, order.peg_1e9) == ("WORKING", sz("1"), px("50000"))
    book(stage, 0.5, "50010*1", "50020*1")
    book(stage, 1.5, "50000*1", "50015*1")  # comes to where it waits
    stage.pass_time(SECOND)  # a round of patience
    assert (play.order("a").filled_qty_1e8, play.order("a").peg_1e9) == (sz("2"), px("50020"))
    stage.pass_time(SECOND)
    assert [(row["price_1e9"], row["liquidity"]) for row in stage.fills()] == [
        (px("50000"), "taker"),
        (px("50020"), "taker"),
        (px("50020"), "maker"),
    ]
    assert (play.outcome("a"), play.status) == ("FILLED", "COMPLETED")
    assert stage.again().snapshot() == stage.exchange.snapshot()


@pytest.mark.parametrize(("asks", "outcome", "filled"), [("50000*1", "PARTIAL", "1"), ("60000*1", "REJECTED", "0")])
def test_a_chase_ends_where_its_slippage_bound_is_reached(stage, asks, outcome, filled):
    book(stage, 0, "49990*1", asks)
    book(stage, 0.2, "50010*1", "50100*1")
    play = chase(stage, max_slippage_bps=10, urgency="high")
    stage.pass_time(SECOND)
    order = play.order("a")
    assert (order.status, order.filled_qty_1e8) == (outcome, sz(filled))
    assert order.failure_reason == ("PRICE_DEVIATION" if outcome == "REJECTED" else None)
    assert all(row["price_1e9"] <= px("50045") for row in stage.fills())


def test_a_chase_with_a_limit_waits_there(stage):
    play = chase(stage, limit="50005")
    book(stage, 0.5, "50010*1", "50020*1")
    stage.pass_time(600 * SECOND)
    assert (play.outcome("a"), play.order("a").peg_1e9, play.order("a").filled_qty_1e8) == (
        "WORKING",
        px("50005"),
        sz("1"),
    )


def test_a_passive_rest_too_small_to_be_placed_again_stays_where_it_is(stage):
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "1.9995", "sell")
    book(stage, 2, "49995*1", "50020*1")
    play = passive(stage)
    stage.pass_time(60 * SECOND)
    assert (play.order("a").remaining_1e8, play.order("a").peg_1e9, play.outcome("a")) == (
        sz("0.0005"),
        px("49990"),
        "WORKING",
    )


def test_a_chasing_rest_too_small_to_be_placed_again_is_the_end(stage):
    book(stage, 0.5, "49995*1", "50020*1")
    keen = chase(stage, qty="1.0005")
    stage.pass_time(60 * SECOND)
    assert (keen.outcome("a"), keen.order("a").end_reason, keen.order("a").remaining_1e8) == (
        "PARTIAL",
        "expired",
        sz("0.0005"),
    )


def test_another_urgency_is_another_patience_from_now_on(stage):
    play = passive(stage, urgency="low")
    book(stage, 1, "49995*1", "50000*1")
    stage.pass_time(5 * SECOND)
    stage.exchange.amend(ME, "graph:g:a:1", Change(urgency="high"), stage.now)
    stage.settle()
    stage.pass_time(2 * SECOND - 1)
    assert play.order("a").peg_1e9 == px("49990")
    stage.pass_time(1)
    assert play.order("a").peg_1e9 == px("49995")


def test_prices_stand_still_while_the_kill_switch_is_engaged(stage):
    play = chase(stage)
    stage.exchange.engage(ME, "key", None, stage.now)
    book(stage, 0.5, "50010*1", "50020*1")
    stage.pass_time(60 * SECOND)
    assert (play.order("a").peg_1e9, len(stage.fills())) == (px("50000"), 1)
    stage.exchange.clear(ME, stage.now)
    stage.pass_time(60 * SECOND)
    assert play.order("a").peg_1e9 == px("50020")
    assert [row["ts_ns"] for row in stage.fills()][1] == START + 61 * SECOND


def test_a_passive_order_that_is_given_up_for_a_chase(stage):
    nodes = [node("calm", policy="passive"), node("keen", policy="aggressive_chase")]
    links = (
        edge("calm", "calm2", "c", ms=20_000) | {"edge_id": "t", "to_node": "keen"},
        edge("keen", "calm", "on_accepted", action="cancel"),
    )
    play = Play(stage, nodes, *links)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcomes()) == ("COMPLETED", {"calm": "CANCELLED", "keen": "FILLED"})


@pytest.mark.parametrize(("policy", "bids", "asks"), [("passive", "", "50000*1"), ("aggressive_chase", "49990*1", "")])
def test_without_a_touch_to_follow_an_order_is_refused_or_waits_at_its_bound(stage, policy, bids, asks):
    book(stage, 0, bids, asks)
    play = Play(stage, [node("a", policy=policy)], graph_id="a")
    assert (play.outcome("a"), play.order("a").failure_reason) == ("REJECTED", "STALE_VENUE")
    play = Play(stage, [node("a", policy=policy, limit="49000")], graph_id="b")
    assert (play.outcome("a"), play.order("a").peg_1e9) == ("WORKING", px("49000"))


def test_the_simple_form_takes_policies_too():
    stage = Stage(SyntheticMarket(4))
    order = stage.order(qty="0.5", policy="passive", urgency="high")
    stage.pass_time(3600 * SECOND)
    assert stage.exchange.find_order(ME, order.node_order_id).status == "FILLED"
    assert {row["liquidity"] for row in stage.fills()} == {"maker"}


def test_a_month_of_a_passive_order_out_of_reach_is_caught_up_by_bounds():
    market = SyntheticMarket(3)
    exchange = Exchange(market)
    body = SimpleOrder(symbol="BTC-USD", side="buy", qty=Decimal(1), price=Decimal(30000), policy="passive")
    assert exchange.place(ME, body, START).orders[0].status == "WORKING"
    before = market.examined()
    exchange.advance(START + 30 * DAY)
    assert market.examined() - before < 20_000
