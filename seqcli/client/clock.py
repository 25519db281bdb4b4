"""Time and chance as a client is given them, so that a test can hold both still."""

import os
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits; `SystemClock` is one, a test has its own."""

    def time_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


class Chance(Protocol):
    """Randomness; `random.Random` is one, seeded or not."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def randbytes(self, n: int, /) -> bytes:
        """`n` random bytes."""
        ...


class SystemClock:
    """The machine's own time."""

    def time_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float, /) -> None:
        """Wait."""
        time.sleep(seconds)


class SystemChance:
    """The system's randomness; `import random` would cost every command a millisecond or two."""

    def randbytes(self, n: int, /) -> bytes:
        """`n` random bytes."""
        return os.urandom(n)

    def random(self) -> float:
        """53 random bits."""
        return (int.from_bytes(os.urandom(7), "big") >> 3) * 2.0**-53
