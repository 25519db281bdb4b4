"""Quotes: one, many, batch. API: /v1/quotes, /v1/quotes_batch.

Prices and sizes are human floats, for reading only.
"""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.operation import Operation, Query


class Nbbo(msgspec.Struct, kw_only=True):
    """Best bid and offer over all venues; mid and spread are 0 when crossed or one-sided."""

    bid: Decimal
    ask: Decimal
    mid: Decimal
    spread_bps: Decimal


class VenueQuote(msgspec.Struct, kw_only=True):
    """One venue's touch; `age_ms` since its last tick."""

    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    age_ms: int


class Quote(msgspec.Struct, kw_only=True):
    """`source`: edge_nbbo, edge_rpc_snapshot, venue_public_api or unavailable.

    `book` merges the venues, best first.
    """

    symbol: str
    source: str
    nbbo: Nbbo
    venues: dict[str, VenueQuote]
    book: dict[str, Any] | None
    region: str
    remote: bool
    last_update_ns: int


class Quotes(msgspec.Struct, kw_only=True):
    """Several symbols; unknown ones are left out."""

    quotes: list[dict[str, Any]]


class Batch(msgspec.Struct, kw_only=True):
    """As many entries as were asked for, in their order; a bad one holds `error`."""

    quotes: list[dict[str, Any]]
    count: int
    elapsed_ms: int


class AllQuery(Query):
    """`symbols` (or `symbol`) is a comma list; `max_age_s` drops older quotes (default 300, 0 drops all)."""

    symbols: str | None = None
    symbol: str | None = None
    max_age_s: int | None = None


class OneQuery(Query):
    """`depth` levels a side, 1 to 100 (default 10); `nowait` skips the cold wait."""

    depth: int | None = None
    nowait: bool | None = None


class BatchBody(msgspec.Struct, kw_only=True, omit_defaults=True):
    """At most 2,000 symbols."""

    symbols: list[str]
    depth: int = 10
    nowait: bool = True
    concurrency: int = 64
    instrument_type: str | None = None


ALL = Operation(
    name="quotes.all",
    method="GET",
    path="/v1/quotes",
    summary="NBBO of all or some symbols",
    query=AllQuery,
    reply=Quotes,
    errors=("VALIDATION_ERROR",),
)
ONE = Operation(
    name="quotes.one",
    method="GET",
    path="/v1/quotes/{symbol}",
    summary="NBBO, each venue's touch and the merged book of one symbol",
    query=OneQuery,
    reply=Quote,
    errors=("VALIDATION_ERROR",),
)
BATCH = Operation(
    name="quotes.batch",
    method="POST",
    path="/v1/quotes_batch",
    summary="Up to 2,000 quotes at once",
    body=BatchBody,
    reply=Batch,
    errors=("VALIDATION_ERROR",),
)
OPERATIONS = (ALL, ONE, BATCH)
