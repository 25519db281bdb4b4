"""Orders in slices: equal parts at equal distances, what is left carried over, the whole the sum of its parts."""

from typing import Any

import pytest
from msgspec.structs import replace

from seqcli.sandbox.analysis.showing import graph_body
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.problems import Problem
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz


@pytest.fixture
def stage():
    return Stage()


def twap(stage: Stage, qty: str = "1", slices: int = 4, every_ms: int = 30_000, **words: Any) -> Play:
    pacing = {"uniform": {"num_slices": slices, "interval_ms": every_ms}}
    return Play(stage, [node("a", qty=qty, pacing=pacing, **words)])


def parts(stage: Stage, seq: int = 1) -> list[tuple[str, int, int]]:
    """(status, quantity, filled) of each slice that began."""
    last = {event.data["node_order_id"]: event.data for event in stage.events if event.kind == "order"}
    rows = [row for row in last.values() if row["is_slice"] and row["seq"] == seq]
    return [(row["status"], row["qty_1e8"], row["filled_qty_1e8"]) for row in rows]


def test_a_twap_buys_equal_parts_at_equal_distances(stage):
    play = twap(stage)
    order = play.order("a")
    assert (order.status, order.filled_qty_1e8, order.slice_count) == ("WORKING", sz("0.25"), 1)
    stage.pass_time(400 * SECOND)
    assert parts(stage) == [("FILLED", sz("0.25"), sz("0.25"))] * 4
    assert [row["ts_ns"] for row in stage.fills()] == [START + at * 30 * SECOND for at in range(4)]
    assert [row["node_id"] for row in stage.fills()] == ["a.s1", "a.s2", "a.s3", "a.s4"]
    order = play.order("a")
    assert (order.status, order.filled_qty_1e8, order.fill_count, play.status) == ("FILLED", sz("1"), 4, "COMPLETED")
    assert order.cost == sum(row["price_1e9"] * row["qty_1e8"] for row in stage.fills())
    assert order.fees_usd_1e9 == sum(row["fee_usd_1e9"] for row in stage.fills())
    assert sum(leg.filled_qty_1e8 for leg in order.legs) == sz("1")
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_the_odd_rest_of_an_equal_split_goes_to_the_last_slice(stage):
    twap(stage, qty="1.0001", slices=3)
    stage.pass_time(400 * SECOND)
    assert [qty for _, qty, _ in parts(stage)] == [sz("0.3333"), sz("0.3333"), sz("0.3335")]


def test_what_a_slice_does_not_fill_is_cancelled_and_carried_into_the_next(stage):
    stage.market.add_print("BTC-USD", "kraken", START + 10 * SECOND, "49990", "1.1", "sell")
    play = twap(stage, limit="49990")
    stage.market.set_book("BTC-USD", "kraken", "49990*1", "49991*1", START + 20 * SECOND)
    stage.pass_time(95 * SECOND)
    assert parts(stage) == [
        ("PARTIAL", sz("0.25"), sz("0.1")),
        ("CANCELLED", sz("0.4"), 0),
        ("CANCELLED", sz("0.65"), 0),
        ("WORKING", sz("0.9"), 0),
    ]
    assert (play.order("a").status, play.order("a").next_slice_ns) == ("WORKING", None)
    stage.pass_time(5000 * SECOND)  # the last slice has no end of its own
    assert (play.status, play.outcome("a")) == ("RUNNING", "WORKING")
    stage.market.set_book("BTC-USD", "kraken", "49980*1", "49990*1", START + 6000 * SECOND)
    stage.pass_time(5000 * SECOND)
    assert (play.status, play.order("a").filled_qty_1e8) == ("COMPLETED", sz("1"))


def test_a_slice_below_the_venues_minimum_is_refused_and_its_part_carried_over(stage):
    play = twap(stage, qty="0.0016", slices=4)  # the least order is 0.001
    stage.pass_time(400 * SECOND)
    assert parts(stage) == [
        ("REJECTED", sz("0.0004"), 0),
        ("REJECTED", sz("0.0008"), 0),
        ("FILLED", sz("0.0012"), sz("0.0012")),
        ("REJECTED", sz("0.0004"), 0),
    ]
    assert (play.outcome("a"), play.order("a").failure_reason) == ("PARTIAL", "EXCHANGE_REJECT")


def test_the_parent_is_told_of_after_each_fill_of_a_slice_with_rising_revisions(stage):
    twap(stage)
    stage.pass_time(400 * SECOND)
    filled = 0
    revisions = []
    for event in stage.events:
        if event.kind == "fill":
            filled += event.data["qty_1e8"]
        elif event.kind == "order" and event.data["node_id"] == "a":
            assert event.data["filled_qty_1e8"] == filled
            revisions.append(event.data["revision"])
    assert revisions == list(range(1, len(revisions) + 1))
    assert filled == sz("1")


def test_slices_are_shown_as_rows_with_their_times(stage):
    twap(stage)
    stage.pass_time(40 * SECOND)
    graph, orders = stage.exchange.graph(ME, "g")
    body = graph_body(graph, orders, stage.exchange.parts(orders))
    assert [order["node_id"] for order in body["orders"]] == ["a"]
    assert (body["expanded_node_count"], body["expanded_edge_count"], body["node_count"]) == (5, 4, 1)
    rows = body["nodes"][0]["slices"]
    assert [(row["node_id"], row["status"], row["qty_1e8"]) for row in rows] == [
        ("a.s1", "FILLED", sz("0.25")),
        ("a.s2", "FILLED", sz("0.25")),
        ("a.s3", "WAITING", None),
        ("a.s4", "WAITING", None),
    ]
    assert [row["scheduled_ns"] for row in rows] == [START + at * 30 * SECOND for at in range(4)]
    assert rows[1]["node_order_id"] == "graph:g:a.s2:1"


@pytest.mark.parametrize("how", ["order", "graph", "horizon"])
def test_an_order_in_slices_that_ends_early_takes_its_slice_along(stage, how):
    words: dict[str, Any] = {"horizon_ms": 45_000} if how == "horizon" else {}
    play = twap(stage, limit="49990", **words)
    stage.pass_time(40 * SECOND)
    if how == "order":
        stage.exchange.cancel(ME, "graph:g:a:1", stage.now)
        stage.settle()
    elif how == "graph":
        play.cancel()
    stage.pass_time(400 * SECOND)
    assert [status for status, _, _ in parts(stage)] == ["CANCELLED", "EXPIRED" if how == "horizon" else "CANCELLED"]
    assert play.outcome("a") == ("EXPIRED" if how == "horizon" else "CANCELLED")
    assert play.status == ("CANCELLED" if how == "graph" else "COMPLETED")
    assert (stage.exchange.orders, stage.exchange.accounts[ME].held) == ({}, {})


def test_an_amended_total_changes_what_the_next_slices_ask_for(stage):
    play = twap(stage)
    stage.exchange.amend(ME, "graph:g:a:1", Change(qty_1e8=sz("0.8")), stage.now)
    stage.settle()
    stage.pass_time(400 * SECOND)
    assert [qty for _, qty, _ in parts(stage)] == [sz("0.25"), sz("0.15"), sz("0.2"), sz("0.2")]
    assert (play.outcome("a"), play.order("a").qty_1e8) == ("FILLED", sz("0.8"))


def test_a_slice_at_work_follows_an_amend_and_cannot_be_amended_itself(stage):
    play = twap(stage, limit="49000")
    change = Change(qty_1e8=sz("0.2"), limit_price_1e9=px("49500"))
    stage.exchange.amend(ME, "graph:g:a:1", change, stage.now)
    stage.settle()
    part = stage.exchange.find_order(ME, "graph:g:a.s1:1")
    assert (part.qty_1e8, part.limit_price_1e9) == (sz("0.2"), px("49500"))
    with pytest.raises(Problem, match=r"conflict: order: a slice follows its order"):
        stage.exchange.amend(ME, part.node_order_id, Change(qty_1e8=sz("0.1")), stage.now)
    stage.pass_time(40 * SECOND)
    assert stage.exchange.find_order(ME, "graph:g:a.s2:1").limit_price_1e9 == px("49500")
    assert play.order("a").order_type == {"limit": {"price_1e9": px("49500")}}


def test_the_kill_switch_holds_the_next_slice_until_the_graph_is_resumed(stage):
    play = twap(stage)
    stage.exchange.engage(ME, "key", None, stage.now)
    stage.pass_time(400 * SECOND)
    assert (play.status, play.graph.pause_reason, len(parts(stage))) == ("PAUSED", "KILL_SWITCH", 1)
    with pytest.raises(Problem, match="kill_switch"):
        play.resume()
    stage.exchange.clear(ME, stage.now)
    stage.pass_time(400 * SECOND)
    assert (play.status, len(parts(stage))) == ("PAUSED", 1)
    assert play.resume()
    assert (play.status, len(parts(stage))) == ("RUNNING", 2)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcome("a")) == ("COMPLETED", "FILLED")
    assert not [row for row in stage.fills() if START < row["ts_ns"] < START + 800 * SECOND]
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_paced_target_streams_in_slices_of_its_own_for_every_activation(stage):
    pacing = {"uniform": {"num_slices": 2, "interval_ms": 1000}}
    nodes = [node("spot", limit="49990"), node("b", pacing=pacing, venue="coinbase")]
    play = Play(stage, nodes, edge("spot", "b", "on_fill"))
    for at, size in ((1, "1.4"), (9, "0.6")):
        stage.market.add_print("BTC-USD", "kraken", START + at * SECOND, "49990", size, "sell")
    stage.pass_time(60 * SECOND)
    assert [qty for _, qty, _ in parts(stage, 1)] == [sz("0.2"), sz("0.2")]
    assert [qty for _, qty, _ in parts(stage, 2)] == [sz("0.3"), sz("0.3")]
    assert (play.status, play.node("b").filled_qty_1e8) == ("COMPLETED", sz("1"))


def test_what_a_model_that_never_fills_leaves_is_not_lost_by_slices(stage):
    settings = replace(stage.exchange.account(ME, stage.now).settings, fill_model="none")
    stage.exchange.change_settings(ME, settings, stage.now)
    play = twap(stage)
    stage.pass_time(400 * SECOND)
    assert (play.outcome("a"), play.status) == ("EXPIRED", "COMPLETED")
    assert [qty for _, qty, _ in parts(stage)] == [sz("0.25"), sz("0.5"), sz("0.75"), sz("1")]


def test_a_held_slice_goes_with_its_order(stage):
    play = twap(stage, limit="49000")
    stage.exchange.engage(ME, "key", None, stage.now)
    stage.pass_time(60 * SECOND)
    assert (play.status, [row.what for row in play.graph.held]) == ("PAUSED", ["slice"])
    stage.exchange.cancel(ME, "graph:g:a:1", stage.now)
    stage.settle()
    assert (play.status, play.outcome("a"), stage.exchange.orders) == ("COMPLETED", "CANCELLED", {})
