"""Health, drift, edges."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, names, state, text


def check(body: Any) -> list[Block]:
    """Alive, the key, the edges."""
    health = body.get("health") or {}
    rows: list[tuple[str, Cell | str]] = [
        ("alive", state(body.get("live"))),
        ("health", state(health)),
        ("environment", text(health, "environment")),
        ("version", text(health, "version")),
        ("region", text(health, "region")),
    ]
    return [Pairs(rows=rows), *drift(body["edges"])]


def live(body: Any) -> list[Block]:
    """One word."""
    return [Line(state(body))]


def drift(body: Any) -> list[Block]:
    """Expected venues against connected ones."""
    expected, connected = len(body["expected"]), len(body["connected"])
    missing = names(body, "missing")
    mood = "good" if body["drift"] is False else "bad"
    rows: list[tuple[str, Cell | str]] = [("edges", Cell(f"{connected} of {expected} connected", mood))]
    rows += [("missing", Cell(missing, "bad"))] if missing else []
    rows += [("extra", names(body, "extra"))] if names(body, "extra") else []
    return [Pairs(rows=rows)]


def prometheus(body: Any) -> str:
    """The same as Prometheus text (exposition format 0.0.4): a gauge an edge, and the drift."""
    rows = [("seq_edge_up", "Whether an edge is connected.", _ups(body))]
    rows.append(("seq_edges_expected", "How many edges are expected.", [("", len(body["expected"]))]))
    rows.append(("seq_edges_drift", "1 while an expected edge is missing.", [("", int(bool(body.get("drift"))))]))
    lines = []
    for name, text_, samples in rows:
        lines += [f"# HELP {name} {text_}", f"# TYPE {name} gauge"]
        lines += [f"{name}{label} {value}" for label, value in samples]
    return "\n".join(lines)


def _ups(body: Any) -> list[tuple[str, int]]:
    connected = {str(name) for name in body["connected"]}
    known = sorted({str(name) for name in body["expected"]} | connected)
    return [(f'{{edge="{_escaped(name)}"}}', int(name in connected)) for name in known]


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def edges(body: Any) -> list[Block]:
    """A line an edge."""
    fields = ("edge_id", "region", "connected")
    rows: list[list[Cell | str]] = [
        [
            *(text(row, name) for name in fields),
            names(row, "instrument_types"),
            text(row, "symbol_count"),
            text(row, "latency_ms"),
        ]
        for row in entries(body, "edges")
    ]
    return [
        Grid(
            columns=columns("EDGE REGION CONNECTED TYPES/1 >SYMBOLS/2 >LATENCY(ms)/3"),
            rows=rows,
            empty="no edges",
        )
    ]
