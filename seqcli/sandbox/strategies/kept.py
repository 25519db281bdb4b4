"""Strategies as they are kept: the record, its archive, its sealed secrets, what its runs have printed."""

from os import urandom
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.storage.vault import Identity, Vault
from seqcli.wire import strategies
from seqcli.wire.strategies import Line, Strategy

if TYPE_CHECKING:
    from seqcli.sandbox.storage.store import Store

MAX_LINES = 10_000
_TABLES = (
    """
CREATE TABLE IF NOT EXISTS strategies (
  client_id TEXT NOT NULL, strategy_id TEXT NOT NULL, sandbox INTEGER NOT NULL, created_ns INTEGER NOT NULL,
  record BLOB NOT NULL, artifact BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (client_id, strategy_id)
)""",
    """
CREATE TABLE IF NOT EXISTS strategy_logs (
  client_id TEXT NOT NULL, strategy_id TEXT NOT NULL, run_id TEXT NOT NULL, ts_ns INTEGER NOT NULL,
  stream TEXT NOT NULL, message TEXT NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS strategy_logs_by_id ON strategy_logs (client_id, strategy_id, run_id, ts_ns)",
)
LEVELS = {"stdout": "info", "stderr": "error"}


class Stored(msgspec.Struct, kw_only=True):
    """What is kept of a strategy; `run_key_id` is the key that was made for the run under way."""

    client_id: str = ""
    strategy: Strategy
    run_key_id: str | None = None


class Secrets(msgspec.Struct, kw_only=True):
    """What is sealed: the values by name, and the caller's own key, if the runs are to use that."""

    values: dict[str, str] = {}
    api_key: str | None = None


class Wanted(msgspec.Struct, kw_only=True):
    """Which lines: the newest `limit`, or those from `since_ns` on."""

    limit: int
    run_id: str
    since_ns: int | None = None
    level: str | None = None


class Strategies:
    """The strategies of one store."""

    def __init__(self, store: "Store", vault: Vault) -> None:
        self._store, self._vault = store, vault
        for statement in _TABLES:
            store.write(statement)

    def every(self) -> list[Stored]:
        """Of every client, oldest first."""
        found = self._store.read("SELECT client_id, record FROM strategies ORDER BY rowid")
        return [_decoded(*row) for row in found]

    def of(self, client_id: str, *, sandbox: bool) -> list[Stored]:
        """Of one client, newest first."""
        found = self._store.read(
            "SELECT client_id, record FROM strategies WHERE client_id = ? AND sandbox = ? ORDER BY rowid DESC",
            (client_id, sandbox),
        )
        return [_decoded(*row) for row in found]

    def put(self, row: Stored, artifact: bytes, secrets: Secrets) -> None:
        """A new one, or another version in its place; durable at return. Raises `vault.Broken`, `files.Unsafe`."""
        strategy = row.strategy
        nonce, sealed = self._vault.seal(_identity(row), msgspec.json.encode(secrets))
        self._store.write(
            "INSERT OR REPLACE INTO strategies VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_names(row), strategy.is_sandbox, strategy.created_ns, _record(row), artifact, nonce, sealed),
        )

    def keep(self, row: Stored) -> None:
        """Its record as it is now, durable at return."""
        self._store.write(
            "UPDATE strategies SET record = ? WHERE client_id = ? AND strategy_id = ?", (_record(row), *_names(row))
        )

    def opened(self, row: Stored) -> tuple[bytes, Secrets]:
        """The archive and the secrets: for a run, and to compare. Raises `vault.Broken`."""
        ((artifact, nonce, sealed),) = self._store.read(
            "SELECT artifact, nonce, sealed FROM strategies WHERE client_id = ? AND strategy_id = ?", _names(row)
        )
        secret = self._vault.unseal(_identity(row), bytes(nonce), bytes(sealed))
        return bytes(artifact), msgspec.json.decode(secret, type=Secrets)

    def remove(self, row: Stored) -> None:
        """Forget it, its secrets and its log."""
        for table in ("strategies", "strategy_logs"):
            self._store.write(f"DELETE FROM {table} WHERE client_id = ? AND strategy_id = ?", _names(row))  # noqa: S608

    def log(self, row: Stored, run_id: str, lines: list[tuple[int, str, str]]) -> None:
        """Add lines (instant, stream, text), durable at return; the oldest beyond ten thousand go."""
        names = _names(row)
        self._store.write(
            "INSERT INTO strategy_logs SELECT ?, ?, ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), "
            "json_extract(value, '$[2]') FROM json_each(?)",
            (*names, run_id, msgspec.json.encode(lines).decode()),
        )
        self._store.write(
            "DELETE FROM strategy_logs WHERE client_id = ? AND strategy_id = ? AND rowid <= "
            "(SELECT max(rowid) FROM strategy_logs WHERE client_id = ? AND strategy_id = ?) - ?",
            (*names, *names, MAX_LINES),
        )

    def lines(self, row: Stored, wanted: Wanted) -> tuple[list[Line], bool]:
        """Lines, oldest first; and whether there are more than were asked for."""
        where, values = "client_id = ? AND strategy_id = ? AND run_id = ?", [*_names(row), wanted.run_id]
        if wanted.level is not None:
            where, values = f"{where} AND stream = ?", [*values, _stream(wanted.level)]
        order = "DESC"
        if wanted.since_ns is not None:
            where, order = f"{where} AND ts_ns >= {int(wanted.since_ns)}", "ASC"
        found = self._store.read(
            f"SELECT ts_ns, stream, run_id, message FROM strategy_logs WHERE {where} "  # noqa: S608 - our own words
            f"ORDER BY rowid {order} LIMIT {int(wanted.limit) + 1}",
            tuple(values),
        )
        rows = [
            Line(ts_ns=ts_ns, level=LEVELS[stream], stream=stream, run_id=run_id, message=message)
            for ts_ns, stream, run_id, message in found[: wanted.limit]
        ]
        return (rows if order == "ASC" else rows[::-1]), len(found) > wanted.limit


def new_id(kind: str) -> str:
    """The id of a new strategy or run."""
    return f"{kind}_{urandom(10).hex()}"


def _stream(level: str) -> str:
    return next((stream for stream, known in LEVELS.items() if known == level), "")


def _decoded(client_id: str, record: bytes) -> Stored:
    row = msgspec.json.decode(record, type=Stored)
    row.client_id = client_id
    return row


def _record(row: Stored) -> bytes:
    return msgspec.json.encode(row)


def _names(row: Stored) -> tuple[str, str]:
    return row.client_id, row.strategy.strategy_id


def _identity(row: Stored) -> Identity:
    return Identity(row.client_id, row.strategy.is_sandbox, row.strategy.strategy_id)


def fresh(client_id: str, body: strategies.CreateStrategy, **more: Any) -> Stored:
    """A strategy that was never stored."""
    return Stored(
        client_id=client_id,
        strategy=Strategy(
            strategy_id=new_id("strat"),
            name=body.name,
            version=1,
            runtime=body.runtime,
            entrypoint=body.entrypoint,
            status="stopped",
            placement=body.placement,
            risk=body.risk,
            env=body.env or {},
            secret_names=sorted(body.secrets or {}),
            manifest=body.manifest,
            run_id=None,
            exit_code=None,
            error=None,
            **more,
        ),
    )
