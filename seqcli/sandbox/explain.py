"""Why an order went where it went: the legs of a plan with what each costs, and the venues it passed over.

A cost is what is paid beyond the arrival mid, fee included, in basis points of the notional; a part that would rest
counts at its own price with the maker's rate. It is the same price and fee by which the router ranks levels.
"""

from collections.abc import Callable
from typing import Any

from seqcli.sandbox import ledger
from seqcli.sandbox.matching import Candidate, Take
from seqcli.sandbox.orders import Order
from seqcli.sandbox.router import Plan, View

VERSION = 1
Fee = Callable[[Candidate, Take, bool], int]
"""What a part at a candidate pays in USD 1e9; the flag: as a taker."""


def routing(view: View, order: Order, found: Plan, venues: tuple[str, ...], fee: Fee) -> dict[str, Any] | None:
    """The compact record of a plan over `venues`, the ones it could have used; None when nothing goes anywhere."""
    if found.refusal or not (found.takes or found.rests):
        return None
    parts = [*((take, True) for take in found.takes), *((rest, False) for rest in found.rests)]
    chosen = list(dict.fromkeys(part.venue for part, _ in parts))
    legs = []
    for venue in chosen:
        own = [part for part in parts if part[0].venue == venue]
        legs.append(_leg(order, found.candidates[venue], own, fee))
    return {
        "version": VERSION,
        "est_cost_bps": _cost_bps(order, found, parts, fee),
        "legs": legs,
        "rejected": [
            {"venue": venue, "reason": _reason(view, order, found, venue)} for venue in venues if venue not in chosen
        ],
    }


def _leg(order: Order, candidate: Candidate, parts: list[tuple[Take, bool]], fee: Fee) -> dict[str, Any]:
    qty = sum(part.qty_1e8 for part, _ in parts)
    takes = any(taker for _, taker in parts)
    return {
        "venue": candidate.venue,
        "qty_1e8": qty,
        "price_1e9": ledger.average_price(sum(part.price_1e9 * part.qty_1e8 for part, _ in parts), qty),
        "fee_bps": candidate.taker_bps if takes else candidate.maker_bps,
        "est_cost_bps": _cost_bps(order, Plan(candidates={candidate.venue: candidate}), parts, fee),
    }


def _cost_bps(order: Order, found: Plan, parts: list[tuple[Take, bool]], fee: Fee) -> float | None:
    """A statistic for people: three decimals."""
    qty = sum(part.qty_1e8 for part, _ in parts)
    notional = sum(ledger.notional_usd(part.price_1e9, part.qty_1e8) for part, _ in parts)
    away = notional - ledger.notional_usd(order.arrival_mid_1e9 or 0, qty)
    fees = sum(fee(found.candidates[part.venue], part, taker) for part, taker in parts)
    bps = ledger.measured_bps((away if order.side == "buy" else -away) + fees, notional)
    return None if bps is None else float(bps)


def _reason(view: View, order: Order, found: Plan, venue: str) -> str:
    if view.rates(venue) is None:
        return "no_fee_data"
    candidate = found.candidates.get(venue)
    if candidate is None:
        return "stale" if view.market.book(order.symbol, venue, view.now_ns) is None else "below_minimum"
    if not candidate.levels and not found.rests:
        return "stale"
    price = candidate.levels[0][0] if candidate.levels else order.price_1e9
    short = price is not None and not candidate.budget.room(price, max(1, order.qty_1e8))
    return "insufficient_balance" if short else "not_competitive"
