"""Between a client and the network: the only file that imports httpx, and only when something is sent.

What is promised of `HttpTransport.send`, whatever the server does:

- it ends by its deadline, wall clock; `roundtrip` says how
- NotSent means that no byte of the request left, nor ever will: sending and giving up are decided under one
  lock
- anything that goes wrong after that is Ambiguous, a kept connection that is reset at once included
- redirects, cookies, and the environment's netrc, proxies and CA files play no part; a body ends at 16 MiB,
  unpacked
"""

import contextlib
import functools
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from seqcli.client import origin
from seqcli.client.deadlines import Deadlines
from seqcli.client.roundtrip import Line, Raw, RoundTrip
from seqcli.errors import Failure, NotSent

if TYPE_CHECKING:
    import ssl

_IDLE_S = 4.0  # a kept connection older than this is not used again; servers give theirs up after five
_loading = threading.Lock()


class Transport(Protocol):
    """Carries one request and brings its answer; no retries."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline_s: float) -> Raw:
        """The answer, whatever its status, within `deadline_s` seconds from now.

        Raises NotSent when no byte of the request left, Ambiguous for everything after.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class HttpTransport:
    """HTTP/1.1 over httpx. Safe to share between threads: each has a connection of its own, kept alive.

    `proxy` is a URL for HTTPS requests, `ca_file` a PEM file that replaces the system's authorities; both
    only as given here.
    """

    def __init__(self, *, proxy: str | None = None, ca_file: str | None = None) -> None:
        self._proxy = proxy
        self._ca_file = ca_file
        self._own = threading.local()
        self._lines: list[Line] = []
        self._deadlines = Deadlines()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline_s: float) -> Raw:
        """See `Transport.send`."""
        end = time.monotonic() + deadline_s
        where, path = origin.split(url)
        _check(headers)
        with _ready():
            line = self._line(where)
            trip = RoundTrip(where, line, end, self._deadlines)
            request = _httpx().Request(
                method,
                _url(f"{where}{path}"),
                headers=[*headers.items(), ("Accept-Encoding", "gzip, identity")],
                content=body,
                extensions={"timeout": _limits(end - time.monotonic()), "trace": trip.watch},
            )
        try:
            return trip.answer(request, deadline_s)
        finally:
            if trip.abandoned:
                self._forget(line)

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            lines, self._lines = self._lines, []
        self._own = threading.local()
        for line in lines:
            line.close()

    def _line(self, where: origin.Origin) -> Line:
        line: Line | None = getattr(self._own, "line", None)
        if line is None or line.secure != where.secure:
            line = Line(self._engine(where), secure=where.secure)
            self._own.line = line
            with self._lock:
                self._lines.append(line)
        return line

    def _forget(self, line: Line) -> None:
        self._own.line = None
        with self._lock:
            if line in self._lines:
                self._lines.remove(line)

    def _engine(self, where: origin.Origin) -> Any:
        httpx = _httpx()
        context = self._tls() if where.secure else _untrusting()
        proxy = None
        if self._proxy and where.secure:
            secure = self._proxy.startswith("https:")
            proxy = httpx.Proxy(self._proxy, ssl_context=context if secure else None)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_S)
        return httpx.HTTPTransport(verify=context, trust_env=False, limits=limits, proxy=proxy)

    def _tls(self) -> "ssl.SSLContext":
        from seqcli.client import tls

        with self._lock:
            if self._context is None:
                self._context = tls.context(self._ca_file)
            return self._context


def _check(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise NotSent(f"the header {name} holds what no header may", code="BAD_HEADER")


def _limits(seconds: float) -> dict[str, float]:
    """Each step's own limit: it ends the thread of an exchange that nobody waits for any more."""
    return dict.fromkeys(("connect", "read", "write", "pool"), max(seconds, 0.001))


def _untrusting() -> "ssl.SSLContext":
    from seqcli.client import tls

    return tls.untrusting()


@contextlib.contextmanager
def _ready() -> Iterator[None]:
    """Before anything is sent: a library that can't be loaded or refuses its words is a sentence."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        raise NotSent(
            f"the HTTP library httpx can't be used: {type(error).__name__}",
            code="NO_HTTP",
            hint="install seqcli again, and run Python without -X lazy_imports",
        ) from error


@functools.lru_cache(64)
def _url(text: str) -> Any:
    """The library's own form of a URL; orders go to one, again and again."""
    return _httpx().URL(text)


@functools.cache
def _httpx() -> Any:
    """The library, without the command line of its own that would bring click, rich and pygments."""
    with _loading:
        absent = sys.modules.keys().isdisjoint(("httpx", "httpx._main"))
        if absent:
            sys.modules["httpx._main"] = None  # type: ignore[assignment]
        try:
            import httpx
        finally:
            if absent:
                sys.modules.pop("httpx._main", None)
        return httpx
