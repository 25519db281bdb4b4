"""SQLite: events are appended, and the records they change are rewritten, in one transaction, before anyone
is told.

WAL, synchronous FULL. A reload is the last snapshot and the later events. What is staged and not yet on disk is seen
by every read of this process. A store that cannot be read is set aside under another name, which `notes` says.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from seqcli import files
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.storage import costs, records
from seqcli.sandbox.storage.damage import CannotWrite, Corrupt, NewerStore, checked
from seqcli.sandbox.storage.keys import Key
from seqcli.sandbox.storage.records import IDENTITY, Page, Snapshot, Wanted
from seqcli.sandbox.storage.schema import POSTINGS, TABLES, VERSION

SNAPSHOT_BYTES = 4 << 20
"""Events of this many bytes are worth a snapshot, which lets them go."""
_ENCODE = msgspec.json.Encoder().encode
_DECODE_EVENTS = msgspec.json.Decoder(list[Event]).decode
_DECODE_KEY = msgspec.msgpack.Decoder(Key).decode


class Loaded(msgspec.Struct):
    """What a reload starts from; `seq` and `ts_ns` are those of the last event."""

    snapshot: bytes | None
    events: list[Event]
    seq: int
    ts_ns: int


class Store:
    """One open store. Made by `open_store`."""

    def __init__(self, path: Path, now_ns: int) -> None:
        self.path = path
        self.notes: list[str] = []
        self._writing = threading.Lock()
        self._staged: list[Event] = []
        self._rows: list[costs.Row] = []
        self._snapshot: tuple[int, int, bytes] | None = None
        self._fresh: dict[tuple[str, str, str], Event] = {}
        self.event_bytes = 0
        self.snapshot_bytes = SNAPSHOT_BYTES
        self.committed_seq = 0
        self._connection = _connect(path)
        try:
            self._prepare(now_ns)
        except BaseException:
            self._connection.close()
            raise
        self._reader = self._connection

    def _prepare(self, now_ns: int) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise NewerStore(
                f"{self.path} was written by a later version", hint="update seqcli, or name another folder"
            )
        if version == 0:
            self._create(now_ns)
        self._connection.executescript(costs.TABLES + POSTINGS)
        self.client_id = self._meta("client_id").decode()
        self.created_ns = int(self._meta("created_ns"))

    def _create(self, now_ns: int) -> None:
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Corrupt("tables without a version")
        client_id = f"cl_{os.urandom(10).hex()}"
        self._connection.executescript(
            f"BEGIN IMMEDIATE;{TABLES}INSERT INTO meta VALUES ('client_id', '{client_id}');"  # noqa: S608 - our own words
            f"INSERT INTO meta VALUES ('created_ns', '{now_ns}'); PRAGMA user_version = {VERSION};COMMIT;"
        )

    def _meta(self, name: str) -> bytes:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise Corrupt(f"no {name}")
        return row[0].encode() if isinstance(row[0], str) else bytes(row[0])

    def read_apart(self) -> None:
        """Read on a connection of its own, so that a read never waits for a commit in another thread."""
        self._reader = _connect(self.path)

    def check(self) -> None:
        """Read every page. Raises `Corrupt`."""
        verdict = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise Corrupt(str(verdict))

    def load(self) -> Loaded:
        """The last snapshot and all later events. Raises `Corrupt` for a wrong byte or a missing event."""
        row = self._connection.execute("SELECT seq, ts_ns, crc, data FROM snapshot").fetchone()
        loaded = Loaded(None, [], 0, 0)
        if row is not None:
            loaded = Loaded(checked(row[3], row[2]), [], row[0], row[1])
        self.event_bytes = 0
        query = "SELECT first_seq, last_seq, crc, batch FROM events ORDER BY first_seq"
        for first, last, crc, batch in self._connection.execute(query):
            self.event_bytes += len(batch)
            if first > loaded.seq + 1:
                raise Corrupt(f"event {loaded.seq + 1} is missing")
            try:  # a snapshot may have been taken in the middle of a batch
                loaded.events += [event for event in _DECODE_EVENTS(checked(batch, crc)) if event.seq > loaded.seq]
            except msgspec.MsgspecError as error:
                raise Corrupt(str(error)) from error
            loaded.seq = max(loaded.seq, last)
        if loaded.events:
            loaded.ts_ns = loaded.events[-1].ts_ns
        self.committed_seq = loaded.seq
        return loaded

    def stage(self, events: list[Event]) -> None:
        """Take `events`, visible at once and durable after the next `commit`. Their data must not change any more."""
        self._staged += events
        for event in events:
            identity = IDENTITY.get(event.kind)
            if identity is not None:
                self._fresh[event.kind, event.data["client_id"], event.data[identity]] = event

    def stage_rows(self, rows: Iterable[costs.Row]) -> None:
        """Take rows that are kept beside the events (a statement, its values); the next `commit` writes them, too."""
        made = list(rows)  # whole before it is handed over: the writing thread may take it at any moment
        self._rows.extend(made)

    def stage_snapshot(self, seq: int, ts_ns: int, data: bytes) -> None:
        """Take a snapshot of the exchange after event `seq`; the next `commit` lets the events up to it go."""
        self._snapshot = (seq, ts_ns, data)

    @property
    def snapshot_due(self) -> bool:
        """Enough events have gathered since the last snapshot."""
        return self.event_bytes > self.snapshot_bytes and self._snapshot is None

    def commit(self) -> int:
        """Make what is staged durable; any thread. Returns the last event's number. Raises `CannotWrite`."""
        with self._writing:
            batch, self._staged = self._staged, []
            rows, self._rows = self._rows, []
            snapshot, self._snapshot = self._snapshot, None
            if batch or rows or snapshot:
                try:
                    self._write(batch, rows, snapshot)
                except sqlite3.Error as error:
                    self._roll_back()
                    raise CannotWrite(f"cannot write {self.path}: {error}") from error
            return self.committed_seq

    def note(self) -> None:
        """Write staged rows without waiting for the disk: with the power a measure may be lost, an event never."""
        if self._rows and not self._staged:
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                self.commit()
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")

    def _write(self, batch: list[Event], rows: list[costs.Row], snapshot: tuple[int, int, bytes] | None) -> None:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        for statement in {statement for statement, _ in rows}:
            self._connection.executemany(statement, [values for words, values in rows if words is statement])
        if batch:
            data = _ENCODE(batch)
            run("INSERT INTO events VALUES (?, ?, ?, ?)", (batch[0].seq, batch[-1].seq, crc32(data), data))
            records.rewrite(self._connection, batch, _ENCODE)
            self.event_bytes += len(data)
        if snapshot:
            seq, ts_ns, data = snapshot
            run("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?, ?)", (seq, ts_ns, crc32(data), data))
            run("DELETE FROM events WHERE last_seq <= ?", (seq,))
            self.event_bytes = run("SELECT coalesce(sum(length(batch)), 0) FROM events").fetchone()[0]
        run("COMMIT")
        if batch:
            self.committed_seq = batch[-1].seq

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def forget_fresh(self) -> None:
        """Let go of staged records that are on disk by now. Only in the thread that stages."""
        if len(self._fresh) > len(self._staged):
            settled = self.committed_seq
            self._fresh = {key: event for key, event in self._fresh.items() if event.seq > settled}

    def find_graph(self, client_id: str, graph_id: str) -> dict[str, Any] | None:
        """See `events.Archive`."""
        return self._find("graph", client_id, graph_id)

    def find_order(self, client_id: str, node_order_id: str) -> dict[str, Any] | None:
        """See `events.Archive`."""
        return self._find("order", client_id, node_order_id)

    def _find(self, kind: str, client_id: str, identity: str) -> dict[str, Any] | None:
        fresh = self._fresh.get((kind, client_id, identity))
        if fresh is not None:
            return fresh.data
        return records.find(self._reader, kind, client_id, identity)

    def orders(self, wanted: Wanted) -> Page:
        """Orders, staged ones included (they are made durable first)."""
        self.commit()
        return records.search(self._reader, "order", wanted)

    def graphs(self, wanted: Wanted) -> Page:
        """Graphs, staged ones included."""
        self.commit()
        return records.search(self._reader, "graph", wanted)

    def fills(self, wanted: Wanted) -> Page:
        """Fills, staged ones included."""
        self.commit()
        return records.search(self._reader, "fill", wanted)

    def keys(self) -> list[Key]:
        """Every API key ever made."""
        return [_DECODE_KEY(row[0]) for row in self._connection.execute("SELECT row FROM api_keys")]

    def save_key(self, key: Key) -> None:
        """Write one key, durable at return."""
        self.write("INSERT OR REPLACE INTO api_keys VALUES (?, ?)", (key.key_id, msgspec.msgpack.encode(key)))

    def read(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of one of the small tables (credentials, deployments)."""
        return self._reader.execute(statement, values).fetchall()

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """The disk as it is now, whatever is written meanwhile: for reading much, with pauses."""
        return records.standing(_connect(self.path))

    def write(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        """Change one of the small tables, durable at return. Returns how many rows. Raises `CannotWrite`."""
        with self._writing:
            try:
                return self._connection.execute(statement, values).rowcount
            except sqlite3.Error as error:
                raise CannotWrite(f"cannot write {self.path}: {error}") from error

    def setting(self, name: str, value: str | None = None) -> str | None:
        """A word kept beside the tables; with `value` it is written first."""
        if value is not None:
            self.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    @property
    def version(self) -> tuple[int, int]:
        """Differs once another process has written, or has put another file in this one's place."""
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            inode = 0
        return inode, self._connection.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Close; what is staged and not committed is lost."""
        if self._reader is not self._connection:
            self._reader.close()
        self._connection.close()


def open_store(path: Path, now_ns: int, *, thorough: bool = False) -> Store:
    """Open the store at `path`, making it when there is none. Only under the state's lock.

    A file that is not a readable store is renamed to ``<name>.corrupt-<now_ns>`` and said so in
    `Store.notes`;
    `thorough` reads every page first.
    """
    try:
        store = Store(path, now_ns)
        try:
            if thorough:
                store.check()
        except BaseException:
            store.close()
            raise
    except (sqlite3.DatabaseError, Corrupt) as error:
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
            raise CannotWrite(f"cannot open {path}: {error}") from error
        return set_aside(path, now_ns, str(error))
    return store


def set_aside(path: Path, now_ns: int, reason: str) -> Store:
    """Rename what cannot be read, and start anew with a sentence about it."""
    aside = path.with_name(f"{path.name}.corrupt-{now_ns}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    files.sync_folder(path.parent)
    store = Store(path, now_ns)
    store.notes.append(f"the sandbox state could not be read ({reason}); it is kept as {aside}, and a new one begins")
    return store


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, files.PRIVATE_FILE))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection
