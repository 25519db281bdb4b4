"""Market intelligence: depth over all venues, the cost of size, how venues behave, where to go. API: /v1/intelligence.

Each body says where it is from (`source`, as a quote's) and when it was true (`as_of_ns`). Unknown = null. The shapes
are ours: the vendor describes what the replies hold in words only.
"""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.execution import Sketch
from seqcli.wire.operation import Operation, Query
from seqcli.wire.routing import PassedOver, RouteCandidate

MOST_SIZES = 20
SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""US dollars, where no sizes were asked for."""


class Depth(msgspec.Struct, kw_only=True):
    """Levels ``[price, size]``, best first: over all venues, and by venue. Depths in US dollars of what is shown."""

    symbol: str
    source: str
    bids: list[list[Decimal]]
    asks: list[list[Decimal]]
    venues: dict[str, dict[str, list[list[Decimal]]]]
    bid_depth_usd: Decimal
    ask_depth_usd: Decimal
    as_of_ns: int


class DepthQuery(Query):
    """`depth` levels a side, 1 to 100 (default 20); `venue`: of that one alone."""

    symbol: str | None = None
    depth: int | None = None
    venue: str | None = None


class Slippage(msgspec.Struct, kw_only=True):
    """`curve` by size: ``size_usd``, ``qty_1e8``, ``avg_price_1e9``, ``slippage_bps`` against `mid_1e9`, ``fillable``.

    What is not fillable has the quantity and the average that can be reached.
    """

    symbol: str
    source: str
    side: str
    mid_1e9: int | None
    curve: list[dict[str, Any]]
    as_of_ns: int


class SlippageQuery(Query):
    """`side` buy (default) or sell; `sizes`: a comma list of US dollars, at most `MOST_SIZES`."""

    symbol: str | None = None
    side: str | None = None
    sizes: str | None = None


class VenueBehaviour(msgspec.Struct, kw_only=True):
    """Over the window since `since_ns`: the share of what was traded, how wide the spread is against the venue's own
    (tight, normal, wide), the imbalance of aggressors from 0 to 1, and books published for one trade.
    """

    venue: str
    market_share: Decimal | None
    spread_bps: Decimal | None
    spread_regime: str | None
    toxicity_score: Decimal | None
    quote_to_trade_ratio: Decimal | None


class Venues(msgspec.Struct, kw_only=True):
    """How each venue of a symbol behaves."""

    symbol: str
    source: str
    venues: list[VenueBehaviour]
    count: int
    since_ns: int
    as_of_ns: int


class VenuesQuery(Query):
    """One symbol."""

    symbol: str | None = None


class RouteLeg(msgspec.Struct, kw_only=True):
    """A part of an order at one venue; `weight` is its share of what goes anywhere."""

    venue: str
    qty_1e8: int
    weight: Decimal | None
    est_avg_price_1e9: int | None
    fee_bps: int
    est_cost_bps: Decimal | None


class Routing(msgspec.Struct, kw_only=True):
    """Where a market order of this moment would best go, whoever sends it.

    A cost is beyond the middle, fees included. `left_1e8` is what the visible books do not hold. `single_venue` holds
    the whole at the lowest cost; null, with its cost and the savings, where none does.
    """

    symbol: str
    side: str
    qty: Decimal
    qty_1e8: int
    source: str
    mid_1e9: int | None
    legs: list[RouteLeg]
    est_cost_bps: Decimal | None
    left_1e8: int
    single_venue: str | None
    single_venue_cost_bps: Decimal | None
    savings_bps: Decimal | None
    routing_version: int
    urgency: str
    candidates: list[RouteCandidate]
    rejected: list[PassedOver]
    as_of_ns: int


class RoutingQuery(Sketch):
    """By which version of the router (1, the default, 2 or 3); `urgency` low, medium (default) or high."""

    routing_version: int | None = None


def _reading(name: str, summary: str, query: type[Query], reply: type[msgspec.Struct]) -> Operation:
    return Operation(
        name=f"intelligence.{name}",
        method="GET",
        path=f"/v1/intelligence/{name}",
        summary=summary,
        query=query,
        reply=reply,
        errors=("VALIDATION_ERROR",),
    )


DEPTH = _reading("depth", "The book of a symbol over all venues and by venue", DepthQuery, Depth)
SLIPPAGE = _reading("slippage", "What a market order of a size would get", SlippageQuery, Slippage)
VENUES = _reading("venues", "Market share, spread, toxicity and quotes a trade of each venue", VenuesQuery, Venues)
ROUTING = _reading("routing", "The best split of a market order, its cost, who was passed over", RoutingQuery, Routing)
OPERATIONS = (DEPTH, SLIPPAGE, VENUES, ROUTING)
