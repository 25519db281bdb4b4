"""A stream kept in a file, and played from one.

A recording is NDJSON, gzip-compressed when its name ends in ``.gz``: each line is a frame or a record as it was
printed, with one more key at its end, ``"recorded_ns"``, the time at which it came. It is a tape as well:
``seq sandbox serve --tape FILE`` plays its books.
"""

import gzip
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from seqcli import files
from seqcli.client.clock import Clock
from seqcli.client.mailbox import Item
from seqcli.errors import Usage

_MARK = b',"recorded_ns":'
_MAGIC = b"\x1f\x8b"


class Recorder:
    """Writes every line of a stream to a new file, private to the user. Raises `Usage` when it can't be made."""

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, files.PRIVATE_FILE)
        except FileExistsError:
            raise Usage(f"{path} exists already", hint="a recording never overwrites: name another file") from None
        except OSError as error:
            raise Usage(f"cannot write {path}: {error.strerror}") from None
        self._path = path
        self._begun = False
        self._flushed_at = time.monotonic()
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        self._out: Any = gzip.GzipFile(fileobj=self._file, mode="wb", mtime=0) if path.suffix == ".gz" else self._file

    def __call__(self, items: Iterable[Item]) -> None:
        """Write some lines, all with the time of now. What is older than a second survives our sudden end."""
        self._begun = True
        end = _MARK + str(time.time_ns()).encode() + b"}\n"
        self._out.write(b"".join(item.raw.rstrip()[:-1] + end for item in items))
        if time.monotonic() - self._flushed_at >= 1.0:
            self._out.flush()
            self._file.flush()
            self._flushed_at = time.monotonic()

    def close(self) -> None:
        """Finish the file; one in which nothing was written goes."""
        self._out.close()
        self._file.close()
        if not self._begun:
            self._path.unlink(missing_ok=True)


class _Head(msgspec.Struct):
    channel: str = ""
    recorded_ns: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Stamped(msgspec.Struct):
    ts_ns: int | None = None


class Replay:
    """Plays a file as a stream: `speed` times as fast as it came, 0 without any pause."""

    def __init__(self, path: Path, clock: Clock, speed: float) -> None:
        self._lines = _lines(path)
        self._clock = clock
        self._speed = speed
        self._first: int | None = None
        self._began = clock.monotonic()
        self._held: tuple[int, Item] | None = None
        self.over = False

    def take(self, wait_s: float) -> list[Item]:
        """The lines whose time has come, at least one unless `wait_s` seconds pass or the file has ended."""
        end = self._clock.monotonic() + wait_s
        while not self.over:
            items = self._due()
            if items or self.over:
                return items
            assert self._held is not None
            pause = min(self._at(self._held[0]), end) - self._clock.monotonic()
            if pause > 0:
                self._clock.sleep(pause)
            if self._clock.monotonic() >= end and self._at(self._held[0]) > end:
                return []
        return []

    def _due(self) -> list[Item]:
        items: list[Item] = []
        while len(items) < 1000:  # noqa: PLR2004 - a turn
            if self._held is None:
                self._held = next(self._lines, None)
            if self._held is None:
                self.over = not items
                return items
            if self._at(self._held[0]) > self._clock.monotonic():
                return items
            items.append(self._held[1])
            self._held = None
        return items

    def _at(self, ts_ns: int) -> float:
        """When a line is due, on the monotonic clock."""
        if self._first is None and ts_ns:
            self._first = ts_ns
        since_s = max(0, ts_ns - (self._first or 0)) / 1e9
        return self._began + (since_s / self._speed if self._speed and ts_ns else 0.0)


def _lines(path: Path) -> Iterator[tuple[int, Item]]:
    """Each line with its time; 0 where it tells none."""
    number = 0
    try:
        with path.open("rb") as peeked:
            zipped = peeked.read(2) == _MAGIC
        with gzip.open(path) if zipped else path.open("rb") as stream:
            for line in stream:
                yield _read(line.strip())
                number += 1
    except (OSError, EOFError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Usage(
            f"recording {path}: in line {number + 1}: {why}", hint="a recording of seq stream --record"
        ) from None


def _read(line: bytes) -> tuple[int, Item]:
    head = msgspec.json.decode(line, type=_Head)
    if head.recorded_ns is None:
        stamped = msgspec.json.decode(head.data, type=_Stamped)
        return stamped.ts_ns or 0, Item(head.channel, line)
    return head.recorded_ns, Item(head.channel, line.rpartition(_MARK)[0] + b"}")
