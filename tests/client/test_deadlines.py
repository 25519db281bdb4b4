"""The deadline of a request, on real sockets: it holds on a new connection and on a kept one."""

import _thread
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

import pytest

from seqcli.client.deadlines import Deadlines
from seqcli.client.roundtrip import RoundTrip
from seqcli.errors import Ambiguous, NotSent
from tests.client.conftest import HEAD, QUOTE, get

LIMIT_S = 0.3
LATE_S = 2.0  # far beyond the limit, and far below what an unlimited server would take


def end_of_trip(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the thread of a round trip is through, whether anybody waits for it or not."""
    ended, run = threading.Event(), RoundTrip._run

    def watched(self, request):
        run(self, request)
        ended.set()

    monkeypatch.setattr(RoundTrip, "_run", watched)
    return ended


@pytest.fixture(params=["new", "kept"])
def connection(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def scene(transport, serve, say, connection):
    """A server at the point where `steps` follow, on a connection that is new or has been used."""

    def start(*steps):
        server = serve(*[say.reply()] * (connection == "kept"), *steps)
        if connection == "kept":
            get(transport, f"{server.url}/")
        return server

    return start


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda say: say.silence, id="silence"),
        pytest.param(lambda say: say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), id="headers drip"),
        pytest.param(lambda say: say.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="interim replies drip"),
        pytest.param(lambda say: say.drip(HEAD + b"content-length: 99999\r\n\r\n", b" "), id="body drips"),
        pytest.param(
            lambda say: say.drip(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            id="chunks drip",
        ),
    ],
)
def test_the_deadline_is_wall_clock_whatever_trickles_in(transport, scene, say, stopwatch, step):
    server = scene(step(say))
    with pytest.raises(Ambiguous, match=r"did not answer within 0\.3 s"):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() < LATE_S


def test_control_without_the_thread_that_watches_a_drip_passes_the_deadline(
    transport, scene, say, monkeypatch, stopwatch
):
    over = Deadlines.over
    monkeypatch.setattr(RoundTrip, "_wait", lambda self, seconds: self._done.wait(seconds + 1.0))
    monkeypatch.setattr(Deadlines, "over", lambda self, end, at: over(self, end, at + 1.0))
    server = scene(say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"))
    with pytest.raises(Ambiguous):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() > LIMIT_S + 0.9


def test_after_a_deadline_the_connection_is_hung_up_and_the_next_request_has_a_new_one(transport, scene, say):
    server = scene(say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), say.reply())
    with pytest.raises(Ambiguous):
        get(transport, f"{server.url}/", LIMIT_S)
    assert get(transport, f"{server.url}/")[2] == QUOTE
    assert server.connections == 2


def test_a_request_too_large_to_be_taken_ends_at_the_deadline(transport, stopwatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Ambiguous, match="did not answer within"):
            transport.send("POST", url, {}, b" " * (32 << 20), LIMIT_S)
    assert stopwatch() < LATE_S


@pytest.fixture
def hang(monkeypatch) -> Callable[[], threading.Event]:
    """From now on names are looked up only once the event is set."""

    def begin() -> threading.Event:
        resolve, late = socket.getaddrinfo, threading.Event()

        def slow(*args, **options):
            late.wait(5)
            return resolve(*args, **options)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        return late

    return begin


def test_a_resolver_that_hangs_when_a_kept_connection_is_gone_ends_at_the_deadline_too(
    transport, serve, say, monkeypatch, hang, stopwatch
):
    closed = threading.Event()
    server = serve(say.goodbye(closed), say.reply())
    get(transport, f"{server.url}/")
    assert closed.wait(5)
    ended, late = end_of_trip(monkeypatch), hang()
    with pytest.raises(NotSent, match=r"did not answer within 0\.3 s"):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() < LATE_S
    late.set()
    assert ended.wait(5)
    assert len(server.requests) == 1


def test_a_resolver_that_hangs_ends_at_the_deadline_and_nothing_is_sent_later(
    transport, serve, say, monkeypatch, hang, stopwatch
):
    server = serve(say.reply())
    ended, late = end_of_trip(monkeypatch), hang()
    with pytest.raises(NotSent, match=r"did not answer within 0\.3 s"):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() < LATE_S
    late.set()
    assert ended.wait(5)
    assert server.requests == []


def test_control_without_the_lock_s_word_the_late_request_would_leave(transport, serve, say, monkeypatch, hang):
    watch = RoundTrip.watch

    def deaf(self, event, facts):
        if not event.endswith("send_request_headers.started"):
            abandoned, self.abandoned = self.abandoned, False
            watch(self, event, facts)
            self.abandoned = abandoned

    server = serve(say.reply())
    ended, late = end_of_trip(monkeypatch), hang()
    monkeypatch.setattr(RoundTrip, "watch", deaf)
    with pytest.raises(NotSent):
        get(transport, f"{server.url}/", LIMIT_S)
    late.set()
    assert ended.wait(5)
    assert len(server.requests) == 1


def test_a_connection_nobody_accepts_ends_at_the_deadline_with_nothing_sent(transport, stopwatch):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        with pytest.raises(NotSent, match="did not answer within"):
            get(transport, f"http://127.0.0.1:{address[1]}/", LIMIT_S)
        for one in waiting:
            one.close()
    assert stopwatch() < LATE_S


def test_an_interrupt_of_the_user_is_not_held_back(transport, scene, say, stopwatch):
    server = scene(lambda _connection: os.kill(os.getpid(), signal.SIGINT), say.reply())
    with pytest.raises(KeyboardInterrupt):
        get(transport, f"{server.url}/", 20.0)
    assert stopwatch() < LATE_S
    assert get(transport, f"{server.url}/")[2] == QUOTE
    assert server.connections == 2


def test_a_kept_connection_that_takes_no_more_ends_at_the_deadline(transport, stopwatch):
    def play():
        connection, _ = listener.accept()
        connection.recv(1 << 16)
        connection.sendall(HEAD + b"content-length: 2\r\n\r\n{}")
        through.wait(20)
        connection.close()

    through = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        player = threading.Thread(target=play)
        player.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert get(transport, url)[2] == b"{}"
        with pytest.raises(Ambiguous, match="did not answer within"):
            transport.send("POST", url, {}, b" " * (32 << 20), LIMIT_S)
        through.set()
        player.join()
    assert stopwatch() < LATE_S


def test_each_end_comes_at_its_time_also_one_that_is_earlier_than_those_before_it():
    deadlines, ended = Deadlines(), []
    all_ended, now = threading.Event(), time.monotonic()

    def last():
        ended.append("late")
        all_ended.set()

    with deadlines.over(last, now + 0.1), deadlines.over(lambda: ended.append("early"), now + 0.02):
        with deadlines.over(lambda: ended.append("too late"), now + 0.01 + 20):
            pass
        assert all_ended.wait(5)
    assert ended == ["early", "late"]


def test_what_was_faster_is_not_ended_and_the_thread_goes_when_nothing_is_left():
    deadlines, ended, later = Deadlines(), threading.Event(), threading.Event()
    at = time.monotonic() + 0.02
    with deadlines.over(ended.set, at):
        pass
    with deadlines.over(later.set, at):
        assert later.wait(5)
    until = time.monotonic() + 5
    while deadlines._looks_at is not None and time.monotonic() < until:
        time.sleep(0.001)
    assert not ended.is_set()
    assert deadlines._looks_at is None
    with deadlines.over(ended.set, time.monotonic()):
        assert ended.wait(5)


def test_a_thread_that_can_not_be_had_is_told_and_the_next_deadline_holds_again(monkeypatch):
    def none(*_args):
        raise RuntimeError("can't start new thread")

    deadlines, ended = Deadlines(), threading.Event()
    with monkeypatch.context() as without:
        without.setattr(_thread, "start_new_thread", none)
        with pytest.raises(RuntimeError), deadlines.over(ended.set, time.monotonic()):
            pass
    assert not ended.is_set()
    with deadlines.over(ended.set, time.monotonic()):
        assert ended.wait(5)
