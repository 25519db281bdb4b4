"""Where results and failures are said: stdout as it is, stderr behind the filter that masks keys."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO, cast

import msgspec

from seqcli import views
from seqcli.client.redact import redact
from seqcli.commands.chosen import Options
from seqcli.errors import Failure, Usage
from seqcli.views import Result
from seqcli.views.blocks import Line
from seqcli.views.progress import Share, counted


def show(result: Result, chosen: Options) -> int:
    """Render one result; its status."""
    return views.render(result, _rendering(chosen), sys.stdout, masked_stderr())


def live(chosen: Options) -> views.Live:
    """Where a command shows one result after another."""
    return views.Live(_rendering(chosen), sys.stdout, masked_stderr())


def show_line(result: Result, chosen: Options) -> None:
    """Render one result, on one line where the form has lines."""
    form = "ndjson" if chosen.output == "json" else chosen.output
    show(result, msgspec.structs.replace(chosen, output=form))


def tell(failure: Failure, chosen: Options) -> int:
    """Render a failure that ended a command; its status."""
    return views.render_failure(failure, _rendering(chosen), masked_stderr())


def note(sentence: str) -> None:
    """Say something to the person at the terminal."""
    views.note(sentence, masked_stderr())


def said(text: str) -> Result:
    """Plain text as a result."""
    return Result(body={"text": text}, ids=[text], table=lambda _body: [Line(line) for line in text.splitlines()])


def secret(prompt: str, more: Callable[[str], bool] = lambda _text: False) -> str:
    """What is typed without echo: a line, and further ones while `more` says so of the text so far.

    `getpass` would not do: it throws away what was pasted behind the first line. Raises `Usage` at the input's end.
    """
    with unseen():
        text = _line(f"{prompt}: ")
        while more(text):
            text += f"\n{_line('')}"
    return text


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """No echo of what is typed, from here to the end; what is typed early is kept for the next question."""
    try:
        import termios
    except ImportError:  # Windows: each line is read without echo
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _line(prompt: str) -> str:
    if sys.platform == "win32":
        import getpass

        return getpass.getpass(prompt, sys.stderr)
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    sys.stderr.write("\n" if prompt else "")
    if not line:
        raise Usage("the input ended before it was whole; nothing was sent")
    return line.rstrip("\r\n")


def agrees(question: str) -> bool:
    """A person's yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def progress(pages: Iterator[list[Any]], what: str, total: int | None = None) -> Iterator[list[Any]]:
    """`pages` as they come, counted on a terminal's stderr; with a bar where the `total` is known."""
    import time

    return counted(pages, what, sys.stderr, time.monotonic, total)


def is_read() -> bool:
    """Does somebody see the results as they come, so that no progress need be told beside them?"""
    return sys.stdout.isatty()


def share_told(what: str) -> Share:
    """Says how far a long run is, on a terminal's stderr."""
    import time

    return Share(what, sys.stderr, time.monotonic)


def _rendering(chosen: Options) -> views.Options:
    return views.Options(output=chosen.output, fields=chosen.fields, quiet=chosen.quiet, color=chosen.color)


class _Masked:
    """stderr behind the filter: whatever is said there, no key is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.flush = stream.flush
        self.isatty = stream.isatty

    def write(self, text: str) -> int:
        return self._stream.write(redact(text))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)


def masked_stderr() -> TextIO:
    """stderr, on which no key is ever seen."""
    return cast("TextIO", _Masked(sys.stderr))
