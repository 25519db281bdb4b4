"""A route as people see it: parts, terms, who was passed over; at any width."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from seqcli.views import orders, routes

Show = Callable[..., Any]
KRAKEN = {
    "venue": "kraken", "price_1e9": 50_000_000_000_000, "fee_bps": 26, "latency_bps": Decimal("0.06"),
    "freshness_bps": Decimal("0.2"), "adverse_bps": 0, "reject_bps": 0, "impact_bps": 0,
    "landed_price_1e9": 50_131_300_000_000,
}  # fmt: skip
COINBASE = KRAKEN | {
    "venue": "coinbase", "price_1e9": 50_020_000_000_000, "fee_bps": 10, "landed_price_1e9": 50_071_270_500_000,
}  # fmt: skip
BODY = {
    "symbol": "BTC-USD", "side": "buy", "qty_1e8": 300_000_000, "mid_1e9": 49_995_000_000_000,
    "legs": [
        {
            "venue": "coinbase", "qty_1e8": 200_000_000, "weight": 1, "est_avg_price_1e9": 50_020_000_000_000,
            "fee_bps": 10, "est_cost_bps": Decimal("14.998"),
        },
    ],
    "est_cost_bps": Decimal("14.998"), "left_1e8": 100_000_000, "single_venue": "kraken",
    "single_venue_cost_bps": Decimal("27.000"), "savings_bps": Decimal("12.002"), "routing_version": 1,
    "urgency": "medium", "candidates": [KRAKEN, COINBASE],
    "rejected": [{"venue": "kraken", "reason": "not_competitive"}, {"venue": "okx", "reason": "stale"}],
}  # fmt: skip


def test_a_route_shows_its_parts_then_every_venue_by_its_terms(show: Show) -> None:
    assert show(BODY, table=routes.route, width=120).out == (
        "buy 3 BTC-USD\n"
        "middle            49995\n"
        "expected cost     14.998 bps\n"
        "best venue alone  kraken at 27.000 bps\n"
        "saved by routing  12.002 bps\n"
        "\n"
        "VENUE     QTY  SHARE  AVG PRICE  FEE(bps)  COST(bps)\n"
        "coinbase    2  100 %      50020        10     14.998\n"
        "\n"
        "ranked by version 1, urgency medium, in basis points\n"
        "VENUE     PRICE  FEE  LATENCY  FRESHNESS  ADVERSE  REJECT  IMPACT   LANDED AT  PASSED OVER\n"
        "coinbase  50020   10     0.06        0.2        0       0       0  50071.2705\n"
        "kraken    50000   26     0.06        0.2        0       0       0     50131.3  not_competitive\n"
        "okx                                                                            stale\n"
        "the visible books do not hold 1 of it\n"
    )


def test_a_preview_shows_the_same_terms_and_one_of_another_exchange_none(show: Show) -> None:
    routing = {"version": 2, "urgency": "high", "candidates": [COINBASE], "legs": [], "rejected": []}
    told = {"symbol": "BTC-USD", "side": "buy", "venues": [], "warnings": [], "routing": routing}
    lines = show(told, table=orders.preview).lines
    assert "ranked by version 2, urgency high, in basis points" in lines
    assert "ranked" not in show(told | {"routing": None}, table=orders.preview).out


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_route_is_never_wider_than_the_terminal_and_keeps_the_reasons(show: Show, width: int) -> None:
    lines = show(BODY, table=routes.route, width=width).lines
    assert all(len(line) <= width for line in lines)
    assert (width < 80) or any("not_competitive" in line for line in lines)
