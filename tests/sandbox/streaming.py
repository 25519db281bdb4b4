"""A served exchange and the two kinds of reader, for tests with real sockets."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from seqcli.sandbox import server
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.running import Running
from seqcli.sandbox.server import Ready, Serving, served

PATIENCE_S = 20


class Exchange:
    """What tests do with a server."""

    def __init__(self, ready: Ready, running: Running) -> None:
        self.ready = ready
        self.running = running
        self.port = int(ready.url.rpartition(":")[2])

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {key or self.ready.api_key}"}

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        told = self.headers() if headers is None else headers
        raw = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, raw, {**told, "Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, json.loads(text)
        finally:
            connection.close()

    def order(self, **words: Any) -> dict[str, Any]:
        """Submit the simple form."""
        body = {"symbol": "ETH-USD", "side": "buy", "qty": 0.5} | words
        status, _, reply = self.call("POST", "/v1/orders", body)
        assert status == 201, reply
        placed: dict[str, Any] = reply
        return placed

    @contextmanager
    def socket(self, path: str = "/v1/stream", *topics: str, **options: Any) -> Iterator[ClientConnection]:
        """An open WebSocket; with topics, subscribed to them and answered."""
        options.setdefault("additional_headers", self.headers())
        with connect(f"ws://127.0.0.1:{self.port}{path}", close_timeout=2, **options) as opened:
            if topics:
                opened.send(json.dumps({"subscribe": topics}))
                assert said(opened) == {"subscribed": list(topics), "rejected": []}
            yield opened

    @contextmanager
    def events(self, path: str, **headers: str) -> Iterator["Events"]:
        """An open event stream."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            told = {"Host": f"127.0.0.1:{self.port}", **self.headers(), **headers}
            lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
            connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
            with connection.makefile("rb") as file:
                yield Events(connection, file)


class Raw:
    """A WebSocket client that reads when it is told to and answers pings when it likes."""

    def __init__(self, box: Exchange, path: str = "/v1/stream", room: int | None = None) -> None:
        """`room`: bytes that the system may take in before they are read; None = as many as it likes."""
        self.connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if room is not None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.connection.settimeout(PATIENCE_S)
        self.connection.connect(("127.0.0.1", box.port))
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{box.port}{path}"), max_size=None)
        request = self._protocol.connect()
        request.headers.update(box.headers())
        self._protocol.send_request(request)
        self.answer()
        self.frames: list[Frame] = []
        while self._protocol.state is State.CONNECTING:
            self._receive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def answer(self) -> None:
        """Send what is due: a frame of ours, pongs."""
        self.connection.sendall(b"".join(self._protocol.data_to_send()))

    def send(self, **frame: Any) -> None:
        self._protocol.send_text(json.dumps(frame).encode())
        self.answer()

    def pester(self, pings: int) -> None:
        """Send pings, and pongs for none."""
        for _ in range(pings // 100):
            for _ in range(100):
                self._protocol.send_ping(b"x" * 125)
            self.answer()

    def _receive(self) -> bool:
        data = self.connection.recv(65536)
        if data:
            self._protocol.receive_data(data)
            self.frames += [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        return bool(data)

    def next(self, opcode: Opcode = Opcode.TEXT) -> bytes | None:
        """The next frame of a kind; None at the end."""
        while True:
            while self.frames:
                frame = self.frames.pop(0)
                if frame.opcode is opcode:
                    return bytes(frame.data)
            if not self._receive():
                return None

    def close_code(self) -> int | None:
        """What the server said when it closed; everything before it is passed over."""
        data = self.next(Opcode.CLOSE)
        self.answer()
        return None if data is None else int.from_bytes(data[:2], "big")


class Events:
    """The reading side of an event stream, byte by byte as it was written."""

    def __init__(self, connection: socket.socket, file: BinaryIO) -> None:
        self.connection = connection
        self._file = file
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self._text = b""
        self.ended = False

    def block(self) -> bytes:
        """The next block, with its empty line; b"" at the end."""
        while b"\n\n" not in self._text and not self.ended:
            size = int(self._file.readline(), 16)
            self._text += self._file.read(size)
            assert self._file.readline() == b"\r\n"
            self.ended = size == 0
        block, between, self._text = self._text.partition(b"\n\n")
        return block + between

    def event(self) -> tuple[str | None, str, Any]:
        """The next event: id, name, data; comments and settings are passed over."""
        while True:
            block = self.block()
            assert block, "the stream has ended"
            fields = dict(line.split(": ", 1) for line in block.decode("ascii").rstrip("\n").split("\n"))
            if "data" in fields:
                return fields.get("id"), fields["event"], json.loads(fields["data"])


def said(opened: ClientConnection) -> Any:
    """The next frame."""
    return json.loads(opened.recv(timeout=PATIENCE_S))


def until(opened: ClientConnection, channel: str) -> Any:
    """The next frame of a topic."""
    while (frame := said(opened)).get("channel") != channel:
        pass
    return frame


@contextmanager
def exchange(folder: Path, log: Callable[[str], None] = to_stderr, **options: Any) -> Iterator[Exchange]:
    """A server in this process, on any free port."""
    begun: list[Running] = []
    with served(Serving(folder=folder, port=0, **options), log, begun.append) as ready:
        yield Exchange(ready, begun[0])


def small_buffers(bytes_each: int = 4096) -> Callable[[str, int], socket.socket]:
    """The server's own way to listen, with little room for what is not read."""
    listen = server._listen

    def listening(host: str, port: int) -> socket.socket:
        listener = listen(host, port)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bytes_each)
        return listener

    return listening
