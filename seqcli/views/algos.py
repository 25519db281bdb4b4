"""Algorithms and their edges."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, names, scaled, signed, state, text, when


def deployments(body: Any) -> list[Block]:
    """A line a deployment."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "deployment_id"),
            text(row, "name"),
            state(row),
            names(row, "symbols"),
            f"{text(row, 'pushed_to')} of {text(row, 'capable_edges')}",
            text(row, "size_bytes"),
        ]
        for row in entries(body, "deployments")
    ]
    return [Grid(columns=columns("ID NAME STATUS SYMBOLS EDGES/1 >BYTES/2"), rows=rows, empty="no deployments")]


def built(body: Any) -> list[Block]:
    """What a build made."""
    rows: list[tuple[str, Cell | str]] = [
        ("module", text(body, "path")),
        ("size", f"{text(body, 'size_bytes')} bytes"),
        ("sha256", text(body, "sha256")),
        ("callbacks", names(body, "callbacks")),
    ]
    return [Pairs(rows=rows)]


def logs(body: Any) -> list[Block]:
    """A line a line."""
    lines = log_lines(body)
    return lines or [Line("nothing was logged")]


def log_lines(body: Any) -> list[Block]:
    """A line a line; nothing for none."""
    moods = {"error": "bad", "warn": "warn", "debug": "dim", "trace": "dim"}
    return [
        Line(Cell(f"{when(row, 'ts_ns')} {level:5} {text(row, 'symbol')} {text(row, 'message')}", moods.get(level, "")))
        for row in entries(body, "logs")
        for level in [text(row, "level")]
    ]


def metrics(body: Any) -> list[Block]:
    """A line an instance."""
    fields = ("callback_latency_p50_ns", "callback_latency_p99_ns", "update_count", "orders_sent", "orders_rejected")
    rows: list[list[Cell | str]] = [
        [
            text(row, "edge_id"),
            text(row, "symbol"),
            *(text(row, name) for name in fields),
            text(row, "fills"),
            scaled(row, "position_1e8"),
            signed(row, "realized_pnl_1e9"),
            signed(row, "unrealized_pnl_1e9"),
        ]
        for row in entries(body, "edges")
    ]
    heads = "EDGE SYMBOL >P50(ns)/2 >P99(ns)/3 >BOOKS/4 >ORDERS >REJECTED/1 >FILLS >POSITION >REALISED >UNREALISED"
    return [Grid(columns=columns(heads), rows=rows, empty="on no edge")]


def traces(body: Any) -> list[Block]:
    """A line a callback."""
    rows: list[list[Cell | str]] = [
        [
            when(row, "ts_ns"),
            text(row, "symbol"),
            text(row, "callback"),
            text(row, "latency_ns"),
            ", ".join(_wanted(action) for action in items(row, "actions")),
            Cell(text(row, "error"), "bad"),
        ]
        for row in entries(body, "traces")
    ]
    return [
        Grid(columns=columns("TIME/2 SYMBOL/3 CALLBACK >LATENCY(ns) ACTIONS ERROR/1"), rows=rows, empty="no traces")
    ]


def _wanted(action: Any) -> str:
    words = [text(action, "type"), text(action, "side"), scaled(action, "qty_1e8"), scaled(action, "price_1e9")]
    refused = "" if action.get("accepted") is not False else f" (refused: {text(action, 'reject_code')})"
    return " ".join(word for word in words if word not in ("", "0")) + refused


def mesh(body: Any) -> list[Block]:
    """A line an instance."""
    fields = ("label", "edge_id", "symbol", "connected", "sent", "received", "dropped")
    rows: list[list[Cell | str]] = [[text(row, name) for name in fields] for row in entries(body, "instances")]
    heads = columns("LABEL EDGE SYMBOL CONNECTED >SENT >RECEIVED >DROPPED")
    return [Grid(columns=heads, rows=rows, empty="no instance has a label")]


def one(body: Any) -> list[Block]:
    """One deployment with its edges."""
    rows: list[tuple[str, Cell | str]] = [
        ("id", text(body, "deployment_id")),
        ("name", text(body, "name")),
        ("status", state(body)),
        ("symbols", names(body, "symbols") or text(body, "symbol")),
        (
            "edges",
            f"{text(body, 'pushed_to')} of {text(body, 'capable_edges')}" if "pushed_to" in body else "",
        ),
        ("size", f"{text(body, 'size_bytes')} bytes"),
        ("sha256", text(body, "sha256")),
    ]
    edges: list[list[Cell | str]] = [
        [text(row, "edge_id"), text(row, "symbol"), state(row), text(row, "pause_reason"), text(row, "error")]
        for row in items(body, "edges")
    ]
    heads = columns("EDGE SYMBOL STATUS PAUSED ERROR")
    return [Pairs(rows=[row for row in rows if row[1]]), Grid(columns=heads, rows=edges, empty="on no edge")]
