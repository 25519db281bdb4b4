"""The parent's side of a child: started, asked, and killed when it does not answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

import seqcli
from seqcli.sandbox.algos.wasm import calls
from seqcli.sandbox.waiting import readable

ANSWER_S = 0.25
"""A callback may take ten milliseconds; a child that takes this long is stuck, and is killed."""
LOAD_S = 15.0

_decode = msgspec.msgpack.Decoder(calls.Reply).decode


def spawn(module: str, channel: socket.socket) -> subprocess.Popen[bytes]:
    """Start a module of ours as a child that has `channel`, and nothing else of this process or its environment."""
    root = str(Path(seqcli.__file__).parents[1])
    return subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", module, str(channel.fileno())],
        pass_fds=[channel.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/" if os.name != "nt" else None,
        env={"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
    )


class Process:
    """A child with one module. After a trap of the process itself (`dead`) nothing more can be asked."""

    def __init__(self, module: bytes, instances: int, *, labels: list[str], config: bytes) -> None:
        ours, theirs = socket.socketpair()
        self.dead: str | None = None
        self.loaded: calls.Reply | None = None
        self._channel = ours
        with theirs:
            self._child = spawn("seqcli.sandbox.algos.wasm.child", theirs)
        self._channel.settimeout(LOAD_S)
        request = calls.Request(calls.LOAD, instances, module, config, labels=labels)
        try:
            calls.write(self._channel, request)
        except OSError:
            self._die("its process ended at once")

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    def ready(self, wait_s: float = 0.0) -> bool:
        """Whether it has compiled and started (`loaded` says how); waits so long for it."""
        if self.loaded is None and self.dead is None:
            if self._child.poll() is None and not readable([self._channel], wait_s):
                return False
            self.loaded = self._reply()
            if self.loaded.trap is not None:
                self._die(self.loaded.trap)
        return self.dead is None

    def ask(self, request: calls.Request) -> calls.Reply:
        """One call, answered within `ANSWER_S`; else the child is killed and the reply says so."""
        if self.dead is not None:
            return calls.Reply(trap=self.dead)
        self._channel.settimeout(ANSWER_S)
        try:
            calls.write(self._channel, request)
        except OSError:
            self._die("its process ended")
            return calls.Reply(trap=self.dead)
        return self._reply()

    def _reply(self) -> calls.Reply:
        try:
            message = calls.read(self._channel)
            if message is not None:
                return _decode(message)
            self._die("its process ended")
        except TimeoutError:
            self._die("it did not answer in time and was killed")
        except (OSError, ValueError):  # msgspec's errors are ValueErrors
            self._die("its process spoke nonsense and was killed")
        return calls.Reply(trap=self.dead)

    def _die(self, reason: str) -> None:
        self.dead = reason
        self.close()

    def close(self) -> None:
        """End the child."""
        self._channel.close()
        self._child.kill()
        self._child.wait()
