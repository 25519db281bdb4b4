"""Settings and where each value came from."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, text


def listed(body: Any) -> list[Block]:
    """Name, value, origin."""
    rows: list[list[Cell | str]] = [
        [text(row, "name"), text(row, "value"), Cell(text(row, "origin"), "dim")] for row in entries(body, "settings")
    ]
    return [Grid(columns=columns("SETTING VALUE FROM"), rows=rows)]


def one(body: Any) -> list[Block]:
    """One value with its origin."""
    return [Pairs(rows=[(text(body, "name"), text(body, "value")), ("from", text(body, "origin"))])]


def changed(body: Any) -> list[Block]:
    """What was written, and where."""
    value = text(body, "value") or "taken out"
    return [Pairs(rows=[(text(body, "name"), value), ("in", text(body, "path"))])]


def path(body: Any) -> list[Block]:
    """Folders and files."""
    return [Pairs(rows=[(name.replace("_", " "), text(body, name)) for name in body])]
