"""Between the thread that reads a stream and the one that prints it.

However slow the reader of stdout is, the link is read. Up to `MOST` lines wait as they came; beyond that a newer
frame of market data makes the one of its topic that waits give way, which is counted in `skipped`; the order of what
is left stays. Nothing else is ever dropped: when `PATIENT_BYTES` of it wait the link is read no further, the server may
close it, and what was missed is asked for by REST after the next connect.
"""

import threading
import time
from collections.abc import Iterable

MOST = 8192
PATIENT_BYTES = 64 << 20
_GONE = b""


class Item:
    """A line for stdout: a frame of `topic` as it came, or a record of ours (`topic` is empty)."""

    __slots__ = ("raw", "skipped", "topic")

    def __init__(self, topic: str, raw: bytes, skipped: int = 0) -> None:
        self.topic = topic
        self.raw = raw
        self.skipped = skipped


class Mailbox:
    """One thread puts, another takes."""

    def __init__(self, conflated: Iterable[str] = (), most: int = MOST, patient_bytes: int = PATIENT_BYTES) -> None:
        """`conflated` are the topics of which only the newest frame matters."""
        self._conflated = frozenset(conflated)
        self._most = most
        self._patient_bytes = patient_bytes
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._newest: dict[str, Item] = {}
        self._kept_bytes = self._gone = 0
        self._over = False
        self._failure: BaseException | None = None

    def put(self, items: Iterable[Item]) -> None:
        """Add lines in their order; waits only while too much waits that may not be dropped."""
        with self._changed:
            for item in items:
                if item.topic in self._conflated:
                    self._put_newest(item)
                    continue
                while self._kept_bytes > self._patient_bytes and not self._over:
                    self._changed.notify_all()
                    self._changed.wait()
                self._kept_bytes += len(item.raw)
                self._items.append(item)
            self._changed.notify_all()

    def _put_newest(self, item: Item) -> None:
        waiting = self._newest.get(item.topic)
        if waiting is not None and len(self._items) - self._gone >= self._most:
            item.skipped = waiting.skipped + 1
            waiting.raw = _GONE
            self._gone += 1
            if self._gone > self._most:
                self._sweep()
        self._newest[item.topic] = item
        self._items.append(item)

    def _sweep(self) -> None:
        if self._gone:
            self._items = [item for item in self._items if item.raw is not _GONE]
            self._gone = 0

    def end(self, failure: BaseException | None = None) -> None:
        """Nothing more will come, or will be taken."""
        with self._changed:
            self._over = True
            self._failure = self._failure or failure
            self._changed.notify_all()

    def take(self, wait_s: float) -> list[Item]:
        """What waits, at least one line unless `wait_s` seconds pass; then raise what ended the stream.

        >>> box = Mailbox(); box.put([Item("fills", b"{}")]); [item.raw for item in box.take(0)]
        [b'{}']
        """
        end = time.monotonic() + wait_s
        with self._changed:
            while not self._items and not self._over:
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(min(left, threading.TIMEOUT_MAX)):
                    break
            self._sweep()
            items, self._items = self._items, []
            self._newest.clear()
            self._kept_bytes = 0
            self._changed.notify_all()
            if not items and self._failure is not None:
                raise self._failure
        return items

    @property
    def over(self) -> bool:
        """Whether the stream has ended and everything was taken."""
        with self._changed:
            return self._over and not self._items
