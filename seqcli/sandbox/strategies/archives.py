"""A program's folder out of an archive that nobody has reason to trust: read whole, in memory, within limits."""

import io
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath

from seqcli.wire.strategies import FILES_LIMIT, UNPACKED_LIMIT

_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_PADDED = UNPACKED_LIMIT + 1024 * (2 * FILES_LIMIT + 32)
"""What a tar of the largest folder may come to: heads and padding."""
_LINK = 0o120000
_KIND = 0o170000
_LONGEST = 255

Files = dict[str, tuple[bytes, bool]]
"""By name: the bytes, and whether it may be run."""


class BadArchive(ValueError):
    """What is wrong with it, naming the entry."""


def read(raw: bytes) -> Files:
    """The files of a tar (plain or gzip) or zip. Raises `BadArchive`."""
    try:
        found = _zip(raw) if raw.startswith(_ZIP) else _tar(_unzipped(raw) if raw.startswith(_GZIP) else raw)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(f"is no whole tar or zip: {error}") from None
    if not found:
        raise BadArchive("has no file")
    for name in found:
        if any(str(above) in found for above in PurePosixPath(name).parents):
            raise BadArchive(f"{name} lies below a file")
    return found


def _unzipped(raw: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    content = unpacking.decompress(raw, _PADDED + 1)
    if len(content) > _PADDED:
        raise BadArchive(f"comes to more than {UNPACKED_LIMIT} bytes")
    if not unpacking.eof:
        raise BadArchive("ends too early")
    return content


def _tar(content: bytes) -> Files:
    files: Files = {}
    left = UNPACKED_LIMIT
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for row in tar:
            if row.isdir():
                continue
            if not row.isreg() or row.issparse():
                raise BadArchive(f"{row.name!r} is no plain file")
            left -= row.size
            _admit(files, row.name, left)
            stream = tar.extractfile(row)
            body = b"" if stream is None else stream.read()
            if len(body) != row.size:
                raise BadArchive("ends too early")
            files[row.name] = body, bool(row.mode & 0o100)
    return files


def _zip(raw: bytes) -> Files:
    files: Files = {}
    left = UNPACKED_LIMIT
    with zipfile.ZipFile(io.BytesIO(raw)) as whole:
        for row in whole.infolist():
            mode = row.external_attr >> 16
            if row.is_dir():
                continue
            if mode & _KIND == _LINK:
                raise BadArchive(f"{row.filename!r} is no plain file")
            _admit(files, row.filename, left - row.file_size)
            with whole.open(row) as stream:  # what it says of its size need not be true
                body = stream.read(left + 1)
            left -= len(body)
            _admit(files, row.filename, left)
            files[row.filename] = body, bool(mode & 0o100)
    return files


def _admit(files: Files, name: str, left: int) -> None:
    parts = name.split("/")
    if (
        name in files
        or any(part in ("", ".", "..") or len(part.encode()) > _LONGEST for part in parts)
        or any(char in name for char in "\\:\0")
    ):
        raise BadArchive(f"{name!r} is no name of a file in a folder, or is there twice")
    if len(files) >= FILES_LIMIT:
        raise BadArchive(f"has more than {FILES_LIMIT} files")
    if left < 0:
        raise BadArchive(f"comes to more than {UNPACKED_LIMIT} bytes")
