"""What positions come to: exposure, concentration, and the profit of a day. Pure, on the rows as they are read.

Exposure is the worth of what has a price of its own: a perp at its signed notional, cash not at all.
"""

from decimal import Decimal
from itertools import pairwise
from typing import Any

DAY_NS = 86_400_000_000_000
_PLACES = Decimal("0.000001")
_ENDED = ("closed", "redeemed")
_EARNED = ("realized_pnl_usd_1e9", "unrealized_pnl_usd_1e9")


def is_cash(row: Any) -> bool:
    """USD, or pegged to it."""
    instrument = row.get("instrument") or {}
    return instrument.get("kind") == "fiat" or bool(instrument.get("is_stable"))


def is_current(row: Any) -> bool:
    """Neither closed nor redeemed."""
    return (row.get("lifecycle") or {}).get("state") not in _ENDED


def exposure(rows: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """Net and gross worth by venue and by asset, the largest first."""
    held = [row for row in rows if not is_cash(row) and row.get("current_value_usd_1e9")]
    return {
        "by_venue": _sums("venue", [(str(row.get("venue")), row) for row in held]),
        "by_asset": _sums("asset", [(_asset(row), row) for row in held]),
    }


def concentration(rows: list[Any]) -> dict[str, Any]:
    """The largest weight, the three largest, and the sum of squares (1: all in one). Null without a position.

    A weight is a symbol's share of the worth of all of them, each net over its venues; as analytics has it.
    """
    held: dict[tuple[str, str], int] = {}
    for row in rows:
        if not is_cash(row):
            instrument = row.get("instrument") or {}
            key = (str(instrument.get("kind")), str(instrument.get("symbol")))
            held[key] = held.get(key, 0) + (row.get("current_value_usd_1e9") or 0)
    gross = sum(abs(value) for value in held.values())
    if not gross:
        return {"top_symbol": None, "top_weight": None, "top3_weight": None, "hhi": None}
    shares = ((symbol, (Decimal(abs(value)) / gross).quantize(_PLACES)) for (_, symbol), value in held.items())
    largest = sorted(shares, key=lambda share: (-share[1], share[0]))
    weights = [weight for _, weight in largest]
    return {
        "top_symbol": largest[0][0],
        "top_weight": weights[0],
        "top3_weight": sum(weights[:3], Decimal(0)),
        "hhi": sum((each * each for each in weights), Decimal(0)).quantize(_PLACES),
    }


def today(body: Any, past: Any) -> int | None:
    """Profit since 00:00 UTC, USD 1e9: what was earned and what stands open, less fees, now and then.

    Deposits are no profit and play no part. Books opened since then began at nothing; books that were reset since –
    fees never fall otherwise – began there. Null where the past is not told or had no price.
    """
    totals, as_of = body.get("totals") or {}, body.get("as_of_ns")
    points = past.get("snapshots") if isinstance(past, dict) else None
    if not points or not isinstance(as_of, int) or totals.get("unpriced_count"):
        return None
    midnight = as_of - as_of % DAY_NS
    day = [point for point in points if point["ts_ns"] >= midnight]
    fees = [point["fees_usd_1e9"] for point in day]
    if any(after < before for before, after in pairwise(fees)):
        start: int | None = 0
    elif day and day[0]["ts_ns"] == midnight:
        start = _earned(day[0])
    else:
        start = 0 if len(points) > 1 and points[0]["ts_ns"] > midnight else None
    end = _earned(totals)
    return None if start is None or end is None else end - start


def _earned(sums: Any) -> int | None:
    parts = [sums.get(name) for name in _EARNED]
    return None if None in parts else sum(parts) - sums["fees_usd_1e9"]


def _asset(row: Any) -> str:
    instrument = row.get("instrument") or {}
    return str(instrument.get("underlying") or instrument.get("symbol"))


def _sums(name: str, rows: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    sums: dict[str, list[int]] = {}
    for key, row in rows:
        both = sums.setdefault(key, [0, 0])
        both[0] += row["current_value_usd_1e9"]
        both[1] += abs(row["current_value_usd_1e9"])
    shown = [{name: key, "net_usd_1e9": net, "gross_usd_1e9": gross} for key, (net, gross) in sums.items()]
    return sorted(shown, key=lambda row: (-row["gross_usd_1e9"], row[name]))
