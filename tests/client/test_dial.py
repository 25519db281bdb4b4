"""The rules of the wire hold for streams, too: who is trusted, where a key may go, what no variable changes."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from seqcli.client.dial import Lost, Patience, Reach
from seqcli.client.link import Link
from seqcli.errors import Denied, Failure, NotSent, Usage
from tests.client.scripted import KEY, scripted

Authority = Callable[..., Any]
SHORT = Patience(open_s=5)


def greet(connection: ServerConnection) -> None:
    connection.send("hello")
    with contextlib.suppress(Exception):
        connection.recv()


def greeting(reach: Reach, patience: Patience = SHORT) -> bytes:
    """The first message over a link."""
    link = Link(reach, "/v1/stream", patience, reach.headers())
    try:
        (first,) = link.receive()
        return first
    finally:
        link.close()


def test_a_named_authority_is_trusted_and_a_stranger_is_not(authority: Authority) -> None:
    mine = authority()
    with scripted(greet, ssl=mine.context) as server:
        assert server.url.startswith("https://")
        assert greeting(Reach(server.url, KEY, ca_file=str(mine.file))) == b"hello"
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
        with pytest.raises(NotSent, match="not trusted") as caught:
            greeting(Reach(server.url, KEY))
        assert caught.value.stable_code == "BAD_CERTIFICATE"
        assert len(server.headers) == 1


def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    other = authority("127.0.0.2")
    with scripted(greet, ssl=other.context) as server, pytest.raises(NotSent, match="IP address mismatch"):
        greeting(Reach(server.url, KEY, ca_file=str(other.file)))


@pytest.mark.parametrize("url", ["http://example.com", "http://127.0.0.1.example.com", "http://0.0.0.0:1", "ws://x"])
def test_plain_http_goes_to_this_machine_alone(url: str) -> None:
    with pytest.raises(Usage):
        greeting(Reach(url, KEY))


def test_what_is_no_key_never_leaves() -> None:
    with pytest.raises(Denied):
        Reach("http://127.0.0.1:1", "seq_test_x\r\nEvil: 1").headers()


def test_a_handshake_that_never_comes_ends_in_time(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Lost, match="did not answer within"):
            greeting(Reach(url, KEY, ca_file=str(authority().file)), Patience(open_s=0.1))
        plain = url.replace("https", "http")
        with pytest.raises(Lost, match="did not answer the upgrade"):
            greeting(Reach(plain, KEY), Patience(open_s=0.1))


class Proxy:
    """Answers CONNECT; `heads` is what it was told."""

    def __init__(self, status: bytes = b"200 OK") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._status = status
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heads: list[bytes] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += here.recv(4096)
                self.heads.append(head)
                here.sendall(b"HTTP/1.1 " + self._status + b"\r\n\r\n")
                if self._status.startswith(b"200"):
                    host, _, port = head.split()[1].decode().rpartition(":")
                    there = socket.create_connection((host, int(port)))
                    for pair in ((here, there), (there, here)):
                        self._threads.append(threading.Thread(target=_carry, args=pair))
                        self._threads[-1].start()
                else:
                    here.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    target.close()


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    made: list[Proxy] = []

    def make(*words: Any) -> Proxy:
        made.append(Proxy(*words))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_named_proxy_carries_tls_and_sees_no_key(proxy: Callable[..., Proxy], authority: Authority) -> None:
    mine, way = authority(), proxy()
    with scripted(greet, ssl=mine.context) as server:
        assert greeting(Reach(server.url, KEY, proxy=way.url, ca_file=str(mine.file))) == b"hello"
    (head,) = way.heads
    assert head.startswith(b"CONNECT 127.0.0.1:")
    assert KEY.encode() not in head


def test_this_machine_is_asked_without_a_proxy_and_the_environment_names_none(
    proxy: Callable[..., Proxy], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, way = authority(), proxy()
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "WSS_PROXY"):
        monkeypatch.setenv(name, way.url)
    with scripted(greet) as server:
        assert greeting(Reach(server.url, KEY, proxy=way.url)) == b"hello"
    with scripted(greet, ssl=mine.context) as server:
        assert greeting(Reach(server.url, KEY, ca_file=str(mine.file))) == b"hello"
    assert way.heads == []


def test_a_proxy_that_refuses_and_one_that_can_t_be_used_are_told(
    proxy: Callable[..., Proxy], authority: Authority
) -> None:
    mine, way = authority(), proxy(b"407 No")
    with scripted(greet, ssl=mine.context) as server:
        with pytest.raises(Lost):
            greeting(Reach(server.url, KEY, proxy=way.url, ca_file=str(mine.file)))
        with pytest.raises(Failure, match="proxy that is itself spoken to over TLS"):
            greeting(Reach(server.url, KEY, proxy="https://127.0.0.1:1", ca_file=str(mine.file)))
        assert server.headers == []


def test_a_key_that_the_server_repeats_is_masked() -> None:
    reach = Reach("http://127.0.0.1:1", KEY)
    assert reach.masked(b'{"said":"' + KEY.encode() + b'"}') == '{"said":"seq_test_…1a2b"}'.encode()
