"""Prediction markets: discovery, settlement, redeeming, rewards. API: /v1/markets, /v1/settlement, /v1/polymarket."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation, Query, Repeat

VENUES = ("kalshi", "polymarket")
MAX_LIMIT = 1000


class MarketsQuery(Query):
    """`cursor` is opaque, from `next_cursor`; `expand` may hold the word outcomes."""

    venue: str | None = None
    slug: str | None = None
    q: str | None = None
    tag: str | None = None
    active: bool | None = None
    closed: bool | None = None
    limit: int | None = None
    offset: int | None = None
    cursor: str | None = None
    clob_token_id: str | None = None
    expand: str | None = None


class Market(msgspec.Struct, kw_only=True):
    """One row, the same for both venues. Best prices are floats between 0 and 1, or null."""

    venue: str
    slug: str
    symbol: str
    question: str
    outcomes: list[str]
    outcome_token_ids: list[str]
    yes_token_id: str
    no_token_id: str
    event_id: str
    neg_risk: bool
    volume_24h: float
    volume_total: float
    best_yes_bid: float | None
    best_yes_ask: float | None
    best_no_bid: float | None
    best_no_ask: float | None
    spread_pct: float | None
    start_date: str
    end_date: str
    url: str
    status: str
    tick_size_1e9: int
    min_qty_1e8: int


class Markets(msgspec.Struct, kw_only=True):
    """One page; unsorted. `next_cursor` is null on the last."""

    markets: list[dict[str, Any]]
    count: int
    venue: str
    has_more: bool
    next_cursor: str | None


class SettlementQuery(Query):
    """`underlying` adds the price of the asset over the window."""

    venue: str | None = None
    underlying: bool | None = None


class Settlement(msgspec.Struct, kw_only=True):
    """`status` is open, resolving or resolved; `resolved_outcome` the winning entry of the outcomes."""

    slug: str
    venue: str
    question: str
    yes_token_id: str
    no_token_id: str
    condition_id: str | None
    neg_risk: bool
    status: str
    resolved_outcome: str | None
    outcome_source: str
    yes_price: float | None
    no_price: float | None
    event_start_s: int
    event_end_s: int
    resolution_source: str
    underlying: dict[str, Any] | None
    resolved_at_ns: int | None
    as_of_ns: int


class VenueQuery(Query):
    """Else by the shape of the slug."""

    venue: str | None = None


class Redeemed(msgspec.Struct, kw_only=True):
    """`mode`: auto_settled (the venue has paid), relayer_submitted, or noop (there is nothing to collect)."""

    mode: str
    venue: str
    slug: str
    condition_id: str | None
    token_ids: list[str] | None
    note: str


class Reward(msgspec.Struct, kw_only=True):
    """A maker programme of one token; spreads in price units."""

    token_id: str
    condition_id: str
    rewards_min_size: float
    rewards_max_spread: float
    rate_per_day_usdc: float
    current_spread: float | None
    reward_end_unix_s: int | None


class Rewards(msgspec.Struct, kw_only=True):
    """Every active programme."""

    rewards: list[Reward]
    count: int
    as_of_ns: int


MARKETS = Operation(
    name="predict.markets",
    method="GET",
    path="/v1/markets",
    summary="Prediction markets of one venue, a page at a time",
    query=MarketsQuery,
    reply=Markets,
    errors=("VALIDATION_ERROR",),
)
SETTLEMENT = Operation(
    name="predict.settlement",
    method="GET",
    path="/v1/settlement/{slug}",
    summary="Where a market's settlement stands",
    query=SettlementQuery,
    reply=Settlement,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
REDEEM = Operation(
    name="predict.redeem",
    method="POST",
    path="/v1/markets/{slug}/redeem",
    summary="Collect a settled position",
    query=VenueQuery,
    reply=Redeemed,
    errors=("VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_optional=True,
)
REWARDS = Operation(
    name="predict.rewards",
    method="GET",
    path="/v1/polymarket/rewards",
    summary="Active maker-reward programmes",
    reply=Rewards,
)
REWARD = Operation(
    name="predict.reward",
    method="GET",
    path="/v1/polymarket/rewards/{token_id}",
    summary="The programme of one token",
    reply=Reward,
    errors=("NOT_FOUND",),
)
OPERATIONS = (MARKETS, SETTLEMENT, REDEEM, REWARDS, REWARD)
