"""Algorithms and their edges."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, items, names, state, text


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
