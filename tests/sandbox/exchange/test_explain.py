"""What is kept of a routing: candidates with their terms, legs with their cost, who was passed over and why."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.explain import shown
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.market.instruments import VENUES
from seqcli.sandbox.streams.publishing import Publisher
from tests.sandbox.graph_stage import Play, node
from tests.sandbox.stage import ME, SECOND, START, HandMarket, Stage, px, sz

FIRST, SECOND_ONE, THIRD = "g3", "g1", "g0"
"""Ids that the versions 1, 2 and 3 of the router serve."""
NONE = {"adverse_bps": 0, "reject_bps": 0, "impact_bps": 0}


def routing_of(order: Order) -> dict[str, Any]:
    found = shown(order.routing)
    assert found is not None
    return found


def rejected_of(order: Order) -> dict[str, str]:
    return {row["venue"]: row["reason"] for row in routing_of(order)["rejected"]}


def test_a_routing_says_what_was_ranked_what_was_chosen_and_what_was_passed_over() -> None:
    # mid 49995; coinbase 50020: 25 away and 50.02 of fee are 75.02 of 50020, 14.998 bps
    stage = Stage()
    stage.pass_time(2 * SECOND)
    assert routing_of(stage.order(qty="0.5", graph_id=FIRST)) == {
        "version": 1,
        "urgency": "medium",
        "mid_1e9": px("49995"),
        "est_cost_bps": Decimal("14.998"),
        "legs": [
            {
                "venue": "coinbase", "qty_1e8": sz("0.5"), "price_1e9": px("50020"), "fee_bps": 10,
                "est_cost_bps": Decimal("14.998"),
            }
        ],
        "candidates": [
            {  # 26.26 bps
                "venue": "kraken", "price_1e9": px("50000"), "fee_bps": 26, "latency_bps": Decimal("0.06"),
                "freshness_bps": Decimal("0.2"), **NONE, "landed_price_1e9": px("50131.3"),
            },
            {  # 10.25 bps
                "venue": "coinbase", "price_1e9": px("50020"), "fee_bps": 10, "latency_bps": Decimal("0.05"),
                "freshness_bps": Decimal("0.2"), **NONE, "landed_price_1e9": px("50071.2705"),
            },
        ],
        "rejected": [{"venue": "kraken", "reason": "not_competitive"}],
    }  # fmt: skip


def test_urgency_and_the_later_versions_show_in_the_terms() -> None:
    order = Stage().order("sell", "0.001", venue="kraken", graph_id=SECOND_ONE, urgency="high")
    assert order.routing is None  # nothing to sell
    stage = Stage()
    (row,) = routing_of(stage.order(qty="2", venue="kraken", graph_id=SECOND_ONE, urgency="high"))["candidates"]
    # 2 of 8 shown: 0.5, doubled; as much at the one touch as at the other
    terms = ("latency_bps", "freshness_bps", "adverse_bps", "reject_bps", "impact_bps")
    assert [row[name] for name in terms] == [Decimal("0.12"), 0, 0, Decimal("0.1"), 1]
    (row,) = routing_of(stage.order(qty="1", venue="kraken", graph_id=THIRD))["candidates"]
    # two fills: 0.2 of 22, of 10; 42/44 of 2 × 1/6, as 1 of 2 and 5 are left
    assert [row[name] for name in terms] == [Decimal("0.06"), 0, 0, Decimal("0.0909"), Decimal("0.3181")]


def test_penalties_rank_and_are_never_paid() -> None:
    """A book that has stood for a minute lands 5 bps dearer; whoever goes there pays price and fee."""
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "49990*1", "50000*1", START - 60 * SECOND)
    order = Stage(market).order(qty="1", graph_id=FIRST)
    routing = routing_of(order)
    assert routing["candidates"][0]["landed_price_1e9"] == px("50155.3")  # 26 + 0.06 + 5
    assert (order.cost, order.fees_usd_1e9) == (px("50000") * sz("1"), px("130"))
    assert routing["est_cost_bps"] == Decimal("27.000")
    limited = Stage(market).order(qty="1", graph_id=FIRST, price=Decimal(50000), tif="ioc")
    assert limited.status == "FILLED"


def test_what_rests_counts_at_its_price_with_the_maker_s_rate() -> None:
    # 49900 is 95 below the mid; 49.9 of fee: −45.1 of 49900, −9.038 bps
    (leg,) = routing_of(Stage().order(qty="1", price=Decimal(49900)))["legs"]
    assert (leg["venue"], leg["fee_bps"], leg["est_cost_bps"]) == ("coinbase", 10, Decimal("-9.038"))


def test_an_order_that_found_nothing_within_its_limit_says_who_was_looked_at() -> None:
    routing = routing_of(Stage().order(qty="1", price=Decimal(49900), tif="ioc"))
    assert (routing["legs"], routing["est_cost_bps"], len(routing["candidates"])) == ([], None, 2)
    assert {row["reason"] for row in routing["rejected"]} == {"not_competitive"}


def test_a_refused_order_was_routed_nowhere_and_a_replay_knows_the_routing() -> None:
    stage = Stage()
    assert stage.order("sell", "1").routing is None
    order = stage.order(qty="1", price=Decimal(49900))
    again = stage.again()
    assert again.save() == stage.exchange.save()
    assert again.orders[ME, order.node_order_id].routing == order.routing


def test_a_record_of_before_it_was_written_as_text_is_shown_as_it_is() -> None:
    old = {"version": 1, "est_cost_bps": 1.5, "legs": [], "rejected": []}
    kept = msgspec.to_builtins(Stage().order(qty="1", graph_id=THIRD)) | {"routing": old}
    del kept["routing_version"]
    order = msgspec.convert(kept, Order)
    assert (shown(order.routing), order.routing_version) == (old, 1)
    assert shown(None) is None


# -- why a venue was passed over -------------------------------------------------------------------------------------


def test_a_venue_without_the_balance() -> None:
    stage = Stage()
    stage.order(qty="1", venue="coinbase")
    assert rejected_of(stage.order("sell", "0.5")) == {"kraken": "insufficient_balance"}


def test_a_venue_without_a_fee_is_no_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    known = {name: row for name, row in VENUES.items() if name != "coinbase"}
    monkeypatch.setattr(stage.market, "venues", lambda: known)
    order = stage.order(qty="1")
    assert [leg.venue for leg in order.legs] == ["kraken"]
    assert rejected_of(order) == {"coinbase": "no_fee_data"}
    assert [row["venue"] for row in routing_of(order)["candidates"]] == ["kraken"]


@pytest.mark.parametrize("asks", [None, ""])
def test_a_venue_without_a_book_or_without_the_side_that_is_wanted(asks: str | None) -> None:
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "49990*1", "50000*1")
    if asks is not None:
        market.set_book("BTC-USD", "coinbase", "49985*1", asks)
    assert rejected_of(Stage(market).order(qty="1")) == {"coinbase": "stale"}


def test_a_venue_whose_part_would_be_below_its_minimum() -> None:
    market = HandMarket()
    market.set_book("BTC-USD", "kraken", "49990*1", "50000*1 50010*1")
    market.set_book("BTC-USD", "coinbase", "49985*1", "49990*0.0005")
    order = Stage(market).order(qty="1")
    assert [leg.venue for leg in order.legs] == ["kraken"]
    assert rejected_of(order) == {"coinbase": "below_minimum"}
    assert [row["venue"] for row in routing_of(order)["candidates"]] == ["kraken", "coinbase"]


def test_a_venue_that_others_beat() -> None:
    assert rejected_of(Stage().order(qty="1")) == {"kraken": "not_competitive"}


# -- again -----------------------------------------------------------------------------------------------------------


def test_an_amendment_is_routed_and_told_anew_by_the_same_version() -> None:
    stage = Stage()
    order = stage.order(qty="1", price=Decimal(49900), graph_id=SECOND_ONE)
    first = routing_of(order)
    stage.pass_time(2 * SECOND)
    stage.market.set_book("BTC-USD", "kraken", "49995*1", "50005*4", stage.now)
    change = Change(qty_1e8=sz("1.5"), limit_price_1e9=px("50020"))
    stage.exchange.amend(ME, order.node_order_id, change, stage.now)
    stage.settle()
    again = routing_of(order)
    assert (first["version"], again["version"], order.routing_version) == (2, 2, 2)
    assert [(leg["venue"], leg["qty_1e8"]) for leg in first["legs"]] == [("coinbase", sz("1"))]
    assert [(leg["venue"], leg["qty_1e8"]) for leg in again["legs"]] == [("coinbase", sz("1")), ("kraken", sz("0.5"))]
    assert again["mid_1e9"] == px("50000")
    shrunk = order.routing
    other = stage.order(qty="1", price=Decimal(49900))
    kept = other.routing
    stage.exchange.amend(ME, other.node_order_id, Change(qty_1e8=sz("0.5")), stage.now)
    assert (order.routing, other.routing) == (shrunk, kept)  # a smaller total alone keeps its place: no new plan


def test_an_order_that_follows_the_market_is_routed_anew_when_it_moves() -> None:
    stage = Stage()
    play = Play(stage, [node("a", policy="passive", venue=None)])
    assert [leg["price_1e9"] for leg in routing_of(play.order("a"))["legs"]] == [px("49990")]
    stage.market.set_book("BTC-USD", "kraken", "49995*1", "50010*1", START + 5 * SECOND)
    stage.pass_time(60 * SECOND)
    again = routing_of(play.order("a"))
    assert [leg["price_1e9"] for leg in again["legs"]] == [px("49995")]
    assert again["version"] == play.order("a").routing_version


def test_slices_go_by_the_version_of_their_order() -> None:
    for name in (FIRST, SECOND_ONE, THIRD):
        stage = Stage()
        pacing = {"uniform": {"num_slices": 2, "interval_ms": 1000}}
        play = Play(stage, [node("a", qty="1", venue=None, pacing=pacing)], graph_id=name)
        stage.pass_time(5 * SECOND)
        part = stage.exchange.find_order(ME, f"graph:{name}:a.s1:1")
        assert part.routing_version == routing_of(part)["version"] == play.order("a").routing_version


def test_the_topic_tells_the_record_each_time_it_is_made() -> None:
    stage = Stage()
    order = stage.order(qty="1", price=Decimal(49900), graph_id=THIRD)
    made = [routing_of(order)]
    stage.exchange.amend(ME, order.node_order_id, Change(limit_price_1e9=px("49950")), stage.now)
    stage.settle()
    made.append(routing_of(order))
    publisher = Publisher(Stage().exchange)
    told = [news.body() for event in stage.events for news in publisher.news(event) if news.topic == "routing"]
    assert [{name: body[name] for name in made[0] if name != "version"} for body in told] == [
        {name: value for name, value in row.items() if name != "version"} for row in made
    ]
    assert [body["routing_version"] for body in told] == [3, 3]
    assert [body["chosen"] for body in told] == [["coinbase"], ["coinbase"]]
