"""Pools and tokens."""

from decimal import Decimal
from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import amount, columns, entries, items, names, required, scaled, text, when

_POOLS = columns("SYMBOL CHAIN/1 PROTOCOL >FEE(bps)/2 >PRICE >TVL(USD)/3 >TICK/4 UPDATED/6 ADDRESS/5")


def pools(body: Any) -> list[Block]:
    """A line a pool."""
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "symbol"), "strong"),
            text(row, "chain"),
            text(row, "protocol"),
            _bps(row),
            scaled(row, "price_1e9"),
            text(row, "tvl_usd"),
            text(row, "tick"),
            when(row, "last_update_ns"),
            text(row, "address"),
        ]
        for row in entries(body, "pools")
    ]
    return [Grid(columns=_POOLS, rows=rows, empty="no pools")]


def _bps(row: Any) -> str:
    """A fee in basis points, exactly; what is no number of millionths is shown as it came."""
    ppm = row.get("fee_ppm")
    if not isinstance(ppm, int) or isinstance(ppm, bool):
        return text(row, "fee_ppm")
    whole = format(Decimal(ppm).scaleb(-2), "f")
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def token(row: Any) -> list[Block]:
    """One token. Raises KeyError for what is none."""
    required(row, "symbol")
    figures: list[tuple[str, Cell | str]] = [
        ("price", amount(row, "usd_price_1e9")),
        ("kind", text(row, "kind")),
        ("decimals", text(row, "decimals")),
        ("dollar coin", text(row, "is_stable")),
        ("venues", names(row, "venues")),
        ("pools", text(row, "pool_count")),
    ]
    chains: list[list[Cell | str]] = [
        [text(each, "chain"), text(each, "address"), text(each, "decimals")] for each in items(row, "chains")
    ]
    title = f"{text(row, 'symbol')}  {text(row, 'name')}"
    grid = Grid(columns=columns("CHAIN ADDRESS >DECIMALS/1"), rows=chains, empty="on no chain")
    return [Pairs(rows=[pair for pair in figures if pair[1]], title=title), grid]
