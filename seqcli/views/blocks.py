"""What a view is made of before it is drawn: lines, pairs and grids of text. Cleaned when drawn, not here."""

from collections.abc import Mapping, Sequence

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """Text with a mood: good, bad, warn, strong or dim. `share`: in a column of bars, how long in thousandths."""

    text: str
    mood: str = ""
    share: int = 0


class Column(msgspec.Struct, frozen=True):
    """A heading. `right` aligns numbers.

    A column with `spare` is left out where it does not fit, the lowest is tried first; with 0 it is always shown. A
    column of `bars` gets what width is left over, and its cells' shares are drawn there.
    """

    title: str
    right: bool = False
    spare: int = 0
    bars: bool = False


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows below headings; `empty` is said when there are none.

    `around`: the place of the row that matters most; where a live screen is too low, those farthest from it go first.
    """

    columns: tuple[Column, ...]
    rows: list[list[Cell | str]]
    title: str = ""
    empty: str = "nothing"
    around: int | None = None

    def nearest(self, count: int) -> "Grid":
        """So many rows about `around`, at least it; both sides equally long, as far as there are rows."""
        first, last = 0, len(self.rows)
        middle = self.around or 0
        while last - first > max(count, 1):
            if middle - first > last - 1 - middle:
                first += 1
            else:
                last -= 1
        return msgspec.structs.replace(self, rows=self.rows[first:last], around=middle - first)


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Names and values, one a line."""

    rows: list[tuple[str, Cell | str]]
    title: str = ""


class Line(msgspec.Struct, frozen=True):
    """A sentence; a `whole` one is never broken, however narrow the terminal."""

    cell: Cell | str
    whole: bool = False


class Candle(msgspec.Struct, frozen=True):
    """One bar of prices, and when it began."""

    ts_ns: int
    open: int
    high: int
    low: int
    close: int


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of integers with so many `digits` behind the point: candles, or named lines of (instant, value), or
    named bars. Left out on a narrow terminal, which a line says.
    """

    title: str = ""
    candles: Sequence[Candle] = ()
    lines: Mapping[str, Sequence[tuple[int, int]]] = {}
    bars: Sequence[tuple[str, int]] = ()
    digits: int = 9
    height: int = 16
    empty: str = "nothing to draw"


Block = Grid | Pairs | Line | Chart
