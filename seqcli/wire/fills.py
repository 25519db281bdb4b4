"""Fills. API: /v1/fills."""

import msgspec

from seqcli.wire.operation import Operation, Query


class Fill(msgspec.Struct, kw_only=True):
    """One execution; `fill_id` is unique for ever; a negative `fee_usd_1e9` is a rebate."""

    fill_id: str
    node_order_id: str
    graph_id: str
    node_id: str
    symbol: str
    instrument_type: str
    venue: str
    side: str
    price_1e9: int
    qty_1e8: int
    notional_usd_1e9: int
    fee_usd_1e9: int
    fee_bps: int
    liquidity: str
    venue_order_id: str
    venue_trade_id: str
    is_prediction: bool
    is_sandbox: bool
    ts_ns: int


class FillPage(msgspec.Struct, kw_only=True):
    """Newest first."""

    fills: list[Fill]
    total: int
    limit: int
    offset: int
    has_more: bool


class ListQuery(Query):
    """Filters; times are on `ts_ns`."""

    symbol: str | None = None
    node_order_id: str | None = None
    graph_id: str | None = None
    venue: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    sandbox: bool | None = None
    limit: int | None = None
    offset: int | None = None


LIST = Operation(
    name="fills.list",
    method="GET",
    path="/v1/fills",
    summary="Fills, newest first",
    query=ListQuery,
    reply=FillPage,
    errors=("VALIDATION_ERROR",),
)
OPERATIONS = (LIST,)
