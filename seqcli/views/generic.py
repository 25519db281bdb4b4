"""A table for any JSON: what no view knows, or what has another shape than its view expects."""

from typing import Any

from seqcli.units import with_twins
from seqcli.views import forms
from seqcli.views.blocks import Block, Column, Grid, Pairs


def blocks(body: Any) -> list[Block]:
    """A list is a grid; an object is its fields, then each list of objects inside it as a grid of its own."""
    if body is None:
        return []
    shown = with_twins(body)
    if isinstance(shown, list):
        return [grid(shown)]
    if not isinstance(shown, dict):
        return [pairs({"value": shown})]
    lists = {name: value for name, value in shown.items() if _is_table(value)}
    rest = {name: value for name, value in shown.items() if name not in lists}
    return [*([pairs(rest)] if rest else []), *(grid(rows, title=name) for name, rows in lists.items())]


def grid(rows: list[Any], *, title: str = "", fields: tuple[str, ...] | None = None) -> Grid:
    """A column a field. Those asked for by name are all kept; of others the last ones may be spared."""
    header, lines = forms.table_of(rows) if fields is None else (list(fields), forms.lines_of(rows))
    cells = [[_text(cell) for cell in line] for line in lines]
    columns = tuple(
        Column(name.upper(), right=_is_numeric(cells, place), spare=0 if fields else place)
        for place, name in enumerate(header)
    )
    return Grid(columns=columns, rows=[list(line) for line in cells], title=title)


def pairs(body: dict[str, Any]) -> Pairs:
    """A line a field."""
    header, lines = forms.table_of([body])
    return Pairs(rows=[(name, _text(cell)) for name, cell in zip(header, lines[0], strict=True)])


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _is_numeric(cells: list[list[str]], place: int) -> bool:
    found = [line[place] for line in cells if line[place]]
    return bool(found) and all(map(forms.is_number, found))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else forms.encode(value)
