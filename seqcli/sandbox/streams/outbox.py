"""What waits for one connection: frames that are never dropped, in order, and the newest of each that may be.

A frame gets its number when it is taken, so a gap in the numbers of a topic always means loss.
"""

from collections import deque
from collections.abc import Callable

MAX_WAITING = 4096
MAX_BYTES = 8 << 20
"""More than this waiting, and the reader is too slow."""
_REMEMBERED = 1000
"""Topics that were dropped, and how far they had been counted."""


class Outbox:
    """`wake` is called when something begins to wait in an empty outbox, and when it overflows."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._kept: deque[tuple[str, bytes]] = deque()
        self._newest: dict[tuple[str, str], bytes] = {}
        self._numbers: dict[str, int] = {}
        self._dropped: dict[str, None] = {}
        self._bytes = 0
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._kept) + len(self._newest)

    def keep(self, channel: str, payload: bytes) -> None:
        """Queue a frame that must not be lost. Without a channel `payload` is the whole frame."""
        if self.overflowed:
            return
        was_empty = not self
        self._kept.append((channel, payload))
        self._bytes += len(payload)
        if len(self._kept) > MAX_WAITING or self._bytes > MAX_BYTES:
            self.overflowed = True
            self._kept.clear()
            self._newest.clear()
            self._wake()
        elif was_empty:
            self._wake()

    def replace(self, channel: str, row: str, payload: bytes) -> None:
        """Queue a frame in the place of the one of the same `row` that still waits."""
        if self.overflowed:
            return
        was_empty = not self
        self._newest[channel, row] = payload
        if was_empty:
            self._wake()

    def forget(self, channel: str) -> None:
        """Drop what could be replaced and still waits. Counting goes on where it was, should the topic come back."""
        for key in [key for key in self._newest if key[0] == channel]:
            del self._newest[key]
        self._dropped[channel] = None
        if len(self._dropped) > _REMEMBERED:
            oldest = next(iter(self._dropped))
            del self._dropped[oldest]
            self._numbers.pop(oldest, None)

    def take(self, budget: int) -> list[bytes]:
        """The next messages, as JSON, up to about `budget` bytes; at least one when any waits."""
        messages: list[bytes] = []
        while budget > 0 and self._kept:
            channel, payload = self._kept.popleft()
            self._bytes -= len(payload)
            messages.append(self._numbered(channel, payload) if channel else payload)
            budget -= len(payload)
        while budget > 0 and self._newest:
            key = next(iter(self._newest))
            payload = self._newest.pop(key)
            messages.append(self._numbered(key[0], payload))
            budget -= len(payload)
        return messages

    def _numbered(self, channel: str, payload: bytes) -> bytes:
        self._dropped.pop(channel, None)
        number = self._numbers[channel] = self._numbers.get(channel, 0) + 1
        return b'{"channel":"%b","seq":%d,"data":%b}' % (channel.encode(), number, payload)
