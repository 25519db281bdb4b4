"""Smart order routing: which venues take part, what is taken from them at once, and where the rest waits.

Candidates trade the symbol, show a book, have a fee, and the account can pay or deliver there. A leg below the venue's
minimum is dropped and its quantity goes to the others. Planning changes nothing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ledger, rules
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.landed import STRANGER, Asked, asked, terms
from seqcli.sandbox.exchange.matching import (
    Budget,
    Candidate,
    Gone,
    Sweep,
    Take,
    opposite,
    queue_at,
    reached,
    sweep,
)
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.rules import Refusal
from seqcli.sandbox.market.books import Book
from seqcli.sandbox.market.instruments import Instrument, Venue

if TYPE_CHECKING:
    from seqcli.sandbox.market.books import Market

ENDLESS = 1 << 62
_CONTRACT_BPS = 300
"""The most a prediction venue's formula comes to, of what is paid: its rate, at a price near nought."""


class Plan(msgspec.Struct):
    """What would happen now. `expired`: nothing may wait, so `left_1e8` ends the order; `refusal` ends it REJECTED."""

    takes: list[Take] = []
    rests: list[Take] = []
    left_1e8: int = 0
    refusal: Refusal | None = None
    candidates: dict[str, Candidate] = {}
    dropped: list[Candidate] = []


class View:
    """The market at one instant as one account meets it."""

    def __init__(self, market: "Market", gone: Gone, account: Account, now_ns: int) -> None:
        self.market, self.gone, self.account, self.now_ns = market, gone, account, now_ns

    def rates(self, venue: str) -> tuple[int, int] | None:
        """Maker and taker in basis points; None = no data, no routing."""
        row = self.market.venues().get(venue)
        return None if row is None else self._rates(row)

    def _rates(self, row: Venue) -> tuple[int, int]:
        settings = self.account.settings
        maker = row.maker_bps if settings.maker_bps is None else settings.maker_bps
        taker = row.taker_bps if settings.taker_bps is None else settings.taker_bps
        return maker, taker

    def mid(self, symbol: str) -> int | None:
        """The middle of the best bid and ask over all venues; None when a side is missing."""
        return mid_of(self.market, symbol, self.now_ns)

    def candidates(self, order: Order, instrument: Instrument, credit: Mapping[str, int]) -> list[Candidate]:
        """The venues that may take part. `credit` is what a replaced order sets free, by venue."""
        books = self.market.books(order.symbol, self.now_ns)
        wanted = (order.pin,) if order.pin else instrument.venues
        urgency = order.execution.get("urgency")
        question = asked(order.routing_version, order.remaining_1e8, order.notional_usd_1e9, urgency)
        venues = self.market.venues()
        rows = []
        for name in wanted:
            book, venue = books.get(name), venues.get(name)
            if book is not None and venue is not None:
                rows.append(self._candidate(order, instrument, venue, book, question, credit.get(name, 0)))
        return rows

    def _candidate(  # noqa: PLR0917 - all that is known of one venue
        self,
        order: Order,
        instrument: Instrument,
        venue: Venue,
        book: Book,
        question: Asked,
        credit: int,
    ) -> Candidate:
        name, rates = venue.id, self._rates(venue)
        levels = self.gone.left(order.symbol, name, order.side, opposite(book, order.side), self.now_ns)
        if self.account.settings.fill_model == "instant":
            levels = [(price, ENDLESS) for price, _ in levels[:1]]
        elif self.account.settings.fill_model == "none":
            levels = ()
        own = book.bids if order.side == "buy" else book.asks
        met, age_ns = self.account.met.get(name, STRANGER), self.now_ns - book.ts_ns
        ranked = terms(question, name, venue.latency_ns, age_ns, levels, own, met)
        return Candidate(name, levels, own, *rates, self._budget(order, instrument, name, rates, credit), ranked)

    def _budget(self, order: Order, instrument: Instrument, venue: str, rates: tuple[int, int], credit: int) -> Budget:
        asset = ledger.held_asset(order, venue)
        free = ledger.available(self.account, venue, asset) + credit
        lot = instrument.lot_size_1e8
        if order.kind == "perp":
            closing = ledger.closable(self.account, order, venue)
            rate = 100_000 // rounding.LEVERAGE + 10 * max(0, *rates)
            return Budget(free, rate, lot, sells_base=False, closing=closing)
        if order.side == "sell":
            return Budget(free // 10 if asset in ledger.PEGGED else free, 0, lot, sells_base=True)
        worst = _CONTRACT_BPS if order.kind == "prediction" else max(0, *rates)
        return Budget(free, 100_000 + 10 * worst, lot, sells_base=False)


def mid_of(market: "Market", symbol: str, now_ns: int) -> int | None:
    """The middle of the best bid and ask over all venues; None when a side is missing."""
    tops = market.best(symbol, now_ns).values()
    bid = max((top.bid_1e9 for top in tops), default=0)
    ask = min((top.ask_1e9 for top in tops if top.ask_1e9), default=0)
    return rounding.mid_price(bid, ask) if bid and ask else None


def best_opposite(candidates: list[Candidate], side: str) -> int | None:
    """The best price that a taker could get."""
    prices = [candidate.levels[0][0] for candidate in candidates if candidate.levels]
    if not prices:
        return None
    return min(prices) if side == "buy" else max(prices)


def plan(
    view: View, order: Order, instrument: Instrument, candidates: list[Candidate], credit: Mapping[str, int]
) -> Plan:
    """Takes and rests for what of an order is not filled, or why not. `candidates` are fresh ones."""
    dropped: dict[str, Candidate] = {}
    while True:
        found = _attempt(view, order, candidates)
        small = None if found.refusal else _too_small(order, found, instrument)
        if small is None:
            found.dropped = list(dropped.values())
            return found
        dropped[small] = found.candidates[small]
        candidates = [row for row in view.candidates(order, instrument, credit) if row.venue not in dropped]
        if not candidates:
            refusal = Refusal("EXCHANGE_REJECT", "every part would be below the venues' minimum")
            return Plan(refusal=refusal, dropped=list(dropped.values()))


def _attempt(view: View, order: Order, candidates: list[Candidate]) -> Plan:
    qty_1e8 = order.remaining_1e8
    by_venue = {candidate.venue: candidate for candidate in candidates}
    if order.tif == "post_only":
        if any(reached(row.levels, order.side, order.price_1e9 or 0) for row in candidates):
            return Plan(refusal=Refusal("EXCHANGE_REJECT", "post_only: it would cross"))
        swept = Sweep([], qty_1e8, [])
    else:
        swept = sweep(candidates, order.side, qty_1e8, limit_of(order))
    if swept.left_1e8 and swept.short:
        return Plan(refusal=rules.missing(view.account, order, swept.short[0]), candidates=by_venue)
    if order.tif == "fok" and swept.left_1e8:
        return Plan(left_1e8=qty_1e8, candidates=by_venue)
    found = Plan(swept.takes, [], swept.left_1e8, candidates=by_venue)
    if found.left_1e8 and order.tif in ("gtc", "post_only"):
        _rest(view, order, found)
    return found


def limit_of(order: Order) -> int | None:
    """The last price a taker may pay: its limit, or its slippage bound round the mid, or None."""
    if order.price_1e9 is not None:
        return order.price_1e9
    bps, mid = order.execution.get("max_slippage_bps"), order.arrival_mid_1e9
    return None if bps is None or mid is None else rounding.worst_price(mid, bps, order.side)


def _rest(view: View, order: Order, found: Plan) -> None:
    """Where the rest waits: lowest maker fee, then shortest queue, then name; further venues only for balance."""
    limit = order.price_1e9 or 0
    ranked = sorted(
        found.candidates.values(),
        key=lambda row: (row.maker_bps, queue_at(row.own_side, limit), row.venue),
    )
    for candidate in ranked:
        qty = candidate.budget.room(limit, found.left_1e8)
        if qty:
            found.rests.append(Take(candidate.venue, limit, qty))
            found.left_1e8 -= qty
        if not found.left_1e8:
            return
    found.refusal = rules.missing(view.account, order, ranked[0].venue)


def _too_small(order: Order, found: Plan, instrument: Instrument) -> str | None:
    """A new leg below the minimum."""
    totals: dict[str, tuple[int, int]] = {}
    for row in (*found.takes, *found.rests):
        qty, usd = totals.get(row.venue, (0, 0))
        totals[row.venue] = qty + row.qty_1e8, usd + rounding.notional_usd(row.price_1e9, row.qty_1e8)
    for venue, (qty, usd) in sorted(totals.items()):
        if order.leg(venue) is None and rules.minimum(qty, usd, instrument):
            return venue
    return None
