"""Execution graphs: show, list, cancel, resume, amend a node. API: /v1/execution_graphs."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation, Query, Repeat
from seqcli.wire.orders import NewConstraints, Order
from seqcli.wire.submission import Execution, NodeQuantity, OrderType, Strict

TERMINAL = frozenset({"COMPLETED", "CANCELLED", "FAILED"})


class NodeState(msgspec.Struct, kw_only=True):
    """A node as it stands; `status` is an order status, WAITING or SKIPPED."""

    node_id: str
    instrument: dict[str, Any]
    side: str
    order_type: Any
    quantity: dict[str, Any]
    execution: dict[str, Any]
    activation: str
    status: str
    node_order_id: str | None
    node_order_ids: list[str]
    qty_1e8: int | None
    filled_qty_1e8: int
    avg_fill_price_1e9: int | None
    failure_reason: str | None
    slices: list[dict[str, Any]]
    activated_ns: int | None
    terminal_ns: int | None


class EdgeState(msgspec.Struct, kw_only=True):
    """An edge and how often it fired."""

    edge_id: str
    from_node: str
    to_node: str
    trigger: Any
    condition: dict[str, Any] | None
    sizing: Any
    action: str
    fired_count: int
    last_fired_ns: int | None


class Graph(msgspec.Struct, kw_only=True):
    """A graph as it stands. Status: ACCEPTED, RUNNING, PAUSED, then COMPLETED, CANCELLED or FAILED."""

    graph_id: str
    status: str
    is_sandbox: bool
    node_count: int
    edge_count: int
    expanded_node_count: int
    expanded_edge_count: int
    nodes: list[NodeState]
    edges: list[EdgeState]
    orders: list[Order]
    risk: dict[str, Any]
    metadata: Any
    pause_reason: str | None
    failure_reason: str | None
    created_ns: int
    updated_ns: int
    terminal_ns: int | None


class GraphRow(msgspec.Struct, kw_only=True):
    """A graph without its nodes, edges and orders."""

    graph_id: str
    status: str
    is_sandbox: bool
    node_count: int
    edge_count: int
    expanded_node_count: int
    expanded_edge_count: int
    risk: dict[str, Any]
    metadata: Any
    pause_reason: str | None
    failure_reason: str | None
    created_ns: int
    updated_ns: int
    terminal_ns: int | None


class GraphPage(msgspec.Struct, kw_only=True):
    """Newest first."""

    execution_graphs: list[GraphRow]
    total: int
    limit: int
    offset: int
    has_more: bool


class ListQuery(Query):
    """Filters."""

    status: str | None = None
    sandbox: bool | None = None
    limit: int | None = None
    offset: int | None = None


class OrderState(msgspec.Struct, kw_only=True):
    """An order of a graph that is being cancelled."""

    node_order_id: str
    status: str


class GraphCancelled(msgspec.Struct, kw_only=True):
    """Reply to the cancel of a graph; `cancel_state` is requested, done or already_terminal."""

    graph_id: str
    status: str
    cancel_state: str
    cancel_requested_count: int
    orders: list[OrderState]


class Resumed(msgspec.Struct, kw_only=True):
    """`resumed` is false when it ran already."""

    graph_id: str
    status: str
    resumed: bool


class AmendNode(Strict):
    """The amend of a node's latest order; while it waits, also its definition."""

    new_qty_1e8: int | None = None
    new_constraints: NewConstraints | None = None
    quantity: NodeQuantity | None = None
    order_type: str | OrderType | None = None
    execution: Execution | None = None


LIST = Operation(
    name="graphs.list",
    method="GET",
    path="/v1/execution_graphs",
    summary="Graphs, newest first",
    query=ListQuery,
    reply=GraphPage,
    errors=("VALIDATION_ERROR",),
)
SHOW = Operation(
    name="graphs.show",
    method="GET",
    path="/v1/execution_graphs/{graph_id}",
    summary="One graph with its nodes, edges and orders",
    reply=Graph,
    errors=("NOT_FOUND",),
)
CANCEL = Operation(
    name="graphs.cancel",
    method="DELETE",
    path="/v1/execution_graphs/{graph_id}",
    summary="Cancel every open order of a graph; cancelling again is not an error",
    reply=GraphCancelled,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
RESUME = Operation(
    name="graphs.resume",
    method="POST",
    path="/v1/execution_graphs/{graph_id}/resume",
    summary="Resume a paused graph",
    reply=Resumed,
    errors=("NOT_FOUND", "CONFLICT"),
    access=Access.TRADE,
    body_optional=True,
)
AMEND_NODE = Operation(
    name="graphs.amend_node",
    method="PATCH",
    path="/v1/execution_graphs/{graph_id}/nodes/{node_id}",
    summary="Amend a node's latest order, or its definition while it waits",
    body=AmendNode,
    reply=NodeState,
    errors=("VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
)
OPERATIONS = (LIST, SHOW, CANCEL, RESUME, AMEND_NODE)
