"""Checks of this installation."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line
from seqcli.views.cells import columns, entries, state, text


def checks(body: Any) -> list[Block]:
    """A line a check, then what to do about those that need it."""
    found = entries(body, "checks")
    rows: list[list[Cell | str]] = [[state(row), text(row, "check"), text(row, "found")] for row in found]
    hints: list[Block] = [Line(f"{text(row, 'check')}: {text(row, 'hint')}") for row in found if text(row, "hint")]
    return [Grid(columns=columns("RESULT CHECK FOUND"), rows=rows), *([Line("")] if hints else []), *hints]
