"""Paper trading's own settings. API: /v1/sandbox; a live key gets 403."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation


class DefaultBalance(msgspec.Struct, kw_only=True):
    """Human units; venue ``*`` is every venue."""

    venue: str
    symbol: str
    qty: Decimal


class FeeOverride(msgspec.Struct, kw_only=True):
    """Basis points for every venue; null = each venue's own."""

    maker_bps: int | None = None
    taker_bps: int | None = None


class Settings(msgspec.Struct, kw_only=True):
    """Balances act at the next reset; `fill_model` is adversarial, instant or none."""

    default_balances: list[DefaultBalance]
    fees: FeeOverride
    fill_model: str
    seed: int
    updated_ns: int


class SettingsChange(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A partial update."""

    default_balances: list[DefaultBalance] | None = None
    fees: FeeOverride | None = None
    fill_model: str | None = None
    seed: int | None = None


class ResetDone(msgspec.Struct, kw_only=True):
    """What a reset did."""

    reset: bool
    deleted: int
    written: int
    cancelled_orders: int
    settings: dict[str, Any]
    as_of_ns: int


class SeedPosition(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Human units; qty 0 deletes the row."""

    venue: str
    kind: str
    symbol: str
    qty: Decimal
    entry_price_usd: Decimal | None = None


class SeedPositions(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Upsert by (venue, kind, symbol); `replace` deletes every row first. At most 1,000 rows."""

    positions: list[SeedPosition]
    replace: bool = False


class Seeded(msgspec.Struct, kw_only=True):
    """Row counts."""

    written: int
    deleted: int


class Connect(msgspec.Struct, kw_only=True):
    """Whether the edge is to be up."""

    connected: bool


class Connected(msgspec.Struct, kw_only=True):
    """The edge, and every one that is down; `open_orders` rest where nothing gets through."""

    edge: str
    connected: bool
    down: list[str]
    open_orders: int


SETTINGS_READ = Operation(
    name="sandbox.settings_read",
    method="GET",
    path="/v1/sandbox/settings",
    summary="Paper defaults",
    reply=Settings,
    errors=("FORBIDDEN",),
    access=Access.SANDBOX,
)
SETTINGS_WRITE = Operation(
    name="sandbox.settings_write",
    method="PUT",
    path="/v1/sandbox/settings",
    summary="Change the paper defaults",
    body=SettingsChange,
    reply=Settings,
    errors=("VALIDATION_ERROR", "FORBIDDEN"),
    access=Access.SANDBOX,
)
RESET = Operation(
    name="sandbox.reset",
    method="POST",
    path="/v1/sandbox/reset",
    summary="Cancel everything, wipe positions, seed again",
    body_optional=True,
    reply=ResetDone,
    errors=("FORBIDDEN",),
    access=Access.SANDBOX,
)
SEED_POSITIONS = Operation(
    name="sandbox.seed_positions",
    method="POST",
    path="/v1/sandbox/positions",
    summary="Write paper positions",
    body=SeedPositions,
    reply=Seeded,
    errors=("VALIDATION_ERROR", "FORBIDDEN"),
    access=Access.SANDBOX,
)
CONNECT = Operation(
    name="sandbox.connect",
    method="PUT",
    path="/v1/sandbox/edges/{edge}",
    summary="Drop an edge of the sandbox, or bring it back",
    body=Connect,
    reply=Connected,
    errors=("VALIDATION_ERROR", "FORBIDDEN"),
    access=Access.SANDBOX,
)
OPERATIONS = (SETTINGS_READ, SETTINGS_WRITE, RESET, SEED_POSITIONS, CONNECT)
