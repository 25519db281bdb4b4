"""One request and its answer over one connection, by a deadline that holds whatever the server does.

On a connection that is open the caller's own thread talks, and another one hangs up when the time is over. Where a
connection is to be made first – the look-up of a name ends when it likes – a thread of its own does both, and the
caller stops waiting for it.
"""

import _thread
import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqcli.client import body as bodies
from seqcli.client import origin
from seqcli.client.deadlines import Deadlines
from seqcli.errors import Ambiguous, Failure, NotSent

if TYPE_CHECKING:
    import socket

Raw = tuple[int, dict[str, str], bytes]
"""HTTP status, headers with lower-case names, and the body unpacked."""
_SHUTTING_WAKES = sys.platform != "win32"
"""Who waits at a socket hears of it when another thread shuts it down."""


class Line:
    """One thread's connection, and its socket to hang up by."""

    def __init__(self, engine: Any, *, secure: bool) -> None:
        self.engine = engine
        self.secure = secure
        self.socket: socket.socket | None = None

    def hang_up(self) -> None:
        """Whoever talks over the connection is cut off."""
        import socket

        if self.socket is None:
            return
        # It may be gone, or in the hands of the TLS handshake, which has a limit of its own.
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS off a socket that may be in use.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self.engine.close()


class _NotOpen(Exception):
    """The connection that was kept is gone; nothing was sent."""


class RoundTrip:
    """One request to `where` over `line`, until `end` on the monotonic clock."""

    def __init__(self, where: origin.Origin, line: Line, end: float, deadlines: Deadlines) -> None:
        self.abandoned = False
        self._where = where
        self._line = line
        self._end = end
        self._deadlines = deadlines
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._at_hand = False
        self._sent = False
        self._answer: Raw | None = None
        self._error: BaseException | None = None

    def answer(self, request: Any, deadline_s: float) -> Raw:
        """The answer to the engine's `request`. Raises NotSent or Ambiguous; `deadline_s` is for their words."""
        try:
            open_already = _SHUTTING_WAKES and self._line.socket is not None
            if not (open_already and self._talk_here(request)) and not self._talk_apart(request):
                self._abandon()
        except BaseException:
            self._abandon()
            raise
        if self._answer is not None and not self.abandoned:
            return self._answer
        raise self._failure(deadline_s) from None

    def watch(self, event: str, facts: Mapping[str, Any]) -> None:
        """Hear from the engine how far it is; raise to stop it before the first byte of the request."""
        if self._at_hand and event.endswith("connect_tcp.started"):
            raise _NotOpen
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

    def _talk_here(self, request: Any) -> bool:
        """In this thread, over the connection that is open; False when it is not, after all."""
        self._at_hand = True
        try:
            with self._deadlines.over(self._abandon, self._end):
                self._answer = self._talk(request)
        except _NotOpen:
            return False
        except Exception as error:  # noqa: BLE001 - told in our own words
            self._error = error
        except BaseException:
            self._line.close()
            raise
        finally:
            self._at_hand = False
        self._finish()
        return True

    def _talk_apart(self, request: Any) -> bool:
        """In a thread of its own; whether it was through in time."""
        # Half the price of threading.Thread, whose start waits for the thread to say that it runs.
        _thread.start_new_thread(self._run, (request,))
        return self._wait(self._end - time.monotonic())

    def _wait(self, seconds: float) -> bool:
        return seconds > 0 and self._done.wait(min(seconds, threading.TIMEOUT_MAX))

    def _run(self, request: Any) -> None:
        try:
            self._answer = self._talk(request)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
        finally:
            self._finish()

    def _finish(self) -> None:
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
