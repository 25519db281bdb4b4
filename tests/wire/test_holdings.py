"""Exposure, concentration and the profit of a day, by hand."""

from decimal import Decimal
from typing import Any

import pytest

from seqcli.wire import holdings

DAY = holdings.DAY_NS
USD = 10**9


def row(kind: str, symbol: str, value: int | None, *, venue: str = "kraken", **instrument: Any) -> dict[str, Any]:
    made = {"venue": venue, "instrument": {"kind": kind, "symbol": symbol, **instrument}}
    return made | {"current_value_usd_1e9": None if value is None else value * USD}


ROWS = [
    row("fiat", "USD", 10**6),
    row("crypto", "USDC", 500, is_stable=True),
    row("crypto", "BTC", 600),
    row("perp", "BTC-USD-PERP", -200, venue="bybit", underlying="BTC"),
    row("crypto", "ETH", 150),
    row("event_contract", "X:YES", 50, venue="kalshi"),
    row("crypto", "ODD", None),
]


def test_exposure_is_net_and_gross_without_cash() -> None:
    found = holdings.exposure(ROWS)
    assert found["by_asset"] == [
        {"asset": "BTC", "net_usd_1e9": 400 * USD, "gross_usd_1e9": 800 * USD},
        {"asset": "ETH", "net_usd_1e9": 150 * USD, "gross_usd_1e9": 150 * USD},
        {"asset": "X:YES", "net_usd_1e9": 50 * USD, "gross_usd_1e9": 50 * USD},
    ]
    assert [(each["venue"], each["net_usd_1e9"] // USD) for each in found["by_venue"]] == [
        ("kraken", 750),
        ("bybit", -200),
        ("kalshi", 50),
    ]


def test_concentration_is_shares_of_gross_worth() -> None:
    assert holdings.concentration(ROWS) == {
        "top_symbol": "BTC",
        "top_weight": Decimal("0.600000"),
        "top3_weight": Decimal("0.950000"),
        "hhi": Decimal("0.425000"),
    }
    both = [row("crypto", "ETH", 100), row("crypto", "ETH", -40, venue="bybit"), row("crypto", "BTC", 60)]
    assert holdings.concentration(both)["hhi"] == Decimal("0.500000")
    assert holdings.concentration(ROWS[:2])["hhi"] is None


def point(ts_ns: int, realized: int, unrealized: int | None, fees: int) -> dict[str, Any]:
    return {
        "ts_ns": ts_ns,
        "realized_pnl_usd_1e9": realized,
        "unrealized_pnl_usd_1e9": unrealized,
        "fees_usd_1e9": fees,
    }


NOW: dict[str, Any] = {"totals": point(0, 50, 20, 6) | {"unpriced_count": 0}, "as_of_ns": 9 * DAY + 1_000}


@pytest.mark.parametrize(
    ("points", "today"),
    [
        ([point(9 * DAY - 300, 1, 1, 1), point(9 * DAY, 10, 5, 2), point(9 * DAY + 9, 50, 20, 6)], 64 - 13),
        ([point(9 * DAY + 400, 0, 0, 0), point(9 * DAY + 900, 50, 20, 6)], 64),
        ([point(9 * DAY, 90, 0, 9), point(9 * DAY + 400, 0, 0, 0), point(9 * DAY + 900, 50, 20, 6)], 64),
        ([point(9 * DAY, 10, None, 2), point(9 * DAY + 9, 50, 20, 6)], None),
        ([point(9 * DAY - 300, 1, 1, 1), point(9 * DAY + 5, 50, 20, 6)], None),
        ([point(9 * DAY + 5, 50, 20, 6)], None),
        ([], None),
    ],
    ids=["since midnight", "opened today", "reset today", "no price then", "no midnight", "only now", "nothing"],
)
def test_the_profit_of_a_day(points: list[dict[str, Any]], today: int | None) -> None:
    assert holdings.today(NOW, {"snapshots": points}) == today


def test_the_profit_of_a_day_is_not_guessed() -> None:
    whole = [point(9 * DAY, 10, 5, 2), point(9 * DAY + 9, 50, 20, 6)]
    assert holdings.today(NOW, None) is None
    unpriced = {"totals": NOW["totals"] | {"unpriced_count": 1}, "as_of_ns": NOW["as_of_ns"]}
    assert holdings.today(unpriced, {"snapshots": whole}) is None
