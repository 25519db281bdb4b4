"""Positions of every kind, their totals, and the older reads they replaced.

API: /v1/positions, /v1/portfolio, /v1/balances.
"""

from typing import Any

import msgspec

from seqcli.wire.history import RANGES
from seqcli.wire.operation import Access, Operation, Query


class Position(msgspec.Struct, kw_only=True):
    """One row: fiat, crypto, perp or event_contract; perps are signed. Money is USD, 1e9 fixed point."""

    id: int
    venue: str
    instrument: dict[str, Any]
    qty_1e8: int
    locked_qty_1e8: int
    available_qty_1e8: int
    entry_price_usd_1e9: int
    current_price_usd_1e9: int | None
    current_value_usd_1e9: int | None
    unrealized_pnl_usd_1e9: int | None
    realized_pnl_usd_1e9: int
    fees_usd_1e9: int
    lifecycle: dict[str, Any]
    transferable: bool
    settled: bool
    settled_mark_usd_1e9: int | None
    is_sandbox: bool
    updated_ns: int


class Totals(msgspec.Struct, kw_only=True):
    """Sums over the rows shown; USD, 1e9 fixed point, of any length."""

    nav_usd_1e9: int
    cash_usd_1e9: int
    crypto_usd_1e9: int
    event_contract_usd_1e9: int
    perp_unrealized_pnl_usd_1e9: int
    perp_notional_usd_1e9: int
    unrealized_pnl_usd_1e9: int
    realized_pnl_usd_1e9: int
    fees_usd_1e9: int
    locked_usd_1e9: int
    position_count: int
    unpriced_count: int


class Positions(msgspec.Struct, kw_only=True):
    """The unified view."""

    positions: list[Position]
    totals: Totals
    as_of_ns: int


class ListQuery(Query):
    """Comma lists of venues and of kinds (fiat, crypto, perp, event_contract)."""

    venues: str | None = None
    kinds: str | None = None
    include_closed: bool | None = None


SNAPSHOT_RANGES = {name: RANGES[name] for name in ("1h", "6h", "1d", "1w", "1m", "3m", "6m", "1y", "max")}
"""Seconds of a range of snapshots."""
MAX_SNAPSHOTS = 2_000


class SnapshotsQuery(Query):
    """`interval_secs` is widened where it would make more than 2,000 points."""

    range: str | None = None
    interval_secs: int | None = None


class Snapshot(msgspec.Struct, kw_only=True):
    """What the account was worth; null where something in it had no price then. USD, 1e9 fixed point."""

    ts_ns: int
    nav_usd_1e9: int | None
    cash_usd_1e9: int
    unrealized_pnl_usd_1e9: int | None
    realized_pnl_usd_1e9: int
    fees_usd_1e9: int


class Snapshots(msgspec.Struct, kw_only=True):
    """Oldest first: of the opening, if it lies in the range, of whole multiples of the interval, and of now."""

    range: str
    interval_secs: int
    count: int
    snapshots: list[Snapshot]


class SyncBody(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Which venues; absent = all."""

    venues: list[str] | None = None


LIST = Operation(
    name="positions.list",
    method="GET",
    path="/v1/positions",
    summary="Positions of every kind with totals",
    query=ListQuery,
    reply=Positions,
    errors=("VALIDATION_ERROR",),
)
UNIFIED = Operation(
    name="positions.unified",
    method="GET",
    path="/v1/positions/unified",
    summary="The same body as /v1/positions",
    query=ListQuery,
    reply=Positions,
    errors=("VALIDATION_ERROR",),
)
PERP = Operation(
    name="positions.perp",
    method="GET",
    path="/v1/positions/perp",
    summary="Perp rows; use /v1/positions",
    deprecated=True,
)
SYNC = Operation(
    name="positions.sync",
    method="POST",
    path="/v1/positions/sync",
    summary="Reconcile with the venues",
    body=SyncBody,
    body_optional=True,
    access=Access.TRADE,
)
BALANCES = Operation(
    name="positions.balances",
    method="GET",
    path="/v1/balances",
    summary="Fiat and crypto by venue; use /v1/positions?kinds=fiat,crypto",
    deprecated=True,
)
SNAPSHOTS = Operation(
    name="positions.snapshots",
    method="GET",
    path="/v1/portfolio/snapshots",
    summary="What the account was worth, over time",
    query=SnapshotsQuery,
    reply=Snapshots,
    errors=("VALIDATION_ERROR",),
)
PORTFOLIO = Operation(
    name="positions.portfolio",
    method="GET",
    path="/v1/portfolio/unified",
    summary="The same body as /v1/positions, which replaces it",
    query=ListQuery,
    reply=Positions,
    errors=("VALIDATION_ERROR",),
    deprecated=True,
)
SUMMARY = Operation(
    name="positions.summary",
    method="GET",
    path="/v1/portfolio/summary",
    summary="Totals, by kind and by venue; use the totals of /v1/positions",
    deprecated=True,
)
OPERATIONS = (LIST, UNIFIED, PERP, SYNC, BALANCES, SNAPSHOTS, PORTFOLIO, SUMMARY)
