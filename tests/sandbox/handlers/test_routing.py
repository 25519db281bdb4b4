"""Where an order would go, from standing books, by hand."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.handlers.test_trading import Desk
from tests.sandbox.stage import px, sz

ROUTE = "/v1/intelligence/routing?symbol=BTC-USD"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def read(desk: Desk, target: str) -> Any:
    status, body = desk("GET", target)
    assert status == 200, body
    return body


def test_a_route_names_its_parts_their_cost_and_who_was_passed_over(desk: Desk) -> None:
    body = read(desk, f"{ROUTE}&side=buy&qty=1")
    assert (body["qty_1e8"], body["mid_1e9"], body["source"]) == (sz("1"), px("49995"), "edge_nbbo")
    # coinbase: 25 and 50.02 of fee over the mid, of 50020; kraken alone: 5 and 130 of 50000
    assert body["legs"] == [
        {
            "venue": "coinbase", "qty_1e8": sz("1"), "weight": 1, "est_avg_price_1e9": px("50020"), "fee_bps": 10,
            "est_cost_bps": Decimal("14.998"),
        }
    ]  # fmt: skip
    assert body["rejected"] == [{"venue": "kraken", "reason": "not_competitive"}]
    assert (body["single_venue"], body["single_venue_cost_bps"]) == ("coinbase", Decimal("14.998"))
    assert (body["left_1e8"], body["savings_bps"]) == (0, 0)


def test_a_split_is_weighed_and_compared_with_the_best_venue_alone(desk: Desk) -> None:
    body = read(desk, f"{ROUTE}&side=buy&qty=4")
    # with fees: 50070.02 and 50090.04 on coinbase, 50130 on kraken
    legs = [(row["venue"], row["weight"], row["est_avg_price_1e9"]) for row in body["legs"]]
    assert legs == [("coinbase", Decimal("0.75"), 50_033_333_333_333), ("kraken", Decimal("0.25"), px("50000"))]
    # 120 away and 150.10 + 130 of fees, of 200100; kraken alone: 140 away and 520.312 of fees, of 200120
    assert body["est_cost_bps"] == Decimal("19.995")
    assert (body["single_venue"], body["single_venue_cost_bps"]) == ("kraken", Decimal("32.996"))
    assert body["savings_bps"] == Decimal("13.001")


def test_balances_do_not_matter_and_what_the_books_do_not_hold_is_told(desk: Desk) -> None:
    body = read(desk, f"{ROUTE}&side=sell&qty=100")
    assert [row["venue"] for row in body["legs"]] == ["coinbase", "kraken"]
    assert body["left_1e8"] == sz("93")  # 4 and 3 are shown
    assert (body["single_venue"], body["single_venue_cost_bps"], body["savings_bps"]) == (None, None, None)


def test_a_symbol_without_a_book_has_no_route(desk: Desk) -> None:
    body = read(desk, "/v1/intelligence/routing?symbol=NOPE-USD&side=buy&qty=1")
    assert (body["source"], body["mid_1e9"], body["legs"], body["left_1e8"]) == ("unavailable", None, [], sz("1"))


def test_a_route_is_by_the_version_and_the_urgency_that_are_asked_for(desk: Desk) -> None:
    body = read(desk, f"{ROUTE}&side=buy&qty=2")
    assert (body["routing_version"], body["urgency"]) == (1, "medium")
    assert {row["impact_bps"] for row in body["candidates"]} == {0}
    body = read(desk, f"{ROUTE}&side=buy&qty=2&routing_version=2&urgency=HIGH")
    rows = {
        row["venue"]: (row["latency_bps"], row["impact_bps"], row["landed_price_1e9"]) for row in body["candidates"]
    }
    assert rows == {  # 2 of 8 and of 3 shown; 26 + 0.12 + 0.1 + 1 and 10 + 0.1 + 0.1 + 2.6666
        "kraken": (Decimal("0.12"), 1, px("50136.1")),
        "coinbase": (Decimal("0.1"), Decimal("2.6666"), px("50084.3587332")),
    }
    assert body["legs"][0]["est_cost_bps"] == Decimal("16.996")  # as it would be paid: 35 and 25 away, fee 10


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("", "side"),
        ("&side=hold&qty=1", "side"),
        ("&side=buy&qty=0", "qty"),
        ("&side=buy&qty=1&routing_version=4", "routing_version"),
        ("&side=buy&qty=1&urgency=now", "urgency"),
    ],
)
def test_a_bad_question_names_its_field(desk: Desk, target: str, field: str) -> None:
    status, body = desk("GET", ROUTE + target)
    assert (status, body["error"]["details"][0]["field"]) == (400, field)
