"""What an order would cost, before it is sent: the books of this moment and of the last minute, swept.

Nothing is looked up ahead: the forecast of an instant is made of that instant and of forty before it, 1.5 s apart.
Cost is the sweep's average against the middle of the same instant, with the taker fees; fill confidence is the share of
those instants at which the whole quantity could be had at a cost. A venue's latency cost is how far the middle moved,
on average, within its way there and back.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis import tca
from seqcli.sandbox.exchange.matching import Budget, Candidate, Take, opposite, sweep
from seqcli.sandbox.exchange.router import ENDLESS, mid_of
from seqcli.sandbox.market.books import Market

INSTANTS, STEP_NS = 41, 1_500_000_000
_SHARES = (50, 75, 90, 95)
_SIZES = (Decimal("0.1"), Decimal("0.25"), Decimal("0.5"), Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MOVES, _MOVE_STEP_NS = 24, 1_037_000_000  # no multiple of a venue's own pace


class Wanted(msgspec.Struct, kw_only=True):
    """A quantity to be had by a taker; `own_bps` is the account's own taker rate."""

    symbol: str
    kind: str
    side: str
    qty_1e8: int
    own_bps: int | None = None
    pin: str | None = None


class Swept(msgspec.Struct):
    """What a sweep over all venues gets: where, and its cost against the middle in basis points, apart from fees."""

    takes: list[Take]
    slippage: Decimal
    fees: Decimal

    @property
    def cost(self) -> Decimal:
        """With the fees."""
        return self.slippage + self.fees


def swept(market: Market, wanted: Wanted, ts_ns: int) -> Swept | None:
    """The whole quantity at one instant, by price and fee alone; None when the books do not hold it."""
    mid = mid_of(market, wanted.symbol, ts_ns)
    books, venues = market.books(wanted.symbol, ts_ns), market.venues()
    candidates = [
        _candidate(venue, opposite(book, wanted.side), _rate(wanted, venues[venue].taker_bps))
        for venue, book in books.items()
        if wanted.pin in (None, venue)
    ]
    found = sweep(candidates, wanted.side, wanted.qty_1e8, None)
    if mid is None or found.left_1e8:
        return None
    rates = {candidate.venue: candidate.taker_bps for candidate in candidates}
    qty, cost = wanted.qty_1e8, sum(take.price_1e9 * take.qty_1e8 for take in found.takes)
    fees = sum(rounding.fee_usd(take.price_1e9, take.qty_1e8, rates[take.venue]) for take in found.takes)
    away = cost - mid * qty if wanted.side == "buy" else mid * qty - cost
    slippage = rounding.measured_bps(away, mid * qty)
    charged = rounding.measured_bps(fees, rounding.half_even(cost, rounding.UNIT_1E8))
    return None if slippage is None or charged is None else Swept(found.takes, slippage, charged)


def _rate(wanted: Wanted, taker_bps: int) -> int:
    return taker_bps if wanted.own_bps is None else wanted.own_bps


def _candidate(venue: str, levels: Sequence[tuple[int, int]], taker_bps: int) -> Candidate:
    return Candidate(venue, levels, (), 0, taker_bps, Budget(ENDLESS, 0, 1, sells_base=True))


class Outlook(msgspec.Struct):
    """Costs at this instant and the recent ones, the lowest first; `missed` instants did not hold the quantity."""

    costs: list[Decimal]
    slippages: list[Decimal]
    missed: int

    def cost_at(self, share: int) -> Decimal | None:
        """The cost that so many of a hundred instants do not pass."""
        return self.costs[-(-len(self.costs) * share // 100) - 1] if self.costs else None

    @property
    def slippage(self) -> Decimal | None:
        """The median, fees apart."""
        return self.slippages[-(-len(self.slippages) // 2) - 1] if self.slippages else None

    def confidence(self) -> list[dict[str, Any]]:
        """Cost level → the share of instants at which the whole could be had at it or below."""
        whole = len(self.costs) + self.missed
        levels = dict.fromkeys(cost for share in _SHARES if (cost := self.cost_at(share)) is not None)
        return [
            {
                "cost_bps": level,
                "probability": rounding.measured_share(sum(cost <= level for cost in self.costs), whole),
            }
            for level in levels
        ]


def outlook(market: Market, wanted: Wanted, now_ns: int) -> Outlook:
    """The costs of now and of the last minute."""
    found = [swept(market, wanted, now_ns - place * STEP_NS) for place in range(INSTANTS - 1, -1, -1)]
    there = [each for each in found if each is not None]
    return Outlook(
        sorted(each.cost for each in there), sorted(each.slippage for each in there), len(found) - len(there)
    )


def curve(market: Market, wanted: Wanted, now_ns: int) -> list[dict[str, Any]]:
    """Cost by size, as far as the visible books go."""
    mid = mid_of(market, wanted.symbol, now_ns) or 0
    rows = []
    for factor in _SIZES:
        qty = int(wanted.qty_1e8 * factor)
        got = swept(market, msgspec.structs.replace(wanted, qty_1e8=qty), now_ns) if qty else None
        if got is not None:
            worth = rounding.plain_decimal(rounding.notional_usd(mid, qty), 9)
            rows.append({"qty_1e8": qty, "notional_usd": worth, "cost_bps": got.cost})
    return rows


def venues(market: Market, wanted: Wanted, now_ns: int) -> list[dict[str, Any]]:
    """Each venue that holds the whole, by what it would cost there alone; and its part of the best sweep."""
    mid, together = mid_of(market, wanted.symbol, now_ns), swept(market, wanted, now_ns)
    sign, rows = (1 if wanted.side == "buy" else -1), []
    for name, book in market.books(wanted.symbol, now_ns).items():
        venue = market.venues()[name]
        alone = tca.swept_on(venue, wanted.kind, opposite(book, wanted.side), wanted.qty_1e8, wanted.own_bps)
        if alone is None or mid is None:
            continue
        qty = wanted.qty_1e8
        price = rounding.measured_bps(sign * (alone.cost - mid * qty), mid * qty) or Decimal(0)
        fees = rounding.measured_bps(alone.fees, alone.notional) or Decimal(0)
        late = moved(market, wanted.symbol, 2 * venue.latency_ns, now_ns)
        part = sum(take.qty_1e8 for take in together.takes if take.venue == name) if together else 0
        rows.append(
            {
                "venue": name,
                "landed_cost_bps": price + fees + late,
                "book_cost_bps": price,
                "fee_bps": fees,
                "latency_cost_bps": late,
                "share": rounding.measured_share(part, qty),
            }
        )
    rows.sort(key=lambda row: (row["landed_cost_bps"], row["venue"]))
    return [{"venue": row["venue"], "rank": rank, **row} for rank, row in enumerate(rows, 1)]


def moved(market: Market, symbol: str, span_ns: int, now_ns: int) -> Decimal:
    """How far the middle moved within a span, on average over a few recent ones, in basis points."""
    moves = []
    for place in range(_MOVES):
        end_ns = now_ns - place * _MOVE_STEP_NS
        before, after = mid_of(market, symbol, end_ns - span_ns), mid_of(market, symbol, end_ns)
        if before and after:
            moves.append(rounding.measured_bps(abs(after - before), before) or Decimal(0))
    return (sum(moves, Decimal(0)) / len(moves)).quantize(Decimal("0.001")) if moves else Decimal(0)
