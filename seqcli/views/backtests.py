"""The report of a backtest."""

from decimal import Decimal
from itertools import accumulate
from typing import Any

from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, names, required, scaled, side, signed, state, text, when

PAGE_FILLS = 2000
"""Rows of a page; more make a browser slow."""


def report(body: Any) -> list[Block]:
    """What came of it: figures, the equity curve, a row an instance."""
    summary = body["summary"]
    curve = [(row["ts_ns"], row["equity_usd_1e9"]) for row in items(body, "equity")]
    blocks: list[Block] = [Pairs(rows=_figures(body["inputs"], summary))]
    blocks.append(Chart(title="equity, USD", lines={"equity": curve}, height=14))
    blocks += [_instances(body), *_refusals(body)]
    if body.get("trapped"):
        blocks.append(Line(Cell(f"trapped: {text(body, 'trapped')}", "bad")))
    return blocks


def sections(body: Any) -> list[tuple[str, list[Block]]]:
    """The report as the sections of a page: with falls from the peak, and the fills."""
    curve = [(row["ts_ns"], row["equity_usd_1e9"]) for row in items(body, "equity")]
    peaks = accumulate((worth for _, worth in curve), max)
    falls = [(ts_ns, worth - peak) for (ts_ns, worth), peak in zip(curve, peaks, strict=True)]
    summary: list[Block] = [Pairs(rows=_figures(body["inputs"], body["summary"])), _instances(body), *_refusals(body)]
    if body.get("trapped"):
        summary.append(Line(Cell(f"trapped: {text(body, 'trapped')}", "bad")))
    return [
        ("Summary", summary),
        ("Equity", [Chart(title="equity, USD", lines={"equity": curve})]),
        ("Drawdown", [Chart(title="below the highest equity, USD", lines={"drawdown": falls})]),
        ("Fills", _fills(entries(body, "fills"))),
        ("Inputs", [_inputs(body["inputs"])]),
    ]


def _fills(found: list[Any]) -> list[Block]:
    """The first `PAGE_FILLS`, and how many more there are."""
    scales = ("price_1e9", "qty_1e8", "fee_usd_1e9")
    rows: list[list[Cell | str]] = [
        [
            when(row, "ts_ns"),
            text(row, "symbol"),
            text(row, "venue"),
            side(row),
            *(scaled(row, name) for name in scales),
            text(row, "liquidity"),
        ]
        for row in found[:PAGE_FILLS]
    ]
    heads = columns("TIME SYMBOL VENUE SIDE >PRICE >QTY >FEE(USD) LIQUIDITY")
    blocks: list[Block] = [Grid(columns=heads, rows=rows, empty="no fills")]
    if len(found) > PAGE_FILLS:
        blocks.append(Line(Cell(f"and {len(found) - PAGE_FILLS} more; all of them: -o csv", "dim")))
    return blocks


def _figures(inputs: Any, summary: Any) -> list[tuple[str, Cell | str]]:
    return [
        ("from", when(inputs, "start_ns")),
        ("to", when(inputs, "end_ns")),
        ("capital", f"{scaled(inputs, 'capital_usd_1e9')} USD"),
        ("equity", f"{required(summary, 'final_equity_usd_1e9') and scaled(summary, 'final_equity_usd_1e9')} USD"),
        ("profit", _profit(summary)),
        ("return", f"{text(summary, 'return_bps')} bps"),
        ("fees", f"{scaled(summary, 'fees_usd_1e9')} USD"),
        ("drawdown", f"{text(summary, 'max_drawdown_bps')} bps"),
        ("Sharpe", text(summary, "sharpe") or "nothing varied"),
        ("turnover", f"{scaled(summary, 'turnover_usd_1e9')} USD"),
        ("slippage", f"{text(summary, 'slippage_bps')} bps" if text(summary, "slippage_bps") else "no fills"),
        ("orders", f"{text(summary, 'orders')}, {text(summary, 'trades')} fills"),
        ("callbacks", text(summary, "callbacks")),
    ]


def _profit(summary: Any) -> Cell:
    cell = signed(summary, "pnl_usd_1e9")
    return Cell(f"{cell.text} USD", cell.mood)


def _inputs(inputs: Any) -> Pairs:
    """What gives the same figures again."""
    rows: list[tuple[str, Cell | str]] = [
        ("symbols", names(inputs, "symbols")),
        ("venues", names(inputs, "venues") or "all that trade them"),
        ("market", names(inputs, "tapes") or "synthetic"),
        ("market, SHA-256", text(inputs, "data_sha256")),
        ("module, SHA-256", text(inputs, "wasm_sha256")),
        ("seed", text(inputs, "seed")),
    ]
    params = items(inputs, "params")
    return Pairs(rows=[*rows, *((f"parameter {text(row, 'slot')}", text(row, "value")) for row in params)])


def _instances(body: Any) -> Grid:
    rows: list[list[Cell | str]] = [
        [
            text(row, "symbol"),
            text(row, "venue"),
            scaled(row, "position_1e8"),
            signed(row, "realized_usd_1e9"),
            signed(row, "unrealized_usd_1e9"),
            scaled(row, "fees_usd_1e9"),
            text(row, "trades"),
            text(row, "orders"),
            text(row, "rejected"),
        ]
        for row in entries(body, "per_symbol")
    ]
    heads = columns("SYMBOL VENUE >POSITION >REALISED >UNREALISED >FEES >FILLS/1 >ORDERS/2 >REJECTED/3")
    return Grid(columns=heads, rows=rows, empty="no instance")


def _refusals(body: Any) -> list[Block]:
    """Why orders were rejected, the most frequent reason first."""
    lines: list[Block] = []
    for row in entries(body, "per_symbol"):
        for why in items(row, "refusals"):
            told = f"{text(row, 'symbol')} on {text(row, 'venue')}: {text(why, 'count')} × {text(why, 'reason')}"
            example = text(why, "example")
            lines.append(Line(Cell(f"{told}, as in: {example}" if example else told, "dim")))
    return lines


def jobs(body: Any) -> list[Block]:
    """Jobs of the exchange, a line each."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "job_id"),
            state(row),
            _share(row),
            _symbols(row),
            when(row, "start_ns"),
            when(row, "end_ns"),
            when(row, "created_ns"),
            text(row, "error"),
        ]
        for row in entries(body, "jobs")
    ]
    heads = columns("JOB STATUS >DONE SYMBOLS/3 FROM/2 TO/2 CREATED/1 ERROR")
    return [Grid(columns=heads, rows=rows, empty="no backtest yet: seq algo backtest FILE --remote")]


def job(body: Any) -> list[Block]:
    """One job."""
    rows: list[tuple[str, Cell | str]] = [
        ("job", text(body, "job_id")),
        ("status", state(body)),
        ("done", _share(body)),
        ("symbols", _symbols(body)),
        ("from", when(body, "start_ns")),
        ("to", when(body, "end_ns")),
        ("created", when(body, "created_ns")),
        ("started", when(body, "started_ns")),
        ("finished", when(body, "finished_ns")),
        ("error", text(body, "error")),
    ]
    return [Pairs(rows=[row for row in rows if row[1]])]


def _symbols(row: Any) -> str:
    return ", ".join(map(str, row.get("symbols") or []))


def _share(row: Any) -> str:
    progress = row.get("progress") if isinstance(row, dict) else None
    return f"{progress * 100:.0f} %" if isinstance(progress, (int, Decimal)) else ""
