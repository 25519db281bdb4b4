"""A graph's own limits: refused at admission, kept while it runs, and what a breach, a pause and a resume do."""

from typing import Any

import pytest

from seqcli.sandbox.exchange import graph_risk
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.problems import Problem
from seqcli.wire.graphs import AmendNode
from seqcli.wire.orders import NewConstraints
from seqcli.wire.submission import Execution, FixedQuantity, LimitPrice, NodeQuantity, OrderType
from tests.sandbox.graph_stage import Play, edge, node
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz


@pytest.fixture
def stage():
    return Stage()


def breaches(stage: Stage) -> list[dict[str, Any]]:
    return [event.data for event in stage.events if event.kind == "risk"]


def losing(stage: Stage, on_breach: str, **runtime: object) -> Play:
    """Buys 1 at 50000 for 130 dollars of fees; then the market falls in steps. One node rests, another waits."""
    for at, bid in ((5, "49920"), (10, "49890"), (15, "49700"), (20, "49600")):
        stage.market.set_book("BTC-USD", "kraken", f"{bid}*1", f"{int(bid) + 20}*1", START + at * SECOND)
        stage.market.set_book("BTC-USD", "coinbase", f"{int(bid) - 1}*1", f"{int(bid) + 21}*1", START + at * SECOND)
    nodes = [node("a"), node("b", limit="40000"), node("c", limit="40001")]
    risk = {"runtime": runtime, "on_failure": {"on_runtime_breach": on_breach}}
    return Play(stage, nodes, edge("b", "c", "t", ms=18_000) | {"edge_id": "t"}, risk=risk)


# -- loss ------------------------------------------------------------------------------------------------------------


def test_a_loss_counts_the_mark_to_the_middle_and_the_fees(stage):
    losing(stage, "none", max_loss_usd=10**6)
    graph = stage.exchange.graphs[ME, "g"]
    fee = stage.fills()[0]["fee_usd_1e9"]
    assert graph_risk.loss(stage.market, graph, START) == px("50000") - px("49995") + fee
    assert graph_risk.loss(stage.market, graph, START + 5 * SECOND) == px("50000") - px("49930") + fee


def test_a_graph_that_loses_too_much_is_cancelled_whole_at_the_instant_it_does(stage):
    play = losing(stage, "cancel_all", max_loss_usd=220)  # 130 of it are fees
    stage.pass_time(9 * SECOND)
    assert play.status == "RUNNING"
    stage.pass_time(60 * SECOND)
    assert (play.status, play.graph.failure_reason, play.graph.terminal_ns) == ("FAILED", "RISK", START + 10 * SECOND)
    assert play.outcomes() == {"a": "FILLED", "b": "CANCELLED", "c": "SKIPPED"}
    (row,) = breaches(stage)
    assert (row["kind"], row["limit"], row["threshold"], row["value"]) == ("limit_breach", "max_loss_usd", "220", "230")
    assert stage.exchange.orders == {}
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_pause_holds_what_would_start_and_a_resume_allows_as_much_loss_again(stage):
    play = losing(stage, "pause", max_loss_usd=220)
    stage.pass_time(19 * SECOND)
    assert (play.status, play.graph.pause_reason, play.outcome("b")) == ("PAUSED", "RISK", "WORKING")
    assert (play.outcome("c"), [row.name for row in play.graph.held]) == ("WAITING", ["c"])
    assert len(breaches(stage)) == 1
    assert play.resume()
    assert (play.status, play.outcome("c"), play.order("c").created_ns) == ("RUNNING", "WORKING", stage.now)
    assert not play.resume()
    stage.pass_time(60 * SECOND)
    assert [row["value"] for row in breaches(stage)] == ["230", "520"]
    assert play.status == "PAUSED"
    assert stage.again().snapshot() == stage.exchange.snapshot()


def test_a_breach_that_nothing_follows_is_told_of(stage):
    play = losing(stage, "none", max_loss_usd=220)
    stage.pass_time(60 * SECOND)
    assert (play.status, play.outcome("c"), len(breaches(stage))) == ("RUNNING", "WORKING", 2)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_the_bounds_of_a_loss_find_the_instant_that_trying_every_one_finds(seed):
    market = SyntheticMarket(seed)
    stage = Stage(market)
    legs = [
        node("a", qty="1", symbol="ETH-USD", venue=None),
        node("b", "sell", qty="0.7", symbol="ETH-USD-PERP", venue="hyperliquid"),
        node("rest", qty="1", symbol="ETH-USD", limit="1000", venue=None),
    ]
    graph = Play(stage, legs, risk={"runtime": {"max_loss_usd": 10**6}}).graph
    lost = graph_risk.loss(market, graph, START)
    assert lost is not None
    graph.bounds.max_loss_usd_1e9 = lost + px("0.2")
    until, at, looks = START + 90 * SECOND, START, 0
    found = None
    while found is None and at < until:
        at, looks = next(graph_risk.instants(market, graph, at, until), until), looks + 1
        found = at if graph_risk.breach(market, graph, at) else None
    assert found == next((each for each in published(market, until) if graph_risk.breach(market, graph, each)), None)
    assert looks < 800  # of some three thousand instants


def published(market: SyntheticMarket, until_ns: int) -> list[int]:
    """Every instant at which a book of either symbol appears."""
    quarters = range(START, until_ns + 1, SECOND // 4)
    books = (
        row for ts_ns in quarters for name in ("ETH-USD", "ETH-USD-PERP") for row in market.best(name, ts_ns).values()
    )
    return sorted({row.ts_ns for row in books if row.ts_ns > START})


# -- not hedged ------------------------------------------------------------------------------------------------------


def hedged(stage: Stage, most: float, **words: object) -> Play:
    nodes = [
        node("spot", qty="1", limit="49990"),
        node("perp", "sell", "1", symbol="BTC-USD-PERP", venue="hyperliquid", **words),
    ]
    for at, size in ((1, "1.4"), (2, "0.2"), (3, "0.4")):
        stage.market.add_print("BTC-USD", "kraken", START + at * SECOND, "49990", size, "sell")
    return Play(stage, nodes, edge("spot", "perp", "on_fill"), risk={"runtime": {"max_unhedged_qty": most}})


def test_what_is_hedged_at_the_same_instant_was_never_unhedged(stage):
    play = hedged(stage, 0.1)
    stage.pass_time(60 * SECOND)
    assert (play.status, breaches(stage)) == ("COMPLETED", [])


def test_a_hedge_that_does_not_fill_is_a_breach_of_the_unhedged_quantity(stage):
    play = hedged(stage, 0.5, limit="60000")
    stage.pass_time(SECOND)
    assert play.status == "RUNNING"
    stage.pass_time(SECOND)
    assert (play.status, play.graph.failure_reason) == ("FAILED", "RISK")
    assert [(row["limit"], row["value"], row["threshold"]) for row in breaches(stage)] == [
        ("max_unhedged_qty", "0.6", "0.5")
    ]
    assert (play.outcomes(), stage.exchange.orders) == ({"spot": "PARTIAL", "perp": "CANCELLED"}, {})


# -- before it runs --------------------------------------------------------------------------------------------------


def test_a_graph_worth_more_than_it_may_be_is_not_admitted(stage):
    nodes = [node("a", limit="40000"), node("b", stop="60000")]
    with pytest.raises(Problem, match=r"risk\.admission\.max_notional_usd"):
        Play(stage, nodes, edge("a", "b", "on_done"), risk={"admission": {"max_notional_usd": 99_999}})
    assert stage.exchange.graphs == {}
    Play(stage, nodes, edge("a", "b", "on_done"), risk={"admission": {"max_notional_usd": 100_000}})


def test_a_price_too_far_from_the_middle_is_refused_when_its_node_starts(stage):
    nodes = [node("a"), node("b", limit="40000")]
    play = Play(stage, nodes, edge("a", "b", "on_full_fill"), risk={"pre_trade": {"max_price_deviation_bps": 100}})
    assert (play.outcome("b"), play.order("b").failure_reason) == ("REJECTED", "PRICE_DEVIATION")


@pytest.mark.parametrize(
    ("on_reject", "status", "other"), [("none", "RUNNING", "WORKING"), ("cancel_all", "FAILED", "CANCELLED")]
)
def test_a_rejected_order_cancels_the_rest_when_the_graph_says_so(stage, on_reject, status, other):
    nodes = [node("a", limit="40000"), node("b", qty="0.00001"), node("c")]
    play = Play(stage, nodes, edge("b", "c", "on_reject"), risk={"on_failure": {"on_reject": on_reject}})
    assert (play.status, play.outcome("a")) == (status, other)
    assert play.outcome("c") == ("FILLED" if on_reject == "none" else "SKIPPED")


# -- pause, resume, cancel -------------------------------------------------------------------------------------------


def test_the_kill_switch_holds_a_node_until_the_graph_is_resumed(stage):
    play = hedged(stage, 1)
    stage.exchange.engage(ME, "key", None, stage.now)
    stage.pass_time(9 * SECOND)
    assert (play.status, play.outcomes()) == ("PAUSED", {"spot": "FILLED", "perp": "WAITING"})
    assert [row.qty_1e8 for row in play.graph.held] == [sz("0.4"), sz("0.2"), sz("0.4")]
    stage.exchange.clear(ME, stage.now)
    assert play.resume()
    assert (play.status, play.node("perp").filled_qty_1e8) == ("COMPLETED", sz("1"))


def test_a_paused_graph_is_cancelled_with_what_it_holds(stage):
    play = hedged(stage, 1)
    stage.exchange.engage(ME, "key", None, stage.now)
    stage.pass_time(2 * SECOND)
    assert play.cancel() == 1
    assert (play.status, play.outcomes()) == ("CANCELLED", {"spot": "PARTIAL", "perp": "SKIPPED"})
    stage.exchange.clear(ME, stage.now)
    with pytest.raises(Problem, match="already terminal"):
        play.resume()


# -- amending a node that waits --------------------------------------------------------------------------------------


def redefine(play: Play, name: str, body: AmendNode) -> None:
    play.stage.exchange.redefine_node(play.graph, play.node(name), body, play.stage.now)
    play.stage.settle()


def test_a_node_that_waits_takes_another_definition(stage):
    play = Play(stage, [node("a", limit="49000"), node("b")], edge("a", "b", "on_cancel"))
    kind = OrderType(limit=LimitPrice(price_1e9=px("48000")))
    quantity = NodeQuantity(fixed=FixedQuantity(qty_1e8=sz("2")))
    redefine(play, "b", AmendNode(order_type=kind, quantity=quantity, execution=Execution(tif="post_only")))
    redefine(play, "b", AmendNode(new_constraints=NewConstraints(max_price_1e9=px("47000"), urgency="low")))
    assert stage.again().snapshot() == stage.exchange.snapshot()
    stage.exchange.cancel(ME, "graph:g:a:1", stage.now)
    order = play.order("b")
    assert (order.qty_1e8, order.limit_price_1e9, order.tif, order.execution["urgency"]) == (
        sz("2"),
        px("47000"),
        "post_only",
        "low",
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (AmendNode(), "new_qty_1e8"),
        (AmendNode(quantity=NodeQuantity(fixed=FixedQuantity(qty_1e8=0))), "quantity.fixed.qty_1e8"),
        (AmendNode(order_type="best"), "order_type"),
        (AmendNode(execution=Execution(urgency="now")), "execution.urgency"),
        (AmendNode(new_constraints=NewConstraints(max_price_1e9=5)), "new_constraints.max_price_1e9"),
    ],
)
def test_a_refused_definition_names_its_field_and_changes_nothing(stage, body, field):
    play = Play(stage, [node("a", limit="49000"), node("b")], edge("a", "b", "on_cancel"))
    before = stage.exchange.snapshot()
    with pytest.raises(Problem) as caught:
        redefine(play, "b", body)
    assert [row["field"] for row in caught.value.details] == [field]
    assert stage.exchange.snapshot() == before
