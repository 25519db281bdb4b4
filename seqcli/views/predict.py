"""Prediction markets, their settlement and rewards."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, items, names, pairs, required, scaled, state, text, when

_LIST = columns("MARKET QUESTION/1 >YES_BID >YES_ASK >NO_BID/3 >NO_ASK/3 >VOLUME_24H/4 STATUS/5 ENDS/2")


def listed(body: Any) -> list[Block]:
    """A line a market; a row of several outcomes shows its first."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "slug"),
            text(row, "question"),
            *(text(row, name) for name in ("best_yes_bid", "best_yes_ask", "best_no_bid", "best_no_ask", "volume_24h")),
            state(row),
            text(row, "end_date"),
        ]
        for row in entries(body, "markets")
    ]
    return [Grid(columns=_LIST, rows=rows, empty="no markets")]


def one(row: Any) -> list[Block]:
    """One market in full. Raises KeyError for what is none."""
    required(row, "slug")
    shown = pairs(row, "outcomes", "outcome_token_ids")
    tokens = list(zip(items_of(row, "outcomes"), items_of(row, "outcome_token_ids"), strict=False))
    grid: list[list[Cell | str]] = [[name, token] for name, token in tokens]
    return [Pairs(rows=shown), Grid(columns=columns("OUTCOME TOKEN"), rows=grid, empty="no outcomes")]


def items_of(row: Any, name: str) -> list[str]:
    """A list of words; none when it is missing or something else."""
    found = row.get(name) if isinstance(row, dict) else None
    return [str(word) for word in found] if isinstance(found, list) else []


def settlement(body: Any) -> list[Block]:
    """Where it stands; the underlying as its first, last and extreme prices."""
    blocks: list[Block] = [Pairs(rows=[*pairs(body, "underlying")])]
    curve = body.get("underlying")
    points = items(curve, "points") if isinstance(curve, dict) else []
    if points:
        ends: list[list[Cell | str]] = [
            [when(point, "ts_ns"), scaled(point, "price_1e9")] for point in (points[0], points[-1])
        ]
        title = f"{text(curve, 'symbol')} ({text(curve, 'source')}), first and last of {len(points)}"
        blocks.append(Grid(title=title, columns=columns("TIME >PRICE"), rows=ends))
    return blocks


def redeemed(body: Any) -> list[Block]:
    """How it was collected, or why not."""
    mode = text(body, "mode")
    rows: list[tuple[str, Cell | str]] = [
        ("mode", Cell(mode, "" if mode == "noop" else "good")),
        ("market", text(body, "slug")),
        ("venue", text(body, "venue")),
        ("note", text(body, "note")),
        ("tokens", names(body, "token_ids")),
    ]
    return [Pairs(rows=[row for row in rows if row[1]])]


def rewards(body: Any) -> list[Block]:
    """A line a programme."""
    fields = ("rate_per_day_usdc", "rewards_min_size", "rewards_max_spread", "current_spread")
    rows: list[list[Cell | str]] = [
        [text(row, "token_id"), *(text(row, name) for name in fields)] for row in entries(body, "rewards")
    ]
    spec = "TOKEN >USDC_A_DAY >MIN_SIZE/1 >MAX_SPREAD/2 >SPREAD_NOW/3"
    return [Grid(columns=columns(spec), rows=rows, empty="no programmes")]


def reward(body: Any) -> list[Block]:
    """One programme."""
    required(body, "token_id")
    return [Pairs(rows=pairs(body))]
