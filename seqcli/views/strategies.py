"""Hosted strategies and what is in them."""

from collections.abc import Callable, Sequence
from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, names, state, text, when


def many(body: Any) -> list[Block]:
    """A line a strategy."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "strategy_id"),
            text(row, "name"),
            state(row),
            text(row, "run_id"),
            text(row, "exit_code"),
            text(row, "artifact_bytes"),
            when(row, "updated_ns"),
        ]
        for row in entries(body, "strategies")
    ]
    return [Grid(columns=columns("ID/3 NAME STATUS RUN/2 >EXIT >BYTES/1 UPDATED"), rows=rows, empty="no strategies")]


def one(body: Any) -> list[Block]:
    """One strategy; of its secrets the names."""
    resources = body.get("resources") if isinstance(body, dict) else None
    limits = resources if isinstance(resources, dict) else {}
    seconds = text(limits, "timeout_secs")
    rows: list[tuple[str, Cell | str]] = [
        ("id", text(body, "strategy_id")),
        ("name", text(body, "name")),
        ("status", state(body)),
        ("run", text(body, "run_id")),
        ("exit code", text(body, "exit_code")),
        ("error", Cell(text(body, "error"), "bad") if text(body, "error") else ""),
        ("entrypoint", text(body, "entrypoint")),
        ("memory", f"{text(limits, 'memory_mb')} MiB" if text(limits, "memory_mb") else ""),
        ("runs for", f"{seconds} s at the most" if seconds not in ("", "0") else ""),
        ("environment", _environment(body)),
        ("secrets", names(body, "secret_names")),
        ("size", f"{text(body, 'artifact_bytes')} bytes"),
        ("sha256", text(body, "artifact_sha256")),
        ("created", when(body, "created_ns")),
        ("updated", when(body, "updated_ns")),
    ]
    return [Pairs(rows=[row for row in rows if row[1]])]


def _environment(body: Any) -> str:
    found = body.get("env") if isinstance(body, dict) else None
    return ", ".join(f"{name}={text(found, name)}" for name in found) if isinstance(found, dict) else ""


def deployed(files: Sequence[tuple[str, int]], left_out: Sequence[tuple[str, str]]) -> Callable[[Any], list[Block]]:
    """A strategy, what was sent of its folder, and what stayed."""

    def table(body: Any) -> list[Block]:
        sent: list[list[Cell | str]] = [[name, str(size)] for name, size in files]
        stayed: list[list[Cell | str]] = [[name, reason] for name, reason in left_out]
        blocks = [*one(body), Grid(title="sent", columns=columns("FILE >BYTES"), rows=sent)]
        return [*blocks, Grid(title="left out", columns=columns("NAME WHY"), rows=stayed)] if stayed else blocks

    return table
