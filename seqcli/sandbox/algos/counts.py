"""What an algorithm instance has done, as far as it is counted, and a callback as traces show it."""

from collections import Counter, deque
from typing import Any

import msgspec


class Counts(msgspec.Struct, kw_only=True):
    """What it has done; latencies are those of the last thousand callbacks, nanoseconds."""

    updates: int = 0
    sent: int = 0
    refusals: Counter[str] = msgspec.field(default_factory=Counter)
    """How often which reason was given."""
    examples: dict[str, str] = {}
    """The words that came with a reason first."""
    cancels: int = 0
    traps: int = 0
    latencies: deque[int] = msgspec.field(default_factory=lambda: deque(maxlen=1000))
    memory_bytes: int = 0

    @property
    def rejected(self) -> int:
        """How many orders and changes were refused."""
        return self.refusals.total()


class Trace(msgspec.Struct, kw_only=True):
    """One callback: what it wanted and what became of it."""

    callback: str
    ts_ns: int
    latency_ns: int
    actions: list[dict[str, Any]]
    error: str | None
    position_1e8: int
