"""A cost report computed a second time, from raw fills and books, in fractions and by other means."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.market.books import Market

BPS = 10_000
HALF_STEP = Fraction(1, 2000)
"""Half of the last decimal of a figure in basis points."""


def nearest(value: Fraction, digits: int = 0) -> Fraction:
    """Half-even, as Python rounds fractions."""
    return Fraction(round(value * 10**digits), 10**digits)


def expected(market: Market, order: Order, fills: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a measured report must say; exact where the report is rounded."""
    sign = 1 if order.side == "buy" else -1
    mid = Fraction(_mid(market, order))
    filled = sum(Fraction(fill["qty_1e8"]) for fill in fills)
    average = sum(Fraction(fill["price_1e9"]) * fill["qty_1e8"] for fill in fills) / filled
    worth = sum(Fraction(fill["notional_usd_1e9"]) for fill in fills)
    fees = sum(Fraction(fill["fee_usd_1e9"]) for fill in fills)
    taken = sum(Fraction(fill["qty_1e8"]) for fill in fills if fill["liquidity"] == "taker")
    touch = (min if sign > 0 else max)(side[0][0] for _, side in _sides(market, order))
    shortfall = sign * (average - mid) / mid * BPS
    spread = sign * (touch - mid) / mid * BPS * taken / filled
    result = {
        "achieved_vwap_1e9": average,
        "implementation_shortfall_bps": shortfall,
        "spread_cost_bps": spread,
        "market_impact_bps": shortfall - spread,
        "fees_bps": fees / worth * BPS,
        "total_cost_bps": shortfall + fees / worth * BPS,
        "benchmark_vwap_1e9": None,
        "savings_usd": None,
        "savings_vs_benchmark_bps": None,
    }
    sweeps = [row for row in (_swept(market, venue, side, int(filled)) for venue, side in _sides(market, order)) if row]
    if sweeps:
        paid, charged, price, _ = min(sweeps, key=lambda row: (sign * row[0] + row[1], row[3]))
        saved = (sign * paid + charged) - (sign * worth + fees)
        result |= {"benchmark_vwap_1e9": price, "savings_usd": saved / 10**9, "savings_vs_benchmark_bps": saved / worth}
        result["savings_vs_benchmark_bps"] *= BPS
    return result


def agree(said: dict[str, Any], known: dict[str, Any]) -> None:
    """Each figure of a report is the other one, rounded; the sums hold to the digit."""
    for name, value in known.items():
        if value is None:
            assert said[name] is None, name
        elif name.endswith("_1e9"):
            assert said[name] == round(value), name
        elif name == "savings_usd":
            assert Fraction(said[name]) == value, name
        else:
            twice = name in ("market_impact_bps", "total_cost_bps")  # made of two rounded figures
            assert abs(Fraction(said[name]) - value) <= HALF_STEP * (2 if twice else 1), name
    assert said["implementation_shortfall_bps"] == said["spread_cost_bps"] + said["market_impact_bps"]
    assert said["total_cost_bps"] == said["implementation_shortfall_bps"] + said["fees_bps"]


def _sides(market: Market, order: Order) -> list[tuple[str, Sequence[tuple[int, int]]]]:
    books = market.books(order.symbol, order.arrived_ns or 0)
    sides = [(venue, book.asks if order.side == "buy" else book.bids) for venue, book in books.items()]
    return [(venue, side) for venue, side in sides if side]


def _mid(market: Market, order: Order) -> int:
    books = market.books(order.symbol, order.arrived_ns or 0).values()
    bid = max(book.bids[0][0] for book in books if book.bids)
    ask = min(book.asks[0][0] for book in books if book.asks)
    return int(nearest(Fraction(bid + ask, 2)))


def _swept(market: Market, venue: str, side: Sequence[tuple[int, int]], wanted: int) -> Any:
    """(notional, fees, average price, venue) of taking `wanted`, rounded a level as the exchange charges."""
    paid = charged = cost = Fraction(0)
    left = wanted
    for price, size in side:
        part = min(left, size)
        exact = Fraction(price * part, 10**8)
        paid += nearest(exact)
        charged += nearest(exact * market.venues()[venue].taker_bps / BPS)
        cost += Fraction(price * part)
        left -= part
    return None if left else (paid, charged, cost / wanted, venue)
