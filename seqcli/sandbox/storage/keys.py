"""API keys: the first is made when the exchange is first used; all are kept as SHA-256 and compared in
constant time.
"""

import os
from _operator import _compare_digest as same_digest  # hmac's own; importing hmac costs a millisecond
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from seqcli.sandbox.serving import Caller

if TYPE_CHECKING:
    from seqcli.sandbox.storage.store import Store

TEST_PREFIX = "seq_test_"
LIVE_PREFIX = "seq_live_"
SHOWN = 17
"""Characters of a key that may be shown: its prefix and eight more."""
FREE_QPS = 5


class Key(msgspec.Struct, kw_only=True):
    """One key; the raw text is not here. `digest` is its SHA-256; `qps` 0 = unlimited."""

    key_id: str
    client_id: str
    label: str
    prefix: str
    role: str
    sandbox: bool
    digest: bytes
    qps: int
    created_ns: int
    rotated_ns: int | None = None
    revoked_ns: int | None = None
    last_used_ns: int | None = None

    def rotated(self, raw: str, now_ns: int) -> "Key":
        """The same key with another text."""
        return msgspec.structs.replace(self, digest=digest_of(raw), prefix=raw[:SHOWN], rotated_ns=now_ns)

    def revoked(self, now_ns: int) -> "Key":
        """The same key, refused from now on."""
        return msgspec.structs.replace(self, revoked_ns=now_ns)

    def caller(self) -> Caller:
        """Who calls with this key."""
        return Caller(client_id=self.client_id, key_id=self.key_id, role=self.role, sandbox=self.sandbox)


def make_raw() -> str:
    """A new sandbox key: ``seq_test_`` and 64 hexadecimal digits."""
    return TEST_PREFIX + os.urandom(32).hex()


def make_id() -> str:
    """The id of a new key."""
    return f"key_{os.urandom(10).hex()}"


def digest_of(raw: str) -> bytes:
    """What is kept of a key."""
    return sha256(raw.encode()).digest()


class Keys:
    """The keys of one exchange, in memory."""

    def __init__(self, rows: list[Key]) -> None:
        self._rows = {row.key_id: row for row in rows}
        self._callers = {row.key_id: row.caller() for row in rows}

    def find(self, raw: str) -> Key | None:
        """The active key that `raw` is. Every row is compared, so the time says nothing."""
        digest = digest_of(raw)
        found = None
        for row in self._rows.values():
            if same_digest(row.digest, digest) and row.revoked_ns is None:
                found = row
        return found

    def get(self, key_id: str) -> Key:
        """One key by its id. KeyError when there is none."""
        return self._rows[key_id]

    def of(self, client_id: str) -> list[Key]:
        """The keys of one client, revoked ones too, oldest first."""
        rows = [row for row in self._rows.values() if row.client_id == client_id]
        return sorted(rows, key=lambda row: (row.created_ns, row.key_id))

    def used(self) -> list[Key]:
        """The keys that have called; when is written when the exchange is closed, not at each call."""
        return [row for row in self._rows.values() if row.last_used_ns is not None]

    def caller(self, key: Key) -> Caller:
        """Who calls with `key`."""
        return self._callers[key.key_id]

    def set_rate(self, raw: str, qps: int) -> None:
        """Another rate for the key whose text is `raw`, while this process runs."""
        key = self.find(raw)
        if key is not None:
            key.qps = qps

    def add(self, key: Key) -> None:
        """A key that has been stored, new or changed."""
        self._rows[key.key_id] = key
        self._callers[key.key_id] = key.caller()


def ensure_first(store: "Store", raw: str, now_ns: int) -> Keys:
    """The keys of `store`; `raw` (the text of the state folder's key file) becomes an admin key when it is
    unknown.
    """
    rows = store.keys()
    digest = digest_of(raw)
    if not any(row.digest == digest for row in rows):
        first = Key(
            key_id=make_id(),
            client_id=store.client_id,
            label="first key",
            prefix=raw[:SHOWN],
            role="admin",
            sandbox=True,
            digest=digest,
            qps=0,
            created_ns=now_ns,
        )
        store.save_key(first)
        rows.append(first)
    return Keys(rows)
