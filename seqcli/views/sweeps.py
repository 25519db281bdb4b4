"""Backtests side by side."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line
from seqcli.views.cells import columns, entries, items, names, scaled, signed, text


def sets(body: Any) -> list[Block]:
    """A line a set, in their order, and which did best."""
    rows = entries(body, "sets")
    heads = "SET PARAMS SYMBOLS/3 SEED/2 >PROFIT >RETURN(bps) >SHARPE >DRAWDOWN(bps)/4 >TURNOVER/1 >FILLS FAILED/5"
    blocks: list[Block] = [Grid(columns=columns(heads), rows=[_line(row) for row in rows], empty="no set")]
    for name, what in (("pnl_usd_1e9", "profit"), ("sharpe", "Sharpe")):
        known = [row for row in rows if isinstance(row.get("summary"), dict) and row["summary"].get(name) is not None]
        if known:
            best = max(known, key=lambda row: row["summary"][name])
            blocks.append(Line(f"best by {what}: set {text(best, 'set')} ({_params(best)})"))
    return blocks


def _line(row: Any) -> list[Cell | str]:
    found = row.get("summary")
    summary = found if isinstance(found, dict) else {}
    return [
        text(row, "set"),
        _params(row),
        names(row, "symbols"),
        text(row, "seed"),
        signed(summary, "pnl_usd_1e9"),
        text(summary, "return_bps"),
        text(summary, "sharpe"),
        text(summary, "max_drawdown_bps"),
        scaled(summary, "turnover_usd_1e9"),
        text(summary, "trades"),
        Cell(text(row, "error") or text(row, "trapped"), "bad"),
    ]


def _params(row: Any) -> str:
    return " ".join(f"{text(one, 'slot')}={text(one, 'value')}" for one in items(row, "params"))
