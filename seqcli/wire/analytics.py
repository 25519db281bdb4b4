"""Analytics over ended orders, fills and the market of this moment. API: /v1/analytics, /v1/tca.

Basis points and shares are decimals; null where there is nothing to measure. Weights are notional. Positive = a cost.
"""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.operation import Operation, Query


class Report(msgspec.Struct, kw_only=True):
    """What one ended order cost; savings count the fees of both sides."""

    node_order_id: str
    graph_id: str
    symbol: str
    side: str
    status: str
    qty_1e8: int
    filled_qty_1e8: int
    arrival_mid_1e9: int | None
    achieved_vwap_1e9: int
    benchmark_vwap_1e9: int | None
    total_cost_bps: Decimal | None
    implementation_shortfall_bps: Decimal | None
    spread_cost_bps: Decimal | None
    market_impact_bps: Decimal | None
    fees_bps: Decimal | None
    fees_usd_1e9: int
    savings_vs_benchmark_bps: Decimal | None
    savings_usd: Decimal | None
    venue_mix: list[dict[str, Any]]
    routing_version: int
    quality: str
    submit_latency_ns: int | None
    execution_time_ns: int
    is_prediction: bool
    arrival_probability: Decimal | None
    achieved_probability: Decimal | None
    probability_slippage_pp: Decimal | None
    is_sandbox: bool
    completed_ns: int


class Window(msgspec.Struct, kw_only=True):
    """What every body here says of its time."""

    since_ns: int
    until_ns: int
    as_of_ns: int


class Tca(Window, kw_only=True):
    """Aggregates over the reports that fit, and the reports, newest first."""

    order_count: int
    notional_usd_1e9: int
    weighted_avg: dict[str, Decimal | None]
    percentiles: dict[str, dict[str, Decimal | None]]
    total_savings_usd: Decimal
    win_rate: Decimal | None
    quality: dict[str, int]
    filters: dict[str, Any]
    orders: list[Report]
    total: int
    limit: int
    offset: int
    has_more: bool


class Point(msgspec.Struct, kw_only=True):
    """The orders that ended in one interval, which began at `ts_ns`."""

    ts_ns: int
    order_count: int
    notional_usd_1e9: int
    implementation_shortfall_bps: Decimal | None
    total_cost_bps: Decimal | None
    savings_usd: Decimal


class Timeseries(Window, kw_only=True):
    """Oldest first; intervals without orders are left out."""

    interval: str
    points: list[Point]
    count: int


class VenueCost(msgspec.Struct, kw_only=True):
    """What was executed at one venue, and what that cost with its fees."""

    venue: str
    notional_usd_1e9: int
    weight: Decimal | None
    avg_cost_bps: Decimal | None
    avg_fee_bps: Decimal | None
    fill_count: int


class TcaVenues(Window, kw_only=True):
    """The largest first."""

    venues: list[VenueCost]
    count: int


class Quality(Window, kw_only=True):
    """How many reports were measured against a book that stood at arrival."""

    measured: int
    estimated: int
    missing: int
    measured_share: Decimal | None


class Execution(Window, kw_only=True):
    """Orders made, fills executed, latency of submission, and what ended orders cost."""

    orders: dict[str, Any]
    fills: dict[str, int]
    latency: dict[str, int | None]
    execution_quality: dict[str, Decimal | None]


class VenueQuality(msgspec.Struct, kw_only=True):
    """How one venue served; rates are shares of 1, the score 0 to 100."""

    venue: str
    sent: int
    acked: int
    filled: int
    rejected: int
    ack_rate: Decimal | None
    fill_rate: Decimal | None
    reject_rate: Decimal | None
    avg_ack_latency_ns: int | None
    quality_score: Decimal | None
    size_buckets: dict[str, dict[str, Any]]


class Venues(Window, kw_only=True):
    """By name."""

    venues: list[VenueQuality]
    count: int


class Market(Window, kw_only=True):
    """A symbol over all venues: the touch, the visible depth in USD, and its imbalance from -1 to 1."""

    symbol: str
    nbbo: dict[str, Decimal | None]
    bid_depth_usd: Decimal
    ask_depth_usd: Decimal
    imbalance: Decimal | None
    venues: dict[str, dict[str, Any]]
    source: str
    region: str
    remote: bool


class Portfolio(Window, kw_only=True):
    """Worth and results by symbol; weights are shares of the gross value of what is no cash."""

    total_value_usd_1e9: int
    unrealized_pnl_usd_1e9: int
    realized_pnl_usd_1e9: int
    fees_usd_1e9: int
    net_pnl_usd_1e9: int
    concentration: dict[str, Any]
    symbols: list[dict[str, Any]]


class Version(msgspec.Struct, kw_only=True):
    """The orders that one version of the router served."""

    routing_version: int
    order_count: int
    notional_usd_1e9: int
    avg_total_cost_bps: Decimal | None
    avg_savings_bps: Decimal | None
    win_rate: Decimal | None
    p95_total_cost_bps: Decimal | None


class AbReport(Window, kw_only=True):
    """The router's versions compared."""

    versions: list[Version]
    baseline: int
    candidate: int | None
    delta_cost_bps: Decimal | None
    significant: bool | None
    recommendation: str


class Filter(Query):
    """`since` and `until`: ISO 8601 or integer nanoseconds; without them the last 30 days."""

    since: str | None = None
    until: str | None = None
    symbol: str | None = None
    venue: str | None = None
    sandbox: bool | None = None
    routing_version: int | None = None


class PageFilter(Filter):
    """Also which of the reports are shown."""

    limit: int | None = None
    offset: int | None = None


class TimeseriesFilter(Filter):
    """`interval`: 1h or 1d."""

    interval: str | None = None


def _reading(name: str, path: str, summary: str, reply: object, query: object = Filter, *errors: str) -> Operation:
    return Operation(
        name=f"analytics.{name}",
        method="GET",
        path=path,
        summary=summary,
        query=query,
        reply=reply,
        errors=("VALIDATION_ERROR", *errors),
    )


TCA = _reading("tca", "/v1/analytics/tca", "What ended orders cost, weighted by notional", Tca, PageFilter)
TCA_ALIAS = _reading("tca_alias", "/v1/tca", "As /v1/analytics/tca", Tca, PageFilter)
REPORT = _reading("report", "/v1/analytics/tca/report", "As /v1/analytics/tca", Tca, PageFilter)
TIMESERIES = _reading("timeseries", "/v1/analytics/tca/timeseries", "Costs over time", Timeseries, TimeseriesFilter)
TCA_VENUES = _reading("tca_venues", "/v1/analytics/tca/venues", "Costs by venue", TcaVenues)
QUALITY = _reading("quality", "/v1/analytics/tca/quality", "How many reports are measured", Quality)
EXECUTION = _reading("execution", "/v1/analytics/execution", "Orders, fills, latency, execution quality", Execution)
VENUES = _reading("venues", "/v1/analytics/venues", "How each venue served", Venues)
MARKET = _reading("market", "/v1/analytics/market/{symbol}", "Touch, depth and imbalance of a symbol", Market, None)
PORTFOLIO = _reading("portfolio", "/v1/analytics/portfolio", "Worth, results and concentration", Portfolio, None)
AB_REPORT = _reading("ab_report", "/v1/analytics/ab_report", "Versions of the router compared", AbReport)
OPERATIONS = (
    *(TCA, TCA_ALIAS, REPORT, TIMESERIES, TCA_VENUES, QUALITY, EXECUTION, VENUES, MARKET, PORTFOLIO, AB_REPORT),
)
