"""Questions to the stored records: orders, graphs and fills by filter, newest first."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.storage.schema import POSTED, UPSERT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Iterator

IDENTITY = {"order": "node_order_id", "graph": "graph_id", "fill": "fill_id"}
"""Kind of event → the key of its id; other kinds have no record."""
_PART = 500
"""Rows between two pauses."""
TABLE = {"order": "orders", "graph": "graphs", "fill": "fills"}


class Snapshot:
    """The disk of one instant. Made by `standing`."""

    def __init__(self, connection: "sqlite3.Connection") -> None:
        self._connection = connection

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> "Generator[None, None, list[tuple[Any, ...]]]":
        """All rows, with a pause after each few."""
        found: list[tuple[Any, ...]] = []
        cursor = self._connection.execute(statement, values)
        while part := cursor.fetchmany(_PART):
            found += part
            yield
        return found


@contextmanager
def standing(connection: "sqlite3.Connection") -> "Iterator[Snapshot]":
    """What a connection reads, from now on unchanged; it is closed at the end."""
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM meta").fetchone()  # from here on, not from the first question
        yield Snapshot(connection)
    finally:
        connection.close()


class Wanted(msgspec.Struct, kw_only=True):
    """A filter; None or empty = any. `sandbox` None = both kinds of row; times are nanoseconds, on the
    creation.

    `ended` and `slices` (false leaves slices out) exist for orders only. Newest first.
    """

    client_id: str
    sandbox: bool | None = None
    symbol: str | None = None
    statuses: tuple[str, ...] = ()
    ended: bool | None = None
    venue: str | None = None
    graph_id: str | None = None
    node_order_id: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    slices: bool = True
    limit: int = 50
    offset: int = 0


class Page(msgspec.Struct):
    """The records of one page, and how many there are on all pages."""

    rows: list[dict[str, Any]]
    total: int


def search(connection: "sqlite3.Connection", kind: str, wanted: Wanted) -> Page:
    """The page of `kind` records that `wanted` describes."""
    where, values = _conditions(kind, wanted)
    table = TABLE[kind]
    # table and columns are our own words; every value is bound
    total = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}", values).fetchone()[0]  # noqa: S608
    found = connection.execute(
        f"SELECT record FROM {table} WHERE {where} ORDER BY created_ns DESC, seq DESC LIMIT ? OFFSET ?",  # noqa: S608
        [*values, wanted.limit, wanted.offset],
    )
    return Page([msgspec.json.decode(row[0]) for row in found], total)


def find(connection: "sqlite3.Connection", kind: str, client_id: str, identity: str) -> dict[str, Any] | None:
    """The last record of one id."""
    row = connection.execute(
        f"SELECT record FROM {TABLE[kind]} WHERE client_id = ? AND {IDENTITY[kind]} = ?",  # noqa: S608 - our own words
        (client_id, identity),
    ).fetchone()
    return None if row is None else msgspec.json.decode(row[0])


def post(connection: "sqlite3.Connection", batch: list[Event]) -> None:
    """Keep what moves money, for the past to be told from it and the fills."""
    rows = [
        (event.data["client_id"], event.seq, event.ts_ns, event.kind, msgspec.json.encode(event.data))
        for event in batch
        if event.kind in POSTED and "client_id" in event.data
    ]
    if rows:
        connection.executemany("INSERT OR REPLACE INTO postings VALUES (?, ?, ?, ?, ?)", rows)


def _conditions(kind: str, wanted: Wanted) -> tuple[str, list[Any]]:
    rows: list[tuple[str, list[Any]]] = [("client_id = ?", [wanted.client_id])]
    for column in ("sandbox", "symbol", "graph_id", "node_order_id"):
        value = getattr(wanted, column)
        if value is not None:
            rows.append((f"{column} = ?", [value]))
    if wanted.statuses:
        rows.append((f"status IN ({','.join('?' * len(wanted.statuses))})", list(wanted.statuses)))
    if wanted.ended is not None:
        rows.append((f"ended = {int(wanted.ended)}", []))
    if not wanted.slices:
        rows.append(("is_slice = 0", []))
    if wanted.venue is not None:
        rows.append(
            ("venue = ?", [wanted.venue]) if kind == "fill" else ("instr(venues, ?) > 0", [f",{wanted.venue},"])
        )
    if wanted.since_ns is not None:
        rows.append(("created_ns >= ?", [wanted.since_ns]))
    if wanted.until_ns is not None:
        rows.append(("created_ns <= ?", [wanted.until_ns]))
    return " AND ".join(text for text, _ in rows), [value for _, values in rows for value in values]


def columns(event: Event, record: bytes) -> tuple[Any, ...]:
    """The row of `event`, in the order of its table's columns; `record` is its data encoded."""
    data = event.data
    common = (data["client_id"], data[IDENTITY[event.kind]])
    if event.kind == "order":
        return (
            *common,
            data["graph_id"],
            data["symbol"],
            data["status"],
            f",{','.join(data['venues'])},",
            data["sandbox"],
            data.get("is_slice", False),
            data.get("ended", False),
            data["created_ns"],
            event.seq,
            record,
        )
    if event.kind == "graph":
        return (
            *common,
            data["status"],
            data["sandbox"],
            data.get("ended", False),
            data["created_ns"],
            event.seq,
            record,
        )
    return (
        *common,
        data["node_order_id"],
        data["graph_id"],
        data["symbol"],
        data["venue"],
        data["sandbox"],
        data["ts_ns"],
        event.seq,
        record,
    )


def rewrite(connection: "sqlite3.Connection", batch: "list[Event]", encode: "Callable[[Any], bytes]") -> None:
    """Bring the records up to the events of a batch; the last one of an id stands."""
    post(connection, batch)
    last: dict[str, dict[tuple[str, str], Event]] = {kind: {} for kind in UPSERT}
    for event in batch:
        if event.kind in last:
            last[event.kind][event.data["client_id"], event.data[IDENTITY[event.kind]]] = event
    for kind, rows in last.items():
        if rows:
            connection.executemany(UPSERT[kind], [columns(event, encode(event.data)) for event in rows.values()])
