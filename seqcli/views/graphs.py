"""Graphs as people see them: a tree that fills, a list, the verdict on a file."""

from textwrap import wrap
from typing import Any

from seqcli.units import decimal_text
from seqcli.views import orders
from seqcli.views.blocks import Block, Cell, Column, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, required, scaled, state, text, when
from seqcli.views.graph_rows import OVER, WAITING, Row, rows
from seqcli.views.result import Table

_LIST = columns("GRAPH STATUS >NODES/1 >EDGES/2 WHY/4 CREATED/3")
_TYPE, _BAR, _NOTE = 3, 10, 28
_FULL, _EMPTY = "█", "░"


def drawn(*, unfolded: bool = False) -> Table:
    """A graph as a tree; runs of slices are one line each unless `unfolded`."""
    return lambda body: _tree(body, unfolded=unfolded)


def of_order(body: Any) -> list[Block]:
    """A graph that was asked for as an order: one plain order in full, anything more as a tree."""
    nodes, found = items(body, "nodes"), items(body, "orders")
    plain = len(nodes) == 1 == len(found) and not items(nodes[0], "slices")
    return orders.one(found[0]) if plain else _tree(body, unfolded=False)


def submitted(body: Any) -> list[Block]:
    """The outcome of a submission, and the graph as far as the answer shows it."""
    mode = text(body, "mode")
    told: list[tuple[str, Cell | str]] = [
        ("outcome", state(body, "outcome")),
        ("account", Cell("LIVE", "bad") if mode == "live" else mode),
    ]
    if items(body, "nodes"):
        (head, *rest) = _tree(body, unfolded=False)
        return [Pairs(rows=[*told, *(head.rows if isinstance(head, Pairs) else [])]), *rest]
    told += [
        ("graph", text(body, "graph_id")),
        ("status", state(body)),
        ("size", _size(body) if items(body, "orders") else ""),
    ]
    return [Pairs(rows=[row for row in told if _said(row[1])]), *(orders.listed(body) if items(body, "orders") else [])]


def listed(body: Any) -> list[Block]:
    """Graphs, a line each."""
    found: list[list[Cell | str]] = [
        [
            text(row, "graph_id"),
            state(row),
            *(text(row, name) for name in ("node_count", "edge_count")),
            text(row, "pause_reason") or text(row, "failure_reason"),
            when(row, "created_ns"),
        ]
        for row in entries(body, "execution_graphs")
    ]
    return [Grid(columns=_LIST, rows=found, empty="no graphs")]


def verdict(body: Any) -> list[Block]:
    """Whether a graph is fine, and how large it becomes; its faults are told as the failure."""
    if not body["valid"]:
        return []
    return [Line(Cell(f"valid: {_size(body)}", "good"))]


def _tree(body: Any, *, unfolded: bool) -> list[Block]:
    found = rows(body, unfolded=unfolded)
    symbols = {_symbol(node) for node in items(body, "nodes")}
    one = symbols.pop() if len(symbols) == 1 else ""
    return [Pairs(rows=_head(body, one)), _grid(found, with_symbol=not one)]


def _head(body: Any, symbol: str) -> list[tuple[str, Cell | str]]:
    name = required(body, "graph_id")
    paused, failed = text(body, "pause_reason"), text(body, "failure_reason")
    head: list[tuple[str, Cell | str]] = [("graph", name), ("status", state(body))]
    if paused:
        head.append(("paused", Cell(f"{paused}; go on with: seq graph resume {name}", "warn")))
    if failed:
        head.append(("reason", Cell(failed, "bad")))
    if symbol:
        head.append(("symbol", Cell(symbol, "strong")))
    head += [("size", _size(body)), ("created", when(body, "created_ns")), ("ended", when(body, "terminal_ns"))]
    return [row for row in head if row[1]]


def _size(body: Any) -> str:
    nodes, edges, more = (text(body, name) for name in ("node_count", "edge_count", "expanded_node_count"))
    counts = f"{nodes} {'node' if nodes == '1' else 'nodes'}, {edges} {'edge' if edges == '1' else 'edges'}"
    return counts if more in ("", nodes) else f"{counts}; {more} nodes with their slices"


def _grid(found: list[Row], *, with_symbol: bool) -> Grid:
    heads = (
        Column("NODE"),
        Column("STATUS"),
        Column("ORDER"),
        Column("TYPE", spare=3),
        Column("FILLED", right=True),
        Column("", spare=2),
        Column("AVG PRICE", right=True, spare=1),
        Column("WHEN"),
    )
    lines: list[list[Cell | str]] = []
    for row in found:
        notes = [(part, mood) for note, mood in row.notes for part in wrap(note, _NOTE)] or [("", "")]
        lines.append(
            [
                f"{row.guide}{row.name}",
                state({"status": row.status}) if row.status not in WAITING else Cell(row.status, "dim"),
                _order(row, with_symbol=with_symbol),
                _kind(row.node),
                decimal_text(row.filled, 8),
                _bar(row),
                row.price,
                Cell(*notes[0]),
            ]
        )
        below = row.guide.replace("├─ ", "│  ").replace("└─ ", "   ").replace("↓  ", "   ")
        lines += [[below, "", "", "", "", "", "", Cell(*note)] for note in notes[1:]]
    used = [place for place, _ in enumerate(heads) if place < _TYPE or any(_said(line[place]) for line in lines)]
    return Grid(columns=tuple(heads[at] for at in used), rows=[[line[at] for at in used] for line in lines])


def _said(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _order(row: Row, *, with_symbol: bool) -> str:
    words = [text(row.node, "side") if row.node is not None else ""]
    words.append(decimal_text(row.qty, 8) if row.qty is not None else _dollars(row.node))
    words.append(_symbol(row.node) if with_symbol and row.node is not None else "")
    return " ".join(filter(None, words))


def _dollars(node: Any) -> str:
    notional = (node.get("quantity") or {}).get("notional") if node is not None else None
    amount = scaled(notional, "notional_usd_1e9")
    return f"{amount} USD of" if amount else ""


def _kind(node: Any) -> str:
    kind = node.get("order_type") if node is not None else None
    if not isinstance(kind, dict):
        return str(kind or "")
    name, prices = next(iter(kind.items()))
    shown = [scaled(prices, field) for field in ("trigger_price_1e9", "price_1e9")]
    return " ".join(filter(None, (name.partition("_")[0], *shown)))


def _bar(row: Row) -> Cell | str:
    if not row.qty:
        return ""
    full = min(_BAR, row.filled * _BAR // row.qty)
    mood = "dim" if row.status in WAITING else "good" if row.status == OVER[0] else ""
    return Cell(_FULL * full + _EMPTY * (_BAR - full), mood)


def _symbol(node: Any) -> str:
    return text(node.get("instrument"), "symbol")
