"""Event streams over real sockets, byte by byte: framing, coming back, filters, tickets, bounds and ends."""

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.service.sse import EventStream
from seqcli.sandbox.streams import rings
from tests.sandbox.streaming import Events, Exchange, exchange, small_buffers

SMALL = 0.01
"""Always one fill: no venue shows less at its touch."""
LONG = {"note": "x" * 4000}
ID = re.compile(r"[0-9a-f]{8}-\d+")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("events") / "box") as running:
        yield running


def test_the_framing_is_the_documented_one_to_the_byte(box: Exchange) -> None:
    with box.events("/v1/fills/stream") as events:
        assert events.status == 200
        assert events.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert events.headers["cache-control"] == "no-store"
        assert events.headers["x-accel-buffering"] == "no"
        assert "x-request-id" in events.headers
        assert events.block() == b"retry: 3000\n\n"
        placed = box.order(metadata={"note": "é\u2028"})
        block = events.block().decode("ascii")
    lines = block.split("\n")
    assert lines[3:] == ["", ""]
    name, _, number = lines[0].partition(": ")
    assert name == "id"
    assert ID.fullmatch(number)
    assert lines[1] == "event: fill"
    fill = json.loads(lines[2].removeprefix("data: "))
    _, _, page = box.call("GET", f"/v1/fills?node_order_id={placed['node_order_id']}")
    assert fill in page["fills"]


def test_what_an_order_cost_is_told_as_it_ends_and_is_what_analytics_say(box: Exchange) -> None:
    with box.events("/v1/tca/stream") as events:
        placed = box.order()
        _, name, report = events.event()
    assert (name, report["node_order_id"]) == ("tca", placed["node_order_id"])
    assert report["submit_latency_ns"] > 0
    _, _, body = box.call("GET", "/v1/analytics/tca")
    assert report in body["orders"]


def test_orders_are_told_by_rising_revision(box: Exchange) -> None:
    with box.events("/v1/orders/stream") as events:
        placed = box.order()
        seen: list[Any] = []
        while not seen or seen[-1]["status"] != "FILLED":
            _, name, data = events.event()
            assert name == "order"
            seen.append(data)
    revisions = [data["revision"] for data in seen]
    assert revisions == sorted(set(revisions))
    assert box.call("GET", f"/v1/orders/{placed['node_order_id']}")[2] == seen[-1]


@pytest.mark.parametrize("by", ["header", "query"])
def test_who_comes_back_misses_nothing(box: Exchange, by: str) -> None:
    with box.events("/v1/fills/stream") as events:
        first = box.order(qty=SMALL)
        last_id, _, fill = events.event()
        assert last_id is not None
        assert fill["node_order_id"] == first["node_order_id"]
    missed = [box.order(qty=SMALL)["node_order_id"] for _ in range(3)]
    path = "/v1/fills/stream" + (f"?last_event_id={last_id}" if by == "query" else "")
    headers = {"Last-Event-ID": last_id} if by == "header" else {}
    with box.events(path, **headers) as events:
        seen = [events.event() for _ in range(3)]
    assert [data["node_order_id"] for _, _, data in seen] == missed
    numbers = [int((number or "").rpartition("-")[2]) for number, _, _ in seen]
    start = int(last_id.rpartition("-")[2])
    assert numbers == [start + 1, start + 2, start + 3]


def test_an_id_of_another_run_is_answered_with_a_reset_first(box: Exchange) -> None:
    with box.events("/v1/orders/stream", **{"Last-Event-ID": "01hx-17"}) as events:
        assert events.event() == (None, "reset", {"reason": "history_gap"})
        box.order()
        assert events.event()[1] == "order"


def test_a_filter_keeps_the_rest_away(box: Exchange) -> None:
    with box.events("/v1/fills/stream?symbol=btc/usd") as events:
        box.order()
        wanted = box.order(symbol="BTC-USD", qty=0.001)
        assert events.event()[2]["node_order_id"] == wanted["node_order_id"]
    with box.events("/v1/fills/stream?symbol=B%20T") as events:
        assert events.status == 400


def test_it_is_not_silent_for_long(box: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventStream, "keep_alive_s", 0.02)
    with box.events("/v1/alerts/stream") as events:
        assert events.block() == b"retry: 3000\n\n"
        assert [events.block() for _ in range(3)] == [b": keep-alive\n\n"] * 3


def test_the_kill_switch_is_told_at_once_and_when_it_changes(box: Exchange) -> None:
    with box.events("/v1/risk/stream") as events:
        number, name, data = events.event()
        assert (number, name, data["kind"], data["engaged"]) == (None, "risk", "kill_switch", False)
        box.call("POST", "/v1/kill_switch", {"reason": "drill"})
        number, _, data = events.event()
        assert ID.fullmatch(number or "")
        assert (data["engaged"], data["reason"]) == (True, "drill")
        box.call("POST", "/v1/kill_switch/clear")
        assert events.event()[2]["engaged"] is False


def test_a_ticket_opens_one_and_a_key_in_the_address_none(box: Exchange) -> None:
    ticket = box.call("POST", "/v1/ws/ticket", {})[2]["ticket"]
    with box.events(f"/v1/orders/stream?ticket={ticket}", Authorization="") as events:
        assert events.status == 200
    for query in (f"ticket={ticket}", "ticket=wst_" + "0" * 32, f"api_key={box.ready.api_key}", ""):
        with box.events(f"/v1/orders/stream?{query}", Authorization="") as events:
            assert events.status == 401


@pytest.mark.parametrize("path", ["/v1/ws/ticket", "/v1/orders", "/v1/quotes/ETH-USD"])
def test_a_ticket_opens_nothing_but_streams(box: Exchange, path: str) -> None:
    ticket = box.call("POST", "/v1/ws/ticket")[2]["ticket"]
    assert box.call("GET", f"{path}?ticket={ticket}", headers={})[0] == 401
    with box.events(f"/v1/orders/stream?ticket={ticket}", Authorization="") as events:
        assert events.status == 200


def test_a_foreign_page_and_a_foreign_host_get_none(box: Exchange) -> None:
    with box.events("/v1/orders/stream", Origin="http://evil.example") as events:
        assert events.status == 403
    with box.events("/v1/orders/stream", Host="evil.example") as events:
        assert events.status == 403


def test_a_revoked_or_rotated_key_is_told_why_its_stream_ends(box: Exchange) -> None:
    for change in ("DELETE", "POST"):
        _, _, key = box.call("POST", "/v1/api_keys", {"label": "short", "sandbox": True})
        with box.events("/v1/orders/stream", **box.headers(key["api_key"])) as events:
            assert events.status == 200
            path = f"/v1/api_keys/{key['key_id']}"
            assert box.call(change, path + ("/rotate" if change == "POST" else ""))[0] == 200
            number, name, data = events.event()
            assert (number, name, data["error"]["code"]) == (None, "error", "UNAUTHORIZED")
            assert data["error"]["request_id"] == events.headers["x-request-id"]
            assert events.block() == b""
            assert events.ended


def test_one_stream_too_many_is_refused_and_leaving_makes_room(box: Exchange) -> None:
    _, _, key = box.call("POST", "/v1/api_keys", {"label": "many", "sandbox": True})
    box.running.call(lambda hub: setattr(hub._box.keys.get(key["key_id"]), "qps", 0))
    headers = box.headers(key["api_key"])
    held = [box.events("/v1/orders/stream", **headers) for _ in range(10)]
    opened = [one.__enter__() for one in held]
    assert {events.status for events in opened} == {200}
    with box.events("/v1/orders/stream", **headers) as events:
        assert events.status == 429
    for one in held:
        one.__exit__(None, None, None)
    status = 429
    while status == 429:
        with box.events("/v1/orders/stream", **headers) as events:
            status = events.status
    assert status == 200


def test_a_reader_that_falls_behind_is_told_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MAX_WAITING", 20)
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    with (
        exchange(tmp_path / "box") as box,
        box.events("/v1/orders/stream") as slow,
        box.events("/v1/fills/stream") as quick,
    ):
        names: set[str] = set()
        ended: list[bool] = []
        while not ended or not ended[-1]:
            names.add(box.order(metadata=LONG)["node_order_id"])
            box.running.call(lambda hub: ended.append(any(each.ended for _, each in hub._followers.values())))
        while names:
            names.discard(quick.event()[2]["node_order_id"])
        numbers = []
        while True:
            number, name, data = slow.event()
            if name == "error":
                break
            numbers.append(int((number or "").rpartition("-")[2]))
        assert numbers == list(range(1, len(numbers) + 1))
        assert (number, data["error"]["code"]) == (None, "SERVICE_UNAVAILABLE")
        assert "slow consumer" in data["error"]["message"]
        assert slow.block() == b""


def test_a_reader_that_takes_nothing_at_all_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MAX_WAITING", 20)
    monkeypatch.setattr(EventStream, "grace_s", 0.05)
    monkeypatch.setattr("seqcli.sandbox.server._listen", small_buffers())
    with exchange(tmp_path / "box") as box, box.events("/v1/orders/stream") as stuck:
        stuck.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        left: list[int] = []
        while not left or left[-1]:
            box.order(metadata=LONG)
            box.running.call(lambda hub: left.append(len(hub._followers)))
        assert not everything(stuck).endswith(b"0\r\n\r\n")


def test_a_server_that_ends_ends_its_streams_cleanly(tmp_path: Path) -> None:
    with exchange(tmp_path / "box") as box:
        held = box.events("/v1/orders/stream")
        events = held.__enter__()
        placed = box.order()
    seen = []
    while block := events.block():
        seen.append(block)
    assert events.ended
    assert placed["node_order_id"].encode() in seen[-1]
    held.__exit__(None, None, None)


def everything(events: Events) -> bytes:
    """What comes until the connection ends, however it ends."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := events.connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
