"""Pictures of exact values in text: lines and candles over time, and bars. They fit a width and a height to the
letter, and the same values give the same letters.

Values are integers at a scale of `digits` decimals. They are drawn to the nearest cell, but what is written on an axis
is exact: round values and round times (`ticks`). What is too much for the width is put together, never left out:
neighbouring candles become one with the first open, the highest high, the lowest low and the last close; of a line
each column keeps its first, lowest, highest and last point.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import msgspec

from seqcli.units import SECOND, decimal_text
from seqcli.views import screen, ticks
from seqcli.views.blocks import Candle, Chart

NARROWEST = 60
"""Columns below which a picture shows nothing that its table does not."""
_COLOURS = ("cyan+", "orange", "magenta+", "green+", "blue+", "red+")
_MARKS = "*+xo%@"
_UP, _DOWN, _WICK, _RISING = "green", "red", "│", "▒"
_SOLID, _LINE = "█", "braille"
_PLAIN = str.maketrans("│┤├┼─┬┴┌┐└┘█▒", "||++-++++++#o")
_FRAME, _ROWS_PER_MARK, _COLUMNS_PER_TIME = 2, 3, 14


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """How large a picture is and what it may be made of; `digits`: decimals of its values."""

    width: int
    height: int = 16
    colour: bool = False
    ascii: bool = False
    digits: int = 9


def picture(chart: Chart, frame: Frame) -> list[str]:
    """The picture of a block that has something to draw; a chart of bars is no higher than its bars."""
    if chart.candles:
        return candles(chart.candles, frame)
    lines = {name: points for name, points in chart.lines.items() if points}
    return line(lines, frame) if lines else bars(chart.bars, frame)


def line(lines: Mapping[str, Sequence[tuple[int, int]]], frame: Frame) -> list[str]:
    """One or several lines of (instant, value), each in time order and none empty; several are named below."""
    points = [point for each in lines.values() for point in each]
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    notes = [_span(first, last, frame), *_legend(list(lines), frame)]
    canvas = _Canvas(frame, [value for _, value in points], notes)
    span = max(last - first, 1)
    canvas.times(first, first + span)
    for place, each in enumerate(lines.values()):
        kept = list(_thinned(each, first, span, canvas.columns))
        at = [(ts_ns - first) * (canvas.columns - 1) / span for ts_ns, _ in kept]
        canvas.draw(at, [value for _, value in kept], _mark(place, len(lines), frame), _colour(place))
    return canvas.lines()


def candles(bars: Sequence[Candle], frame: Frame) -> list[str]:
    """Candles, at least one, at their true distances: bodies from open to close, wicks to high and low.

    Without colour a rise has a lighter body than a fall.
    """
    bars = sorted(bars, key=lambda bar: bar.ts_ns)
    first, last = bars[0].ts_ns, bars[-1].ts_ns
    step = min((after.ts_ns - bar.ts_ns for bar, after in pairwise(bars)), default=SECOND)
    canvas = _Canvas(
        frame, [each for bar in bars for each in (bar.open, bar.high, bar.low, bar.close)], [_span(first, last, frame)]
    )
    together = -(-((last - first) // step + 1) // canvas.columns)
    canvas.say(f"{together} bars a candle" if together > 1 else "")
    slots = (last - first) // (step * together) + 1
    wide = canvas.columns // slots
    canvas.times(first, first + step * together * canvas.columns // wide)
    for slot, group in groupby(bars, key=lambda bar: (bar.ts_ns - first) // (step * together)):
        canvas.candle(slot * wide + wide // 2, _joined(list(group)))
    return canvas.lines()


def bars(rows: Sequence[tuple[str, int]], frame: Frame) -> list[str]:
    """A name, its exact value and a bar from zero to it, one a line; of too many the first, and how many more."""
    from rich.cells import cell_len, set_cell_size

    kept = list(rows if len(rows) <= frame.height else rows[: frame.height - 1])
    names = [screen.clean(name) for name, _ in kept]
    texts = [decimal_text(value, frame.digits) for _, value in kept]
    long = max(map(len, texts), default=0)
    wide = min(max(map(cell_len, names), default=0), max(frame.width - long - 10, 1))
    heads = [f"{set_cell_size(name, wide)}  {text.rjust(long)}  " for name, text in zip(names, texts, strict=True)]
    lines = [
        head + bar for head, bar in zip(heads, _bars([value for _, value in kept], wide + long + 4, frame), strict=True)
    ]
    if len(kept) < len(rows):
        lines.append(f"{len(rows) - len(kept)} more".ljust(frame.width))
    return lines


def _bars(values: Sequence[int], used: int, frame: Frame) -> list[str]:
    """The bars alone, one a line."""
    columns = max(frame.width - used, 1)
    low, high = min(0, *values, 0), max(0, *values, 0)
    plot = _plotext(columns, len(values))
    plot.frame(False)
    plot.xticks([])
    plot.yticks([])
    plot.xlim(0, max(columns - 1, 1))
    plot.ylim(0, max(len(values) - 1, 1))
    span, zero = max(high - low, 1), -low * (columns - 1) // max(high - low, 1)
    for row, value in enumerate(values):
        end = (value - low) * (columns - 1) // span
        if value:
            at = len(values) - 1 - row
            plot.plot([zero, end], [at, at], marker=_SOLID, color=_DOWN if value < 0 else _UP)
    return _built(plot, frame, columns)


class _Canvas:
    """A framed picture with marked axes and some lines below it."""

    def __init__(self, frame: Frame, values: Sequence[int], notes: Sequence[str]) -> None:
        self._frame = frame
        self._notes = list(notes)
        low, high = min(values), max(values)
        self._low, self._high = ticks.room(low, high)
        height = frame.height - len(notes)
        marks = ticks.values(self._low, self._high, (height - _FRAME - 1) // _ROWS_PER_MARK + 1, frame.digits)
        room = max(len(text) for _, text in marks)
        self.columns = frame.width - room - _FRAME
        self._plot = _plotext(frame.width, height)
        self._plot.xlim(0, self.columns - 1)
        self._plot.ylim(0, self._high - self._low)
        self._plot.yticks([value - self._low for value, _ in marks], [text.rjust(room) for _, text in marks])

    def times(self, first_ns: int, end_ns: int) -> None:
        """Mark the time axis from the first column to the last."""
        marks = ticks.times(first_ns, end_ns, self.columns // _COLUMNS_PER_TIME)
        at = [(ts_ns - first_ns) * (self.columns - 1) / (end_ns - first_ns) for ts_ns, _ in marks]
        self._plot.xticks(at or [0], [text for _, text in marks] or [" "])

    def draw(self, at: Sequence[float], values: Sequence[int], mark: str, colour: str) -> None:
        """A line through points."""
        self._plot.plot(at, [value - self._low for value in values], marker=mark, color=colour)

    def candle(self, column: int, bar: Candle) -> None:
        """One candle in a column."""
        colour = _UP if bar.close >= bar.open else _DOWN
        body = _SOLID if self._frame.colour or bar.close < bar.open else _RISING
        for mark, ends in ((_WICK, (bar.low, bar.high)), (body, (bar.open, bar.close))):
            self._plot.plot([column] * 2, [end - self._low for end in ends], marker=mark, color=colour)

    def say(self, words: str) -> None:
        """Add to the line below the picture, as far as it fits."""
        shown = self._notes[0].rstrip()
        self._notes[0] = f"{shown}, {words}"[: self._frame.width].ljust(self._frame.width) if words else self._notes[0]

    def lines(self) -> list[str]:
        """The picture."""
        return [*_built(self._plot, self._frame, self._frame.width), *self._notes]


def _plotext(width: int, height: int) -> Any:
    """A new picture; the library keeps one at a time."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    return plotext


def _built(plot: Any, frame: Frame, width: int) -> list[str]:
    text = plot.build()
    rows = text.splitlines() if frame.colour else [row.ljust(width) for row in plot.uncolorize(text).splitlines()]
    return [row.translate(_PLAIN) for row in rows] if frame.ascii else rows


def _span(first_ns: int, last_ns: int, frame: Frame) -> str:
    return ticks.span(first_ns, last_ns)[: frame.width].ljust(frame.width)


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _mark(place: int, many: int, frame: Frame) -> str:
    """What a line is drawn with: fine dots where colour tells lines apart or there is but one."""
    if not frame.ascii and (frame.colour or many == 1):
        return _LINE
    return _MARKS[place % len(_MARKS)]


def _legend(names: Sequence[str], frame: Frame) -> list[str]:
    """Which line is which; names that do not fit are left out."""
    shown, used = "", 0
    for place, name in enumerate(map(screen.clean, names) if len(names) > 1 else ()):
        mark = _mark(place, len(names), frame)
        if used + len(name) + 5 > frame.width:
            break
        sample = "──" if mark == _LINE else mark * 2
        shown += f"{_painted(sample, _colour(place)) if frame.colour else sample} {name}  "
        used += len(name) + 5
    return [shown + " " * (frame.width - used)] if shown else []


def _painted(text: str, colour: str) -> str:
    import plotext

    return str(plotext.colorize(text, colour))


def _joined(group: Sequence[Candle]) -> Candle:
    first, last = group[0], group[-1]
    high, low = max(each.high for each in group), min(each.low for each in group)
    return Candle(first.ts_ns, first.open, high, low, last.close)


def _thinned(points: Sequence[tuple[int, int]], first: int, span: int, columns: int) -> Iterator[tuple[int, int]]:
    """At most four points a column, in time order."""
    for _, group in groupby(points, key=lambda point: (point[0] - first) * columns // span):
        column = list(group)
        places = range(len(column))
        lowest, highest = (which(places, key=lambda place: column[place][1]) for which in (min, max))
        yield from (column[place] for place in sorted({0, lowest, highest, len(column) - 1}))
