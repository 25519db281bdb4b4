"""Orders that wait: queue, prints, touches, horizons; and that looking seldom is the same as looking always."""

import time
from decimal import Decimal

import pytest

from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.wire.submission import SimpleOrder
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz, two_venues

DAY = 86_400 * SECOND


def resting(stage: Stage, price: str = "49990", qty: str = "0.5", venue: str = "kraken", **words):
    return stage.order("buy", qty, price=Decimal(price), venue=venue, **words)


def test_a_resting_order_joins_the_back_of_the_visible_queue_and_holds_its_cost():
    stage = Stage()
    order = resting(stage)
    assert (order.status, order.legs[0].queue_1e8) == ("WORKING", sz("1"))
    held = stage.exchange.accounts[ME].held["kraken/USD"]
    assert held == px("24995") + px("64.987") + 10_000  # notional, fee at the dearer rate, slack of roundings


def test_prints_at_the_price_use_up_the_queue_first():
    stage = Stage()
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "0.8", "sell")
    stage.market.add_print("BTC-USD", "kraken", START + 2 * SECOND, "49990", "0.5", "sell")
    stage.market.add_print("BTC-USD", "kraken", START + 3 * SECOND, "49990", "1", "sell")
    order = resting(stage)
    stage.pass_time(SECOND)
    assert (order.filled_qty_1e8, order.legs[0].queue_1e8) == (0, sz("0.2"))
    stage.pass_time(SECOND)
    assert (order.status, order.filled_qty_1e8) == ("WORKING", sz("0.3"))
    stage.pass_time(SECOND)
    assert (order.status, order.filled_qty_1e8, order.end_reason) == ("FILLED", sz("0.5"), "filled")
    assert [(row["liquidity"], row["fee_bps"], row["ts_ns"]) for row in stage.fills()] == [
        ("maker", 16, START + 2 * SECOND),
        ("maker", 16, START + 3 * SECOND),
    ]
    assert stage.exchange.accounts[ME].held == {}


def test_one_print_is_not_spent_twice_on_our_own_orders():
    stage = Stage()
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "1.7", "sell")
    first, second = resting(stage), resting(stage)
    stage.pass_time(SECOND)
    assert (first.filled_qty_1e8, second.filled_qty_1e8) == (sz("0.5"), sz("0.2"))


@pytest.mark.parametrize("how", ["touch", "print"])
def test_a_trade_through_fills_at_once_whole_at_the_orders_own_price(how):
    stage = Stage()
    if how == "touch":
        stage.market.set_book("BTC-USD", "kraken", "49900*1", "49989*0.01", START + SECOND)
    else:
        stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49989.99", "0.01", "sell")
    order = resting(stage)
    stage.pass_time(5 * SECOND)
    (row,) = stage.fills()
    assert (order.status, row["price_1e9"], row["qty_1e8"]) == ("FILLED", px("49990"), sz("0.5"))
    assert row["ts_ns"] == START + SECOND


def test_a_routed_order_rests_at_the_lowest_maker_fee():
    order = Stage().order(qty="1", price=Decimal(49000))
    assert [leg.venue for leg in order.legs] == ["coinbase"]


def test_the_end_of_a_horizon_cancels_the_rest():
    stage = Stage()
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "1.1", "sell")
    order = resting(stage, horizon_ms=5000)
    other = resting(stage, price="40000", horizon_ms=3000)
    stage.pass_time(60 * SECOND)
    assert (order.status, order.end_reason, order.terminal_ns) == ("PARTIAL", "expired", START + 5 * SECOND)
    assert (other.status, other.terminal_ns) == ("EXPIRED", START + 3 * SECOND)
    assert stage.exchange.accounts[ME].held == {}


def test_many_short_steps_and_one_long_step_give_the_same_answer():
    outcomes = []
    for step in (SECOND // 5, 7 * SECOND, 600 * SECOND):
        stage = Stage(SyntheticMarket(7))
        for offset in range(12):
            top = stage.market.best("BTC-USD", stage.now)["kraken"]
            stage.order("buy", "0.4", price=Decimal(top.bid_1e9 // 10**7 - offset * 300).scaleb(-2), venue="kraken")
        while stage.now < START + 600 * SECOND:
            stage.pass_time(step if stage.now + step < START + 600 * SECOND else START + 600 * SECOND - stage.now)
        orders = {data["node_order_id"]: data for data in (e.data for e in stage.events if e.kind == "order")}
        outcomes.append((stage.fills(), orders))
        assert stage.again().snapshot() == stage.exchange.snapshot()
    assert outcomes[0][0]
    assert outcomes[0][0] == outcomes[1][0] == outcomes[2][0]
    assert [row["status"] for row in outcomes[0][1].values()] == [row["status"] for row in outcomes[2][1].values()]


def test_a_reload_goes_on_where_the_queue_stood():
    stage = Stage()
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "0.8", "sell")
    stage.market.add_print("BTC-USD", "kraken", START + 9 * SECOND, "49990", "0.3", "sell")
    order = resting(stage)
    stage.pass_time(5 * SECOND)
    again = stage.again()
    assert again.snapshot() == stage.exchange.snapshot()
    for exchange in (again, stage.exchange, Exchange.restore(stage.market, stage.exchange.snapshot(), [])):
        exchange.advance(START + 20 * SECOND)
        assert exchange.orders[ME, order.node_order_id].filled_qty_1e8 == sz("0.1")


def test_thirty_idle_days_and_a_hundred_resting_orders_are_caught_up_quickly():
    market = SyntheticMarket(3)
    exchange = Exchange(market)
    for number in range(100):
        symbol = ("BTC-USD", "ETH-USD", "SOL-USDT", "BTC-USD-PERP")[number % 4]
        venue, top = next(iter(market.best(symbol, START).items()))
        price = Decimal(top.bid_1e9).scaleb(-9) * (60 + number % 30) / 100
        body = SimpleOrder(symbol=symbol, side="buy", qty=Decimal(1), price=round(price, 2), venue=venue)
        assert exchange.place(ME, body, START).orders[0].status == "WORKING"
    before = time.perf_counter()
    exchange.advance(START + 30 * DAY)
    assert time.perf_counter() - before < 1
    assert exchange.seen_ns == START + 30 * DAY


def test_a_model_that_never_fills_leaves_resting_orders_alone():
    from msgspec.structs import replace

    stage = Stage(two_venues())
    order = resting(stage)
    settings = replace(stage.exchange.accounts[ME].settings, fill_model="none")
    stage.exchange.change_settings(ME, settings, stage.now)
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49000", "9", "sell")
    stage.pass_time(5 * SECOND)
    assert order.filled_qty_1e8 == 0
    stage.exchange.change_settings(ME, replace(settings, fill_model="adversarial"), stage.now)
    stage.pass_time(5 * SECOND)
    assert order.filled_qty_1e8 == 0
    assert stage.again().snapshot() == stage.exchange.snapshot()
