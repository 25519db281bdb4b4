"""The unified stream against servers that behave, misbehave and vanish."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import ServerConnection

from seqcli.client import link
from seqcli.client.client import Client, Reply
from seqcli.client.clock import SystemClock
from seqcli.client.dial import Patience, Reach
from seqcli.client.mailbox import Item
from seqcli.client.retry import Budget
from seqcli.client.stream import Stream
from seqcli.client.transport import HttpTransport
from seqcli.errors import Ambiguous, Denied, Failure, NotFound, RateLimited, Refused, Unreachable
from seqcli.wire import streams
from tests.client.cutter import Cutter
from tests.client.scripted import KEY, Scripted, accept, cut, say, scripted, wait
from tests.client.taking import ended, take

TOPIC = "prices:ETH-USD"


class NoChance(random.Random):
    """No jitter: what comes again comes at once."""

    def random(self) -> float:
        return 0.0


Open = Callable[..., Stream]


@pytest.fixture
def opened() -> Iterator[Open]:
    """A stream of a server, closed at the end."""
    made, transports = [], []

    def make(server: Scripted, *topics: str, **options: Any) -> Stream:
        transports.append(HttpTransport())
        options.setdefault("chance", NoChance(1))
        client = Client(
            transports[-1],
            base_url=server.url,
            key=KEY,
            mode="sandbox",
            clock=SystemClock(),
            rng=options["chance"],
            budget=Budget(),
        )
        words: dict[str, Any] = {"reach": Reach(server.url, KEY), "client": client, "clock": SystemClock()} | options
        stream = Stream(words.pop("reach"), topics or (TOPIC,), **words)
        made.append(stream)
        return stream.__enter__()

    yield make
    for stream in made:
        stream.close()
    for transport in transports:
        transport.close()


def speaking(connection: ServerConnection) -> None:
    """A server with one thing to say."""
    accept(connection)
    say(connection, TOPIC, 1)
    wait(connection)


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    return [line.get("type") or line["channel"] for line in lines]


def test_frames_come_as_bytes_after_a_subscription_with_the_key_in_its_header(opened: Open) -> None:
    raw = '{"channel":"prices:ETH-USD", "data":{"bid":1.50,"new":"\u00fc"},"seq":1}'

    def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.headers["Authorization"] == f"Bearer {KEY}"
        assert connection.request.path == "/v1/stream"
        assert accept(connection) == [TOPIC]
        connection.send(raw)
        wait(connection)

    with scripted(script) as server:
        (item,) = opened(server).take(10)
        assert (item.topic, item.raw.decode()) == (TOPIC, raw)
        assert server.failures == []


def test_what_came_before_the_answer_is_not_lost_and_a_broken_line_is_one_again(opened: Open) -> None:
    def script(connection: ServerConnection) -> None:
        topics = json.loads(connection.recv(5))["subscribe"]
        say(connection, TOPIC, 1)
        connection.send(json.dumps({"subscribed": topics, "rejected": []}))
        connection.send('{"channel":"prices:ETH-USD",\n"data":"a\\nb"\r\n}')
        connection.send(["{", '"channel":"prices:ETH-USD","data":', "3}"])
        wait(connection)

    with scripted(script) as server:
        stream = opened(server)
        items: list[Item] = []
        while len(items) < 3:
            items += stream.take(10)
        assert [json.loads(item.raw)["data"] for item in items] == [1, "a\nb", 3]
        assert not any(b"\n" in item.raw or b"\r" in item.raw for item in items)


@pytest.mark.parametrize(
    ("reasons", "kind"),
    [
        ({TOPIC: "bad symbol"}, NotFound),
        ({TOPIC: "unknown topic"}, NotFound),
        ({}, NotFound),
        ({TOPIC: "forbidden"}, Denied),
        ({TOPIC: "too many topics"}, Refused),
    ],
)
def test_a_rejected_topic_is_an_error_that_names_it(opened: Open, reasons: dict[str, str], kind: type[Failure]) -> None:
    def script(connection: ServerConnection) -> None:
        connection.recv(5)
        connection.send(json.dumps({"subscribed": ["fills"], "rejected": [TOPIC], "reasons": reasons}))
        wait(connection)

    with scripted(script) as server:
        failure = ended(opened(server, TOPIC, "fills"))
        assert type(failure) is kind
        assert TOPIC in failure.message
        assert all(reason in failure.message for reason in reasons.values())
        assert server.connections == 1


@pytest.mark.parametrize(("code", "kind"), [(4001, Denied), (1008, Refused), (1009, Refused)])
def test_a_close_that_means_no_is_not_tried_again(opened: Open, code: int, kind: type[Failure]) -> None:
    def script(connection: ServerConnection) -> None:
        accept(connection)
        say(connection, TOPIC, 1)
        connection.close(code, "as it is")

    with scripted(script) as server:
        stream = opened(server)
        assert kinds(take(stream, 1)) == [TOPIC]
        failure = ended(stream)
        assert type(failure) is kind
        assert "as it is" in failure.message
        assert server.connections == 1


@pytest.mark.parametrize("code", [1000, 1001, 4008, 4029, 3999, None])
def test_any_other_end_is_told_and_connected_again(opened: Open, code: int | None) -> None:
    def first(connection: ServerConnection) -> None:
        accept(connection)
        say(connection, TOPIC, 1, seq=1)
        if code == 4008:
            connection.send('{"error":{"code":"SERVICE_UNAVAILABLE","message":"slow consumer","request_id":"r"}}')
        cut(connection) if code is None else connection.close(code)

    def second(connection: ServerConnection) -> None:
        accept(connection)
        say(connection, TOPIC, 2, seq=1)
        wait(connection)

    with scripted(first, second) as server:
        lines = take(opened(server), 4)
        assert kinds(lines) == [TOPIC, "disconnected", "reconnected", TOPIC]
        assert lines[2]["topics"] == [TOPIC]
        assert lines[2]["down_ms"] >= 0
        assert lines[1]["reason"] == lines[2]["reason"]
        assert ("slow consumer" in lines[1]["reason"]) is (code == 4008)


def test_a_gap_in_the_numbers_of_a_topic_is_told_where_it_is(opened: Open) -> None:
    def script(connection: ServerConnection) -> None:
        accept(connection)
        for topic, seq in ((TOPIC, 1), ("book:ETH-USD", 1), (TOPIC, 2), (TOPIC, 5), ("book:ETH-USD", 2)):
            say(connection, topic, seq, seq=seq)
        wait(connection)

    with scripted(script) as server:
        lines = take(opened(server, TOPIC, "book:ETH-USD"), 6)
        assert kinds(lines) == [TOPIC, "book:ETH-USD", TOPIC, "gap", TOPIC, "book:ETH-USD"]
        assert {name: lines[3][name] for name in ("topic", "expected", "got")} == {
            "topic": TOPIC,
            "expected": 3,
            "got": 5,
        }


def test_a_silent_link_is_found_out_and_one_that_answers_pings_is_not(opened: Open) -> None:
    """A link that carries nothing more, and does not say so, is the one that no system call tells of."""
    sent = threading.Event()

    def quiet(connection: ServerConnection) -> None:
        accept(connection)
        say(connection, TOPIC, 1)
        sent.wait(10)
        say(connection, TOPIC, 2)
        wait(connection)

    with scripted(quiet) as server, Cutter(server.url) as way:
        stream = opened(server, reach=Reach(way.url, KEY), patience=Patience(open_s=5, ping_s=0.02, pong_s=2))
        assert kinds(take(stream, 1)) == [TOPIC]
        assert stream.take(0.1) == []
        sent.set()
        assert take(stream, 1) == [{"channel": TOPIC, "data": 2}]

        way.freeze()
        dying = opened(server, reach=Reach(way.url, KEY), patience=Patience(open_s=0.05, ping_s=0.02, pong_s=0.02))
        assert "did not answer" in ended(dying).message
        way.thaw()


def test_a_link_that_dies_in_silence_is_replaced(opened: Open) -> None:
    with scripted(speaking) as server, Cutter(server.url) as way:
        stream = opened(server, reach=Reach(way.url, KEY), patience=Patience(open_s=5, ping_s=0.05, pong_s=0.05))
        assert kinds(take(stream, 1)) == [TOPIC]
        way.freeze(open_ones=True)
        lines = take(stream, 3)
        assert kinds(lines) == ["disconnected", "reconnected", TOPIC]
        assert "said nothing for 0.1 s" in lines[0]["reason"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("not json", "no frame"),
        ("[1]", "no frame"),
        ('{"channel":"prices:ETH-USD","channel":"fills","data":1}', "duplicate"),
        ('{"channel":"prices:ETH-USD","seq":1,"data":1,"s\\u0065q":2}', "duplicate"),
        ('{"channel":"prices:ETH-USD","data":NaN}', "no frame"),
        ('{"channel":"fills","data":{"fill_id":"a","fill_id":"b"}}', "duplicate"),
        ('{"channel":"fills","data":[]}', "without data"),
        (b"binary", "a binary frame"),
    ],
)
def test_what_is_no_frame_of_the_api_ends_the_stream_with_a_reason(opened: Open, sent: Any, why: str) -> None:
    def script(connection: ServerConnection) -> None:
        accept(connection)
        connection.send(sent)
        wait(connection)

    with scripted(script) as server:
        failure = ended(opened(server, TOPIC, "fills"))
        assert (failure.stable_code, failure.exit_status) == ("BAD_FRAME", 7)
        assert why in failure.message
        assert server.connections == 1


def test_a_frame_without_end_is_given_up_at_16_mib(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert link.LARGEST == 16 << 20
    monkeypatch.setattr(link, "LARGEST", 1 << 16)

    def script(connection: ServerConnection) -> None:
        accept(connection)
        say(connection, TOPIC, "x" * 60_000)
        connection.send(["{" + " " * 40_000, " " * 40_000])
        wait(connection)

    with scripted(script) as server:
        stream = opened(server)
        assert kinds(take(stream, 1)) == [TOPIC]
        assert ended(stream).stable_code == "BAD_FRAME"


def refusing(status: int, body: Any = None, **headers: str) -> Any:
    told = Headers(
        {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    )
    raw = json.dumps(body or {"error": {"code": "X", "message": f"no, {KEY}", "request_id": "r"}}).encode()
    told["Content-Length"] = str(len(raw))
    return lambda _connection, _request: Response(status, "No", told, raw)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Denied), (403, Denied), (404, NotFound), (400, Refused), (301, Ambiguous), (307, Ambiguous)],
)
def test_a_refused_upgrade_is_a_failure_of_its_own_kind_and_shows_no_key(
    opened: Open, status: int, kind: type[Failure]
) -> None:
    asked: list[Any] = []
    refuse = refusing(status, Location="http://127.0.0.1:1/")

    def once(connection: Any, request: Any) -> Any:
        asked.append(request)
        return refuse(connection, request)

    with scripted(wait, process_request=once) as server:
        failure = ended(opened(server))
        assert type(failure) is kind
        assert KEY not in failure.message
        assert len(asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimited), (503, Unreachable), (500, Unreachable)])
def test_a_server_in_trouble_is_asked_four_times(opened: Open, status: int, kind: type[Failure]) -> None:
    asked: list[Any] = []
    refuse = refusing(status)

    def again(connection: Any, request: Any) -> Any:
        asked.append(request)
        return refuse(connection, request)

    with scripted(wait, process_request=again) as server:
        assert isinstance(ended(opened(server)), kind)
        assert len(asked) == 4


def test_where_nothing_listens_it_ends_after_four_attempts(opened: Open) -> None:
    with scripted(wait) as server:
        pass
    failure = ended(opened(server))
    assert failure.exit_status == 7
    assert "refused the connection" in failure.message


class TicketOffice(Client):
    """Answers every call with a ticket."""

    def __init__(self) -> None:
        """Nothing is ever sent."""

    def call(self, operation: Any, *_: Any, **__: Any) -> Reply:
        assert operation is streams.TICKET
        return Reply(operation, 200, {}, b"", {"ticket": "wst_0123456789abcdef0123456789abcdef"}, "r")


def test_a_ticket_opens_the_socket_and_no_key_goes_with_it(opened: Open) -> None:
    seen: list[tuple[str, str | None]] = []

    def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append((connection.request.path, connection.request.headers.get("Authorization")))
        accept(connection)
        say(connection, TOPIC, 1)
        wait(connection)

    with scripted(script) as server:
        stream = opened(server, by_ticket=True, client=TicketOffice())
        assert kinds(take(stream, 1)) == [TOPIC]
        assert seen == [("/v1/stream?ticket=wst_0123456789abcdef0123456789abcdef", None)]


def test_closing_does_not_wait_for_the_server(opened: Open) -> None:
    with scripted(speaking) as server:
        stream = opened(server)
        assert kinds(take(stream, 1)) == [TOPIC]
        stream.close()
        assert stream.over
        assert not stream._thread.is_alive()  # type: ignore[union-attr]
