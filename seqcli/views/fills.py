"""Fills, newest first."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid
from seqcli.views.cells import columns, entries, order_id, scaled, side, symbol, text, when

_COLUMNS = columns("TIME/1 SYMBOL SIDE >QTY >PRICE VENUE/2 >FEE_USD/3 LIQUIDITY/4 ORDER/5")


def fills(body: Any) -> list[Block]:
    """One line a fill."""
    rows: list[list[Cell | str]] = [
        [
            when(fill, "ts_ns"),
            symbol(fill),
            side(fill),
            scaled(fill, "qty_1e8"),
            scaled(fill, "price_1e9"),
            text(fill, "venue"),
            scaled(fill, "fee_usd_1e9"),
            text(fill, "liquidity"),
            order_id(fill),
        ]
        for fill in entries(body, "fills")
    ]
    return [Grid(columns=_COLUMNS, rows=rows, empty="no fills")]
