"""Costs as people see them; every figure computed by hand, every line within its width."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from seqcli.views import analytics, execution

Show = Callable[..., Any]
NOON = 1705406400000000000
"""2024-01-16 12:00:00 UTC."""
REPORT = {
    "node_order_id": "graph:g1:order:1", "graph_id": "g1", "symbol": "BTC-USD", "side": "buy", "status": "FILLED",
    "qty_1e8": 10000000, "filled_qty_1e8": 10000000, "arrival_mid_1e9": 49995000000000,
    "achieved_vwap_1e9": 50001000000000, "benchmark_vwap_1e9": 50008000000000, "total_cost_bps": Decimal("27.2"),
    "implementation_shortfall_bps": Decimal("1.2"), "spread_cost_bps": Decimal("0.1"),
    "market_impact_bps": Decimal("1.1"), "fees_bps": Decimal("26.0"), "fees_usd_1e9": 13000260000,
    "savings_vs_benchmark_bps": Decimal("1.4"), "savings_usd": Decimal("0.7"),
    "venue_mix": [{"venue": "kraken", "qty_1e8": 10000000, "weight": Decimal("1.0"), "vwap_1e9": 50001000000000,
                   "fee_bps": 26}],
    "routing_version": 1, "quality": "measured", "submit_latency_ns": 900000, "execution_time_ns": 1200000,
    "is_prediction": False, "is_sandbox": True, "completed_ns": NOON,
}  # fmt: skip
TCA = {
    "order_count": 1, "notional_usd_1e9": 5000100000000, "total_savings_usd": Decimal("0.7"), "win_rate": Decimal(1),
    "weighted_avg": {"total_cost_bps": Decimal("27.2"), "fees_bps": Decimal("26.0"), "spread_cost_bps": None},
    "percentiles": {"total_cost_bps": {"p50": Decimal("27.2"), "p75": Decimal("27.2"), "p95": None, "p99": None}},
    "quality": {"measured": 1, "estimated": 0, "missing": 0}, "orders": [REPORT],
}  # fmt: skip
STEPS = [
    {"ts_ns": NOON, "elapsed_ns": 0, "stage": "received", "venue": None, "detail": {}},
    {"ts_ns": NOON + 5, "elapsed_ns": 1_234_567, "stage": "acked", "venue": None, "detail": {"written_ns": 900_001}},
]


def test_an_order_s_costs_in_a_line(show: Show) -> None:
    lines = show(TCA, items="orders", table=analytics.tca).lines
    assert lines[-1].split() == [
        "2024-01-16", "12:00:00.000Z", "BTC-USD", "buy", "0.1", "50001", "50008", "27.2", "1.2", "0.1", "1.1", "26.0",
        "0.7", "measured", "g1",
    ]  # fmt: skip
    assert lines[:3] == [
        "orders                     1", "notional                   5000.1 USD", "saved                      0.7",
    ]  # fmt: skip


CONTRACT = REPORT | {
    "symbol": "5" * 77, "is_prediction": True, "arrival_probability": Decimal("0.6815"),
    "achieved_probability": Decimal("0.682"), "probability_slippage_pp": Decimal("0.05"),
}  # fmt: skip


def test_spread_and_impact_are_not_shown_of_a_contract_whatever_is_answered(show: Show) -> None:
    lines = show(TCA | {"orders": [CONTRACT, REPORT]}, items="orders", table=analytics.tca).lines
    assert lines[-2].split() == [
        "2024-01-16", "12:00:00.000Z", "555555…555555", "buy", "0.1", "50001", "50008", "27.2", "1.2", "26.0",
        "0.7", "measured", "g1", "0.05",
    ]  # fmt: skip
    assert lines[-1].split()[-6:] == ["0.1", "1.1", "26.0", "0.7", "measured", "g1"]
    assert lines[-3].split()[-1] == "PP"
    said = show(CONTRACT, table=analytics.report)
    assert "spread" not in said.out
    assert "impact" not in said.out
    rows = [line.split() for line in said.lines]
    assert ["probability", "at", "arrival", "0.6815"] in rows
    assert ["slippage", "0.05", "percentage", "points"] in rows
    assert "spread" in show(REPORT, table=analytics.report).out


@pytest.mark.parametrize("width", [80, 120, 200])
def test_nothing_is_wider_than_the_terminal(show: Show, width: int) -> None:
    shown = show(TCA, items="orders", table=analytics.tca, terminal=True, width=width, color="never")
    assert max(map(len, shown.lines)) <= width
    assert "27.2" in shown.lines[-1]


def test_many_orders_are_counted_by_their_cost(show: Show) -> None:
    costs = ["10.0", "10.4", "10.9", "11.5", "13.2", "-0.3"]
    body = TCA | {"orders": [REPORT | {"total_cost_bps": Decimal(cost)} for cost in costs]}
    text = show(body, items="orders", table=analytics.tca).out
    assert "6 orders by total cost, basis points" in text
    rows = [line.split()[:4] for line in text.splitlines() if " to " in line]
    assert rows == [["-2", "to", "0", "1"], *([str(low), "to", str(low + 2), "0"] for low in (0, 2, 4, 6, 8)),
                    ["10", "to", "12", "4"], ["12", "to", "14", "1"]]  # fmt: skip


def test_a_step_says_its_times_in_milliseconds(show: Show) -> None:
    lines = show({"events": STEPS}, items="events", table=execution.trace).lines
    assert lines[-1].split() == ["2024-01-16", "12:00:00.000Z", "1.235", "acked", "written", "0.900", "ms"]


def test_what_is_missing_is_blank_and_no_orders_are_said(show: Show) -> None:
    bare = {"orders": [{"node_order_id": "graph:g1:order:1", "symbol": "BTC-USD"}], "weighted_avg": {}}
    assert "BTC-USD" in show(bare, items="orders", table=analytics.tca).out
    empty = {"orders": [], "weighted_avg": {"total_cost_bps": None}}
    assert "no orders have ended with fills" in show(empty, items="orders", table=analytics.tca).out


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ({"recommendation": "insufficient_data"}, "insufficient data"),
        (
            {"recommendation": "promote", "candidate": 2, "baseline": 1, "delta_cost_bps": Decimal("-1.5"),
             "significant": True},
            "version 2 against 1: -1.5 bps, significant, promote",
        ),
    ],
)  # fmt: skip
def test_a_comparison_ends_in_a_sentence(show: Show, advice: dict[str, Any], said: str) -> None:
    rows = [{"routing_version": 1, "order_count": 40, "win_rate": Decimal("0.5")}]
    lines = show({"versions": rows, **advice}, items="versions", table=analytics.ab).lines
    assert "50 %" in lines[1]
    assert lines[-1] == said
