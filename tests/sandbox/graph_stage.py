"""Graphs written in few words, submitted to a `Stage`."""

from random import Random
from typing import Any

from seqcli.sandbox.exchange.exchange import Placed
from seqcli.sandbox.exchange.graphs import Edge, Graph, Node
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.market.books import Market
from seqcli.wire import shapes, strict
from seqcli.wire.submission import GraphOrder
from tests.sandbox.stage import ME, START, Stage, px, sz


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


# -- at random -------------------------------------------------------------------------------------------------------

PRICES = {"BTC-USD": 75_000, "ETH-USD": 2_500, "ETH-USD-PERP": 2_500, "SOL-USDT": 150}
PLAIN = ("on_accepted", "on_first_fill", "on_fill", "on_full_fill", "on_cancel", "on_done", "on_reject")


def random_graph(dice: Random, market: Market, prices: dict[str, int] = PRICES) -> dict[str, Any]:
    """A body that the rules accept, every order of which ends within the horizon."""
    names = [f"n{at}" for at in range(dice.randint(2, 8))]
    nodes = [random_node(dice, market, name, prices) for name in names]
    edges: list[dict[str, Any]] = []
    for at, target in enumerate(names):
        for source in names[:at]:
            if dice.random() < 0.5:
                edges.append(random_edge(dice, f"e{len(edges)}", source, target))
        if at and dice.random() < 0.2:
            link = random_edge(dice, f"e{len(edges)}", target, dice.choice(names[:at]))
            edges.append({**link, "action": "cancel", "sizing": "node"})
    risk: dict[str, Any] = {"on_failure": {"on_reject": dice.choice(["none", "none", "cancel_all"])}}
    if dice.random() < 0.3:
        risk["runtime"] = {dice.choice(["max_loss_usd", "max_unhedged_qty"]): dice.choice([1, 20, 100])}
        risk["on_failure"]["on_runtime_breach"] = dice.choice(["cancel_all", "pause", "none"])
    return {"nodes": nodes, "edges": edges, "risk": risk}


def random_node(dice: Random, market: Market, name: str, prices: dict[str, int]) -> dict[str, Any]:
    symbol = dice.choice(list(prices))
    side = dice.choice(["buy", "sell"])
    venue, top = dice.choice(list(market.best(symbol, START).items()))
    step = market.instruments()[symbol].tick_size_1e9
    price = top.bid_1e9 * dice.randint(99_800, 100_200) // 100_000 // step * step
    kind: Any = dice.choice(["market", "market", {"limit": {"price_1e9": price}}])
    execution: dict[str, Any] = {"horizon_ms": dice.randint(1, 200_000), "urgency": dice.choice(["low", "high"])}
    execution["policy"] = dice.choice(["sor", "sor", "sor", "passive", "aggressive_chase"])
    if dice.random() < 0.25:
        trigger = {"trigger_price_1e9": price}
        kind = {"stop_market": trigger} if kind == "market" else {"stop_limit": {**trigger, "price_1e9": price}}
    elif dice.random() < 0.3:
        execution["pacing"] = {"uniform": {"num_slices": dice.randint(2, 5), "interval_ms": dice.randint(100, 20_000)}}
    if dice.random() < 0.3:
        execution["max_slippage_bps"] = dice.choice([0, 2, 30])
    quantity: Any = {"fixed": {"qty_1e8": dice.randint(1, 30) * 10**10 // prices[symbol] // 10**4 * 10**6 or 10**6}}
    if dice.random() < 0.05:
        quantity = {"fixed": {"qty_1e8": 7}}  # below any minimum
    elif dice.random() < 0.15:
        quantity = {"notional": {"notional_usd_1e9": dice.randint(1, 3000) * 10**9}}
    return {
        "node_id": name,
        "instrument": {"symbol": symbol, "venue": dice.choice([None, venue])},
        "side": side,
        "order_type": kind,
        "quantity": quantity,
        "execution": execution,
    }


def random_edge(dice: Random, name: str, source: str, target: str) -> dict[str, Any]:
    link: dict[str, Any] = {
        "edge_id": name,
        "from_node": source,
        "to_node": target,
        "trigger": dice.choice([*PLAIN, "on_reject"]),
    }
    if dice.random() < 0.2:
        link["trigger"] = {"on_timeout": {"ms": dice.randint(1, 60_000)}}
    elif dice.random() < 0.2:
        link |= {"trigger": "on_fill_ratio", "condition": {"fill_ratio_gte": dice.choice([0.01, 0.5, 1])}}
    if dice.random() < 0.25:
        return link | {"action": "cancel"}
    sizings: list[Any] = [None, None, "node", {"fill_ratio": {"ratio": dice.choice([0.3, 1, 2])}}]
    return link | {"sizing": dice.choice([*sizings, {"fixed": {"qty_1e8": 10**7}}])}
