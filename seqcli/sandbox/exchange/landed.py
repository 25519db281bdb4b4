"""What a level lands at: the terms by which the router ranks venues, and the version of them that an order goes by.

Landed price = price × (1 + fee + penalties) for a buy, × (1 − fee − penalties) for a sale; the lowest, or highest, is
taken first. Penalties only rank: what is paid and charged is price and fee, and a limit bounds the price alone. They
are the same at every level of a venue, so a plan works them out once a venue. Basis points, rounded down to 1e-4:

term       versions  what it is
fee        1 2 3     the taker's rate, as charged
latency    1 2 3     1 for 100 ms of the way there, × urgency
freshness  1 2 3     0.1 for a second of the book's age, at most 5
adverse    2 3       1 × (theirs − ours) / (theirs + ours), not below 0: theirs is what stands at the touch that would
                     be hit, ours at the touch of the order's side; where theirs weighs more, better prices may follow
reject     2 3       10 × the share of orders that fail there: 1 in 100, on a chain 1 in 10
impact     2 3       2 × quantity / what its five best levels hold, at most 2, × urgency

Urgency: low × ½, medium × 1, high × 2. Version 3 is adaptive, by the account's own fills and rejects on the venue so
far: its share is (20 × the share above + rejects) / (20 + fills + rejects), and adverse and impact count in full at
first, half where it is well known: × (½ + ½ × 20 / (20 + fills)). A reject counts where an order for that venue alone
was refused by the venue, or found it stale.
"""

from collections.abc import Sequence
from hashlib import sha256
from operator import itemgetter

import msgspec

UNIT = 100_000_000
"""The whole, of which a term of 1 is a ten-thousandth of a basis point."""
BPS = 10_000
PLAIN, WARY, ADAPTIVE = VERSIONS = (1, 2, 3)
CHAINS = frozenset({"dex", "solana"})
REFUSED_THERE = frozenset({"EXCHANGE_BUSY", "EXCHANGE_REJECT", "STALE_VENUE"})
"""Reasons of a refusal that count as a venue's."""
Levels = Sequence[tuple[int, int]]
"""(price_1e9, qty_1e8), best first."""
_HALVES = {"low": 1, "medium": 2, "high": 4}
_LATENCY_NS, _AGE_NS, _MOST_AGE = 10_000, 1_000_000, 5 * BPS
_ADVERSE, _REJECT, _IMPACT = BPS, 10 * BPS, 2 * BPS
_SHARE, _CHAIN_SHARE, _PRIOR = 100, 1_000, 20
"""Shares of failures in ten-thousandths, and how many orders they weigh as much as."""
_NEAR, _SIZE = 5, itemgetter(1)


Terms = tuple[int, int, int, int, int]
"""The penalties of one venue, each in ten-thousandths of a basis point, in the order of `NAMES`."""
NAMES = ("latency", "freshness", "adverse", "reject", "impact")


class Met(msgspec.Struct, array_like=True):
    """What an account has had of a venue."""

    fills: int = 0
    rejects: int = 0


NOTHING: Terms = (0, 0, 0, 0, 0)
STRANGER = Met()


class Asked(msgspec.Struct, gc=False):
    """What is asked of every venue: by which version, how much (0: what a notional, USD 1e9, buys there), how urgently.

    `halves` is what urgency multiplies by, twice.
    """

    version: int
    qty_1e8: int
    notional_usd_1e9: int
    halves: int


def asked(version: int, qty_1e8: int, notional_usd_1e9: int | None, urgency: str | None) -> Asked:
    """A question, in its own terms."""
    return Asked(version, qty_1e8, notional_usd_1e9 or 0, _HALVES.get(urgency or "medium", 2))


def version_of(graph_id: str) -> int:
    """1 + (the first 8 bytes of SHA-256 of the graph's id, big-endian) mod 3; 1 while there is no id."""
    return 1 + int.from_bytes(sha256(graph_id.encode()).digest()[:8], "big") % 3 if graph_id else PLAIN


def terms(  # noqa: PLR0917 - all that is known of one venue
    asked: Asked, venue: str, latency_ns: int, age_ns: int, levels: Levels, own: Levels, met: Met
) -> Terms:
    """The penalties of a venue that shows `levels` to be hit and `own` on the order's side, `age_ns` old."""
    latency, freshness = latency_ns * asked.halves // (2 * _LATENCY_NS), min(age_ns // _AGE_NS, _MOST_AGE)
    if asked.version == PLAIN or not levels:
        return latency, freshness, 0, 0, 0
    price, theirs = levels[0]
    ours = own[0][1] if own else 0
    adverse = _ADVERSE * (theirs - ours) // (theirs + ours) if theirs > ours else 0
    shown, qty = sum(map(_SIZE, levels[:_NEAR])), asked.qty_1e8 or asked.notional_usd_1e9 * 10**8 // price
    impact = _IMPACT * min(qty, shown) * asked.halves // (2 * shown)
    share = _CHAIN_SHARE if venue in CHAINS else _SHARE
    if asked.version == WARY:
        return latency, freshness, adverse, _REJECT * share // BPS, impact
    fills, rejects = met.fills, met.rejects
    reject = _REJECT * (share * _PRIOR + BPS * rejects) // (BPS * (_PRIOR + fills + rejects))
    known, whole = 2 * _PRIOR + fills, 2 * (_PRIOR + fills)
    return latency, freshness, adverse * known // whole, reject, impact * known // whole
