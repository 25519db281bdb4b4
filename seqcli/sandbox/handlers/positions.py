"""Positions of every kind with totals; and the older reads."""

import copy
from typing import Any

from seqcli.sandbox.analysis import past
from seqcli.sandbox.analysis.portfolio import KINDS, Portfolio, totals
from seqcli.sandbox.handlers.orders import venue_name
from seqcli.sandbox.serving import Answer, Box, Call, Paused, invalid, serves
from seqcli.units import SECOND
from seqcli.wire import positions

_DEPRECATED = {"Deprecation": "true"}
_POINTS = 288
"""Of a range whose interval is not named: a day in steps of five minutes."""


@serves(positions.LIST)
def listing(box: Box, call: Call) -> dict[str, Any]:
    """Rows and their totals."""
    kinds = words(call.query.kinds)
    for kind in kinds:
        if kind.lower() not in KINDS:
            raise invalid(("kinds", f"{kind[:32]} is not one of {', '.join(KINDS)}"))
    venues = [venue_name(box, name, "venues") or "" for name in words(call.query.venues)]
    rows = portfolio(box, call).rows(
        venues=venues,
        kinds=[kind.lower() for kind in kinds],
        include_closed=bool(call.query.include_closed),
    )
    return {"positions": rows, "totals": totals(rows), "as_of_ns": call.now_ns}


@serves(positions.UNIFIED)
def unified(box: Box, call: Call) -> dict[str, Any]:
    """The same."""
    return listing(box, call)


@serves(positions.PERP)
def perps(box: Box, call: Call) -> Answer:
    """Perp rows."""
    rows = portfolio(box, call).rows(kinds=["perp"])
    return Answer({"positions": rows, "count": len(rows), "as_of_ns": call.now_ns}, headers=_DEPRECATED)


@serves(positions.BALANCES)
def balances(box: Box, call: Call) -> Answer:
    """Fiat and crypto, by venue."""
    rows = [
        {
            "venue": row["venue"],
            "asset": row["instrument"]["symbol"],
            "total_1e8": row["qty_1e8"],
            "available_1e8": row["available_qty_1e8"],
            "locked_1e8": row["locked_qty_1e8"],
            "value_usd_1e9": row["current_value_usd_1e9"],
        }
        for row in portfolio(box, call).rows(kinds=["fiat", "crypto"])
    ]
    return Answer({"balances": rows, "count": len(rows), "as_of_ns": call.now_ns}, headers=_DEPRECATED)


@serves(positions.SYNC)
def sync(box: Box, call: Call) -> dict[str, Any]:
    """Paper positions are always in step with their venues."""
    asked = call.body.venues if call.body is not None else None
    if asked is None:
        names = sorted({row["venue"] for row in portfolio(box, call).rows()})
    else:
        names = [venue_name(box, name, f"venues[{number}]") or "" for number, name in enumerate(asked)]
    return {"requested": names, "synced": names, "failed": [], "changed_rows": 0, "as_of_ns": call.now_ns}


@serves(positions.PORTFOLIO)
def older(box: Box, call: Call) -> Answer:
    """The same, under its older name."""
    return Answer(listing(box, call), headers=_DEPRECATED)


@serves(positions.SUMMARY)
def summary(box: Box, call: Call) -> Answer:
    """Totals, and the values of each kind and venue; a perp's value is its signed notional."""
    rows = portfolio(box, call).rows()
    body = {
        "totals": totals(rows),
        "by_kind": _by("kind", [(row["instrument"]["kind"], row) for row in rows]),
        "by_venue": _by("venue", [(row["venue"], row) for row in rows]),
        "as_of_ns": call.now_ns,
    }
    return Answer(body, headers=_DEPRECATED)


def _by(name: str, rows: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    sums: dict[str, list[int]] = {}
    for key, row in rows:
        held = sums.setdefault(key, [0, 0])
        held[0] += row["current_value_usd_1e9"] or 0
        held[1] += 1
    return [{name: key, "value_usd_1e9": value, "position_count": count} for key, (value, count) in sums.items()]


@serves(positions.SNAPSHOTS)
def snapshots(box: Box, call: Call) -> Paused[dict[str, Any]]:
    """What the account was worth at every whole multiple of the interval, and is worth now."""
    name = (call.query.range or "1d").lower()
    if name not in positions.SNAPSHOT_RANGES:
        raise invalid(("range", f"must be one of {', '.join(positions.SNAPSHOT_RANGES)}"))
    span_s = positions.SNAPSHOT_RANGES[name]
    interval_s = call.query.interval_secs
    if interval_s is None:
        interval_s = max(1, span_s // _POINTS)
    if not 1 <= interval_s <= span_s:
        raise invalid(("interval_secs", f"must be 1 to {span_s}"))
    interval_s = max(interval_s, -(-span_s // (positions.MAX_SNAPSHOTS - 2)))
    exchange, client_id, now_ns = box.exchange, call.caller.client_id, call.now_ns
    live = copy.deepcopy(exchange.account(client_id, now_ns))
    box.store.commit()
    with box.store.snapshot() as disk:
        events = yield from past.money(disk.rows, list(exchange.pending), client_id)
    step_ns = interval_s * SECOND
    since_ns, opened_ns = now_ns - span_s * SECOND, events[0].ts_ns if events else now_ns
    first = -(-max(since_ns, opened_ns + 1) // step_ns) * step_ns
    opening = [opened_ns] if since_ns <= opened_ns < now_ns else []
    instants = (*opening, *range(first, now_ns, step_ns), now_ns)
    rows = yield from past.snapshots(exchange, live, events, instants)
    return {"range": name, "interval_secs": interval_s, "count": len(rows), "snapshots": rows}


def portfolio(box: Box, call: Call) -> Portfolio:
    """The caller's books now."""
    exchange = box.exchange
    return Portfolio(exchange, exchange.account(call.caller.client_id, call.now_ns), call.now_ns)


def words(text: str | None) -> list[str]:
    """A comma list."""
    return [word for word in (part.strip() for part in (text or "").split(",")) if word]
