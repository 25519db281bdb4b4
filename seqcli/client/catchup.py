"""What a stream missed, asked for by REST and merged by id: nothing is lost and nothing is told twice.

Before the first connect a ledger notes what is there (`begin`). After every connect – subscribed and acknowledged, so
that whatever happens from then on comes by the stream – it reads the newest pages until it meets what was known before
the stream broke, and gives what was never told (`recover`). Frames then pass it one by one (`is_news`).

A fill is told once, by its `fill_id`. An order is told as often as its `revision` rises; of what happened to it while
nobody listened, the last state is recovered, not each step.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from seqcli.client.client import Client
from seqcli.errors import NotFound
from seqcli.wire import fills, orders
from seqcli.wire.operation import Operation, Query, Request

FIRST_PAGE, PAGE = 100, 500
REMEMBERED = 200_000
Row = tuple[dict[str, Any], bytes]
"""A row as JSON, and its bytes as they came."""


class Ledger(ABC):
    """What was told of one topic."""

    operation: Operation
    items: str
    query: Callable[..., Query]

    def __init__(self, client: Client) -> None:
        self._client = client
        self._told: dict[str, int] = {}  # id → the place in which it was told; oldest first
        self._count = 0
        self._known: int | None = None  # up to this place nothing was missed; None: there is no hole
        self.begun = False

    def begin(self) -> None:
        """Note what is there before anything is told."""
        self._survey()
        self.broken()
        self.begun = True

    def _survey(self) -> None:
        for row, _ in next(self._pages(PAGE), []):
            self._keep(row)

    def broken(self) -> None:
        """From here on something may be missing."""
        if self._known is None:
            self._known = self._count

    @abstractmethod
    def is_news(self, row: dict[str, Any]) -> bool:
        """Whether this was not told before; it counts as told."""

    @abstractmethod
    def recover(self) -> list[bytes]:
        """What was missed, oldest first, as the bytes of its rows."""

    @abstractmethod
    def _keep(self, row: dict[str, Any]) -> None: ...

    def _tell(self, identity: str) -> None:
        self._count += 1
        self._told.pop(identity, None)
        self._told[identity] = self._count
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]

    def _was_known(self, identity: str) -> bool:
        place = self._told.get(identity)
        return place is not None and (self._known is None or place <= self._known)

    def _pages(self, first: int = FIRST_PAGE, **words: Any) -> Iterator[list[Row]]:
        offset, size = 0, first
        while True:
            query = self.query(limit=size, offset=offset or None, **words)
            reply = self._client.call(self.operation, Request(query=query))
            page = reply.body if isinstance(reply.body, dict) else {}
            rows = [row for row in page.get(self.items) or [] if isinstance(row, dict)]
            raws = msgspec.json.decode(reply.raw, type=dict[str, msgspec.Raw])
            parts = msgspec.json.decode(raws[self.items], type=list[msgspec.Raw]) if rows else []
            yield [(row, bytes(part)) for row, part in zip(rows, parts, strict=True)]
            offset, size = offset + len(rows), PAGE
            if not rows or not page.get("has_more"):
                return

    def _unknown(self) -> dict[str, Row]:
        """Rows down to the first page that holds one that was known and, below it, only such; newest first."""
        found: dict[str, Row] = {}
        for page in self._pages():
            met, below = False, False
            for row, raw in page:
                identity = self._id(row)
                if self._was_known(identity):
                    met = True
                else:
                    found.setdefault(identity, (row, raw))
                    below = below or met
            if met and not below:
                break
        return found

    def _id(self, row: dict[str, Any]) -> str:
        raise NotImplementedError


class Fills(Ledger):
    """API: GET /v1/fills."""

    operation = fills.LIST
    items = "fills"
    query = fills.ListQuery

    def _id(self, row: dict[str, Any]) -> str:
        return str(row.get("fill_id"))

    def _keep(self, row: dict[str, Any]) -> None:
        self._tell(self._id(row))

    def is_news(self, row: dict[str, Any]) -> bool:
        """A `fill_id` that was not told."""
        identity = self._id(row)
        if identity in self._told:
            return False
        self._tell(identity)
        return True

    def recover(self) -> list[bytes]:
        """Each fill that was not told."""
        missed = [(row, raw) for row, raw in reversed(self._unknown().values()) if self._id(row) not in self._told]
        for row, _ in missed:
            self._tell(self._id(row))
        self._known = None
        return [raw for _, raw in missed]


class Orders(Ledger):
    """API: GET /v1/orders, and /v1/orders/{node_order_id} for one that ended while nobody listened."""

    operation = orders.LIST
    items = "orders"
    query = orders.ListQuery

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._revisions: dict[str, int] = {}
        self._open: set[str] = set()

    def _survey(self) -> None:
        """The newest, and every open one."""
        super()._survey()
        for page in self._pages(PAGE, status="open"):
            for row, _ in page:
                self._keep(row)

    def _id(self, row: dict[str, Any]) -> str:
        return str(row.get("node_order_id"))

    def _keep(self, row: dict[str, Any]) -> None:
        identity = self._id(row)
        if identity not in self._told:
            self._tell(identity)
        self._revisions[identity] = _revision(row)
        if str(row.get("status")).upper() in orders.TERMINAL:
            self._open.discard(identity)
        else:
            self._open.add(identity)
        if len(self._revisions) > REMEMBERED:
            del self._revisions[next(iter(self._revisions))]

    def is_news(self, row: dict[str, Any]) -> bool:
        """A revision higher than the one that was told."""
        revision = _revision(row)
        if revision and revision <= self._revisions.get(self._id(row), 0):
            return False
        self._keep(row)
        return True

    def recover(self) -> list[bytes]:
        """Each order that is not as it was told."""
        rows = self._unknown()
        for page in self._pages(PAGE, status="open"):
            rows |= {self._id(row): (row, raw) for row, raw in page}
        for identity in sorted(self._open - rows.keys()):
            row = self._one(identity)
            if row is not None:
                rows[identity] = row
        missed = sorted(rows.values(), key=lambda pair: (_at(pair[0]), _revision(pair[0])))
        self._known = None
        return [raw for row, raw in missed if self.is_news(row)]

    def _one(self, identity: str) -> Row | None:
        try:
            reply = self._client.call(orders.SHOW, Request(path={"node_order_id": identity}))
        except NotFound:
            self._open.discard(identity)
            return None
        return (reply.body, reply.raw) if isinstance(reply.body, dict) else None


def _revision(row: dict[str, Any]) -> int:
    """How often an order has changed; where the server does not count, when it last did; 0 where it tells neither."""
    for name in ("revision", "updated_ns"):
        value = row.get(name)
        if isinstance(value, int):
            return value
    return 0


def _at(row: dict[str, Any]) -> int:
    value = row.get("updated_ns")
    return value if isinstance(value, int) else 0


LEDGERS: dict[str, type[Ledger]] = {"fills": Fills, "orders": Orders}
"""Topics of which nothing may be missed, fills first: a fill is told before the order that it fills."""
