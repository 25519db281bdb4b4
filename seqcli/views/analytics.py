"""What trading cost, in tables, and in pictures where these say more."""

from decimal import Decimal
from typing import Any

from seqcli.units import decimal_text
from seqcli.views import ticks
from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import amount, columns, entries, order_id, pairs, scaled, side, signed, symbol, text, when

_ENOUGH, _BUCKETS = 5, 8
_ORDERS = columns(
    "ENDED/5 SYMBOL SIDE >QTY/4 >ACHIEVED/6 >BENCHMARK/7 >COST_BPS >SHORTFALL/2 >SPREAD/3 >IMPACT/3 >FEES/2 "
    ">SAVED_USD/1 QUALITY/8 ORDER/9"
)
_VENUES = columns("VENUE >NOTIONAL_USD >SHARE/2 >COST_BPS >FEES_BPS/1 >FILLS/3")
_POINTS = columns("FROM >ORDERS/2 >NOTIONAL_USD/1 >SHORTFALL_BPS/3 >COST_BPS >SAVED_USD/1")
_SERVED = columns(
    "VENUE >SENT >ACKED/5 >FILLED/3 >REJECTED/4 >FILL_RATE/1 >ACK_MS/6 >SCORE >SMALL/2 >MEDIUM/2 >LARGE/2"
)
_SYMBOLS = columns("SYMBOL KIND/5 >QTY/3 >VALUE_USD >WEIGHT/1 >UNREALISED/2 >REALISED/2 >FEES/4")
_VERSIONS = columns("VERSION >ORDERS >NOTIONAL_USD/3 >COST_BPS >P95_BPS/2 >SAVED_BPS/1 >WIN_RATE/1")
_TOUCHES = columns("VENUE >BID >BID_SIZE/1 >ASK >ASK_SIZE/1 >AGE_MS/2")
_AVERAGES = (
    ("total cost", "total_cost_bps"),
    ("implementation shortfall", "implementation_shortfall_bps"),
    ("  spread", "spread_cost_bps"),
    ("  market impact", "market_impact_bps"),
    ("fees", "fees_bps"),
    ("saved against one venue alone", "savings_vs_benchmark_bps"),
)
_OF_BOOKS = ("spread_cost_bps", "market_impact_bps")
"""They mean nothing of a contract, whose price is a probability, whatever stands there."""
_PROBABILITIES = (
    ("probability at arrival", "arrival_probability", ""),
    ("probability paid", "achieved_probability", ""),
    ("slippage", "probability_slippage_pp", " percentage points"),
)


def tca(body: Any) -> list[Block]:
    """Means, percentiles, and an order a line."""
    orders = entries(body, "orders")
    contracts = any(row.get("is_prediction") for row in orders)
    rows = [[*_order(row), *([_points_of(row)] if contracts else [])] for row in orders]
    heads = (*_ORDERS, *(columns(">SLIPPAGE_PP/2") if contracts else ()))
    grid = Grid(columns=heads, rows=rows, title="orders", empty="no orders have ended with fills")
    averages = body.get("weighted_avg") or {}
    if not rows or not averages:
        return [grid]
    bars = [(name.strip(), bps) for name, key in _AVERAGES if (bps := thousandths(averages.get(key))) is not None]
    return [
        Pairs(rows=[
            ("orders", text(body, "order_count")),
            ("notional", amount(body, "notional_usd_1e9")),
            ("saved", usd(body, "total_savings_usd")),
            ("better than the benchmark", percent(body.get("win_rate"))),
            ("measured", quality_words(body.get("quality") or {})),
        ]),
        Chart(title="mean cost, basis points", bars=bars, digits=3),
        *_histogram(body["orders"]),
        _percentiles(body.get("percentiles") or {}),
        grid,
    ]  # fmt: skip


def _histogram(rows: list[Any]) -> list[Block]:
    """How many of the orders shown cost how much, where there are enough for a picture."""
    costs = [cost for row in rows if (cost := thousandths(row.get("total_cost_bps"))) is not None]
    if len(costs) < _ENOUGH or min(costs) == max(costs):
        return []
    step = ticks.step_of(min(costs), max(costs), _BUCKETS)
    first, last = min(costs) // step, max(costs) // step
    bars = [
        (
            f"{decimal_text(place * step, 3)} to {decimal_text((place + 1) * step, 3)}",
            sum(cost // step == place for cost in costs),
        )
        for place in range(first, last + 1)
    ]
    return [Chart(title=f"{len(costs)} orders by total cost, basis points", bars=bars, digits=0)]


def _percentiles(found: Any) -> Grid:
    rows: list[list[Cell | str]] = [
        [name.removesuffix("_bps").replace("_", " "), *(text(values, place) for place in ("p50", "p75", "p95", "p99"))]
        for name, values in found.items()
    ]
    return Grid(columns=columns("BPS >P50 >P75 >P95 >P99"), rows=rows, title="percentiles")


def _order(row: Any) -> list[Cell | str]:
    return [
        when(row, "completed_ns"),
        Cell(symbol(row), "strong"),
        side(row),
        scaled(row, "filled_qty_1e8"),
        scaled(row, "achieved_vwap_1e9"),
        scaled(row, "benchmark_vwap_1e9"),
        text(row, "total_cost_bps"),
        text(row, "implementation_shortfall_bps"),
        *("" if row.get("is_prediction") else text(row, name) for name in _OF_BOOKS),
        text(row, "fees_bps"),
        usd(row, "savings_usd"),
        text(row, "quality"),
        order_id(row),
    ]


def _points_of(row: Any) -> str:
    """How far a contract was bought above, or sold below, the middle: in percentage points of probability."""
    return text(row, "probability_slippage_pp") if row.get("is_prediction") else ""


def report(row: Any) -> list[Block]:
    """What one order cost."""
    mix: list[list[Cell | str]] = [
        [text(part, "venue"), scaled(part, "qty_1e8"), percent(part.get("weight")), scaled(part, "vwap_1e9"),
         text(part, "fee_bps")]
        for part in row.get("venue_mix") or []
    ]  # fmt: skip
    prices = (("middle at arrival", "arrival_mid_1e9"), ("achieved", "achieved_vwap_1e9"),
              ("best single venue", "benchmark_vwap_1e9"))  # fmt: skip
    rows: list[tuple[str, Cell | str]] = [(title, scaled(row, name)) for title, name in prices]
    parts = [(title, name) for title, name in _AVERAGES if not (row.get("is_prediction") and name in _OF_BOOKS)]
    rows += [(title.strip(), f"{text(row, name)} bps") for title, name in parts if row.get(name) is not None]
    if row.get("is_prediction"):
        rows += [(title, f"{text(row, name)}{unit}") for title, name, unit in _PROBABILITIES if text(row, name)]
    rows += [("saved", usd(row, "savings_usd")), ("quality", text(row, "quality"))]
    grid = Grid(columns=columns("VENUE >QTY >SHARE >AVERAGE >FEES_BPS"), rows=mix, title="venues")
    bars = [(name.strip(), bps) for name, key in parts if (bps := thousandths(row.get(key))) is not None]
    return [Pairs(rows=rows, title="cost"), Chart(title="cost, basis points", bars=bars, digits=3), grid]


def timeseries(body: Any) -> list[Block]:
    """A line of cost over time, and its points."""
    points = entries(body, "points")
    line = [(row["ts_ns"], bps) for row in points if (bps := thousandths(row.get("total_cost_bps"))) is not None]
    rows: list[list[Cell | str]] = [
        [
            when(row, "ts_ns"),
            text(row, "order_count"),
            scaled(row, "notional_usd_1e9"),
            text(row, "implementation_shortfall_bps"),
            text(row, "total_cost_bps"),
            usd(row, "savings_usd"),
        ]
        for row in points
    ]
    grid = Grid(columns=_POINTS, rows=rows, empty="no orders have ended with fills")
    chart = Chart(title="total cost, basis points", lines={"cost": line}, digits=3)
    return [chart, grid] if len(line) > 1 else [grid]


def tca_venues(body: Any) -> list[Block]:
    """Where it was executed, and what that cost."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "venue"),
            scaled(row, "notional_usd_1e9"),
            percent(row.get("weight")),
            text(row, "avg_cost_bps"),
            text(row, "avg_fee_bps"),
            text(row, "fill_count"),
        ]
        for row in entries(body, "venues")
    ]
    return [Grid(columns=_VENUES, rows=rows, empty="no fills of ended orders")]


def quality(body: Any) -> list[Block]:
    """How many reports can be trusted how far."""
    return [Pairs(rows=[*pairs(body, "since_ns", "until_ns", "as_of_ns")])]


def execution(body: Any) -> list[Block]:
    """The four groups."""
    groups = ("orders", "fills", "latency", "execution_quality")
    shown: list[Block] = [Pairs(rows=pairs(body[name]), title=name.replace("_", " ")) for name in groups]
    took = body["latency"]
    spans = [(name.removesuffix("_ns").replace("_", " "), milliseconds(took[name])) for name in took]
    shown[2] = Pairs(rows=[(name, f"{span} ms") for name, span in spans if span], title="latency")
    return shown


def venues(body: Any) -> list[Block]:
    """A venue a line; the last columns are the mean cost of small, medium and large legs."""
    rows: list[list[Cell | str]] = []
    for row in entries(body, "venues"):
        buckets = row.get("size_buckets") or {}
        names = ("venue", "sent", "acked", "filled", "rejected")
        rows.append(
            [
                *(text(row, name) for name in names),
                percent(row.get("fill_rate")),
                milliseconds(row.get("avg_ack_latency_ns")),
                text(row, "quality_score"),
                *(text(buckets.get(size) or {}, "avg_cost_bps") for size in ("small", "medium", "large")),
            ]
        )
    return [Grid(columns=_SERVED, rows=rows, empty="no venue was sent anything")]


def market(body: Any) -> list[Block]:
    """Touch and depth, and each venue's touch."""
    touch = body["nbbo"]
    names = ("bid", "bid_size", "ask", "ask_size", "age_ms")
    rows: list[list[Cell | str]] = [
        [venue, *(text(row, name) for name in names)] for venue, row in (body.get("venues") or {}).items()
    ]
    depth = [(name, cents) for name in ("bid", "ask") if (cents := thousandths(body.get(f"{name}_depth_usd")))]
    figures = [
        *((name, text(touch, name)) for name in ("bid", "ask", "mid")),
        ("spread", f"{text(touch, 'spread_bps')} bps" if text(touch, "spread_bps") else ""),
        ("imbalance", text(body, "imbalance")),
        ("source", text(body, "source")),
    ]
    return [
        Pairs(rows=[(name, shown) for name, shown in figures if shown], title=text(body, "symbol")),
        Chart(title="visible depth, USD", bars=depth, digits=3, empty="no book"),
        Grid(columns=_TOUCHES, rows=rows, empty="no venue shows a book"),
    ]


def portfolio(body: Any) -> list[Block]:
    """Totals, and what they are made of."""
    together = body.get("concentration") or {}
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "symbol"), "strong"),
            text(row, "kind"),
            scaled(row, "qty_1e8"),
            scaled(row, "value_usd_1e9"),
            percent(row.get("weight")),
            signed(row, "unrealized_pnl_usd_1e9"),
            signed(row, "realized_pnl_usd_1e9"),
            scaled(row, "fees_usd_1e9"),
        ]
        for row in entries(body, "symbols")
    ]
    heads: list[tuple[str, Cell | str]] = [
        ("worth", amount(body, "total_value_usd_1e9")),
        ("unrealised P&L", signed(body, "unrealized_pnl_usd_1e9")),
        ("realised P&L", signed(body, "realized_pnl_usd_1e9")),
        ("fees", amount(body, "fees_usd_1e9")),
        ("net P&L", signed(body, "net_pnl_usd_1e9")),
        ("largest position", f"{text(together, 'top_symbol')} {percent(together.get('top_weight'))}".strip()),
        ("three largest", percent(together.get("top3_weight"))),
    ]
    return [Pairs(rows=[pair for pair in heads if pair[1]]), Grid(columns=_SYMBOLS, rows=rows, empty="nothing held")]


def ab(body: Any) -> list[Block]:
    """A version a line, and what follows."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "routing_version"),
            text(row, "order_count"),
            scaled(row, "notional_usd_1e9"),
            text(row, "avg_total_cost_bps"),
            text(row, "p95_total_cost_bps"),
            text(row, "avg_savings_bps"),
            percent(row.get("win_rate")),
        ]
        for row in entries(body, "versions")
    ]
    advice = text(body, "recommendation").replace("_", " ")
    mood = {"promote": "good", "hold": "warn"}.get(advice, "dim")
    delta = text(body, "delta_cost_bps")
    words = f"version {text(body, 'candidate')} against {text(body, 'baseline')}: {delta} bps, " if delta else ""
    sure = {"yes": "significant", "no": "not significant"}.get(text(body, "significant"), "")
    sentence = ", ".join(part for part in (f"{words}{sure}".removesuffix(", "), advice) if part)
    return [Grid(columns=_VERSIONS, rows=rows, empty="no orders have ended with fills"), Line(Cell(sentence, mood))]


# -- cells -----------------------------------------------------------------------------------------------------------


def thousandths(value: Any) -> int | None:
    """A figure as an integer of thousandths, for a picture; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int((Decimal(value) * 1000).to_integral_value())


def percent(value: Any) -> str:
    """A share of 1."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    shown = format((Decimal(value) * 100).normalize(), "f")
    return f"{shown} %"


def usd(row: Any, name: str) -> Cell:
    """Dollars won or lost."""
    shown = text(row, name)
    return Cell(shown, "bad" if shown.startswith("-") else "")


def milliseconds(value: Any) -> str:
    """Nanoseconds, to the microsecond."""
    return format(Decimal(value).scaleb(-6).quantize(Decimal("0.001")), "f") if isinstance(value, int) else ""


def quality_words(counts: Any) -> str:
    """How many reports are of each quality, without noughts."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
