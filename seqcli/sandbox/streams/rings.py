"""Event streams (SSE): numbered events of one account, the last of them kept for whoever comes back.

An event's id is ``<boot>-<n>``; n counts the events of one account and stream since this server started. A ring is
begun with the first reader of its stream: before that nobody can know an id.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from seqcli.sandbox.streams.outbox import MAX_WAITING

KEPT_EVENTS = 1000
KEPT_NS = 600_000_000_000
"""As many events, and none older than this, are kept."""
About = Mapping[str, tuple[str, ...]]


class Entry(NamedTuple):
    """An event: its number, when it came, what it is about, and the block of text that says it."""

    number: int
    ts_ns: int
    about: About
    block: bytes


class Follower:
    """One reader of an event stream. `wake` is called when there is something to take."""

    def __init__(self, filters: Mapping[str, str], wake: Callable[[], None]) -> None:
        self._filters = dict(filters)
        self._wake = wake
        self._waiting: deque[bytes] = deque()
        self.ended: tuple[str, str] | None = None

    def offer(self, entry: Entry) -> None:
        """Queue an event that fits the filters. An event that is about no graph or order in particular fits all."""
        if self.fits(entry.about):
            self.put(entry.block)

    def fits(self, about: About) -> bool:
        """Whether each filter's value is among those of the event, where the event has any."""
        return all(value in about[name] for name, value in self._filters.items() if name in about)

    def put(self, block: bytes) -> None:
        """Queue a block of text."""
        if self.ended is not None:
            return
        self._waiting.append(block)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.clear()
            self.end("SERVICE_UNAVAILABLE", "service unavailable: slow consumer")
        self._wake()

    def end(self, code: str = "", message: str = "") -> None:
        """Nothing follows what waits but an error with this API code and message, if there is one."""
        if self.ended is None:
            self.ended = code, message
            self._wake()

    def take(self) -> bytes:
        """Everything that waits."""
        text = b"".join(self._waiting)
        self._waiting.clear()
        return text


class Ring:
    """The last events of one account's stream, and its readers."""

    def __init__(self, boot: str, name: str) -> None:
        self._boot = boot
        self._name = name.encode()
        self._kept: deque[Entry] = deque(maxlen=KEPT_EVENTS)
        self._number = 0
        self.followers: dict[int, Follower] = {}

    def add(self, about: About, body: bytes, now_ns: int) -> None:
        """Number an event, keep it, and give it to every reader."""
        self._number += 1
        block = b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (self._boot.encode(), self._number, self._name, body)
        entry = Entry(self._number, now_ns, about, block)
        self._kept.append(entry)
        for follower in self.followers.values():
            follower.offer(entry)

    def join(self, follower: Follower, last_id: str | None, now_ns: int) -> None:
        """Send `follower` what followed `last_id`, or a reset when that is not known any more, then what comes."""
        if last_id:
            since = self._since(last_id, now_ns)
            if since is None:
                follower.put(block_of("reset", b'{"reason":"history_gap"}'))
            for entry in since or ():
                follower.offer(entry)
        self.followers[id(follower)] = follower

    def leave(self, follower: Follower) -> None:
        """No longer."""
        self.followers.pop(id(follower), None)

    def _since(self, last_id: str, now_ns: int) -> list[Entry] | None:
        """The events after `last_id`; None when it is not one of ours or some of them are gone."""
        while self._kept and self._kept[0].ts_ns <= now_ns - KEPT_NS:
            self._kept.popleft()
        boot, _, digits = last_id.rpartition("-")
        if boot != self._boot or not (digits.isascii() and digits.isdigit()) or len(digits) > 19:  # noqa: PLR2004 - digits of a 64-bit number
            return None
        last = int(digits)
        first = self._kept[0].number if self._kept else self._number + 1
        if last > self._number or last < first - 1:
            return None
        return [entry for entry in self._kept if entry.number > last]


def block_of(name: str, body: bytes) -> bytes:
    """An event without a number: it does not change what the reader has seen last."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), body)
