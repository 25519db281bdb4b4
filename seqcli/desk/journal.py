"""What was meant to be sent and how it ended, written before the first byte leaves. SQLite in WAL mode, fsynced."""

import hashlib
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from seqcli import files
from seqcli.client.redact import redact
from seqcli.desk.together import Wish, grant
from seqcli.errors import NotSent

BUSY_S = 3.0
_PAUSE_S = 0.005
_COLUMNS = [
    "graph_id",
    "account",
    "mode",
    "kind",
    "target",
    "body",
    "sha256",
    "symbol",
    "side",
    "qty_1e8",
    "price_1e9",
    "notional_usd_1e9",
    "worth_usd_1e9",
    "by_1e8",
    "created_ns",
    "deadline_ns",
    "outcome",
    "status",
    "node_order_id",
    "abandoned_ns",
    "updated_ns",
]
_INSERT = f"INSERT INTO intents ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - our own names
_EVIDENCE = "INSERT INTO evidence VALUES (?, ?, ?)"
_SCHEMA = """
CREATE TABLE intents (
  id INTEGER PRIMARY KEY, graph_id TEXT NOT NULL, account TEXT NOT NULL, mode TEXT NOT NULL, kind TEXT NOT NULL,
  target TEXT NOT NULL, body BLOB NOT NULL, sha256 TEXT NOT NULL, symbol TEXT, side TEXT, qty_1e8 INTEGER,
  price_1e9 INTEGER, notional_usd_1e9 INTEGER, worth_usd_1e9 INTEGER, by_1e8 INTEGER, created_ns INTEGER NOT NULL,
  deadline_ns INTEGER NOT NULL, outcome TEXT NOT NULL, status TEXT, node_order_id TEXT, abandoned_ns INTEGER,
  updated_ns INTEGER NOT NULL);
CREATE UNIQUE INDEX placed ON intents (account, graph_id) WHERE kind = 'place';
CREATE INDEX recent ON intents (account, created_ns);
CREATE INDEX unsettled ON intents (outcome) WHERE outcome IN ('pending', 'unknown');
CREATE TABLE evidence (
  intent INTEGER NOT NULL REFERENCES intents (id), ts_ns INTEGER NOT NULL, what TEXT NOT NULL);
CREATE INDEX evidence_of ON evidence (intent, ts_ns)
"""


class Intent(msgspec.Struct, kw_only=True):
    """One thing that was meant to be sent.

    `kind` is place, amend or decrease; `target` the graph or order id; `body` the exact bytes; `outcome` pending
    (in flight), accepted, rejected, unknown or not_sent; `account` the key's fingerprint; `worth_usd_1e9` what the
    policy valued it at.
    """

    id: int = 0
    graph_id: str
    account: str
    mode: str
    kind: str
    target: str
    body: bytes
    sha256: str = ""
    symbol: str | None = None
    side: str | None = None
    qty_1e8: int | None = None
    price_1e9: int | None = None
    notional_usd_1e9: int | None = None
    worth_usd_1e9: int | None = None
    by_1e8: int | None = None
    created_ns: int
    deadline_ns: int
    outcome: str = "pending"
    status: str | None = None
    node_order_id: str | None = None
    abandoned_ns: int | None = None
    updated_ns: int = 0

    def shown(self) -> dict[str, Any]:
        """As JSON, the body as text."""
        row: dict[str, Any] = msgspec.structs.asdict(self)
        return row | {"body": self.body.decode("utf-8", "backslashreplace")}


class Taken(Exception):
    """There is a submission of that graph id already: `earlier`."""

    def __init__(self, earlier: Intent) -> None:
        super().__init__(earlier.graph_id)
        self.earlier = earlier


class Journal:
    """One file for every account of this user; safe with several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._wishes: deque[Wish] = deque()

    def intend(self, intent: Intent, allow: "Callable[[Journal], None] | None" = None) -> Intent:
        """Commit `intent` to disk; `allow` may refuse it inside the same transaction.

        Raises Taken where the account has used its id, NotSent when it can't be written, and what `allow` raises.
        """
        intent.sha256 = hashlib.sha256(intent.body).hexdigest()
        intent.updated_ns = intent.created_ns

        def insert(connection: sqlite3.Connection) -> None:
            earlier = self.find(intent.account, intent.graph_id) if intent.kind == "place" else None
            if earlier is not None:
                raise Taken(earlier)
            if allow is not None:
                allow(self)
            row = connection.execute(_INSERT, [getattr(intent, name) for name in _COLUMNS])
            intent.id = row.lastrowid or 0

        self._write(insert)
        return intent

    def settle(self, intent: Intent, now_ns: int, what: str) -> None:
        """Record the intent's outcome and why. What the exchange has accepted is not unsaid by a later doubt.

        An acceptance is not waited for on the disk: lost with the power, it leaves an intent to be looked up and found.
        """
        intent.updated_ns = now_ns
        row = (intent.status, intent.node_order_id, intent.abandoned_ns, now_ns)

        def update(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE intents SET outcome = ?, status = ?, node_order_id = ?, abandoned_ns = ?, updated_ns = ?"
                " WHERE id = ? AND (outcome != 'accepted' OR ? NOT IN ('pending', 'unknown', 'not_sent'))",
                (intent.outcome, *row, intent.id, intent.outcome),
            )
            connection.execute(_EVIDENCE, (intent.id, now_ns, redact(what)))

        self._write(update, durable=intent.outcome != "accepted")

    def reopen(self, intent: Intent, now_ns: int, deadline_ns: int) -> None:
        """Before the bytes of `intent` leave again: its fate is open, and earlier look-ups prove nothing any more."""
        intent.outcome, intent.status, intent.abandoned_ns, intent.updated_ns = "pending", None, None, now_ns
        intent.deadline_ns = max(intent.deadline_ns, deadline_ns)

        def update(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE intents SET outcome = ?, status = ?, abandoned_ns = ?, updated_ns = ?, deadline_ns = ?"
                " WHERE id = ? AND outcome != 'accepted'",
                (intent.outcome, intent.status, intent.abandoned_ns, now_ns, intent.deadline_ns, intent.id),
            )
            connection.execute(_EVIDENCE, (intent.id, now_ns, "sent again"))

        self._write(update)

    def note(self, intent: Intent, now_ns: int, what: str) -> None:
        """Add a piece of evidence."""
        self._write(lambda connection: connection.execute(_EVIDENCE, (intent.id, now_ns, redact(what))))

    def find(self, account: str | None, graph_id: str) -> Intent | None:
        """The submission with this graph id; None when there is none."""
        where, values = "graph_id = ? AND kind = 'place'", [graph_id]
        if account is not None:  # a condition of its own: an OR would read the whole table
            where, values = f"{where} AND account = ?", [graph_id, account]
        return next(iter(self.select(where, *values)), None)

    def unsettled(self, account: str | None = None) -> list[Intent]:
        """Pending and unknown, not abandoned, oldest first."""
        where = "outcome IN ('pending', 'unknown') AND abandoned_ns IS NULL AND (? IS NULL OR account = ?)"
        return self.select(f"{where} ORDER BY id", account, account)

    def select(self, where: str, *values: Any) -> list[Intent]:
        """Intents matching an SQL condition of ours."""
        with self._reading() as connection:
            statement = f"SELECT id, {', '.join(_COLUMNS)} FROM intents WHERE {where}"  # noqa: S608 - our own text
            rows = connection.execute(statement, values)
            return [Intent(**dict(zip(("id", *_COLUMNS), row, strict=True))) for row in rows]

    def sum_of(self, expression: str, where: str, *values: Any) -> int:
        """One integer over the intents; 0 when there are none."""
        with self._reading() as connection:
            statement = f"SELECT {expression} FROM intents WHERE {where}"  # noqa: S608 - our own text
            found = connection.execute(statement, values).fetchone()[0]
        return int(found or 0)

    def evidence(self, intent: Intent) -> list[dict[str, Any]]:
        """What is known about an intent, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT ts_ns, what FROM evidence WHERE intent = ? ORDER BY ts_ns, rowid", (intent.id,)
            )
            return [{"ts_ns": ts_ns, "what": what} for ts_ns, what in rows]

    def verify(self) -> dict[str, Any]:
        """Is the file sound, and does every body still have its digest?"""
        with self._reading() as connection:
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            rows = connection.execute("SELECT graph_id, body, sha256 FROM intents").fetchall()
        wrong = [graph_id for graph_id, body, digest in rows if hashlib.sha256(body).hexdigest() != digest]
        problems += [f"the body of {graph_id} was changed" for graph_id in wrong]
        return {"sound": not problems, "intents": len(rows), "problems": problems, "path": str(self.path)}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _write(self, work: Callable[[sqlite3.Connection], object], *, durable: bool = True) -> None:
        """Commit `work`; `durable`: on the disk when this returns, else when the next durable one is.

        Threads that come while one is writing are written together by the next of them, each whole or not at all.
        """
        mine = Wish(work, durable=durable)
        self._wishes.append(mine)
        with self._lock:
            if not mine.done:
                self._grant([self._wishes.popleft() for _ in range(len(self._wishes))])
        if isinstance(mine.error, sqlite3.Error | OSError):
            raise self._cannot(mine.error) from mine.error
        if mine.error is not None:
            raise mine.error

    def _grant(self, wishes: list[Wish]) -> None:
        try:
            with self._reading() as connection:
                grant(connection, wishes)
        except NotSent as error:
            for wish in wishes:
                wish.error = error
        except BaseException:
            for wish in wishes:
                wish.error = wish.error or NotSent("interrupted before it was in the journal", code="JOURNAL")
            raise
        finally:
            for wish in wishes:
                wish.done = True

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except (sqlite3.Error, OSError) as error:
                raise self._cannot(error) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._make_private()
            self._connection = self._opened()
        return self._connection

    def _make_private(self) -> None:
        """Create the file 0600 before SQLite does, whose -wal and -shm take its mode; refuse one others can read."""
        files.make_folder(self.path.parent)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self.path, flags, files.PRIVATE_FILE)
        try:
            files.check_private(self.path, os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            _keep_a_log(connection)
            if _version(connection) == 0:
                connection.execute("BEGIN IMMEDIATE")
                if _version(connection) == 0:  # another process may have been first
                    for statement in _SCHEMA.split(";"):
                        connection.execute(statement)
                    connection.execute("PRAGMA user_version = 1")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _cannot(self, error: Exception) -> NotSent:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "an order that can't be journaled is not sent; check the disk, or set SEQ_STATE_DIR"
        return NotSent(f"cannot write the journal {self.path}: {reason}", hint=hint, code="JOURNAL")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait for others who open a new file at the same moment, so that is done here."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(_PAUSE_S)
            continue
        if mode != "wal":
            raise sqlite3.OperationalError("no write-ahead log can be kept there")
        return


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
