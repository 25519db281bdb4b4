"""Venue credentials. API: /v1/credentials. Secrets go in and never come out."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation
from seqcli.wire.submission import Strict

CONNECTABLE = (
    "binance",
    "coinbase",
    "kraken",
    "okx",
    "bybit",
    "kalshi",
    "polymarket",
    "hyperliquid",
    "bitget",
    "cryptocom",
    "dex_ethereum",
    "solana",
)
"""The twelve venues that take credentials. Source: the vendor's connecting guide."""


class Save(Strict):
    """What a venue wants: key and secret; some a passphrase or further fields."""

    api_key: str
    api_secret: str
    passphrase: str | None = None
    extra_json: dict[str, Any] | None = None


class Saved(msgspec.Struct, kw_only=True):
    """`status` is unverified until the venue has been asked."""

    venue: str
    stored: bool
    replaced: bool
    status: str
    updated_ns: int


class Credential(msgspec.Struct, kw_only=True):
    """One row; `api_key_hint` holds the last four characters only."""

    venue: str
    connected: bool
    status: str
    api_key_hint: str | None
    has_passphrase: bool
    extra_keys: list[str]
    last_heartbeat_ns: int | None
    created_ns: int
    updated_ns: int


class Credentials(msgspec.Struct, kw_only=True):
    """Connected venues."""

    credentials: list[Credential]
    count: int


class Removed(msgspec.Struct, kw_only=True):
    """Open orders stay."""

    venue: str
    deleted: bool


LIST = Operation(
    name="credentials.list",
    method="GET",
    path="/v1/credentials",
    summary="Venues with saved credentials",
    reply=Credentials,
)
LIST_VENUES = Operation(
    name="credentials.list_venues",
    method="GET",
    path="/v1/venues",
    summary="The same as /v1/credentials",
    reply=Credentials,
    deprecated=True,
)
SAVE = Operation(
    name="credentials.save",
    method="PUT",
    path="/v1/credentials/{venue}",
    summary="Save a venue's keys; again overwrites",
    body=Save,
    reply=Saved,
    errors=("VALIDATION_ERROR", "CONFLICT"),
    access=Access.TRADE,
)
SAVE_POST = Operation(
    name="credentials.save_post",
    method="POST",
    path="/v1/credentials/{venue}",
    summary="The same as PUT",
    body=Save,
    reply=Saved,
    errors=("VALIDATION_ERROR", "CONFLICT"),
    access=Access.TRADE,
)
REMOVE = Operation(
    name="credentials.remove",
    method="DELETE",
    path="/v1/credentials/{venue}",
    summary="Remove a venue's keys",
    reply=Removed,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
    access=Access.TRADE,
)
OPERATIONS = (LIST, LIST_VENUES, SAVE, SAVE_POST, REMOVE)
