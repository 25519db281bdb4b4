"""Why an order went where it went: the candidates with the terms they were ranked by, the parts with what each costs,
and the venues that were passed over.

A cost is what is paid beyond the middle at which the plan was made, fee included, in basis points of the notional; a
part that would rest counts at its own price with the maker's rate. The terms of `landed` are no part of it.

`record` is written with every plan that is carried out, and read by few: it is a compact text, and `shown` makes of it
what is shown. Reasons: no_fee_data · stale (no book, or nothing on the side that is wanted) · insufficient_balance ·
below_minimum (its part would have been) · not_competitive (others were better, or all within the limit).
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import landed
from seqcli.sandbox.exchange.matching import Candidate, Take
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import Plan, View

Fee = Callable[[Candidate, Take, bool], int]
"""What a part at a candidate pays in USD 1e9; the flag: as a taker."""


class _Ranked(msgspec.Struct, array_like=True):
    """A candidate: its best price (None: it shows nothing) and rates in basis points."""

    venue: str
    price_1e9: int | None
    maker_bps: int
    taker_bps: int
    terms: landed.Terms


class _Part(msgspec.Struct, array_like=True):
    """What goes to a venue: taken and resting quantity with Σ price × quantity, 1e17; `fee`: where the rates don't say.

    It is in USD 1e9.
    """

    venue: str
    taken: int
    taken_cost: int
    rests: int
    rests_cost: int
    fee: int | None


class _Record(msgspec.Struct, array_like=True):
    version: int
    urgency: str
    side: str
    mid_1e9: int | None
    ranked: list[_Ranked]
    parts: list[_Part]
    rejected: list[tuple[str, str]]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Record).decode


# -- written ---------------------------------------------------------------------------------------------------------


def record(view: View, order: Order, found: Plan, venues: tuple[str, ...], fee: Fee | None = None) -> str:
    """A plan over `venues`, the ones it could have used, as text. `fee` is given where the rates don't say."""
    parts: dict[str, list[Any]] = {}
    for taker, rows in ((True, found.takes), (False, found.rests)):
        at = 1 if taker else 3
        for row in rows:
            part = parts.get(row.venue)
            if part is None:
                part = parts[row.venue] = [row.venue, 0, 0, 0, 0, None if fee is None else 0]
            part[at] += row.qty_1e8
            part[at + 1] += row.price_1e9 * row.qty_1e8
            if fee is not None:
                part[5] += fee(found.candidates[row.venue], row, taker)
    ranked = [
        (row.venue, row.levels[0][0] if row.levels else None, row.maker_bps, row.taker_bps, row.terms)
        for row in (*found.candidates.values(), *found.dropped)
    ]
    rejected = [(venue, _reason(view, order, found, venue)) for venue in venues if venue not in parts]
    urgency = order.execution.get("urgency", "medium")
    mid = order.arrival_mid_1e9
    return _encode((order.routing_version, urgency, order.side, mid, ranked, list(parts.values()), rejected)).decode()


def _reason(view: View, order: Order, found: Plan, venue: str) -> str:
    candidate = found.candidates.get(venue)
    if candidate is None:
        if any(row.venue == venue for row in found.dropped):
            return "below_minimum"
        return "no_fee_data" if view.rates(venue) is None else "stale"
    if not candidate.levels and not found.rests:
        return "stale"
    price = candidate.levels[0][0] if candidate.levels else order.price_1e9
    short = price is not None and not candidate.budget.room(price, max(1, order.qty_1e8))
    return "insufficient_balance" if short else "not_competitive"


# -- shown -----------------------------------------------------------------------------------------------------------


def shown(written: str | dict[str, Any] | None) -> dict[str, Any] | None:
    """What a record says, for people and programs; one of before it was written as text is shown as it is."""
    if not isinstance(written, str):
        return written
    read = _decode(written)
    sign = 1 if read.side == "buy" else -1
    by_venue = {row.venue: row for row in read.ranked}
    return {
        "version": read.version,
        "urgency": read.urgency,
        "mid_1e9": read.mid_1e9,
        "est_cost_bps": _cost_bps(read, by_venue, read.parts),
        "legs": [_leg(read, by_venue, part) for part in read.parts],
        "candidates": [_candidate(row, sign) for row in read.ranked],
        "rejected": [{"venue": venue, "reason": reason} for venue, reason in read.rejected],
    }


def _leg(read: _Record, by_venue: dict[str, _Ranked], part: _Part) -> dict[str, Any]:
    qty, row = part.taken + part.rests, by_venue[part.venue]
    return {
        "venue": part.venue,
        "qty_1e8": qty,
        "price_1e9": rounding.average_price(part.taken_cost + part.rests_cost, qty),
        "fee_bps": row.taker_bps if part.taken else row.maker_bps,
        "est_cost_bps": _cost_bps(read, by_venue, [part]),
    }


def _candidate(row: _Ranked, sign: int) -> dict[str, Any]:
    whole = landed.UNIT + sign * (row.taker_bps * landed.BPS + sum(row.terms))
    reached = None if row.price_1e9 is None else rounding.half_even(row.price_1e9 * whole, landed.UNIT)
    return {
        "venue": row.venue,
        "price_1e9": row.price_1e9,
        "fee_bps": row.taker_bps,
        **{f"{name}_bps": rounding.plain_decimal(term, 4) for name, term in zip(landed.NAMES, row.terms, strict=True)},
        "landed_price_1e9": reached,
    }


def _cost_bps(read: _Record, by_venue: dict[str, _Ranked], parts: Iterable[_Part]) -> Decimal | None:
    """A statistic: three decimals."""
    qty = cost = fees = 0
    for part in parts:
        row = by_venue[part.venue]
        qty += part.taken + part.rests
        cost += part.taken_cost + part.rests_cost
        charged = part.taken_cost * row.taker_bps + part.rests_cost * row.maker_bps
        fees += charged if part.fee is None else part.fee * rounding.UNIT_1E8 * rounding.BPS
    away = cost - (read.mid_1e9 or 0) * qty
    return rounding.measured_bps((away if read.side == "buy" else -away) * rounding.BPS + fees, cost * rounding.BPS)
