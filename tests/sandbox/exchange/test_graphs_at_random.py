"""Random valid graphs on the synthetic market: each comes to its end, whatever fills, cut short or looked at seldom.

What must hold of any graph: every node ends; a trigger that fires once fired at most once; no node and no order fills
more than it asked for, over all activations; a cancel leaves nothing; the books add up after every event; the same
commands give the same bytes, a replay too; and looking seldom ends where looking often does.
"""

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from seqcli.sandbox.exchange import activation, alarms, ending, sizing, triggers
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.graphs import Graph
from seqcli.sandbox.exchange.orders import TERMINAL, Order
from seqcli.sandbox.exchange.seeding import Seed
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.sandbox.problems import Problem
from seqcli.wire import graph_rules, shapes, strict
from seqcli.wire.submission import GraphOrder
from tests.sandbox.graph_stage import PLAIN, PRICES, random_graph
from tests.sandbox.stage import ME, SECOND, START, Stage, sz

HORIZON_S = 600
TAPED = {"BTC-USDT": 58_000, "ETH-USDT": 2_000, "DOT-USDT": 43}
WISHES = ("shrink", "grow", "hurry", "later", "cancel", "engage", "clear", "clear", "resume", "venue")


class Run:
    """One random graph from its submission to its end."""

    def __init__(self, seed: int, steps: str = "random", taped: RecordedMarket | None = None) -> None:
        self.dice = Random(seed)
        self.steps = steps
        market = taped or SyntheticMarket(seed % 5)
        self.stage = Stage(market)
        self.stage.exchange.account(ME, START)
        rows = [
            Seed(venue=venue, kind="crypto", symbol=base, amount=sz("50"), cost_usd_1e9=0)
            for venue in ("kraken", "binance", "coinbase", "okx", "bybit")
            for base in ("BTC", "ETH", "SOL")
        ]
        self.stage.exchange.seed(ME, rows, START, replace=False)
        body = {"graph_id": "g", **random_graph(self.dice, market, TAPED if taped else PRICES)}
        read, bad = shapes.typed(strict.parse(strict.encode(body), shapes.number), GraphOrder)
        assert not bad
        assert not graph_rules.violations(read)
        self.stage.exchange.place(ME, read, START)
        self.stage.settle()

    @property
    def graph(self) -> Graph:
        found = self.stage.exchange.find_graph(ME, "g")
        assert found is not None
        return found

    def run(self, seconds: int = HORIZON_S) -> "Run":
        """Let time pass to the end of every horizon, and resume whenever the graph pauses."""
        until = self.stage.now + seconds * SECOND
        while self.stage.now < until:
            self.stage.pass_time(min(self._step(), until - self.stage.now))
            if self.graph.status == "PAUSED" and self.steps == "random":
                self.stage.exchange.resume_graph(ME, "g", self.stage.now)
                self.stage.settle()
        return self

    def meddle(self, seed: int, times: int = 10) -> "Run":
        """Let time pass, and every few seconds change, cancel, stop or resume something."""
        wishes = Random(-seed)
        for _ in range(times):
            until = self.stage.now + wishes.choice([900, 4_000, 13_000]) * 1_000_000
            while self.stage.now < until:
                self.stage.pass_time(min(self._step(), until - self.stage.now))
            names = sorted(row.node_order_id for row in self.stage.exchange.orders.values() if row.parent is None)
            with suppress(Problem):
                self._wish(wishes, wishes.choice(names) if names else "none")
            self.stage.settle()
        return self

    def _wish(self, wishes: Random, name: str) -> None:
        exchange, now = self.stage.exchange, self.stage.now
        wish = wishes.choice(
            ["shrink", "grow", "hurry", "later", "cancel", "engage", "clear", "clear", "resume", "venue"]
        )
        if wish in ("shrink", "grow"):
            qty = exchange.find_order(ME, name).qty_1e8
            change = Change(qty_1e8=qty // 2 if wish == "shrink" else qty * 2)
            exchange.amend(ME, name, change, now)
        elif wish in ("hurry", "later"):
            change = Change(urgency="high") if wish == "hurry" else Change(horizon_ms=9_000)
            exchange.amend(ME, name, change, now)
        elif wish == "cancel":
            exchange.cancel(ME, name, now)
        elif wish == "venue":
            exchange.cancel_venue(ME, wishes.choice(["kraken", "binance", "okx"]), now)
        elif wish == "resume":
            exchange.resume_graph(ME, "g", now)
        elif wish == "engage":
            exchange.engage(ME, "key", None, now)
        else:
            exchange.clear(ME, now)

    def _step(self) -> int:
        known = {"long": HORIZON_S * SECOND, "short": SECOND // 2}
        return known.get(self.steps) or self.dice.choice([1, 700_000_000, 31 * SECOND])

    def orders(self) -> dict[str, Order]:
        names = {event.data["node_order_id"] for event in self.stage.events if event.kind == "order"}
        return {name: self.stage.exchange.find_order(ME, name) for name in names}

    def said(self) -> list[tuple[Any, ...]]:
        """What happened to orders and edges, without the numbers that count events."""
        orders = sorted((name, row.status, row.filled_qty_1e8, row.terminal_ns) for name, row in self.orders().items())
        fills = [(row["fill_id"], row["price_1e9"], row["qty_1e8"], row["venue"]) for row in self.stage.fills()]
        edges = [(row.edge_id, row.fired_count, row.last_fired_ns) for row in self.graph.edges]
        nodes = [(row.node_id, row.outcome, row.terminal_ns) for row in self.graph.nodes]
        return [*orders, *fills, *edges, *nodes, (self.graph.status, self.graph.terminal_ns)]


def check(run: Run) -> None:
    """What must hold of a graph at any time."""
    graph, orders, exchange = run.graph, run.orders(), run.stage.exchange
    for edge in graph.edges:
        assert edge.fired_count <= 1 or edge.trigger == "on_fill"
    for node in graph.nodes:
        own = [orders[name] for name in node.node_order_ids]
        assert node.qty_1e8 is None or sum(order.qty_1e8 for order in own) <= node.qty_1e8
        assert node.filled_qty_1e8 == sum(order.filled_qty_1e8 for order in own)
    filled: dict[str, int] = {}
    for row in run.stage.fills():
        filled[row["node_order_id"]] = filled.get(row["node_order_id"], 0) + row["qty_1e8"]
    for name, order in orders.items():
        parts = [part for part in orders.values() if part.parent == name]
        assert order.filled_qty_1e8 == filled.get(name, 0) + sum(part.filled_qty_1e8 for part in parts)
        assert order.filled_qty_1e8 <= order.qty_1e8
    assert not exchange.signals
    assert not exchange.touched
    assert not exchange.untold
    assert exchange.opening is None
    live = exchange.snapshot()
    assert run.stage.again().snapshot() == live
    assert Exchange.restore(run.stage.market, live, [], archive=run.stage.shelf).snapshot() == live


def check_ended(run: Run) -> None:
    """What must hold of a graph that is over."""
    graph, exchange = run.graph, run.stage.exchange
    assert graph.status in ("COMPLETED", "CANCELLED", "FAILED"), graph.status
    assert all(node.outcome in TERMINAL | {"SKIPPED"} and node.terminal_ns for node in graph.nodes)
    assert all(order.ended for order in run.orders().values())
    assert (exchange.orders, exchange.graphs, graph.held) == ({}, {}, [])
    assert (exchange.accounts[ME].held, exchange.accounts[ME].holds) == ({}, {})
    check(run)


@pytest.fixture(scope="module")
def seeds(full: bool) -> range:
    return range(500 if full else 60)


def test_a_random_graph_comes_to_its_end(seeds):
    kinds: set[str] = set()
    for seed in seeds:
        run = Run(seed).run()
        check_ended(run)
        kinds |= {edge.trigger for edge in run.graph.edges if edge.fired_count}
        kinds |= {run.graph.status, *(node.outcome for node in run.graph.nodes)}
    assert kinds >= {*PLAIN, "on_timeout", "on_fill_ratio", "COMPLETED", "FAILED", "SKIPPED", "PARTIAL", "CANCELLED"}


def cut_short(seed: int) -> Run:
    """A random graph that is cancelled at some moment."""
    run = Run(seed)
    run.run(run.dice.choice([0, 1, 7, 60]))
    check(run)
    run.stage.exchange.cancel_graph(ME, "g", run.stage.now)
    run.stage.settle()
    check_ended(run)
    return run


def test_a_random_graph_that_is_cancelled_at_any_moment_leaves_nothing(seeds):
    for seed in seeds:
        run = cut_short(seed)
        said = len(run.stage.events)
        run.run(30)
        assert [event for event in run.stage.events[said:] if event.kind != "progress"] == []


def test_looking_seldom_ends_where_looking_often_does(seeds):
    for seed in seeds[: len(seeds) // 3]:
        seldom, often = Run(seed, "long").run(), Run(seed, "short").run()
        assert seldom.said() == often.said()


def test_looking_seldom_ends_where_looking_often_does_whatever_is_done_meanwhile(seeds):
    for seed in seeds[: len(seeds) // 2]:
        runs = [Run(seed, steps).meddle(seed) for steps in ("long", "short", "random")]
        assert runs[0].said() == runs[1].said() == runs[2].said()
        assert runs[2].stage.again().snapshot() == runs[2].stage.exchange.snapshot()


def test_looking_seldom_ends_where_looking_often_does_on_recordings_too(tapes, seeds):
    names = ("BINANCE-BTC-USDT-2021-04-04", "BINANCE-ETH-USDT-2021-04-04", "BINANCE-DOT-USDT-2021-04-04")
    market = RecordedMarket([str(tapes / f"{name}.ndjson.gz") for name in names], START)
    for seed in seeds[: len(seeds) // 3]:
        check_ended(Run(seed, taped=market).run())
        seldom, often = (Run(seed, steps, market).meddle(seed) for steps in ("long", "short"))
        assert seldom.said() == often.said()


def test_the_same_seed_gives_the_same_bytes(seeds):
    for seed in seeds[: len(seeds) // 3]:
        first, second = Run(seed).run(60), Run(seed).run(60)
        assert first.stage.exchange.snapshot() == second.stage.exchange.snapshot()
        assert first.stage.events == second.stage.events


def test_a_graph_goes_on_after_a_restart_as_if_there_had_been_none(seeds):
    for seed in seeds[: len(seeds) // 3]:
        whole, cut = Run(seed, "long").run(), Run(seed, "long")
        for at in (3 * SECOND, 40 * SECOND, 90 * SECOND):
            cut.stage.pass_time(START + at - cut.stage.now)
            cut.stage.exchange = cut.stage.again()
        cut.run(HORIZON_S - 90)
        assert cut.said() == whole.said()


# -- would it be noticed? --------------------------------------------------------------------------------------------


def fires_again(run: Any) -> None:
    def answers(edge: Any, signal: Any) -> bool:
        return bool(edge.trigger == "on_first_fill" and signal.what == "filled") or known(edge, signal)

    known = triggers._answers
    run.setattr(triggers, "_answers", answers)


def forgets_the_cap(run: Any) -> None:
    run.setattr(sizing, "_room", lambda _machine, _graph, target, _now_ns: target.qty_1e8 or 10**8)


def leaves_an_order(run: Any) -> None:
    known = ending.cancel
    run.setattr(
        ending, "cancel", lambda machine, order, ts: known(machine, order, ts) if order.side == "buy" else "done"
    )


def starts_when_over(run: Any) -> None:
    run.setattr(Graph, "over", property(lambda graph: graph.ended))


def changes_in_secret(run: Any) -> None:
    run.setattr(activation, "touch_node", lambda *_: None)
    run.setattr(triggers, "touch_node", lambda *_: None)


@pytest.mark.parametrize("broken", [fires_again, forgets_the_cap, leaves_an_order, starts_when_over, changes_in_secret])
def test_what_is_broken_is_noticed(broken, monkeypatch):
    broken(monkeypatch)
    with pytest.raises((AssertionError, RecursionError)):
        all(cut_short(seed) for seed in range(60))


def test_what_is_looked_for_too_late_is_noticed(monkeypatch):
    monkeypatch.setattr(alarms.Watch, "add_new", lambda *_: None)
    with pytest.raises(AssertionError):
        test_looking_seldom_ends_where_looking_often_does(range(60))
