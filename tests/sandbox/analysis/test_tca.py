"""What an order cost: every figure of a report is computed again from the raw fills and books."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.analysis.tca import report
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.wire.submission import SimpleOrder
from tests.sandbox.costing import agree, expected
from tests.sandbox.stage import ME, SECOND, START, HandMarket, Stage, px, sz


def told(stage: Stage, order: Order):
    fills = [row for row in stage.fills() if row["node_order_id"] == order.node_order_id]
    return report(stage.market, order, fills), fills


def test_a_taker_s_figures_as_computed_by_hand():
    # mid 49995; 1 at 50020 and 2 at 50040 on coinbase (10 bps), 1 at 50000 on kraken (26 bps)
    stage = Stage()
    order = stage.order(qty="4")
    said, fills = told(stage, order)
    assert said is not None
    assert (said["arrival_mid_1e9"], said["achieved_vwap_1e9"]) == (px("49995"), px("50025"))
    assert said["implementation_shortfall_bps"] == Decimal("6.001")  # 30 / 49995
    assert said["spread_cost_bps"] == Decimal("1.000")  # 5 / 49995
    assert said["market_impact_bps"] == Decimal("5.001")
    assert said["fees_usd_1e9"] == px("280.10")
    assert said["fees_bps"] == Decimal("13.998")  # 280.10 / 200100
    assert said["total_cost_bps"] == Decimal("19.999")
    # alone: kraken 1 at 50000, 2 at 50010, 1 at 50100 = 200120 and 520.312; coinbase shows only 3
    assert said["benchmark_vwap_1e9"] == px("50030")
    assert said["savings_usd"] == Decimal("260.212")  # 200120 + 520.312 − 200100 − 280.10
    assert [(row["venue"], row["weight"], row["fee_bps"]) for row in said["venue_mix"]] == [
        ("coinbase", Decimal("0.75"), Decimal(10)),
        ("kraken", Decimal("0.25"), Decimal(26)),
    ]
    assert (said["quality"], said["execution_time_ns"], said["is_prediction"]) == ("measured", 0, False)
    agree(said, expected(stage.market, order, fills))


def test_what_waited_pays_no_spread_and_is_timed_to_its_last_fill():
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "49990*1", "50000*1 50010*5")
    stage = Stage(market)
    order = stage.order(qty="3", price=Decimal(50000))
    market.add_print("BTC-USD", "kraken", START + 5 * SECOND, "49999", "9", "sell")
    stage.pass_time(9 * SECOND)
    said, fills = told(stage, order)
    assert said is not None
    assert [row["liquidity"] for row in fills] == ["taker", "maker"]
    assert said["spread_cost_bps"] == Decimal("0.333")  # a third of 5 / 49995
    assert said["execution_time_ns"] == 5 * SECOND
    agree(said, expected(market, order, fills))


def test_a_quantity_that_no_venue_holds_alone_has_no_benchmark():
    stage = Stage()
    order = stage.order(qty="10.5")
    said, fills = told(stage, order)
    assert said is not None
    assert (said["benchmark_vwap_1e9"], said["savings_usd"], said["savings_vs_benchmark_bps"]) == (None, None, None)
    agree(said, expected(stage.market, order, fills))


def test_an_order_without_fills_has_no_report():
    stage = Stage()
    order = stage.order(qty="1", price=Decimal(49000))
    stage.exchange.cancel(ME, order.node_order_id, stage.now)
    assert told(stage, order)[0] is None


def test_an_account_s_own_rate_is_the_benchmark_s_too():
    stage = Stage()
    settings = msgspec.structs.replace(stage.exchange.account(ME, START).settings, taker_bps=7)
    stage.exchange.change_settings(ME, settings, START)
    stage.settle()
    order = stage.order(qty="0.5")  # with one rate for all, kraken's price is best, there and alone
    said, _ = told(stage, order)
    assert said is not None
    assert (said["fees_bps"], said["savings_usd"]) == (Decimal(7), 0)


def test_a_market_that_says_another_middle_is_not_measured():
    """Negative control of `quality`: the same fills, read beside a market that has changed since."""
    stage = Stage()
    order = stage.order(qty="1")
    other = HandMarket()
    other.set_book("BTC-USD", "kraken", "48990*1", "49000*9")
    fills = stage.fills()
    cold = report(other, order, fills)
    none = report(other, msgspec.structs.replace(order, arrival_mid_1e9=None), fills)
    assert cold is not None
    assert none is not None
    assert (cold["quality"], cold["spread_cost_bps"], cold["benchmark_vwap_1e9"]) == ("estimated", None, None)
    assert cold["total_cost_bps"] is not None
    assert (none["quality"], none["implementation_shortfall_bps"], none["fees_bps"]) == ("missing", None, Decimal(10))


def test_a_contract_has_probabilities_and_neither_spread_nor_impact():
    stage = Stage()
    order = stage.order(qty="1", venue="coinbase")
    contract = msgspec.structs.replace(order, kind="prediction", arrival_mid_1e9=px("0.55"), symbol="none")
    (fill,) = stage.fills()
    said = report(stage.market, contract, [fill | {"price_1e9": px("0.57"), "notional_usd_1e9": px("0.57")}])
    assert said is not None
    assert said["is_prediction"]
    assert (said["arrival_probability"], said["achieved_probability"]) == (Decimal("0.55"), Decimal("0.57"))
    assert said["probability_slippage_pp"] == Decimal(2)
    assert (said["spread_cost_bps"], said["market_impact_bps"]) == (None, None)
    assert said["implementation_shortfall_bps"] == Decimal("363.636")


def test_an_order_in_parts_adds_up_over_its_parts():
    stage = Stage()
    first, second = stage.order(qty="1"), stage.order(qty="2")
    whole = msgspec.structs.replace(first, qty_1e8=sz("3"), node_order_id="graph:g:order:9")
    one, two, both = (report(stage.market, order, fills) for order, fills in (
        (first, stage.fills()[:1]), (second, stage.fills()[1:]), (whole, stage.fills()),
    ))  # fmt: skip
    assert one is not None
    assert two is not None
    assert both is not None
    for name in ("filled_qty_1e8", "fees_usd_1e9"):
        assert one[name] + two[name] == both[name]
    paid = sum(each["achieved_vwap_1e9"] * each["filled_qty_1e8"] for each in (one, two))
    assert both["achieved_vwap_1e9"] == round(paid / both["filled_qty_1e8"])


@given(
    symbol=st.sampled_from(["BTC-USD", "ETH-USD", "SOL-USD", "BTC-USD-PERP"]),
    side=st.sampled_from(["buy", "sell"]),
    units=st.integers(min_value=1, max_value=100_000),
    wait_ns=st.integers(min_value=0, max_value=10**15),
    seed=st.integers(min_value=0, max_value=3),
)
def test_any_order_on_the_synthetic_market(symbol: str, side: str, units: int, wait_ns: int, seed: int):
    market = SyntheticMarket(seed)
    exchange = Exchange(market)
    now = START + wait_ns
    qty = Decimal(units) * market.instruments()[symbol].lot_size_1e8 / 10**8
    if side == "sell":  # something to sell, wherever it was cheap
        exchange.place(ME, SimpleOrder(symbol=symbol, side="buy", qty=2 * qty), now - 2 * SECOND)
    exchange.pending.clear()
    order = exchange.place(ME, SimpleOrder(symbol=symbol, side=side, qty=qty), now).orders[0]
    fills = [event.data for event in exchange.pending if event.kind == "fill"]
    said = report(market, order, fills)
    assert (said is None) is (not fills)
    if said is not None:
        agree(said, expected(market, order, fills))


@pytest.mark.parametrize("qty", ["0.001", "0.5", "3.2"])
def test_on_a_recorded_book(tapes: Path, qty: str):
    market = RecordedMarket([str(tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz")], START)
    exchange = Exchange(market)
    for side in ("buy", "sell"):
        order = exchange.place(ME, SimpleOrder(symbol="BTC-USDT", side=side, qty=Decimal(qty)), START).orders[0]
        fills = [row.data for row in exchange.pending if row.kind == "fill" and row.data["side"] == side]
        said = report(market, order, fills)
        assert said is not None
        assert said["quality"] == "measured"
        agree(said, expected(market, order, fills))
