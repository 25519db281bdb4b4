"""The unified stream: subscribe after every connect, then a snapshot by REST, then frames as bytes.

A frame is checked as far as it decides something – its channel, its number, and all of it where a fill or an order is
merged – and goes on as it came.
"""

from collections.abc import Sequence

import msgspec

from seqcli.client.catchup import Ledger
from seqcli.client.client import Client
from seqcli.client.clock import Chance, Clock
from seqcli.client.dial import Patience, Reach
from seqcli.client.link import Link, bad_frame
from seqcli.client.mailbox import Item, Mailbox
from seqcli.client.pump import Find, Pump, Tap, one_line
from seqcli.errors import Denied, Failure, NotFound, Refused
from seqcli.wire import streams, strict
from seqcli.wire.operation import Request


class _Head(msgspec.Struct):
    """What is read of every frame."""

    channel: str | None = None
    seq: int | None = None
    subscribed: list[str] | None = None
    rejected: list[str] = []
    reasons: dict[str, str] = {}
    error: msgspec.Raw = msgspec.Raw()


_HEAD = msgspec.json.Decoder(_Head)


class Stream(Pump):
    """Topics of /v1/stream. Its failures: NotFound, Denied or Refused for a rejected topic, Denied for the key."""

    def __init__(
        self,
        reach: Reach,
        topics: Sequence[str],
        *,
        client: Client,
        clock: Clock,
        chance: Chance,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        tap: Tap | None = None,
        mailbox: Mailbox | None = None,
        by_ticket: bool = False,
        ledgers: dict[str, Ledger] | None = None,
        find: Find | None = None,
    ) -> None:
        """`client` asks by REST, from the stream's own thread; `by_ticket`: no key goes out with the upgrade."""
        conflated = [topic for topic in topics if streams.topic_of(topic).kind in streams.OF_SYMBOL]
        super().__init__(
            topics,
            reach,
            mailbox or Mailbox(conflated),
            client=client,
            clock=clock,
            chance=chance,
            tap=tap,
            ledgers=ledgers,
            find=find,
        )
        self._patience = patience
        self._by_ticket = by_ticket
        self._link: Link | None = None
        self._name = reach.base_url.partition("://")[2]
        self._seen: dict[str, int] = {}

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.stop()

    def _visit(self) -> None:
        self._begin()
        self._seen = {}
        self._link = link = self._open()
        try:
            if self._closing.is_set():
                return
            early = self._subscribe(link)
            self._ready()
            self._catch_up()
            self._deliver(early)
            while not self._closing.is_set():
                self._deliver(link.receive())
        finally:
            link.close()

    def _open(self) -> Link:
        if not self._by_ticket:
            return Link(self._reach, streams.STREAM.path, self._patience, self._reach.headers())
        ticket: str = self._client.call(streams.TICKET, Request(body=streams.TicketBody())).body["ticket"]
        agent = {"User-Agent": self._reach.headers()["User-Agent"]}
        return Link(self._reach, f"{streams.STREAM.path}?ticket={ticket}", self._patience, agent)

    def _subscribe(self, link: Link) -> list[bytes]:
        """Ask for the topics; the events that came before the answer. Raises the failure of a rejected topic."""
        link.send(strict.encode(streams.Ask(subscribe=list(self.topics))))
        early: list[bytes] = []
        while True:
            messages = link.receive()
            for place, raw in enumerate(messages):
                head = self._head(raw)
                if head.channel is not None:
                    early.append(raw)
                elif head.subscribed is not None:
                    if head.rejected:
                        raise _rejection(head.rejected, head.reasons)
                    return early + messages[place + 1 :]
                elif bytes(head.error):
                    raise self._told(head.error)

    def _deliver(self, messages: list[bytes]) -> None:
        items: list[Item] = []
        for raw in messages:
            head = self._head(raw)
            topic = head.channel
            if topic is None:
                if bytes(head.error):
                    self._said = self._told(head.error).message
                continue
            if head.seq is not None and head.seq != self._seen.get(topic, 0) + 1:
                self._put(items)
                items = []
                self._miss(topic, head.seq)
            if head.seq is not None:
                self._seen[topic] = head.seq
            if topic in self._ledgers and not self._is_news(topic, raw):
                continue
            items.append(Item(topic, one_line(self._reach.masked(raw))))
        if items:
            self._put(items)

    def _miss(self, topic: str, got: int) -> None:
        self._note("gap", topic=topic, expected=self._seen.get(topic, 0) + 1, got=got)
        if topic in self._ledgers:
            self._catch_up()

    def _is_news(self, topic: str, raw: bytes) -> bool:
        try:
            data = strict.parse(raw).get("data")
        except strict.BadJson as error:
            raise bad_frame(self._name, f"what is not JSON: {error}") from None
        if not isinstance(data, dict):
            raise bad_frame(self._name, f"a frame of {topic} without data")
        return self._ledgers[topic].is_news(data)

    def _head(self, raw: bytes) -> _Head:
        try:
            if raw.count(b'"channel"') > 1 or raw.count(b'"seq"') > 1 or b"\\u" in raw:
                strict.parse(raw)  # a name given twice, perhaps
            return _HEAD.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, strict.BadJson) as error:
            raise bad_frame(self._name, f"what is no frame: {error}") from None

    def _told(self, error: msgspec.Raw) -> Failure:
        from seqcli.wire.envelope import failure_from_reply

        return failure_from_reply(400, b'{"error":' + self._reach.masked(bytes(error)) + b"}", {})


def _rejection(topics: list[str], reasons: dict[str, str]) -> Failure:
    named = ", ".join(f"{topic} ({reasons.get(topic, 'no reason given')})" for topic in topics)
    known = {reasons.get(topic) for topic in topics}
    kind: type[Failure] = Refused
    if known == {streams.FORBIDDEN}:
        kind = Denied
    elif known <= {streams.UNKNOWN, streams.BAD_SYMBOL, None}:
        kind = NotFound
    hint = "see: seq market symbols" if known == {streams.BAD_SYMBOL} else "topics: seq stream --help"
    return kind(f"rejected: {named}", code="TOPIC_REJECTED", hint=hint)
