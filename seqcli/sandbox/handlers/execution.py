"""Execution intelligence: forecast, simulate, live, review, summary, traces."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis import forecasts, simulations, statistics, tracing
from seqcli.sandbox.analysis.forecasts import Wanted
from seqcli.sandbox.analysis.showing import fill_body, order_body
from seqcli.sandbox.analysis.tca import arrival_of
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import mid_of
from seqcli.sandbox.handlers.analytics import latency, legs_of, measured, which_of, window
from seqcli.sandbox.handlers.orders import limit_of, symbol_of
from seqcli.sandbox.serving import Box, Call, Paused, conflict, invalid, serves
from seqcli.sandbox.storage import costs
from seqcli.wire import execution

_MS = 1_000_000
_TRACED = 100
_MOST_1E8 = 1 << 62


@serves(execution.FORECAST)
def forecast(box: Box, call: Call) -> dict[str, Any]:
    """Costs of now and of the last minute, by size, by venue and by urgency."""
    wanted = wanted_of(box, call)
    market, now_ns = box.market, call.now_ns
    mid = mid_of(market, wanted.symbol, now_ns)
    view = forecasts.outlook(market, wanted, now_ns)
    return {
        **asked(wanted, mid),
        "mid": None if mid is None else rounding.plain_decimal(mid, 9),
        "mid_1e9": mid,
        "expected_cost_bps": view.cost_at(50),
        "downside_cost_bps": view.cost_at(90),
        "expected_slippage_bps": view.slippage,
        "horizon_ms": simulations.WINDOWS_NS["low"] // _MS,
        "fill_confidence": view.confidence(),
        "capacity_curve": forecasts.curve(market, wanted, now_ns),
        "venues": forecasts.venues(market, wanted, now_ns),
        "urgency": _urgency(box, call, wanted),
        "as_of_ns": now_ns,
    }


def _urgency(box: Box, call: Call, wanted: Wanted) -> list[dict[str, Any]]:
    """Waiting at the touch, in parts, or at once: each that filled whole in its window, against the last."""
    settings = box.exchange.account(call.caller.client_id, call.now_ns).settings
    found: dict[str, dict[str, Any]] = {}
    for urgency, name in (("low", "passive"), ("medium", "split"), ("high", "aggressive")):
        rows = simulations.strategies(box.market, wanted, settings, urgency, call.now_ns, names=(name,))
        if rows and rows[0]["fill_rate"] == 1:
            found[urgency] = rows[0]
    base = found["high"]["est_cost_bps"] if "high" in found else None
    return [
        {
            "urgency": urgency,
            "expected_cost_bps": row["est_cost_bps"],
            "saving_bps": None if base is None else base - row["est_cost_bps"],
            "expected_time_ms": row["time_to_completion_ms"],
        }
        for urgency, row in found.items()
    ]


@serves(execution.SIMULATE)
def simulate(box: Box, call: Call) -> dict[str, Any]:
    """The three ways, run."""
    wanted = wanted_of(box, call)
    urgency = (call.query.urgency or "medium").lower()
    if urgency not in simulations.WINDOWS_NS:
        raise invalid(("urgency", f"must be one of {', '.join(simulations.WINDOWS_NS)}"))
    settings = box.exchange.account(call.caller.client_id, call.now_ns).settings
    rows = simulations.strategies(box.market, wanted, settings, urgency, call.now_ns)
    return {
        **asked(wanted, mid_of(box.market, wanted.symbol, call.now_ns)),
        "urgency": urgency,
        "strategies": rows,
        "recommended": simulations.recommended(rows),
        "as_of_ns": call.now_ns,
    }


def wanted_of(box: Box, call: Call) -> Wanted:
    """Symbol, side and quantity of a query. Raises `Problem`."""
    query = call.query
    missing = [(name, "missing") for name in ("symbol", "side", "qty") if getattr(query, name) is None]
    if missing:
        raise invalid(*missing)
    side = query.side.lower()
    if side not in ("buy", "sell"):
        raise invalid(("side", "must be buy or sell"))
    scaled = query.qty.scaleb(8)
    if not scaled.is_finite() or not 0 < scaled.to_integral_value(ROUND_HALF_EVEN) <= _MOST_1E8:
        raise invalid(("qty", "must be above 0; it is rounded to 8 decimals"))
    symbol = symbol_of(query.symbol) or ""
    instrument = box.market.instruments().get(symbol)
    own = box.exchange.account(call.caller.client_id, call.now_ns).settings.taker_bps
    kind = instrument.kind if instrument else "spot"
    return Wanted(
        symbol=symbol, kind=kind, side=side, qty_1e8=int(scaled.to_integral_value(ROUND_HALF_EVEN)), own_bps=own
    )


def asked(wanted: Wanted, mid: int | None) -> dict[str, Any]:
    """What was asked for, as a reply repeats it; `mid` None: no venue shows a book."""
    return {
        "symbol": wanted.symbol,
        "side": wanted.side,
        "qty": rounding.plain_decimal(wanted.qty_1e8, 8),
        "qty_1e8": wanted.qty_1e8,
        "source": "unavailable" if mid is None else "edge_nbbo",
    }


@serves(execution.LIVE)
def live(box: Box, call: Call) -> dict[str, Any]:
    """How it does against what was to be expected as it arrived."""
    order = box.exchange.find_order(call.caller.client_id, call.path["node_order_id"])
    body = order_body(order)
    mid, now_ns = mid_of(box.market, order.symbol, call.now_ns), call.now_ns
    view = _expected(box, order)
    slippage = _slippage(order)
    end_ns = order.terminal_ns if order.ended and order.terminal_ns else now_ns
    worst = view.slippages[-1] if view is not None and view.slippages else None
    return {
        "order": body,
        "progress": rounding.measured_share(order.filled_qty_1e8, order.qty_1e8),
        "elapsed_ms": (end_ns - order.created_ns) // _MS,
        "eta_ms": _eta(order, end_ns),
        "mid": None if mid is None else rounding.plain_decimal(mid, 9),
        "running_vwap_1e9": body["avg_fill_price_1e9"],
        "running_slippage_bps": slippage,
        "expected_cost_bps": None if view is None else view.cost_at(50),
        "on_track": None if slippage is None or worst is None else slippage <= worst,
        "legs": body["legs"],
        "as_of_ns": now_ns,
    }


def _eta(order: Order, now_ns: int) -> int | None:
    """At the pace so far; None before the first fill."""
    if order.ended:
        return 0
    if not order.filled_qty_1e8:
        return None
    return (now_ns - order.created_ns) * order.remaining_1e8 // order.filled_qty_1e8 // _MS


def _slippage(order: Order) -> Decimal | None:
    mid, qty = order.arrival_mid_1e9, order.filled_qty_1e8
    if mid is None or not qty:
        return None
    away = order.cost - mid * qty
    return rounding.measured_bps(away if order.side == "buy" else -away, mid * qty)


def _expected(box: Box, order: Order) -> forecasts.Outlook | None:
    """The forecast of the instant at which an order met the market; None where that market can't be read again."""
    at_ns = arrival_of(order)
    if order.arrival_mid_1e9 is None or mid_of(box.market, order.symbol, at_ns) != order.arrival_mid_1e9:
        return None
    own = box.exchange.account(order.client_id, at_ns).settings.taker_bps
    wanted = Wanted(
        symbol=order.symbol, kind=order.kind, side=order.side, qty_1e8=order.qty_1e8, own_bps=own, pin=order.pin
    )
    return forecasts.outlook(box.market, wanted, at_ns) if order.qty_1e8 else None


@serves(execution.REVIEW)
def review(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """What came of it, and what was to be expected."""
    client_id, name = call.caller.client_id, call.path["node_order_id"]
    order = box.exchange.find_order(client_id, name)
    if not order.ended:
        raise conflict("order", "still live; see /v1/execution/live")
    yield from box.reporting()
    report = costs.body(box.store.read, client_id, name)
    if report is not None:
        report["submit_latency_ns"] = latency(box, client_id, report)
    view = _expected(box, order)
    fills = costs.fills_of_order(box.store.read, order)
    expected = None if view is None else view.cost_at(50)
    cost = None if report is None else report["total_cost_bps"]
    error = None if cost is None or expected is None else cost - expected
    downside = None if view is None else view.cost_at(90)
    return {
        "order": order_body(order),
        "tca": report,
        "forecast": None if view is None else {"expected_cost_bps": expected, "downside_cost_bps": downside},
        "forecast_error_bps": error,
        "fills": [fill_body(fill) for fill in fills],
        "timeline": tracing.events(order, fills, costs.steps(box.store.read, client_id, order.graph_id)),
        "notes": list(_notes(order, report, error)),
        "as_of_ns": call.now_ns,
    }


def _notes(order: Order, report: dict[str, Any] | None, error: Decimal | None) -> list[str]:
    if report is None:
        return [f"nothing filled: {order.failure_reason or order.end_reason}"]
    notes = []
    if order.filled_qty_1e8 < order.qty_1e8:
        share = rounding.measured_share(order.filled_qty_1e8, order.qty_1e8) or Decimal(0)
        notes.append(f"{share * 100:.1f} % of the quantity filled; it ended: {order.end_reason}")
    if error is not None:
        notes.append(f"{abs(error)} bps {'dearer' if error > 0 else 'cheaper'} than the median of the minute before it")
    if report["benchmark_vwap_1e9"] is None:
        notes.append("no single venue showed the quantity: there is nothing to compare with")
    elif report["savings_usd"] > 0:
        notes.append(f"{report['savings_usd']} USD cheaper than the best single venue, fees included")
    if report["quality"] != "measured":
        notes.append("the market at its arrival cannot be read again; spread, impact and benchmark are unknown")
    return notes


@serves(execution.SUMMARY)
def summary(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """Sums of the window, and by symbol; venues by their mean cost."""
    which = which_of(box, call)
    live = sum(_fits(order, which) for order in box.exchange.open_orders(call.caller.client_id))
    rows = yield from measured(box, which)
    legs = yield from legs_of(box, which)
    venues = [row for row in statistics.venue_costs(legs) if row["avg_cost_bps"] is not None]
    venues.sort(key=lambda row: (row["avg_cost_bps"], row["venue"]))
    by_symbol = [
        {
            "symbol": symbol,
            "orders": len(mine),
            "volume_usd_1e9": sum(mine.notional),
            "avg_total_cost_bps": statistics.mean(mine.total, mine.notional),
        }
        for symbol, mine in ((symbol, rows.at(places)) for symbol, places in sorted(statistics.by(rows.symbol).items()))
    ]
    return {
        "open_orders": live,
        "completed_orders": len(rows),
        "volume_usd_1e9": sum(rows.notional),
        "avg_total_cost_bps": statistics.mean(rows.total, rows.notional),
        "total_savings_usd": statistics.savings(rows),
        "best_venue": venues[0]["venue"] if venues else None,
        "worst_venue": venues[-1]["venue"] if len(venues) > 1 else None,
        "by_symbol": by_symbol,
        **window(which, call),
    }


def _fits(order: Order, which: costs.Which) -> bool:
    """Whether an open order is one of those asked for; it is of now, whatever time was asked for."""
    venues = {leg.venue for leg in order.legs}
    return which.symbol in (None, order.symbol) and (which.venue is None or which.venue in venues)


@serves(execution.TRACES)
def traces(box: Box, call: Call) -> dict[str, Any]:
    """The life of one order."""
    name = call.query.node_order_id
    if name is None:
        raise invalid(("node_order_id", "missing"))
    limit = limit_of(call.query.limit, _TRACED)
    box.store.commit()
    order = box.exchange.find_order(call.caller.client_id, name)
    fills = costs.fills_of_order(box.store.read, order)
    rows = tracing.events(order, fills, costs.steps(box.store.read, order.client_id, order.graph_id))
    shown = rows[:limit]
    return {
        "node_order_id": name,
        "graph_id": order.graph_id,
        "events": shown,
        "count": len(shown),
        "truncated": len(shown) < len(rows),
    }
