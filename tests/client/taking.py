"""Lines out of a stream, whichever kind it is."""

import json
from typing import Any, Protocol

from seqcli.client.mailbox import Item
from seqcli.errors import Failure


class Stream(Protocol):
    def take(self, patience: float, /) -> list[Item]: ...


def take(stream: Stream, count: int) -> list[dict[str, Any]]:
    """The next `count` lines."""
    lines: list[dict[str, Any]] = []
    while len(lines) < count:
        items = stream.take(10)
        assert items, f"only {lines}"
        lines += [json.loads(item.raw) for item in items]
    return lines


def ended(stream: Stream) -> Failure:
    """What ends it."""
    try:
        while stream.take(10):
            pass
    except Failure as failure:
        return failure
    raise AssertionError("it did not end")
