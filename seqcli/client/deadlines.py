"""One thread that watches over what others do, and ends it when its time is over."""

import _thread
import contextlib
import threading
import time
from collections.abc import Callable, Iterator

End = Callable[[], None]


class Deadlines:
    """Calls an end when its time has come, unless what it belongs to was faster. The thread lives while it has work."""

    def __init__(self) -> None:
        self._ends: dict[End, float] = {}
        self._turn = threading.Condition()
        self._looks_at: float | None = None
        """On the monotonic clock; None without a thread."""

    @contextlib.contextmanager
    def over(self, end: End, at: float) -> Iterator[None]:
        """While this is open, `end` is called at `at`, on the monotonic clock, from another thread."""
        try:
            with self._turn:
                self._ends[end] = at
                if self._looks_at is None:
                    _thread.start_new_thread(self._watch, ())  # which may fail; it waits for its turn
                    self._looks_at = at
                elif at < self._looks_at:
                    self._turn.notify()
            yield
        finally:
            with self._turn:
                self._ends.pop(end, None)

    def _watch(self) -> None:
        while True:
            with self._turn:
                now = time.monotonic()
                late = [end for end, at in self._ends.items() if at <= now]
                for end in late:
                    del self._ends[end]
                if not late:
                    if not self._ends:
                        self._looks_at = None
                        return
                    self._looks_at = min(self._ends.values())
                    self._turn.wait(min(self._looks_at - now, threading.TIMEOUT_MAX))
            for end in late:
                end()
