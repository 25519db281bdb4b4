"""A token bucket per key: capacity twice the sustained rate, refilled continuously. Source: the vendor's
overview page.
"""

import math
from collections.abc import Callable

import msgspec

SECOND_NS = 1_000_000_000


class Bucket(msgspec.Struct):
    """`tokens_ns` is measured in nanoseconds of refill, so that no rounding ever loses a token."""

    qps: int
    tokens_ns: int
    filled_ns: int


class Verdict(msgspec.Struct, frozen=True):
    """What the headers say: capacity, whole tokens left, seconds until full; `wait_s` above 0 = refused."""

    limit: int
    remaining: int
    reset_s: int
    wait_s: int


class Limiter:
    """One bucket a key. `clock_ns` is a clock that never goes back."""

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._buckets: dict[str, Bucket] = {}

    def take(self, key_id: str, qps: int) -> Verdict | None:
        """Take a token of `key_id`; None when `qps` is 0 (unlimited)."""
        if qps <= 0:
            return None
        now = self._clock_ns()
        full = 2 * SECOND_NS
        bucket = self._buckets.get(key_id)
        if bucket is None or bucket.qps != qps:
            bucket = self._buckets[key_id] = Bucket(qps, full, now)
        bucket.tokens_ns = min(full, bucket.tokens_ns + max(0, now - bucket.filled_ns))
        bucket.filled_ns = now
        price = SECOND_NS // qps
        wait_s = 0
        if bucket.tokens_ns >= price:
            bucket.tokens_ns -= price
        else:
            wait_s = max(1, math.ceil((price - bucket.tokens_ns) / SECOND_NS))
        return Verdict(
            limit=2 * qps,
            remaining=bucket.tokens_ns // price,
            reset_s=-(-(full - bucket.tokens_ns) // SECOND_NS),
            wait_s=wait_s,
        )
