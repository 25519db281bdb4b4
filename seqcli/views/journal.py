"""What was sent from this machine, and how it ended."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, pairs, scaled, side, state, text, when

_COLUMNS = columns("GRAPH OUTCOME STATUS KIND/5 SYMBOL/1 SIDE/1 >QTY/2 >PRICE/3 ACCOUNT/4 CREATED/6")


def listed(body: Any) -> list[Block]:
    """A line an intent."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "graph_id"),
            state(row, "outcome"),
            state(row),
            text(row, "kind"),
            text(row, "symbol"),
            side(row),
            scaled(row, "qty_1e8"),
            scaled(row, "price_1e9"),
            text(row, "mode"),
            when(row, "created_ns"),
        ]
        for row in entries(body, "intents")
    ]
    return [Grid(columns=_COLUMNS, rows=rows, empty="nothing is unsettled" if body.get("pending") else "no intents")]


def one(body: Any) -> list[Block]:
    """One intent with its evidence."""
    evidence: list[list[Cell | str]] = [[when(row, "ts_ns"), text(row, "what")] for row in items(body, "evidence")]
    blocks: list[Block] = [Pairs(rows=pairs(body, "evidence"))]
    return [*blocks, Grid(columns=columns("TIME EVIDENCE"), rows=evidence, empty="no evidence")]


def verified(body: Any) -> list[Block]:
    """Is the journal sound?"""
    sound = body.get("sound")
    return [Line(Cell("sound", "good") if sound else Cell("damaged", "bad")), *_pairs(body)]


def _pairs(body: Any) -> list[Block]:
    return [Pairs(rows=[(name, text(body, name)) for name in body if name != "sound"])]
