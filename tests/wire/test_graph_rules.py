"""What a graph may say: each fault has its own field and sentence, and a graph without one has none."""

from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.wire import edge_rules, graph_rules, risk_rules, shapes, strict
from seqcli.wire.submission import Edge, GraphOrder
from tests.wire.bad_graphs import AN_HOUR, BAD, GOOD, Fault, chain, graph, node, paced, pair


def faults(body: dict[str, Any]) -> list[Fault]:
    value = strict.parse(strict.encode(body), shapes.number)
    typed, misfits = shapes.typed(value, GraphOrder)
    return misfits or graph_rules.violations(typed)


def typed(body: dict[str, Any]) -> GraphOrder:
    value, misfits = shapes.typed(strict.parse(strict.encode(body), shapes.number), GraphOrder)
    assert not misfits
    assert isinstance(value, GraphOrder)
    return value


@pytest.mark.parametrize("name", GOOD)
def test_a_graph_without_a_fault_has_none(name):
    assert faults(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_each_fault_has_its_field_and_its_sentence(name):
    body, expected = BAD[name]
    assert faults(body) == expected


def test_a_price_of_a_prediction_lies_between_0_and_1():
    odds = {"symbol": "KXBTC", "type": "Prediction"}
    price = 1_000_000_000
    (fault,) = faults(graph(node(instrument=odds, order_type={"limit": {"price_1e9": price}})))
    assert fault == (
        "nodes[0].order_type.limit.price_1e9",
        "must lie between 0 and 1",
    )
    assert faults(graph(node(instrument=odds, order_type={"limit": {"price_1e9": price - 1}}))) == []


def test_the_largest_graph_is_judged_without_recursion():
    names = [f"n{at}" for at in range(256)]
    ((field, sentence),) = faults(chain(*names, back=("n255", "n1")))
    assert field == "edges[255]"
    assert sentence.startswith("cycle: n1 → n2 → ")
    assert faults(chain(*names)) == []


def test_without_the_edges_that_are_named_no_cycle_is_left():
    names = "abcdefgh"
    pairs = [(one, other) for one in names for other in names if one != other]
    body = graph(
        *(node(name) for name in names),
        edges=[{"edge_id": f"{one}{other}", "from_node": one, "to_node": other} for one, other in pairs],
    )
    named = {field for field, sentence in faults(body) if sentence.startswith("cycle")}
    body["edges"] = [edge for at, edge in enumerate(body["edges"]) if f"edges[{at}]" not in named]
    assert named
    assert faults(body) == []


ENDS = st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans())


def sorts(pairs: list[tuple[int, int]]) -> bool:
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for start, end in pairs:
        sorter.add(end, start)
    try:
        sorter.prepare()
    except CycleError:
        return False
    return True


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(ENDS, max_size=20))
def test_a_cycle_is_found_exactly_where_nodes_cannot_be_sorted(ends):
    """Against the standard library's own topological sort; edges that cancel do not count."""
    ends = [(start, end, cancels) for start, end, cancels in ends if start != end]
    body = graph(
        *(node(f"n{at}") for at in range(7)),
        edges=[
            {"edge_id": f"e{at}", "from_node": f"n{start}", "to_node": f"n{end}"}
            | ({"action": "cancel"} if cancels else {})
            for at, (start, end, cancels) in enumerate(ends)
        ],
    )
    named = {field for field, sentence in faults(body) if sentence.startswith("cycle")}
    assert bool(named) != sorts([(start, end) for start, end, cancels in ends if not cancels])
    kept = [pair for at, pair in enumerate(ends) if f"edges[{at}]" not in named]
    assert sorts([(start, end) for start, end, cancels in kept if not cancels])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, edge_rules.Link(trigger="on_fill", sizing="fill_ratio", share=Decimal(1))),
        ({"action": "cancel"}, edge_rules.Link(trigger="on_fill", action="cancel")),
        ({"trigger": AN_HOUR}, edge_rules.Link(trigger="on_timeout", ms=3_600_000)),
        (
            {"trigger": "On_Fill_Ratio", "condition": {"fill_ratio_gte": Decimal("0.5")}},
            edge_rules.Link(trigger="on_fill_ratio", ratio=Decimal("0.5")),
        ),
        ({"sizing": "Node"}, edge_rules.Link(trigger="on_fill")),
        (
            {"trigger": "on_done", "sizing": {"fill_ratio": {"ratio": 2}}},
            edge_rules.Link(trigger="on_done", sizing="fill_ratio", share=Decimal(2)),
        ),
        (
            {"trigger": "on_done", "sizing": {"fixed": {"qty_1e8": 7}}},
            edge_rules.Link(trigger="on_done", sizing="fixed", qty_1e8=7),
        ),
    ],
)
def test_an_edge_is_read_with_its_defaults(fields, expected):
    (edge,) = typed(pair(**fields)).edges
    assert isinstance(edge, Edge)
    assert edge_rules.link(edge) == expected


def test_a_paced_node_expands_to_one_more_node_and_edge_a_slice():
    assert graph_rules.expanded(typed(graph(node(execution=paced(10))))) == (11, 10)
    assert graph_rules.expanded(typed(pair())) == (2, 1)


def test_a_risk_part_is_read_at_its_scales():
    read = risk_rules.read(typed(GOOD["risk"]).risk)
    assert read == risk_rules.Risk(
        max_notional_usd_1e9=500_000 * 10**9,
        max_price_deviation_bps=0,
        max_loss_usd_1e9=10_000_500_000_000,
        max_unhedged_qty_1e8=500_000_000,
        on_runtime_breach="pause",
        on_reject="cancel_all",
    )
    assert risk_rules.read(None) == risk_rules.Risk()
