"""Venue credentials at rest: AES-256-GCM, a fresh nonce each time, the row's identity as associated data.

What is sealed never leaves through the API; `shown` (hints and names) lies beside it in the clear. A row
moved to another
venue or account does not open.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli import files

if TYPE_CHECKING:
    from seqcli.sandbox.storage.store import Store

_KEY_BYTES, _NONCE_BYTES = 32, 12


class Identity(msgspec.Struct, frozen=True):
    """Whose secrets, and what for: a venue, or a strategy's id. Live and sandbox sets are apart."""

    client_id: str
    sandbox: bool
    venue: str

    def associated(self) -> bytes:
        """What the seal is bound to."""
        return msgspec.json.encode([self.client_id, self.sandbox, self.venue])


class Row(msgspec.Struct):
    """What may be shown of one venue's credentials."""

    venue: str
    created_ns: int
    updated_ns: int
    shown: dict[str, Any]


class Broken(Exception):
    """The seal does not open: another master key, or a changed row."""


class Vault:
    """The sealed rows of one store; the master key is made (0600) at the first use."""

    def __init__(self, store: "Store", key_file: Path) -> None:
        self._store = store
        self._key_file = key_file

    def save(self, identity: Identity, secret: bytes, shown: dict[str, Any], now_ns: int) -> bool:
        """Seal and store, durable at return. True when it replaced an earlier row.

        Raises `Broken` when the master key is not the one that sealed what is there: two keys would be one too many.
        """
        for found in self._store.read("SELECT client_id, sandbox, venue FROM credentials LIMIT 1"):
            self.open(Identity(found[0], bool(found[1]), found[2]))
        earlier = self._store.read(
            "SELECT created_ns FROM credentials WHERE client_id = ? AND sandbox = ? AND venue = ?",
            _key(identity),
        )
        nonce, sealed = self.seal(identity, secret)
        created_ns = earlier[0][0] if earlier else now_ns
        self._store.write(
            "INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_key(identity), created_ns, now_ns, msgspec.json.encode(shown), nonce, sealed),
        )
        return bool(earlier)

    def rows(self, client_id: str, *, sandbox: bool) -> list[Row]:
        """What may be shown, by venue."""
        found = self._store.read(
            "SELECT venue, created_ns, updated_ns, shown FROM credentials WHERE client_id = ? AND sandbox = ?"
            " ORDER BY venue",
            (client_id, sandbox),
        )
        return [Row(venue, created, updated, msgspec.json.decode(shown)) for venue, created, updated, shown in found]

    def open(self, identity: Identity) -> bytes | None:
        """The secret of one row, None when there is none. Raises `Broken`."""
        found = self._store.read(
            "SELECT nonce, sealed FROM credentials WHERE client_id = ? AND sandbox = ? AND venue = ?",
            _key(identity),
        )
        return self.unseal(identity, *found[0]) if found else None

    def seal(self, identity: Identity, secret: bytes) -> tuple[bytes, bytes]:
        """A fresh nonce and the sealed bytes, for whoever keeps them. Raises `files.Unsafe`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce, self._cipher(new=True).encrypt(nonce, secret, identity.associated())

    def unseal(self, identity: Identity, nonce: bytes, sealed: bytes) -> bytes:
        """The secret again. Raises `Broken`."""
        from cryptography.exceptions import InvalidTag

        try:
            secret: bytes = self._cipher().decrypt(nonce, sealed, identity.associated())
        except (InvalidTag, FileNotFoundError) as error:
            raise Broken(identity.venue) from error
        return secret

    def remove(self, identity: Identity) -> bool:
        """Forget one row, durable at return. False when there was none."""
        removed = self._store.write(
            "DELETE FROM credentials WHERE client_id = ? AND sandbox = ? AND venue = ?", _key(identity)
        )
        return removed > 0

    def _cipher(self, *, new: bool = False) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if new and not self._key_file.exists():
            files.replace(self._key_file, os.urandom(_KEY_BYTES).hex().encode("ascii") + b"\n")
        return AESGCM(self._master_key())

    def _master_key(self) -> bytes:
        try:
            key = bytes.fromhex(files.read_private(self._key_file).decode("ascii"))
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise files.Unsafe(f"{self._key_file} holds no master key", hint="put the right file back")
        return key


def _key(identity: Identity) -> tuple[str, bool, str]:
    return identity.client_id, identity.sandbox, identity.venue
