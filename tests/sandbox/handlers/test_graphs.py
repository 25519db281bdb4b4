"""Execution graphs through the gate: placed, shown with every key, paused, resumed, amended, previewed, restarted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.graph_stage import edge, node
from tests.sandbox.handlers.test_trading import SECOND, Desk
from tests.sandbox.stage import START, px, sz


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


PACING = {"uniform": {"num_slices": 4, "interval_ms": 30_000}}
BRACKET: dict[str, Any] = {
    "graph_id": "g",
    "nodes": [
        node("entry", qty="0.1"),
        node("tp", "sell", "0.1", limit="55000"),
        node("sl", "sell", "0.1", stop="48000"),
    ],
    "edges": [
        edge("entry", "tp", "on_full_fill"),
        edge("entry", "sl", "on_full_fill"),
        edge("tp", "sl", "on_first_fill", action="cancel"),
        edge("sl", "tp", "on_first_fill", action="cancel"),
    ],
}


def test_a_bracket_is_placed_shown_and_survives_a_restart(desk):
    status, placed = desk("POST", "/v1/orders", BRACKET)
    assert (status, placed["status"], placed["node_count"], placed["edge_count"]) == (201, "RUNNING", 3, 4)
    assert [order["node_id"] for order in placed["orders"]] == ["entry"]
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert [(row["node_id"], row["activation"], row["status"]) for row in shown["nodes"]] == [
        ("entry", "root", "FILLED"),
        ("tp", "wait", "WORKING"),
        ("sl", "wait", "NEW"),
    ]
    assert [(row["trigger"], row["sizing"], row["action"], row["fired_count"]) for row in shown["edges"]] == [
        ("on_full_fill", "node", "activate", 1),
        ("on_full_fill", "node", "activate", 1),
        ("on_first_fill", "node", "cancel", 0),
        ("on_first_fill", "node", "cancel", 0),
    ]
    stop = shown["orders"][2]
    assert (stop["trigger_price_1e9"], stop["order_type"]) == (
        px("48000"),
        {"stop_market": {"trigger_price_1e9": px("48000")}},
    )
    desk.reopen()
    desk.box.market.market.set_book("BTC-USD", "kraken", "47999*1", "48010*1", START + 5 * SECOND)
    desk.now += 60 * SECOND
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert (shown["status"], [row["status"] for row in shown["nodes"]]) == (
        "COMPLETED",
        ["FILLED", "CANCELLED", "FILLED"],
    )
    status, again = desk("POST", "/v1/orders", BRACKET)
    assert (status, again["replayed"], again["status"]) == (200, True, "COMPLETED")
    changed = {**BRACKET, "edges": BRACKET["edges"][:3]}
    assert desk("POST", "/v1/orders", changed)[0] == 409


def test_edges_are_shown_as_they_were_sent(desk):
    links = [
        edge("a", "b", "on_fill_ratio", gte=0.5, sizing={"fill_ratio": {"ratio": 0.25}}),
        edge("a", "b", "t", ms=5000, sizing={"fixed": {"qty_1e8": 7_000_000}}),
        edge("a", "b", "on_fill"),
    ]
    desk("POST", "/v1/orders", {"graph_id": "g", "nodes": [node("a", limit="49000"), node("b")], "edges": links})
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert [(row["trigger"], row["condition"], row["sizing"]) for row in shown["edges"]] == [
        ("on_fill_ratio", {"fill_ratio_gte": 0.5}, {"fill_ratio": {"ratio": 0.25}}),
        ({"on_timeout": {"ms": 5000}}, None, {"fixed": {"qty_1e8": 7_000_000}}),
        ("on_fill", None, {"fill_ratio": {"ratio": 1}}),
    ]


def test_slices_are_rows_of_their_node_and_orders_only_on_request(desk):
    body = {"graph_id": "g", "nodes": [node("a", pacing=PACING)], "edges": []}
    _, placed = desk("POST", "/v1/orders", body)
    assert (placed["node_count"], placed["expanded_node_count"], placed["expanded_edge_count"]) == (1, 5, 4)
    desk.now += 40 * SECOND
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert [(row["node_id"], row["status"]) for row in shown["nodes"][0]["slices"]] == [
        ("a.s1", "FILLED"),
        ("a.s2", "FILLED"),
        ("a.s3", "WAITING"),
        ("a.s4", "WAITING"),
    ]
    assert [row["node_id"] for row in desk("GET", "/v1/orders")[1]["orders"]] == ["a"]
    every = desk("GET", "/v1/orders?include_slices=true")[1]["orders"]
    assert {row["node_id"] for row in every} == {"a", "a.s1", "a.s2"}
    _, part = desk("GET", "/v1/orders/graph:g:a.s2:1")
    assert (part["status"], part["qty_1e8"]) == ("FILLED", sz("0.25"))
    _, page = desk("GET", "/v1/execution_graphs")
    assert (page["execution_graphs"][0]["expanded_node_count"], page["execution_graphs"][0]["status"]) == (5, "RUNNING")


def test_a_paused_graph_is_resumed_once_the_kill_switch_is_clear(desk):
    desk("POST", "/v1/orders", {"graph_id": "g", "nodes": [node("a", pacing=PACING)], "edges": []})
    assert desk("POST", "/v1/execution_graphs/g/resume")[1] == {
        "graph_id": "g",
        "status": "RUNNING",
        "resumed": False,
    }
    desk("POST", "/v1/kill_switch", {"reason": "stop"})
    desk.now += 40 * SECOND
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert (shown["status"], shown["pause_reason"]) == ("PAUSED", "KILL_SWITCH")
    assert desk("GET", "/v1/execution_graphs?status=paused")[1]["total"] == 1
    status, error = desk("POST", "/v1/execution_graphs/g/resume")
    assert (status, error["error"]["message"]) == (409, "conflict: kill_switch: engaged")
    desk("POST", "/v1/kill_switch/clear")
    desk.reopen()
    assert desk("POST", "/v1/execution_graphs/g/resume")[1]["resumed"] is True
    desk.now += 100 * SECOND
    assert desk("GET", "/v1/execution_graphs/g")[1]["status"] == "COMPLETED"
    assert desk("POST", "/v1/execution_graphs/g/resume")[0] == 409


def test_a_node_is_amended_while_it_waits_and_after(desk):
    nodes = [node("a", limit="49000"), node("b", limit="48000")]
    desk("POST", "/v1/orders", {"graph_id": "g", "nodes": nodes, "edges": [edge("a", "b", "on_cancel")]})
    path = "/v1/execution_graphs/g/nodes"
    status, body = desk("PATCH", f"{path}/b", {"quantity": {"fixed": {"qty_1e8": sz("2")}}})
    assert (status, body["status"], body["qty_1e8"]) == (200, "WAITING", sz("2"))
    status, error = desk("PATCH", f"{path}/a", {"order_type": "market"})
    assert (status, error["error"]["details"]) == (
        400,
        [{"field": "order_type", "message": "only while the node waits"}],
    )
    status, body = desk("PATCH", f"{path}/a", {"new_qty_1e8": sz("0.5")})
    assert (status, body["qty_1e8"], body["status"]) == (200, sz("0.5"), "WORKING")
    assert desk("PATCH", f"{path}/c", {"new_qty_1e8": 1})[0] == 404
    desk("DELETE", "/v1/orders/graph:g:a:1")
    assert desk("GET", "/v1/orders/graph:g:b:1")[1]["qty_1e8"] == sz("2")
    status, body = desk("DELETE", "/v1/execution_graphs/g")
    assert (status, body["status"], body["cancel_requested_count"]) == (200, "CANCELLED", 1)
    assert [(row["node_order_id"], row["status"]) for row in body["orders"]] == [
        ("graph:g:a:1", "CANCELLED"),
        ("graph:g:b:1", "CANCELLED"),
    ]


def test_a_preview_estimates_every_node_of_a_graph_on_its_own(desk):
    nodes = [*BRACKET["nodes"], node("slow", pacing=PACING), node("calm", policy="passive")]
    status, body = desk("POST", "/v1/orders/preview", {**BRACKET, "nodes": nodes})
    assert status == 200
    assert [(row["node_id"], row["order_type"], row["est_avg_price_1e9"]) for row in body["nodes"]] == [
        ("entry", "market", px("50000")),
        ("tp", "limit", None),
        ("sl", "stop_market", None),
        ("slow", "market", px("50000")),
        ("calm", "market", None),
    ]
    warnings = {row["node_id"]: row["warnings"] for row in body["nodes"]}
    assert warnings["entry"] == []
    assert warnings["sl"][0] == "it waits for its trigger 48000; estimated as if that were now"
    assert warnings["slow"] == ["worked in 4 slices; estimated as if whole and now"]
    assert warnings["calm"][-1] == "part of the order would rest"
    assert desk("GET", "/v1/orders")[1]["total"] == 0
    _, one = desk(
        "POST", "/v1/orders/preview", {"symbol": "BTC-USD", "side": "buy", "qty": 1, "policy": "aggressive_chase"}
    )
    assert one["warnings"][0] == "its price follows the market; estimated where it would begin"


def test_an_order_that_follows_the_market_shows_where_it_is(desk):
    _, placed = desk("POST", "/v1/orders", {"symbol": "BTC-USD", "side": "buy", "qty": 1, "policy": "passive"})
    (order,) = placed["orders"]
    assert (order["order_type"], order["limit_price_1e9"], order["status"]) == ("market", px("49990"), "WORKING")
    desk.box.market.market.set_book("BTC-USD", "kraken", "", "50000*1", START + SECOND)
    desk.now += SECOND
    body = {"symbol": "BTC-USD", "side": "buy", "qty": 1, "policy": "passive", "venue": "kraken"}
    _, one = desk("POST", "/v1/orders/preview", body)
    assert one["warnings"][-1] == "STALE_VENUE: no touch to follow"
