"""Graphs that are fine, and graphs with one fault each, with the faults that both sides name."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

BTC = {"symbol": "BTC-USD", "type": "spot", "venue": None}
Fault = tuple[str, str]


def node(name: str = "a", **fields: Any) -> dict[str, Any]:
    base = {
        "node_id": name,
        "instrument": BTC,
        "side": "buy",
        "order_type": "market",
        "quantity": {"fixed": {"qty_1e8": 100_000_000}},
        "execution": {},
    }
    return base | fields


def edge(start: str = "a", end: str = "b", **fields: Any) -> dict[str, Any]:
    return {"edge_id": f"{start}-{end}", "from_node": start, "to_node": end} | fields


def graph(*nodes: dict[str, Any], edges: Any = (), **fields: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), "edges": list(edges), **fields}


def pair(**fields: Any) -> dict[str, Any]:
    """Two nodes, and one edge between them with these fields."""
    return graph(node("a"), node("b"), edges=[edge(**fields)])


def chain(*names: str, back: tuple[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    ends = list(pairwise(names)) + ([back] if back else [])
    return graph(*(node(name) for name in names), edges=[edge(*each, **fields) for each in ends])


def paced(num_slices: Any = 10, interval_ms: Any = 30_000, **execution: Any) -> dict[str, Any]:
    return {"pacing": {"uniform": {"num_slices": num_slices, "interval_ms": interval_ms}}} | execution


def limit(price_1e9: int) -> dict[str, Any]:
    return {"limit": {"price_1e9": price_1e9}}


TRIGGERS = (
    "must be one of on_accepted, on_first_fill, on_fill, on_full_fill, on_fill_ratio, on_cancel, on_done, on_reject"
    ' or {"on_timeout":{"ms":30000}}'
)
SIZINGS = 'must be "node", {"fill_ratio":{"ratio":1}} or {"fixed":{"qty_1e8":…}}'
NAME = "must be 1 to 64 of A-Z a-z 0-9 _ . -"
AN_HOUR = {"on_timeout": {"ms": 3_600_000}}
EVERY_TRIGGER = (
    "on_accepted",
    "On_First_Fill",
    "on_fill",
    "on_full_fill",
    "on_cancel",
    "on_done",
    "on_reject",
    AN_HOUR,
)

GOOD: dict[str, dict[str, Any]] = {
    "one node": graph(node()),
    "a limit": graph(node(order_type=limit(1))),
    "stops": graph(
        node("a", side="sell", order_type={"stop_market": {"trigger_price_1e9": 1}}),
        node("b", order_type={"stop_limit": {"trigger_price_1e9": 2, "price_1e9": 3}}),
    ),
    "dollars": graph(node(quantity={"notional": {"notional_usd_1e9": 1}})),
    "slices": graph(node(execution=paced(policy="TWAP", tif="ioc"))),
    "the most slices": graph(*(node(f"n{at}", execution=paced(200, 100)) for at in range(10))),
    "every trigger": graph(
        node("a"),
        node("b"),
        edges=[
            edge(edge_id=f"e{at}", trigger=trigger)
            for at, trigger in enumerate(
                (
                    "on_accepted",
                    "On_First_Fill",
                    "on_fill",
                    "on_full_fill",
                    "on_cancel",
                    "on_done",
                    "on_reject",
                    AN_HOUR,
                )
            )
        ],
    ),
    "a ratio of one": pair(trigger="on_fill_ratio", condition={"fill_ratio_gte": 1}),
    "sizes": graph(
        node("a"),
        node("b"),
        edges=[
            edge(edge_id="1", sizing="node"),
            edge(edge_id="2", sizing={"fill_ratio": {"ratio": Decimal("2.5")}}),
            edge(edge_id="3", sizing={"fixed": {"qty_1e8": 1}}),
        ],
    ),
    "activations said": graph(node("a", activation="Root"), node("b", activation="wait"), edges=[edge()]),
    "cancels in a circle": graph(
        node("a"), node("b"), edges=[edge("a", "b", action="cancel"), edge("b", "a", action="CANCEL")]
    ),
    "a diamond": graph(
        *(node(name) for name in "abcd"), edges=[edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")]
    ),
    "risk": graph(
        node(),
        risk={
            "admission": {"max_notional_usd": 500_000},
            "pre_trade": {"max_price_deviation_bps": 0},
            "runtime": {"max_loss_usd": Decimal("10000.5"), "max_unhedged_qty": 5},
            "on_failure": {"on_runtime_breach": "Pause", "on_reject": "cancel_all"},
        },
    ),
    "the longest names": graph(node("n" * 64), graph_id="g" * 128, metadata={"x": "y" * 8000}),
}

BAD: dict[str, tuple[dict[str, Any], list[Fault]]] = {
    # names and counts
    "no nodes": (graph(), [("nodes", "must be 1 to 256")]),
    "too many nodes": (graph(*(node(f"n{at}") for at in range(257))), [("nodes", "must be 1 to 256")]),
    "too many edges": (
        graph(node("a"), node("b"), edges=[edge(edge_id=f"e{at}") for at in range(1025)]),
        [("edges", "must be 0 to 1024")],
    ),
    "too many slices": (
        graph(*(node(f"n{at}", execution=paced(200)) for at in range(11))),
        [("nodes", "with their slices 2211; at most 2048")],
    ),
    "a node id twice": (graph(node(), node()), [("nodes[1].node_id", "used twice")]),
    "an edge id twice": (
        graph(node("a"), node("b"), edges=[edge(), edge(trigger="on_done")]),
        [("edges[1].edge_id", "used twice")],
    ),
    "a node id of other letters": (graph(node("a:b")), [("nodes[0].node_id", NAME)]),
    "a node id that is too long": (graph(node("n" * 65)), [("nodes[0].node_id", NAME)]),
    "an edge id of other letters": (pair(edge_id="e 1"), [("edges[0].edge_id", NAME)]),
    "a node id like a slice": (graph(node("a.s12")), [("nodes[0].node_id", "may not end like a slice (.s1)")]),
    "a graph id of other letters": (
        graph(node(), graph_id="a/b"),
        [("graph_id", "must be 1 to 128 of A-Z a-z 0-9 _ . : -")],
    ),
    "the graph id graph": (graph(node(), graph_id="graph"), [("graph_id", "the word graph alone is no id")]),
    "two minds about paper": (
        graph(node(), sandbox=True, is_sandbox=False),
        [("is_sandbox", "sandbox and is_sandbox differ")],
    ),
    "much metadata": (graph(node(), metadata="x" * 8191), [("metadata", "more than 8192 bytes")]),
    # ends and shape of the graph
    "an unknown node": (
        graph(node("spot"), node("hedge"), edges=[edge("spot", "hegde")]),
        [("edges[0].to_node", "no node 'hegde'; did you mean hedge?")],
    ),
    "an unknown node unlike any": (
        graph(node("spot"), edges=[edge("zzz", "spot")]),
        [("edges[0].from_node", "no node 'zzz'")],
    ),
    "a self edge": (graph(node("a"), edges=[edge("a", "a")]), [("edges[0].to_node", "an edge from a to itself")]),
    "a cycle behind a root": (chain("r", "a", "b", back=("b", "a")), [("edges[2]", "cycle: a → b → a")]),
    "a cycle without a root": (
        chain("a", "b", back=("b", "a")),
        [
            ("nodes", "no root: every node waits for another, so nothing would start"),
            ("edges[1]", "cycle: a → b → a"),
        ],
    ),
    "two cycles": (
        graph(
            *(node(name) for name in "rabc"),
            edges=[edge("r", "a"), edge("a", "b"), edge("b", "a"), edge("a", "c"), edge("c", "a")],
        ),
        [("edges[2]", "cycle: a → b → a"), ("edges[4]", "cycle: a → c → a")],
    ),
    "a long cycle": (
        chain("r", *(f"n{at}" for at in range(20)), back=("n19", "n0")),
        [
            (
                "edges[20]",
                "cycle: n0 → n1 → n2 → n3 → n4 → n5 → n6 → n7 → n8 → n9 → (9 more) → n19 → n0",
            )
        ],
    ),
    "waiting for nothing": (
        graph(node(activation="wait")),
        [
            (
                "nodes[0].activation",
                "a waiting node needs an incoming edge that activates it; one without is a root",
            )
        ],
    ),
    "waiting for a cancel": (
        graph(node("a"), node("b", activation="wait"), edges=[edge(action="cancel")]),
        [
            (
                "nodes[1].activation",
                "a waiting node needs an incoming edge that activates it; one without is a root",
            )
        ],
    ),
    "a root that waits": (
        graph(node("a"), node("b", activation="root"), edges=[edge()]),
        [("nodes[1].activation", "a root has no incoming edge that activates it; this one waits")],
    ),
    "another activation": (graph(node(activation="now")), [("nodes[0].activation", "must be root or wait")]),
    # triggers, conditions, sizes, actions
    "another trigger": (pair(trigger="fill_pct"), [("edges[0].trigger", TRIGGERS)]),
    "another trigger object": (pair(trigger={"on_timer": {}}), [("edges[0].trigger", TRIGGERS)]),
    "a timeout of no length": (
        pair(trigger="on_timeout"),
        [("edges[0].trigger", 'a timeout has its milliseconds: {"on_timeout":{"ms":30000}}')],
    ),
    "a timeout of another shape": (
        pair(trigger={"on_timeout": {"seconds": 3}}),
        [("edges[0].trigger.on_timeout", 'must be as in {"on_timeout":{"ms":30000}}')],
    ),
    "a timeout of nothing": (
        pair(trigger={"on_timeout": {"ms": 0}}),
        [("edges[0].trigger.on_timeout.ms", "must be 1 to 604800000")],
    ),
    "a timeout past a week": (
        pair(trigger={"on_timeout": {"ms": 604_800_001}}),
        [("edges[0].trigger.on_timeout.ms", "must be 1 to 604800000")],
    ),
    "a timeout that is no integer": (
        pair(trigger={"on_timeout": {"ms": True}}),
        [("edges[0].trigger.on_timeout.ms", "must be 1 to 604800000")],
    ),
    "no condition": (
        pair(trigger="on_fill_ratio"),
        [("edges[0].condition", 'missing: on_fill_ratio needs {"fill_ratio_gte":0.5}')],
    ),
    "a condition without its key": (
        pair(trigger="on_fill_ratio", condition={"ratio": 1}),
        [("edges[0].condition.ratio", "unknown key"), ("edges[0].condition.fill_ratio_gte", "missing")],
    ),
    "a condition elsewhere": (
        pair(trigger="on_done", condition={"fill_ratio_gte": 1}),
        [("edges[0].condition", "only on_fill_ratio has a condition")],
    ),
    **{
        f"a ratio of {ratio}": (
            pair(trigger="on_fill_ratio", condition={"fill_ratio_gte": ratio}),
            [("edges[0].condition.fill_ratio_gte", "must be a number above 0 and at most 1")],
        )
        for ratio in (0, Decimal("1.1"), -1, "0.5", True)
    },
    "another action": (pair(action="start"), [("edges[0].action", "must be one of activate, cancel")]),
    "another sizing": (pair(sizing="half"), [("edges[0].sizing", SIZINGS)]),
    "another sizing object": (pair(sizing={"ratio": 1}), [("edges[0].sizing", SIZINGS)]),
    "two sizings": (
        pair(sizing={"fixed": {"qty_1e8": 1}, "fill_ratio": {"ratio": 1}}),
        [("edges[0].sizing", SIZINGS)],
    ),
    "a share of nothing": (
        pair(sizing={"fill_ratio": {"ratio": 0}}),
        [("edges[0].sizing.fill_ratio.ratio", "must be positive")],
    ),
    "a share in words": (
        pair(sizing={"fill_ratio": {"ratio": "1"}}),
        [("edges[0].sizing.fill_ratio.ratio", "must be a number")],
    ),
    "a fixed size of nothing": (
        pair(sizing={"fixed": {"qty_1e8": 0}}),
        [("edges[0].sizing.fixed.qty_1e8", "must be positive")],
    ),
    "a fixed size in decimals": (
        pair(sizing={"fixed": {"qty_1e8": Decimal("1.5")}}),
        [("edges[0].sizing.fixed.qty_1e8", "must be an integer")],
    ),
    "a cancel with a size": (
        pair(action="cancel", sizing={"fixed": {"qty_1e8": 1}}),
        [("edges[0].sizing", "an edge that cancels sizes nothing")],
    ),
    # sizes, types, execution
    "another side": (graph(node(side="hold")), [("nodes[0].side", "must be buy or sell")]),
    "no quantity": (
        graph(node(quantity={})),
        [("nodes[0].quantity", "give exactly one of fixed and notional")],
    ),
    "two quantities": (
        graph(node(quantity={"fixed": {"qty_1e8": 1}, "notional": {"notional_usd_1e9": 1}})),
        [("nodes[0].quantity", "give exactly one of fixed and notional")],
    ),
    "a quantity of nothing": (
        graph(node(quantity={"fixed": {"qty_1e8": 0}})),
        [("nodes[0].quantity.fixed.qty_1e8", "must be positive")],
    ),
    "dollars below nothing": (
        graph(node(quantity={"notional": {"notional_usd_1e9": -1}})),
        [("nodes[0].quantity.notional.notional_usd_1e9", "must be positive")],
    ),
    "another order type": (
        graph(node(order_type="stop")),
        [("nodes[0].order_type", 'must be "market" or {"limit":{"price_1e9":…}}')],
    ),
    "two order types": (
        graph(node(order_type=limit(1) | {"stop_market": {"trigger_price_1e9": 1}})),
        [("nodes[0].order_type", "give exactly one of limit, stop_market and stop_limit")],
    ),
    "a limit of nothing": (
        graph(node(order_type=limit(0))),
        [("nodes[0].order_type.limit.price_1e9", "must be positive")],
    ),
    "a stop at nothing": (
        graph(node(order_type={"stop_limit": {"trigger_price_1e9": 0, "price_1e9": -1}})),
        [
            ("nodes[0].order_type.stop_limit.trigger_price_1e9", "must be positive"),
            ("nodes[0].order_type.stop_limit.price_1e9", "must be positive"),
        ],
    ),
    "another policy": (
        graph(node(execution={"policy": "vwap"})),
        [("nodes[0].execution.policy", "must be one of sor, aggressive_chase, passive, twap")],
    ),
    "twap without slices": (
        graph(node(execution={"policy": "twap"})),
        [("nodes[0].execution.policy", "twap needs pacing")],
    ),
    "another urgency": (
        graph(node(execution={"urgency": "now"})),
        [("nodes[0].execution.urgency", "must be one of low, medium, high")],
    ),
    "out of range": (
        graph(node(execution={"max_slippage_bps": 10_001, "horizon_ms": 0})),
        [
            ("nodes[0].execution.max_slippage_bps", "must be 0 to 10000"),
            ("nodes[0].execution.horizon_ms", "must be 1 to 604800000"),
        ],
    ),
    "another tif": (
        graph(node(execution={"tif": "day"})),
        [("nodes[0].execution.tif", "must be one of gtc, ioc, fok, post_only")],
    ),
    "a market order that rests": (
        graph(node(execution={"tif": "post_only"})),
        [("nodes[0].execution.tif", "a market order cannot be post_only")],
    ),
    "a stop that rests": (
        graph(node(order_type={"stop_market": {"trigger_price_1e9": 1}}, execution={"tif": "post_only"})),
        [("nodes[0].execution.tif", "a market order cannot be post_only")],
    ),
    **{
        f"slices that are {tif}": (
            graph(node(order_type=limit(1), execution=paced(tif=tif))),
            [("nodes[0].execution.tif", f"a paced order cannot be {tif}")],
        )
        for tif in ("fok", "post_only")
    },
    "one slice": (
        graph(node(execution=paced(1))),
        [("nodes[0].execution.pacing.uniform.num_slices", "must be 2 to 200")],
    ),
    "hasty slices": (
        graph(node(execution=paced(2, 99))),
        [("nodes[0].execution.pacing.uniform.interval_ms", "must be 100 to 604800000")],
    ),
    "slices of nothing": (
        graph(node(quantity={"fixed": {"qty_1e8": 9}}, execution=paced(10))),
        [("nodes[0].execution.pacing.uniform.num_slices", "more slices than there are units of 1e-8")],
    ),
    "no kind of pacing": (
        graph(node(execution={"pacing": {}})),
        [("nodes[0].execution.pacing", 'must be {"uniform":{"num_slices":…,"interval_ms":…}}')],
    ),
    "a stop in slices": (
        graph(node(order_type={"stop_market": {"trigger_price_1e9": 1}}, execution=paced())),
        [("nodes[0].execution.pacing", "a stop order is not paced")],
    ),
    # risk
    "another layer": (graph(node(), risk={"limits": {}}), [("risk.limits", "unknown key")]),
    "a layer that is no object": (graph(node(), risk={"runtime": 5}), [("risk.runtime", "must be an object")]),
    "another limit": (
        graph(node(), risk={"runtime": {"max_los_usd": 5}}),
        [("risk.runtime.max_los_usd", "unknown key")],
    ),
    "a limit in words": (
        graph(node(), risk={"admission": {"max_notional_usd": "5"}}),
        [("risk.admission.max_notional_usd", "must be a number")],
    ),
    "a loss of nothing": (
        graph(node(), risk={"runtime": {"max_loss_usd": 0}}),
        [("risk.runtime.max_loss_usd", "must be positive")],
    ),
    "half a basis point": (
        graph(node(), risk={"pre_trade": {"max_price_deviation_bps": Decimal("0.5")}}),
        [("risk.pre_trade.max_price_deviation_bps", "must be a whole number, not negative")],
    ),
    "another end": (
        graph(node(), risk={"on_failure": {"on_runtime_breach": "panic", "on_reject": 5}}),
        [
            ("risk.on_failure.on_runtime_breach", "must be one of cancel_all, pause, none"),
            ("risk.on_failure.on_reject", "must be one of none, cancel_all"),
        ],
    ),
    # shape
    "unknown keys": (
        graph(node(colour="red", order_type={"stop": {}}), note="x"),
        [("note", "unknown key"), ("nodes[0].colour", "unknown key"), ("nodes[0].order_type.stop", "unknown key")],
    ),
    "missing keys": (
        {"nodes": [{"node_id": "a", "instrument": {}, "side": "buy", "order_type": "market", "quantity": {}}]},
        [("nodes[0].instrument.symbol", "missing")],
    ),
    "beyond 64 bits": (
        graph(node(quantity={"fixed": {"qty_1e8": 1 << 63}})),
        [("nodes[0].quantity.fixed.qty_1e8", "does not fit in 64 bits")],
    ),
    "a decimal for an integer": (
        graph(node(quantity={"fixed": {"qty_1e8": Decimal("0.5")}})),
        [("nodes[0].quantity.fixed.qty_1e8", "must be an integer")],
    ),
    # several at once
    "everything at once": (
        graph(
            node("a", side="hold"),
            node("a", execution={"tif": "day"}),
            edges=[edge("a", "x", trigger="soon")],
            risk={"typo": {}},
            graph_id="graph",
        ),
        [
            ("graph_id", "the word graph alone is no id"),
            ("nodes[0].side", "must be buy or sell"),
            ("nodes[1].node_id", "used twice"),
            ("nodes[1].execution.tif", "must be one of gtc, ioc, fok, post_only"),
            ("edges[0].to_node", "no node 'x'"),
            ("edges[0].trigger", TRIGGERS),
            ("risk.typo", "unknown key"),
        ],
    ),
}
