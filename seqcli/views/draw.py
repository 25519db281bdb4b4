"""Blocks onto a screen: whole numbers, right-aligned; a narrow terminal drops columns, never digits."""

import io
from collections.abc import Sequence
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqcli.views import screen
from seqcli.views.blocks import Block, Cell, Chart, Column, Grid, Line, Pairs
from seqcli.views.result import Options

_STYLES = {"good": "green", "bad": "bold red", "warn": "yellow", "strong": "bold", "dim": "dim", "": ""}
_GAP = 2
_UNLIMITED = 100_000
_PICTURE = 80  # columns of a chart where lines may be of any length
_LEAST_BAR, _USUAL_BAR, _LONGEST_BAR = 8, 30, 60
_HEIGHT = 25  # given, or a dumb terminal gets 80 columns whatever the width says


def draw(blocks: Sequence[Block], options: Options, stdout: TextIO) -> None:
    """Draw `blocks`."""
    stdout.write(text(blocks, options, stdout))


def text(blocks: Sequence[Block], options: Options, stdout: TextIO) -> str:
    """`blocks` as lines that fit `stdout`."""
    room = screen.width(stdout, options.width)
    width = _UNLIMITED if room is None else max(room, _widest(blocks, room))
    console = _console(width, coloured=screen.has_colour(stdout, options.color))
    with console.capture() as captured:
        for place, block in enumerate(blocks):
            if place and not isinstance(block, Line):
                console.print()
            if isinstance(block, Chart):
                _picture(console, block, room, stdout)
            else:
                _print(console, _barred(block, room, stdout), room)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def rows(lines: Sequence[str], columns: int) -> int:
    """Rows that drawn lines take on a terminal so wide: one that is too long goes on below."""
    return sum(max(1, -(-Text.from_ansi(line).cell_len // columns)) for line in lines)


def _console(width: int, *, coloured: bool) -> Console:
    """Draws into memory: written to a pipe without a reader, a console would end the process with status 1.

    Colour and width are decided already; the environment is not asked again.
    """
    return Console(
        file=io.StringIO(),
        width=width,
        height=_HEIGHT,
        color_system="standard" if coloured else None,
        force_terminal=coloured,
        no_color=not coloured,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )


def _picture(console: Console, chart: Chart, room: int | None, stdout: TextIO) -> None:
    """A chart, as wide as the terminal; on a narrow one a line instead."""
    from seqcli.views import charts

    if chart.title:
        console.print(_styled(Cell(chart.title, "strong")))
    if not (chart.candles or chart.bars or any(chart.lines.values())):
        console.print(_styled(Cell(chart.empty, "dim")))
    elif room is not None and room < charts.NARROWEST:
        console.print(_styled(Cell(f"no chart below {charts.NARROWEST} columns", "dim")))
    else:
        frame = charts.Frame(
            width=_PICTURE if room is None else room,
            height=chart.height,
            colour=console.color_system is not None,
            ascii=not screen.can_show("│█▒⣿", stdout),
            digits=chart.digits,
        )
        try:
            rows = charts.picture(chart, frame)
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError):
            console.print(_styled(Cell("no chart: these are no values over time", "dim")))
            return
        for row in rows:
            console.print(Text.from_ansi(row))


def _print(console: Console, block: Grid | Pairs | Line, room: int | None) -> None:
    if isinstance(block, Line):
        console.print(_styled(block.cell), width=_margin(block, room))
        return
    if block.title:
        console.print(_styled(Cell(block.title, "strong")))
    if isinstance(block, Pairs) and not block.rows:
        return
    if isinstance(block, Pairs):
        console.print(_lines([[Cell(name, "dim"), value] for name, value in block.rows], (Column(""), Column(""))))
    elif block.rows:
        kept = fitting(block, room)
        columns = tuple(block.columns[place] for place in kept)
        console.print(_lines([[row[place] for place in kept] for row in block.rows], columns, head=True))
    else:
        console.print(_styled(Cell(block.empty, "dim")))


def _margin(line: Line, room: int | None) -> int | None:
    """Where a sentence is broken: between words only, since digits are never cut."""
    if line.whole or room is None:
        return None
    return max([room, *(cell_len(word) for word in _plain(line.cell).split())])


def _barred(block: Grid | Pairs | Line, room: int | None, stdout: TextIO) -> Grid | Pairs | Line:
    """A grid with the shares of its column of bars drawn into the room that is left; any other block as it is."""
    if not isinstance(block, Grid) or not any(column.bars for column in block.columns):
        return block
    place = next(place for place, column in enumerate(block.columns) if column.bars)
    widths = _widths(block)
    others = sum(widths[each] + _GAP for each in fitting(block, room) if each != place)
    long = _USUAL_BAR if room is None else min(max(room - others, _LEAST_BAR), _LONGEST_BAR)
    letters = "█▏▎▍▌▋▊▉" if screen.can_show("█▏▎▍▌▋▊▉", stdout) else "#"
    rows = [[*row[:place], _bar(row[place], long, letters), *row[place + 1 :]] for row in block.rows]
    return Grid(columns=block.columns, rows=rows, title=block.title, empty=block.empty)


def _bar(cell: Cell | str, long: int, letters: str) -> Cell | str:
    """A share of `long` cells in whole letters, then the one of the others that comes closest to the rest."""
    if isinstance(cell, str):
        return cell
    whole, rest = divmod(long * min(max(cell.share, 0), 1000) * len(letters) // 1000, len(letters))
    return Cell(letters[0] * whole + (letters[rest] if rest else ""), cell.mood)


def fitting(grid: Grid, room: int | None) -> list[int]:
    """Places of the columns that fit into `room`, whole.

    Those that can't be spared are all kept; of the others each that still fits, the least spare first.
    """
    widths = [width + _GAP for width in _widths(grid)]
    kept = [place for place, column in enumerate(grid.columns) if room is None or not column.spare]
    used = sum(widths[place] for place in kept) - _GAP
    for place in sorted(set(range(len(widths))) - set(kept), key=lambda place: grid.columns[place].spare):
        if room is not None and used + widths[place] <= room:
            kept.append(place)
            used += widths[place]
    return sorted(kept)


def _widest(blocks: Sequence[Block], room: int) -> int:
    widest = room
    for block in blocks:
        if isinstance(block, Grid):
            widths = _widths(block)
            widest = max(widest, sum(widths[place] + _GAP for place in fitting(block, room)))
        elif isinstance(block, Pairs) and block.rows:
            names, values = (max(cell_len(_plain(cell)) for cell in side) for side in zip(*block.rows, strict=True))
            widest = max(widest, names + values + _GAP)
        elif isinstance(block, Line) and block.whole:
            widest = max(widest, cell_len(_plain(block.cell)))
    return widest


def _widths(grid: Grid) -> list[int]:
    cells: list[list[Any]] = [[column.title] for column in grid.columns]
    for row in grid.rows:
        for place, cell in enumerate(row):
            cells[place].append(cell)
    return [
        max([_LEAST_BAR if column.bars else 0, *(cell_len(_plain(cell)) for cell in found)])
        for column, found in zip(grid.columns, cells, strict=True)
    ]


def _lines(rows: list[list[Cell | str]], columns: tuple[Column, ...], *, head: bool = False) -> Table:
    table = Table(box=None, show_header=head, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        side: Any = "right" if column.right else "left"
        table.add_column(_styled(column.title), justify=side, no_wrap=True, overflow="fold")
    for row in rows:
        table.add_row(*(_styled(cell) for cell in row))
    return table


def _styled(cell: Cell | str) -> Text:
    return Text(_plain(cell), style=_STYLES[cell.mood] if isinstance(cell, Cell) else "")


def _plain(cell: Cell | str) -> str:
    return screen.clean(cell.text if isinstance(cell, Cell) else cell)
