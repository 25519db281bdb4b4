"""Symbols, fees, venues."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid
from seqcli.views.cells import columns, entries, names, scaled, state, text


def symbols(body: Any) -> list[Block]:
    """What can be traded."""
    sizes = ("tick_size_1e9", "lot_size_1e8", "min_qty_1e8")
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "symbol"), "strong"),
            text(row, "instrument_type"),
            state(row),
            *(scaled(row, name) for name in sizes),
            names(row, "venues"),
        ]
        for row in entries(body, "symbols")
    ]
    return [
        Grid(
            columns=columns("SYMBOL TYPE STATUS/3 >TICK/2 >LOT/2 >MIN_QTY/1 VENUES/4"),
            rows=rows,
            empty="no symbols",
        )
    ]


def fees(body: Any) -> list[Block]:
    """Maker and taker rates."""
    rows: list[list[Cell | str]] = [
        [text(row, "venue"), text(row, "maker_bps"), text(row, "taker_bps")] for row in entries(body, "fees")
    ]
    return [Grid(columns=columns("VENUE >MAKER(bps) >TAKER(bps)"), rows=rows, empty="no venue trades it")]


def venues(body: Any) -> list[Block]:
    """Who trades a symbol, and on which terms."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "venue"),
            text(row, "venue_symbol"),
            text(row, "region"),
            _connected(row),
            *(scaled(row, name) for name in ("tick_size_1e9", "min_qty_1e8", "min_notional_1e9")),
            *(text(row, name) for name in ("maker_bps", "taker_bps")),
        ]
        for row in entries(body, "venues")
    ]
    heads = columns("VENUE NAME/3 REGION/4 CONNECTED >TICK/5 >MIN_QTY/2 >MIN_NOTIONAL/6 >MAKER(bps)/1 >TAKER(bps)")
    return [Grid(columns=heads, rows=rows, empty="no venue trades it")]


def every_venue(body: Any) -> list[Block]:
    """An edge a line, by its venue."""
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "venue"), "strong"),
            text(row, "region"),
            names(row, "instrument_types"),
            _connected(row),
            text(row, "symbol_count"),
            text(row, "latency_ms"),
        ]
        for row in entries(body, "edges")
    ]
    heads = columns("VENUE REGION/3 TRADES CONNECTED >SYMBOLS/1 >LATENCY(ms)/2")
    return [Grid(columns=heads, rows=sorted(rows, key=lambda row: [*map(_plain, row)]), empty="no venues")]


def _connected(row: Any) -> Cell:
    return Cell(text(row, "connected"), {True: "good", False: "bad"}.get(row.get("connected"), ""))


def _plain(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell
