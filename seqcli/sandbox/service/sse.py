"""Event streams over HTTP: a head, events as they come, a comment when it is quiet, and an end with its reason."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from seqcli.sandbox.service.gate import Outbound
from seqcli.sandbox.serving import Following
from seqcli.sandbox.streams.hub import Hub
from seqcli.sandbox.streams.publishing import ascii_json
from seqcli.sandbox.streams.rings import Follower, block_of
from seqcli.wire.envelope import envelope
from seqcli.wire.streams import PING_S

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
_RETRY = b"retry: 3000\n\n"
_QUIET = b": keep-alive\n\n"
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class EventStream:
    """One reader. `abort` ends its connection without another word."""

    keep_alive_s: float = PING_S
    grace_s = 10.0
    """A reader that was told to go, and does not even take that, is cut off after this time."""

    def __init__(self, hub: Hub, following: Following, head: Outbound, abort: Callable[[], None]) -> None:
        self._hub = hub
        self._following = following
        self._head = head
        self._abort = abort
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._grace: asyncio.TimerHandle | None = None
        self._follower: Follower | None = None

    def join(self, last_id: str | None) -> None:
        """Begin to listen, before anything is sent. Raises `Problem` when there are too many already."""
        what = self._following
        self._follower = self._hub.follow(what.caller, what.stream, what.filters, last_id or what.last_id, self._wake)

    async def run(self, receive: Receive, send: Send) -> None:
        """Send until either side has had enough."""
        follower = self._follower
        assert follower is not None
        gone = self._loop.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: self._woken.set())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self._headers()})
            await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
            while not gone.done():
                text = follower.take()
                if not text and follower.ended is not None:
                    await send({"type": "http.response.body", "body": self._last(*follower.ended)})
                    return
                text = text or await self._wait(follower)
                if text:
                    await send({"type": "http.response.body", "body": text, "more_body": True})
        finally:
            gone.cancel()
            if self._grace is not None:
                self._grace.cancel()
            self._hub.unfollow(self._following.caller, self._following.stream, follower)

    async def _wait(self, follower: Follower) -> bytes:
        """Until there is something to do; a comment when nothing has come for a while."""
        self._woken.clear()
        try:
            async with asyncio.timeout(self.keep_alive_s):
                await self._woken.wait()
        except TimeoutError:
            return _QUIET
        return follower.take()

    def _wake(self) -> None:
        self._woken.set()
        ended = self._follower is not None and self._follower.ended is not None
        if ended and self._grace is None:
            self._grace = self._loop.call_later(self.grace_s, self._abort)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        told = {**self._head.headers, **_HEADERS}
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]

    def _last(self, code: str, message: str) -> bytes:
        if not code:
            return b""
        return block_of("error", ascii_json(envelope(code, message, self._head.headers["X-Request-Id"])))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
