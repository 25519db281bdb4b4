"""Analytics: aggregates over the stored reports, legs, orders and fills; and the market and the account of now."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis import overviews, statistics
from seqcli.sandbox.handlers.orders import page_of, symbol_of, venue_name
from seqcli.sandbox.handlers.positions import portfolio
from seqcli.sandbox.serving import Box, Call, Paused, invalid, serves
from seqcli.sandbox.storage import costs
from seqcli.sandbox.storage.costs import Which
from seqcli.sandbox.storage.records import Wanted
from seqcli.wire import analytics

DAY_NS = 86_400_000_000_000
_WINDOW_NS = 30 * DAY_NS
_INTERVALS = {"1h": DAY_NS // 24, "1d": DAY_NS}
_VERSIONS = (1, 2, 3)
_SMALL_USD, _LARGE_USD = 10_000, 100_000


@serves(analytics.TCA)
@serves(analytics.TCA_ALIAS)
@serves(analytics.REPORT)
def tca(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """The aggregates, and a page of the reports."""
    which, rows = yield from _measured(box, call, costs.FIGURES)
    found = yield from statistics.tca(rows)
    paged = Wanted(client_id=which.client_id)
    page_of(call, paged)
    shown = costs.bodies(box.store.read, which, paged.limit, paged.offset)
    for body in shown:
        body["submit_latency_ns"] = latency(box, which.client_id, body)
    return {
        **found,
        "filters": _filters(which),
        "orders": shown,
        "total": len(rows),
        "limit": paged.limit,
        "offset": paged.offset,
        "has_more": paged.offset + len(shown) < len(rows),
        **window(which, call),
    }


def latency(box: Box, client_id: str, body: dict[str, Any]) -> int | None:
    """From the reception of the request that made an order to its being on disk; None for one that a trigger made."""
    order = box.exchange.find_order(client_id, body["node_order_id"])
    steps = costs.steps(box.store.read, client_id, order.graph_id)
    took = [step.durable_ns - step.received_ns for step in steps if step.validated_ns == order.created_ns]
    return took[0] if took else None


@serves(analytics.TIMESERIES)
def timeseries(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """One point an interval."""
    interval = (call.query.interval or "1h").lower()
    if interval not in _INTERVALS:
        raise invalid(("interval", f"must be one of {', '.join(_INTERVALS)}"))
    which, rows = yield from _measured(box, call)
    points = statistics.points(rows, _INTERVALS[interval])
    return {"interval": interval, "points": points, "count": len(points), **window(which, call)}


@serves(analytics.TCA_VENUES)
def tca_venues(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """What was executed at each venue."""
    which = which_of(box, call)
    rows = statistics.venue_costs((yield from legs_of(box, which)))
    return {"venues": rows, "count": len(rows), **window(which, call)}


@serves(analytics.QUALITY)
def quality(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """How many reports are measured."""
    which, rows = yield from _measured(box, call)
    counts = statistics.quality(rows)
    share = rounding.measured_share(counts["measured"], len(rows))
    return {**counts, "measured_share": share, **window(which, call)}


@serves(analytics.EXECUTION)
def execution(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """Orders by their end, fills, latency, and what they cost."""
    which, rows = yield from _measured(box, call)
    counts, fills = costs.counts(box.store.read, which)
    submitted = sum(counts.values())
    filled, refused = counts.get("FILLED", 0), counts.get("REJECTED", 0)
    names = ("partial", "rejected", "cancelled", "expired")
    took = sorted(costs.waits(box.store.read, which).values())
    mean_ns = sum(rows.execution_ns) // len(rows) if len(rows) else None
    return {
        "orders": {
            "submitted": submitted,
            "filled": filled,
            **{name: counts.get(name.upper(), 0) for name in names},
            "fill_rate": rounding.measured_share(filled, submitted),
            "reject_rate": rounding.measured_share(refused, submitted),
        },
        "fills": {"count": len(fills), "volume_usd_1e9": sum(fills)},
        "latency": {f"submit_p{share}_ns": statistics.middle(took, share) for share in (50, 95, 99)},
        "execution_quality": {
            "avg_slippage_bps": statistics.mean(rows.shortfall, rows.notional),
            "avg_savings_bps": statistics.mean(rows.saving, rows.notional),
            "savings_usd": statistics.savings(rows) if len(rows) else None,
            "avg_execution_time_ms": None if mean_ns is None else rounding.plain_decimal(mean_ns, 6),
        },
        **window(which, call),
    }


@serves(analytics.VENUES)
def venues(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """How each venue served the legs that were sent to it."""
    which = which_of(box, call)
    legs = yield from legs_of(box, which)
    took = costs.waits(box.store.read, which)
    rows = [_served(venue, legs, places, took) for venue, places in sorted(statistics.by(legs.venue).items())]
    return {"venues": rows, "count": len(rows), **window(which, call)}


def _served(venue: str, legs: costs.Legs, places: list[int], took: dict[str, int]) -> dict[str, Any]:
    sent = len(places)
    acked = sum(legs.acked[place] for place in places)
    filled = sum(legs.fills[place] > 0 for place in places)
    rejected = sum(legs.status[place] == "REJECTED" for place in places)
    weights = [legs.notional[place] for place in places]
    cost = statistics.mean([legs.cost[place] for place in places], weights)
    waits = [took[graph] for graph in (legs.order[place].split(":")[1] for place in places) if graph in took]
    limits = {"small": (0, _SMALL_USD), "medium": (_SMALL_USD, _LARGE_USD), "large": (_LARGE_USD, 1 << 63)}
    return {
        "venue": venue,
        "sent": sent,
        "acked": acked,
        "filled": filled,
        "rejected": rejected,
        "ack_rate": rounding.measured_share(acked, sent),
        "fill_rate": rounding.measured_share(filled, sent),
        "reject_rate": rounding.measured_share(rejected, sent),
        "avg_ack_latency_ns": sum(waits) // len(waits) if waits else None,
        "quality_score": _score(filled, sent, cost),
        "size_buckets": {
            name: _bucket(legs, [place for place in places if low <= legs.size[place] < high])
            for name, (low, high) in limits.items()
        },
    }


def _score(filled: int, sent: int, cost: Decimal | None) -> Decimal | None:
    """100 × the share of legs that filled, less a point for each basis point of cost; from 0 to 100."""
    share = rounding.measured_share(filled, sent)
    if share is None or cost is None:
        return None
    return min(max((share * 100 - cost).quantize(Decimal("0.1")), Decimal(0)), Decimal(100))


def _bucket(legs: costs.Legs, places: list[int]) -> dict[str, Any]:
    filled = sum(legs.fills[place] > 0 for place in places)
    weights = [legs.notional[place] for place in places]
    return {
        "count": len(places),
        "fill_rate": rounding.measured_share(filled, len(places)),
        "avg_cost_bps": statistics.mean([legs.cost[place] for place in places], weights),
    }


@serves(analytics.MARKET)
def market(box: Box, call: Call) -> dict[str, Any]:
    """The market of this moment."""
    symbol = symbol_of(call.path["symbol"]) or ""
    body = overviews.market(box.market, symbol, call.now_ns)
    return {**body, "region": box.settings.region, "remote": False, **_now(call)}


@serves(analytics.PORTFOLIO)
def worth(box: Box, call: Call) -> dict[str, Any]:
    """Worth and results."""
    return {**overviews.worth(portfolio(box, call).rows(include_closed=True)), **_now(call)}


def _now(call: Call) -> dict[str, int]:
    return {"since_ns": call.now_ns, "until_ns": call.now_ns, "as_of_ns": call.now_ns}


@serves(analytics.AB_REPORT)
def ab_report(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """The first version against the best of the others. Mean cost an order decides, by Welch's test at 5 %."""
    which, rows = yield from _measured(box, call)
    found = statistics.versions(rows)
    samples = {version: rows.at(places).total for version, places in statistics.by(rows.version).items()}
    enough = [row for row in found if row["order_count"] >= statistics.ENOUGH and row["avg_total_cost_bps"] is not None]
    others = [row for row in enough if row["routing_version"] != 1]
    candidate = min(others, key=lambda row: (row["avg_total_cost_bps"], row["routing_version"]), default=None)
    base = next((row for row in enough if row["routing_version"] == 1), None)
    body: dict[str, Any] = {"candidate": None, "delta_cost_bps": None, "significant": None}
    advice = "insufficient_data"
    if candidate is not None and base is not None:
        delta = candidate["avg_total_cost_bps"] - base["avg_total_cost_bps"]
        differs = statistics.differ(samples[1], samples[candidate["routing_version"]])
        body = {"candidate": candidate["routing_version"], "delta_cost_bps": delta, "significant": differs}
        advice = "promote" if differs and delta < 0 else "hold"
    return {"versions": found, "baseline": 1, **body, "recommendation": advice, **window(which, call)}


# -- filters ---------------------------------------------------------------------------------------------------------


def _measured(
    box: Box, call: Call, names: Sequence[str] = costs.Costs.__struct_fields__
) -> Paused[tuple[Which, costs.Costs]]:
    which = which_of(box, call)
    rows = yield from measured(box, which, names)
    return which, rows


def measured(box: Box, which: Which, names: Sequence[str] = costs.Costs.__struct_fields__) -> Paused[costs.Costs]:
    """The figures of every order that has ended."""
    yield from box.reporting()
    with box.store.snapshot() as disk:
        return (yield from costs.measured(disk.rows, which, names))


def legs_of(box: Box, which: Which) -> Paused[costs.Legs]:
    """The legs of every order that has ended."""
    yield from box.reporting()
    with box.store.snapshot() as disk:
        return (yield from costs.legs(disk.rows, which))


def which_of(box: Box, call: Call) -> Which:
    """What a query asks for; Raises `Problem`."""
    query = call.query
    if query.routing_version is not None and query.routing_version not in _VERSIONS:
        raise invalid(("routing_version", "must be 1, 2 or 3"))
    until_ns = instant(query.until, "until")
    until_ns = call.now_ns if until_ns is None else until_ns
    since_ns = instant(query.since, "since")
    box.store.commit()
    return Which(
        client_id=call.caller.client_id,
        since_ns=max(0, until_ns - _WINDOW_NS) if since_ns is None else since_ns,
        until_ns=until_ns,
        sandbox=None if query.sandbox is None else query.sandbox,
        symbol=symbol_of(query.symbol),
        venue=venue_name(box, query.venue),
        version=query.routing_version,
    )


def instant(text: str | None, field: str) -> int | None:
    """Nanoseconds since the epoch, from an integer or ISO 8601 (UTC unless it says otherwise)."""
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 20:  # noqa: PLR2004 - digits of 64 bits
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid((field, "must be ISO 8601 or nanoseconds since the epoch")) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def window(which: Which, call: Call) -> dict[str, int]:
    """The time that a body is about."""
    return {"since_ns": which.since_ns, "until_ns": which.until_ns, "as_of_ns": call.now_ns}


def _filters(which: Which) -> dict[str, Any]:
    return {"symbol": which.symbol, "venue": which.venue, "routing_version": which.version, "sandbox": which.sandbox}
