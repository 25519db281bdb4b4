"""Deployments as they are kept: the record, its module, its log lines. Whether one runs is the fleet's affair."""

from os import urandom
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.ids import random_id
from seqcli.sandbox.market.instruments import Instrument
from seqcli.wire import algos

if TYPE_CHECKING:
    from seqcli.sandbox.storage.store import Store

SECOND_NS = 1_000_000_000
MAX_LINES = 10_000
NOT_SERVED = "runs while the exchange is served: seq sandbox start"
_LOGS = """
CREATE TABLE IF NOT EXISTS algo_logs (
  client_id TEXT NOT NULL, deployment_id TEXT NOT NULL, ts_ns INTEGER NOT NULL, level TEXT NOT NULL,
  edge_id TEXT NOT NULL, symbol TEXT NOT NULL, message TEXT NOT NULL
)"""
_LOGS_INDEX = "CREATE INDEX IF NOT EXISTS algo_logs_by_id ON algo_logs (client_id, deployment_id, ts_ns)"


class Stored(msgspec.Struct, kw_only=True):
    """What is kept of a deployment; `by_symbol` ones are those of /v1/algos. `wanted` is whether it should run."""

    client_id: str = ""
    deployment: algos.Deployment
    by_symbol: bool
    wanted: bool = False
    mesh: list[dict[str, Any]] = []
    update_seq: int = 0


class Line(msgspec.Struct, kw_only=True):
    """One line of a log."""

    ts_ns: int
    level: str
    edge_id: str
    symbol: str
    message: str


class Wanted(msgspec.Struct, kw_only=True):
    """Which lines: the newest `limit`, or those from `since_ns` on."""

    limit: int
    since_ns: int | None = None
    level: str | None = None
    edge_id: str | None = None


class Deployments:
    """The deployments of one store."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        store.write(_LOGS)
        store.write(_LOGS_INDEX)

    def every(self) -> list[Stored]:
        """Of every client, oldest first."""
        found = self._store.read("SELECT client_id, record FROM deployments ORDER BY rowid")
        return [_decoded(client_id, record) for client_id, record in found]

    def of(self, client_id: str, *, sandbox: bool) -> list[Stored]:
        """Of one client, newest first."""
        found = self._store.read(
            "SELECT client_id, record FROM deployments WHERE client_id = ? AND sandbox = ? ORDER BY rowid DESC",
            (client_id, sandbox),
        )
        return [_decoded(owner, record) for owner, record in found]

    def module(self, row: Stored) -> bytes:
        """The bytes that were uploaded."""
        found = self._store.read(
            "SELECT module FROM deployments WHERE client_id = ? AND deployment_id = ?",
            (row.client_id, row.deployment.deployment_id),
        )
        return bytes(found[0][0])

    def add(self, row: Stored, module: bytes) -> None:
        """A new one, durable at return."""
        deployment = row.deployment
        self._store.write(
            "INSERT INTO deployments VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.client_id,
                deployment.deployment_id,
                deployment.is_sandbox,
                deployment.created_ns,
                msgspec.json.encode(row),
                module,
            ),
        )

    def keep(self, row: Stored, module: bytes | None = None) -> None:
        """Its record as it is now (and its module, when that is another), durable at return."""
        names = (row.client_id, row.deployment.deployment_id)
        where = "WHERE client_id = ? AND deployment_id = ?"
        self._store.write(f"UPDATE deployments SET record = ? {where}", (msgspec.json.encode(row), *names))  # noqa: S608
        if module is not None:
            self._store.write(f"UPDATE deployments SET module = ? {where}", (module, *names))  # noqa: S608

    def remove(self, row: Stored) -> None:
        """Forget it and its log."""
        names = (row.client_id, row.deployment.deployment_id)
        for table in ("deployments", "algo_logs"):
            self._store.write(f"DELETE FROM {table} WHERE client_id = ? AND deployment_id = ?", names)  # noqa: S608

    def log(self, row: Stored, lines: list[Line]) -> None:
        """Add lines; the oldest beyond ten thousand go."""
        names = (row.client_id, row.deployment.deployment_id)
        for line in lines:
            self._store.write(
                "INSERT INTO algo_logs VALUES (?, ?, ?, ?, ?, ?, ?)", (*names, *msgspec.structs.astuple(line))
            )
        self._store.write(
            "DELETE FROM algo_logs WHERE client_id = ? AND deployment_id = ? AND rowid <= "
            "(SELECT max(rowid) FROM algo_logs WHERE client_id = ? AND deployment_id = ?) - ?",
            (*names, *names, MAX_LINES),
        )

    def lines(self, row: Stored, wanted: Wanted) -> tuple[list[Line], bool]:
        """Lines, oldest first; and whether there are more than were asked for."""
        where, values = "client_id = ? AND deployment_id = ?", [row.client_id, row.deployment.deployment_id]
        for name in ("level", "edge_id"):
            if getattr(wanted, name) is not None:
                where, values = f"{where} AND {name} = ?", [*values, getattr(wanted, name)]
        order = "DESC"
        if wanted.since_ns is not None:
            where, order = f"{where} AND ts_ns >= {int(wanted.since_ns)}", "ASC"
        found = self._store.read(
            f"SELECT ts_ns, level, edge_id, symbol, message FROM algo_logs WHERE {where} "  # noqa: S608 - our own words
            f"ORDER BY rowid {order} LIMIT {int(wanted.limit) + 1}",
            tuple(values),
        )
        rows = [Line(ts_ns=a, level=b, edge_id=c, symbol=d, message=e) for a, b, c, d, e in found[: wanted.limit]]
        return (rows if order == "ASC" else rows[::-1]), len(found) > wanted.limit

    def fills(self, client_id: str, prefix: str) -> list[dict[str, Any]]:
        """Every fill of orders whose graph id begins with `prefix`, in order."""
        found = self._store.read(
            "SELECT record FROM fills WHERE client_id = ? AND graph_id >= ? AND graph_id < ? ORDER BY seq",
            (client_id, prefix, f"{prefix}\U0010ffff"),
        )
        return [msgspec.json.decode(row[0]) for row in found]


def _decoded(client_id: str, record: bytes) -> Stored:
    row = msgspec.json.decode(record, type=Stored)
    row.client_id = client_id
    return row


def new_id() -> str:
    """The id of a new deployment."""
    return f"dep_{urandom(10).hex()}"


def edges_of(
    instruments: list[Instrument], venues: list[str] | None, size: int, digest: str, now_ns: int
) -> list[algos.DeploymentEdge]:
    """One edge a symbol and venue, where the venue was meant."""
    return [
        _edge(row.symbol, venue, size, digest, now_ns)
        for row in instruments
        for venue in sorted(row.venues)
        if venues is None or venue in venues
    ]


def _edge(symbol: str, venue: str, size: int, digest: str, now_ns: int) -> algos.DeploymentEdge:
    return algos.DeploymentEdge(
        symbol=symbol,
        edge_id=f"venue-edge-{venue}",
        deploy_id=random_id(),
        status="paused",
        size_bytes=size,
        sha256=digest,
        deployed_at=now_ns // SECOND_NS,
        last_heartbeat=None,
        pause_reason="not_started",
        position_1e8=0,
        realized_pnl_1e9=0,
        session_realized_pnl_1e9=0,
        unrealized_pnl_1e9=0,
        callback_latency_ns=0,
        update_count=0,
        instance_label=None,
        error=None,
    )


def set_status(row: Stored, status: str, reason: str | None, now_ns: int, *, error: str | None = None) -> None:
    """The whole deployment and each of its edges."""
    row.deployment.status, row.deployment.updated_ns = status, now_ns
    for edge in row.deployment.edges:
        edge.status, edge.pause_reason, edge.error = status, reason, error
