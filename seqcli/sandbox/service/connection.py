"""One HTTP connection of the server, with limits: how many, how large a head, how long a request may take
to arrive.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from seqcli.sandbox.ids import random_id
from seqcli.wire import strict
from seqcli.wire.envelope import envelope

MAX_CONNECTIONS = 512
MAX_HEAD = 64 << 10
"""Bytes of request line and headers."""
PATIENCE_S = 20.0
"""A request that has not arrived whole, or a reply that has not been taken, in this time ends its
connection.
"""


class Connection(HttpToolsProtocol):
    """uvicorn's connection; refusals speak the error envelope."""

    max_connections = MAX_CONNECTIONS
    patience_s = PATIENCE_S

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head = 0
        self._in_head = True
        self._watch: asyncio.TimerHandle | None = None
        self._seen: object = self
        self._streaming: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(503, "SERVICE_UNAVAILABLE", "service unavailable: too many connections")
        else:
            self._watch = self.loop.call_later(self.patience_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of the head."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(400, "BAD_REQUEST", f"bad request: headers: more than {MAX_HEAD} bytes")

    def on_message_begin(self) -> None:
        """A new head begins."""
        self._in_head = True
        super().on_message_begin()
        # end this connection without an answer; leave a slow reader to the stream that is sent to it
        self.scope["extensions"] = {"seq.connection": {"abort": self.transport.abort, "stream": self._stream}}

    def on_headers_complete(self) -> None:
        """The head has ended; what follows is body."""
        self._in_head = False
        self._head = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        super().on_message_complete()
        self._in_head = True

    def handle_websocket_upgrade(self) -> None:
        """The socket has limits of its own."""
        if self._watch is not None:
            self._watch.cancel()
        super().handle_websocket_upgrade()

    def _stream(self) -> None:
        self._streaming = self.cycle

    def send_400_response(self, msg: str) -> None:
        """What the parser could not read."""
        self._refuse(400, "BAD_REQUEST", f"bad request: http: {msg}")

    def _look(self) -> None:
        """Twice at the same unfinished request = too slow."""
        waiting: object = None
        if self.cycle is not None and not self.cycle.response_complete and self.cycle is not self._streaming:
            waiting = self.cycle if self.cycle.more_body or self.flow.write_paused else None
        elif self._head:
            waiting = self.headers
        if waiting is not None and waiting is self._seen:
            self.transport.abort()
            return
        self._seen = waiting
        self._watch = self.loop.call_later(self.patience_s, self._look)

    def _refuse(self, status: int, code: str, message: str) -> None:
        request_id = random_id()
        body = strict.encode(envelope(code, message, request_id))
        reason = b"Bad Request" if status == 400 else b"Service Unavailable"  # noqa: PLR2004 - the two that are used
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nx-request-id: %b\r\n"
            b"%bconnection: close\r\n\r\n%b"
            % (status, reason, len(body), request_id.encode(), b"retry-after: 1\r\n" * (status != 400), body)  # noqa: PLR2004 - as above
        )
        self.transport.close()
