"""Event streams by bytes, however they are cut; a server that says reset, error, nothing, or something else."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.client.client import Client
from seqcli.client.clock import SystemClock
from seqcli.client.dial import Patience, Reach
from seqcli.client.link import LARGEST
from seqcli.client.sse import Event, EventStream, Parser
from seqcli.client.transport import HttpTransport
from seqcli.errors import Denied, Failure, NotFound
from seqcli.wire import streams
from seqcli.wire.operation import Request
from tests.client.taking import ended, take

KEY = "seq_test_" + "k" * 60 + "1a2b"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"


def parsed(*chunks: bytes) -> list[tuple[str, bytes, str]]:
    parser = Parser()
    return [(event.name, event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: a\n\n", [("message", b"a", "")]),
        (b"data:a\r\rdata: b\r\n\r\n", [("message", b"a", ""), ("message", b"b", "")]),
        (b"event: fill\nid: 7\ndata: 1\ndata:\ndata: 2\n\n", [("fill", b"1\n\n2", "7")]),
        (b": comment\nretry: 3000\n\nevent: x\n\ndata: a\n\n", [("message", b"a", "")]),
        (
            b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n",
            [("message", b"a", "1"), ("message", b"b", "1"), ("message", b"c", "1"), ("message", b"d", "")],
        ),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", b"a", "")]),
        ("data: a\u2028b\u0085c\x0bd\n\n".encode(), [("message", "a\u2028b\u0085c\x0bd".encode(), "")]),
        (
            b"data: a: b\n\ndata:  two\n\nunknown: x\ndata\n\n",
            [("message", b"a: b", ""), ("message", b" two", ""), ("message", b"", "")],
        ),
        (b"data: unfinished\n", []),
    ],
)
def test_lines_end_with_lf_cr_and_crlf_alone(text: bytes, events: list[tuple[str, bytes, str]]) -> None:
    assert parsed(text) == events
    assert parsed(*(text[place : place + 1] for place in range(len(text)))) == events


@given(
    st.lists(st.sampled_from([b"data: a", b"data:", b"id: 3", b"event: fill", b": quiet", b"", b"data: \xe2\x80\xa8"])),
    st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=1),
    st.randoms(use_true_random=False),
)
def test_it_makes_no_difference_where_the_bytes_are_cut(
    lines: list[bytes], ends: list[bytes], chance: random.Random
) -> None:
    text = b"".join(line + ends[place % len(ends)] for place, line in enumerate(lines)) + b"\n"
    chunks, rest = [], text
    while rest:
        size = chance.randint(1, 4)
        chunks.append(rest[:size])
        rest = rest[size:]
    assert parsed(*chunks) == parsed(text)


def test_an_event_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LARGEST == 16 << 20
    monkeypatch.setattr("seqcli.client.sse.LARGEST", 100)
    parser = Parser()
    assert parser.feed(b"data: " + b"x" * 90 + b"\n\n") == [Event("message", b"x" * 90, "")]
    with pytest.raises(ValueError, match="more than"):
        parser.feed(b"data: " + b"x" * 60 + b"\ndata: " + b"x" * 60)


Open = Callable[..., EventStream]


class NoChance(random.Random):
    """No jitter: what comes again comes at once."""

    def random(self) -> float:
        return 0.0


@pytest.fixture
def opened() -> Iterator[Open]:
    """The risk stream of a server, closed at the end."""
    made: list[EventStream] = []
    transport = HttpTransport()

    def make(server: Any, **options: Any) -> EventStream:
        clock, chance = SystemClock(), NoChance(1)
        client = Client(transport, base_url=server.url, key=KEY, mode="sandbox", clock=clock, rng=chance)
        reach, asked = Reach(server.url, KEY), Request()
        stream = EventStream(reach, streams.RISK, asked, client=client, clock=clock, chance=chance, **options)
        made.append(stream)
        return stream.__enter__()

    yield make
    for stream in made:
        stream.close()
    transport.close()


def chunked(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


def test_events_are_lines_and_the_last_id_goes_with_the_next_connection(serve: Any, say: Any, opened: Open) -> None:
    first = HEAD + chunked(
        b'retry: 3000\n\nid: b-1\nevent: risk\ndata: {"kind":"kill_switch"}\n\nevent: new\ndata: 1\n\n'
    )
    second = HEAD + chunked(b'event: reset\ndata: {"reason":"history_gap"}\n\nid: b-9\nevent: risk\ndata: {"n":2}\n\n')
    server = serve(say.cut(first), say.raw(second))
    lines = take(opened(server), 5)
    assert lines[0] == {"kind": "kill_switch"}
    assert [line.get("type") for line in lines[1:4]] == ["disconnected", "reconnected", "gap"]
    assert (lines[3]["topic"], lines[3]["reason"], lines[4]) == ("risk", "history_gap", {"n": 2})
    heads = [request.lower() for request in server.requests]
    assert heads[0].startswith(b"get /v1/risk/stream http/1.1")
    assert b"authorization: bearer seq_test_" in heads[0]
    assert b"last-event-id" not in heads[0]
    assert b"last-event-id: b-1" in heads[1]


def test_an_error_event_of_the_key_ends_it_and_another_does_not(serve: Any, say: Any, opened: Open) -> None:
    def error(code: str) -> bytes:
        told = json.dumps({"error": {"code": code, "message": "so it is", "request_id": "r"}}).encode()
        return HEAD + chunked(b"event: error\ndata: " + told + b"\n\n")

    server = serve(say.raw(error("SERVICE_UNAVAILABLE")), say.raw(error("UNAUTHORIZED")))
    stream = opened(server)
    assert "so it is" in take(stream, 1)[0]["reason"]
    failure = ended(stream)
    assert type(failure) is Denied
    assert server.connections == 2


@pytest.mark.parametrize(("status", "kind"), [("401 No", Denied), ("403 No", Denied), ("404 No", NotFound)])
def test_a_refused_stream_is_a_failure_of_its_own_kind(
    serve: Any, say: Any, opened: Open, status: str, kind: type[Failure]
) -> None:
    body = json.dumps({"error": {"code": "X", "message": f"no {KEY}", "request_id": "r"}}).encode()
    server = serve(say.reply(status, body))
    failure = ended(opened(server))
    assert type(failure) is kind
    assert KEY not in failure.message
    assert server.connections == 1


def test_what_is_no_event_stream_and_what_is_no_json_are_told(serve: Any, say: Any, opened: Open) -> None:
    assert ended(opened(serve(say.reply("200 OK", b"{}")))).stable_code == "BAD_REPLY"
    twice = HEAD + chunked(b'event: risk\ndata: {"a":1,"a":2}\n\n')
    assert ended(opened(serve(say.raw(twice)))).stable_code == "BAD_FRAME"
    assert ended(opened(serve(say.reply("302 Found", b"", location="/other")))).stable_code == "REDIRECT"


@pytest.mark.parametrize("place", [0, 12, 40, HEAD.index(b"event-stream"), len(HEAD) - 30, len(HEAD) - 3, len(HEAD)])
def test_a_head_that_is_cut_anywhere_is_a_link_that_was_lost(serve: Any, say: Any, opened: Open, place: int) -> None:
    whole = HEAD + chunked(b'event: risk\ndata: {"n":1}\n\n')
    stream = opened(serve(say.cut(HEAD[:place]), say.raw(whole)))
    lines = take(stream, 1)
    while {"n": 1} not in lines:
        lines += take(stream, 1)
    assert lines[:-1] == [] or [line["type"] for line in lines[:-1]] == ["disconnected", "reconnected"]


def test_a_stream_without_a_keep_alive_is_replaced(serve: Any, say: Any, opened: Open) -> None:
    server = serve(say.raw(HEAD))
    lines = take(opened(server, patience=Patience(open_s=5, ping_s=0.05)), 2)
    assert [line["type"] for line in lines] == ["disconnected", "reconnected"]
    assert "said nothing for 0.05 s" in lines[0]["reason"]
