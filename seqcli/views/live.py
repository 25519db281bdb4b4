"""A result shown again and again: on a screen of its own where a cursor moves, one frame after another elsewhere."""

import os
from typing import TextIO

from seqcli.views import render, screen
from seqcli.views.blocks import Block, Cell, Line
from seqcli.views.result import Options, Result

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_NOTES = 3


class Live:
    """The frames of one command. `close` gives the terminal back and leaves the last frame on it."""

    def __init__(self, options: Options, stdout: TextIO, stderr: TextIO) -> None:
        self._options = options
        self._stdout = stdout
        self._stderr = stderr
        self._on_screen = options.output == "table" and not options.quiet and screen.can_redraw(stdout)
        self._last: Result | None = None
        self._notes: list[str] = []

    def show(self, result: Result) -> int:
        """Show one frame, or a result that is none; its exit status."""
        if not (result.live and self._on_screen):
            return render.render(result, self._options, self._stdout, self._stderr)
        if self._last is None:
            self._stdout.write(_ENTER)
        self._last = result
        self._notes += result.notes
        self._stdout.write(self._frame(result))
        self._stdout.flush()
        return result.failure.exit_status if result.failure else 0

    def close(self) -> None:
        """Leave the screen; what was on it last stays behind, with what was noted."""
        if self._last is None:
            return
        last, self._last = self._last, None
        self._stdout.write(_LEAVE)
        render.render(last.but(live=False, notes=self._notes), self._options, self._stdout, self._stderr)

    def _frame(self, result: Result) -> str:
        from seqcli.views import draw

        blocks: list[Block] = list(render.blocks_of(result, self._options))
        if result.failure is not None:
            blocks.append(Line(Cell(result.failure.message, "bad")))
        blocks += [Line(Cell(note, "dim")) for note in self._notes[-_NOTES:]]
        lines = draw.text(blocks, self._options, self._stdout).splitlines()
        room = _rows(self._stdout)
        if room is not None and len(lines) > room:
            lines = [*lines[: room - 1], f"… {len(lines) - room + 1} more lines"]
        return _HOME + "\n".join(f"{line}{_CLEAR_LINE}" for line in lines) + _CLEAR_BELOW


def _rows(stream: TextIO) -> int | None:
    """Lines of the terminal; None where that is not known."""
    try:
        return os.get_terminal_size(stream.fileno()).lines or None
    except OSError:
        return None
