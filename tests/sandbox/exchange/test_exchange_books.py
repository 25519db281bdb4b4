"""What must always hold: the books add up after every event, a replay gives the same bytes, memory stays flat."""

import gc
import tracemalloc
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.audit import Unbalanced, check
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.exchange.seeding import Seed
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.problems import Problem
from seqcli.wire import shapes, strict
from seqcli.wire.submission import GraphOrder, SimpleOrder
from tests.sandbox.graph_stage import random_graph
from tests.sandbox.stage import ME, SECOND, START, Stage, px, sz

MODELS = ("adversarial", "adversarial", "adversarial", "instant", "none")
SYMBOLS = ("BTC-USD", "ETH-USDT", "SOL-USDC", "BTC-USD-PERP", "USDC-USD")


class Trading(RuleBasedStateMachine):
    """Random commands on the synthetic market; `Stage` audits after every event."""

    @initialize(seed=st.integers(0, 3))
    def begin(self, seed):
        self.stage = Stage(SyntheticMarket(seed))
        self.stage.exchange.account(ME, self.stage.now)
        rows = [
            Seed(venue=venue, kind="crypto", symbol=base, amount=sz("40"), cost_usd_1e9=px("1000"))
            for venue in ("kraken", "binance", "coinbase", "okx")
            for base in ("BTC", "ETH", "SOL")
        ]
        self.stage.exchange.seed(ME, rows, self.stage.now, replace=False)
        self.names: list[str] = []
        self.graphs: list[str] = []

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(["buy", "sell"]),
        usd=st.integers(1, 400_000),
        offset=st.sampled_from([None, -60, -5, 0, 5, 60]),
        tif=st.sampled_from([None, "gtc", "ioc", "fok", "post_only"]),
        horizon_ms=st.sampled_from([None, None, 700]),
    )
    def place(self, symbol, side, usd, offset, tif, horizon_ms):
        top = next(iter(self.stage.market.best(symbol, self.stage.now).values()))
        row = self.stage.market.instruments()[symbol]
        qty = rounding.quantity_for(usd * 10**9, top.ask_1e9, row.lot_size_1e8) or row.lot_size_1e8
        price = None
        if offset is not None:
            wanted = top.bid_1e9 * (10_000 + offset) // 10_000
            price = Decimal(wanted // row.tick_size_1e9 * row.tick_size_1e9).scaleb(-9)
        if price is None and tif == "post_only":
            return
        body = SimpleOrder(
            symbol=symbol, side=side, qty=Decimal(qty).scaleb(-8), price=price, tif=tif, horizon_ms=horizon_ms
        )
        placed = self.stage.exchange.place(ME, body, self.stage.now)
        self.names += [order.node_order_id for order in placed.orders]

    @rule(symbol=st.sampled_from(SYMBOLS), side=st.sampled_from(["buy", "sell"]), lots=st.integers(1, 9))
    def rest_at_the_touch(self, symbol, side, lots):
        row = self.stage.market.instruments()[symbol]
        venue, top = next(iter(self.stage.market.best(symbol, self.stage.now).items()))
        qty = rounding.quantity_for(lots * 3_000 * 10**9, top.ask_1e9, row.lot_size_1e8)
        price = top.bid_1e9 if side == "buy" else top.ask_1e9
        body = SimpleOrder(
            symbol=symbol, side=side, qty=Decimal(qty).scaleb(-8), price=Decimal(price).scaleb(-9), venue=venue
        )
        placed = self.stage.exchange.place(ME, body, self.stage.now)
        self.names += [order.node_order_id for order in placed.orders]

    @rule(number=st.integers(0, 10**6))
    def place_graph(self, number):
        body = random_graph(Random(number), self.stage.market)
        read, bad = shapes.typed(strict.parse(strict.encode(body), shapes.number), GraphOrder)
        assert not bad
        graph = self.stage.exchange.place(ME, read, self.stage.now).graph
        self.graphs.append(graph.graph_id)
        self.names += [name for node in graph.nodes for name in node.node_order_ids]
        self.names += [f"graph:{graph.graph_id}:{node.node_id}.s1:1" for node in graph.nodes if node.slices]

    @rule(pick=st.integers(0, 9), how=st.sampled_from(["cancel", "resume", "resume"]))
    def steer(self, pick, how):
        if not self.graphs:
            return
        self.stage.settle()
        graph_id = self.graphs[pick % len(self.graphs)]
        if how == "cancel":
            graph, orders, _ = self.stage.exchange.cancel_graph(ME, graph_id, self.stage.now)
            assert graph.ended
            assert not [order for order in orders if (ME, order.node_order_id) in self.stage.exchange.orders]
        else:
            with suppress(Problem):
                self.stage.exchange.resume_graph(ME, graph_id, self.stage.now)

    @rule(ms=st.sampled_from([1, 250, 3_000, 20_000, 600_000]))
    def wait(self, ms):
        self.stage.pass_time(ms * 1_000_000)

    @rule(ms=st.sampled_from([1_000, 60_000]))
    def wait_again(self, ms):
        self.stage.pass_time(ms * 1_000_000)

    @rule(pick=st.integers(0, 30), part=st.integers(1, 30), offset=st.sampled_from([None, -30, 30]))
    def amend(self, pick, part, offset):
        if not self.names:
            return
        self.stage.settle()
        with suppress(Problem):
            self._amend(self.names[pick % len(self.names)], part, offset)

    def _amend(self, name, part, offset):
        order = self.stage.exchange.find_order(ME, name)
        limit = order.limit_price_1e9
        new = None if offset is None or limit is None else limit * (10_000 + offset) // 10_000 // 10**7 * 10**7
        change = Change(qty_1e8=order.qty_1e8 * part // 20, limit_price_1e9=new)
        self.stage.exchange.amend(ME, order.node_order_id, change, self.stage.now)

    @rule(pick=st.integers(0, 30))
    def cancel(self, pick):
        self.stage.settle()
        if self.names:
            with suppress(Problem):
                self.stage.exchange.cancel(ME, self.names[pick % len(self.names)], self.stage.now)

    @rule(venue=st.sampled_from(["kraken", "binance", "hyperliquid"]))
    def cancel_venue(self, venue):
        self.stage.exchange.cancel_venue(ME, venue, self.stage.now)

    @rule(qty=st.integers(0, 50), venue=st.sampled_from(["kraken", "binance"]), symbol=st.sampled_from(["BTC", "USD"]))
    def seed_row(self, qty, venue, symbol):
        amount = qty * 10**8 * (10_000 if symbol == "USD" else 1)
        row = Seed(venue=venue, kind="fiat" if symbol == "USD" else "crypto", symbol=symbol, amount=amount)
        with suppress(Problem):
            self.stage.exchange.seed(ME, [row], self.stage.now, replace=False)

    @rule(bps=st.sampled_from([None, -2, 0, 35]), model=st.sampled_from(MODELS), dice=st.integers(0, 3))
    def settings_change(self, bps, model, dice):
        if dice:
            return
        old = self.stage.exchange.accounts[ME].settings
        new = replace(old, maker_bps=bps, taker_bps=bps, fill_model=model)
        self.stage.exchange.change_settings(ME, new, self.stage.now)

    @rule(engaged=st.sampled_from([True, False, False, False]), ms=st.sampled_from([0, 3_000, 60_000]))
    def switch(self, engaged, ms):
        if engaged:
            self.stage.exchange.engage(ME, "key", None, self.stage.now)
            self.stage.pass_time(ms * 1_000_000)
        self.stage.exchange.clear(ME, self.stage.now)

    @rule(dice=st.integers(0, 9))
    def reset(self, dice):
        if not dice:
            self.stage.exchange.reset(ME, self.stage.now)

    @invariant()
    def a_replay_gives_the_same_bytes(self):
        self.stage.settle()
        check(self.stage.exchange)
        live = self.stage.exchange.snapshot()
        assert self.stage.again().snapshot() == live
        assert Exchange.restore(self.stage.market, live, []).snapshot() == live

    @invariant()
    def orders_are_the_sum_of_their_fills(self):
        filled: dict[str, int] = {}
        last: dict[str, dict[str, Any]] = {}
        for event in self.stage.events:
            if event.kind == "fill":
                name = event.data["node_order_id"]
                filled[name] = filled.get(name, 0) + event.data["qty_1e8"]
                whole = last[name]["parent"]
                if whole is not None:
                    filled[whole] = filled.get(whole, 0) + event.data["qty_1e8"]
            elif event.kind == "order":
                last[event.data["node_order_id"]] = event.data
        for name, data in last.items():
            assert data["filled_qty_1e8"] == filled.get(name, 0)
            assert data["ended"] == (data["status"] in ("FILLED", "PARTIAL", "CANCELLED", "REJECTED", "EXPIRED"))

    @invariant()
    def revisions_grow_by_one_and_numbers_have_no_gaps(self):
        revisions: dict[str, int] = {}
        for number, event in enumerate(self.stage.events, 1):
            assert event.seq == number
            if event.kind == "order":
                name = event.data["node_order_id"]
                assert event.data["revision"] == revisions.get(name, 0) + 1
                revisions[name] = event.data["revision"]


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_the_same_commands_give_the_same_bytes():
    runs = []
    for _ in range(2):
        stage = Stage(SyntheticMarket(5))
        for number in range(40):
            stage.order("buy", "0.05", price=None if number % 3 else Decimal(60000))
            stage.pass_time(900_000_000)
        runs.append((stage.exchange.snapshot(), stage.events))
    assert runs[0] == runs[1]


def drop_the_fee(account, fill):
    ledger_post(account, fill)
    name = f"{fill.venue}/{fill.quote}"
    account.fee_pot[name] -= fill.fee_usd_1e9


def lose_a_unit_of_cash(account, fill):
    ledger_post(account, fill)
    account.cash[f"{fill.venue}/{fill.quote}"].usd_1e9 -= 1


def book_the_quantity_twice(account, fill):
    ledger_post(account, fill)
    account.holdings[f"{fill.venue}/crypto/{fill.base}"].qty_1e8 += fill.qty_1e8


def forget_the_cost(account, fill):
    ledger_post(account, fill)
    account.holdings[f"{fill.venue}/crypto/{fill.base}"].cost_usd_1e9 -= 1


ledger_post = ledger.post


@pytest.mark.parametrize("broken", [drop_the_fee, lose_a_unit_of_cash, book_the_quantity_twice, forget_the_cost])
def test_the_audit_notices_books_that_are_wrong_by_one_posting(broken, monkeypatch):
    monkeypatch.setattr(ledger, "post", broken)
    with pytest.raises(Unbalanced):
        Stage().order(qty="0.5")


def test_the_audit_notices_a_reservation_that_is_not_given_back():
    stage = Stage()
    order = stage.order(qty="0.5", price=Decimal(49000))
    order.legs[0].held += 1
    with pytest.raises(Unbalanced):
        check(stage.exchange)


def test_limits_are_refused_by_their_own_names():
    def reason(limits, **words):
        return Stage(limits=limits).order(**words).failure_reason

    assert reason(Limits(max_order_notional_usd=1000), qty="1") == "RISK"
    assert reason(Limits(max_position_notional_usd=1000), qty="1") == "POSITION_LIMIT"
    assert reason(Limits(max_price_deviation_bps=50), qty="1", price=Decimal(40000)) == "PRICE_DEVIATION"
    assert reason(Limits(max_open_orders=0), qty="1", price=Decimal(40000)) == "RISK"
    stage = Stage(limits=Limits(max_daily_loss_usd=50))
    assert stage.order(qty="1").failure_reason is None
    assert stage.order(qty="1").failure_reason == "DAILY_LOSS_LIMIT"
    stage.pass_time(86_400 * SECOND)
    assert stage.order(qty="1").failure_reason is None


@pytest.mark.parametrize("forgets", [True, False])
def test_ended_orders_leave_nothing_behind_in_memory(forgets):
    """Once the market's caches are full; the control keeps what happened, which must show."""
    exchange = Exchange(SyntheticMarket(1))
    body = SimpleOrder(symbol="ETH-USD", side="buy", qty=Decimal("0.01"))
    now = START

    def held_after(count):
        nonlocal now
        for _ in range(count):
            now += 50_000_000
            exchange.advance(now)
            exchange.place(ME, body, now)
            if forgets:
                exchange.pending.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first = held_after(900)
        grown = held_after(900) - first
    finally:
        tracemalloc.stop()
    assert (grown < 60_000) == forgets


def test_seeding_may_not_take_what_open_orders_hold():
    stage = Stage()
    stage.order(qty="0.5", price=Decimal(49990), venue="kraken")
    row = Seed(venue="kraken", kind="fiat", symbol="USD", amount=px("10"))
    with pytest.raises(Problem, match="conflict: position"):
        stage.exchange.seed(ME, [row], stage.now, replace=False)
    with pytest.raises(Problem, match="conflict: position"):
        stage.exchange.seed(ME, [], stage.now, replace=True)
    row = Seed(venue="coinbase", kind="crypto", symbol="BTC", amount=sz("2"), cost_usd_1e9=px("90000"))
    assert stage.exchange.seed(ME, [row], stage.now, replace=False) == (1, 0)
    assert stage.order("sell", "1").legs[0].venue == "coinbase"
    assert stage.exchange.accounts[ME].holdings["coinbase/crypto/BTC"].realized_usd_1e9 == px("4985")
