"""A socket to an origin, for what flows longer than one answer: TCP, a proxy that was named, TLS.

The rules are those of `transport`: HTTPS, or plain HTTP to a literal loopback address; no variable of the environment
has a say; the key leaves in the Authorization header of its own origin and nowhere else.
"""

import socket
import time

import msgspec

from seqcli.client import origin, redact
from seqcli.client.outgoing import USER_AGENT, Key, bearer
from seqcli.errors import Failure, NotSent


class Reach(msgspec.Struct, frozen=True):
    """Where streams are, and as whom; `proxy` and `ca_file` as in `transport.HttpTransport`."""

    base_url: str
    key: Key | str
    proxy: str | None = None
    ca_file: str | None = None

    def headers(self) -> dict[str, str]:
        """Who asks."""
        return {"Authorization": bearer(self.key), "User-Agent": USER_AGENT}

    def masked(self, content: bytes) -> bytes:
        """`content` with our own key masked where the server repeats it: from here it may go anywhere."""
        key = self.key if isinstance(self.key, str) else self.key.reveal()
        raw = key.encode()
        return content.replace(raw, redact.redact(key).encode()) if raw in content else content


class Patience(msgspec.Struct, frozen=True):
    """Seconds: to open a link and be answered, of silence before we ask whether it lives, and for that answer."""

    open_s: float = 10.0
    ping_s: float = 10.0
    pong_s: float = 10.0


class Lost(Exception):
    """A link that is no more, or never was; another may do better. `failure` says so to whoever gives up."""

    def __init__(self, failure: Failure, retry_after_s: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.retry_after_s = retry_after_s


def dial(reach: Reach, path: str, patience_s: float) -> tuple[origin.Origin, str, socket.socket]:
    """The origin, the path as it is to be asked for, and a connected socket. Raises `Lost`, or `Usage` for a URL."""
    where, path = origin.split(reach.base_url.rstrip("/") + path)
    if reach.proxy is not None and where.secure and reach.proxy.startswith("https:"):
        raise NotSent("streams can't go through a proxy that is itself spoken to over TLS", code="NO_PROXY")
    end = time.monotonic() + patience_s
    try:
        return where, path, _connected(reach, where, end)
    except OSError as error:
        from seqcli.client import trouble

        sentence = trouble.sentence(where.name, error, patience_s)
        code, hint = trouble.code(error), trouble.hint(error)
        failure = NotSent(sentence, code=code, hint=hint)
        if code is not None:
            raise failure from None
        raise Lost(failure) from None


def _connected(reach: Reach, where: origin.Origin, end: float) -> socket.socket:
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    host = where.host.strip("[]")
    if not where.secure:
        connection = HTTPConnection(host, where.port or 80, timeout=_left(end))
    else:
        from seqcli.client import tls

        context = tls.context(reach.ca_file)
        port = where.port or 443
        proxy, _, proxy_port = (reach.proxy or f"//{host}:{port}").partition("//")[2].rstrip("/").rpartition(":")
        connection = HTTPSConnection(proxy.strip("[]"), int(proxy_port), timeout=_left(end), context=context)
        if reach.proxy is not None:
            connection.set_tunnel(host, port)
    try:
        connection.connect()
    except HTTPException:
        raise ConnectionResetError from None
    assert connection.sock is not None
    return connection.sock


def _left(end: float) -> float:
    return max(end - time.monotonic(), 0.001)
