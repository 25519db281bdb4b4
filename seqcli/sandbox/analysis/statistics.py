"""Sums over many reports: weighted means and percentiles, exactly, in integers; null where nothing was measured."""

from collections.abc import Generator, Iterable, Sequence
from decimal import Decimal
from itertools import accumulate
from operator import mul
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.storage import costs
from seqcli.sandbox.storage.costs import Costs, plain

PERCENTILES = (50, 75, 95, 99)
_Values = Sequence[int | None]
ENOUGH = 30
"""Orders a version of the router needs before it is compared."""
_TWO_SIDED_5_PERCENT_1E3 = 1960


def known(values: _Values, weights: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """The values that are there, and their weights."""
    if None not in values:
        return values, weights  # type: ignore[return-value]
    pairs = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    return [value for value, _ in pairs], [weight for _, weight in pairs]


def mean(values: _Values, weights: Sequence[int]) -> Decimal | None:
    """The weighted mean of thousandths, three decimals half-even."""
    there, heavy = known(values, weights)
    whole = sum(heavy)
    return Decimal(rounding.half_even(sum(map(mul, there, heavy)), whole)).scaleb(-3) if whole else None


def percentiles(values: _Values, weights: Sequence[int]) -> dict[str, Decimal | None]:
    """Of each percentage, the least value at or below which so much of the weight lies."""
    there, heavy = known(values, weights)
    ranked = sorted(zip(there, heavy, strict=True))
    sums = list(accumulate(weight for _, weight in ranked))
    return {f"p{share}": _at(ranked, sums, share) for share in PERCENTILES}


def _at(ranked: list[tuple[int, int]], sums: list[int], share: int) -> Decimal | None:
    from bisect import bisect_left

    if not sums or not sums[-1]:
        return None
    return plain(ranked[bisect_left(sums, -(-sums[-1] * share // 100))][0])


def middle(sorted_values: Sequence[int], share: int) -> int | None:
    """The percentile of unweighted values, shortest first; None of none."""
    return sorted_values[-(-len(sorted_values) * share // 100) - 1] if sorted_values else None


def savings(rows: Costs) -> Decimal:
    """Σ in USD."""
    return rounding.plain_decimal(sum(value for value in rows.saved if value is not None), 9)


def win_rate(rows: Costs) -> Decimal | None:
    """The share of orders that did better than the benchmark, of those that have one."""
    there = [value for value in rows.saved if value is not None]
    return rounding.measured_share(sum(value > 0 for value in there), len(there))


def tca(rows: Costs) -> Generator[None, None, dict[str, Any]]:
    """The aggregates of cost reports, with a pause after each."""
    weights = rows.notional
    columns = {
        "implementation_shortfall_bps": rows.shortfall,
        "spread_cost_bps": rows.spread,
        "fees_bps": rows.fees,
        "market_impact_bps": rows.impact,
        "savings_vs_benchmark_bps": rows.saving,
        "total_cost_bps": rows.total,
    }
    means, shares = {}, {}
    for name, values in columns.items():
        means[name] = mean(values, weights)
        yield
    for name in ("implementation_shortfall_bps", "total_cost_bps"):
        shares[name] = percentiles(columns[name], weights)
        yield
    return {
        "order_count": len(rows),
        "notional_usd_1e9": sum(weights),
        "weighted_avg": means,
        "percentiles": shares,
        "total_savings_usd": savings(rows),
        "win_rate": win_rate(rows),
        "quality": quality(rows),
    }


def quality(rows: Costs) -> dict[str, int]:
    """How many reports are of each quality."""
    return {word: list(rows.quality).count(word) for word in ("measured", "estimated", "missing")}


def points(rows: Costs, interval_ns: int) -> list[dict[str, Any]]:
    """One an interval in which an order ended, oldest first; `rows` are in time order."""
    by_time: dict[int, list[int]] = {}
    for place, ended_ns in enumerate(rows.completed_ns):
        by_time.setdefault(ended_ns // interval_ns * interval_ns, []).append(place)
    return [{"ts_ns": ts_ns, **_point(rows.at(places))} for ts_ns, places in by_time.items()]


def _point(rows: Costs) -> dict[str, Any]:
    return {
        "order_count": len(rows),
        "notional_usd_1e9": sum(rows.notional),
        "implementation_shortfall_bps": mean(rows.shortfall, rows.notional),
        "total_cost_bps": mean(rows.total, rows.notional),
        "savings_usd": savings(rows),
    }


def by(values: Iterable[Any]) -> dict[Any, list[int]]:
    """The places of each value."""
    found: dict[Any, list[int]] = {}
    for place, value in enumerate(values):
        found.setdefault(value, []).append(place)
    return found


def venue_costs(legs: costs.Legs) -> list[dict[str, Any]]:
    """What was executed at each venue, the largest first."""
    whole = sum(legs.notional)
    rows = []
    for venue, places in by(legs.venue).items():
        weights = [legs.notional[place] for place in places]
        rows.append(
            {
                "venue": venue,
                "notional_usd_1e9": sum(weights),
                "weight": rounding.measured_share(sum(weights), whole),
                "avg_cost_bps": mean([legs.cost[place] for place in places], weights),
                "avg_fee_bps": mean([legs.fees[place] for place in places], weights),
                "fill_count": sum(legs.fills[place] for place in places),
            }
        )
    return sorted((row for row in rows if row["fill_count"]), key=lambda row: (-row["notional_usd_1e9"], row["venue"]))


def versions(rows: Costs) -> list[dict[str, Any]]:
    """The orders of each version of the router."""
    return [
        {
            "routing_version": version,
            "order_count": len(mine),
            "notional_usd_1e9": sum(mine.notional),
            "avg_total_cost_bps": mean(mine.total, mine.notional),
            "avg_savings_bps": mean(mine.saving, mine.notional),
            "win_rate": win_rate(mine),
            "p95_total_cost_bps": percentiles(mine.total, mine.notional)["p95"],
        }
        for version, mine in ((version, rows.at(places)) for version, places in sorted(by(rows.version).items()))
    ]


def differ(one: _Values, other: _Values) -> bool | None:
    """Whether two samples differ in their means: Welch's statistic against 1.96, which is 5 % two-sided for samples as
    large as are asked for here; each order counts once. None where either is too small or nothing varies.
    """
    samples = [[value for value in values if value is not None] for values in (one, other)]
    if min(len(sample) for sample in samples) < ENOUGH:
        return None
    (n, total, spread), (m, sums, width) = (_moments(sample) for sample in samples)
    # (total/n − sums/m)² > 1.96² × (spread/n² (n−1) + width/m² (m−1)), in whole numbers over n² m² (n−1) (m−1)
    away = (total * m - sums * n) ** 2 * (n - 1) * (m - 1) * 1000**2
    noise = spread * m * m * (m - 1) + width * n * n * (n - 1)
    return None if not noise and not away else away > _TWO_SIDED_5_PERCENT_1E3**2 * noise


def _moments(sample: list[int]) -> tuple[int, int, int]:
    """How many, their sum, and n × Σ (x − mean)²."""
    total = sum(sample)
    return len(sample), total, len(sample) * sum(map(mul, sample, sample)) - total * total
