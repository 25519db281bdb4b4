"""One WebSocket of the server: opened through the gate, read strictly, written no faster than it is read."""

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from seqcli.sandbox.ids import random_id
from seqcli.sandbox.problems import Problem
from seqcli.sandbox.service.gate import Entrance, Gate, Inbound, Outbound, refusal
from seqcli.sandbox.streams.hub import Hub, Member
from seqcli.sandbox.streams.publishing import ascii_json
from seqcli.wire import streams, strict
from seqcli.wire.envelope import envelope

_WRITE_AHEAD = 64 << 10
"""Bytes that may wait in the system's hands; more waits in the outbox, where it is conflated and counted."""
_MOST_OWED = 1 << 20
"""Bytes of answers (to pings, say) that a peer which does not read can make us hold."""
_BAD_FRAMES, _MINUTE_S = 10, 60.0
_LOG = logging.getLogger("uvicorn.streams")


class Mischief(Protocol):
    """Scripted failures."""

    def at_socket(self, inbound: Inbound) -> Outbound | float | None:
        """A refusal; or the seconds after which the socket is cut, 0 = before it opens; None = it is spared."""


class Door(msgspec.Struct):
    """What a socket is opened with."""

    gate: Gate
    hub: Hub
    faults: Any = None
    """A `Mischief`."""


class StreamSocket(asyncio.Protocol):
    """uvicorn's hands give the connection over at the upgrade; from there on it is this object's."""

    ping_s: float = streams.PING_S
    silence_s: float = streams.SILENCE_S
    linger_s = 5.0
    """A peer that was told to go has this long to take what is on its way and to answer."""

    def __init__(self, door: Door, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        del config, app_state
        self._gate, self._hub = door.gate, door.hub
        self._faults: Mischief | None = door.faults
        self._connections: set[Any] = server_state.connections
        self._loop = asyncio.get_running_loop()
        self._protocol = ServerProtocol(max_size=streams.MAX_FRAME, logger=_LOG)
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._member: Member | None = None
        self._request_id = ""
        self._paused = False
        self._flushing = False
        self._heard_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._bad: deque[float] = deque(maxlen=_BAD_FRAMES)
        self._parts: list[bytes] = []
        self._is_text = True

    # -- what asyncio and uvicorn call ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Taken over from HTTP."""
        self._transport = transport  # type: ignore[assignment]
        self._transport.set_write_buffer_limits(high=_WRITE_AHEAD)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        del exc
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._member is not None:
            self._hub.leave(self._member)
            self._member = None

    def data_received(self, data: bytes) -> None:
        """Bytes of the handshake, then of frames; any of them shows that the peer lives."""
        self._heard_s = self._loop.time()
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._open(event)
            elif isinstance(event, Frame):
                self._read(event)
        if self._protocol.handshake_exc is not None and self._member is None:
            problem = Problem("BAD_REQUEST", "bad request: upgrade: malformed")
            self._refuse(refusal(problem, {"X-Request-Id": random_id()}))
        self._write_out()
        if self._transport.get_write_buffer_size() > _MOST_OWED:
            self._transport.abort()

    def eof_received(self) -> None:
        """The peer sends no more; it is not written to either."""
        self._protocol.receive_eof()

    def pause_writing(self) -> None:
        """The peer reads more slowly than it is sent to."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._paused = False
        self._flush()

    def shutdown(self) -> None:
        """The server ends."""
        self.end(streams.GOING_AWAY)

    # -- opening ----------------------------------------------------------------------------------------------------

    def _open(self, request: Request) -> None:
        inbound = _inbound(request)
        fault = self._faults.at_socket(inbound) if self._faults is not None else None
        entrance = fault if isinstance(fault, Outbound) else self._gate.enter(inbound)
        if fault == 0:
            self._transport.abort()
            return
        if isinstance(entrance, Outbound):
            self._refuse(entrance)
            return
        self._request_id = entrance.request_id
        try:
            self._member = self._hub.enter(entrance.caller, entrance.socket, self._wake, self.end)
            self._accept(request, entrance)
        except Problem as problem:
            self._refuse(refusal(problem, entrance.headers))
            return
        if isinstance(fault, float):
            self._loop.call_later(fault, self._transport.abort)
        self._timer = self._loop.call_later(self.ping_s, self._beat)

    def _accept(self, request: Request, entrance: Entrance) -> None:
        response = self._protocol.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            raise Problem("BAD_REQUEST", f"bad request: upgrade: {self._protocol.handshake_exc}")
        for name, value in entrance.headers.items():
            response.headers[name] = value
        self._protocol.send_response(response)

    def _refuse(self, reply: Outbound) -> None:
        """An HTTP reply in the place of an open socket."""
        if self._transport.is_closing():
            return
        if self._member is not None:
            self._hub.leave(self._member)
            self._member = None
        told = {**reply.headers, "Content-Length": str(len(reply.body)), "Connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{lines}\r\n"
        self._protocol.data_to_send()  # what it would have answered in words of its own
        self._transport.write(head.encode("latin-1") + reply.body)
        self._transport.close()

    # -- reading ----------------------------------------------------------------------------------------------------

    def _read(self, frame: Frame) -> None:
        member = self._member
        if member is None or frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._parts, self._is_text = [], frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if frame.fin and member.socket.takes is not None and self._protocol.state is State.OPEN:
            try:
                self._hub.ask(member, _asked(b"".join(self._parts), is_text=self._is_text))
            except Problem as problem:
                self._complain(problem)

    def _complain(self, problem: Problem) -> None:
        """An error frame; the tenth within a minute is the last."""
        assert self._member is not None
        self._member.outbox.keep("", self._envelope(problem.code, problem.message))
        now = self._loop.time()
        self._bad.append(now)
        if len(self._bad) == _BAD_FRAMES and now - self._bad[0] < _MINUTE_S:
            self.end(streams.POLICY, reason="too many bad frames")

    def _envelope(self, code: str, message: str) -> bytes:
        return ascii_json(envelope(code, message, self._request_id))

    # -- writing ----------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Send what waits, as long as the peer takes it."""
        self._flushing = False
        member = self._member
        if member is None or self._protocol.state is not State.OPEN:
            return
        if member.outbox.overflowed:
            self.end(streams.SLOW_CONSUMER, "SERVICE_UNAVAILABLE", "service unavailable: slow consumer")
        while not self._paused and self._protocol.state is State.OPEN:
            messages = member.outbox.take(_WRITE_AHEAD)
            if not messages:
                return
            for message in messages:
                self._protocol.send_text(message)
            self._write_out()

    def _write_out(self) -> None:
        parts = self._protocol.data_to_send()
        if not parts or self._transport.is_closing():
            return
        self._transport.write(b"".join(parts))
        if not parts[-1]:  # the end of the stream
            self._transport.close()

    def _beat(self) -> None:
        """A ping, unless the peer has been silent for too long."""
        is_silent = self._loop.time() - self._heard_s >= self.silence_s
        if self._protocol.state is not State.OPEN and is_silent:
            self._transport.abort()
        elif is_silent:
            self.end(streams.GOING_AWAY, reason="silent")
        else:
            if self._protocol.state is State.OPEN:
                self._protocol.send_ping(b"")
                self._write_out()
            self._timer = self._loop.call_later(self.ping_s, self._beat)

    def end(self, number: int, code: str = "", message: str = "", *, reason: str = "") -> None:
        """Say what waits, an error if there is one, and goodbye."""
        member = self._member
        if member is None or self._protocol.state is not State.OPEN:
            return
        for waiting in member.outbox.take(1 << 30):
            self._protocol.send_text(waiting)
        if code:
            self._protocol.send_text(self._envelope(code, message))
        self._protocol.send_close(number, reason or message.rpartition(": ")[2])
        self._write_out()
        self._hub.leave(member)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self.linger_s, self._transport.abort)


def _inbound(request: Request) -> Inbound:
    headers: dict[str, str] = {}
    for raw_name, value in request.headers.raw_items():
        name = raw_name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path, _, query = request.path.partition("?")
    return Inbound("GET", path, query, headers)


def _asked(text: bytes, *, is_text: bool) -> streams.Ask:
    if not is_text:
        raise Problem("BAD_REQUEST", "bad request: frame: binary; send JSON text")
    try:
        value = strict.parse(text)
        asked = msgspec.convert(value, streams.Ask)
    except (strict.BadJson, msgspec.ValidationError) as error:
        raise Problem("BAD_REQUEST", f"bad request: frame: {error}") from None
    if asked.subscribe is None and asked.unsubscribe is None:
        raise Problem("BAD_REQUEST", "bad request: frame: neither subscribe nor unsubscribe")
    return asked
