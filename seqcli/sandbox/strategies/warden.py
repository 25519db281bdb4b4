"""The warden of one run: starts the program, holds it to its limits, and ends all of it when told, when a limit is
passed, or when the exchange is gone.

Started with ``python -m``; its words are the numbers of a socket, of stdout and of stderr. The socket brings one
`Orders` as a line of JSON; after that a byte means: end it kindly, and its end means: end it at once. Back goes one
`Verdict` as a line. What a program starts is found in /proc (Linux), also what left its process group; elsewhere the
group is all that is known, and memory is held by the kernel's limit of each process alone.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import msgspec

from seqcli.sandbox.waiting import readable

LOOK_S = 0.05
MOST_PROCESSES = 64
_ENOUGH = 4 * MOST_PROCESSES
_BURST_S = 1.0
_NICER = 10
_FILES, _FILE_BYTES = 256, 64 << 20
_BASE_BYTES = 32 << 20
"""What an interpreter that does nothing may have, beside what the program may."""
_DEATH_SIGNAL, _SUBREAPER = 1, 36
"""prctl: a signal when the parent dies; be the parent of those who lose theirs. Source: prctl(2)."""


class Orders(msgspec.Struct, kw_only=True):
    """What to run and within which limits; `timeout_secs` None = as long as it likes; `grace_s`: to end when asked."""

    env: dict[str, str]
    words: list[str] = []
    folder: str = ""
    memory_mb: int
    cpu_millis: int
    timeout_secs: int | None
    grace_s: float


class Verdict(msgspec.Struct, kw_only=True):
    """How it ended: its status (negative: the signal), and why it was ended, if it was."""

    code: int
    why: str | None = None


class Warden:
    """One run."""

    def __init__(self, channel: socket.socket, orders: Orders, outputs: tuple[int, int]) -> None:
        self._channel, self._orders = channel, orders
        self._program = subprocess.Popen(  # noqa: S603 - the user's own program
            orders.words,
            cwd=orders.folder,
            env=orders.env,
            stdin=subprocess.DEVNULL,
            stdout=outputs[0],
            stderr=outputs[1],
            start_new_session=True,
            preexec_fn=lambda: confine(orders.memory_mb),  # noqa: PLW1509 - there is one thread
        )
        for number in outputs:
            os.close(number)
        self._began = self._held = time.monotonic()
        self._kind_until: float | None = None
        self._why: str | None = None
        self._stopped = False
        self._used_s = 0.0

    def run(self) -> Verdict:
        """Until the program ends; then what it left behind is ended, too."""
        while self._program.poll() is None:
            if readable([self._channel], LOOK_S):
                self._hear()
            self._look()
        self._kill()
        return Verdict(code=self._program.returncode, why=self._why)

    def _hear(self) -> None:
        if not self._channel.recv(1):
            self._kill()
        elif self._kind_until is None:
            self._kind_until = time.monotonic() + self._orders.grace_s
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)

    def _look(self) -> None:
        now, orders = time.monotonic(), self._orders
        if self._kind_until is not None:
            if now > self._kind_until:
                self._kill()
            return
        family = descendants(os.getpid())
        resident = sum(resident_bytes(pid) for pid in family)
        if orders.timeout_secs is not None and now - self._began > orders.timeout_secs:
            self._end(f"ran longer than {orders.timeout_secs} s")
        elif len(family) > MOST_PROCESSES:
            self._end(f"started more than {MOST_PROCESSES} processes")
        elif resident > (orders.memory_mb << 20) + _BASE_BYTES:
            self._end(f"used more than {orders.memory_mb} MiB of memory")
        else:
            self._throttle(now, family)

    def _throttle(self, now: float, family: list[int]) -> None:
        """Stopped while it is ahead of its share of a core, so that it comes to that share over time."""
        self._used_s = max(self._used_s, sum(cpu_seconds(pid) for pid in family))
        earned = _BURST_S + (now - self._began) * self._orders.cpu_millis / 1000
        if (self._used_s > earned) != self._stopped:
            self._stopped = not self._stopped
            self._signal(signal.SIGSTOP if self._stopped else signal.SIGCONT)

    def _end(self, why: str) -> None:
        self._why = why
        self._kill()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program.pid, number)

    def _kill(self) -> None:
        """The program, and all that came of it."""
        self._signal(signal.SIGKILL)
        self._program.wait()
        sweep()


def sweep() -> None:
    """End everybody who came of this process, until nobody is left: whole groups, so that forking can't outrun it."""
    while family := descendants(os.getpid()):
        for pid in family:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                group = os.getpgid(pid)
                os.killpg(group, signal.SIGKILL) if group != os.getpgrp() else os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def confine(memory_mb: int) -> None:
    """In the program's process, before it is one: limits of the kernel, and its end with the warden's."""
    import resource

    data = (memory_mb << 20) + _BASE_BYTES
    for name, most in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_DATA", data),
        ("RLIMIT_NOFILE", _FILES),
        ("RLIMIT_FSIZE", _FILE_BYTES),
    ):
        resource.setrlimit(getattr(resource, name), (most, most))
    os.nice(_NICER)  # whatever it starts, its warden gets its turn
    _prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Who came of `pid`, the nearest first, without ended ones; not many more than may be: forking could outrun the
    count of all.
    """
    found: list[int] = []
    ahead = _children(pid)
    for child in ahead:
        if _fields(child)[:1] not in ([], ["Z"]):
            found.append(child)
        if len(found) > _ENOUGH:
            break
        ahead += _children(child)
    return found


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listing:  # noqa: PTH123 - many times a second
            return [int(word) for word in listing.read().split()]
    except OSError:
        return []


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on."""
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - many times a second
            return stat.read().rpartition(")")[2].split()
    except OSError:
        return []


def resident_bytes(pid: int) -> int:
    """What it holds of memory; 0 when it is gone."""
    fields = _fields(pid)
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def cpu_seconds(pid: int) -> float:
    """What it and its ended children have worked; 0 when it is gone."""
    fields = _fields(pid)
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def main() -> None:
    """Serve the socket that was named."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    _prctl(_SUBREAPER, 1)
    with channel.makefile("rb") as lines:
        first = lines.readline()
    orders = msgspec.json.decode(first, type=Orders)
    try:
        verdict = Warden(channel, orders, (int(sys.argv[2]), int(sys.argv[3]))).run()
    except OSError as error:
        verdict = Verdict(code=127, why=f"could not be started: {error.strerror}")
    with contextlib.suppress(OSError):
        channel.sendall(msgspec.json.encode(verdict) + b"\n")


if __name__ == "__main__":
    main()
