"""Tickets: each opens one stream, once, for half a minute. What is kept of one is its SHA-256."""

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from seqcli.wire.streams import TICKET_S

if TYPE_CHECKING:
    from seqcli.sandbox.storage.keys import Key, Keys

PREFIX = "wst_"
TICKET_NS = TICKET_S * 1_000_000_000
_MOST = 10_000
_LONGEST = 64


class _Given(msgspec.Struct):
    key_id: str
    key_digest: bytes
    expires_ns: int


class Tickets:
    """Those that were given and not yet used."""

    def __init__(self) -> None:
        self._given: dict[bytes, _Given] = {}

    def give(self, key: "Key", now_ns: int) -> tuple[str, int]:
        """A ticket with the rights of `key`, and when it expires. The oldest goes when there are too many."""
        while self._given and (len(self._given) >= _MOST or next(iter(self._given.values())).expires_ns <= now_ns):
            del self._given[next(iter(self._given))]
        raw = PREFIX + os.urandom(16).hex()
        expires_ns = now_ns + TICKET_NS
        self._given[_digest(raw)] = _Given(key.key_id, key.digest, expires_ns)
        return raw, expires_ns

    def use(self, raw: str, keys: "Keys", now_ns: int) -> "Key | None":
        """The key whose ticket `raw` is; None when it is unknown, used, expired, or its key is not what it was."""
        given = self._given.pop(_digest(raw), None) if len(raw) <= _LONGEST else None
        if given is None or given.expires_ns <= now_ns:
            return None
        key = keys.get(given.key_id)
        return key if key.revoked_ns is None and key.digest == given.key_digest else None


def _digest(raw: str) -> bytes:
    return sha256(raw.encode()).digest()
