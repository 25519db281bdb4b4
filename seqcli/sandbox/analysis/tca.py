"""What an order cost: a pure reading of its record, its fills and the market at its arrival.

Positive = worse for us. Basis points have three decimals, each rounded half-even from exact integers; the parts that
add up (shortfall = spread + impact, total = shortfall + fees) do so to the digit, so impact is the difference of the
other two.

implementation shortfall   how far the average price is from the middle at arrival, fees apart
spread cost                from that middle to the touch, on the part that took liquidity
benchmark                  what was filled, swept at arrival on the one venue where that was cheapest with its taker
                           fee; none where no venue showed enough
savings                    what that sweep would have cost more than the order did, fees of both included
quality                    measured: the market at arrival can be read again, and says the middle the order kept;
                           estimated: it can't (an edge has come or gone, another tape plays): no spread, no benchmark;
                           missing: there was no middle
execution time             from arrival to the last fill, in the exchange's time, in which a taker fills at once
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.matching import opposite
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import mid_of
from seqcli.sandbox.market.books import Book, Market
from seqcli.sandbox.market.instruments import Venue

Fills = Sequence[Mapping[str, Any]]
"""Records of fills."""


class Sweep(msgspec.Struct):
    """A quantity taken from one venue's book: Σ price × quantity 1e17, notional and fees USD 1e9."""

    venue: str
    cost: int
    notional: int
    fees: int

    def landed(self, side: str) -> int:
        """What it comes to in USD 1e9, less is better: paid with the fee, or what of the proceeds is missing."""
        return self.notional + self.fees if side == "buy" else self.fees - self.notional


class _Sums:
    """Over fills, in one go: quantity, Σ price × quantity, notional, fees, what took liquidity, each venue's part."""

    __slots__ = ("by_venue", "cost", "fees", "last_ns", "notional", "qty", "taken")

    def __init__(self, fills: Fills) -> None:
        self.qty = self.cost = self.notional = self.fees = self.taken = self.last_ns = 0
        self.by_venue: dict[str, list[int]] = {}
        for fill in fills:
            qty, notional, fee = fill["qty_1e8"], fill["notional_usd_1e9"], fill["fee_usd_1e9"]
            cost = fill["price_1e9"] * qty
            self.qty += qty
            self.cost += cost
            self.notional += notional
            self.fees += fee
            if fill["liquidity"] == "taker":
                self.taken += qty
            self.last_ns = max(self.last_ns, fill["ts_ns"])
            part = self.by_venue.setdefault(fill["venue"], [0, 0, 0, 0])
            for place, value in enumerate((qty, cost, notional, fee)):
                part[place] += value


def report(market: Market, order: Order, fills: Fills) -> dict[str, Any] | None:
    """The report of an ended order from all its fills (of an order in slices: all its slices'); None without fills.

    `submit_latency_ns` is null: an order does not know it.
    """
    if not fills:
        return None
    sums = _Sums(fills)
    quality = _quality(market, order)
    books = market.books(order.symbol, arrival_of(order)) if quality == "measured" else {}
    best = _benchmark(market, order, books, sums.qty, fills) if books else None
    saved = None if best is None else best.landed(order.side) - _landed(order.side, sums.notional, sums.fees)
    achieved = rounding.average_price(sums.cost, sums.qty)
    return {
        "node_order_id": order.node_order_id,
        "graph_id": order.graph_id,
        "symbol": order.symbol,
        "side": order.side,
        "status": order.status,
        "qty_1e8": order.qty_1e8,
        "filled_qty_1e8": sums.qty,
        "arrival_mid_1e9": order.arrival_mid_1e9,
        "achieved_vwap_1e9": achieved,
        "benchmark_vwap_1e9": None if best is None else rounding.average_price(best.cost, sums.qty),
        **_parts(order, sums, books),
        "fees_usd_1e9": sums.fees,
        "savings_vs_benchmark_bps": None if saved is None else rounding.measured_bps(saved, sums.notional),
        "savings_usd": None if saved is None else rounding.plain_decimal(saved, 9),
        "venue_mix": _mix(sums),
        "routing_version": order.routing_version,
        "quality": quality,
        "submit_latency_ns": None,
        "execution_time_ns": sums.last_ns - arrival_of(order),
        "is_prediction": order.kind == "prediction",
        **_probabilities(order, achieved),
        "is_sandbox": order.sandbox,
        "completed_ns": order.terminal_ns,
    }


def _landed(side: str, notional: int, fees: int) -> int:
    return notional + fees if side == "buy" else fees - notional


def arrival_of(order: Order) -> int:
    """When an order met the market."""
    return order.created_ns if order.arrived_ns is None else order.arrived_ns


def _quality(market: Market, order: Order) -> str:
    if order.arrival_mid_1e9 is None:
        return "missing"
    return "measured" if mid_of(market, order.symbol, arrival_of(order)) == order.arrival_mid_1e9 else "estimated"


def _parts(order: Order, sums: _Sums, books: Mapping[str, Book]) -> dict[str, Decimal | None]:
    """The cost in basis points, and what it is made of."""
    fees = rounding.measured_bps(sums.fees, sums.notional)
    sign, mid, qty = (1 if order.side == "buy" else -1), order.arrival_mid_1e9, sums.qty
    shortfall = None if mid is None else rounding.measured_bps(sign * (sums.cost - mid * qty), mid * qty)
    touch = touch_of(books, order.side) if books and order.kind != "prediction" else None
    spread = None
    if touch is not None and mid is not None:
        spread = rounding.measured_bps(sign * (touch - mid) * sums.taken, mid * qty)
    return {
        "total_cost_bps": None if shortfall is None or fees is None else shortfall + fees,
        "implementation_shortfall_bps": shortfall,
        "spread_cost_bps": spread,
        "market_impact_bps": None if shortfall is None or spread is None else shortfall - spread,
        "fees_bps": fees,
    }


def touch_of(books: Mapping[str, Book], side: str) -> int | None:
    """The best price over all venues that a taker of `side` meets."""
    prices = [levels[0][0] for levels in (opposite(book, side) for book in books.values()) if levels]
    if not prices:
        return None
    return min(prices) if side == "buy" else max(prices)


def _benchmark(market: Market, order: Order, books: Mapping[str, Book], qty: int, fills: Fills) -> Sweep | None:
    """The cheapest sweep of `qty` on one venue at arrival; ties: the venue's name."""
    venues = market.venues()
    own, best = _own_rate(venues, fills), None
    for venue, book in books.items():
        alone = swept_on(venues[venue], order.kind, opposite(book, order.side), qty, own)
        if alone is not None:
            rank = (alone.landed(order.side), venue)
            best = (rank, alone) if best is None or rank < best[0] else best
    return None if best is None else best[1]


def _own_rate(venues: Mapping[str, Venue], fills: Fills) -> int | None:
    """The account's own taker rate, if a fill shows that it has one instead of the venues'."""
    for fill in fills:
        if fill["liquidity"] == "taker" and fill["fee_bps"] != venues[fill["venue"]].taker_bps:
            return int(fill["fee_bps"])
    return None


def swept_on(
    venue: Venue, kind: str, levels: Sequence[tuple[int, int]], qty: int, own_bps: int | None = None
) -> Sweep | None:
    """`qty` from the levels of one venue, best first; None when they do not hold it."""
    left, found = qty, Sweep(venue.id, 0, 0, 0)
    for price, size in levels:
        taken = min(size, left)
        if not taken:
            break
        left -= taken
        found.cost += price * taken
        found.notional += rounding.notional_usd(price, taken)
        if kind == "prediction" and own_bps is None and venue.prediction_rate_1e9 is not None:
            found.fees += rounding.contract_fee_usd(price, taken, venue.prediction_rate_1e9)
        else:
            found.fees += rounding.fee_usd(price, taken, venue.taker_bps if own_bps is None else own_bps)
    return None if left else found


def _mix(sums: _Sums) -> list[dict[str, Any]]:
    """What each venue had of it, the largest part first."""
    return [
        {
            "venue": venue,
            "qty_1e8": qty,
            "weight": rounding.measured_share(qty, sums.qty),
            "vwap_1e9": rounding.average_price(cost, qty),
            "fee_bps": rounding.measured_bps(fees, notional),
        }
        for venue, (qty, cost, notional, fees) in sorted(sums.by_venue.items(), key=lambda row: (-row[1][0], row[0]))
    ]


def _probabilities(order: Order, achieved: int | None) -> dict[str, Decimal | None]:
    """Of a contract: the middle and the average price as probabilities, and their distance in percentage points."""
    mid = order.arrival_mid_1e9
    if order.kind != "prediction" or mid is None or achieved is None:
        return dict.fromkeys(("arrival_probability", "achieved_probability", "probability_slippage_pp"))
    sign = 1 if order.side == "buy" else -1
    return {
        "arrival_probability": rounding.plain_decimal(mid, 9),
        "achieved_probability": rounding.plain_decimal(achieved, 9),
        "probability_slippage_pp": rounding.plain_decimal(sign * (achieved - mid), 7),
    }
