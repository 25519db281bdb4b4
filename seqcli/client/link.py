"""One WebSocket, spoken by one thread: opened, asked whether it lives, and lost with a reason.

A frame of 16 MiB is the largest that is read, as with the body of a reply. After `ping_s` seconds of silence a ping
goes out; when nothing at all has come `pong_s` seconds later, the link is dead. Redirects are not followed, no
extension is offered, and a refused upgrade is the failure that the same answer to any request would be.
"""

import contextlib
import socket
import time
from typing import Any

from seqcli.client.dial import Lost, Patience, Reach, dial
from seqcli.client.redact import redact
from seqcli.client.retry import retry_after_s
from seqcli.errors import Ambiguous, Denied, Failure, RateLimited, Refused, Unreachable
from seqcli.wire import streams
from seqcli.wire.operation import MIB

LARGEST = 16 * MIB
_CHUNK = 1 << 18
_GOODBYE_S = 1.0
_MOVED, _BAD = range(300, 400), range(400, 500)
LOST = "STREAM_LOST"


class Link:
    """An open WebSocket. `stop` may be called by any thread; everything else belongs to one."""

    def __init__(self, reach: Reach, path: str, patience: Patience, headers: dict[str, str]) -> None:
        """Connect and upgrade. Raises `Lost` where another attempt may do better, else the failure."""
        from websockets.client import ClientProtocol
        from websockets.uri import parse_uri

        where, path, self._socket = dial(reach, path, patience.open_s)
        self._name = where.name
        self._patience = patience
        self._asked = False
        self._parts: list[bytes] = []
        self._end: Failure | Lost | None = None
        scheme = "wss" if where.secure else "ws"
        self._protocol = ClientProtocol(parse_uri(f"{scheme}://{where.name}{path}"), max_size=LARGEST)
        try:
            self._shake(reach, headers)
        except BaseException:
            self._socket.close()
            raise

    def send(self, text: bytes) -> None:
        """Send one message. Raises `Lost`."""
        self._protocol.send_text(text)
        self._flush()

    def receive(self) -> list[bytes]:
        """The next whole messages, one or more. Raises `Lost` when there will be none, `Failure` when never again."""
        from websockets.protocol import OPEN

        while self._end is None:
            messages = self._messages()
            if self._protocol.state is not OPEN:
                self._end = self._why()
            if self._protocol.writes:
                self._flush()
            if messages:
                return messages
            if self._end is None:
                self._protocol.receive_data(self._read())
        raise self._end

    def stop(self) -> None:
        """Let `receive` end, from another thread."""
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS off a socket that may be in use.
            socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def close(self) -> None:
        """Say goodbye where that can be said at once, and close."""
        from websockets.protocol import OPEN

        with contextlib.suppress(OSError, Lost):
            if self._protocol.state is OPEN:
                self._socket.settimeout(_GOODBYE_S)
                self._protocol.send_close(streams.NORMAL)
                self._flush()
        self._socket.close()

    def _read(self) -> bytes:
        while True:
            self._socket.settimeout(self._patience.pong_s if self._asked else self._patience.ping_s)
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                if self._asked:
                    silence = self._patience.ping_s + self._patience.pong_s
                    raise self._lost(f"said nothing for {silence:g} s, not even to a ping") from None
                self._asked = True
                self._protocol.send_ping(b"seq")
                self._flush()
            except OSError as error:
                raise self._lost(f"cut the connection: {error.strerror or type(error).__name__}") from None
            else:
                self._asked = False
                if not data:
                    raise self._lost("cut the connection")
                return data

    def _flush(self) -> None:
        try:
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.sendall(data)
        except OSError as error:
            raise self._lost(f"takes nothing more: {error.strerror or type(error).__name__}") from None

    def _messages(self) -> list[bytes]:
        from websockets.frames import Opcode

        whole: list[bytes] = []
        for event in self._protocol.events_received():
            frame: Any = event
            if frame.opcode is Opcode.TEXT and frame.fin:
                whole.append(bytes(frame.data))
            elif frame.opcode in {Opcode.TEXT, Opcode.CONT}:
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    whole.append(b"".join(self._parts))
                    self._parts = []
            elif frame.opcode is Opcode.BINARY:
                self._end = bad_frame(self._name, "a binary frame")
        return whole

    def _why(self) -> Failure | Lost:
        """The server closed, or what it sent is no WebSocket."""
        closed, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if closed is not None:
            return _closed(self._name, closed.code, closed.reason)
        if sent is not None and sent.code == streams.TOO_BIG:
            return bad_frame(self._name, f"a frame of more than {LARGEST // MIB} MiB")
        return self._lost("broke the rules of WebSocket")

    def _lost(self, what: str) -> Lost:
        return Lost(Unreachable(f"{self._name} {what}", code=LOST))

    def _shake(self, reach: Reach, headers: dict[str, str]) -> None:
        protocol, end = self._protocol, time.monotonic() + self._patience.open_s
        request = protocol.connect()
        request.headers.update(headers)
        protocol.send_request(request)
        self._socket.settimeout(self._patience.open_s)
        self._flush()
        while not protocol.events and protocol.handshake_exc is None:
            self._socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(_CHUNK)
            except OSError:
                raise self._lost("did not answer the upgrade") from None
            if data:
                protocol.receive_data(data)
            else:
                protocol.receive_eof()
        if protocol.handshake_exc is not None:
            raise self._refused(protocol.events, reach)
        del protocol.events[0]

    def _refused(self, events: list[Any], reach: Reach) -> Failure | Lost:
        """Of an upgrade, from the answer to it."""
        if not events:
            return self._lost("did not answer in HTTP")
        response = events[0]
        headers = {key.lower(): value for key, value in response.headers.raw_items()}
        return refusal(self._name, response.status_code, headers, bytes(response.body or b""), reach)


def bad_frame(name: str, what: str) -> Failure:
    """What no other connection would do better."""
    return Unreachable(f"{name} sent {what}", code="BAD_FRAME", hint="check the base URL: seq config list")


def _closed(name: str, code: int, reason: str) -> Failure | Lost:
    why = f": {redact(reason)}" if reason else ""
    if code == streams.KEY_REVOKED:
        return Denied(f"{name} closed the stream, the key was revoked or rotated{why}", hint="seq creds status")
    if code in {streams.POLICY, streams.TOO_BIG}:
        return Refused(f"{name} closed the stream with code {code}{why}", code=f"CLOSED_{code}")
    said = {
        streams.GOING_AWAY: "is going away",
        streams.SLOW_CONSUMER: "found us too slow",
        streams.TOO_MANY: "has too many connections of this key",
    }
    return Lost(Unreachable(f"{name} {said.get(code, f'closed the stream with code {code}')}{why}", code=LOST))


def refusal(name: str, status: int, headers: dict[str, str], content: bytes, reach: Reach) -> Failure | Lost:
    """What an answer other than the wanted one means: `Lost` where another attempt may do better."""
    from seqcli.wire.envelope import failure_from_reply

    if status in _MOVED:
        return Ambiguous(f"{name} answered HTTP {status}, a redirect; none is followed with a key", code="REDIRECT")
    failure = failure_from_reply(status, reach.masked(content), headers)
    if isinstance(failure, RateLimited):
        return Lost(failure, retry_after_s(headers.get("retry-after"), time.time_ns()))
    if status in _BAD:
        return failure
    return Lost(Unreachable(f"{name} refused the stream: {failure.message}", http_status=status))
