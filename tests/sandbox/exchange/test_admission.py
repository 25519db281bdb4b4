"""What a body may say: every violation is named by its field, and nothing is accepted beside one."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.exchange.admission import Admission, Ticket
from seqcli.sandbox.market.instruments import VENUES
from seqcli.sandbox.problems import Problem
from seqcli.sandbox.service.bodies import read_body
from seqcli.wire import graph_rules, orders, shapes, strict
from seqcli.wire.submission import GraphOrder
from tests.sandbox.stage import HandMarket, px, sz
from tests.wire.bad_graphs import BAD

NODE: dict[str, Any] = {
    "node_id": "a",
    "instrument": {"symbol": "BTC-USD", "type": "spot", "venue": None},
    "side": "buy",
    "order_type": "market",
    "quantity": {"fixed": {"qty_1e8": 100}},
    "execution": {},
    "activation": "root",
}


def ticket(body: dict[str, Any]) -> Ticket:
    read = read_body(orders.PLACE, strict.encode(body))
    return Admission(HandMarket().instruments(), VENUES).read(read)


def fields(body: dict[str, Any]) -> list[str]:
    with pytest.raises(Problem) as caught:
        ticket(body)
    assert caught.value.code == "VALIDATION_ERROR"
    assert caught.value.message.startswith(f"validation error: {caught.value.details[0]['field']}: ")
    return [row["field"] for row in caught.value.details]


def simple(**words: Any) -> dict[str, Any]:
    return {"symbol": "BTC-USD", "side": "buy", "qty": 1} | words


def graph(*nodes: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {"nodes": [NODE | node for node in nodes], "edges": [], **words}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (simple(notional=5), ["qty"]),
        (simple(qty=None), ["qty"]),
        (simple(qty=0), ["qty"]),
        (simple(qty=Decimal("0.000000001")), ["qty"]),
        (simple(qty=10**12), ["qty"]),
        (simple(side="hold", qty=-1), ["qty", "side"]),
        (simple(price=0), ["price"]),
        (simple(price=1, limit_price=2), ["price"]),
        (simple(order_type="limit"), ["price"]),
        (simple(order_type="market", price=1), ["order_type"]),
        (simple(order_type="stop"), ["order_type"]),
        (simple(symbol="BTC USD"), ["symbol"]),
        (simple(symbol="NOPE-USD"), ["symbol"]),
        (simple(venue="nowhere"), ["venue"]),
        (simple(instrument_type="perp", symbol="USDC-USD"), ["symbol"]),
        (simple(instrument_type="spot", symbol="BTC-USD-PERP"), ["instrument_type"]),
        (simple(instrument_type="bond"), ["instrument_type"]),
        (simple(tif="day", urgency="now", policy="best"), ["policy", "urgency", "tif"]),
        (simple(tif="post_only"), ["tif"]),
        (simple(policy="twap"), ["policy"]),
        (simple(policy="passive", tif="ioc"), ["tif"]),
        (simple(max_slippage_bps=10_001, horizon_ms=0), ["max_slippage_bps", "horizon_ms"]),
        (simple(graph_id="a b"), ["graph_id"]),
        (simple(graph_id="graph"), ["graph_id"]),
        (simple(sandbox=True, is_sandbox=False), ["is_sandbox"]),
        (simple(metadata="x" * 9000), ["metadata"]),
        (graph(), ["nodes"]),
        (graph({}, {}), ["nodes[1].node_id"]),
        (graph({"node_id": "a.s1"}), ["nodes[0].node_id"]),
        (graph({"node_id": "a:b"}), ["nodes[0].node_id"]),
        (graph({"activation": "wait"}), ["nodes[0].activation"]),
        (graph({"quantity": {}}), ["nodes[0].quantity"]),
        (graph({"quantity": {"fixed": {"qty_1e8": 0}}}), ["nodes[0].quantity.fixed.qty_1e8"]),
        (graph({"order_type": {"limit": {"price_1e9": -1}}}), ["nodes[0].order_type.limit.price_1e9"]),
        (
            graph({"order_type": {"stop_market": {"trigger_price_1e9": 0}}}),
            ["nodes[0].order_type.stop_market.trigger_price_1e9"],
        ),
        (graph({"order_type": "stop"}), ["nodes[0].order_type"]),
        (graph({"execution": {"tif": "day"}}), ["nodes[0].execution.tif"]),
        (graph({}, edges=[{"edge_id": "e", "from_node": "a", "to_node": "b"}]), ["edges[0].to_node"]),
        (graph({}, risk={"admission": {"max_notional_usd": "5"}}), ["risk.admission.max_notional_usd"]),
        (graph({}, risk={"runtime": {"max_loss_usd": 0}}), ["risk.runtime.max_loss_usd"]),
        (graph({}, risk={"typo": {}, "pre_trade": {"also": 1}}), ["risk.typo", "risk.pre_trade.also"]),
    ],
)
def test_every_violation_is_named_by_its_field(body, expected):
    assert fields(body) == expected


def test_an_unknown_symbol_is_answered_with_the_nearest_one():
    with pytest.raises(Problem, match="did you mean BTC-USD"):
        ticket(simple(symbol="BTCC-USD"))


def test_human_decimals_become_integers_exactly_and_defaults_are_filled_in():
    (node,) = ticket(simple(symbol="btc/usd", side="Buy", qty=Decimal("0.1"), price=Decimal("50000.5"))).nodes
    assert (node.node_id, node.symbol, node.side, node.tif) == ("order", "BTC-USD", "buy", "gtc")
    assert (node.qty_1e8, node.limit_price_1e9) == (sz("0.1"), px("50000.5"))
    assert node.execution == {"policy": "sor", "urgency": "medium"}
    (market,) = ticket(simple(tif="GTC")).nodes
    assert market.tif == "ioc"


def test_a_venue_word_for_perps_means_the_parent_and_a_perp():
    (node,) = ticket(simple(venue="binance-perp", symbol="BTC-PERP")).nodes
    assert (node.symbol, node.pin, node.kind) == ("BTC-USD-PERP", "binance", "perp")


@pytest.mark.parametrize(
    "same",
    [
        {"qty": Decimal("1.0"), "side": "BUY"},
        {"venue": None, "metadata": None, "tif": "ioc", "policy": "SOR"},
        {"is_sandbox": True},
        {"symbol": "btc/usd"},
    ],
)
def test_sameness_is_of_values_not_of_spelling(same):
    assert ticket(simple(**same)).digest == ticket(simple()).digest


def test_numbers_in_metadata_are_the_same_by_value_too():
    one, other = (ticket(simple(metadata={"a": [value]})) for value in (50, Decimal("50.0")))
    assert one.digest == other.digest
    assert other.metadata == '{"a":[50.0]}'
    assert ticket(simple(metadata={"a": [51]})).digest != one.digest


@pytest.mark.parametrize("name", BAD)
def test_the_server_says_of_a_graph_what_the_rules_say_without_it(name):
    body, expected = BAD[name]
    with pytest.raises(Problem) as caught:
        ticket(body)
    told = [(row["field"], row["message"]) for row in caught.value.details]
    assert told == expected


def test_a_prediction_is_known_by_its_symbol_whatever_the_body_calls_it():
    odds = msgspec.structs.replace(HandMarket().instruments()["BTC-USD"], symbol="KXBTC-T1", kind="prediction")
    admission = Admission({"KXBTC-T1": odds}, VENUES)
    node = {"instrument": {"symbol": "KXBTC-T1", "type": "spot"}, "order_type": {"limit": {"price_1e9": 10**9}}}
    for body, field in (
        (graph(node), "nodes[0].order_type.limit.price_1e9"),
        (simple(symbol="KXBTC-T1", price=1), "price"),
    ):
        with pytest.raises(Problem) as caught:
            admission.read(read_body(orders.PLACE, strict.encode(body)))
        message = "must lie between 0 and 1"
        assert caught.value.details == [{"field": field, "message": message}]


def one_of(*values: Any) -> Any:
    return st.sampled_from(values)


NODES = st.fixed_dictionaries(
    {
        "node_id": one_of("a", "b", "c", "a.s1", ""),
        "instrument": st.just({"symbol": "BTC-USD"}),
        "side": one_of("buy", "Sell", "hold"),
        "order_type": one_of(
            "market", "stop", {"limit": {"price_1e9": 10**12}}, {"stop_market": {"trigger_price_1e9": 0}}
        ),
        "quantity": one_of(
            {"fixed": {"qty_1e8": 10**8}}, {"fixed": {"qty_1e8": 0}}, {"notional": {"notional_usd_1e9": 1}}, {}
        ),
    },
    optional={
        "execution": one_of(
            {}, {"tif": "fok"}, {"policy": "twap"}, {"pacing": {"uniform": {"num_slices": 3, "interval_ms": 99}}}
        ),
        "activation": one_of(None, "root", "wait", "now"),
    },
)
EDGES = st.fixed_dictionaries(
    {"edge_id": one_of("1", "2", "3"), "from_node": one_of("a", "b", "c", "d"), "to_node": one_of("a", "b", "c")},
    optional={
        "trigger": one_of(
            "on_fill", "ON_DONE", "fill_pct", "on_fill_ratio", {"on_timeout": {"ms": 5}}, {"on_timeout": {}}
        ),
        "condition": one_of(None, {"fill_ratio_gte": 1}, {"fill_ratio_gte": 2}),
        "sizing": one_of(None, "node", "half", {"fixed": {"qty_1e8": 1}}, {"fill_ratio": {"ratio": 0}}),
        "action": one_of(None, "cancel", "activate", "start"),
    },
)
RISKS = one_of(
    None, {}, {"runtime": {"max_loss_usd": 1}}, {"runtime": {"max_loss_usd": -1}}, {"on_failure": {"on_reject": "x"}}
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(NODES, max_size=4), st.lists(EDGES, max_size=5), RISKS)
def test_offline_and_on_the_server_any_graph_has_the_same_faults(nodes, edges, risk):
    body = {"nodes": nodes, "edges": edges, "risk": risk}
    graph, misfits = shapes.typed(strict.parse(strict.encode(body), shapes.number), GraphOrder)
    offline = misfits or graph_rules.violations(graph)
    try:
        ticket(body)
        told = []
    except Problem as problem:
        told = [(row["field"], row["message"]) for row in problem.details]
    assert told == offline
