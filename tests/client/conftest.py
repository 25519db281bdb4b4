"""A TCP server that says what it is told to, byte for byte, and a clock that only moves when it is moved."""

import contextlib
import datetime as dt
import itertools
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from seqcli.client.client import Client
from seqcli.client.clock import SystemClock
from seqcli.client.retry import Budget
from seqcli.client.roundtrip import Raw
from seqcli.client.throttle import Throttle
from seqcli.client.transport import HttpTransport

KEY = "seq_test_" + "k" * 60 + "1a2b"
QUOTE = b'{"symbol":"ETH-USD","bid_price_1e9":3000000000000,"mid":3000.10}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def get(transport: HttpTransport, url: str, deadline_s: float = 5.0) -> Raw:
    """One request with a key."""
    return transport.send("GET", url, {"Authorization": f"Bearer {KEY}"}, None, deadline_s)


Step = Callable[[socket.socket], Any]
"""What a server does with a connection once a whole request has come."""


class Say:
    """What a server may do."""

    @staticmethod
    def reply(status: str = "200 OK", body: bytes = QUOTE, **headers: str) -> Step:
        """Answer well-formed, and keep the connection."""
        named = {"content-type": "application/json", "content-length": str(len(body))}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        return Say.raw(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)

    @staticmethod
    def raw(content: bytes) -> Step:
        """Send just that, and keep the connection."""
        return lambda connection: connection.sendall(content)

    @staticmethod
    def cut(content: bytes = b"") -> Step:
        """Send just that, and close."""

        def step(connection: socket.socket) -> None:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_RDWR)

        return step

    @staticmethod
    def goodbye(closed: threading.Event) -> Step:
        """An answer, after which the connection is closed; `closed` says when."""

        def step(connection: socket.socket) -> None:
            Say.reply()(connection)
            connection.shutdown(socket.SHUT_RDWR)
            closed.set()

        return step

    @staticmethod
    def reset(connection: socket.socket) -> None:
        """Close with a reset instead of a goodbye."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    @staticmethod
    def silence(_connection: socket.socket) -> None:
        """Say nothing."""

    @staticmethod
    def drip(start: bytes, drop: bytes, every_s: float = 0.05) -> Step:
        """Send `start`, then `drop` again and again until the other side is gone."""

        def step(connection: socket.socket) -> None:
            connection.sendall(start)
            pause = threading.Event()
            while True:
                pause.wait(every_s)
                connection.sendall(drop)

        return step

    @staticmethod
    def flood(start: bytes, drop: bytes, size: int) -> Step:
        """Send `start`, then `size` bytes made of `drop`."""

        def step(connection: socket.socket) -> None:
            connection.sendall(start)
            for _ in range(size // len(drop)):
                connection.sendall(drop)

        return step


class Server:
    """Plays one step for each request, the last one again and again. `requests` are the bytes that came."""

    def __init__(
        self, steps: Sequence[Step], family: int = socket.AF_INET, context: ssl.SSLContext | None = None
    ) -> None:
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self._context = context
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if context else ''}://{host if ':' not in host else f'[{host}]'}:{self.port}"
        self.requests: list[bytes] = []
        self.connections = 0
        self._steps = itertools.chain(steps, itertools.repeat(steps[-1]))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if self._context is None:
                self._talk(connection)
            else:
                with self._context.wrap_socket(connection, server_side=True) as secure:
                    self._open.append(secure)
                    self._talk(secure)

    def _talk(self, connection: socket.socket) -> None:
        pending = b""
        while True:
            while (whole := _whole(pending)) is None:
                received = connection.recv(65536)
                if not received:
                    return
                pending += received
            self.requests.append(pending[:whole])
            pending = pending[whole:]
            next(self._steps)(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


def _whole(content: bytes) -> int | None:
    """The length of the first whole request in `content`."""
    head, mark, _ = content.partition(b"\r\n\r\n")
    if not mark:
        return None
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    end = len(head) + len(mark) + length
    return end if len(content) >= end else None


class StillClock:
    """Stands still; sleeping moves it, and is written down."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def time_ns(self) -> int:
        return 1_785_240_000_000_000_000 + int((self.now - 1_000.0) * 1e9)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += seconds


class QuickClock(SystemClock):
    """Real time, but nobody sleeps."""

    def sleep(self, _seconds: float, /) -> None:
        return


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server that plays the steps given."""
    servers = []

    def start(*steps: Step, family: int = socket.AF_INET, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(steps, family, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def say() -> type[Say]:
    return Say


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport()
    yield made
    made.close()


@pytest.fixture
def client(transport: HttpTransport) -> Callable[..., Client]:
    """A client of a server: real sockets and time, nobody sleeps between attempts."""

    def make(server: Server | str, **options: Any) -> Client:
        clock = options.pop("clock", QuickClock())
        chosen: dict[str, Any] = {"mode": "sandbox", "key": KEY, "rng": random.Random(7), "budget": Budget()}
        chosen |= {"clock": clock, "throttle": Throttle(clock)} | options
        return Client(
            chosen.pop("transport", transport),
            base_url=server if isinstance(server, str) else server.url,
            **chosen,
        )

    return make


@pytest.fixture
def still() -> StillClock:
    return StillClock()


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the test began."""
    start = time.monotonic()
    return lambda: time.monotonic() - start


class Authority:
    """Certificates for a server of ours, and the file that makes them trusted."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
        start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(start)
            .not_valid_after(start + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        self.file = folder / f"{host}.pem"
        self.file.write_bytes(made.public_bytes(pem))
        secret = folder / f"{host}.key"
        secret.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, secret)


@pytest.fixture
def authority(tmp_path: Path) -> Callable[..., Authority]:
    return lambda host="127.0.0.1": Authority(tmp_path, host)
