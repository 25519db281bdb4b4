"""Symbols, fees, and who trades what. API: /v1/symbols, /v1/fees, /v1/pairs/{symbol}/venues."""

import msgspec

from seqcli.wire.operation import Operation, Query


class Symbol(msgspec.Struct, kw_only=True):
    """A tradable symbol; sizes are the smallest over its venues, 0 = unknown."""

    symbol: str
    base: str
    quote: str
    instrument_type: str
    venues: list[str]
    status: str
    tick_size_1e9: int
    lot_size_1e8: int
    min_qty_1e8: int
    min_notional_1e9: int
    price_precision: int
    qty_precision: int


class SymbolsQuery(Query):
    """`q` is free text over the symbol."""

    venue: str | None = None
    type: str | None = None
    q: str | None = None


class VenueFee(msgspec.Struct, kw_only=True):
    """Basis points; null = no data, do not route there."""

    venue: str
    maker_bps: int | None
    taker_bps: int | None


class Fees(msgspec.Struct, kw_only=True):
    """Rates of every venue that trades `ticker`."""

    ticker: str
    fees: list[VenueFee]


class FeesQuery(Query):
    """`venues` is a comma list."""

    ticker: str | None = None
    venues: str | None = None


class PairVenue(msgspec.Struct, kw_only=True):
    """One venue's terms for a symbol."""

    venue: str
    venue_symbol: str
    instrument_type: str
    region: str
    remote: bool
    connected: bool
    tick_size_1e9: int
    lot_size_1e8: int
    min_qty_1e8: int
    min_notional_1e9: int
    maker_bps: int | None
    taker_bps: int | None


class PairVenues(msgspec.Struct, kw_only=True):
    """Venues trading a symbol."""

    symbol: str
    venues: list[PairVenue]
    count: int


SYMBOLS = Operation(
    name="market.symbols",
    method="GET",
    path="/v1/symbols",
    summary="Tradable symbols",
    query=SymbolsQuery,
    reply=list[Symbol],
    errors=("VALIDATION_ERROR",),
)
FEES = Operation(
    name="market.fees",
    method="GET",
    path="/v1/fees",
    summary="Maker and taker rates of each venue",
    query=FeesQuery,
    reply=Fees,
    errors=("VALIDATION_ERROR",),
)
PAIR_VENUES = Operation(
    name="market.pair_venues",
    method="GET",
    path="/v1/pairs/{symbol}/venues",
    summary="Venues trading a symbol, with their sizes and fees",
    reply=PairVenues,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
OPERATIONS = (SYMBOLS, FEES, PAIR_VENUES)
