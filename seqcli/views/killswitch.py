"""The kill switch: what it cancelled, what is left, and whether it is proven flat."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, text, when


def engaged(body: Any) -> list[Block]:
    """Per venue what was cancelled and what is still open."""
    flat = Cell("yes, seen twice", "good") if body.get("flat") is True else Cell("NOT PROVEN", "bad")
    rows: list[list[Cell | str]] = [
        [text(row, "venue"), text(row, "cancelled"), text(row, "open"), Cell(text(row, "error"), "bad")]
        for row in entries(body, "venues")
    ]
    heads = columns("VENUE >CANCELLED >STILL_OPEN ERROR")
    return [
        Pairs(rows=[*_switch(body), ("flat", flat)]),
        Grid(columns=heads, rows=rows, empty="no venue had an open order"),
    ]


def status(body: Any) -> list[Block]:
    """The latch here and the switch there."""
    return [Pairs(rows=_switch(body))]


def _switch(body: Any) -> list[tuple[str, Cell | str]]:
    server = body.get("server") if isinstance(body.get("server"), dict) else body
    rows: list[tuple[str, Cell | str]] = [
        ("latch on this machine", _engaged(body.get("latched"))),
        ("switch on the server", _engaged(server.get("engaged"))),
        ("reason", text(server, "reason") or text(body, "reason")),
        ("since", when(server, "engaged_at_ns")),
        ("open orders", text(body, "open_orders") or text(server, "open_orders")),
        ("problem", Cell(text(body, "problem"), "bad")),
    ]
    return [row for row in rows if (row[1].text if isinstance(row[1], Cell) else row[1])]


def _engaged(value: Any) -> Cell:
    if value is None:
        return Cell("unknown", "warn")
    return Cell("ENGAGED", "bad") if value else Cell("off", "good")
