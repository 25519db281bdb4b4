"""What the edges of a graph say, in words: what starts a node, what ends it, what has happened already."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.units import decimal_text
from seqcli.views.cells import text

_SIMPLE = {
    "on_accepted": "when {} is accepted",
    "on_first_fill": "at the first fill of {}",
    "on_fill": "with each fill of {}",
    "on_full_fill": "when {} is filled",
    "on_cancel": "when {} is cancelled",
    "on_done": "when {} has ended",
    "on_reject": "when {} is rejected",
}
_SPANS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))
_HALF = Decimal("0.5")


class Edges(msgspec.Struct):
    """The edges of one graph, by the node they act on."""

    starting: dict[str, list[Any]]
    ending: dict[str, list[Any]]


def edges_of(rows: list[Any]) -> Edges:
    """Split into those that start a node and those that end one."""
    starting: dict[str, list[Any]] = {}
    ending: dict[str, list[Any]] = {}
    for row in rows:
        side = ending if is_cancel(row) else starting
        side.setdefault(text(row, "to_node"), []).append(row)
    return Edges(starting, ending)


def is_cancel(edge: Any) -> bool:
    """Whether the edge ends its target."""
    return text(edge, "action").lower() == "cancel"


def fired(edge: Any) -> int:
    """How often it fired."""
    count = edge.get("fired_count")
    return count if isinstance(count, int) else 0


def moment(edge: Any) -> str:
    """``when spot is half filled``, ``30 s after s3``."""
    start, trigger = text(edge, "from_node"), edge.get("trigger")
    if isinstance(trigger, dict) and isinstance(trigger.get("on_timeout"), dict):
        return f"{span(trigger['on_timeout'].get('ms'))} after {start}"
    if trigger == "on_fill_ratio":
        return f"when {start} is {_part(edge)} filled"
    return _SIMPLE.get(str(trigger), f"{text(edge, 'trigger')} of {{}}").format(start)


def size(edge: Any) -> str:
    """How much an edge starts, where it is not simply the node's own quantity."""
    sizing = edge.get("sizing")
    if not isinstance(sizing, dict):
        return ""
    fixed, share = sizing.get("fixed"), sizing.get("fill_ratio")
    if isinstance(fixed, dict) and isinstance(fixed.get("qty_1e8"), int):
        return decimal_text(fixed["qty_1e8"], 8)
    ratio = text(share, "ratio")
    return "" if ratio in ("", "1", "1.0") else f"{ratio} of it"


def span(ms: Any) -> str:
    """``30 s``, ``1.5 min``, ``250 ms``."""
    if not isinstance(ms, int) or isinstance(ms, bool):
        return "some time"
    for unit, name in _SPANS:
        if ms >= unit and ms * 10 % unit == 0:
            return f"{decimal_text(ms * 10 // unit, 1)} {name}"
    return f"{ms} ms"


def _part(edge: Any) -> str:
    ratio = (edge.get("condition") or {}).get("fill_ratio_gte")
    if isinstance(ratio, bool) or not isinstance(ratio, int | Decimal):
        return "partly"
    if ratio == _HALF:
        return "half"
    percent = Decimal(ratio) * 100
    return "wholly" if ratio == 1 else f"{percent.normalize():f} %"
