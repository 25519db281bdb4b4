"""A graph as a Mermaid flowchart, as GitHub draws them: what fired is a thick arrow, what cancels a dotted one."""

from typing import Any

from seqcli.views.blocks import Block, Line
from seqcli.views.cells import items, required, scaled, text
from seqcli.views.graph_words import fired, is_cancel, moment

_STATES = {"FILLED": "good", "WORKING": "busy", "NEW": "busy", "REJECTED": "bad", "PARTIAL": "warn", "EXPIRED": "warn"}
_CLASSES = (
    "classDef good fill:#d7f5dd,stroke:#1a7f37,color:#0b3d1a",
    "classDef busy fill:#ddeeff,stroke:#0969da,color:#05264d",
    "classDef warn fill:#fff3cd,stroke:#9a6700,color:#4d3800",
    "classDef bad fill:#ffdddd,stroke:#cf222e,color:#5c0b11",
)
_LETTERS = frozenset(" .,:;/_%+-×=()")


def flowchart(body: Any) -> list[Block]:
    """The chart's text, a line each."""
    return [Line(line, whole=True) for line in _lines(body)]


def _lines(body: Any) -> list[str]:
    name, nodes = required(body, "graph_id"), items(body, "nodes")
    places = {text(node, "node_id"): f"n{at}" for at, node in enumerate(nodes)}
    lines = [f"%% {_safe(name)}: {_safe(text(body, 'status'))}", "flowchart TD"]
    lines += [f'  {places[text(node, "node_id")]}["{_label(node)}"]' for node in nodes]
    lines += [_arrow(edge, places) for edge in items(body, "edges") if _drawn(edge, places)]
    lines += [f"  {line}" for line in _CLASSES]
    for mood in ("good", "busy", "warn", "bad"):
        these = [
            places[text(node, "node_id")] for node in nodes if _STATES.get(text(node, "status").upper(), "") == mood
        ]
        if these:
            lines.append(f"  class {','.join(these)} {mood}")
    return lines


def _drawn(edge: Any, places: dict[str, str]) -> bool:
    return text(edge, "from_node") in places and text(edge, "to_node") in places


def _label(node: Any) -> str:
    what = (text(node, "side"), scaled(node, "qty_1e8"), text(node.get("instrument"), "symbol"))
    filled = scaled(node, "filled_qty_1e8")
    rows = (
        text(node, "node_id"),
        " ".join(filter(None, what)),
        " ".join(filter(None, (text(node, "status"), f"{filled} filled" if filled not in ("", "0") else ""))),
    )
    return "<br/>".join(_safe(row) for row in rows if row)


def _arrow(edge: Any, places: dict[str, str]) -> str:
    start, end = places[text(edge, "from_node")], places[text(edge, "to_node")]
    line = "-.->" if is_cancel(edge) else "==>" if fired(edge) else "-->"
    words = f"cancels {moment(edge)}" if is_cancel(edge) else moment(edge)
    return f'  {start} {line}|"{_safe(words)}"| {end}'


def _safe(words: str) -> str:
    """Nothing that the chart's grammar, or a page that draws it, could take for its own."""
    return "".join(letter if letter.isalnum() or letter in _LETTERS else f"#{ord(letter)};" for letter in words)
