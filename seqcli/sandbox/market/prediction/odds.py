"""What a contract is worth at an instant, in integers: a probability 1e9 that ends at 0 or 1, and who wins.

updown, strike: the normal distribution of how far the asset may still go, at its own wildness. race: weights of the
runners, each wandering, the winner's growing without bound towards the end.
"""

from collections.abc import Callable
from math import isqrt

from seqcli.sandbox.market.listings import ASSETS
from seqcli.sandbox.market.noise import TOP_SHIFT, key_of, mix
from seqcli.sandbox.market.prediction.contracts import Contract, Event
from seqcli.sandbox.market.quoting import TICK_NS

ONE_1E9 = 1_000_000_000
Index = Callable[[str, int], int]
"""The price 1e9 of an asset in USD at an instant."""

_TAIL = (
    500_000_000, 450_261_775, 401_293_674, 353_830_233, 308_537_539, 265_985_529, 226_627_352, 190_786_953,
    158_655_254, 130_294_517, 105_649_774, 84_565_722, 66_807_201, 52_081_279, 40_059_157, 30_396_362,
    22_750_132, 16_793_306, 12_224_473, 8_774_475, 6_209_665, 4_332_448, 2_979_763, 2_020_137,
    1_349_898, 889_025, 577_025, 369_078, 232_629, 144_481, 88_417, 53_312, 31_671,
)  # fmt: skip
"""The upper tail of the normal distribution, 1e9, at every eighth of a standard deviation from 0 to 4."""
_STEPS = 8


def normal(z_1e6: int) -> int:
    """The probability 1e9 that a standard normal value lies below `z_1e6`, straight between the table's rows."""
    place, rest = divmod(abs(z_1e6) * _STEPS, 1_000_000)
    nearer, further = (_TAIL[at] if at < len(_TAIL) else 0 for at in (place, place + 1))
    tail = nearer - (nearer - further) * rest // 1_000_000
    return ONE_1E9 - tail if z_1e6 > 0 else tail


class Odds:
    """Probabilities of every contract of one seed; `index` prices the underlyings."""

    def __init__(self, seed: int, index: Index) -> None:
        self._seed, self._index = seed, index

    def price(self, asset: str, ts_ns: int) -> int:
        """The price 1e9 of an underlying."""
        return self._index(asset, ts_ns)

    def bar_1e9(self, contract: Contract) -> int:
        """The price that the asset has to be above: where its window began, or its strike."""
        event = contract.event
        return contract.strike_1e9 or self._index(event.series.asset, event.starts_ns)

    def winner(self, contract: Contract) -> int:
        """0 when yes comes true, 1 when no does. Known to nobody before the end."""
        event = contract.event
        if event.series.kind == "race":
            return 0 if self._winning(event) == contract.number else 1
        ends = self._index(event.series.asset, event.ends_ns)
        above = ends >= self.bar_1e9(contract) if event.series.kind == "updown" else ends > self.bar_1e9(contract)
        return 0 if above else 1

    def yes_1e9(self, contract: Contract, ts_ns: int) -> int:
        """The probability of yes while it trades."""
        event = contract.event
        if event.series.kind == "race":
            weights = [self._weight(event, number, ts_ns) for number in range(len(event.series.outcomes))]
            return weights[contract.number] * ONE_1E9 // sum(weights)
        asset = event.series.asset
        now = self._index(asset, ts_ns)
        bar = contract.strike_1e9 or (self._index(asset, event.starts_ns) if ts_ns > event.starts_ns else now)
        spread = _wander_1e9(asset, event.ends_ns - max(ts_ns, event.starts_ns))
        return normal((now - bar) * ONE_1E9 // bar * 1_000_000 // max(spread, 1))

    def _winning(self, event: Event) -> int:
        """Drawn by the weights at the start, so that favourites win more often."""
        base = [self._base(event, number) for number in range(len(event.series.outcomes))]
        drawn = mix(key_of(self._seed, "winner", event.slug), 0) % sum(base)
        for number, weight in enumerate(base):
            drawn -= weight
            if drawn < 0:
                return number
        raise AssertionError("a draw lies below the sum")

    def _base(self, event: Event, number: int) -> int:
        return 1 + mix(key_of(self._seed, "runner", event.slug), number) % 63

    def _weight(self, event: Event, number: int, ts_ns: int) -> int:
        life = event.ends_ns - event.opens_ns
        gone = min(max(ts_ns - event.opens_ns, 0), life - 1) * 4096 // life
        key = key_of(self._seed, "sway", event.slug, number)
        sway = 4096 + _swaying(key, gone, 8) + _swaying(mix(key, 1), gone, 4) // 2
        weight = self._base(event, number) * sway
        if number == self._winning(event):
            weight += weight * gone * gone // (4096 * (4097 - gone))
        return max(weight, 1)


def _swaying(key: int, gone: int, shift: int) -> int:
    """Value noise between -2048 and 2048 over a life of 4,096 parts, a knot every 2**shift of them."""
    at, rest = gone >> shift, gone & (1 << shift) - 1
    left, right = (mix(key, knot) % 4097 - 2048 for knot in (at, at + 1))
    return left + ((right - left) * rest >> shift)


def _wander_1e9(asset: str, left_ns: int) -> int:
    """About one standard deviation of an asset's relative move over a time, from the octaves it walks in."""
    ticks = max(left_ns // TICK_NS, 1)
    top = ASSETS[asset].wildness_ppm
    return isqrt(top * top * ticks * 1_000_000 * 4 // (3 << TOP_SHIFT))
