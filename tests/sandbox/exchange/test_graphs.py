"""Each documented kind of graph, run to its documented end; and what triggers, sizes and cancels do on the way."""

from decimal import Decimal

import msgspec
import pytest

from seqcli.sandbox.exchange.exchange import Exchange
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz


@pytest.fixture
def stage():
    return Stage()


def sold_into(stage: Stage, at: int, price: str, size: str) -> None:
    """Somebody sells to the resting bids on kraken, `at` seconds after the start."""
    stage.market.add_print("BTC-USD", "kraken", START + at * SECOND, price, size, "sell")


# -- the documented kinds --------------------------------------------------------------------------------------------


def test_a_single_node_is_a_graph_that_completes_with_its_order(stage):
    play = Play(stage, [node("a")])
    assert (play.status, play.outcomes()) == ("COMPLETED", {"a": "FILLED"})
    assert [event.kind for event in stage.events if event.kind != "ledger"] == ["order", "fill", "order", "graph"]


BRACKET = (
    edge("entry", "tp", "on_full_fill"),
    edge("entry", "sl", "on_full_fill"),
    edge("tp", "sl", "on_first_fill", action="cancel"),
    edge("sl", "tp", "on_first_fill", action="cancel"),
)


def bracket(stage: Stage) -> Play:
    nodes = [
        node("entry", qty="0.1"),
        node("tp", "sell", "0.1", limit="55000"),
        node("sl", "sell", "0.1", stop="48000"),
    ]
    return Play(stage, nodes, *BRACKET)


def test_a_bracket_takes_its_profit_and_disarms_its_stop(stage):
    play = bracket(stage)
    assert (play.status, play.outcomes()) == ("RUNNING", {"entry": "FILLED", "tp": "WORKING", "sl": "NEW"})
    assert play.order("sl").armed
    stage.market.set_book("BTC-USD", "kraken", "55001*1", "55002*1", START + 9 * SECOND)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcomes()) == ("COMPLETED", {"entry": "FILLED", "tp": "FILLED", "sl": "CANCELLED"})
    assert (stage.holding("kraken"), stage.exchange.orders) == (0, {})


def test_a_bracket_stops_its_loss_with_what_the_profit_order_held(stage):
    play = bracket(stage)
    stage.market.set_book("BTC-USD", "kraken", "47999*1", "48010*1", START + 9 * SECOND)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcomes()) == ("COMPLETED", {"entry": "FILLED", "tp": "CANCELLED", "sl": "FILLED"})
    assert play.order("sl").terminal_ns == START + 9 * SECOND
    assert [row["price_1e9"] for row in stage.fills()] == [px("50000"), px("47999")]
    assert [play.edge(row["edge_id"]).fired_count for row in BRACKET] == [1, 1, 0, 1]


def hedged(trigger: str, **words: object) -> tuple[list[dict[str, object]], dict[str, object]]:
    nodes = [
        node("spot", qty="1", limit="49990"),
        node("perp", "sell", "1", symbol="BTC-USD-PERP", venue="hyperliquid"),
    ]
    return nodes, edge("spot", "perp", trigger, **words)


def test_a_hedge_starts_once_when_the_ratio_is_crossed(stage):
    nodes, link = hedged("on_fill_ratio", gte=0.5)
    play = Play(stage, nodes, link)
    for at, size in ((1, "1.4"), (2, "0.2"), (3, "0.4")):  # one stands before us in the queue
        sold_into(stage, at, "49990", size)
    stage.pass_time(SECOND)
    assert (play.node("spot").filled_qty_1e8, play.outcome("perp")) == (sz("0.4"), "WAITING")
    stage.pass_time(SECOND)
    assert (play.outcome("perp"), play.order("perp").created_ns) == ("FILLED", START + 2 * SECOND)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.graph.edges[0].fired_count, stage.holding("hyperliquid", "BTC-USD-PERP", "perp")) == (
        "COMPLETED",
        1,
        -sz("1"),
    )


def test_a_streaming_hedge_sells_what_every_fill_bought(stage):
    nodes, link = hedged("on_fill")
    play = Play(stage, nodes, link)
    for at, size in ((1, "1.4"), (2, "0.2"), (3, "0.4")):
        sold_into(stage, at, "49990", size)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.node("perp").node_order_ids[-1]) == ("COMPLETED", "graph:g:perp:3")
    assert [play.order("perp", seq).qty_1e8 for seq in (1, 2, 3)] == [sz("0.4"), sz("0.2"), sz("0.4")]
    assert play.graph.edges[0].fired_count == 3


def test_a_timeout_ladder_gives_up_one_price_for_the_next(stage):
    nodes = [node("low", limit="49000"), node("mid", limit="49500"), node("any", tif="ioc")]
    play = Play(
        stage,
        nodes,
        edge("low", "low2", "x", ms=5) | {"edge_id": "a", "trigger": {"on_timeout": {"ms": 5000}}, "to_node": "mid"},
        edge("low", "any", "y", ms=9000),
        edge("mid", "low", "on_accepted", action="cancel"),
        edge("any", "mid", "on_accepted", action="cancel"),
    )
    stage.pass_time(4 * SECOND)
    assert play.outcomes() == {"low": "WORKING", "mid": "WAITING", "any": "WAITING"}
    stage.pass_time(2 * SECOND)
    assert play.outcomes() == {"low": "CANCELLED", "mid": "WORKING", "any": "WAITING"}
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcomes()) == ("COMPLETED", {"low": "CANCELLED", "mid": "CANCELLED", "any": "FILLED"})
    assert play.order("any").created_ns == START + 9 * SECOND


def test_the_end_of_one_order_cancels_another_and_skips_what_waits(stage):
    nodes = [node("a", limit="49990"), node("b", limit="49000"), node("c"), node("d")]
    play = Play(
        stage,
        nodes,
        edge("a", "b", "on_done", action="cancel"),
        edge("a", "c", "on_reject"),
        edge("c", "d", "on_full_fill"),
    )
    stage.market.set_book("BTC-USD", "kraken", "49000*1", "49989*1", START + SECOND)
    stage.pass_time(2 * SECOND)
    assert play.outcomes() == {"a": "FILLED", "b": "CANCELLED", "c": "SKIPPED", "d": "SKIPPED"}
    assert (play.status, play.graph.terminal_ns) == ("COMPLETED", START + SECOND)


# -- triggers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trigger", "words", "fires"),
    [
        ("on_accepted", {}, True),
        ("on_first_fill", {}, True),
        ("on_fill", {}, True),
        ("on_full_fill", {}, False),
        ("on_fill_ratio", {"gte": 0.3}, True),
        ("on_fill_ratio", {"gte": Decimal("0.30000001")}, False),
        ("on_cancel", {}, True),
        ("on_done", {}, True),
        ("on_reject", {}, False),
        ("timeout", {"ms": 1500}, True),
        ("timeout", {"ms": 500_000_000}, True),
    ],
)
def test_a_trigger_fires_once_or_its_target_is_skipped(stage, trigger, words, fires):
    """The source fills 0.3 of 1, then is cancelled."""
    play = Play(stage, [node("a", limit="49990"), node("b", venue="coinbase")], edge("a", "b", trigger, **words))
    sold_into(stage, 1, "49990", "1.3")
    stage.pass_time(SECOND)
    stage.exchange.cancel(ME, "graph:g:a:1", stage.now)
    stage.settle()
    stage.pass_time(600_000 * SECOND)
    assert (play.outcome("b"), play.graph.edges[0].fired_count) == (("FILLED", 1) if fires else ("SKIPPED", 0))
    assert (play.status, play.outcome("a")) == ("COMPLETED", "PARTIAL")
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_rejected_source_fires_on_reject_and_on_done_and_is_not_accepted(stage):
    nodes = [node("a", qty="0.00001"), *(node(name, venue="coinbase", qty="0.01") for name in "bcd")]
    links = (edge("a", "b", "on_reject"), edge("a", "c", "on_done"), edge("a", "d", "on_accepted"))
    play = Play(stage, nodes, *links)
    assert play.outcomes() == {"a": "REJECTED", "b": "FILLED", "c": "FILLED", "d": "SKIPPED"}
    assert play.status == "COMPLETED"


def test_a_graph_of_which_nothing_filled_and_something_was_refused_has_failed(stage):
    play = Play(stage, [node("a", qty="0.00001"), node("b")], edge("a", "b", "on_full_fill"))
    assert (play.status, play.graph.failure_reason) == ("FAILED", "EXCHANGE_REJECT")


# -- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trigger", "sizing", "expected"),
    [
        ("on_first_fill", None, "2"),
        ("on_first_fill", {"fill_ratio": {"ratio": 0.5}}, "0.15"),
        ("on_first_fill", {"fixed": {"qty_1e8": sz("0.7")}}, "0.7"),
        ("on_first_fill", {"fixed": {"qty_1e8": sz("70")}}, "2"),
        ("on_done", {"fill_ratio": {"ratio": Decimal("0.3333")}}, "0.3333"),
        ("on_full_fill", {"fill_ratio": {"ratio": 4}}, "2"),
        ("on_fill", "node", "2"),
    ],
)
def test_an_edge_says_how_much_of_its_target_starts(stage, trigger, sizing, expected):
    words = {} if sizing is None else {"sizing": sizing}
    play = Play(stage, [node("a", limit="49990"), node("b", qty="2", limit="40000")], edge("a", "b", trigger, **words))
    sold_into(stage, 1, "49990", "1.3")
    sold_into(stage, 2, "49990", "9")
    stage.pass_time(3 * SECOND)
    assert play.order("b").qty_1e8 == sz(expected)
    assert len(play.node("b").node_order_ids) == 1


def test_the_targets_quantity_caps_the_sum_of_its_activations(stage):
    nodes, link = hedged("on_fill", sizing={"fill_ratio": {"ratio": 1.5}})
    play = Play(stage, nodes, link)
    for at, size in ((1, "1.4"), (2, "0.2"), (3, "0.4")):
        sold_into(stage, at, "49990", size)
    stage.pass_time(60 * SECOND)
    assert [play.order("perp", seq).qty_1e8 for seq in (1, 2, 3)] == [sz("0.6"), sz("0.3"), sz("0.1")]
    assert (play.status, play.node("perp").filled_qty_1e8) == ("COMPLETED", sz("1"))


def test_fills_too_small_for_the_venues_are_hedged_together(stage):
    nodes, link = hedged("on_fill")
    Play(stage, nodes, link)
    for at, size in ((1, "1.0004"), (2, "0.0004"), (3, "0.0004"), (4, "0.00005")):  # the least order is 0.001
        sold_into(stage, at, "49990", size)
    stage.pass_time(10 * SECOND)
    assert [row["qty_1e8"] for row in stage.fills() if row["node_id"] == "perp"] == [sz("0.0012")]


def test_a_notional_becomes_a_quantity_when_its_node_starts(stage):
    nodes = [node("a", limit="49990"), node("b", usd="10000", venue="coinbase")]
    play = Play(stage, nodes, edge("a", "b", "on_full_fill"))
    stage.market.set_book("BTC-USD", "coinbase", "39999*1", "40000*1", START + SECOND)
    stage.market.set_book("BTC-USD", "kraken", "40000*1", "41000*1", START + 2 * SECOND)
    stage.pass_time(3 * SECOND)
    assert (play.order("b").qty_1e8, play.outcome("b")) == (sz("0.25"), "FILLED")


# -- the whole -------------------------------------------------------------------------------------------------------


def test_a_cancelled_graph_leaves_nothing_resting_and_starts_nothing_more(stage):
    nodes = [node("a", limit="49990"), node("b", limit="49000"), node("c"), node("d", "sell", stop="100")]
    links = (edge("a", "c", "on_cancel"), edge("b", "c", "on_done"), edge("a", "d", "on_accepted"))
    play = Play(stage, nodes, *links)
    assert play.cancel() == 3
    assert (play.status, stage.exchange.orders, stage.exchange.accounts[ME].held) == ("CANCELLED", {}, {})
    assert play.outcomes() == {"a": "CANCELLED", "b": "CANCELLED", "c": "SKIPPED", "d": "CANCELLED"}
    assert play.cancel() == 0
    stage.pass_time(60 * SECOND)
    assert stage.fills() == []
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_the_reply_names_the_roots_and_a_repeat_gives_the_same(stage):
    nodes, link = hedged("on_fill_ratio", gte=0.5)
    play = Play(stage, nodes, link)
    again = Play(stage, nodes, link)
    assert [order.node_order_id for order in play.placed.orders] == ["graph:g:spot:1"]
    assert again.placed.replayed
    assert again.placed.orders == play.placed.orders


def test_a_graph_of_an_older_store_goes_on(stage):
    """Records that know nothing of edges, slices, pegs or open orders a node."""
    order = stage.order("buy", "0.5", price=Decimal(49990), venue="kraken", graph_id="old")
    saved = msgspec.json.decode(stage.exchange.snapshot())
    for row in saved["graphs"]:
        row["nodes"] = [{name: value for name, value in node.items() if name in OLD_NODE} for node in row["nodes"]]
        for name in ("bounds", "held", "failing"):
            row.pop(name)
    for row in saved["orders"]:
        for name in ("armed", "peg_1e9", "pegged_ns", "parent", "next_slice_ns"):
            row.pop(name)
    again = Exchange.restore(stage.market, msgspec.json.encode(saved), [], archive=stage.shelf)
    assert again.graphs[ME, "old"].status == "RUNNING"
    assert again.cancel(ME, order.node_order_id, stage.now)[1] == "done"
    assert (again.graphs, again.orders) == ({}, {})


OLD_NODE = (
    *("node_id", "symbol", "kind", "base", "quote", "pin", "side", "order_type", "limit_price_1e9", "tif", "execution"),
    *("qty_1e8", "notional_usd_1e9", "activation", "status", "outcome", "filled_qty_1e8", "failure_reason"),
    *("node_order_ids", "activated_ns", "terminal_ns"),
)
