"""Graphs as people see them: a tree that says what each node waits for, that folds, and that fits."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len

from seqcli.views import graph_words, graphs, mermaid

Show = Callable[..., Any]
START = 1_700_000_000_000_000_000
ETH = 10**8


def node(name: str, status: str, side: str = "buy", **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "node_id": name,
        "instrument": {"symbol": "ETH-USD", "type": "spot", "venue": None},
        "side": side,
        "order_type": "market",
        "quantity": {"fixed": {"qty_1e8": 200 * ETH}},
        "status": status,
        "node_order_id": f"graph:g:{name}:1" if status != "WAITING" else None,
        "qty_1e8": 200 * ETH,
        "filled_qty_1e8": 0,
        "avg_fill_price_1e9": None,
        "failure_reason": None,
        "slices": [],
    }
    return base | fields


def edge(start: str, end: str, trigger: Any = "on_full_fill", **fields: Any) -> dict[str, Any]:
    base = {"edge_id": f"{start}-{end}", "from_node": start, "to_node": end, "trigger": trigger, "condition": None}
    return base | {"sizing": "node", "action": "activate", "fired_count": 0, "last_fired_ns": None} | fields


def graph(nodes: list[Any], edges: list[Any], status: str = "RUNNING", **fields: Any) -> dict[str, Any]:
    base = {"graph_id": "g", "status": status, "nodes": nodes, "edges": edges, "orders": []}
    counts = {"node_count": len(nodes), "edge_count": len(edges), "expanded_node_count": len(nodes)}
    return base | counts | {"pause_reason": None, "failure_reason": None, "created_ns": START} | fields


PERP = {"symbol": "ETH-USD-PERP", "type": "perp", "venue": "hyperliquid"}
HEDGE = graph(
    [
        node("spot", "WORKING", filled_qty_1e8=110 * ETH, avg_fill_price_1e9=2_500_000_000_000),
        node("hedge", "WAITING", "sell", instrument=PERP),
    ],
    [edge("spot", "hedge", "on_fill_ratio", condition={"fill_ratio_gte": Decimal("0.5")})],
)
BRACKET = graph(
    [
        node("entry", "FILLED", filled_qty_1e8=200 * ETH, avg_fill_price_1e9=2_500_000_000_000),
        node("tp", "FILLED", "sell", order_type={"limit": {"price_1e9": 2_600_000_000_000}}, filled_qty_1e8=200 * ETH),
        node("sl", "CANCELLED", "sell", order_type={"stop_market": {"trigger_price_1e9": 2_400_000_000_000}}),
    ],
    [
        edge("entry", "tp", fired_count=1),
        edge("entry", "sl", fired_count=1),
        edge("tp", "sl", "on_first_fill", action="cancel", fired_count=1),
        edge("sl", "tp", "on_first_fill", action="cancel"),
    ],
    status="COMPLETED",
)


def twap(slices: int, begun: int) -> dict[str, Any]:
    rows = [
        {
            "node_id": f"a.s{at}",
            "node_order_id": f"graph:g:a.s{at}:1" if at <= begun else None,
            "qty_1e8": ETH if at <= begun else None,
            "filled_qty_1e8": ETH if at <= begun else 0,
            "status": "FILLED" if at <= begun else "WAITING",
            "scheduled_ns": START + at * 30 * 10**9,
        }
        for at in range(1, slices + 1)
    ]
    parent = node("a", "WORKING", slices=rows, qty_1e8=slices * ETH, filled_qty_1e8=begun * ETH)
    return graph([parent], [], expanded_node_count=slices + 1)


def chain(count: int, begun: int) -> dict[str, Any]:
    after = {"on_timeout": {"ms": 30_000}}
    nodes = [
        node(f"n{at}", "FILLED" if at < begun else "WAITING", filled_qty_1e8=200 * ETH if at < begun else 0)
        for at in range(count)
    ]
    return graph(nodes, [edge(f"n{at}", f"n{at + 1}", after) for at in range(count - 1)])


def shown(show: Show, body: Any, **words: Any) -> list[str]:
    done = show(body, table=graphs.drawn(unfolded=words.pop("unfolded", False)), **{"width": 200} | words)
    lines: list[str] = done.lines
    return lines


def test_a_hedge_says_what_it_waits_for(show: Show) -> None:
    assert shown(show, HEDGE) == [
        "graph    g",
        "status   RUNNING",
        "size     2 nodes, 1 edge",
        "created  2023-11-14 22:13:20.000Z",
        "",
        "NODE      STATUS   ORDER                  TYPE    FILLED              AVG PRICE  WHEN",
        "spot      WORKING  buy 200 ETH-USD        market     110  █████░░░░░       2500",
        "└─ hedge  WAITING  sell 200 ETH-USD-PERP  market       0  ░░░░░░░░░░             when spot is half filled",
    ]


def test_a_node_that_started_several_times_is_measured_against_its_cap(show: Show) -> None:
    several = {"node_order_ids": ["graph:g:h:1", "graph:g:h:2", "graph:g:h:3"], "qty_1e8": 5 * ETH}
    nodes = [node("spot", "FILLED"), node("h", "FILLED", "sell", filled_qty_1e8=100 * ETH, **several)]
    assert shown(show, graph(nodes, [edge("spot", "h", "on_fill", fired_count=3)]))[-1] == (
        "└─ h  FILLED  sell 200  market     100  █████░░░░░  ✓ with each fill of spot ×3"
    )
    amended = node("a", "WORKING", qty_1e8=50 * ETH, node_order_ids=["graph:g:a:1"])
    assert "buy 50 " in shown(show, graph([amended], []))[-1]


def test_what_fired_and_what_cancelled_is_marked(show: Show) -> None:
    lines = shown(show, BRACKET)
    assert lines[2] == "symbol   ETH-USD"
    assert lines[-3:] == [
        "├─ tp  FILLED     sell 200  limit 2600     200  ██████████             ✓ when entry is filled",
        "└─ sl  CANCELLED  sell 200  stop 2400        0  ░░░░░░░░░░             ✓ when entry is filled",
        "                                                                       ✗ at the first fill of tp",
    ]


def test_a_pause_and_a_failure_stand_on_top_with_what_to_type(show: Show) -> None:
    body = HEDGE | {"status": "PAUSED", "pause_reason": "RISK"}
    assert shown(show, body)[2] == "paused   RISK; go on with: seq graph resume g"
    assert (
        shown(show, HEDGE | {"status": "FAILED", "failure_reason": "PRICE_DEVIATION"})[2] == "reason   PRICE_DEVIATION"
    )


def test_a_refused_node_says_why_in_the_exchange_s_words(show: Show) -> None:
    body = graph([node("a", "REJECTED", failure_reason="EXCHANGE_REJECT")], [])
    body["orders"] = [{"node_order_id": "graph:g:a:1", "failure_detail": "small"}]
    assert shown(show, body)[-1].endswith("EXCHANGE_REJECT – small")


def test_two_hundred_slices_are_a_handful_of_lines(show: Show) -> None:
    lines = shown(show, twap(200, 3))
    assert len(lines) == 13
    assert [line.split()[1] for line in lines if "─" in line] == ["s1", "s2", "s3", "s4–s200"]
    assert lines[-2].split("  ")[-1] == "197 waiting"
    assert lines[-1].strip() == "next at 22:15:20Z"
    later = shown(show, twap(200, 180))
    assert [line.split()[1] for line in later if "─" in line] == ["s1–s180", "s181–s200"]
    assert "180  ██████████" in next(line for line in later if "s1–s180" in line)
    assert len(shown(show, twap(200, 3), unfolded=True)) == 208


def test_a_chain_of_two_hundred_nodes_is_neither_deep_nor_long(show: Show) -> None:
    lines = shown(show, chain(200, 50))
    assert len(lines) < 20
    assert any("n1–n49" in line and "49 filled" in line for line in lines)
    assert any("n50–n199" in line and "150 waiting" in line for line in lines)
    assert "next 30 s after n49" in lines[-1]
    assert len(shown(show, chain(200, 50), unfolded=True)) == 207
    assert max(len(line) for line in shown(show, chain(200, 50), unfolded=True)) < 120


def test_long_names_that_differ_in_a_number_are_written_once(show: Show) -> None:
    nodes = [node(f"desk-step{at:02}", "FILLED") for at in range(30)]
    assert shown(show, graph(nodes, []))[-1].split()[0] == "desk-step00–29"


def test_what_is_folded_is_of_one_symbol_one_side_and_without_a_reason(show: Show) -> None:
    nodes = [node(f"n{at}", "FILLED", filled_qty_1e8=ETH) for at in range(30)]
    nodes[10]["side"] = "sell"
    nodes[20] |= {"status": "REJECTED", "failure_reason": "EXCHANGE_REJECT"}
    nodes[25]["order_type"] = {"limit": {"price_1e9": 10**9}}
    names = [line.split()[0] for line in shown(show, graph(nodes, []))[7:]]
    assert names == ["n0–n9", "n10", "n11–n19", "n20", "n21–n29"]
    assert "sell 200" in shown(show, graph(nodes, []))[8]
    assert shown(show, graph(nodes, []))[-1].split() == [
        "n21–n29",
        "FILLED",
        "buy",
        "1800",
        "9",
        "░░░░░░░░░░",
        "9",
        "filled",
    ]


def test_a_cycle_from_a_strange_server_is_shown_and_ends(show: Show) -> None:
    body = graph([node("a", "WAITING"), node("b", "WAITING")], [edge("a", "b"), edge("b", "a")])
    assert {line.split()[0] for line in shown(show, body)[-2:]} <= {"a", "b", "└─"}


@pytest.mark.parametrize("width", [80, 200])
@pytest.mark.parametrize("color", ["never", "always"])
@pytest.mark.parametrize(
    "body", [HEDGE, BRACKET, twap(200, 17), chain(200, 50)], ids=["hedge", "bracket", "twap", "chain"]
)
def test_it_fits(show: Show, body: Any, width: int, color: str) -> None:
    drawn = shown(show, body, width=width, color=color)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in drawn]
    assert (lines != drawn) == (color == "always")
    assert max(cell_len(line) for line in lines) <= width
    assert any("WHEN" in line for line in lines)
    assert lines == shown(show, body, width=width, color="never")


def test_an_unexpected_shape_is_shown_as_it_is(show: Show) -> None:
    assert "nodes" in "\n".join(shown(show, {"graph_id": "g", "nodes": "many"}))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"trigger": "on_accepted"}, "when a is accepted"),
        ({"trigger": "on_fill"}, "with each fill of a"),
        ({"trigger": "on_reject"}, "when a is rejected"),
        ({"trigger": "on_fill_ratio", "condition": {"fill_ratio_gte": Decimal("0.125")}}, "when a is 12.5 % filled"),
        ({"trigger": "on_fill_ratio", "condition": {"fill_ratio_gte": 1}}, "when a is wholly filled"),
        ({"trigger": {"on_timeout": {"ms": 90_000}}}, "1.5 min after a"),
        ({"trigger": {"on_timeout": {"ms": 250}}}, "250 ms after a"),
        ({"trigger": {"on_timeout": {"ms": 1_234}}}, "1234 ms after a"),
        ({"trigger": "on_moon"}, "on_moon of a"),
    ],
)
def test_a_trigger_in_words(fields: dict[str, Any], words: str) -> None:
    assert graph_words.moment(edge("a", "b") | fields) == words


def test_a_size_in_words() -> None:
    assert graph_words.size(edge("a", "b", sizing={"fill_ratio": {"ratio": Decimal("0.5")}})) == "0.5 of it"
    assert graph_words.size(edge("a", "b", sizing={"fill_ratio": {"ratio": 1}})) == ""
    assert graph_words.size(edge("a", "b", sizing={"fixed": {"qty_1e8": ETH}})) == "1"


def test_mermaid_names_no_node_by_words_that_it_could_misread(show: Show) -> None:
    body = graph([node('end"]', "FILLED"), node("x-->y", "WAITING")], [edge('end"]', "x-->y")])
    lines = show(body, table=mermaid.flowchart, width=20).lines
    assert lines[:5] == [
        "%% g: RUNNING",
        "flowchart TD",
        '  n0["end#34;#93;<br/>buy 200 ETH-USD<br/>FILLED"]',
        '  n1["x--#62;y<br/>buy 200 ETH-USD<br/>WAITING"]',
        '  n0 -->|"when end#34;#93; is filled"| n1',
    ]
    assert lines[-1] == "  class n0 good"


def test_mermaid_draws_what_fired_thick_and_what_cancels_dotted(show: Show) -> None:
    lines = show(BRACKET, table=mermaid.flowchart).lines
    assert '  n0 ==>|"when entry is filled"| n1' in lines
    assert '  n2 -.->|"cancels at the first fill of sl"| n1' in lines
