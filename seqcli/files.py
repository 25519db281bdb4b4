"""Private files: 0600 in 0700 folders from creation, whatever the umask, and replaced whole or not at all."""

import contextlib
import os
import stat
from pathlib import Path

from seqcli.errors import Failure, NotSent

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Unsafe(Failure):
    """A file that other users can read or write, or that is not ours."""

    code, exit_status = "UNSAFE_FILE", 2


def make_folder(path: Path) -> Path:
    """Make `path` and its missing parents, each 0700."""
    missing = []
    at = path
    while not at.exists():
        missing.append(at)
        at = at.parent
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(PRIVATE_FOLDER)
    return path


def replace(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, fsync, rename over it, fsync the folder."""
    import tempfile

    make_folder(path.parent)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise NotSent(f"cannot write {path}: {error.strerror}", code="CANNOT_WRITE") from error


def sync_folder(folder: Path) -> None:
    """Make a rename or an unlink in `folder` durable."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, *, limit: int = 1 << 20) -> bytes:
    """The bytes of a file that only we can read: a regular file of ours, 0600 or tighter, no symlink."""
    # Not blocking: a pipe that nobody writes to must be refused, not waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unsafe(f"{path}: {error.strerror}", hint="name a regular file of your own") from error
    try:
        check_private(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            content = stream.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise Unsafe(f"{path} is larger than {limit} bytes")
    return content


def check_private(path: Path, status: os.stat_result) -> None:
    """Refuse what is not a regular file of ours or is open to others."""
    if not stat.S_ISREG(status.st_mode):
        raise Unsafe(f"{path} is not a regular file")
    if os.name == "nt":
        return
    if status.st_uid != os.getuid():
        raise Unsafe(f"{path} belongs to another user")
    if status.st_mode & _OTHERS:
        raise Unsafe(f"{path} can be read by other users", hint=f"chmod 600 {path}")
