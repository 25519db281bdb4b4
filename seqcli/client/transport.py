"""Between a client and the network: the only file that imports httpx, and only when something is sent.

What is promised of `HttpTransport.send`, whatever the server does:

- it ends by its deadline, wall clock: the exchange runs in a thread of its own, which the caller stops
  waiting for and hangs up on
- NotSent means that no byte of the request left, nor ever will: sending and giving up are decided under one
  lock
- anything that goes wrong after that is Ambiguous, a kept connection that is reset at once included
- redirects, cookies, and the environment's netrc, proxies and CA files play no part; a body ends at 16 MiB,
  unpacked
"""

import _thread
import contextlib
import functools
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from seqcli.client import body as bodies
from seqcli.client import origin
from seqcli.errors import Ambiguous, Failure, NotSent

if TYPE_CHECKING:
    import socket
    import ssl

Raw = tuple[int, dict[str, str], bytes]
"""HTTP status, headers with lower-case names, and the body unpacked."""

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
        self._lines: list[_Line] = []
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline_s: float) -> Raw:
        """See `Transport.send`."""
        end = time.monotonic() + deadline_s
        where, path = origin.split(url)
        _check(headers)
        with _ready():
            line = self._line(where)
            exchange = _Exchange(where, line, end)
            request = _httpx().Request(
                method,
                _url(f"{where}{path}"),
                headers=[*headers.items(), ("Accept-Encoding", "gzip, identity")],
                content=body,
                extensions={"timeout": _limits(end - time.monotonic()), "trace": exchange.watch},
            )
        try:
            return exchange.answer(request, deadline_s)
        finally:
            if exchange.abandoned:
                self._forget(line)

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            lines, self._lines = self._lines, []
        self._own = threading.local()
        for line in lines:
            line.close()

    def _line(self, where: origin.Origin) -> "_Line":
        line: _Line | None = getattr(self._own, "line", None)
        if line is None or line.secure != where.secure:
            line = _Line(self._engine(where), secure=where.secure)
            self._own.line = line
            with self._lock:
                self._lines.append(line)
        return line

    def _forget(self, line: "_Line") -> None:
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


class _Line:
    """One thread's connection, and its socket to hang up by."""

    def __init__(self, engine: Any, *, secure: bool) -> None:
        self.engine = engine
        self.secure = secure
        self.socket: socket.socket | None = None

    def hang_up(self) -> None:
        import socket

        if self.socket is None:
            return
        # It may be gone, or in the hands of the TLS handshake, which has a limit of its own.
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS off a socket that may be in use.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self.engine.close()


class _Exchange:
    """One request and its answer, in a thread that outlives nobody's patience."""

    def __init__(self, where: origin.Origin, line: _Line, end: float) -> None:
        self.abandoned = False
        self._where = where
        self._line = line
        self._end = end
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._sent = False
        self._answer: Raw | None = None
        self._error: BaseException | None = None

    def answer(self, request: Any, deadline_s: float) -> Raw:
        """Run the exchange, no longer than its end."""
        try:
            # Half the price of threading.Thread, whose start waits for the thread to say that it runs.
            _thread.start_new_thread(self._run, (request,))
            in_time = self._wait(self._end - time.monotonic())
        except BaseException:
            self._abandon()
            raise
        if not in_time:
            self._abandon()
        if self._answer is not None and not self.abandoned:
            return self._answer
        raise self._failure(deadline_s) from None

    def watch(self, event: str, facts: Mapping[str, Any]) -> None:
        """Hear from the engine how far it is; raise to stop it before the first byte of the request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._line.socket = facts["return_value"].get_extra_info("socket")
                if self.abandoned:
                    self._line.hang_up()
        elif event == "http11.send_request_headers.started" and facts["request"].method != b"CONNECT":
            with self._lock:
                if self.abandoned:
                    raise TimeoutError
                self._sent = True

    def _wait(self, seconds: float) -> bool:
        return seconds > 0 and self._done.wait(min(seconds, threading.TIMEOUT_MAX))

    def _run(self, request: Any) -> None:
        try:
            self._answer = self._talk(request)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
        finally:
            self._done.set()
            if self.abandoned:
                self._line.close()

    def _talk(self, request: Any) -> Raw:
        response = self._line.engine.handle_request(request)
        try:
            headers = dict(response.headers.items())
            coding, length = headers.get("content-encoding", ""), headers.get("content-length", "")
            return (
                response.status_code,
                headers,
                bodies.read(self._patiently(response.stream), coding, length),
            )
        finally:
            response.close()

    def _patiently(self, chunks: Iterable[bytes]) -> Iterable[bytes]:
        for chunk in chunks:
            if self.abandoned:
                raise TimeoutError
            yield chunk

    def _abandon(self) -> None:
        with self._lock:
            if not self._done.is_set():
                self.abandoned = True
                self._line.hang_up()

    def _failure(self, deadline_s: float) -> Failure:
        from seqcli.client import trouble

        name = self._where.name
        if self.abandoned or self._error is None:
            sentence = f"{name} did not answer within {deadline_s:.3g} s"
        else:
            sentence = trouble.sentence(name, self._error, deadline_s)
        kind = Ambiguous if self._sent else NotSent
        return kind(sentence, code=trouble.code(self._error), hint=trouble.hint(self._error))


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
