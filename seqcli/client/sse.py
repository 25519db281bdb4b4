"""Event streams over HTTP, read by bytes: a line ends with LF, CR or CRLF and with nothing else.

The last id goes with every new connection, so the server resends what was missed; when it can't, it says ``reset``,
and a topic that has a ledger is read by REST.
"""

import re
import socket
from http.client import HTTPConnection, HTTPException, HTTPResponse

import msgspec

from seqcli.client import body
from seqcli.client.catchup import Ledger
from seqcli.client.client import Client
from seqcli.client.clock import Chance, Clock
from seqcli.client.dial import Lost, Patience, Reach, dial
from seqcli.client.link import LARGEST, LOST, bad_frame, refusal
from seqcli.client.mailbox import Item, Mailbox
from seqcli.client.pump import Find, Pump, one_line
from seqcli.errors import Ambiguous, Failure, Unreachable
from seqcli.wire import streams, strict
from seqcli.wire.operation import MIB, Operation, Request, target

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"
_CHUNK = 1 << 16
_OK = 200


class Event(msgspec.Struct, frozen=True):
    """One event; `id` is the last one seen, `data` the bytes of its lines, joined by LF."""

    name: str
    data: bytes
    id: str


class Parser:
    r"""Bytes in, events out, however they are cut.

    >>> Parser().feed(b"id: 7\revent: fill\r\ndata: 1\ndata: 2\n\n: quiet\n\nda")
    [Event(name='fill', data=b'1\n2', id='7')]
    """

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._after_cr = False
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
        self.last_id = ""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes. Raises `ValueError` for one of more than 16 MiB."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        text = self._rest + chunk
        if not self._begun and (len(text) >= len(_MARK) or not _MARK.startswith(text)):
            text, self._begun = text.removeprefix(_MARK), True
        *lines, self._rest = _LINE_END.split(text) if self._begun else [text]
        self._after_cr = text.endswith(b"\r") and not self._rest
        events = []
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                events.append(Event(self._name or "message", b"\n".join(self._data), self.last_id))
            if not line:
                self._name, self._data, self._size = "", [], 0
        if self._size + len(self._rest) > LARGEST:
            raise ValueError(f"an event of more than {LARGEST // MIB} MiB")
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value)
        elif name == b"event":
            self._name = value.decode(errors="replace")
        elif name == b"id" and b"\0" not in value:
            self.last_id = value.decode(errors="replace")


class EventStream(Pump):
    """One event stream of the API; each event is a line: its data, or, with `framed`, a frame as /v1/stream has."""

    def __init__(
        self,
        reach: Reach,
        operation: Operation,
        request: Request,
        *,
        client: Client,
        clock: Clock,
        chance: Chance,
        patience: Patience = Patience(ping_s=streams.SILENCE_S),  # noqa: B008 - frozen
        framed: bool = False,
        ledgers: dict[str, Ledger] | None = None,
        find: Find | None = None,
    ) -> None:
        """`request` holds filters; `patience.ping_s` is the silence after which the link is dead."""
        topic = operation.name.rpartition(".")[2]
        super().__init__(
            [topic], reach, Mailbox(), client=client, clock=clock, chance=chance, ledgers=ledgers, find=find
        )
        self._topic = topic
        self._event = streams.EVENT_NAMES[topic]
        self._path = target(operation, request)
        self._patience = patience
        self._framed = framed
        self._last_id = ""
        self._socket: socket.socket | None = None

    def _hang_up(self) -> None:
        if self._socket is not None:
            try:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return

    def _visit(self) -> None:
        self._begin()
        where, path, self._socket = dial(self._reach, self._path, self._patience.open_s)
        connection = HTTPConnection(where.host.strip("[]"), where.port)
        connection.sock = self._socket
        try:
            reply = self._ask(connection, where.name, path)
            self._ready()
            self._catch_up()
            self._read(reply)
        finally:
            connection.close()
            self._socket.close()

    def _ask(self, connection: HTTPConnection, host: str, path: str) -> HTTPResponse:
        headers = self._reach.headers() | {"Host": host, "Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        try:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            told = {name.lower(): value for name, value in reply.getheaders()}
            if reply.status != _OK:
                raise refusal(self._name, reply.status, told, reply.read(body.LIMIT), self._reach)
            if told.get("content-type", "").partition(";")[0].strip() == "text/event-stream":
                return reply
            whole = reply.read1(_CHUNK)  # nothing: the connection was cut inside the head, which http.client lets pass
        except (OSError, HTTPException) as error:
            raise self._lost(f"did not answer: {type(error).__name__}") from None
        if not whole:
            raise self._lost("did not answer")
        raise Ambiguous(f"{self._name} answered with what is no event stream", code="BAD_REPLY")

    def _read(self, reply: HTTPResponse) -> None:
        assert self._socket is not None
        self._socket.settimeout(self._patience.ping_s)
        parser = Parser()
        parser.last_id = self._last_id
        while not self._closing.is_set():
            try:
                chunk = reply.read1(_CHUNK)
            except TimeoutError:
                raise self._lost(f"said nothing for {self._patience.ping_s:g} s") from None
            except (OSError, HTTPException, ValueError) as error:
                raise self._lost(f"cut the connection: {type(error).__name__}") from None
            if not chunk:
                raise self._lost("ended the stream")
            try:
                events = parser.feed(chunk)
            except ValueError as error:
                raise bad_frame(self._name, str(error)) from None
            for event in events:
                self._hear(event)
                self._last_id = event.id

    def _hear(self, event: Event) -> None:
        if event.name == "error":
            self._refused(event.data)
        elif event.name == "reset":
            self._note("gap", topic=self._topic, reason=str(self._parsed(event.data).get("reason")))
            self._catch_up()
        elif event.name == self._event:
            data = self._parsed(event.data)
            if self._topic not in self._ledgers or self._ledgers[self._topic].is_news(data):
                self._put([Item(self._topic, one_line(self._recovered(self._topic, self._reach.masked(event.data))))])

    def _recovered(self, topic: str, raw: bytes) -> bytes:
        return super()._recovered(topic, raw) if self._framed else raw

    def _parsed(self, data: bytes) -> dict[str, object]:
        try:
            value = strict.parse(data)
        except strict.BadJson as error:
            raise bad_frame(self._name, f"an event that is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise bad_frame(self._name, "an event that is no object")
        return value

    def _refused(self, data: bytes) -> None:
        from seqcli.wire.envelope import failure_from_reply

        failure: Failure = failure_from_reply(0, self._reach.masked(data), {})
        if failure.exit_status == 4:  # noqa: PLR2004 - the key will not be good again
            raise failure
        raise Lost(Unreachable(f"{self._name} ended the stream: {failure.message}", code=LOST))

    def _lost(self, what: str) -> Lost:
        return Lost(Unreachable(f"{self._name} {what}", code=LOST))
