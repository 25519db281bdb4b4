"""Stored reports, legs and steps: the statements that write them, and the questions to them.

Basis points are kept in thousandths, money as text: USD 1e9 of one order may pass 64 bits.
"""

from collections.abc import Generator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.exchange.orders import Order, slice_id
from seqcli.wire import strict

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
    Rows = Callable[[str, tuple[Any, ...]], Generator[None, None, list[tuple[Any, ...]]]]

TABLES = """
CREATE TABLE IF NOT EXISTS reports (
  client_id TEXT NOT NULL, node_order_id TEXT NOT NULL, completed_ns INTEGER NOT NULL, is_slice INTEGER NOT NULL,
  sandbox INTEGER NOT NULL, symbol TEXT NOT NULL, version INTEGER NOT NULL, venues TEXT NOT NULL, quality TEXT NOT NULL,
  notional TEXT NOT NULL, shortfall INTEGER, spread INTEGER, impact INTEGER, fees INTEGER, total INTEGER,
  saving INTEGER, saved TEXT, execution_ns INTEGER NOT NULL, graph_id TEXT NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY (client_id, node_order_id)
);
CREATE INDEX IF NOT EXISTS reports_by_time ON reports (
  client_id, completed_ns, is_slice, sandbox, symbol, version, venues, quality, notional, shortfall, spread, impact,
  fees, total, saving, saved, execution_ns
);
CREATE TABLE IF NOT EXISTS report_legs (
  client_id TEXT NOT NULL, node_order_id TEXT NOT NULL, venue TEXT NOT NULL, completed_ns INTEGER NOT NULL,
  sandbox INTEGER NOT NULL, symbol TEXT NOT NULL, version INTEGER NOT NULL, status TEXT NOT NULL,
  acked INTEGER NOT NULL, size_usd INTEGER NOT NULL, notional TEXT NOT NULL, fills INTEGER NOT NULL,
  cost INTEGER, fees INTEGER,
  PRIMARY KEY (client_id, node_order_id, venue)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (
  client_id TEXT NOT NULL, graph_id TEXT NOT NULL, node_order_id TEXT NOT NULL, what TEXT NOT NULL,
  received_ns INTEGER NOT NULL, validated_ns INTEGER NOT NULL, applied_ns INTEGER NOT NULL, durable_ns INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS steps_by_graph ON steps (client_id, graph_id);
CREATE TABLE IF NOT EXISTS unreported (
  seq INTEGER PRIMARY KEY, client_id TEXT NOT NULL, node_order_id TEXT NOT NULL, down TEXT NOT NULL
);
"""
Row = tuple[str, tuple[Any, ...]]
"""A statement and its values."""
REPORT = "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
LEG = "INSERT OR REPLACE INTO report_legs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
STEP = "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
DUE = "INSERT OR REPLACE INTO unreported VALUES (?, ?, ?, ?)"
REPORTED = "DELETE FROM unreported WHERE seq = ?"


class Due(msgspec.Struct):
    """An ended order whose report is not made yet: the number of its last event, and the edges down then."""

    seq: int
    node_order_id: str
    down: frozenset[str]
    record: bytes | None


class Step(msgspec.Struct, kw_only=True):
    """A request that changed an order or a graph, as the server's clock measured it.

    `validated_ns` is the exchange's stamp of it; `received_ns` lies before by what was measured, the others after.
    """

    graph_id: str
    node_order_id: str
    what: str
    received_ns: int
    validated_ns: int
    applied_ns: int
    durable_ns: int


class Costs(msgspec.Struct, kw_only=True):
    """The figures of many reports, a column each; basis points in thousandths, money USD 1e9."""

    order: Sequence[str] = ()
    symbol: Sequence[str] = ()
    completed_ns: Sequence[int] = ()
    quality: Sequence[str] = ()
    version: Sequence[int] = ()
    notional: Sequence[int] = ()
    shortfall: Sequence[int | None] = ()
    spread: Sequence[int | None] = ()
    impact: Sequence[int | None] = ()
    fees: Sequence[int | None] = ()
    total: Sequence[int | None] = ()
    saving: Sequence[int | None] = ()
    saved: Sequence[int | None] = ()
    execution_ns: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.notional)

    def at(self, places: Sequence[int]) -> "Costs":
        """Some of the rows."""
        return Costs(**{name: [getattr(self, name)[place] for place in places] for name in self.__struct_fields__})


class Legs(msgspec.Struct, kw_only=True):
    """Parts of ended orders at single venues, a column each; `size` in whole dollars."""

    order: Sequence[str] = ()
    venue: Sequence[str] = ()
    status: Sequence[str] = ()
    acked: Sequence[int] = ()
    size: Sequence[int] = ()
    notional: Sequence[int] = ()
    fills: Sequence[int] = ()
    cost: Sequence[int | None] = ()
    fees: Sequence[int | None] = ()

    def __len__(self) -> int:
        return len(self.notional)


class Which(msgspec.Struct, kw_only=True):
    """A filter; None = any. Times are on the end of the order, both included."""

    client_id: str
    since_ns: int
    until_ns: int
    sandbox: bool | None = None
    symbol: str | None = None
    venue: str | None = None
    version: int | None = None


def milli(value: Decimal | None) -> int | None:
    """A figure with three decimals in thousandths."""
    return None if value is None else int(value.scaleb(3))


def plain(value: int | None) -> Decimal | None:
    """Thousandths as the figure."""
    return None if value is None else Decimal(value).scaleb(-3)


def report_row(client_id: str, body: dict[str, Any], notional_usd_1e9: int, *, is_slice: bool) -> tuple[Any, ...]:
    """The row of a report, in the order of its columns."""
    saved = body["savings_usd"]
    return (
        client_id,
        body["node_order_id"],
        body["completed_ns"],
        is_slice,
        body["is_sandbox"],
        body["symbol"],
        body["routing_version"],
        f",{','.join(row['venue'] for row in body['venue_mix'])},",
        body["quality"],
        str(notional_usd_1e9),
        milli(body["implementation_shortfall_bps"]),
        milli(body["spread_cost_bps"]),
        milli(body["market_impact_bps"]),
        milli(body["fees_bps"]),
        milli(body["total_cost_bps"]),
        milli(body["savings_vs_benchmark_bps"]),
        None if saved is None else str(int(saved.scaleb(9))),
        body["execution_time_ns"],
        body["graph_id"],
        strict.encode(body),
    )


_COLUMN = {"order": "node_order_id"}
FIGURES = ("quality", "notional", "shortfall", "spread", "impact", "fees", "total", "saving", "saved")
"""What aggregates over all that fits are made of."""
_LEG = "node_order_id, venue, status, acked, size_usd, notional, fills, cost, fees"


def measured(
    rows: "Rows", which: Which, names: Sequence[str] = Costs.__struct_fields__
) -> Generator[None, None, Costs]:
    """The figures of every report that fits, oldest first; only the columns called `names`."""
    where, values = _where(which)
    wanted = ", ".join(_COLUMN.get(name, name) for name in names)
    read = yield from rows(f"SELECT {wanted} FROM reports WHERE {where} AND is_slice = 0 ORDER BY completed_ns", values)  # noqa: S608 - our own words
    found = Costs(**dict(zip(names, zip(*read, strict=True), strict=bool(read))))
    yield
    found.notional = list(map(int, found.notional))
    found.saved = [None if value is None else int(value) for value in found.saved]
    return found


def bodies(read: "Read", which: Which, limit: int, offset: int) -> list[dict[str, Any]]:
    """The reports themselves, newest first."""
    where, values = _where(which)
    rows = read(
        f"SELECT record FROM reports WHERE {where} AND is_slice = 0 "  # noqa: S608 - our own words
        "ORDER BY completed_ns DESC, rowid DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return [strict.parse(row[0]) for row in rows]


def body(read: "Read", client_id: str, node_order_id: str) -> dict[str, Any] | None:
    """The report of one order."""
    found = read("SELECT record FROM reports WHERE client_id = ? AND node_order_id = ?", (client_id, node_order_id))
    return strict.parse(found[0][0]) if found else None


def due(read: "Read", limit: int) -> list[Due]:
    """The first of the ended orders that are on disk without a report."""
    rows = read(
        "SELECT u.seq, u.node_order_id, u.down, o.record FROM unreported u LEFT JOIN orders o "
        "ON o.client_id = u.client_id AND o.node_order_id = u.node_order_id ORDER BY u.seq LIMIT ?",
        (limit,),
    )
    return [Due(seq, name, frozenset(down.split()), record) for seq, name, down, record in rows]


def legs(rows: "Rows", which: Which) -> Generator[None, None, Legs]:
    """The legs of every ended order that fits."""
    where, values = _where(which, of_leg=True)
    read = yield from rows(f"SELECT {_LEG} FROM report_legs WHERE {where}", values)  # noqa: S608 - our own words
    found = Legs(**dict(zip(Legs.__struct_fields__, zip(*read, strict=True), strict=bool(read))))
    yield
    found.notional = list(map(int, found.notional))
    return found


def fills_of(read: "Read", client_id: str, graph_id: str) -> list[dict[str, Any]]:
    """The fills of a graph that are on disk."""
    rows = read("SELECT record FROM fills WHERE client_id = ? AND graph_id = ?", (client_id, graph_id))
    return [msgspec.json.decode(row[0]) for row in rows]


def of_order(order: Order, fills: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a graph's fills those of one order, all its slices' included, oldest first."""
    names = names_of(order)
    return sorted((fill for fill in fills if fill["node_order_id"] in names), key=lambda fill: str(fill["fill_id"]))


def names_of(order: Order) -> set[str]:
    """The names under which an order fills: its own, and its slices'."""
    return {order.node_order_id, *(slice_id(order, number) for number in range(1, order.slice_count + 1))}


def fills_of_order(read: "Read", order: Order) -> list[dict[str, Any]]:
    """The fills of an order that are on disk, oldest first."""
    return of_order(order, fills_of(read, order.client_id, order.graph_id))


def steps(read: "Read", client_id: str, graph_id: str) -> list[Step]:
    """What was asked of a graph, oldest first."""
    rows = read(
        "SELECT graph_id, node_order_id, what, received_ns, validated_ns, applied_ns, durable_ns FROM steps "
        "WHERE client_id = ? AND graph_id = ? ORDER BY validated_ns, rowid",
        (client_id, graph_id),
    )
    return [Step(**dict(zip(Step.__struct_fields__, row, strict=True))) for row in rows]


def waits(read: "Read", which: Which) -> dict[str, int]:
    """Graph → from the reception of its submission to its being on disk."""
    wanted = [
        (text, value)
        for text, value in (
            ("symbol = ?", which.symbol),
            ("instr(venues, ?) > 0", None if which.venue is None else f",{which.venue},"),
            ("sandbox = ?", which.sandbox),
        )
        if value is not None
    ]
    rows = read(
        "SELECT graph_id, durable_ns - received_ns FROM steps WHERE client_id = ? AND what = 'place' "  # noqa: S608 - our own words
        "AND validated_ns BETWEEN ? AND ? AND (? OR graph_id IN (SELECT graph_id FROM orders "
        f"WHERE {' AND '.join(['orders.client_id = steps.client_id', *(text for text, _ in wanted)])}))",
        (which.client_id, which.since_ns, which.until_ns, not wanted, *(value for _, value in wanted)),
    )
    return dict(rows)


def counts(read: "Read", which: Which) -> tuple[dict[str, int], list[int]]:
    """Orders that were made in this time, by status; and the notional of each fill, USD 1e9."""
    where, values = _made(which, "instr(venues, ?) > 0", f",{which.venue},")
    made = read(f"SELECT status, count(*) FROM orders WHERE {where} AND is_slice = 0 GROUP BY status", values)  # noqa: S608 - our own words
    where, values = _made(which, "venue = ?", which.venue)
    fills = read(f"SELECT json_extract(record, '$.notional_usd_1e9') FROM fills WHERE {where}", values)  # noqa: S608 - our own words
    return dict(made), [row[0] for row in fills]


def _made(which: Which, of_venue: str, venue: str | None) -> tuple[str, tuple[Any, ...]]:
    where, values = "client_id = ? AND created_ns BETWEEN ? AND ?", [which.client_id, which.since_ns, which.until_ns]
    for text, value, wanted in (
        ("sandbox = ?", which.sandbox, which.sandbox is not None),
        ("symbol = ?", which.symbol, which.symbol is not None),
        (of_venue, venue, which.venue is not None),
    ):
        if wanted:
            where, values = f"{where} AND {text}", [*values, value]
    return where, tuple(values)


def _where(which: Which, *, of_leg: bool = False) -> tuple[str, tuple[Any, ...]]:
    rows: list[tuple[str, Any]] = [
        ("client_id = ?", which.client_id),
        ("completed_ns >= ?", which.since_ns),
        ("completed_ns <= ?", which.until_ns),
    ]
    for column in ("sandbox", "symbol", "version"):
        value = getattr(which, column)
        if value is not None:
            rows.append((f"{column} = ?", value))
    if which.venue is not None:
        rows.append(("venue = ?", which.venue) if of_leg else ("instr(venues, ?) > 0", f",{which.venue},"))
    return " AND ".join(text for text, _ in rows), tuple(value for _, value in rows)
