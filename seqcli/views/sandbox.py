"""The exchange in the box: its server, settings, resets and recordings."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, names, text, when


def ready(body: Any) -> list[Block]:
    """Where it listens, and the key, on one line."""
    return [Line(f"serving {text(body, 'url')}  key {text(body, 'api_key')}  pid {text(body, 'pid')}")]


def status(body: Any) -> list[Block]:
    """Is it running, where, with which state?"""
    running = Cell("yes", "good") if body.get("running") else Cell("no", "dim")
    rows: list[tuple[str, Cell | str]] = [("running", running)]
    rows += [
        (name.replace("_", " "), text(body, name))
        for name in ("url", "pid", "state", "api_key_file")
        if text(body, name)
    ]
    rows += [("started", when(body, "started_ns"))] if when(body, "started_ns") else []
    return [Pairs(rows=rows)]


def stopped(body: Any) -> list[Block]:
    """Which server ended."""
    return [Line(f"stopped {text(body, 'url')} (pid {text(body, 'pid')})")]


def settings(body: Any) -> list[Block]:
    """Paper defaults."""
    fees = body.get("fees") or {}
    rows: list[tuple[str, Cell | str]] = [
        ("fill model", text(body, "fill_model")),
        ("seed", text(body, "seed")),
        ("maker bps", text(fees, "maker_bps") or "each venue's own"),
        ("taker bps", text(fees, "taker_bps") or "each venue's own"),
    ]
    balances: list[list[Cell | str]] = [
        [text(row, "venue"), text(row, "symbol"), text(row, "qty")] for row in items(body, "default_balances")
    ]
    return [
        Pairs(rows=rows),
        Grid(columns=columns("VENUE ASSET >QTY"), rows=balances, title="at the next reset"),
    ]


def reset(body: Any) -> list[Block]:
    """What a reset did."""
    fields = ("cancelled_orders", "deleted", "written")
    return [Pairs(rows=[(name.replace("_", " "), text(body, name)) for name in fields])]


def connected(body: Any) -> list[Block]:
    """An edge that went or came, and every one that is down."""
    word = Cell("connected", "good") if body["connected"] is True else Cell("down", "bad")
    rows: list[tuple[str, Cell | str]] = [(text(body, "edge"), word), ("down", names(body, "down") or "none")]
    return [Pairs(rows=[*rows, ("orders out of reach", text(body, "open_orders"))])]


def seeded(body: Any) -> list[Block]:
    """Rows written and deleted."""
    return [Pairs(rows=[(name, text(body, name)) for name in ("written", "deleted")])]


def tape(body: Any) -> list[Block]:
    """What recordings hold."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "symbol"),
            text(row, "venue"),
            when(row, "first_ns"),
            when(row, "last_ns"),
            text(row, "books"),
            text(row, "trades"),
            text(row, "path"),
        ]
        for row in entries(body, "series")
    ]
    return [
        Grid(
            columns=columns("SYMBOL VENUE FROM/2 TO/2 >BOOKS >TRADES FILE/3"),
            rows=rows,
            empty="nothing recorded",
        )
    ]
