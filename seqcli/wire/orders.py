"""Orders: submit (simple form and graph form), preview, list, show, amend, cancel. API: /v1/orders."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation, Query, Repeat
from seqcli.wire.routing import Routed
from seqcli.wire.submission import GraphOrder, SimpleOrder, Strict

TERMINAL = frozenset({"FILLED", "PARTIAL", "CANCELLED", "REJECTED", "EXPIRED"})
"""Order statuses that never change again."""


class Leg(msgspec.Struct, kw_only=True):
    """The part of an order at one venue."""

    venue: str
    venue_order_id: str | None
    qty_1e8: int
    filled_qty_1e8: int
    avg_fill_price_1e9: int | None
    status: str
    failure_reason: str | None


class Order(msgspec.Struct, kw_only=True):
    """An order as REST and streams show it; `revision` grows by one with every change."""

    node_order_id: str
    graph_id: str
    node_id: str
    seq: int
    symbol: str
    instrument: dict[str, Any]
    side: str
    order_type: Any
    limit_price_1e9: int | None
    trigger_price_1e9: int | None
    tif: str
    execution: dict[str, Any]
    status: str
    end_reason: str | None
    failure_reason: str | None
    failure_detail: str | None
    qty_1e8: int
    filled_qty_1e8: int
    remaining_qty_1e8: int
    notional_usd_1e9: int | None
    avg_fill_price_1e9: int | None
    fees_usd_1e9: int
    arrival_mid_1e9: int | None
    legs: list[Leg]
    fill_count: int
    slice_count: int
    routing_version: int
    mode: str
    is_sandbox: bool
    revision: int
    metadata: Any
    created_ns: int
    updated_ns: int
    terminal_ns: int | None


class Placed(msgspec.Struct, kw_only=True):
    """Reply to a submission: 201 new, 200 replayed."""

    graph_id: str
    status: str
    node_order_id: str
    node_count: int
    edge_count: int
    expanded_node_count: int
    expanded_edge_count: int
    orders: list[Order]
    is_sandbox: bool
    replayed: bool
    created_ns: int


class OrderPage(msgspec.Struct, kw_only=True):
    """Newest first."""

    orders: list[Order]
    total: int
    limit: int
    offset: int
    has_more: bool


class ListQuery(Query):
    """Filters; `status` is a comma list or ``open`` or ``closed``; times are on `created_ns`."""

    symbol: str | None = None
    status: str | None = None
    venue: str | None = None
    graph_id: str | None = None
    node_order_id: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    include_slices: bool | None = None
    sandbox: bool | None = None
    limit: int | None = None
    offset: int | None = None


class NewConstraints(Strict):
    """`max_price_1e9` is the new limit price of a buy and of a sell."""

    max_price_1e9: int | None = None
    urgency: str | None = None
    horizon_ms: int | None = None
    participation_limit_bps: int | None = None


class Amend(Strict):
    """`new_qty_1e8` is the new total, not a delta. At least one key."""

    new_qty_1e8: int | None = None
    new_constraints: NewConstraints | None = None


class Amended(msgspec.Struct, kw_only=True):
    """Reply to an amend."""

    node_order_id: str
    graph_id: str
    status: str
    mode: str
    qty_1e8: int
    filled_qty_1e8: int
    limit_price_1e9: int | None
    revision: int
    updated_ns: int


class Cancelled(msgspec.Struct, kw_only=True):
    """Reply to the cancel of one order; `cancel_state` is requested, done or already_terminal."""

    node_order_id: str
    graph_id: str
    status: str
    cancel_state: str
    filled_qty_1e8: int
    updated_ns: int


class PreviewVenue(msgspec.Struct, kw_only=True):
    """One candidate; `reason` says why it was not chosen."""

    venue: str
    selected: bool
    qty_1e8: int
    est_avg_price_1e9: int | None
    est_fee_bps: int | None
    est_slippage_bps: Decimal | None
    est_cost_bps: Decimal | None
    reason: str | None


class Preview(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Estimate of an order that is not sent. A graph body is answered by `nodes` instead."""

    symbol: str
    side: str
    order_type: str
    qty: Decimal
    qty_1e8: int
    source: str
    reference_mid_1e9: int | None
    est_avg_price_1e9: int | None
    est_worst_price_1e9: int | None
    est_notional_usd_1e9: int
    est_fee_usd_1e9: int
    est_fee_bps: Decimal | None
    est_slippage_usd_1e9: int
    est_slippage_bps: Decimal | None
    est_total_cost_usd_1e9: int
    est_total_cost_bps: Decimal | None
    fillable_qty_1e8: int
    fillable: bool
    venues: list[PreviewVenue]
    warnings: list[str]
    routing_version: int | None = None
    routing: Routed | None = None
    as_of_ns: int


PLACE = Operation(
    name="orders.place",
    method="POST",
    path="/v1/orders",
    summary="Submit an order or an execution graph; idempotent by graph_id",
    body=SimpleOrder,
    alternative=("nodes", GraphOrder),
    reply=Placed,
    success=(201, 200),
    errors=("VALIDATION_ERROR", "CONFLICT"),
    repeat=Repeat.SAME_BYTES,
    access=Access.TRADE,
)
PREVIEW = Operation(
    name="orders.preview",
    method="POST",
    path="/v1/orders/preview",
    summary="Estimate price, fee, slippage and venues; nothing is submitted",
    body=SimpleOrder,
    alternative=("nodes", GraphOrder),
    reply=Preview,
    errors=("VALIDATION_ERROR",),
)
LIST = Operation(
    name="orders.list",
    method="GET",
    path="/v1/orders",
    summary="Orders, newest first; or one by node_order_id",
    query=ListQuery,
    reply=OrderPage,
    errors=("VALIDATION_ERROR",),
)
SHOW = Operation(
    name="orders.show",
    method="GET",
    path="/v1/orders/{node_order_id}",
    summary="One order",
    reply=Order,
    errors=("NOT_FOUND",),
)
AMEND = Operation(
    name="orders.amend",
    method="PATCH",
    path="/v1/orders/{node_order_id}",
    summary="Cancel and replace: a new total quantity, a new limit price, or both",
    body=Amend,
    reply=Amended,
    errors=("VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
)
CANCEL = Operation(
    name="orders.cancel",
    method="DELETE",
    path="/v1/orders/{node_order_id}",
    summary="Cancel one order; cancelling again is not an error",
    reply=Cancelled,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
OPERATIONS = (PLACE, PREVIEW, LIST, SHOW, AMEND, CANCEL)
