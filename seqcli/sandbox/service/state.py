"""The state folder: what lies where, one exclusive lock, and how a one-shot finds the server that holds it.

``exchange.db``  events, records, keys as hashes      ``api_key``    the first key's text, 0600
``lock``         held by whoever runs the exchange    ``master_key`` seals venue credentials, 0600
``server.json``  address and pid of a server that holds the lock; written after it, so one without the lock
is stale
"""

import os
from pathlib import Path

import msgspec

from seqcli import files
from seqcli.errors import NotSent
from seqcli.lock import Lock
from seqcli.sandbox.storage.keys import make_raw

LOCK_WAIT_S = 10.0


class Server(msgspec.Struct, kw_only=True):
    """Where a running server listens."""

    url: str
    pid: int
    started_ns: int


class Busy(NotSent):
    """Another process kept the lock for longer than we wait."""

    code = "STATE_BUSY"


class State:
    """One state folder. `prepare` makes it (0700) or refuses one that others can enter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "exchange.db"
        self.key_file = folder / "api_key"
        self.master_key_file = folder / "master_key"
        self.server_file = folder / "server.json"
        self.lock = Lock(folder / "lock")

    def prepare(self) -> None:
        """Make the folder. Raises `files.Unsafe` when other users can enter it."""
        try:
            status = self.folder.stat()
        except FileNotFoundError:
            files.make_folder(self.folder)
            return
        if os.name != "nt" and status.st_mode & 0o077:
            raise files.Unsafe(
                f"{self.folder} is open to other users", hint=f"chmod 700 {self.folder}", code="UNSAFE_FOLDER"
            )

    def known_key(self) -> str | None:
        """The text of the first key, None before it is made."""
        try:
            return files.read_private(self.key_file).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None

    def first_key(self) -> str:
        """The text of the first key, made when there is none. Only under the lock."""
        raw = self.known_key()
        if not raw:
            raw = make_raw()
            self.keep_first_key(raw)
        return raw

    def keep_first_key(self, raw: str) -> None:
        """Write the text of the first key. Only under the lock."""
        files.replace(self.key_file, raw.encode("ascii") + b"\n")

    def server(self) -> Server | None:
        """The server named in ``server.json``, if its process lives; None when there is no readable one."""
        try:
            server = msgspec.json.decode(files.read_private(self.server_file), type=Server)
        except (OSError, files.Unsafe, msgspec.DecodeError):
            return None
        return server if _lives(server.pid) else None

    def announce(self, server: Server) -> None:
        """Say where the holder of the lock listens."""
        files.replace(self.server_file, msgspec.json.encode(server))

    def withdraw(self) -> None:
        """Take the announcement back (or clear a stale one). Only under the lock."""
        self.server_file.unlink(missing_ok=True)

    def enter(self, wait_s: float = LOCK_WAIT_S) -> Server | None:
        """Take the lock, or find the server that holds it. None = the lock is ours; clear of a stale
        announcement.

        Raises `Busy` when neither happens within `wait_s` seconds.
        """
        found: list[Server] = []

        def served() -> bool:
            server = self.server()
            if server is not None:
                found.append(server)
            return server is not None

        if self.lock.acquire(wait_s, served):
            if self.server_file.exists():
                self.withdraw()
            return None
        if found:
            return found[0]
        raise Busy(
            f"another process uses the sandbox state in {self.folder}",
            hint="try again when it has finished, or name another folder with SEQ_STATE_DIR",
        )


def _lives(pid: int) -> bool:
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
