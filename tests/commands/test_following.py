"""Watches and follows ride on the stream, and go on without it where it is refused; that is said once."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import ServerConnection

from seqcli.client.catchup import Fills, Ledger
from seqcli.commands import fills as fills_command
from seqcli.commands import following, frames, order, portfolio, streaming, watching
from seqcli.commands.session import Session
from seqcli.commands.watching import watched
from seqcli.errors import Denied
from seqcli.sandbox.running import Running
from seqcli.sandbox.server import Serving, served
from seqcli.views import Result
from seqcli.wire import fills
from seqcli.wire.operation import Request
from tests.client.scripted import KEY, NOTHING, scripted, wait
from tests.sandbox.streaming import Exchange

Seq = Any
SOON_S = 3.0
assert SOON_S < watching.OLDEST_S, "or a look by the clock would pass for a wake"


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """A served exchange, and the account that the environment names."""
    running: list[Running] = []
    serving = Serving(folder=tmp_path / "box", port=0, seed=7)
    with served(serving, log=lambda _: None, begun=running.append) as ready:
        monkeypatch.setenv("SEQ_API_KEY", ready.api_key)
        monkeypatch.setenv("SEQ_API_URL", ready.url)
        yield Exchange(ready, running[0])


@pytest.fixture
def session() -> Iterator[Session]:
    with Session({}) as opened:
        yield opened


def newest(session: Session) -> Result:
    reply = session.client.call(fills.LIST, Request(query=fills.ListQuery(limit=1)))
    return Result(body=reply.body["total"])


def test_a_watch_looks_again_when_the_stream_wakes_it(exchange: Exchange, session: Session) -> None:
    frames = watched(session, lambda: newest(session), topics=["fills", "no topic of the server's"])
    assert next(frames).body == 0
    began = time.monotonic()
    for before in range(2):
        exchange.order(qty=0.01, venue="kraken")
        shown = next(frames)
        assert (shown.body > before, shown.notes) == (True, [])
    assert time.monotonic() - began < SOON_S
    frames.close()  # type: ignore[attr-defined]


def test_a_follow_tells_each_new_fill_once(
    exchange: Exchange, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.order(qty=0.01, venue="kraken")
    placed: list[str] = []
    begin = Ledger.begin

    def noted(ledger: Ledger) -> None:
        """What is there is noted; what happens from here on is new, connected or not."""
        begin(ledger)
        placed.extend(exchange.order(qty=0.01, venue="kraken")["node_order_id"] for _ in range(2))
        exchange.order(qty=0.01, side="sell", venue="kraken")

    monkeypatch.setattr(Fills, "begin", noted)
    rows = following.fills(session, lambda fill: fill["side"] == "buy")
    told = itertools.islice((row.body for row in rows if row.frames is None), 2)
    assert [fill["node_order_id"] for fill in told] == placed
    rows.close()  # type: ignore[attr-defined]


def refuse(_connection: ServerConnection, request: Any) -> Response | None:
    if "/stream" not in request.path:
        return None
    body = b'{"error":{"code":"NOT_FOUND","message":"no streams here","request_id":"r"}}'
    return Response(404, "No", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_S", 0.01)
    monkeypatch.setattr(following, "POLL_S", 0.01)


@pytest.mark.usefixtures("quick")
def test_without_a_stream_a_watch_goes_by_the_clock_and_says_so_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = itertools.count()

    def answer(connection: ServerConnection, request: Any) -> Response | None:
        return refuse(connection, request) or server.answer(connection, request)

    with scripted(wait, rest=lambda _: NOTHING | {"total": next(counted)}, process_request=answer) as server:
        monkeypatch.setenv("SEQ_API_KEY", KEY)
        monkeypatch.setenv("SEQ_API_URL", server.url)
        shown = list(watched(session, lambda: newest(session), topics=["fills"], until=lambda row: row.body == 20))
    assert [row.body for row in shown][-1] == 20
    notes = [note for row in shown for note in row.notes]
    assert len(notes) == 1
    assert "no streams here" in notes[0]


@pytest.mark.usefixtures("quick")
def test_a_follow_without_any_stream_asks_again_and_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    there = [{"fill_id": f"f{number}", "ts_ns": number} for number in range(9)]
    looks = itertools.count(3)

    def rest(path: str) -> Any:
        assert path.startswith("/v1/fills")
        return {"fills": there[: next(looks)][::-1], "has_more": False}

    def answer(connection: ServerConnection, request: Any) -> Response | None:
        return refuse(connection, request) or server.answer(connection, request)

    with scripted(wait, rest=rest, process_request=answer) as server:
        monkeypatch.setenv("SEQ_API_KEY", KEY)
        monkeypatch.setenv("SEQ_API_URL", server.url)
        rows = following.fills(session, lambda _: True)
        told, notes = [], []
        for row in rows:
            notes += row.notes
            told += [row.body["fill_id"]] if row.frames is None else []
            if len(told) == 3:
                break
    assert told == sorted(told)
    assert len(set(told)) == 3
    assert [note.partition(")")[2] for note in notes] == [
        ": the event stream instead",
        ": a look every 0.01 s instead",
    ]


def test_a_bad_key_ends_a_follow_at_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(_connection: ServerConnection, _request: Any) -> Response:
        body = json.dumps({"error": {"code": "UNAUTHORIZED", "message": "no", "request_id": "r"}}).encode()
        return Response(401, "No", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)

    with scripted(wait, process_request=no) as server:
        monkeypatch.setenv("SEQ_API_KEY", KEY)
        monkeypatch.setenv("SEQ_API_URL", server.url)
        with pytest.raises(Denied):
            next(following.fills(session, lambda _: True))


def _drain(source: frames.Source) -> None:
    while source.take(20):
        pass


def test_a_key_that_is_revoked_ends_its_streams_for_good(
    exchange: Exchange, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, made = exchange.call("POST", "/v1/api_keys", {"label": "short-lived", "sandbox": True})
    monkeypatch.setenv("SEQ_API_KEY", made["api_key"])
    with streaming.opened(session, ["prices:ETH-USD", "fills"]) as source:
        assert source.take(20)
        assert exchange.call("DELETE", f"/v1/api_keys/{made['key_id']}")[0] == 200
        with pytest.raises(Denied, match="revoked"):
            _drain(source)


def test_waiting_for_an_order_is_woken_by_its_end(exchange: Exchange, seq: Seq) -> None:
    """It rests; somebody else cancels it while we wait, and the wait is not longer than it has to be."""
    placed = exchange.order(qty=0.01, price=1000.0, graph_id="w1")
    looked = threading.Event()

    def cancel() -> None:
        looked.wait(1.2)
        exchange.call("DELETE", f"/v1/orders/{placed['node_order_id']}")

    other = threading.Thread(target=cancel)
    other.start()
    began = time.monotonic()
    done = seq("order", "wait", placed["node_order_id"], "--wait-timeout", "20", "--json")
    other.join()
    assert (done.status, done.body["status"]) == (3, "CANCELLED")
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("verb", [order.listed, portfolio.show, fills_command.listed])
def test_lists_and_pages_are_watched_the_same_way(
    exchange: Exchange, session: Session, verb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "is_watched", lambda: True)
    frames = verb(session, **{"follow" if verb is fills_command.listed else "watch": True})
    first = next(frames)
    began = time.monotonic()
    exchange.order(qty=0.01, venue="kraken")
    second = next(frames)
    assert first.live
    assert second.live
    assert first.body != second.body
    assert time.monotonic() - began < SOON_S
    frames.close()


def test_prediction_markets_are_followed_and_filtered(seq: Seq) -> None:
    done = seq("--local", "predict", "follow", "--max-events", "3", "--venue", "polymarket", "--json")
    assert (done.status, done.err) == (0, "")
    assert [row["venue"] for row in done.rows] == ["polymarket"] * 3
    assert len({row["slug"] for row in done.rows}) == 3
    assert seq("predict", "follow", "--new", "--resolved").status == 2


def test_alerts_are_followed_to_the_number_that_was_asked_for(seq: Seq, exchange: Exchange) -> None:
    def engage() -> None:
        followed: list[bool] = []
        while not any(followed):
            exchange.running.call(lambda hub: followed.append(bool(hub._followers)))
        exchange.call("POST", "/v1/kill_switch", {"reason": "drill"})

    other = threading.Thread(target=engage)
    other.start()
    done = seq("risk", "alerts", "--max-events", "1", "--json")
    other.join()
    assert done.status == 0, done.err
    (row,) = done.rows
    assert (row["name"], row["condition"]) == ("kill_switch", "engaged: drill")
    assert "/v1/alerts/stream" in seq("--local", "risk", "alerts", "--dry-run", "--json").body["url"]
