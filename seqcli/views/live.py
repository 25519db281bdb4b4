"""A result shown again and again: on a screen of its own where a cursor moves, one frame after another elsewhere."""

import os
from typing import TextIO

from seqcli.views import render, screen
from seqcli.views.blocks import Block, Cell, Grid, Line
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

        told: list[Block] = [] if result.failure is None else [Line(Cell(result.failure.message, "bad"))]
        told += [Line(Cell(note, "dim")) for note in self._notes[-_NOTES:]]
        below = self._lines(told)
        size = _size(self._stdout)
        room = None if size is None else size.lines - draw.rows(below, size.columns)
        lines = self._cut(list(render.blocks_of(result, self._options)), room, size)
        return _HOME + "\n".join(f"{line}{_CLEAR_LINE}" for line in (*lines, *below)) + _CLEAR_BELOW

    def _cut(self, blocks: list[Block], room: int | None, size: os.terminal_size | None) -> list[str]:
        """`blocks` on at most `room` rows of the terminal: first without the rows of a grid that are far from what
        matters there, then without the last lines; the last row says how many lines are left out.
        """
        from seqcli.views import draw

        lines = self._lines(blocks)
        if room is None or size is None or draw.rows(lines, size.columns) <= room:
            return lines
        whole = len(lines)
        for place, block in enumerate(blocks):
            if isinstance(block, Grid) and block.around is not None:
                over = len(lines) + 1 - room
                blocks[place] = block.nearest(len(block.rows) - over) if over > 0 else block
                lines = self._lines(blocks)
        used, kept = 1, []
        for line in lines:
            used += draw.rows([line], size.columns)
            if used > room:
                break
            kept.append(line)
        return [*kept, f"… {whole - len(kept)} more lines"]

    def _lines(self, blocks: list[Block]) -> list[str]:
        from seqcli.views import draw

        return draw.text(blocks, self._options, self._stdout).splitlines()


def _size(stream: TextIO) -> os.terminal_size | None:
    """The terminal's; None where it is not known."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        return None
    return size if size.lines and size.columns else None
