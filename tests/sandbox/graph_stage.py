"""Graphs written in few words, submitted to a `Stage`."""

from typing import Any

from seqcli.sandbox.exchange import Placed
from seqcli.sandbox.graphs import Edge, Graph, Node
from seqcli.sandbox.orders import Order
from seqcli.wire import shapes, strict
from seqcli.wire.submission import GraphOrder
from tests.sandbox.stage import ME, Stage, px, sz


def node(name: str, side: str = "buy", qty: str | None = "1", **words: Any) -> dict[str, Any]:
    """A node; `limit`, `stop`, `venue`, `symbol`, `usd` in words, everything else goes to `execution`."""
    limit, stop = words.pop("limit", None), words.pop("stop", None)
    kind: Any = "market"
    if stop is not None and limit is not None:
        kind = {"stop_limit": {"trigger_price_1e9": px(stop), "price_1e9": px(limit)}}
    elif stop is not None:
        kind = {"stop_market": {"trigger_price_1e9": px(stop)}}
    elif limit is not None:
        kind = {"limit": {"price_1e9": px(limit)}}
    usd = words.pop("usd", None)
    fixed = {"fixed": {"qty_1e8": sz(qty or "0")}}
    return {
        "node_id": name,
        "instrument": {"symbol": words.pop("symbol", "BTC-USD"), "venue": words.pop("venue", "kraken")},
        "side": side,
        "order_type": kind,
        "quantity": fixed if usd is None else {"notional": {"notional_usd_1e9": px(usd)}},
        "execution": words,
    }


def edge(source: str, target: str, trigger: Any, **words: Any) -> dict[str, Any]:
    """An edge named after its ends and its trigger; `ms` makes a timeout, `gte` a condition."""
    ms, gte = words.pop("ms", None), words.pop("gte", None)
    name = f"{source}.{target}.{trigger}"[:60]
    sent = {"on_timeout": {"ms": ms}} if ms is not None else trigger
    condition = {} if gte is None else {"condition": {"fill_ratio_gte": gte}}
    return {"edge_id": name, "from_node": source, "to_node": target, "trigger": sent, **condition, **words}


class Play:
    """One graph on a stage."""

    def __init__(self, stage: Stage, nodes: list[dict[str, Any]], *edges: dict[str, Any], **words: Any) -> None:
        self.stage = stage
        body: dict[str, Any] = {"graph_id": "g", "nodes": nodes, "edges": list(edges), **words}
        value = strict.parse(strict.encode(body), shapes.number)
        read, bad = shapes.typed(value, GraphOrder)
        assert not bad
        self.placed: Placed = stage.exchange.place(ME, read, stage.now)
        self.graph_id: str = body["graph_id"]
        stage.settle()

    @property
    def graph(self) -> Graph:
        found = self.stage.exchange.find_graph(ME, self.graph_id)
        assert found is not None
        return found

    @property
    def status(self) -> str:
        return self.graph.status

    def node(self, name: str) -> Node:
        return self.graph.node(name)

    def edge(self, name: str) -> Edge:
        return next(row for row in self.graph.edges if row.edge_id == name)

    def order(self, name: str, seq: int = 1) -> Order:
        return self.stage.exchange.find_order(ME, f"graph:{self.graph_id}:{name}:{seq}")

    def outcome(self, name: str) -> str:
        """The status of a node: of its last order, or WAITING, or SKIPPED."""
        found = self.node(name)
        return found.status or self.stage.exchange.find_order(ME, found.node_order_ids[-1]).status

    def outcomes(self) -> dict[str, str]:
        return {row.node_id: self.outcome(row.node_id) for row in self.graph.nodes}

    def cancel(self) -> int:
        count = self.stage.exchange.cancel_graph(ME, self.graph_id, self.stage.now)[2]
        self.stage.settle()
        return count

    def resume(self) -> bool:
        was_paused = self.stage.exchange.resume_graph(ME, self.graph_id, self.stage.now)[1]
        self.stage.settle()
        return was_paused
