"""However often and wherever the link is cut, no fill is missed, none is told twice, and orders end as the server's."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from seqcli.client.catchup import Fills, Orders
from seqcli.client.client import Client
from seqcli.client.clock import SystemClock
from seqcli.client.dial import Reach
from seqcli.client.mailbox import Item
from seqcli.client.pump import Pump
from seqcli.client.retry import Budget
from seqcli.client.sse import EventStream
from seqcli.client.stream import Stream
from seqcli.client.throttle import Throttle
from seqcli.client.transport import HttpTransport
from seqcli.sandbox.server import Ready, Serving, served
from seqcli.wire import fills, orders, streams
from seqcli.wire.operation import Operation, Request
from seqcli.wire.submission import SimpleOrder
from tests.client.cutter import NEVER, Cutter

PATIENCE_S = 5.0
TWAP = b"""{"nodes":[{"node_id":"order","instrument":{"symbol":"ETH-USD"},"side":"buy","order_type":"market",
"quantity":{"fixed":{"qty_1e8":400000000}},"execution":{"pacing":{"uniform":{"num_slices":4,"interval_ms":50}}},
"activation":"root"}]}"""
BRACKET = b"""{"nodes":[
{"node_id":"entry","instrument":{"symbol":"ETH-USD"},"side":"buy","order_type":"market",
"quantity":{"fixed":{"qty_1e8":100000000}},"activation":"root"},
{"node_id":"tp","instrument":{"symbol":"ETH-USD"},"side":"sell","order_type":{"limit":{"price_1e9":1000000000000}},
"quantity":{"fixed":{"qty_1e8":100000000}},"activation":"wait"},
{"node_id":"sl","instrument":{"symbol":"ETH-USD"},"side":"sell",
"order_type":{"stop_market":{"trigger_price_1e9":100000000000}},
"quantity":{"fixed":{"qty_1e8":100000000}},"activation":"wait"}],
"edges":[{"edge_id":"e1","from_node":"entry","to_node":"tp","trigger":"on_full_fill"},
{"edge_id":"e2","from_node":"entry","to_node":"sl","trigger":"on_full_fill"},
{"edge_id":"e3","from_node":"tp","to_node":"sl","trigger":"on_first_fill","action":"cancel"}]}"""
"""Four slices that time places, and a bracket whose take-profit is met at once."""


class NoChance(random.Random):
    """No jitter: what comes again comes at once."""

    def random(self) -> float:
        return 0.0


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Ready]:
    with served(Serving(folder=tmp_path / "box", port=0, seed=7), log=lambda _: None) as ready:
        yield ready


def client_of(ready: Ready) -> Client:
    clock = SystemClock()
    return Client(
        HttpTransport(),
        base_url=ready.url,
        key=ready.api_key,
        mode="sandbox",
        clock=clock,
        rng=NoChance(1),
        throttle=Throttle(clock),
        budget=Budget(capacity=1e9),
    )


class Trader:
    """Trades in a thread of its own until there are `wanted` fills and `cuts` cuts; `filled` counts."""

    def __init__(self, client: Client, way: Cutter, wanted: int, cuts: int) -> None:
        self._client, self._way, self._wanted, self._cuts = client, way, wanted, cuts
        self._rng = random.Random(3)
        self._resting: list[str] = []
        self.filled = 0
        self.done = threading.Event()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wanted = self._cuts = 0
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while self.filled < self._wanted or self._way.cuts < self._cuts:
                self.filled += self._trade()
        except BaseException as error:  # noqa: BLE001 - raised by the thread that joins
            self.failure = error
        finally:
            self.done.set()

    def _trade(self) -> int:
        """Mostly a market order; now and then one that rests, and much later the cancel or amend of such a one."""
        turn = self._rng.random()
        if turn < 0.15:
            placed = self._place(symbol="BTC-USD", side="buy", qty=0.01, price=1000.0)
            self._resting += [order["node_order_id"] for order in placed]
            return 0
        if turn < 0.25 and len(self._resting) > 5:
            oldest = self._resting.pop(0)
            self._client.call(orders.CANCEL, Request(path={"node_order_id": oldest}))
            return 0
        if turn < 0.3 and self._resting:
            path = {"node_order_id": self._rng.choice(self._resting)}
            self._client.call(
                orders.AMEND, Request(path=path, body=orders.Amend(new_qty_1e8=self._rng.randint(1, 9) * 10**6))
            )
            return 0
        placed = self._place(
            symbol="ETH-USD", side=self._rng.choice(("buy", "sell")), qty=self._rng.choice((1, 40, 90))
        )
        return sum(len(leg.get("fills") or [1]) for order in placed for leg in order.get("legs") or [])

    def _place(self, **words: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._client.call(orders.PLACE, Request(body=SimpleOrder(**words))).body["orders"]
        return rows


def everything(client: Client, operation: Operation, query: Any, items: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    more = True
    while more:
        body = client.call(operation, Request(query=query(limit=500, offset=len(rows) or None))).body
        rows += body[items]
        more = body["has_more"]
    return rows


class Told:
    """What the stream said."""

    def __init__(self) -> None:
        self.fills: Counter[str] = Counter()
        self.orders: dict[str, dict[str, Any]] = {}
        self.backwards: list[str] = []
        self.kinds: Counter[str] = Counter()
        self.recovered = 0

    def is_all(self, there: list[dict[str, Any]], states: list[dict[str, Any]]) -> bool:
        """Whether there is nothing to wait for."""
        last = {order["node_order_id"]: order["revision"] for order in states}
        told = {name: order["revision"] for name, order in self.orders.items()}
        return len(self.fills) >= len(there) and (not states or told == last)

    def add(self, items: list[Item]) -> None:
        for item in items:
            self._add(json.loads(item.raw))

    def _add(self, line: dict[str, Any]) -> None:
        kind = line.get("type") or line["channel"]
        self.kinds[kind] += 1
        if kind == "recovered":
            self.recovered += line["count"]
        if kind == "fills":
            self.fills[line["data"]["fill_id"]] += 1
        if kind == "orders":
            order = line["data"]
            before = self.orders.get(order["node_order_id"])
            if before is not None and before["revision"] >= order["revision"]:
                self.backwards.append(order["node_order_id"])
            self.orders[order["node_order_id"]] = order


def by_socket(where: Reach, client: Client) -> Pump:
    return Stream(where, ["fills", "orders"], client=client, clock=SystemClock(), chance=NoChance(1))


def by_events(where: Reach, client: Client) -> Pump:
    return EventStream(
        where, streams.FILLS, Request(), client=client, clock=SystemClock(), chance=NoChance(1), framed=True
    )


def listen(
    exchange: Ready,
    wanted: int,
    cuts: int,
    patience_s: float = PATIENCE_S,
    by: Callable[[Reach, Client], Pump] = by_socket,
) -> tuple[Told, list[dict[str, Any]], list[dict[str, Any]], Cutter]:
    """What was told, and what there is: fills and orders."""
    rng = random.Random(11)
    per_cut = max(2_000, 2 * wanted * 1_500 // cuts)
    budgets = (rng.randint(1, per_cut) if number < cuts else NEVER for number in range(1 << 30))
    told = Told()
    asking, trading = client_of(exchange), client_of(exchange)
    with Cutter(exchange.url, budgets) as way:
        where = Reach(way.url, exchange.api_key)
        with by(where, asking) as stream:
            while not all(ledger.begun for ledger in stream._ledgers.values()):  # from here on everything is to be told
                assert stream.take(0.01) == []
            with Trader(trading, way, wanted, cuts) as trader:
                while not trader.done.is_set():
                    told.add(stream.take(0.2))
            for _ in range(10):  # graphs go on by themselves, so what there is may change while it is read
                there = everything(trading, fills.LIST, fills.ListQuery, "fills")
                states = everything(trading, orders.LIST, orders.ListQuery, "orders")
                while not told.is_all(there, states if by is by_socket else []) and (items := stream.take(patience_s)):
                    told.add(items)
                if told.is_all(there, states if by is by_socket else []) or patience_s < PATIENCE_S:
                    break
    for client in (asking, trading):
        client.close()
    return told, there, states, way


def test_nothing_is_missed_and_nothing_is_doubled(exchange: Ready, full: bool) -> None:
    cuts, wanted = (200, 20_000) if full else (10, 500)
    told, there, states, way = listen(exchange, wanted, cuts)
    assert way.cuts == cuts
    assert told.kinds["disconnected"] == told.kinds["reconnected"]
    assert len(there) >= wanted
    assert told.fills == Counter({fill["fill_id"]: 1 for fill in there})
    assert told.orders == {order["node_order_id"]: order for order in states}
    assert told.backwards == []
    assert told.recovered > 0


def test_the_event_stream_misses_and_doubles_nothing_either(exchange: Ready, full: bool) -> None:
    cuts, wanted = (100, 5_000) if full else (10, 300)
    told, there, _, way = listen(exchange, wanted, cuts, by=by_events)
    assert way.cuts == cuts
    assert told.kinds["disconnected"] == told.kinds["reconnected"]
    assert told.fills == Counter({fill["fill_id"]: 1 for fill in there})


def test_without_the_snapshot_fills_are_missed(exchange: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(Fills, "recover", lambda _: [])
    monkeypatch.setattr(Orders, "recover", lambda _: [])
    told, there, states, way = listen(exchange, 300, 10, patience_s=0.5)
    assert way.cuts == 10
    assert len(told.fills) < len(there)
    assert told.orders != {order["node_order_id"]: order for order in states}


def test_without_the_merge_fills_are_doubled(exchange: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one: what was asked for is told again."""
    monkeypatch.setattr(Fills, "is_news", lambda *_: True)
    monkeypatch.setattr(Fills, "_was_known", lambda *_: False)
    told, there, _, _ = listen(exchange, 300, 10)
    assert max(told.fills.values()) > 1
    assert set(told.fills) == {fill["fill_id"] for fill in there}
