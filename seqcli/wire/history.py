"""What the market was and is worth: bars and prints, funding, the fair price.

API: /v1/price_history/{symbol}, /v1/funding_history/{symbol}, /v1/market/funding-rates, /v1/fair_price.
"""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from seqcli.wire.operation import Operation, Query

DAY_S = 86_400
RANGES = {
    "1h": 3_600,
    "6h": 6 * 3_600,
    "1d": DAY_S,
    "1w": 7 * DAY_S,
    "1m": 30 * DAY_S,
    "3m": 90 * DAY_S,
    "6m": 180 * DAY_S,
    "1y": 365 * DAY_S,
    "2y": 730 * DAY_S,
    "5y": 1_825 * DAY_S,
    "max": 3_650 * DAY_S,
}
"""Seconds of a range; m is a month of 30 days."""
FUNDING_RANGES = tuple(name for name in RANGES if name not in ("1h", "6h"))
TAPE_S = DAY_S
"""How far back prices are known over all venues; beyond it one venue must be named."""
MAX_BARS, MAX_PRINTS = 10_000, 50_000
"""The most points of one reply."""


class PricesQuery(Query):
    """`fidelity_secs` is the length of a bar, 0 = prints. `start_ts` and `end_ts`, both or none, in Unix seconds,
    go before `range`. `limit` is for prints. `venue` is needed where the window begins more than 24 hours ago, and
    means nothing where it does not. `underlying`: also what a perp or a contract is on, point by point.
    """

    range: str | None = None
    fidelity_secs: int | None = None
    start_ts: int | None = None
    end_ts: int | None = None
    venue: str | None = None
    limit: int | None = None
    paginate: bool | None = None
    underlying: bool | None = None


class Point(msgspec.Struct, kw_only=True):
    """A bar or a print.

    A bar counts from `ts_ns` on; `price_1e9` is its close: the mid of its last instant, or of now. `open_1e9` is the
    mid that stood when it began. `high_1e9` and `low_1e9` are those of the mids at its ends and at instants between,
    an eighth of the bar apart but no closer than 250 ms. `volume_1e8` is the sum of the prints, null where the window
    is too long to count them. A print has `qty_1e8`, the aggressor's `side` and `venue_id` instead.
    """

    ts_ns: int
    price_1e9: int
    open_1e9: int | UnsetType = UNSET
    high_1e9: int | UnsetType = UNSET
    low_1e9: int | UnsetType = UNSET
    close_1e9: int | UnsetType = UNSET
    volume_1e8: int | UnsetType | None = UNSET
    qty_1e8: int | UnsetType = UNSET
    side: str | UnsetType = UNSET
    venue_id: str | UnsetType = UNSET


class Reference(msgspec.Struct, kw_only=True):
    """The price of an underlying where the point with this `ts_ns` ends."""

    ts_ns: int
    price_1e9: int


class Prices(msgspec.Struct, kw_only=True):
    """Points of the window, oldest first. `venue` null: over all venues. `truncated`: the window holds more – of bars
    later ones, of prints earlier ones. `underlying` is null unless asked for, and for what has none.
    """

    symbol: str
    venue: str | None
    range: str | None
    fidelity_secs: int
    start_ts: int
    end_ts: int
    source: str
    count: int
    truncated: bool
    points: list[Point]
    underlying: list[Reference] | None = None


class FundingHistoryQuery(Query):
    """`venue` is needed; `start_ts` and `end_ts`, both or none, in Unix seconds, go before `range` (1d to max)."""

    venue: str | None = None
    range: str | None = None
    start_ts: int | None = None
    end_ts: int | None = None


class FundingPoint(msgspec.Struct, kw_only=True):
    """A settlement: the signed fraction 1e9 of the notional at the mark; positive: longs paid shorts."""

    ts_ns: int
    rate_1e9: int
    mark_price_1e9: int | None


class FundingHistory(msgspec.Struct, kw_only=True):
    """Settlements of one perp on one venue, oldest first; `symbol` as it was asked for. Very many are without marks."""

    symbol: str
    venue: str
    count: int
    points: list[FundingPoint]


class FundingRatesQuery(Query):
    """Only this venue, only this symbol."""

    venue: str | None = None
    symbol: str | None = None


class FundingRate(msgspec.Struct, kw_only=True):
    """In basis points an hour, whatever the venue's interval: of the last settlement, and as it stands for the next.
    What is not known is null.
    """

    venue: str
    symbol: str
    rate_bps_per_hour: Decimal | None
    predicted_rate_bps_per_hour: Decimal | None
    mark_price_1e9: int | None
    open_interest_1e8: int | None
    next_settlement_ns: int | None
    snapshot_age_ms: int | None


class FundingRates(msgspec.Struct, kw_only=True):
    """Every perp on every venue that fits."""

    unit: str
    rates: list[FundingRate]


class FairPriceQuery(Query):
    """A comma list; all when it is missing."""

    underlying: str | None = None


class FairPrice(msgspec.Struct, kw_only=True):
    """The mean of both sides' average price over the first half of `depth_usd` of the merged fresh books."""

    underlying: str
    quote: str
    price: Decimal
    price_1e9: int
    bid_vwap_1e9: int
    ask_vwap_1e9: int
    depth_usd: Decimal
    venue_count: int
    venues: list[str]
    ts_ns: int


class FairPrices(msgspec.Struct, kw_only=True):
    """Unknown assets are left out."""

    fair_prices: list[FairPrice]
    count: int
    as_of_ns: int


PRICES = Operation(
    name="history.prices",
    method="GET",
    path="/v1/price_history/{symbol}",
    summary="Bars of a symbol, or its prints",
    query=PricesQuery,
    reply=Prices,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
FUNDING = Operation(
    name="history.funding",
    method="GET",
    path="/v1/funding_history/{symbol}",
    summary="Settled funding of one perp on one venue",
    query=FundingHistoryQuery,
    reply=FundingHistory,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
FUNDING_RATES = Operation(
    name="history.funding_rates",
    method="GET",
    path="/v1/market/funding-rates",
    summary="What perps are funded at now, in basis points an hour",
    query=FundingRatesQuery,
    reply=FundingRates,
    errors=("VALIDATION_ERROR",),
)
FAIR_PRICE = Operation(
    name="history.fair_price",
    method="GET",
    path="/v1/fair_price",
    summary="One reference price an asset, over the depth of all venues",
    query=FairPriceQuery,
    reply=FairPrices,
    errors=("VALIDATION_ERROR",),
)
OPERATIONS = (PRICES, FUNDING, FUNDING_RATES, FAIR_PRICE)
