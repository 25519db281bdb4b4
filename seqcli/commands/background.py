"""A server of ours in the background: started until it is ready, stopped until it is gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from seqcli import files
from seqcli.errors import Failure, NotSent, Unfinished, Usage

_PAUSE_S = 0.02


def start(words: list[str], folder: Path, wait_s: float) -> bytes:
    """Start ``seqcli`` with `words` in a session of its own; the first line it prints. stderr: server.log."""
    files.make_folder(folder)
    log = folder / "server.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, files.PRIVATE_FILE), "ab") as errors:
        child = subprocess.Popen(  # noqa: S603 - our own program and words that were checked
            [sys.executable, "-P", "-m", "seqcli", *words],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(_places())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert child.stdout is not None
    line = _line(child.stdout, wait_s)
    if not line:
        child.terminate()
        child.wait()
    child.stdout.close()
    if not line:
        raise _why(log, wait_s)
    child.returncode = 0  # it outlives us; Popen need not warn of that
    return line


def _why(log: Path, wait_s: float) -> Failure:
    """The failure that ended the server, from the last line of its log."""
    last = log.read_bytes().strip().rpartition(b"\n")[2]
    try:
        told = msgspec.json.decode(last)["error"]
    except (msgspec.DecodeError, TypeError, KeyError):
        why = last.decode(errors="replace") or f"nothing was said within {wait_s:g} s"
        return NotSent(f"the server did not become ready: {why}", hint=f"see {log}")
    kind = Usage if told["exit_status"] == Usage.exit_status else NotSent
    return kind(told["message"], hint=told["hint"], code=told["code"])


def stop(pid: int, gone: Callable[[], bool], wait_s: float) -> None:
    """Ask the process to end, and wait until `gone` says that it has."""
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + wait_s
    while not gone():
        if time.monotonic() > end:
            raise Unfinished(f"the server with pid {pid} did not end within {wait_s:g} s", hint=f"kill {pid}")
        time.sleep(_PAUSE_S)


def _places() -> list[str]:
    """Where this very package is, before whatever else is searched."""
    return [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]


def _line(stream: IO[bytes], wait_s: float) -> bytes:
    """The first line of `stream`, empty when it ends or `wait_s` seconds pass before there is one."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(wait_s)
    return lines[0] if lines else b""
