"""A token bucket before the exchange's own: capacity 2 × qps, refilled at qps.

It knows no limit until a reply teaches one, so the first request of a process never waits. The headers
`X-RateLimit-Limit` and `X-RateLimit-Remaining` teach it when there are any, else a 429: then it is the free
plan's 5 qps, halved at each further 429 and won back slowly. Source: the API's overview page (the bucket) and
this project's conventions (the headers).
"""

import threading
from collections.abc import Mapping

from seqcli.client.clock import Clock
from seqcli.errors import RateLimited

FREE_QPS = 5.0
SAFE_QPS = 1.0
BURST = 2.0
_TOO_MANY = 429
_WON_BACK = 0.1  # qps for each answer that is not a 429


class Throttle:
    """Thread-safe. `qps` is requests a second when it is known beforehand."""

    def __init__(self, clock: Clock, qps: float | None = None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._qps = qps
        self._told = qps is not None
        self._tokens = 0.0 if qps is None else qps * BURST
        self._at = clock.monotonic()
        self._closed_until = self._at

    @property
    def qps(self) -> float | None:
        """Requests a second as known now; None while nothing was learned."""
        return self._qps

    def acquire(self, end: float) -> None:
        """Wait for a token. Raises RateLimited at once when it would come after `end` (monotonic seconds)."""
        wait = self._reserve(end)
        if wait > 0:
            self._clock.sleep(wait)

    def learn(self, status: int, headers: Mapping[str, str], retry_after_s: float | None = None) -> None:
        """Take from a reply what it says of the limit. `headers` has lower-case names."""
        limit, remaining = (_count(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining"))
        with self._lock:
            self._refill()
            if limit:
                self._set(limit / BURST, told=True)
            if self._qps is not None and remaining is not None:
                self._tokens = min(self._tokens, float(remaining))
            if status == _TOO_MANY:
                self._slow_down(retry_after_s)
            elif self._qps is not None and not self._told:
                self._qps += _WON_BACK

    def _reserve(self, end: float) -> float:
        with self._lock:
            now = self._refill()
            wait = max(0.0, self._closed_until - now)
            if self._qps is not None:
                wait = max(wait, (1.0 - self._tokens) / self._qps)
            if wait > 0 and now + wait >= end:
                raise RateLimited(
                    f"the rate limit leaves no room before the deadline: {wait:.1f} s to wait",
                    hint="wait and try again, or give it longer with --timeout",
                    retry_after_s=wait,
                )
            self._tokens -= 1.0
            return wait

    def _refill(self) -> float:
        now = self._clock.monotonic()
        if self._qps is not None:
            self._tokens = min(self._qps * BURST, self._tokens + (now - self._at) * self._qps)
        self._at = now
        return now

    def _set(self, qps: float, *, told: bool) -> None:
        if self._qps is None:
            self._tokens = qps * BURST
        self._qps, self._told = qps, told

    def _slow_down(self, retry_after_s: float | None) -> None:
        if not self._told:
            self._set(FREE_QPS if self._qps is None else max(SAFE_QPS, self._qps / 2), told=False)
        self._tokens = min(self._tokens, 0.0)
        if retry_after_s is not None:
            self._closed_until = max(self._closed_until, self._at + retry_after_s)


def _count(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return int(text[:9])
