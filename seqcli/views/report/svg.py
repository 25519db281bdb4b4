"""Pictures of exact values as inline SVG: bars, lines and candles, with round marks on their axes.

Colours are classes of the page, so a picture is dark where the page is. Every text is cleaned and escaped.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from seqcli.units import decimal_text
from seqcli.views import screen, ticks
from seqcli.views.blocks import Candle, Chart

WIDTH, HEIGHT = 960, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 110, 16, 12, 30
_ROW, _BAR, _NAMES, _VALUES = 30, 18, 260, 130
_VALUE_MARKS, _TIME_MARKS = 6, 8
_LETTER = 7.2
_LONGEST = int((_NAMES - 20) / _LETTER)


def text(value: str) -> str:
    """Any text as the content of an element or of a quoted attribute."""
    return escape(screen.clean(value), quote=True)


def picture(chart: Chart) -> str:
    """The picture of a block that has something to draw; "" when it has not."""
    if chart.candles:
        return _candles(chart)
    lines = {name: points for name, points in chart.lines.items() if points}
    if lines:
        return _lines(chart, lines)
    return _bars(chart) if chart.bars else ""


def _svg(chart: Chart, height: int, parts: Iterator[str]) -> str:
    label = text(chart.title or "picture")
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _bars(chart: Chart) -> str:
    return _svg(chart, _ROW * len(chart.bars) + 8, _bar_rows(chart))


def _bar_rows(chart: Chart) -> Iterator[str]:
    values = [value for _, value in chart.bars]
    low, high = min(0, *values, 0), max(0, *values, 0)
    room = WIDTH - _NAMES - _VALUES
    scale = room / max(high - low, 1)
    zero = _NAMES - low * scale
    for place, (name, value) in enumerate(chart.bars):
        top = 4 + place * _ROW
        middle = top + _BAR / 2 + 5
        start, size = (zero + value * scale, -value * scale) if value < 0 else (zero, value * scale)
        mood = "fall" if value < 0 else "rise"
        shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        yield f'<text class="name" x="{_NAMES - 12}" y="{middle:.1f}">{text(shown)}</text>'
        yield f'<rect class="{mood}" x="{start:.1f}" y="{top}" width="{max(size, 1):.1f}" height="{_BAR}" rx="2"/>'
        yield f'<text class="value" x="{WIDTH - 4}" y="{middle:.1f}">{decimal_text(value, chart.digits)}</text>'
    yield f'<line class="axis" x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{_ROW * len(values) + 4}"/>'


class _Plane:
    """Where instants and values lie."""

    def __init__(self, chart: Chart, times: Sequence[int], values: Sequence[int], *, inset: float = 0) -> None:
        self.first, self.last = min(times), max(*times, min(times) + 1)
        low, high = min(values), max(values)
        self.low, self.high = ticks.room(low, high)
        self.digits, self.inset = chart.digits, inset

    def x(self, ts_ns: int) -> float:
        """Across."""
        room = WIDTH - _LEFT - _RIGHT - 2 * self.inset
        return _LEFT + self.inset + (ts_ns - self.first) * room / (self.last - self.first)

    def y(self, value: int) -> float:
        """Down."""
        return _TOP + (self.high - value) * (HEIGHT - _TOP - _BOTTOM) / (self.high - self.low)

    def axes(self) -> Iterator[str]:
        """Grid lines with what they stand for."""
        for value, name in ticks.values(self.low, self.high, _VALUE_MARKS, self.digits):
            y = self.y(value)
            yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
            yield f'<text class="mark" x="{_LEFT - 8}" y="{y + 4:.1f}">{text(name)}</text>'
        for ts_ns, name in ticks.times(self.first, self.last, _TIME_MARKS):
            yield f'<text class="time" x="{self.x(ts_ns):.1f}" y="{HEIGHT - 8}">{text(name)}</text>'


def _lines(chart: Chart, lines: Mapping[str, Sequence[tuple[int, int]]]) -> str:
    points = [point for each in lines.values() for point in each]
    plane = _Plane(chart, [at for at, _ in points], [value for _, value in points])

    def parts() -> Iterator[str]:
        yield from plane.axes()
        for place, (name, each) in enumerate(lines.items()):
            path = " ".join(f"{plane.x(at):.1f},{plane.y(value):.1f}" for at, value in each)
            yield f'<polyline class="line line{place % 6}" points="{path}"><title>{text(name)}</title></polyline>'
            if len(lines) > 1:
                yield f'<text class="legend line{place % 6}" x="{_LEFT + 8 + place * 130}" y="24">{text(name)}</text>'

    return _svg(chart, HEIGHT, parts())


def _candles(chart: Chart) -> str:
    bars: Sequence[Candle] = chart.candles
    slot = (WIDTH - _LEFT - _RIGHT) / len(bars)
    ends = [each for bar in bars for each in (bar.low, bar.high)]
    plane = _Plane(chart, [bar.ts_ns for bar in bars], ends, inset=slot / 2)
    wide = max(slot * 0.6, 1)

    def parts() -> Iterator[str]:
        yield from plane.axes()
        for bar in bars:
            x, mood = plane.x(bar.ts_ns), "rise" if bar.close >= bar.open else "fall"
            high, low = sorted((plane.y(bar.open), plane.y(bar.close)))
            top, bottom = plane.y(bar.high), plane.y(bar.low)
            yield f'<line class="wick" x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
            size = max(low - high, 1)
            yield f'<rect class="{mood}" x="{x - wide / 2:.1f}" y="{high:.1f}" width="{wide:.1f}" height="{size:.1f}"/>'

    return _svg(chart, HEIGHT, parts())
