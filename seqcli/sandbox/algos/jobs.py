"""Backtest jobs as they are kept: the record, the inputs, the results. Whether one runs is the runner's affair."""

from os import urandom
from typing import TYPE_CHECKING

import msgspec

from seqcli.wire.backtests import UNFINISHED

if TYPE_CHECKING:
    from seqcli.sandbox.storage.store import Store

KEPT = 50
"""Ended jobs of a client; the oldest beyond them go."""
_TABLE = """
CREATE TABLE IF NOT EXISTS backtests (
  client_id TEXT NOT NULL, job_id TEXT NOT NULL, sandbox INTEGER NOT NULL, ended INTEGER NOT NULL,
  record BLOB NOT NULL, inputs BLOB NOT NULL, results BLOB,
  PRIMARY KEY (client_id, job_id)
)"""


class StoredJob(msgspec.Struct, kw_only=True):
    """What is kept of a job; `starts` counts the children that it was given."""

    client_id: str
    is_sandbox: bool
    job_id: str
    status: str = "queued"
    error: str | None = None
    symbols: list[str]
    start_ns: int
    end_ns: int
    wasm_sha256: str
    created_ns: int
    started_ns: int | None = None
    finished_ns: int | None = None
    starts: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status not in UNFINISHED


class Jobs:
    """The jobs of one store."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        store.write(_TABLE)

    def of(self, client_id: str, *, sandbox: bool) -> list[StoredJob]:
        """Of one client, newest first."""
        found = self._store.read(
            "SELECT record FROM backtests WHERE client_id = ? AND sandbox = ? ORDER BY rowid DESC", (client_id, sandbox)
        )
        return [_decoded(row[0]) for row in found]

    def unfinished(self) -> list[StoredJob]:
        """Of every client, oldest first."""
        return [
            _decoded(row[0]) for row in self._store.read("SELECT record FROM backtests WHERE ended = 0 ORDER BY rowid")
        ]

    def inputs(self, job: StoredJob) -> bytes:
        """What decides it."""
        return bytes(self._column("inputs", job) or b"")

    def results(self, job: StoredJob) -> bytes | None:
        """The report as JSON; None where there is none."""
        return self._column("results", job)

    def add(self, job: StoredJob, inputs: bytes) -> None:
        """A new one, durable at return; the oldest ended ones of the client go."""
        self._store.write(
            "INSERT INTO backtests VALUES (?, ?, ?, 0, ?, ?, NULL)",
            (job.client_id, job.job_id, job.is_sandbox, msgspec.json.encode(job), inputs),
        )
        self._store.write(
            "DELETE FROM backtests WHERE rowid IN (SELECT rowid FROM backtests WHERE client_id = ? AND ended = 1 "
            "ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
            (job.client_id, KEPT),
        )

    def keep(self, job: StoredJob, results: bytes | None = None) -> None:
        """Its record as it is now, with the results where there are some; durable at return. Of one that has ended
        the inputs, a module with them, are let go.
        """
        self._store.write(
            "UPDATE backtests SET record = ?, ended = ?, results = ?, inputs = iif(?, x'', inputs) "
            "WHERE client_id = ? AND job_id = ?",
            (msgspec.json.encode(job), job.ended, results, job.ended, job.client_id, job.job_id),
        )

    def _column(self, name: str, job: StoredJob) -> bytes | None:
        found = self._store.read(
            f"SELECT {name} FROM backtests WHERE client_id = ? AND job_id = ?",  # noqa: S608 - our own words
            (job.client_id, job.job_id),
        )
        return found[0][0] if found else None


def _decoded(record: bytes) -> StoredJob:
    return msgspec.json.decode(record, type=StoredJob)


def new_id() -> str:
    """The id of a new job."""
    return f"bt_{urandom(10).hex()}"


class Told(msgspec.Struct, array_like=True):
    """What a job's child says: how far it is, in thousandths; at its end the report as JSON, or an error."""

    per_mille: int = 0
    report: bytes | None = None
    error: str | None = None
