"""What is kept of a routing: legs with their cost, and who was passed over. Figures computed by hand."""

from decimal import Decimal

from tests.sandbox.stage import Stage, px, sz


def test_a_leg_costs_its_way_from_the_mid_and_its_fee_and_the_other_venue_is_told():
    # mid 49995; coinbase 50020: 25 away and 50.02 of fee are 75.02 of 50020, 14.998 bps
    routing = Stage().order(qty="0.5").routing
    assert routing == {
        "version": 1,
        "est_cost_bps": 14.998,
        "legs": [
            {
                "venue": "coinbase", "qty_1e8": sz("0.5"), "price_1e9": px("50020"), "fee_bps": 10,
                "est_cost_bps": 14.998,
            }
        ],
        "rejected": [{"venue": "kraken", "reason": "not_competitive"}],
    }  # fmt: skip


def test_a_venue_without_the_balance_is_told_as_such():
    stage = Stage()
    stage.order(qty="1", venue="coinbase")
    routing = stage.order("sell", "0.5").routing
    assert routing is not None
    assert routing["rejected"] == [{"venue": "kraken", "reason": "insufficient_balance"}]


def test_what_rests_counts_at_its_price_with_the_maker_s_rate():
    # 49900 is 95 below the mid; 49.9 of fee: −45.1 of 49900, −9.038 bps
    routing = Stage().order(qty="1", price=Decimal(49900)).routing
    assert routing is not None
    (leg,) = routing["legs"]
    assert (leg["venue"], leg["fee_bps"], leg["est_cost_bps"]) == ("coinbase", 10, -9.038)


def test_a_refused_order_was_routed_nowhere_and_a_replay_knows_the_routing():
    stage = Stage()
    assert stage.order("sell", "1").routing is None
    stage.order(qty="1", price=Decimal(49900))
    assert stage.again().save() == stage.exchange.save()
    assert b'"rejected":[{"venue":"kraken","reason":"not_competitive"}]' in stage.exchange.save()
