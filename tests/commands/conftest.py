"""A command line run inside this process, against the embedded exchange of the test's own folders."""

import gc
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from seqcli import __main__


class Done(msgspec.Struct):
    """How a command line ended."""

    status: int
    out: str
    err: str

    @property
    def body(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """stdout as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The failure's JSON: the last line of stderr."""
        found: dict[str, Any] = json.loads(self.err.splitlines()[-1])["error"]
        return found


Seq = Callable[..., Done]


@pytest.fixture
def seq() -> Iterator[Seq]:
    """`seq("--local", "quote", …)`; `stdin` is what it reads."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    collector = gc.get_threshold()

    def run(*words: str, stdin: bytes = b"") -> Done:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", ["seq", *words])
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patched.setattr(sys, "stdout", streams[0])
            patched.setattr(sys, "stderr", streams[1])
            status = __main__.run()
        written = [stream.buffer.getvalue().decode() for stream in streams]
        return Done(status, *written)

    yield run
    gc.set_threshold(*collector)
    for number, handler in signals.items():
        signal.signal(number, handler)
