"""Keeps a stream alive in a thread of its own: connects, connects again with full jitter, and tells what happened.

Records of ours, one JSON object a line, beside the server's frames:

``{"type":"disconnected","reason":…,"ts_ns":…}``      the link broke; nothing comes until the next one
``{"type":"reconnected","reason":…,"attempts":N,"down_ms":N,"topics":[…],"ts_ns":…}``
                                                      market data of the time between is lost
``{"type":"gap","topic":…,"expected":N,"got":N,"ts_ns":…}``  frames of a topic are missing
``{"type":"recovered","topic":…,"count":N,"source":"/v1/fills","ts_ns":…}``
                                                      the `count` frames that follow were asked for by REST
``{"type":"coalesced","topic":…,"skipped":N,"ts_ns":…}``  stdout was too slow: older frames gave way to the next line
"""

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar

from seqcli.client import retry
from seqcli.client.catchup import LEDGERS, Ledger
from seqcli.client.client import Client
from seqcli.client.clock import Chance, Clock
from seqcli.client.dial import Lost, Reach
from seqcli.client.mailbox import Item, Mailbox
from seqcli.errors import RateLimited, Unreachable

Tap = Callable[[Iterable[Item]], None]
"""Hears every line as it comes, in the stream's own thread."""

Find = Callable[[], Reach]
_Answer = TypeVar("_Answer")
_BREAKS = re.compile(rb"[\r\n]")
_GOODBYE_S = 2.0


class Pump(ABC):
    """One stream. `take` its lines; the first connect is tried as often as a request, later ones for ever.

    `ledgers` by topic say what was told before; none given: each topic that has one begins a new one. `find` says
    where to connect again, for a server that may come back elsewhere.
    """

    def __init__(
        self,
        topics: Sequence[str],
        reach: Reach,
        mailbox: Mailbox,
        *,
        client: Client,
        clock: Clock,
        chance: Chance,
        tap: Tap | None = None,
        ledgers: dict[str, Ledger] | None = None,
        find: Find | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self._reach = reach
        self._find = find
        self._name = reach.base_url.partition("://")[2]
        self._client = client
        self._mailbox = mailbox
        known = {name: make(client) for name, make in LEDGERS.items() if name in topics}
        self._ledgers = known if ledgers is None else ledgers
        self._clock = clock
        self._chance = chance
        self._tap = tap
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._met = False
        self._up_since: float | None = None
        self._down_since = 0.0
        self._tries = 0
        self._reason = self._said = ""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, wait_s: float) -> list[Item]:
        """Lines that have come, at least one unless `wait_s` seconds pass. Raises the failure that ended the stream."""
        return self._mailbox.take(wait_s)

    def close(self) -> None:
        """Hang up, and wait a moment for the thread."""
        self._closing.set()
        self._mailbox.end()
        self._hang_up()
        if self._thread is not None:
            self._thread.join(_GOODBYE_S)

    @property
    def over(self) -> bool:
        """Whether nothing is left and nothing will come."""
        return self._mailbox.over

    @property
    def met(self) -> bool:
        """Whether the server has once taken the topics."""
        return self._met

    @abstractmethod
    def _visit(self) -> None:
        """Connect, call `_ready` and `_put`; return only by raising `Lost` or the failure that ends the stream."""

    @abstractmethod
    def _hang_up(self) -> None:
        """Make `_visit` end, from another thread."""

    def _ready(self) -> None:
        """The server has taken the topics."""
        if self._met:
            down_ms = int((self._clock.monotonic() - self._down_since) * 1000)
            self._note(
                "reconnected", reason=self._reason, attempts=self._tries, down_ms=down_ms, topics=list(self.topics)
            )
        self._met = True
        self._up_since = self._clock.monotonic()

    def _begin(self) -> None:
        """Note what is there, once, before anything can be missed."""
        for ledger in self._ledgers.values():
            if not ledger.begun:
                self._asked(ledger.begin)

    def _catch_up(self) -> None:
        """Tell what was missed. Call it when whatever happens from now on comes by the stream."""
        for topic, ledger in self._ledgers.items():
            ledger.broken()
            rows = self._asked(ledger.recover)
            if rows:
                self._note("recovered", topic=topic, count=len(rows), source=ledger.operation.path)
                self._put([Item(topic, one_line(self._recovered(topic, self._reach.masked(raw)))) for raw in rows])

    def _recovered(self, topic: str, raw: bytes) -> bytes:
        """The line of a row that was asked for."""
        return b'{"channel":"' + topic.encode() + b'","data":' + raw + b"}"

    def _asked(self, question: Callable[[], _Answer]) -> _Answer:
        """An answer by REST; without one the link is as good as lost."""
        try:
            return question()
        except (Unreachable, RateLimited) as failure:
            if not self._met:
                raise
            raise Lost(failure, failure.retry_after_s) from None

    def _put(self, items: list[Item]) -> None:
        if self._tap is not None:
            self._tap(items)
        self._mailbox.put(items)

    def _note(self, kind: str, **facts: Any) -> None:
        self._put([Item("", record(kind, self._clock.time_ns(), **facts))])

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            while not self._closing.is_set():
                self._tries += 1
                try:
                    if self._tries > 1:
                        self._look_up()
                    self._visit()
                except Lost as lost:
                    self._after(lost)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that takes
            failure = error
        finally:
            self._mailbox.end(failure)

    def _look_up(self) -> None:
        if self._find is not None:
            self._reach = self._asked(self._find)
            self._client.base_url = self._reach.base_url

    def _after(self, lost: Lost) -> None:
        if self._closing.is_set():
            return
        if not self._met and self._tries >= retry.ATTEMPTS:
            raise lost.failure
        now = self._clock.monotonic()
        if self._up_since is not None:
            self._reason = f"{lost.failure.message}{self._said and f' ({self._said})'}"
            self._said = ""
            self._note("disconnected", reason=self._reason)
            if now - self._up_since >= retry.LONGEST_S:
                self._tries = 0
            self._up_since, self._down_since = None, now
        self._closing.wait(retry.wait_s(max(1, min(self._tries, 16)), self._chance, lost.retry_after_s))


def one_line(raw: bytes) -> bytes:
    """A frame on one line: between the tokens of JSON a break is as good as a blank."""
    return _BREAKS.sub(b" ", raw) if b"\n" in raw or b"\r" in raw else raw


def record(kind: str, ts_ns: int, **facts: Any) -> bytes:
    """A line of ours."""
    return json.dumps({"type": kind, **facts, "ts_ns": ts_ns}, separators=(",", ":")).encode()
