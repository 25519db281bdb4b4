"""Execution intelligence: before, while and after an order; and its trace. API: /v1/execution, /v1/traces."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.analytics import Filter, Report
from seqcli.wire.fills import Fill
from seqcli.wire.operation import Operation, Query
from seqcli.wire.orders import Leg, Order


class Forecast(msgspec.Struct, kw_only=True):
    """What an order would cost, from the books of now and of the last minute; null for a symbol without a book."""

    symbol: str
    side: str
    qty: Decimal
    qty_1e8: int
    source: str
    mid: Decimal | None
    mid_1e9: int | None
    expected_cost_bps: Decimal | None
    downside_cost_bps: Decimal | None
    expected_slippage_bps: Decimal | None
    horizon_ms: int
    fill_confidence: list[dict[str, Any]]
    capacity_curve: list[dict[str, Any]]
    venues: list[dict[str, Any]]
    urgency: list[dict[str, Any]]
    as_of_ns: int


class Strategy(msgspec.Struct, kw_only=True):
    """One way to execute, as it came out."""

    name: str
    est_cost_bps: Decimal | None
    est_cost_usd: Decimal | None
    fill_rate: Decimal | None
    venue_count: int
    time_to_completion_ms: int | None
    legs: list[dict[str, Any]]


class Simulation(msgspec.Struct, kw_only=True):
    """Ways to execute, run on the market of the last moments."""

    symbol: str
    side: str
    qty: Decimal
    qty_1e8: int
    urgency: str
    source: str
    strategies: list[Strategy]
    recommended: str | None
    as_of_ns: int


class Live(msgspec.Struct, kw_only=True):
    """How an order does; an ended one answers, too."""

    order: Order
    progress: Decimal | None
    elapsed_ms: int
    eta_ms: int | None
    mid: Decimal | None
    running_vwap_1e9: int | None
    running_slippage_bps: Decimal | None
    expected_cost_bps: Decimal | None
    on_track: bool | None
    legs: list[Leg]
    as_of_ns: int


class TraceEvent(msgspec.Struct, kw_only=True):
    """One instant of an order's life; `elapsed_ns` since the first."""

    ts_ns: int
    elapsed_ns: int
    stage: str
    venue: str | None
    edge_id: str | None
    detail: dict[str, Any]


class Review(msgspec.Struct, kw_only=True):
    """An ended order against what was to be expected as it arrived."""

    order: Order
    tca: Report | None
    forecast: dict[str, Decimal | None] | None
    forecast_error_bps: Decimal | None
    fills: list[Fill]
    timeline: list[TraceEvent]
    notes: list[str]
    as_of_ns: int


class Summary(msgspec.Struct, kw_only=True):
    """Of the last 30 days, unless told otherwise."""

    open_orders: int
    completed_orders: int
    volume_usd_1e9: int
    avg_total_cost_bps: Decimal | None
    total_savings_usd: Decimal
    best_venue: str | None
    worst_venue: str | None
    by_symbol: list[dict[str, Any]]
    since_ns: int
    until_ns: int
    as_of_ns: int


class Trace(msgspec.Struct, kw_only=True):
    """Oldest first."""

    node_order_id: str
    graph_id: str
    events: list[TraceEvent]
    count: int
    truncated: bool


class Sketch(Query):
    """`qty` in base units."""

    symbol: str | None = None
    side: str | None = None
    qty: Decimal | None = None
    urgency: str | None = None


class TraceQuery(Query):
    """Which order, and how many events at most."""

    node_order_id: str | None = None
    limit: int | None = None


def _reading(name: str, path: str, summary: str, reply: object, query: object, *errors: str) -> Operation:
    return Operation(
        name=f"execution.{name}", method="GET", path=path, summary=summary, query=query, reply=reply, errors=errors
    )


_BAD = "VALIDATION_ERROR"
FORECAST = _reading("forecast", "/v1/execution/forecast", "What an order would cost", Forecast, Sketch, _BAD)
SIMULATE = _reading("simulate", "/v1/execution/simulate", "Ways to execute compared", Simulation, Sketch, _BAD)
LIVE = _reading("live", "/v1/execution/live/{node_order_id}", "How an order does", Live, None, "NOT_FOUND")
REVIEW = _reading(
    "review", "/v1/execution/review/{node_order_id}", "How an order did", Review, None, "NOT_FOUND", "CONFLICT"
)
SUMMARY = _reading("summary", "/v1/execution/summary", "Trading in a few figures", Summary, Filter, _BAD)
TRACES = _reading("traces", "/v1/traces", "The life of an order", Trace, TraceQuery, _BAD, "NOT_FOUND")
OPERATIONS = (FORECAST, SIMULATE, LIVE, REVIEW, SUMMARY, TRACES)
