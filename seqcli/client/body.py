"""A reply's body from its chunks: identity or gzip, never more than a limit once unpacked."""

import zlib
from collections.abc import Iterable, Iterator

from seqcli.wire.operation import MIB

LIMIT = 16 * MIB
_GZIP = 16 + zlib.MAX_WBITS
_PLAIN = ("", "identity")
_GZIPPED = ("gzip", "x-gzip")


class BadBody(ValueError):
    """Too large, in a coding nobody asked for, or broken; the message completes "the server answered …"."""


def read(chunks: Iterable[bytes], coding: str, length: str, limit: int = LIMIT) -> bytes:
    """All of the body. `coding`, `length`: Content-Encoding and Content-Length, empty when missing.

    A body over `limit` bytes is given up at the byte that passes it, a declared one before its first.
    Raises BadBody.
    """
    coding = coding.strip().lower()
    if coding not in _PLAIN + _GZIPPED:
        raise BadBody("in a content coding that was not asked for")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise BadBody(f"with more than {limit // MIB} MiB")
    total, parts = 0, []
    for part in _unpacked(chunks, limit) if coding in _GZIPPED else chunks:
        total += len(part)
        if total > limit:
            raise BadBody(f"with more than {limit // MIB} MiB")
        parts.append(part)
    return b"".join(parts)


def _unpacked(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Each step yields at most `limit` + 1 bytes, so a bomb is stopped before it unfolds."""
    unpacker, fresh = zlib.decompressobj(_GZIP), True
    try:
        for chunk in chunks:
            left = chunk
            while left:
                if unpacker.eof:
                    unpacker, fresh = zlib.decompressobj(_GZIP), True
                yield unpacker.decompress(left, limit + 1)
                left, fresh = unpacker.unconsumed_tail or unpacker.unused_data, False
    except zlib.error:
        raise BadBody("with broken gzip") from None
    if not (unpacker.eof or fresh):
        raise BadBody("with half a gzip")
