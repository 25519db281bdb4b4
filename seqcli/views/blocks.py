"""What a view is made of before it is drawn: lines, pairs and grids of text. Cleaned when drawn, not here."""

import msgspec


class Cell(msgspec.Struct, frozen=True):
    """Text with a mood: good, bad, warn, strong or dim."""

    text: str
    mood: str = ""


class Column(msgspec.Struct, frozen=True):
    """A heading. `right` aligns numbers.

    A column with `spare` is left out where it does not fit, the lowest is tried first; with 0 it is always shown.
    """

    title: str
    right: bool = False
    spare: int = 0


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows below headings; `empty` is said when there are none."""

    columns: tuple[Column, ...]
    rows: list[list[Cell | str]]
    title: str = ""
    empty: str = "nothing"


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Names and values, one a line."""

    rows: list[tuple[str, Cell | str]]
    title: str = ""


class Line(msgspec.Struct, frozen=True):
    """A sentence."""

    cell: Cell | str


Block = Grid | Pairs | Line
