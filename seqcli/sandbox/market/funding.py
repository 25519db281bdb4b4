"""What perps pay each other: a rate for each venue, symbol and settlement, as a function of a seed.

Longs pay shorts at a positive rate, shorts longs at a negative one. The rate leans towards 0.01 % in eight hours,
wanders with the asset and a little with the venue, never beyond ±0.075 %; a venue that settles hourly takes an eighth
each time. All integers: fractions in 1e9, `rounding` rounds.
"""

from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.market.listings import ASSETS, UNIT
from seqcli.sandbox.market.noise import Octave, Walk, key_of, mix
from seqcli.sandbox.rounding import UNIT_1E8, half_even

HOUR_NS = 3_600_000_000_000
_USUAL, _MOST = 100_000, 750_000
_USUAL_HOURS = 8
_HOURS = {"hyperliquid": 1}
_TICK_NS = HOUR_NS // 8
_OF_ASSET = ((12, 180_000), (10, 120_000), (8, 90_000), (6, 60_000))
_OF_VENUE = ((8, 40_000), (6, 30_000))
"""(octave, amplitude): from 8 hours to 21 days."""
_OPEN_SHIFT, _OPEN_SWING = 8, 1 << 18


def interval_ns(venue: str) -> int:
    """The time from one settlement of a venue to the next, at whole multiples since the epoch."""
    return _HOURS.get(venue, _USUAL_HOURS) * HOUR_NS


def next_ns(venue: str, ts_ns: int) -> int:
    """The first settlement after an instant."""
    step = interval_ns(venue)
    return (ts_ns // step + 1) * step


class Rates:
    """The rates of one perp on one venue."""

    def __init__(self, seed: int, instrument: Instrument, venue: str) -> None:
        asset = key_of(seed, "funding", instrument.base)
        own = key_of(seed, "funding", venue, instrument.symbol)
        octaves = [Octave(mix(asset, shift), shift, amplitude) for shift, amplitude in _OF_ASSET]
        octaves += [Octave(mix(own, shift), shift, amplitude) for shift, amplitude in _OF_VENUE]
        self._walk = Walk(octaves)
        self._interest = Walk([Octave(mix(own, 64), _OPEN_SHIFT, _OPEN_SWING)])
        self._hours = _HOURS.get(venue, _USUAL_HOURS)
        usd = ASSETS[instrument.base].level_usd * UNIT * (2_000 + mix(own, 65) % 6_000)
        self._open_1e8 = usd * UNIT_1E8 // instrument.anchor_1e9

    def rate_1e9(self, ts_ns: int) -> int:
        """What a settlement at this instant takes, as a fraction of the notional; half-even."""
        rate = _USUAL + self._walk.value(ts_ns // _TICK_NS)
        return half_even(max(-_MOST, min(_MOST, rate)) * self._hours, _USUAL_HOURS)

    def open_interest_1e8(self, ts_ns: int) -> int:
        """Whole contracts that are open, within a quarter of what is usual there."""
        swing = self._interest.value(ts_ns // _TICK_NS)
        return self._open_1e8 * ((_OPEN_SWING << 2) + swing) // (_OPEN_SWING << 2) // UNIT_1E8 * UNIT_1E8
