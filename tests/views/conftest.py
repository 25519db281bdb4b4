"""A result rendered into memory."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from seqcli.views import Options, Result, render


class Shown(NamedTuple):
    """What was printed where, and the status."""

    out: str
    err: str
    status: int

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Terminal(io.StringIO):
    """Memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def show() -> Callable[..., Shown]:
    """`show(body, …)` renders; words that options know go there, the others into the result."""

    def show(body: Any = None, *, terminal: bool = False, **words: Any) -> Shown:
        chosen = {name: words.pop(name) for name in Options.__struct_fields__ if name in words}
        stdout, stderr = Terminal() if terminal else io.StringIO(newline=""), io.StringIO()
        status = render(Result(body=body, **words), Options(**chosen), stdout, stderr)
        return Shown(stdout.getvalue(), stderr.getvalue(), status)

    return show
