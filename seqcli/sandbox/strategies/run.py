"""One run of a strategy as the exchange sees it: started in a fresh folder, read line by line, ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import msgspec

import seqcli
from seqcli.sandbox.log import clean
from seqcli.sandbox.strategies.archives import Files
from seqcli.sandbox.strategies.warden import Orders, Verdict

LONGEST = 4096
"""Of a line, in bytes; the rest of it is a line of its own."""
_AT_ONCE = 64 << 10
_WORTH_HIDING = 8
"""Shorter ones would be found where they are not meant."""
LINES_AT_ONCE = 500
"""A program that prints more waits: its pipe is full until the next look."""


class Output:
    """One of its outputs, read as far as it has written."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.number, self.theirs = os.pipe()
        os.set_blocking(self.number, False)
        self._kept = b""
        self.ended = False

    def lines(self) -> list[str]:
        """The next whole lines; at its end also what has no end."""
        if not self.ended and len(self._kept) < _AT_ONCE:
            self._fill()
        *whole, self._kept = self._kept.split(b"\n", LINES_AT_ONCE)
        found = [piece for line in whole for piece in _pieces(line)]
        if len(self._kept) > LONGEST and b"\n" not in self._kept:
            found, self._kept = [*found, self._kept[:LONGEST]], self._kept[LONGEST:]
        elif self.ended and self._kept and b"\n" not in self._kept:
            found, self._kept = [*found, self._kept], b""
        return [text.rstrip(b"\r").decode(errors="replace") for text in found]

    @property
    def drained(self) -> bool:
        """Whether nothing will come any more."""
        return self.ended and not self._kept

    def _fill(self) -> None:
        try:
            read = os.read(self.number, _AT_ONCE)
        except BlockingIOError:
            return
        self.ended = not read
        self._kept += read

    def close(self) -> None:
        """Let go of it."""
        os.close(self.number)


def _pieces(line: bytes) -> list[bytes]:
    return [line[start : start + LONGEST] for start in range(0, len(line), LONGEST)] or [b""]


class Run:
    """A program under its warden, in a folder that goes with it."""

    def __init__(  # noqa: PLR0917 - all that a run is made of
        self, run_id: str, above: Path, files: Files, entrypoint: str, orders: Orders, hidden: list[str]
    ) -> None:
        self.run_id = run_id
        self._hidden = sorted((text for text in hidden if len(text) >= _WORTH_HIDING), key=len, reverse=True)
        self.verdict: Verdict | None = None
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = Path(mkdtemp(prefix=f"{run_id}-", dir=above))
        _write(self._folder, files)
        self._outputs = [Output("stdout"), Output("stderr")]
        self._channel, theirs = socket.socketpair()
        orders.words = [sys.executable, "-u", entrypoint]
        orders.folder = str(self._folder)
        orders.env = {"HOME": str(self._folder), "PATH": os.defpath, "LANG": "C.UTF-8"} | orders.env
        numbers = [theirs.fileno(), *(output.theirs for output in self._outputs)]
        with theirs:
            self._warden = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", "seqcli.sandbox.strategies.warden", *map(str, numbers)],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                env={"PYTHONPATH": str(Path(seqcli.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
            )
        for output in self._outputs:
            os.close(output.theirs)
        self._channel.sendall(msgspec.json.encode(orders) + b"\n")
        self._channel.setblocking(False)

    def numbers(self) -> list[int]:
        """What becomes readable when something happens."""
        return [self._channel.fileno(), *(output.number for output in self._outputs if not output.ended)]

    def printed(self) -> list[tuple[str, str]]:
        """What it has printed since: stream and line, its secrets masked where a line holds one whole."""
        return [(output.stream, self._masked(line)) for output in self._outputs for line in output.lines()]

    def _masked(self, line: str) -> str:
        for text in self._hidden:
            line = line.replace(text, "…")
        return clean(line)

    def ended(self) -> bool:
        """Whether it has ended and all it has printed was read; `verdict` then says how."""
        if self.verdict is None:
            try:
                said = self._channel.recv(4096)
            except BlockingIOError:
                return False
            except ConnectionError:
                said = b""
            unsaid = Verdict(code=-signal.SIGKILL, why="its warden was killed")
            self.verdict = msgspec.json.decode(said, type=Verdict) if said else unsaid
        return all(output.drained for output in self._outputs)

    def stop(self) -> None:
        """Ask it to end; it is made to after some seconds."""
        try:
            self._channel.send(b"s")
        except OSError:  # it has just ended
            return

    def close(self) -> None:
        """End it at once, and remove its folder."""
        self._channel.close()
        for output in self._outputs:
            output.close()
        self._warden.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _write(folder: Path, files: Files) -> None:
    for name, (content, runs) in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(0o700 if runs else 0o600)
        path.write_bytes(content)
