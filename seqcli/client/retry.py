"""When a request may be sent again, and after how long.

At most four attempts inside one wall-clock deadline; waits grow from a quarter second to eight with full
jitter; Retry-After is honoured but never past the deadline; and a process has one budget, so that a service
in trouble is not buried in repeats.

outcome                              SAFE     SAME_BYTES                NEVER
not sent · 429                       again    again, the same bytes     again
no answer · 500 · 502 · 503 · 504    again    again, the same bytes     never
any other reply                      never    never                     never
"""

import threading

from seqcli.client.clock import Chance
from seqcli.errors import Ambiguous, Failure, NotSent, RateLimited
from seqcli.wire.operation import Operation, Repeat

ATTEMPTS = 4
FIRST_S = 0.25
LONGEST_S = 8.0
DEADLINE_S = 20.0
TRANSIENT = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses after which another attempt may do better."""


class Budget:
    """A process's allowance of retries: each takes one, each good answer gives a part back. Thread-safe."""

    def __init__(self, capacity: float = 60.0, refund: float = 0.5) -> None:
        self._capacity = capacity
        self._refund = refund
        self._left = capacity
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether another retry is allowed; it is counted."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def earn(self) -> None:
        """A request was answered well."""
        with self._lock:
            self._left = min(self._capacity, self._left + self._refund)


BUDGET = Budget()
"""The process's own."""


def may_repeat(operation: Operation, failure: Failure) -> bool:
    """Whether `operation` may be sent again – the same bytes – after `failure`; the table above."""
    if isinstance(failure, RateLimited):
        return True
    if isinstance(failure, NotSent):
        return failure.stable_code == NotSent.code  # a more exact code says that nothing will be different
    transient = failure.http_status in TRANSIENT or failure.http_status is None
    return isinstance(failure, Ambiguous) and transient and operation.repeat is not Repeat.NEVER


def wait_s(attempt: int, chance: Chance, retry_after_s: float | None = None) -> float:
    """Seconds to wait after attempt `attempt` (the first is 1): full jitter, no less than Retry-After."""
    longest = min(LONGEST_S, FIRST_S * 2.0 ** (attempt - 1))
    return max(chance.random() * longest, retry_after_s or 0.0)


def retry_after_s(value: str | None, now_ns: int) -> float | None:
    """Seconds that a Retry-After header – a number or an HTTP date – asks for; None when it can't be read."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return max(0.0, then - now_ns / 1e9)
