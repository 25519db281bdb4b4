"""How the router explains itself: in previews, in market intelligence, and on the topic of its name."""

from decimal import Decimal

import msgspec


class RouteCandidate(msgspec.Struct, kw_only=True):
    """A venue that could take part: its best price, what its levels land at, and the terms between, in basis points.

    Adverse, reject and impact are 0 in version 1. A landed price only ranks: what is paid is price and fee.
    """

    venue: str
    price_1e9: int | None
    fee_bps: int
    latency_bps: Decimal
    freshness_bps: Decimal
    adverse_bps: Decimal
    reject_bps: Decimal
    impact_bps: Decimal
    landed_price_1e9: int | None


class PassedOver(msgspec.Struct, kw_only=True):
    """A venue without a part, and why: no_fee_data, stale, insufficient_balance, below_minimum or not_competitive."""

    venue: str
    reason: str


class RoutedLeg(msgspec.Struct, kw_only=True):
    """A part at one venue; what would rest counts at its price with the maker's rate."""

    venue: str
    qty_1e8: int
    price_1e9: int | None
    fee_bps: int
    est_cost_bps: Decimal | None


class Routed(msgspec.Struct, kw_only=True):
    """How an order would be routed: by which terms its candidates were ranked, its parts, and who was passed over."""

    version: int
    urgency: str
    mid_1e9: int | None
    est_cost_bps: Decimal | None
    legs: list[RoutedLeg]
    candidates: list[RouteCandidate]
    rejected: list[PassedOver]
