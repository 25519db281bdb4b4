"""A stream on its way out: lines as they came for a program, a board for a person."""

from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

from seqcli.client.clock import Clock
from seqcli.client.mailbox import Item
from seqcli.client.pump import record
from seqcli.views import Result
from seqcli.views import streams as tables
from seqcli.wire import streams, strict

TURN_S = 0.25
"""How often a board is drawn again, at most, and how long nothing may be said before we look up."""
LAST = 15
NOTES = 3
_IDS = {"fills": "fill_id", "orders": "node_order_id"}


class Source(Protocol):
    """A stream, or a recording of one."""

    def take(self, wait_s: float) -> list[Item]:
        """Lines, at least one unless `wait_s` seconds pass."""
        ...

    @property
    def over(self) -> bool:
        """Whether there will be no more."""
        ...


class Limits:
    """When to stop: after so many frames of the server's, or so many seconds; None is never."""

    def __init__(self, clock: Clock, frames: int | None, seconds: float | None) -> None:
        self._clock = clock
        self._left = frames
        self._end = None if seconds is None else clock.monotonic() + seconds

    def wait_s(self) -> float:
        """How long the next turn may take; 0 when it is over."""
        if self._left == 0:
            return 0.0
        return TURN_S if self._end is None else max(0.0, min(TURN_S, self._end - self._clock.monotonic()))

    def kept(self, items: list[Item]) -> list[Item]:
        """As many of them as may still be shown."""
        if self._left is None:
            return items
        for place, item in enumerate(items):
            if item.topic:
                self._left -= 1
                if not self._left:
                    return items[: place + 1]
        return items


def batches(source: Source, limits: Limits) -> Iterator[list[Item]]:
    """What comes until the end, a turn at a time; an empty turn when nothing came."""
    while (wait_s := limits.wait_s()) > 0:
        items = source.take(wait_s)
        if not items and source.over:
            return
        yield limits.kept(items)


def passed(source: Source, limits: Limits, clock: Clock) -> Iterator[Result]:
    """Lines as they came, one after another."""
    for items in batches(source, limits):
        lines: list[bytes] = []
        for item in items:
            if item.skipped:
                lines.append(record("coalesced", clock.time_ns(), topic=item.topic, skipped=item.skipped))
            lines.append(item.raw)
        if lines:
            yield Result(frames=lines)


def picked(source: Source, limits: Limits) -> Iterator[Result]:
    """Frame by frame, for a form that reads them: --fields, csv, --quiet."""
    for items in batches(source, limits):
        for item in items:
            if item.topic:
                body = strict.parse(item.raw, number=strict.Number)
                data = body.get("data")
                name = _IDS.get(item.topic)
                identity = data.get(name) if name and isinstance(data, dict) else item.topic
                yield Result(body=body, ids=[str(identity)], live=True, plain=True)


class Board:
    """The newest state of each market, and what happened last."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked
        self._raw: dict[str, bytes] = {}
        self._rates: dict[str, Any] = {}
        self._fair: dict[str, Any] = {}
        self._orders: dict[str, Any] = {}
        self._fills: deque[Any] = deque(maxlen=LAST)
        self._events: deque[Any] = deque(maxlen=LAST)
        self._notes: deque[Any] = deque(maxlen=NOTES)

    def add(self, items: list[Item]) -> None:
        """Take lines in."""
        for item in items:
            if not item.topic:
                self._notes.append(strict.parse(item.raw))
            elif item.topic.partition(":")[0] in streams.OF_SYMBOL:
                self._raw[item.topic] = item.raw  # read when it is drawn, and only the newest
            else:
                self._happened(item.topic, _data(item.raw))

    def _happened(self, topic: str, data: Any) -> None:
        kind = topic.partition(":")[0]
        if topic == "fills":
            self._fills.appendleft(data)
        elif kind == "funding" and isinstance(data, dict):
            self._rates[f"{data.get('venue')} {data.get('symbol')}"] = data
        elif kind == "fair_price" and isinstance(data, dict):
            self._fair[str(data.get("underlying"))] = data
        elif topic == "orders" and isinstance(data, dict):
            self._orders.pop(str(data.get("node_order_id")), None)
            self._orders[str(data.get("node_order_id"))] = data
            if len(self._orders) > LAST:
                del self._orders[next(iter(self._orders))]
        else:
            self._events.appendleft({"topic": topic, "data": data})

    def body(self) -> dict[str, Any]:
        """For `views.streams.board`."""
        return {
            "asked": self._asked,
            "topics": {topic: _data(raw) for topic, raw in self._raw.items()},
            "rates": [self._rates[name] for name in sorted(self._rates)],
            "fair_prices": [self._fair[name] for name in sorted(self._fair)],
            "orders": list(reversed(self._orders.values())),
            "fills": list(self._fills),
            "events": list(self._events),
            "notes": list(self._notes),
        }


def drawn(source: Source, limits: Limits, asked: list[str], clock: Clock) -> Iterator[Result]:
    """A board, drawn again when something has changed."""
    board = Board(asked)
    drawn_at = -TURN_S
    changed = True
    for items in batches(source, limits):
        board.add(items)
        changed = changed or bool(items)
        if changed and clock.monotonic() - drawn_at >= TURN_S:
            yield Result(body=board.body(), live=True, plain=True, table=tables.board)
            drawn_at, changed = clock.monotonic(), False
    yield Result(body=board.body(), live=True, plain=True, table=tables.board)


def _data(raw: bytes) -> Any:
    return strict.parse(raw, number=strict.Number).get("data")
