"""Orders that cross: which venue, which price, which fee. Every figure here was computed by hand."""

from decimal import Decimal

import pytest

from seqcli.sandbox.analysis.showing import order_body
from seqcli.sandbox.exchange.accounts import place
from seqcli.sandbox.problems import Problem
from seqcli.wire import strict
from tests.sandbox.stage import ME, SECOND, Stage, px, sz

BILLION = 10**18


def test_a_market_order_goes_where_price_and_fee_together_are_best():
    # kraken 50000 × 1.0026 = 50130.00; coinbase 50020 × 1.0010 = 50070.02
    stage = Stage()
    order = stage.order(qty="0.5")
    assert [(leg.venue, leg.filled_qty_1e8) for leg in order.legs] == [("coinbase", sz("0.5"))]
    assert order.status == "FILLED"
    assert order.fees_usd_1e9 == px("25.01")  # 0.5 × 50020 × 10 bps
    assert stage.cash("coinbase") == BILLION - px("25010") - px("25.01")
    assert stage.holding("coinbase") == sz("0.5")


def test_a_sweep_takes_the_merged_levels_in_order_of_landed_cost():
    # landed: coinbase 50070.02 and 50090.04; kraken 50130.00, 50140.026, 50230.26
    stage = Stage()
    order = stage.order(qty="5.5")
    assert [(row["venue"], row["price_1e9"], row["qty_1e8"]) for row in stage.fills()] == [
        ("coinbase", px("50020"), sz("1")),
        ("coinbase", px("50040"), sz("2")),
        ("kraken", px("50000"), sz("1")),
        ("kraken", px("50010"), sz("1.5")),
    ]
    body = order_body(order)
    # (50020 + 2 × 50040 + 50000 + 1.5 × 50010) / 5.5 = 275115 / 5.5
    assert body["avg_fill_price_1e9"] == 50020_909_090_909
    assert [row["fee_usd_1e9"] for row in stage.fills()] == [px("50.02"), px("100.08"), px("130"), px("195.039")]
    assert body["fees_usd_1e9"] == px("475.139")
    assert [(leg["venue"], leg["filled_qty_1e8"], leg["avg_fill_price_1e9"]) for leg in body["legs"]] == [
        ("coinbase", sz("3"), 50033_333_333_333),
        ("kraken", sz("2.5"), px("50006")),
    ]


def test_fees_are_rounded_half_even_to_a_billionth_from_the_exact_product():
    stage = Stage()
    stage.order(qty="0.0015", venue="kraken", order_type="market")
    (row,) = stage.fills()
    assert (row["notional_usd_1e9"], row["fee_usd_1e9"]) == (px("75"), px("0.195"))


def test_an_order_larger_than_the_visible_books_ends_partial():
    order = Stage().order(qty="100")
    assert (order.status, order.end_reason, order.filled_qty_1e8) == ("PARTIAL", "expired", sz("11"))


def test_levels_that_were_taken_are_gone_for_a_second_on_that_venue():
    stage = Stage()
    stage.order(qty="1", venue="coinbase")
    second = stage.order(qty="1", venue="coinbase")
    stage.pass_time(SECOND)
    third = stage.order(qty="1", venue="coinbase")
    prices = [row["price_1e9"] for row in stage.fills()]
    assert prices == [px("50020"), px("50040"), px("50020")]
    assert (second.status, third.status) == ("FILLED", "FILLED")


def test_a_limit_bounds_the_price_and_not_the_landed_cost():
    order = Stage().order(qty="2", price=Decimal(50000), tif="ioc")
    assert (order.status, order.filled_qty_1e8) == ("PARTIAL", sz("1"))


def test_a_fill_or_kill_order_fills_whole_or_not_at_all():
    stage = Stage()
    refused = stage.order(qty="12", tif="fok")
    assert (refused.status, refused.end_reason, stage.fills()) == ("EXPIRED", "expired", [])
    assert stage.order(qty="11", tif="fok").status == "FILLED"


def test_max_slippage_is_measured_from_the_mid_of_the_consolidated_touch():
    # mid (49990 + 50000) / 2 = 49995; 4 bps above: 50014.998
    stage = Stage()
    order = stage.order(qty="11", max_slippage_bps=4)
    assert (order.status, order.filled_qty_1e8) == ("PARTIAL", sz("3"))
    none = stage.order(qty="1", venue="coinbase", max_slippage_bps=1)
    assert (none.status, none.failure_reason) == ("REJECTED", "PRICE_DEVIATION")


def test_a_notional_is_converted_with_the_best_opposite_price_down_to_the_lot():
    order = Stage().order(qty=None, notional=Decimal(1000))
    assert order.qty_1e8 == sz("0.02")
    assert order.notional_usd_1e9 == px("1000")
    odd = Stage().order(qty=None, notional=Decimal("1003.7"))
    assert odd.qty_1e8 == sz("0.02")


def test_a_size_one_unit_off_its_lot_is_taken_as_it_is():
    order = Stage().order(qty="0.28999999")
    assert (order.status, order.filled_qty_1e8) == ("FILLED", 28_999_999)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"qty": "0.28999998"}, "EXCHANGE_REJECT"),
        ({"qty": "0.0009"}, "EXCHANGE_REJECT"),
        ({"qty": "1", "price": Decimal("50000.005")}, "EXCHANGE_REJECT"),
        ({"qty": "0.001", "price": Decimal(100)}, "EXCHANGE_REJECT"),
        ({"qty": "1", "venue": "binance"}, "BAD_VENUE"),
        ({"side": "sell", "qty": "1"}, "INSUFFICIENT_BALANCE"),
        ({"qty": "1", "price": Decimal(50000), "tif": "post_only", "venue": "kraken"}, "EXCHANGE_REJECT"),
    ],
)
def test_what_a_venue_or_the_books_refuse_is_accepted_and_ends_rejected_with_its_reason(words, reason):
    stage = Stage()
    placed = stage.place(**words)
    order = placed.orders[0]
    assert (order.status, order.end_reason, order.failure_reason) == ("REJECTED", "rejected", reason)
    assert (placed.graph.status, placed.graph.failure_reason) == ("FAILED", reason)
    assert order.failure_detail


def test_a_sale_is_routed_only_to_where_the_balance_is():
    stage = Stage()
    stage.order(qty="1", venue="coinbase")
    stage.pass_time(2 * SECOND)
    assert stage.order("sell", "1").legs[0].venue == "coinbase"
    assert stage.order("sell", "1").failure_reason == "INSUFFICIENT_BALANCE"


def test_profit_and_cost_follow_average_cost_and_leave_fees_apart():
    stage = Stage()
    stage.order(qty="1", venue="kraken")  # 50000
    stage.order(qty="1", venue="kraken")  # 50010
    stage.pass_time(2 * SECOND)
    stage.order("sell", "1", venue="kraken")  # 49990
    row = stage.exchange.accounts[ME].holdings[place("kraken", "crypto", "BTC")]
    assert (row.qty_1e8, row.cost_usd_1e9, row.realized_usd_1e9) == (sz("1"), px("50005"), px("-15"))
    assert row.fees_usd_1e9 == px("390")  # 130 + 130.026 + 129.974


def test_a_perp_opens_short_on_margin_and_realises_when_it_is_bought_back():
    stage = Stage()
    stage.order("sell", "1", "BTC-USD-PERP")  # 50000
    account = stage.exchange.accounts[ME]
    row = account.holdings["hyperliquid/perp/BTC-USD-PERP"]
    assert (row.qty_1e8, row.cost_usd_1e9) == (-sz("1"), -px("50000"))
    assert stage.cash("hyperliquid", "USDC") == BILLION - px("50")
    stage.order("buy", "2", "BTC-USD-PERP")  # 50010: closes one, opens one
    assert (row.qty_1e8, row.cost_usd_1e9, row.realized_usd_1e9) == (sz("1"), px("50010"), -px("10"))
    assert stage.cash("hyperliquid", "USDC") == BILLION - px("50") - px("10") - px("100.02")


def test_a_pegged_asset_is_cash_on_both_sides():
    stage = Stage()
    stage.order("buy", "1000", "USDC-USD")
    assert stage.cash("kraken", "USD") == BILLION - px("1010") - px("2.626")


def test_settings_change_the_fees_and_the_way_of_filling():
    from msgspec.structs import replace

    stage = Stage()
    stage.order(qty="0.001")
    settings = replace(stage.exchange.accounts[ME].settings, taker_bps=0, fill_model="instant")
    stage.exchange.change_settings(ME, settings, stage.now)
    order = stage.order(qty="1000")
    assert [(leg.venue, leg.filled_qty_1e8) for leg in order.legs] == [("kraken", sz("1000"))]
    assert order.fees_usd_1e9 == 0
    stage.exchange.change_settings(ME, replace(settings, fill_model="none"), stage.now)
    assert stage.order(qty="1").status == "EXPIRED"


def test_an_order_shows_every_key_of_the_api_and_none_of_ours():
    from seqcli.wire.orders import Order as Shown

    body = order_body(Stage().order(qty="1", metadata={"desk": "a", "size": Decimal("1.50")}))
    assert sorted(body) == sorted(Shown.__struct_fields__)
    shown = strict.parse(strict.encode(body))
    assert shown["metadata"] == {"desk": "a", "size": Decimal("1.50")}


def test_the_graph_of_a_filled_order_is_complete_and_has_left_memory():
    stage = Stage()
    placed = stage.place(qty="1")
    assert placed.graph.status == "COMPLETED"
    assert (stage.exchange.orders, stage.exchange.graphs) == ({}, {})


def test_the_kill_switch_stops_submissions_and_nothing_else():
    stage = Stage()
    resting = stage.place(qty="1", price=Decimal(49000), graph_id="g1")
    stage.exchange.engage(ME, "key_1", "test", stage.now)
    with pytest.raises(Problem, match="conflict: kill_switch: engaged"):
        stage.place(qty="1")
    assert stage.place(qty="1", price=Decimal(49000), graph_id="g1").replayed
    _, state = stage.exchange.cancel(ME, resting.orders[0].node_order_id, stage.now)
    assert state == "done"
    stage.exchange.clear(ME, stage.now)
    assert stage.order(qty="1").status == "FILLED"
