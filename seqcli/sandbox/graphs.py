"""Execution graphs: what the exchange remembers of one, its status, and the bodies the API shows.

A graph owns nodes; a node that activates becomes an order. Served today: root nodes without edges, each at once.
"""

from typing import Any

import msgspec

from seqcli.sandbox.orders import Order

TERMINAL = frozenset({"COMPLETED", "CANCELLED", "FAILED"})


class Node(msgspec.Struct, kw_only=True):
    """A node as it was submitted and resolved, and the orders it became.

    `status` is WAITING or SKIPPED, "" once active; `outcome` the terminal status of its last order.
    """

    node_id: str
    symbol: str
    kind: str
    base: str
    quote: str
    pin: str | None
    side: str
    order_type: Any
    limit_price_1e9: int | None
    tif: str
    execution: dict[str, Any]
    qty_1e8: int | None
    notional_usd_1e9: int | None
    activation: str = "root"
    status: str = "WAITING"
    outcome: str = ""
    filled_qty_1e8: int = 0
    failure_reason: str | None = None
    node_order_ids: list[str] = []
    activated_ns: int | None = None
    terminal_ns: int | None = None


class Graph(msgspec.Struct, kw_only=True):
    """One graph. `digest` judges sameness of a repeated submission; `risk` and `metadata` are JSON text."""

    client_id: str
    graph_id: str
    digest: str
    status: str
    nodes: list[Node]
    edges: list[dict[str, Any]] = []
    risk: str = "{}"
    metadata: str = "null"
    pause_reason: str | None = None
    failure_reason: str | None = None
    cancelling: bool = False
    created_ns: int
    updated_ns: int
    terminal_ns: int | None = None
    sandbox: bool = True
    ended: bool = False

    def node(self, node_id: str) -> Node:
        """A node by its id."""
        return next(node for node in self.nodes if node.node_id == node_id)


def settle(graph: Graph, order: Order, now_ns: int) -> None:
    """Bring a graph up to what one of its orders has become.

    ACCEPTED → RUNNING with the first order; once every order is terminal: CANCELLED after a cancel of the graph,
    FAILED when one was rejected and nothing filled, else COMPLETED.
    """
    graph.updated_ns = now_ns
    if graph.status == "ACCEPTED":
        graph.status = "RUNNING"
    node = graph.node(order.node_id)
    node.filled_qty_1e8 = order.filled_qty_1e8
    if order.ended:
        node.outcome, node.failure_reason = order.status, order.failure_reason
        node.terminal_ns = order.terminal_ns
    if all(node.outcome for node in graph.nodes):
        _finish(graph, now_ns)


def _finish(graph: Graph, now_ns: int) -> None:
    refused = [node for node in graph.nodes if node.outcome == "REJECTED"]
    if graph.cancelling:
        graph.status = "CANCELLED"
    elif refused and not any(node.filled_qty_1e8 for node in graph.nodes):
        graph.status, graph.failure_reason = "FAILED", refused[0].failure_reason
    else:
        graph.status = "COMPLETED"
    graph.terminal_ns, graph.ended = now_ns, True
