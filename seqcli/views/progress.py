"""How far a long read has come: one line on a terminal's stderr, from the second that it takes."""

from collections.abc import Callable, Iterator
from typing import Any, Self, TextIO

AFTER_S = 1.0
_WIDTH = 24


def counted(
    pages: Iterator[list[Any]], what: str, stderr: TextIO, monotonic: Callable[[], float], total: int | None = None
) -> Iterator[list[Any]]:
    """`pages` as they come, with the number of rows so far said on a terminal, and a bar where the `total` is known;
    the line is gone at the end.
    """
    began, rows, told = monotonic(), 0, False
    try:
        for page in pages:
            rows += len(page)
            if stderr.isatty() and monotonic() - began >= AFTER_S:
                told = True
                stderr.write(f"\r{_bar(rows, total)}{rows} {what} …\x1b[K")
                stderr.flush()
            yield page
    finally:
        if told:
            stderr.write("\r\x1b[K")
            stderr.flush()


def _bar(rows: int, total: int | None) -> str:
    if not total:
        return ""
    done = min(rows * _WIDTH // total, _WIDTH)
    return f"[{'#' * done}{'.' * (_WIDTH - done)}] {min(rows * 100 // total, 100)} %  "


class Share:
    """How far one long run is, in thousandths: one line on a terminal's stderr, from the second that it takes."""

    def __init__(self, what: str, stderr: TextIO, monotonic: Callable[[], float]) -> None:
        self._what, self._stderr, self._monotonic = what, stderr, monotonic
        self._began, self._told = monotonic(), False

    def __call__(self, per_mille: int) -> None:
        """So far."""
        if self._stderr.isatty() and self._monotonic() - self._began >= AFTER_S:
            self._told = True
            filled = per_mille * _WIDTH // 1000
            bar = "#" * filled + "." * (_WIDTH - filled)
            self._stderr.write(f"\r{self._what} [{bar}] {per_mille // 10} %\x1b[K")
            self._stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._told:
            self._stderr.write("\r\x1b[K")
            self._stderr.flush()
