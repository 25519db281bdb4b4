"""Repeats of an id, amends, cancels, cancel-all, reset."""

from decimal import Decimal

import pytest

from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.problems import Problem
from seqcli.wire.submission import FixedQuantity, GraphOrder, Instrument, Node, NodeQuantity
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz


def waiting(stage: Stage, **words):
    return stage.order("buy", "0.5", price=Decimal(49990), venue="kraken", **words)


# -- idempotency -----------------------------------------------------------------------------------------------------


def test_the_same_id_and_values_give_the_same_order_again_open_or_ended():
    stage = Stage()
    first = stage.place(qty="1", graph_id="mine", side="BUY")
    again = stage.place(qty="1.0", graph_id="mine", side="buy", tif="IOC")
    assert (first.replayed, again.replayed) == (False, True)
    assert [order.node_order_id for order in again.orders] == ["graph:mine:order:1"]
    assert again.orders[0].status == "FILLED"
    assert len(stage.fills()) == 1
    open_one = stage.place(qty="1", price=Decimal(40000), graph_id="open")
    assert stage.place(qty="1", price=Decimal("40000.00"), graph_id="open").orders == open_one.orders


@pytest.mark.parametrize(
    "words", [{"qty": "2"}, {"side": "sell"}, {"venue": "kraken"}, {"metadata": 1}, {"tif": "fok"}]
)
def test_the_same_id_with_other_values_is_a_conflict(words):
    stage = Stage()
    stage.place(graph_id="mine")
    with pytest.raises(Problem, match="conflict: graph_id: used with different parameters"):
        stage.place(graph_id="mine", **words)


def test_the_simple_form_and_the_equal_graph_are_different_requests():
    stage = Stage()
    stage.place(graph_id="mine")
    node = Node(
        node_id="order",
        instrument=Instrument(symbol="BTC-USD"),
        side="buy",
        order_type="market",
        quantity=NodeQuantity(fixed=FixedQuantity(qty_1e8=sz("1"))),
    )
    with pytest.raises(Problem) as caught:
        stage.exchange.place(ME, GraphOrder(nodes=[node], graph_id="mine"), stage.now)
    assert caught.value.code == "CONFLICT"
    placed = stage.exchange.place(ME, GraphOrder(nodes=[node], graph_id="other", edges=[]), stage.now)
    assert (placed.graph.status, placed.orders[0].status) == ("COMPLETED", "FILLED")


def test_ids_made_here_are_in_time_order_and_ids_are_per_client():
    stage = Stage()
    first = stage.place(qty="0.01").graph.graph_id
    second = stage.place(qty="0.01").graph.graph_id
    stage.pass_time(1)
    third = stage.place(qty="0.01").graph.graph_id
    assert first < second < third
    assert len(first) == len("graph_") + 26
    stage.place(graph_id="mine", qty="0.01")
    body = GraphOrder(nodes=[], graph_id="mine")
    with pytest.raises(Problem, match="nodes"):
        stage.exchange.place("cl_other", body, stage.now)


# -- amend -----------------------------------------------------------------------------------------------------------


def test_a_smaller_total_keeps_the_place_in_the_queue_and_a_larger_one_does_not():
    stage = Stage()
    order = waiting(stage)
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "0.8", "sell")
    stage.pass_time(SECOND)
    stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.3")), stage.now)
    assert (order.qty_1e8, order.legs[0].queue_1e8, order.revision) == (sz("0.3"), sz("0.2"), 3)
    stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.4")), stage.now)
    assert (order.qty_1e8, order.legs[0].queue_1e8) == (sz("0.4"), sz("1"))


def test_a_new_price_may_fill_at_once_and_the_id_stays():
    stage = Stage()
    order = waiting(stage)
    stage.exchange.amend(ME, order.node_order_id, Change(limit_price_1e9=px("50000")), stage.now)
    assert (order.status, order.limit_price_1e9, order.seq) == ("FILLED", px("50000"), 1)
    assert order.order_type == {"limit": {"price_1e9": px("50000")}}


def test_an_amend_to_what_has_filled_ends_the_order_filled():
    stage = Stage()
    order = waiting(stage)
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "1.2", "sell")
    stage.pass_time(SECOND)
    with pytest.raises(Problem, match="below what has filled"):
        stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.1")), stage.now)
    stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.2")), stage.now)
    assert (order.status, order.qty_1e8, order.end_reason) == ("FILLED", sz("0.2"), "filled")
    with pytest.raises(Problem, match="conflict: order: already terminal"):
        stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.3")), stage.now)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (Change(), "new_qty_1e8"),
        (Change(qty_1e8=0), "new_qty_1e8"),
        (Change(qty_1e8=sz("1000000")), "new_qty_1e8"),
        (Change(limit_price_1e9=0), "new_constraints.max_price_1e9"),
        (Change(limit_price_1e9=px("49990") + 5), "new_constraints.max_price_1e9"),
        (Change(urgency="now"), "new_constraints.urgency"),
        (Change(horizon_ms=0), "new_constraints.horizon_ms"),
    ],
)
def test_a_refused_amend_names_its_field_and_changes_nothing(change, field):
    stage = Stage()
    order = waiting(stage)
    before = stage.exchange.snapshot()
    with pytest.raises(Problem) as caught:
        stage.exchange.amend(ME, order.node_order_id, change, stage.now)
    assert [row["field"] for row in caught.value.details] == [field]
    assert stage.exchange.snapshot() == before


def test_while_the_kill_switch_is_engaged_only_a_pure_reduction_passes():
    stage = Stage()
    order = waiting(stage)
    stage.exchange.engage(ME, "key_1", None, stage.now)
    for change in (Change(qty_1e8=sz("1")), Change(qty_1e8=sz("0.1"), limit_price_1e9=px("1")), Change(horizon_ms=5)):
        with pytest.raises(Problem, match="kill_switch"):
            stage.exchange.amend(ME, order.node_order_id, change, stage.now)
    stage.exchange.amend(ME, order.node_order_id, Change(qty_1e8=sz("0.1")), stage.now)
    assert order.qty_1e8 == sz("0.1")


# -- cancel ----------------------------------------------------------------------------------------------------------


def test_cancelling_again_is_no_error_and_unknown_is_not_found():
    stage = Stage()
    order = waiting(stage)
    assert stage.exchange.cancel(ME, order.node_order_id, stage.now)[1] == "done"
    assert (order.status, order.end_reason) == ("CANCELLED", "cancelled")
    stage.settle()
    assert stage.exchange.cancel(ME, order.node_order_id, stage.now)[1] == "already_terminal"
    with pytest.raises(Problem, match="not found: order: nope"):
        stage.exchange.cancel(ME, "nope", stage.now)
    graph, _ = stage.exchange.graph(ME, order.graph_id)
    assert graph.status == "COMPLETED"


def test_a_cancelled_graph_is_cancelled_even_after_fills():
    stage = Stage()
    order = waiting(stage)
    stage.market.add_print("BTC-USD", "kraken", START + SECOND, "49990", "1.2", "sell")
    stage.pass_time(SECOND)
    graph, orders, count = stage.exchange.cancel_graph(ME, order.graph_id, stage.now)
    assert (graph.status, [row.status for row in orders], count) == ("CANCELLED", ["PARTIAL"], 1)
    stage.settle()
    assert stage.exchange.cancel_graph(ME, order.graph_id, stage.now)[2] == 0


def test_a_venue_wide_cancel_takes_only_that_venues_legs():
    stage = Stage()
    order, elsewhere = waiting(stage), stage.order("buy", "1", price=Decimal(49000), venue="coinbase")
    rows = stage.exchange.cancel_venue(ME, "kraken", stage.now)
    assert [row["node_order_id"] for row in rows] == [order.node_order_id]
    assert (order.status, elsewhere.status) == ("CANCELLED", "WORKING")
    assert stage.exchange.cancel_venue(ME, "kraken", stage.now) == []


def test_a_reset_cancels_seeds_again_and_keeps_the_kill_switch():
    stage = Stage()
    stage.order(qty="1")
    order = waiting(stage)
    stage.exchange.engage(ME, "key_1", "stop", stage.now)
    deleted, written, cancelled = stage.exchange.reset(ME, stage.now)
    stage.settle()
    assert (deleted, written, cancelled, order.status) == (7, 6, 1, "CANCELLED")
    assert stage.exchange.graph(ME, order.graph_id)[0].status == "CANCELLED"
    assert stage.cash("coinbase") == 10**18
    assert stage.exchange.kill_switch(ME).engaged
    assert stage.again().snapshot() == stage.exchange.snapshot()
