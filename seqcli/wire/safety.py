"""Kill switch, venue cancel-all, risk limits. API: /v1/kill_switch, /v1/venue_cancel_all, /v1/risk_limits."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation


class KillSwitch(msgspec.Struct, kw_only=True):
    """State of the switch; while engaged new submissions get 409, cancels and reads pass."""

    engaged: bool
    reason: str | None
    scope: str
    client_id: str
    engaged_at_ns: int | None
    engaged_by: str | None
    cleared_at_ns: int | None
    open_orders: int


class Engage(msgspec.Struct, kw_only=True):
    """Engage the switch."""

    reason: str | None = None


class SetSwitch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Set the switch; `active` and `enabled` are read as `engaged`."""

    engaged: bool | None = None
    active: bool | None = None
    enabled: bool | None = None
    reason: str | None = None


class VenueOrder(msgspec.Struct, kw_only=True):
    """An order of a venue-wide cancel."""

    node_order_id: str
    venue_order_id: str | None
    status: str
    error: str | None


class VenueCancelled(msgspec.Struct, kw_only=True):
    """What a venue-wide cancel did."""

    venue: str
    requested: int
    cancelled: int
    failed: int
    orders: list[VenueOrder]
    as_of_ns: int


class RiskLimits(msgspec.Struct, kw_only=True):
    """The account's limits and their use; null = no limit."""

    limits: dict[str, Any]
    usage: dict[str, Any]
    kill_switch_engaged: bool
    as_of_ns: int


KILL_SWITCH_READ = Operation(
    name="safety.kill_switch_read",
    method="GET",
    path="/v1/kill_switch",
    summary="State of the kill switch",
    reply=KillSwitch,
)
KILL_SWITCH_ENGAGE = Operation(
    name="safety.kill_switch_engage",
    method="POST",
    path="/v1/kill_switch",
    summary="Stop new submissions",
    body=Engage,
    body_optional=True,
    reply=KillSwitch,
    access=Access.TRADE,
)
KILL_SWITCH_SET = Operation(
    name="safety.kill_switch_set",
    method="PUT",
    path="/v1/kill_switch",
    summary="Engage or clear",
    body=SetSwitch,
    reply=KillSwitch,
    errors=("VALIDATION_ERROR", "FORBIDDEN"),
    access=Access.TRADE,
)
KILL_SWITCH_CLEAR = Operation(
    name="safety.kill_switch_clear",
    method="POST",
    path="/v1/kill_switch/clear",
    summary="Allow submissions again; admin keys only",
    body_optional=True,
    reply=KillSwitch,
    access=Access.ADMIN,
)
VENUE_CANCEL_ALL = Operation(
    name="safety.venue_cancel_all",
    method="POST",
    path="/v1/venue_cancel_all/{venue}",
    summary="Cancel every open order on a venue",
    body_optional=True,
    reply=VenueCancelled,
    errors=("VALIDATION_ERROR",),
    access=Access.TRADE,
)
RISK_LIMITS = Operation(
    name="safety.risk_limits",
    method="GET",
    path="/v1/risk_limits",
    summary="The account's limits and their use",
    reply=RiskLimits,
)
OPERATIONS = (
    KILL_SWITCH_READ,
    KILL_SWITCH_ENGAGE,
    KILL_SWITCH_SET,
    KILL_SWITCH_CLEAR,
    VENUE_CANCEL_ALL,
    RISK_LIMITS,
)
