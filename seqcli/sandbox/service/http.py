"""HTTP to the gate and back: one ASGI application, no routing of its own."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import thread_time
from typing import TYPE_CHECKING, Any, Protocol

from seqcli.sandbox.problems import Problem
from seqcli.sandbox.service.gate import Admitted, Gate, Inbound, Outbound, refusal
from seqcli.sandbox.service.inbound import too_large
from seqcli.sandbox.service.sse import EventStream
from seqcli.sandbox.storage.damage import CannotWrite

if TYPE_CHECKING:
    from seqcli.sandbox.service.sequencer import GroupCommit
    from seqcli.sandbox.serving import Paused
    from seqcli.sandbox.streams.hub import Hub

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
SLICE_S = 0.005
"""Long work lets others pass after this much of it."""
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Mischief(Protocol):
    """Scripted failures."""

    async def play(self, application: "Application", inbound: Inbound, carried: tuple[Scope, Receive, Send]) -> bool:
        """Answer (or not) in the application's place. False = this request is spared."""


class Application:
    """Each reply leaves when the events it tells of are on disk."""

    def __init__(self, gate: Gate, commits: "GroupCommit", hub: "Hub", faults: "Mischief | None" = None) -> None:
        self._gate = gate
        self._commits = commits
        self._hub = hub
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that goes away in the middle of its body has asked nothing."""
        try:
            await self._answer_one(scope, receive, send)
        except ConnectionAbortedError:
            return

    async def _answer_one(self, scope: Scope, receive: Receive, send: Send) -> None:
        inbound = _inbound(scope)
        if self._faults is not None and await self._faults.play(self, inbound, (scope, receive, send)):
            return
        reply = await self.reply(inbound, receive)
        await self.deliver(reply, inbound, (scope, receive, send))

    async def deliver(self, reply: Outbound, inbound: Inbound, carried: tuple[Scope, Receive, Send]) -> None:
        """Put `reply` on the wire; one that goes on does so until either side has had enough."""
        scope, receive, send = carried
        if reply.following is None:
            await send_reply(reply, send)
            return
        connection = scope["extensions"]["seq.connection"]
        stream = EventStream(self._hub, reply.following, reply, connection["abort"])
        try:
            stream.join(inbound.headers.get("last-event-id"))
        except Problem as problem:
            await send_reply(refusal(problem, reply.headers), send)
            return
        connection["stream"]()
        await stream.run(receive, send)

    async def reply(self, inbound: Inbound, receive: Receive, times: int = 1) -> Outbound:
        """The whole reply, durable. With `times` 2 the request is handled as if it had arrived twice."""
        admitted = self._gate.admit(inbound)
        if isinstance(admitted, Outbound):
            return admitted
        body = b""
        if "content-length" in inbound.headers or "transfer-encoding" in inbound.headers:
            read = await _read(receive, admitted)
            if read is None:
                return self._gate.refuse(admitted, too_large(admitted.operation))
            body = read
        for _ in range(times - 1):
            await self.answer(admitted, body)
        return await self.answer(admitted, body)

    async def answer(self, admitted: Admitted, body: bytes) -> Outbound:
        """Let the gate answer, and wait until that is on disk."""
        reply = await _in_turn(self._gate.steps(admitted, body))
        waiter = self._commits.durable(reply.durable_seq)
        if waiter is not None:
            try:
                await waiter
            except CannotWrite:
                return self._gate.unavailable(admitted.request_id, "the store cannot be written")
        return reply


async def _in_turn(steps: "Paused[Outbound]") -> Outbound:
    """What `steps` come to; after a slice of work everybody else gets a turn."""
    began = thread_time()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            reply: Outbound = end.value
            return reply
        if thread_time() - began > SLICE_S:
            await asyncio.sleep(0)
            began = thread_time()


async def send_reply(reply: Outbound, send: Send) -> None:
    """Put `reply` on the wire."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _inbound(scope: Scope) -> Inbound:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        # a header given twice fits nothing that is compared exactly
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Inbound(scope["method"], scope["raw_path"].decode("ascii"), scope["query_string"].decode("latin-1"), headers)


async def _read(receive: Receive, admitted: Admitted) -> bytes | None:
    """The body; None when it is larger than the operation takes. What a client did not finish is never
    acted upon.
    """
    parts = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        parts += message.get("body", b"")
        more = message.get("more_body", False)
        if len(parts) > admitted.body_limit:
            return None
    return bytes(parts)
