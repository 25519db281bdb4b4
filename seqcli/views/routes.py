"""What the books say before one trades: where an order would go."""

from typing import Any

from seqcli.views.analytics import percent
from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, scaled, text

_LEGS = columns("VENUE >QTY >SHARE/1 >AVG_PRICE >FEE(bps)/2 >COST(bps)")
_PASSED = columns("PASSED_OVER WHY")


def route(body: Any) -> list[Block]:
    """The parts, what they cost, and who was passed over."""
    legs: list[list[Cell | str]] = [
        [
            Cell(text(row, "venue"), "strong"),
            scaled(row, "qty_1e8"),
            percent(row.get("weight")),
            scaled(row, "est_avg_price_1e9"),
            text(row, "fee_bps"),
            text(row, "est_cost_bps"),
        ]
        for row in entries(body, "legs")
    ]
    passed: list[list[Cell | str]] = [[text(row, "venue"), text(row, "reason")] for row in items(body, "rejected")]
    blocks: list[Block] = [_figures(body), Grid(columns=_LEGS, rows=legs, empty="no venue shows a book of it")]
    if passed:
        blocks.append(Grid(columns=_PASSED, rows=passed))
    left = scaled(body, "left_1e8")
    if legs and left not in ("", "0"):
        blocks.append(Line(Cell(f"the visible books do not hold {left} of it", "warn")))
    return blocks


def _figures(body: Any) -> Pairs:
    single = " at ".join(filter(None, (text(body, "single_venue"), _bps(body, "single_venue_cost_bps"))))
    rows: list[tuple[str, Cell | str]] = [
        ("middle", scaled(body, "mid_1e9")),
        ("expected cost", _bps(body, "est_cost_bps")),
        ("best venue alone", single),
        ("saved by routing", _bps(body, "savings_bps")),
    ]
    words = (text(body, "side"), scaled(body, "qty_1e8"), text(body, "symbol"))
    return Pairs(rows=[row for row in rows if row[1]], title=" ".join(filter(None, words)))


def _bps(row: Any, name: str) -> str:
    shown = text(row, name)
    return f"{shown} bps" if shown else ""
