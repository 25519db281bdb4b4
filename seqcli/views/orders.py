"""Orders: what became of one, one in full, many, a preview."""

from typing import Any

from seqcli.views import routes
from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import (
    amount,
    columns,
    entries,
    items,
    names,
    order_id,
    pairs,
    required,
    scaled,
    side,
    state,
    symbol,
    text,
    when,
)

_LIST = columns("ORDER/1 STATUS SYMBOL SIDE TYPE/6 >QTY >FILLED/2 >LIMIT/3 >AVG_PRICE/4 >FEES/7 CREATED/5")
_LEGS = columns("VENUE STATUS >QTY >FILLED >AVG_PRICE REASON/1")


def placed(body: Any) -> list[Block]:
    """The outcome of a submission: mode, status, filled, average price, fee, venues."""
    found = items(body, "orders")
    order: Any = found[0] if len(found) == 1 else {}
    mode = text(body, "mode")
    rows: list[tuple[str, Cell | str]] = [
        ("outcome", state(body, "outcome")),
        ("status", state(order) if order else state(body)),
        ("order", text(body, "node_order_id")),
        ("graph", text(body, "graph_id")),
        ("account", Cell("LIVE", "bad") if mode == "live" else mode),
    ]
    if order:
        rows += _filled(order)
    blocks: list[Block] = [Pairs(rows=[row for row in rows if _shown(row[1])])]
    if items(order, "legs"):
        blocks.append(_legs(order))
    return [*blocks, *listed(body)] if len(found) > 1 else blocks


def one(order: Any) -> list[Block]:
    """One order in full. Raises KeyError for what is none."""
    rows: list[tuple[str, Cell | str]] = [
        ("order", required(order, "node_order_id")),
        ("graph", text(order, "graph_id")),
        ("symbol", Cell(text(order, "symbol"), "strong")),
        ("side", side(order)),
        ("type", f"{_kind(order)} {text(order, 'tif')}".strip()),
        ("limit", scaled(order, "limit_price_1e9")),
        ("status", state(order)),
        ("ended", text(order, "end_reason")),
        *_filled(order),
        ("created", when(order, "created_ns")),
        ("updated", when(order, "updated_ns")),
    ]
    return [Pairs(rows=[row for row in rows if _shown(row[1])]), _legs(order)]


def listed(body: Any) -> list[Block]:
    """Orders, a line each."""
    rows: list[list[Cell | str]] = []
    for row in entries(body, "orders"):
        numbers = ("qty_1e8", "filled_qty_1e8", "limit_price_1e9", "avg_fill_price_1e9", "fees_usd_1e9")
        rows.append(
            [
                order_id(row),
                state(row),
                symbol(row),
                side(row),
                _kind(row),
                *(scaled(row, name) for name in numbers),
                when(row, "created_ns"),
            ]
        )
    return [Grid(columns=_LIST, rows=rows, empty="no orders")]


def preview(body: Any) -> list[Block]:
    """What an order would cost, and where it would go."""
    shown = body["nodes"] if isinstance(body.get("nodes"), list) else [body]
    return [block for estimate in shown for block in _estimate(estimate)]


def changed(body: Any) -> list[Block]:
    """An amended, cancelled or awaited order."""
    blocks: list[Block] = [Pairs(rows=pairs(body, "orders"))]
    return [*blocks, *cancelled(body)] if items(body, "orders") else blocks


def cancelled(body: Any) -> list[Block]:
    """Several cancels, a line each."""
    rows: list[list[Cell | str]] = [
        [
            order_id(row),
            state(row),
            text(row, "cancel_state"),
            text(row, "error"),
        ]
        for row in entries(body, "orders")
    ]
    return [Grid(columns=columns("ORDER STATUS CANCEL ERROR"), rows=rows, empty="nothing to cancel")]


def submitted(body: Any) -> list[Block]:
    """Lines of a file and what became of each."""
    rows: list[list[Cell | str]] = [
        [text(row, "line"), state(row, "outcome"), state(row), text(row, "graph_id"), text(row, "error")]
        for row in entries(body, "results")
    ]
    return [Grid(columns=columns(">LINE OUTCOME STATUS GRAPH ERROR"), rows=rows, empty="no lines")]


def _estimate(estimate: Any) -> list[Block]:
    words = (text(estimate, "side"), scaled(estimate, "qty_1e8"), symbol(estimate), _kind(estimate))
    cost = (amount(estimate, "est_total_cost_usd_1e9"), _bps(estimate, "est_total_cost_bps"))
    advice = estimate.get("warnings") or []
    if not isinstance(advice, list):
        raise TypeError("warnings is no list")
    rows: list[tuple[str, Cell | str]] = [
        ("node", text(estimate, "node_id")),
        ("order", " ".join(filter(None, words))),
        ("average price", scaled(estimate, "est_avg_price_1e9")),
        ("worst price", scaled(estimate, "est_worst_price_1e9")),
        ("worth", amount(estimate, "est_notional_usd_1e9")),
        ("fee", amount(estimate, "est_fee_usd_1e9")),
        ("slippage", _bps(estimate, "est_slippage_bps")),
        ("whole cost", ", ".join(filter(None, cost))),
        ("can be filled", text(estimate, "fillable")),
    ]
    venues: list[list[Cell | str]] = [
        [
            text(row, "venue"),
            scaled(row, "qty_1e8") if row.get("selected") else "",
            scaled(row, "est_avg_price_1e9"),
            text(row, "est_fee_bps"),
            text(row, "est_cost_bps"),
            text(row, "reason"),
        ]
        for row in items(estimate, "venues")
    ]
    routing = estimate.get("routing")
    ranked: list[Block] = [routes.ranked(routing)] if isinstance(routing, dict) else []
    warnings: list[Block] = [Line(Cell(text({"": sentence}, ""), "warn")) for sentence in advice]
    heads = columns("VENUE >QTY >AVG_PRICE >FEE(bps)/1 >COST(bps) PASSED_OVER/2")
    return [
        Pairs(rows=[row for row in rows if row[1]]),
        Grid(columns=heads, rows=venues, empty="no venue"),
        *ranked,
        *warnings,
    ]


def _bps(row: Any, name: str) -> str:
    shown = text(row, name)
    return f"{shown} bps" if shown else ""


def _filled(order: Any) -> list[tuple[str, Cell | str]]:
    filled, whole = scaled(order, "filled_qty_1e8"), scaled(order, "qty_1e8")
    venues = [text(leg, "venue") for leg in items(order, "legs") if leg.get("filled_qty_1e8")]
    return [
        ("filled", f"{filled} of {whole} {symbol(order)}" if filled and whole else filled),
        ("average price", scaled(order, "avg_fill_price_1e9")),
        ("fee", amount(order, "fees_usd_1e9")),
        ("venues", ", ".join(venues)),
        (
            "reason",
            Cell(
                " – ".join(filter(None, (text(order, "failure_reason"), text(order, "failure_detail")))),
                "bad",
            ),
        ),
    ]


def _legs(order: Any) -> Grid:
    rows: list[list[Cell | str]] = [
        [
            text(leg, "venue"),
            state(leg),
            *(scaled(leg, name) for name in ("qty_1e8", "filled_qty_1e8", "avg_fill_price_1e9")),
            text(leg, "failure_reason"),
        ]
        for leg in items(order, "legs")
    ]
    return Grid(columns=_LEGS, rows=rows, empty="at no venue")


def _kind(order: Any) -> str:
    kind = order.get("order_type")
    return ", ".join(kind) if isinstance(kind, dict) else names(order, "order_type")


def _shown(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell
