"""An exclusive lock between processes."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from seqcli import files

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.02


class Lock:
    """An exclusive lock on a file; the system frees it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, wait_s: float, give_up: Callable[[], bool] = lambda: False) -> bool:
        """Wait at most `wait_s` seconds, asking `give_up` between tries. True = held."""
        if self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self._path, flags, files.PRIVATE_FILE)
        deadline = time.monotonic() + wait_s
        pause = _FIRST_PAUSE_S
        while not _try_lock(self._descriptor):
            if give_up() or time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        return True

    def release(self) -> None:
        """Let others in."""
        if self._descriptor is not None:
            _unlock(self._descriptor)

    def close(self) -> None:
        """Let others in and close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
