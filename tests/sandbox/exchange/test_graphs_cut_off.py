"""Graphs whose orders are at a venue that nothing gets through to: nothing is lost, nothing starts that should not."""

from typing import Any

import pytest

from seqcli.sandbox.market.outages import Reachable
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz, two_venues


@pytest.fixture
def stage():
    market = Reachable(two_venues())
    stage = Stage(market)
    stage.exchange.reaches = market.reaches
    return stage


def edges(stage: Stage, *down: str) -> None:
    market: Any = stage.market
    market.down = frozenset(down)
    stage.exchange.edges_changed(stage.now)
    stage.settle()


def test_a_cancelled_graph_ends_when_its_venue_is_back_and_starts_nothing_until_then(stage):
    nodes = [node("a", limit="49990"), node("b", limit="49000", venue="coinbase"), node("c")]
    play = Play(stage, nodes, edge("a", "c", "on_done"), edge("b", "c", "on_cancel"))
    edges(stage, "kraken")
    play.cancel()
    assert (play.status, play.outcomes()) == ("RUNNING", {"a": "WORKING", "b": "CANCELLED", "c": "SKIPPED"})
    assert play.order("a").cancelling
    stage.pass_time(60 * SECOND)
    edges(stage)
    assert (play.status, play.outcome("a"), stage.exchange.orders) == ("CANCELLED", "CANCELLED", {})
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_cancel_edge_to_a_cut_off_order_is_carried_out_later(stage):
    nodes = [node("a", limit="49990"), node("b", limit="40000", venue="coinbase"), node("c", venue="coinbase")]
    play = Play(
        stage,
        nodes,
        edge("b", "a", "t", ms=5000, action="cancel"),
        edge("a", "c", "on_cancel"),
    )
    edges(stage, "kraken")
    stage.pass_time(9 * SECOND)
    assert (play.outcome("a"), play.outcome("c")) == ("WORKING", "WAITING")
    edges(stage)
    assert (play.outcome("a"), play.outcome("c")) == ("CANCELLED", "FILLED")


def test_the_next_slice_waits_for_the_one_that_cannot_be_cancelled(stage):
    pacing = {"uniform": {"num_slices": 3, "interval_ms": 10_000}}
    play = Play(stage, [node("a", limit="49990", qty="0.9", pacing=pacing)])
    edges(stage, "kraken")
    stage.pass_time(25 * SECOND)
    assert (play.order("a").slice_count, play.order("a").next_slice_ns) == (1, START + 30 * SECOND)
    edges(stage)
    stage.pass_time(10 * SECOND)
    assert (play.order("a").slice_count, stage.exchange.find_order(ME, "graph:g:a.s2:1").qty_1e8) == (2, sz("0.6"))
    stage.pass_time(60 * SECOND)
    edges(stage, "kraken")
    assert play.cancel() == 1
    assert (play.status, play.order("a").cancelling) == ("RUNNING", True)
    edges(stage)
    assert (play.status, stage.exchange.orders) == ("CANCELLED", {})


def test_a_stop_is_not_fired_by_a_venue_that_is_gone(stage):
    stage.order(qty="1", venue="kraken")
    stage.market.market.set_book("BTC-USD", "kraken", "40000*1", "50000*1", START + 5 * SECOND)
    stage.market.market.set_book("BTC-USD", "kraken", "41000*1", "50000*1", START + 50 * SECOND)
    play = Play(stage, [node("a", "sell", "0.5", stop="45000")])
    edges(stage, "kraken")
    stage.pass_time(9 * SECOND)
    assert play.outcome("a") == "NEW"
    edges(stage)
    stage.pass_time(60 * SECOND)
    assert (play.outcome("a"), play.order("a").terminal_ns) == ("FILLED", START + 50 * SECOND)


def test_a_chase_without_a_book_waits_for_one(stage):
    play = Play(stage, [node("a", qty="3", policy="aggressive_chase")])
    stage.market.market.set_book("BTC-USD", "kraken", "50010*1", "50020*1", START + 5 * SECOND)
    edges(stage, "kraken")
    stage.pass_time(3600 * SECOND)
    assert play.node("a").filled_qty_1e8 == sz("1")
    edges(stage)
    stage.pass_time(2 * SECOND)
    assert play.node("a").filled_qty_1e8 == sz("2")


def test_a_passive_order_is_not_moved_away_from_where_nothing_gets_through(stage):
    play = Play(stage, [node("a", policy="passive", venue=None)])
    (leg,) = play.order("a").legs
    other = "kraken" if leg.venue == "coinbase" else "coinbase"
    for at in (5, 90):
        stage.market.market.set_book("BTC-USD", other, "49995*1", "50000*1", START + at * SECOND)
    edges(stage, leg.venue)
    stage.pass_time(60 * SECOND)
    assert [(row.venue, row.status) for row in play.order("a").legs] == [(leg.venue, "WORKING")]
    edges(stage)
    stage.pass_time(60 * SECOND)
    assert play.order("a").peg_1e9 == px("49995")
