"""Execution intelligence: forecast, simulation, live, review, summary, trace."""

from typing import Any

from seqcli.views import analytics, orders
from seqcli.views.analytics import milliseconds, percent, thousandths, usd
from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import amount, columns, entries, items, scaled, text, when

_CURVE = columns("QTY >NOTIONAL_USD/1 >COST_BPS")
_VENUES = columns("RANK VENUE >LANDED_BPS >BOOK/2 >FEES/2 >LATENCY/2 >SHARE/1")
_URGENCY = columns("URGENCY >COST_BPS >SAVES_BPS/1 >TAKES_MS/2")
_CONFIDENCE = columns(">AT_MOST_BPS >CHANCE")
_WAYS = columns("WAY >COST_BPS >COST_USD/2 >FILLED >VENUES/3 >TAKES_MS/1")
_SYMBOLS = columns("SYMBOL >ORDERS/1 >VOLUME_USD >COST_BPS")
_TRACE = columns("TIME/3 >ELAPSED_MS STAGE VENUE/1 DETAIL/2")


def forecast(body: Any) -> list[Block]:
    """Expected and downside cost, then by size, venue, urgency."""
    figures = [
        ("middle", text(body, "mid")),
        ("expected cost", bps(body, "expected_cost_bps")),
        ("  without fees", bps(body, "expected_slippage_bps")),
        ("downside (P90)", bps(body, "downside_cost_bps")),
    ]
    head = Pairs(
        rows=[(name, shown) for name, shown in figures if shown],
        title=f"{text(body, 'side')} {text(body, 'qty')} {text(body, 'symbol')}",
    )
    if body.get("mid") is None:
        return [head, Line(Cell("no venue shows a book of it", "warn"))]
    sizes = items(body, "capacity_curve")
    curve = [(scaled(row, "qty_1e8"), cost) for row in sizes if (cost := thousandths(row.get("cost_bps"))) is not None]
    return [
        head,
        Chart(title="cost by size, basis points", bars=curve, digits=3, empty="the visible books do not hold it"),
        _grid(_VENUES, items(body, "venues"), "venues alone, by landed cost", "no venue alone holds it",
              ("rank", "venue", "landed_cost_bps", "book_cost_bps", "fee_bps", "latency_cost_bps", "share")),
        _grid(_CONFIDENCE, items(body, "fill_confidence"), "chance of the whole quantity", "none in the last minute",
              ("cost_bps", "probability")),
        _grid(_URGENCY, items(body, "urgency"), "urgency", "nothing would have filled",
              ("urgency", "expected_cost_bps", "saving_bps", "expected_time_ms")),
    ]  # fmt: skip


def _grid(heads: Any, rows: list[Any], title: str, empty: str, names: tuple[str, ...]) -> Grid:
    shares = {"share", "probability"}
    cells: list[list[Cell | str]] = [
        [percent(row.get(name)) if name in shares else text(row, name) for name in names] for row in rows
    ]
    return Grid(columns=heads, rows=cells, title=title, empty=empty)


def simulation(body: Any) -> list[Block]:
    """A way a line, the best one marked."""
    best = text(body, "recommended")
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "name"), "good" if text(row, "name") == best else ""),
            text(row, "est_cost_bps"),
            usd(row, "est_cost_usd"),
            percent(row.get("fill_rate")),
            text(row, "venue_count"),
            text(row, "time_to_completion_ms"),
        ]
        for row in entries(body, "strategies")
    ]
    costs = [
        (text(row, "name"), cost)
        for row in entries(body, "strategies")
        if (cost := thousandths(row.get("est_cost_bps"))) is not None
    ]
    said = Line(Cell(f"recommended: {best}", "good")) if best else Line(Cell("nothing would have filled", "warn"))
    grid = Grid(columns=_WAYS, rows=rows, empty="no venue shows a book of it")
    return [grid, Chart(title="cost, basis points", bars=costs, digits=3), said] if rows else [grid]


def live(body: Any) -> list[Block]:
    """Where it stands."""
    order = body["order"]
    track = {"yes": Cell("yes", "good"), "no": Cell("no", "bad")}.get(text(body, "on_track"), Cell(""))
    eta = text(body, "eta_ms")
    rows: list[tuple[str, Cell | str]] = [
        ("progress", percent(body.get("progress"))),
        ("elapsed", f"{text(body, 'elapsed_ms')} ms"),
        ("to go", f"{eta} ms" if eta else ""),
        ("average so far", scaled(body, "running_vwap_1e9")),
        ("middle now", text(body, "mid")),
        ("slippage so far", bps(body, "running_slippage_bps")),
        ("expected cost", bps(body, "expected_cost_bps")),
        ("on track", track),
    ]
    return [Pairs(rows=[row for row in rows if row[1] not in ("", Cell(""))]), *orders.one(order)]


def review(body: Any) -> list[Block]:
    """What it cost, what was expected, and how it went."""
    said: list[Block] = [Line(Cell(text({"note": note}, "note"), "dim")) for note in body.get("notes") or []]
    report = body.get("tca")
    expected = body.get("forecast") or {}
    hoped = Pairs(
        rows=[
            ("expected", bps(expected, "expected_cost_bps")),
            ("downside (P90)", bps(expected, "downside_cost_bps")),
            ("cost less expected", bps(body, "forecast_error_bps")),
        ],
        title="forecast at arrival",
    )
    cost = analytics.report(report) if report else []
    return [*orders.one(body["order"]), *cost, *([hoped] if expected else []), *said, _steps(items(body, "timeline"))]


def summary(body: Any) -> list[Block]:
    """A few figures, and a symbol a line."""
    rows: list[list[Cell | str]] = [
        [text(row, "symbol"), text(row, "orders"), scaled(row, "volume_usd_1e9"), text(row, "avg_total_cost_bps")]
        for row in entries(body, "by_symbol")
    ]
    heads: list[tuple[str, Cell | str]] = [
        ("open orders", text(body, "open_orders")),
        ("completed orders", text(body, "completed_orders")),
        ("volume", amount(body, "volume_usd_1e9")),
        ("mean total cost", bps(body, "avg_total_cost_bps")),
        ("saved", usd(body, "total_savings_usd")),
        ("cheapest venue", text(body, "best_venue")),
        ("dearest venue", text(body, "worst_venue")),
    ]
    kept = [pair for pair in heads if pair[1]]
    return [Pairs(rows=kept), Grid(columns=_SYMBOLS, rows=rows, empty="no orders have ended with fills")]


def trace(body: Any) -> list[Block]:
    """A step a line."""
    return [_steps(entries(body, "events"))]


def _steps(rows: list[Any]) -> Grid:
    cells: list[list[Cell | str]] = [
        [
            when(row, "ts_ns"),
            milliseconds(row.get("elapsed_ns")),
            text(row, "stage"),
            text(row, "venue"),
            _detail(row.get("detail") or {}),
        ]
        for row in rows
    ]
    return Grid(columns=_TRACE, rows=cells, title="timeline", empty="no steps")


def _detail(detail: Any) -> str:
    """What a step says, its times in milliseconds."""
    parts = []
    for name, value in detail.items():
        if value is None or isinstance(value, list | dict):
            continue
        if name.endswith("_ns"):
            parts.append(f"{name.removesuffix('_ns')} {milliseconds(value)} ms")
        else:
            shown = scaled(detail, name) if name.endswith(("_1e8", "_1e9")) else text(detail, name)
            title = name.removesuffix("_1e8").removesuffix("_1e9").replace("_", " ")
            parts.append(f"{title} {shown}")
    return ", ".join(parts)


def bps(row: Any, name: str) -> str:
    """A figure with its unit; blank when it is missing."""
    shown = text(row, name)
    return f"{shown} bps" if shown else ""
