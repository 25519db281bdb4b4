"""What is submitted: an order in simple words, or an execution graph of nodes and edges.

Both are bodies of POST /v1/orders and of its preview.
"""

from decimal import Decimal
from typing import Any

import msgspec


class Strict(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of bodies in which an unknown key is an error."""


class SimpleOrder(Strict):
    """A one-node graph in simple words; human decimals.

    Exactly one of `qty` (base units) and `notional` (USD).
    """

    symbol: str
    side: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    price: Decimal | None = None
    limit_price: Decimal | None = None
    order_type: str | None = None
    venue: str | None = None
    graph_id: str | None = None
    sandbox: bool | None = None
    is_sandbox: bool | None = None
    tif: str | None = None
    urgency: str | None = None
    policy: str | None = None
    max_slippage_bps: int | None = None
    horizon_ms: int | None = None
    instrument_type: str | None = None
    metadata: Any = None


class Instrument(Strict):
    """What is traded; `venue` null means every venue that trades it."""

    symbol: str
    type: str | None = None
    venue: str | None = None


class LimitPrice(Strict):
    """1e9 fixed point."""

    price_1e9: int


class StopMarket(Strict):
    """Market once the opposite touch reaches the trigger; 1e9 fixed point."""

    trigger_price_1e9: int


class StopLimit(Strict):
    """Limit once the opposite touch reaches the trigger; 1e9 fixed point."""

    trigger_price_1e9: int
    price_1e9: int


class OrderType(Strict):
    """One of limit, stop_market, stop_limit; a market order is the text ``"market"`` instead."""

    limit: LimitPrice | None = None
    stop_market: StopMarket | None = None
    stop_limit: StopLimit | None = None


class FixedQuantity(Strict):
    """1e8 fixed point."""

    qty_1e8: int


class NotionalQuantity(Strict):
    """USD, 1e9 fixed point; becomes a quantity when the node activates."""

    notional_usd_1e9: int


class NodeQuantity(Strict):
    """Exactly one kind."""

    fixed: FixedQuantity | None = None
    notional: NotionalQuantity | None = None


class UniformPacing(Strict):
    """Equal slices, `interval_ms` apart."""

    num_slices: int
    interval_ms: int


class Pacing(Strict):
    """How a node's quantity is spread over time."""

    uniform: UniformPacing | None = None


class Execution(Strict):
    """How a node is worked."""

    policy: str | None = None
    urgency: str | None = None
    max_slippage_bps: int | None = None
    horizon_ms: int | None = None
    tif: str | None = None
    pacing: Pacing | None = None
    wallet_id: str | None = None


class Node(Strict):
    """One order of a graph."""

    node_id: str
    instrument: Instrument
    side: str
    order_type: str | OrderType
    quantity: NodeQuantity
    execution: Execution | None = None
    activation: str | None = None


class Edge(Strict):
    """What makes `to_node` start (or be cancelled)."""

    edge_id: str
    from_node: str
    to_node: str
    trigger: str | dict[str, Any] = msgspec.field(default_factory=lambda: "on_fill")  # a factory's is always sent
    condition: dict[str, Any] | None = None
    sizing: str | dict[str, Any] | None = None
    action: str | None = None


class GraphOrder(Strict):
    """Nodes and edges, submitted whole under one `graph_id`."""

    nodes: list[Node]
    edges: list[Edge] = []
    graph_id: str | None = None
    risk: dict[str, Any] | None = None
    is_sandbox: bool | None = None
    sandbox: bool | None = None
    metadata: Any = None
