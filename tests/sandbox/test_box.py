"""A reload equals: the exchange from snapshot and events is, to the byte, the one that wrote them."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings, handler_for
from seqcli.wire import catalogue

NOW = 1_785_240_000_000_000_000


class Desk:
    def __init__(self, folder: Path, clock: Callable[[], int], **options: Any) -> None:
        state = State(folder)
        state.prepare()
        self.box = OpenBox(state, Settings(), clock, **options)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=clock, log=print)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        reply = self.gate.handle(Inbound(method, path, "", headers), raw)
        self.box.sequencer.commit()
        assert reply.status in (200, 201), reply.body
        return json.loads(reply.body)


class Clock:
    """Goes on by up to a second with each look."""

    def __init__(self) -> None:
        self.now = NOW
        self.rng = random.Random(1)

    def __call__(self) -> int:
        self.now += self.rng.randrange(10**9)
        return self.now


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []
    clock = Clock()

    def again(**options: Any) -> Desk:
        for desk in desks:
            desk.box.store.close()
        desks[:] = [Desk(tmp_path / "box", clock, **options)]
        return desks[0]

    yield again
    for desk in desks:
        desk.box.store.close()


def trade(desk: Desk, rng: random.Random, turn: int) -> None:
    """One of the things a client does."""
    order = {"symbol": rng.choice(["ETH-USD", "BTC-USDT"]), "side": rng.choice(["buy", "sell"]), "qty": 0.25}
    match rng.randrange(5):
        case 0 | 1:
            desk("POST", "/v1/orders", order)
        case 2:
            quote = desk("GET", f"/v1/quotes/{order['symbol']}")["nbbo"]
            price = quote["bid"] if order["side"] == "buy" else quote["ask"]
            desk("POST", "/v1/orders", order | {"price": price, "graph_id": f"g{turn}"})
        case 3:
            for row in desk("GET", "/v1/orders")["orders"][:3]:
                desk("DELETE", f"/v1/orders/{row['node_order_id']}")
        case _:
            desk("POST", "/v1/kill_switch", {"reason": "drill"})
            desk("POST", "/v1/kill_switch/clear")


@pytest.mark.parametrize("snapshot_bytes", [0, 20_000, 1 << 30], ids=["always", "sometimes", "never"])
def test_a_reload_equals(opened: Callable[..., Desk], snapshot_bytes: int) -> None:
    rng = random.Random(7)
    for turn in range(6):
        desk = opened(snapshot_bytes=snapshot_bytes)
        for step in range(15):
            trade(desk, rng, 100 * turn + step)
        before = desk.box.exchange.snapshot()
        assert opened(snapshot_bytes=snapshot_bytes).box.exchange.snapshot() == before


def test_a_snapshot_at_the_end_leaves_nothing_to_replay(opened: Callable[..., Desk]) -> None:
    desk = opened()
    desk("POST", "/v1/orders", {"symbol": "ETH-USD", "side": "buy", "qty": 1})
    before = desk.box.exchange.snapshot()
    desk.box.close(snapshot=True)
    desk = opened()
    loaded = desk.box.store.load()
    assert (loaded.events, loaded.snapshot) == ([], before)


def test_events_that_fit_no_exchange_are_set_aside_with_a_sentence(opened: Callable[..., Desk], tmp_path: Path) -> None:
    desk = opened()
    desk("POST", "/v1/orders", {"symbol": "ETH-USD", "side": "buy", "qty": 1})
    with sqlite3.connect(tmp_path / "box" / "exchange.db") as direct:
        rows = direct.execute("SELECT first_seq, batch FROM events").fetchall()
        for first, batch in rows:
            changed = bytes(batch).replace(b'"client_id"', b'"client_ix"')
            direct.execute("UPDATE events SET batch = ?, crc = ? WHERE first_seq = ?", (changed, crc32(changed), first))
    direct.close()
    desk = opened()
    assert desk("GET", "/v1/orders")["orders"] == []
    assert "could not be read" in desk.box.store.notes[0]
    assert len(list((tmp_path / "box").glob("exchange.db.corrupt-*"))) >= 1
    assert desk("POST", "/v1/orders", {"symbol": "ETH-USD", "side": "buy", "qty": 1})["status"]


@pytest.mark.parametrize("operation", catalogue.all_operations(), ids=lambda operation: operation.name)
def test_every_operation_is_served(operation: Any) -> None:
    assert handler_for(operation).__doc__
