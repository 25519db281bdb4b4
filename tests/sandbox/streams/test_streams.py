"""/v1/stream over real sockets: subscribing, what comes, who may, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.sandbox.streaming import Exchange, exchange, said, until


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("streams") / "box") as running:
        yield running


def send(opened: ClientConnection, **frame: Any) -> None:
    opened.send(json.dumps(frame))


def test_nothing_is_said_before_something_is_asked(box: Exchange) -> None:
    with box.socket("/v1/stream?symbols=BTC-USD&book=1&prices=1") as opened:
        box.order()
        send(opened, subscribe=[])
        assert said(opened) == {"subscribed": [], "rejected": []}


def test_topics_are_accepted_and_rejected_apart_with_reasons(box: Exchange) -> None:
    with box.socket() as opened:
        send(opened, subscribe=["orders", "nonsense", "prices:B T", "prices:NO-SUCH", "orders", "fills"])
        assert said(opened) == {
            "subscribed": ["orders", "fills"],
            "rejected": ["nonsense", "prices:B T", "prices:NO-SUCH"],
            "reasons": {"nonsense": "unknown topic", "prices:B T": "bad symbol", "prices:NO-SUCH": "bad symbol"},
        }
        send(opened, subscribe=["orders"])
        assert said(opened) == {"subscribed": ["orders"], "rejected": []}


def test_one_frame_may_drop_and_add_and_drops_first(box: Exchange) -> None:
    with box.socket("/v1/stream", "orders") as opened:
        send(opened, subscribe=["fills", "orders"], unsubscribe=["orders", "tca"])
        assert said(opened) == {"unsubscribed": ["orders", "tca"]}
        assert said(opened) == {"subscribed": ["fills", "orders"], "rejected": []}


def test_an_order_is_told_as_rest_shows_it_and_its_fills_come_before_it(box: Exchange) -> None:
    with box.socket("/v1/stream", "orders", "fills") as opened:
        placed = box.order()
        frames: list[Any] = []
        while not frames or frames[-1]["data"].get("status") != "FILLED":
            frames.append(said(opened))
    orders = [frame["data"] for frame in frames if frame["channel"] == "orders"]
    fills = [frame["data"] for frame in frames if frame["channel"] == "fills"]
    assert [frame["seq"] for frame in frames if frame["channel"] == "orders"] == list(range(1, len(orders) + 1))
    assert [frame["seq"] for frame in frames if frame["channel"] == "fills"] == list(range(1, len(fills) + 1))
    revisions = [order["revision"] for order in orders]
    assert revisions == sorted(set(revisions))
    told = 0
    for frame in frames:
        if frame["channel"] == "fills":
            told += frame["data"]["qty_1e8"]
        else:
            assert frame["data"]["filled_qty_1e8"] <= told
    assert told == 50_000_000
    _, _, shown = box.call("GET", f"/v1/orders/{placed['node_order_id']}")
    assert orders[-1] == shown
    _, _, page = box.call("GET", f"/v1/fills?node_order_id={placed['node_order_id']}")
    assert sorted(fills, key=str) == sorted(page["fills"], key=str)


def test_the_state_as_it_is_follows_the_answer_and_the_topic_is_named_as_it_was_written(box: Exchange) -> None:
    topics = ["book:eth/usd", "prices:eth-usd", "prices:ETH-USD"]
    with box.socket("/v1/stream", *topics) as opened:
        first = [said(opened) for _ in range(3)]
    assert [frame["channel"] for frame in first] == topics
    assert [frame["seq"] for frame in first] == [1, 1, 1]
    book, price = first[0]["data"], first[1]["data"]
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["asks"] == sorted(book["asks"])
    assert 0 < len(book["bids"]) <= 100
    assert (price["bid"], price["ask"]) == (book["bids"][0][0], book["asks"][0][0])
    assert (price["bid_sz"], price["ask_sz"]) == (book["bids"][0][1], book["asks"][0][1])
    assert set(price) == {"bid", "ask", "mid", "bid_sz", "ask_sz", "spread_bps", "source", "ts_ns"}


def test_a_moving_market_sends_whole_books_that_differ(box: Exchange) -> None:
    with box.socket("/v1/stream", "book:BTC-USD") as opened:
        frames = [said(opened) for _ in range(5)]
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4, 5]
    books = [(frame["data"]["bids"], frame["data"]["asks"]) for frame in frames]
    assert all(books[at] != books[at + 1] for at in range(4))
    stamps = [frame["data"]["ts_ns"] for frame in frames]
    assert stamps == sorted(stamps)


def test_what_was_dropped_is_not_sent_and_counts_on_when_it_comes_back(box: Exchange) -> None:
    with box.socket("/v1/stream", "prices:ETH-USD", "prices:BTC-USD") as opened:
        seq = until(opened, "prices:BTC-USD")["seq"]
        assert seq == 1
        send(opened, unsubscribe=["prices:BTC-USD"])
        while (frame := said(opened)) != {"unsubscribed": ["prices:BTC-USD"]}:
            seq += frame["channel"] == "prices:BTC-USD"
        assert [said(opened)["channel"] for _ in range(3)] == ["prices:ETH-USD"] * 3
        send(opened, subscribe=["prices:BTC-USD"])
        assert until(opened, "prices:BTC-USD")["seq"] == seq + 1


def test_a_key_in_the_address_a_bad_key_and_another_origin_do_not_open(box: Exchange) -> None:
    wrong: list[tuple[str, dict[str, Any], int, str]] = [
        (f"/v1/stream?api_key={box.ready.api_key}", {"additional_headers": {}}, 401, "UNAUTHORIZED"),
        ("/v1/stream", {"additional_headers": {}}, 401, "UNAUTHORIZED"),
        ("/v1/stream", {"additional_headers": box.headers("seq_test_nope")}, 401, "UNAUTHORIZED"),
        ("/v1/stream", {"additional_headers": box.headers("seq_live_" + "a" * 64)}, 401, "UNAUTHORIZED"),
        ("/v1/stream", {"origin": "http://evil.example"}, 403, "FORBIDDEN"),
        ("/v1/nothing", {}, 404, "NOT_FOUND"),
        ("/v1/stream", {"additional_headers": {**box.headers(), "Host": "evil.example"}}, 403, "FORBIDDEN"),
    ]
    for path, options, status, code in wrong:
        with pytest.raises(InvalidStatus) as caught, box.socket(path, **options):
            pass
        response = caught.value.response
        error = json.loads(response.body or b"")["error"]
        assert (response.status_code, error["code"]) == (status, code), path
        assert error["request_id"] == response.headers["X-Request-Id"]


def test_asking_without_an_upgrade_is_told_so(box: Exchange) -> None:
    status, _, body = box.call("GET", "/v1/stream")
    assert (status, body["error"]["code"]) == (400, "BAD_REQUEST")
    assert "WebSocket" in body["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_ticket_opens_once(box: Exchange, method: str) -> None:
    status, _, given = box.call(method, "/v1/ws/ticket")
    assert (status, given["expires_in_s"]) == (200, 30)
    path = f"/v1/stream?ticket={given['ticket']}"
    with box.socket(path, additional_headers={}) as opened:
        send(opened, subscribe=["orders"])
        assert said(opened)["subscribed"] == ["orders"]
    with pytest.raises(InvalidStatus) as caught, box.socket(path, additional_headers={}):
        pass
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize(
    "frame", ["{", "[]", "{}", '{"subscribe":"orders"}', '{"sub":[]}', '{"subscribe":[],"x":1}', b"{}"]
)
def test_a_bad_frame_is_answered_and_the_connection_stays(box: Exchange, frame: str | bytes) -> None:
    with box.socket() as opened:
        opened.send(frame)
        assert said(opened)["error"]["code"] == "BAD_REQUEST"
        send(opened, subscribe=["orders"])
        assert said(opened)["subscribed"] == ["orders"]


def test_the_tenth_bad_frame_within_a_minute_is_the_last(box: Exchange) -> None:
    with box.socket() as opened:
        for _ in range(10):
            opened.send("nonsense")
        for _ in range(10):
            assert said(opened)["error"]["code"] == "BAD_REQUEST"
        with pytest.raises(ConnectionClosed) as caught:
            opened.recv(timeout=20)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008


def test_a_frame_over_64_kib_is_too_big(box: Exchange) -> None:
    with box.socket() as opened:
        opened.send(json.dumps({"subscribe": ["x" * 65_000]}))
        assert said(opened)["rejected"] == ["x" * 65_000]
        opened.send(json.dumps({"subscribe": ["x" * 66_000]}))
        with pytest.raises(ConnectionClosed) as caught:
            opened.recv(timeout=20)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


def test_a_server_that_ends_says_so(tmp_path: Path) -> None:
    with exchange(tmp_path / "box") as running:
        opened = running.socket("/v1/stream", "orders")
        one = opened.__enter__()
    with pytest.raises(ConnectionClosed) as caught:
        one.recv(timeout=20)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
