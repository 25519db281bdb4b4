"""The nodes of a graph as the rows of a tree; runs of slices and of nodes that do the same are folded into one row."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from seqcli.units import decimal_text
from seqcli.views.cells import items, text, when
from seqcli.views.graph_words import Edges, edges_of, fired, moment, size

WAITING = ("WAITING", "SCHEDULED")
OVER = ("FILLED", "PARTIAL", "CANCELLED", "REJECTED", "EXPIRED", "SKIPPED")
MANY, RUN, _SHORT = 24, 4, 3


class Row(msgspec.Struct, kw_only=True):
    """One line of the tree; quantities 1e8, None where they are not known. `like` is what it may be folded with."""

    name: str
    guide: str = ""
    status: str
    node: Any = None
    qty: int | None = None
    filled: int = 0
    price: str = ""
    notes: list[tuple[str, str]] = []
    like: str = ""


def rows(body: Any, *, unfolded: bool) -> list[Row]:
    """Every node, parents first; with their slices."""
    nodes, edges = items(body, "nodes"), edges_of(items(body, "edges"))
    details = {row.get("node_order_id"): text(row, "failure_detail") for row in items(body, "orders")}
    foldable = len(nodes) > MANY and not unfolded
    found: list[Row] = []
    for node, guide in _walk(nodes, edges):
        notes = _notes(node, edges, details.get(node.get("node_order_id"), ""))
        found += _of_node(node, guide, notes, foldable=foldable)
    return found if unfolded else [row for run in _runs(found) for row in run]


# -- order and guides ------------------------------------------------------------------------------------------------


def _walk(nodes: list[Any], edges: Edges) -> Iterator[tuple[Any, str]]:
    """Nodes in the order of the tree, each with the lines that lead to it. A chain stays at its depth."""
    by_name = {text(node, "node_id"): node for node in nodes}
    parents = {name: text(rows[0], "from_node") for name, rows in edges.starting.items() if name in by_name and rows}
    children: dict[str, list[str]] = {}
    for name in by_name:
        parent = parents.get(name)
        if parent in by_name:
            children.setdefault(str(parent), []).append(name)
    roots = [name for name in by_name if parents.get(name) not in by_name]
    todo = [(name, "", "", False) for name in reversed(roots)]
    seen: set[str] = set()
    while todo:
        name, guide, below, chained = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        yield by_name[name], guide
        todo += reversed(_inner(children.get(name, []), below, chained=chained))
    yield from ((by_name[name], "") for name in by_name if name not in seen)


def _inner(names: list[str], below: str, *, chained: bool) -> list[tuple[str, str, str, bool]]:
    if len(names) == 1 and chained:
        return [(names[0], f"{below[:-3]}↓  ", below, True)]
    last = len(names) - 1
    return [
        (name, f"{below}{'└─ ' if at == last else '├─ '}", f"{below}{'   ' if at == last else '│  '}", len(names) == 1)
        for at, name in enumerate(names)
    ]


# -- one node --------------------------------------------------------------------------------------------------------


def _of_node(node: Any, guide: str, notes: list[tuple[str, str]], *, foldable: bool) -> Iterator[Row]:
    status, slices = text(node, "status").upper(), items(node, "slices")
    yield Row(
        name=text(node, "node_id"),
        guide=guide,
        status=status,
        node=node,
        qty=_total(node),
        filled=_whole(node, "filled_qty_1e8") or 0,
        price=_price(node),
        notes=notes,
        like=_node_like(node, status) if foldable and not slices else "",
    )
    below = guide[:-3] + ("│  " if guide.endswith("├─ ") else "   ") if guide else ""
    for at, part in enumerate(slices):
        yield _of_slice(part, f"{below}{'└─ ' if at == len(slices) - 1 else '├─ '}")


def _of_slice(part: Any, guide: str) -> Row:
    status = text(part, "status").upper()
    if not part.get("node_order_id") and status not in OVER:
        status = WAITING[0]
    at = part.get("scheduled_ns")
    return Row(
        name=text(part, "node_id").rpartition(".")[2],
        guide=guide,
        status=status,
        qty=_whole(part, "qty_1e8"),
        filled=_whole(part, "filled_qty_1e8") or 0,
        price=_price(part),
        notes=[(f"at {_clock(at)}", "dim")] if status in WAITING and isinstance(at, int) else [],
        like=f"slice {_like(status)}" if _like(status) else "",
    )


def _like(status: str) -> str:
    return status if status in WAITING or status in OVER else ""


def _node_like(node: Any, status: str) -> str:
    """One symbol and one side, or their quantities could not be added up; a reason is never folded away."""
    alike = _like(status) and not text(node, "failure_reason")
    return f"{status} {text(node, 'side')} {text(node.get('instrument'), 'symbol')}" if alike else ""


def _notes(node: Any, edges: Edges, detail: str) -> list[tuple[str, str]]:
    name, status = text(node, "node_id"), text(node, "status").upper()
    notes: list[tuple[str, str]] = []
    starting, ending = edges.starting.get(name, []), edges.ending.get(name, [])
    if status in WAITING:
        notes += [(" ".join(filter(None, (moment(edge), size(edge)))), "") for edge in starting]
    else:
        notes += [(f"✓ {moment(edge)}{_times(edge)}", "dim") for edge in starting if fired(edge)]
    for edge in ending:
        if fired(edge):
            notes.append((f"✗ {moment(edge)}", "warn"))
        elif status not in OVER:
            notes.append((f"ends {moment(edge)}", "dim"))
    reason = text(node, "failure_reason")
    if reason:
        notes.append((" – ".join(filter(None, (reason, detail))), "bad"))
    return notes


def _times(edge: Any) -> str:
    return f" ×{fired(edge)}" if fired(edge) > 1 else ""


def _price(row: Any) -> str:
    price = _whole(row, "avg_fill_price_1e9")
    return "" if price is None else decimal_text(price, 9)


def _whole(row: Any, name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _total(node: Any) -> int | None:
    """What the node may fill in all: its order's quantity, which may have been amended; of several starts their cap."""
    fixed = (node.get("quantity") or {}).get("fixed")
    cap = _whole(fixed, "qty_1e8") if isinstance(fixed, dict) else None
    starts = node.get("node_order_ids")
    several = isinstance(starts, list) and len(starts) > 1
    return cap if several and cap is not None else _whole(node, "qty_1e8") or cap


def _clock(at_ns: int) -> str:
    return f"{when({'at_ns': at_ns}, 'at_ns')[11:19]}Z"


# -- folding ---------------------------------------------------------------------------------------------------------


def _runs(found: list[Row]) -> Iterator[list[Row]]:
    """Runs of rows that are alike and of one depth; long ones as one row."""
    for (like, _), group in groupby(found, key=lambda row: (row.like, len(row.guide))):
        run = list(group)
        yield [_one(run)] if like and len(run) >= RUN else run


def _one(run: list[Row]) -> Row:
    first, last = run[0], run[-1]
    sizes = [row.qty for row in run]
    notes = [(f"{len(run)} {first.status.lower()}", "dim")]
    if first.status in WAITING:
        notes += [(f"next {note}", mood) for note, mood in first.notes[:1]]
    kinds = [row.node.get("order_type") if row.node is not None else None for row in run]
    shown = first.node if first.node is None or kinds.count(kinds[0]) == len(run) else first.node | {"order_type": ""}
    return Row(
        name=_span(first.name, last.name),
        guide=last.guide,
        status=first.status,
        node=shown,
        qty=sum(size for size in sizes if size is not None) if None not in sizes else None,
        filled=sum(row.filled for row in run),
        notes=notes,
    )


def _span(first: str, last: str) -> str:
    """``s4–s180``; of long names that differ in a number only, ``step04–180``."""
    stem = first.rstrip("0123456789")
    short = len(stem) > _SHORT and last.startswith(stem) and last[len(stem) :].isdigit()
    return f"{first}–{last[len(stem) :] if short else last}"
