"""Execution graphs: what the exchange remembers of one, and how it changes step by step.

A graph owns nodes and edges. A node that activates becomes an order, for every activation another one; an edge turns
what happens to one node into the start or the cancel of another.
"""

from typing import Any

import msgspec

TERMINAL = frozenset({"COMPLETED", "CANCELLED", "FAILED"})
ON_FILL = "on_fill"
"""The one trigger that fires again and again."""


class Node(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A node as it was submitted and resolved, and the orders it became.

    `status` is WAITING or SKIPPED, "" once active; `outcome` the terminal status of its last order; `live` how many of
    its orders are open; `ordered_1e8` their quantity and that of the ended ones; `terminal_ns` when it was clear that
    nothing more comes of it. `cost` is Σ price × quantity of its fills, 1e17; `filled_at` is what of a perp filled at
    each venue.
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
    trigger_price_1e9: int | None = None
    tif: str
    execution: dict[str, Any]
    qty_1e8: int | None
    notional_usd_1e9: int | None
    activation: str = "root"
    status: str = "WAITING"
    outcome: str = ""
    filled_qty_1e8: int = 0
    cost: int = 0
    fees_usd_1e9: int = 0
    filled_at: dict[str, int] = {}
    failure_reason: str | None = None
    node_order_ids: list[str] = []
    live: int = 0
    ordered_1e8: int = 0
    activated_ns: int | None = None
    terminal_ns: int | None = None

    @property
    def slices(self) -> int:
        """Into how many slices its quantity is spread; 0 = none."""
        return slices_of(self.execution)

    @property
    def room_1e8(self) -> int | None:
        """What its activations may still ask for together; None before a notional became a quantity."""
        if self.qty_1e8 is None:
            return None if not self.ordered_1e8 else 0
        return max(0, self.qty_1e8 - self.ordered_1e8)


class Edge(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What starts (or cancels) `to_node`, and how often it has.

    `after_ms` belongs to on_timeout, `ratio` to on_fill_ratio, `size_ratio` to the sizing fill_ratio, `size_1e8` to
    fixed; ratios are decimal text. `seen_1e8` is what has filled of the source, `passed_1e8` what was passed on.
    """

    edge_id: str
    from_node: str
    to_node: str
    trigger: str
    after_ms: int | None = None
    ratio: str | None = None
    sizing: str = "node"
    size_ratio: str | None = None
    size_1e8: int | None = None
    action: str = "activate"
    fired_count: int = 0
    last_fired_ns: int | None = None
    seen_1e8: int = 0
    passed_1e8: int = 0


class Bounds(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A graph's own limits; None = none. The allowed loss and net quantity rise when a breach is resumed from."""

    max_deviation_bps: int | None = None
    max_loss_usd_1e9: int | None = None
    max_unhedged_1e8: int | None = None
    on_breach: str = "cancel_all"
    on_reject: str = "none"

    @property
    def kept(self) -> bool:
        """Whether there is one to be looked at while the graph runs."""
        return self.max_loss_usd_1e9 is not None or self.max_unhedged_1e8 is not None


class Held(msgspec.Struct):
    """What a pause keeps back: to ``activate`` a node, ``fire`` a stop, or begin the next ``slice`` of an order.

    `name` is the node's or the order's id; `qty_1e8` None = the node's own quantity.
    """

    what: str
    name: str
    qty_1e8: int | None = None


class Graph(msgspec.Struct, kw_only=True):
    """One graph. `digest` judges sameness of a repeated submission; `risk` and `metadata` are JSON text.

    `funding_usd_1e9` is what its own fills in perps have paid in funding.
    Once `cancelling`, or `failing` for a reason, nothing of it starts any more.
    """

    client_id: str
    graph_id: str
    digest: str
    status: str
    nodes: list[Node]
    edges: list[Edge] = []
    risk: str = "{}"
    bounds: Bounds = msgspec.field(default_factory=Bounds)
    metadata: str = "null"
    held: list[Held] = []
    pause_reason: str | None = None
    failure_reason: str | None = None
    failing: str | None = None
    cancelling: bool = False
    created_ns: int
    updated_ns: int
    terminal_ns: int | None = None
    sandbox: bool = True
    ended: bool = False
    funding_usd_1e9: int = 0

    @property
    def slices(self) -> int:
        """How many nodes and edges more it has once its orders in slices are taken apart."""
        return sum(node.slices for node in self.nodes)

    def node(self, node_id: str) -> Node:
        """A node by its id."""
        return self.nodes[self.at(node_id)]

    def at(self, node_id: str) -> int:
        """The place of a node."""
        if self.nodes[0].node_id == node_id:
            return 0
        return next(at for at, node in enumerate(self.nodes) if node.node_id == node_id)

    @property
    def over(self) -> bool:
        """Whether nothing of it starts any more."""
        return self.cancelling or self.failing is not None or self.ended


class Touched(msgspec.Struct):
    """What of a graph has changed since it was last told of: places of nodes and edges, or the `whole`.

    `known` is how many order ids of a node were told before.
    """

    nodes: dict[int, int] = {}
    edges: set[int] = set()
    whole: bool = False


def slices_of(execution: dict[str, Any]) -> int:
    """The number of slices that an execution asks for, 0 without pacing."""
    pacing = execution.get("pacing")
    return pacing["uniform"]["num_slices"] if pacing else 0


_NODE = (*("status", "outcome", "failure_reason", "live", "qty_1e8", "ordered_1e8", "activated_ns", "terminal_ns"),)
_EDGE = ("fired_count", "last_fired_ns", "seen_1e8", "passed_1e8")


def step_of(graph: Graph, touched: Touched) -> dict[str, Any]:
    """A change of a graph, as small as it is."""
    nodes = []
    for at, known in sorted(touched.nodes.items()):
        node = graph.nodes[at]
        nodes.append([at, [getattr(node, name) for name in _NODE], known, node.node_order_ids[known:]])
    edges = [[at, [getattr(graph.edges[at], name) for name in _EDGE]] for at in sorted(touched.edges)]
    held = [[row.what, row.name, row.qty_1e8] for row in graph.held]
    return {"client_id": graph.client_id, "graph_id": graph.graph_id, "nodes": nodes, "edges": edges, "held": held}


def take_step(graph: Graph, data: dict[str, Any], ts_ns: int) -> None:
    """Make the change that `step_of` tells of; making it twice changes nothing more."""
    graph.updated_ns = ts_ns
    for at, values, known, names in data["nodes"]:
        node = graph.nodes[at]
        for name, value in zip(_NODE, values, strict=True):
            setattr(node, name, value)
        node.node_order_ids[known:] = names
    for at, values in data["edges"]:
        for name, value in zip(_EDGE, values, strict=True):
            setattr(graph.edges[at], name, value)
    graph.held = [Held(*row) for row in data["held"]]
