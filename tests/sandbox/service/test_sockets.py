"""What a socket owes: nothing lost, nothing doubled, no reader waited for, no peer that is gone kept."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic_ns
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.frames import Opcode

from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.service.faults import Faults, Rule, Script
from seqcli.sandbox.service.sockets import StreamSocket
from seqcli.sandbox.storage.store import Store
from seqcli.sandbox.streams import outbox
from seqcli.sandbox.streams.feeds import FEEDS
from seqcli.sandbox.streams.hub import Hub
from seqcli.sandbox.streams.outbox import Outbox
from seqcli.wire import streams
from tests.sandbox.stage import SECOND, START, two_venues
from tests.sandbox.streaming import Exchange, Raw, exchange, said, small_buffers, until

LONG = {"note": "x" * 4000}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path / "box") as running:
        yield running


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def all_of(box: Exchange, noun: str) -> list[dict[str, Any]]:
    """Every row of a list, by REST."""
    rows: list[dict[str, Any]] = []
    while True:
        _, _, page = box.call("GET", f"/v1/{noun}?limit=1000&offset={len(rows)}")
        rows += page[noun]
        if not page["has_more"]:
            return rows


# -- nothing lost ----------------------------------------------------------------------------------------------------


def sockets_of(box: Exchange) -> int:
    """Connections that are sockets, told to go or not."""
    server: Any = box.running._server
    return sum(isinstance(one, StreamSocket) for one in server.server_state.connections)


def trade_and_compare(box: Exchange) -> None:
    """Four traders at once, one reader: every fill once, every order's last state, numbers without a gap."""

    def trade(number: int) -> None:
        for at in range(15):
            box.order(side="buy" if at % 3 else "sell", qty=0.01 * (number + 1), symbol="BTC-USD")

    with box.socket("/v1/stream", "orders", "fills") as opened:
        traders = [threading.Thread(target=trade, args=(number,)) for number in range(4)]
        for trader in traders:
            trader.start()
        for trader in traders:
            trader.join()
        opened.send(json.dumps({"unsubscribe": ["orders", "fills"]}))
        frames = []
        while "unsubscribed" not in (frame := said(opened)):
            frames.append(frame)
    for channel in ("orders", "fills"):
        numbers = [frame["seq"] for frame in frames if frame["channel"] == channel]
        assert numbers == list(range(1, len(numbers) + 1))
    fills = [frame["data"] for frame in frames if frame["channel"] == "fills"]
    expected = all_of(box, "fills")
    assert len(fills) == len(expected)
    assert {fill["fill_id"]: fill for fill in fills} == {fill["fill_id"]: fill for fill in expected}
    orders: dict[str, list[Any]] = {}
    for frame in frames:
        if frame["channel"] == "orders":
            orders.setdefault(frame["data"]["node_order_id"], []).append(frame["data"])
    assert {name: states[-1] for name, states in orders.items()} == {
        order["node_order_id"]: order for order in all_of(box, "orders")
    }
    for states in orders.values():
        revisions = [state["revision"] for state in states]
        assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))


def test_everything_is_told_once(box: Exchange) -> None:
    trade_and_compare(box)


@pytest.mark.parametrize("harm", ["lost before it is numbered", "lost after", "doubled"])
def test_a_loss_would_be_seen(box: Exchange, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, take = Outbox.keep, Outbox.take

    def harmed(self: Outbox, channel: str, payload: bytes) -> None:
        for _ in range(1 if b'"sell"' not in payload else {"doubled": 2}.get(harm, 0)):
            keep(self, channel, payload)

    def thinned(self: Outbox, budget: int) -> list[bytes]:
        return [message for message in take(self, budget) if b'"sell"' not in message]

    if harm == "lost after":
        monkeypatch.setattr(Outbox, "take", thinned)
    else:
        monkeypatch.setattr(Outbox, "keep", harmed)
    with pytest.raises(AssertionError):
        trade_and_compare(box)


def test_nothing_is_told_before_it_is_on_disk(box: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    with box.socket("/v1/stream", "orders", "prices:ETH-USD") as opened:
        commit, hold = Store.commit, threading.Semaphore(0)

        def held(self: Store) -> int:
            hold.acquire()
            return commit(self)

        monkeypatch.setattr(Store, "commit", held)
        trader = threading.Thread(target=box.order)
        trader.start()
        seen = [said(opened)["channel"] for _ in range(6)]
        assert seen == ["prices:ETH-USD"] * 6
        hold.release(1000)
        assert until(opened, "orders")["seq"] == 1
        trader.join()


@pytest.mark.parametrize("reader", ["socket", "event stream"])
def test_a_resting_order_fills_with_nobody_calling(
    tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [START]
    clock = SimpleNamespace(time_ns=lambda: now[0], monotonic_ns=monotonic_ns)
    monkeypatch.setattr("seqcli.sandbox.server.time", clock)
    market = two_venues()
    for venue in ("kraken", "coinbase"):
        market.set_book("BTC-USD", venue, "48000*1", "49000*1", START + 10 * SECOND)
    with exchange(tmp_path / "box", market=market) as box:
        resting = {"symbol": "BTC-USD", "qty": 0.5, "order_type": "limit", "limit_price": 49500}
        if reader == "socket":
            with box.socket("/v1/stream", "fills") as opened:
                name = box.order(**resting)["node_order_id"]
                now[0] += 20 * SECOND
                fill = until(opened, "fills")["data"]
        else:
            with box.events("/v1/fills/stream") as events:
                name = box.order(**resting)["node_order_id"]
                now[0] += 20 * SECOND
                fill = events.event()[2]
    assert (fill["node_order_id"], fill["liquidity"]) == (name, "maker")
    assert (fill["price_1e9"], fill["ts_ns"]) == (49_500 * 10**9, START + 10 * SECOND)


# -- slow readers ----------------------------------------------------------------------------------------------------


def test_a_slow_reader_is_sent_away_with_a_reason_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 20)
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    with exchange(tmp_path / "box") as box, box.socket("/v1/stream", "fills") as quick, Raw(box) as slow:
        slow.send(subscribe=["orders"])
        left: list[int] = []
        placed: set[str] = set()
        while not left or left[-1] > 1:
            placed.add(box.order(metadata=LONG)["node_order_id"])
            box.running.call(lambda hub: left.append(len(hub._members)))
        while placed:
            placed.discard(until(quick, "fills")["data"]["node_order_id"])
        answer = json.loads(slow.next() or b"")
        assert answer["subscribed"] == ["orders"]
        numbers = []
        while "error" not in (frame := json.loads(slow.next() or b"")):
            numbers.append(frame["seq"])
        assert numbers == list(range(1, len(numbers) + 1))
        assert frame["error"]["code"] == "SERVICE_UNAVAILABLE"
        assert "slow consumer" in frame["error"]["message"]
        assert slow.close_code() == streams.SLOW_CONSUMER
        assert slow.next() is None


def test_a_reader_that_takes_nothing_and_says_nothing_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 20)
    monkeypatch.setattr(StreamSocket, "linger_s", 0.05)
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    with exchange(tmp_path / "box") as box, Raw(box, room=4096) as stuck:
        stuck.send(subscribe=["orders"])
        left: list[int] = []
        while not left or left[-1]:
            box.order(metadata=LONG)
            box.running.call(lambda _: left.append(sockets_of(box)))
        assert stuck.close_code() is None


def test_market_data_waits_for_a_slow_reader_in_one_place_and_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    with exchange(tmp_path / "box") as box, Raw(box, room=16_384) as slow:
        symbols = list(SyntheticMarket(1).instruments())[:8]
        slow.send(subscribe=[f"book:{symbol}" for symbol in symbols])
        with box.socket("/v1/stream", f"book:{symbols[0]}") as quick:
            while said(quick)["seq"] < 15:
                pass
            waiting: list[int] = []
            box.running.call(lambda hub: waiting.extend(len(member.outbox) for member in hub._members.values()))
            while said(quick)["seq"] < 25:
                pass
        assert 0 < max(waiting) <= len(symbols)
        slow.next()
        last: dict[str, int] = {}
        stamps: dict[str, int] = {}
        while not (last and all(number > 2 for number in last.values())):
            frame = json.loads(slow.next() or b"")
            channel = frame["channel"]
            assert frame["seq"] == last.get(channel, 0) + 1
            assert frame["data"]["ts_ns"] > stamps.get(channel, 0)
            last[channel], stamps[channel] = frame["seq"], frame["data"]["ts_ns"]


# -- peers that are gone ---------------------------------------------------------------------------------------------


def test_a_peer_that_answers_no_ping_is_let_go(box: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StreamSocket, "ping_s", 0.02)
    monkeypatch.setattr(StreamSocket, "silence_s", 0.2)
    with Raw(box) as peer:
        for _ in range(25):
            assert peer.next(Opcode.PING) is not None
            peer.answer()
        assert peer.close_code() == streams.GOING_AWAY
        assert peer.next() is None


def test_a_peer_that_asks_and_never_listens_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    gone = pytest.raises((ConnectionResetError, BrokenPipeError))
    with exchange(tmp_path / "box") as box, Raw(box) as peer, gone:
        peer.pester(100_000)


def test_a_peer_that_vanishes_leaves_nothing(box: Exchange) -> None:
    peer = Raw(box)
    peer.send(subscribe=["orders", "book:BTC-USD"])
    peer.next()
    peer.connection.close()
    left = [1]
    while left[-1]:
        box.call("GET", "/v1/health/live")
        box.running.call(lambda hub: left.append(len(hub._members) + len(hub.market._watched) + len(hub._private)))


# -- who may, and for how long ---------------------------------------------------------------------------------------


def test_ten_connections_a_key_and_no_more(box: Exchange, stack: ExitStack) -> None:
    peers = [stack.enter_context(Raw(box)) for _ in range(streams.MAX_CONNECTIONS)]
    with pytest.raises(InvalidStatus) as caught, box.socket("/v1/ws/new_markets"):
        pass
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    peers[0].connection.close()
    status = 429
    while status == 429:
        try:
            with box.socket():
                status = 101
        except InvalidStatus as refused:
            status = refused.response.status_code
    assert status == 101


@pytest.mark.parametrize("change", ["DELETE", "POST"])
def test_a_revoked_or_rotated_key_closes_its_sockets(box: Exchange, change: str) -> None:
    _, _, key = box.call("POST", "/v1/api_keys", {"label": "short", "sandbox": True})
    ticket = box.call("GET", "/v1/ws/ticket", headers=box.headers(key["api_key"]))[2]["ticket"]
    with box.socket(additional_headers=box.headers(key["api_key"])) as opened, box.socket() as other:
        path = f"/v1/api_keys/{key['key_id']}"
        box.call(change, path + ("/rotate" if change == "POST" else ""))
        assert said(opened)["error"]["code"] == "UNAUTHORIZED"
        with pytest.raises(ConnectionClosed) as caught:
            opened.recv(timeout=20)
        other.send('{"subscribe":["orders"]}')
        assert said(other)["subscribed"] == ["orders"]
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == streams.KEY_REVOKED
    with pytest.raises(InvalidStatus) as refused, box.socket(f"/v1/stream?ticket={ticket}", additional_headers={}):
        pass
    assert refused.value.response.status_code == 401


def test_life_cycle_sockets_replay_and_go_on(box: Exchange) -> None:
    def listed(slug: str) -> dict[str, Any]:
        return {"kind": "new_market", "venue": "polymarket", "slug": slug, "observed_at_ns": 1}

    box.running.call(lambda hub: hub.announce(streams.NEW_MARKETS, "a", listed("a")))
    with box.socket("/v1/ws/new_markets") as opened, box.socket("/v1/ws/market_resolved") as resolved:
        while said(opened) != listed("a"):
            pass
        opened.send("whatever")
        box.running.call(lambda hub: hub.announce(streams.NEW_MARKETS, "b", listed("b")))
        while said(opened) != listed("b"):
            pass
        event = {"kind": "market_resolved", "event_id": "0x1", "observed_at_ns": 2}
        box.running.call(lambda hub: hub.announce(streams.MARKET_RESOLVED, "0x1", event))
        while said(resolved) != event:
            pass


# -- the server's own ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["publish", "market"])
def test_readers_are_sent_away_when_something_could_not_be_told(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    with (
        exchange(tmp_path / "box", logged.append) as box,
        box.socket("/v1/stream", "orders", "book:BTC-USD") as opened,
    ):
        if fault == "publish":
            monkeypatch.setattr(Hub, "_tell_of", lambda *_: 1 / 0)
        else:
            broken = FEEDS["book"].__class__(lambda *_: 1 / 0)  # type: ignore[arg-type]
            box.running.call(lambda hub: setattr(next(iter(hub.market._watched.values())), "feed", broken))
        placed = box.order()
        with pytest.raises(ConnectionClosed) as caught:
            until(opened, "nothing")
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == streams.GOING_AWAY
        monkeypatch.undo()
        assert box.call("GET", f"/v1/orders/{placed['node_order_id']}")[2]["status"] == "FILLED"
    assert any("ZeroDivisionError" in line for line in logged)


def test_a_ticket_is_in_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    with exchange(tmp_path / "box", logged.append) as box:
        ticket = box.call("POST", "/v1/ws/ticket")[2]["ticket"]
        monkeypatch.setattr("seqcli.sandbox.service.gate.Gate._enter", lambda *_: 1 / 0)
        with pytest.raises(InvalidStatus) as caught, box.socket(f"/v1/stream?ticket={ticket}", additional_headers={}):
            pass
        assert caught.value.response.status_code == 500
    assert any("ZeroDivisionError" in line for line in logged)
    assert not any(ticket in line for line in logged)
    assert not any(ticket.encode() in file.read_bytes() for file in (tmp_path / "box").iterdir())


def test_scripted_failures_happen_to_sockets(tmp_path: Path) -> None:
    rules = [
        Rule(action="limited", path="/v1/stream", nth=[1], retry_after_s=3),
        Rule(action="failed", path="/v1/stream", nth=[2]),
        Rule(action="lost", path="/v1/stream", nth=[3]),
        Rule(action="cut", path="/v1/stream", nth=[4], delay_ms=20),
        Rule(action="garbled", path="/v1/stream", nth=[5]),
    ]
    with exchange(tmp_path / "box", faults=Faults(Script(faults=rules))) as box:
        for status in (429, 500):
            with pytest.raises(InvalidStatus) as refused, box.socket():
                pass
            assert refused.value.response.status_code == status
        with pytest.raises(InvalidMessage), box.socket():
            pass
        with box.socket() as opened:
            with pytest.raises(ConnectionClosed) as caught:
                opened.recv(timeout=20)
            assert caught.value.rcvd is None
        with box.socket("/v1/stream", "orders"):
            pass
