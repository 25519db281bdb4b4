"""A walk that is a function: octaves of hashed value noise on a fixed grid, integers only, with bounds for
any interval.

An octave of period 2**shift ticks has a hashed height at each multiple of its period and straight lines
between. A walk is the sum of its octaves, taken every `BLOCK` ticks, with straight lines between. Heights
are fractions of `ONE`. Nothing depends on the platform, the order of questions or PYTHONHASHSEED.
"""

from collections.abc import Iterator, Sequence
from math import isqrt

import msgspec

ONE = 1 << 48
"""The fixed point of a height: `ONE` is 100 %."""
BLOCK_SHIFT = 2
BLOCK = 1 << BLOCK_SHIFT
"""Ticks between two points of a walk; no octave is shorter."""
TOP_SHIFT = 26
"""The longest octave: 2**26 ticks."""
SLACK = 128
"""In units of a height, more than all the floors in one value and in one bound can add up to."""

_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0xD6E8FEB86659FD93, 0xBF58476D1CE4E5B9
_FEW = 256
_NOWHERE = 1 << 80  # no tick's index: a cell not yet read


def mix(key: int, number: int) -> int:
    """64 well-stirred bits of a 64-bit key and a number; cheaper than splitmix64 and blake2b by a quarter."""
    bits = ((number ^ key) * _FIRST) & _MASK
    bits = ((bits ^ (bits >> 32)) * _SECOND) & _MASK
    return bits ^ (bits >> 29)


def key_of(*words: int | str) -> int:
    """A 64-bit key for a path of words, the same everywhere."""
    key = 0xCBF29CE484222325
    for word in words:
        for byte in f"{word}/".encode():
            key = ((key ^ byte) * 0x100000001B3) & _MASK
        key = mix(key, len(words))
    return key


class Octave(msgspec.Struct, frozen=True, gc=False):
    """Heights between -amplitude and +amplitude, one every 2**shift ticks."""

    key: int
    shift: int
    amplitude: int

    def height(self, index: int) -> int:
        """The hashed height at tick `index << shift`."""
        return ((mix(self.key, index) >> 32) * (2 * self.amplitude + 1) >> 32) - self.amplitude


def walking(key: int, top_amplitude: int) -> list[Octave]:
    """One octave a power of two, amplitude ∝ √period, so that the sum wanders like a market."""
    return [
        Octave(mix(key, shift), shift, isqrt(top_amplitude * top_amplitude >> (TOP_SHIFT - shift)))
        for shift in range(BLOCK_SHIFT, TOP_SHIFT + 1)
    ]


class Walk:
    """The sum of some octaves, in units of `ONE`: within ± `reach`, moving at most `step` a tick."""

    def __init__(self, octaves: Sequence[Octave]) -> None:
        self._levels: list[list[Octave]] = [[] for _ in range(TOP_SHIFT + 1)]
        for octave in octaves:
            self._levels[octave.shift].append(octave)
        self._flat = [[(each.key, 2 * each.amplitude + 1, each.amplitude) for each in row] for row in self._levels]
        self._cells = [(shift, (1 << shift) - 1, [_NOWHERE, 0, 0]) for shift, row in enumerate(self._levels) if row]
        self._points: dict[int, int] = {}
        self.step = SLACK + sum((2 * each.amplitude >> each.shift) + 1 for each in octaves)
        self.reach = SLACK + sum(each.amplitude for each in octaves)
        self._rest = self._amplitudes_below()
        self.examined = 0
        """Ticks and intervals looked at by `ticks_within`, ever: what a search costs, without a clock."""

    def _amplitudes_below(self) -> list[int]:
        rest, total = [], SLACK
        for level in self._levels:
            rest.append(total)
            total += sum(each.amplitude for each in level)
        return rest

    def value(self, tick: int) -> int:
        """The height at a tick."""
        block = tick >> BLOCK_SHIFT
        start = self._point(block)
        within = tick & (BLOCK - 1)
        if not within:
            return start
        return start + ((self._point(block + 1) - start) * within >> BLOCK_SHIFT)

    def _point(self, block: int) -> int:
        height = self._points.get(block)
        if height is None:
            if len(self._points) >= _FEW:
                self._points.clear()
            height = self._points[block] = self._sum(block << BLOCK_SHIFT)
        return height

    def _sum(self, tick: int) -> int:
        total = 0
        for shift, below, cell in self._cells:
            index = tick >> shift
            if cell[0] != index:
                left = cell[1] + cell[2] if cell[0] + 1 == index else self._level(shift, index)
                cell[:] = index, left, self._level(shift, index + 1) - left
            total += cell[1] + (cell[2] * (tick & below) >> shift)
        return total

    def _level(self, shift: int, index: int) -> int:
        """The sum of `Octave.height`, written out: a tick far from the last one asks for thirty."""
        total = 0
        for key, heights, amplitude in self._flat[shift]:
            bits = ((index ^ key) * _FIRST) & _MASK
            bits = ((bits ^ (bits >> 32)) * _SECOND) & _MASK
            total += (((bits ^ (bits >> 29)) >> 32) * heights >> 32) - amplitude
        return total

    def ticks_within(self, first: int, last: int, limit: int, *, below: bool) -> Iterator[int]:
        """The ticks of [first, last], in order, whose height is <= limit (`below`) or >= limit.

        Exactly those that trying every tick would give. An interval lying in one cell of every octave of at
        least its length is a straight line but for the shorter octaves, whose amplitudes bound it; if no
        such line comes within reach of the limit, the interval is skipped whole, otherwise it is halved.
        """
        sign = 1 if below else -1
        for root in range(first >> TOP_SHIFT, (last >> TOP_SHIFT) + 1):
            for block in self._blocks(root, first, last, sign, sign * limit):
                yield from self._exact(block, first, last, sign, sign * limit)

    def _exact(self, block: int, first: int, last: int, sign: int, limit: int) -> Iterator[int]:
        start = block << BLOCK_SHIFT
        for tick in range(max(first, start), min(last, start + BLOCK - 1) + 1):
            self.examined += 1
            if sign * self.value(tick) <= limit:
                yield tick

    def _blocks(self, root: int, first: int, last: int, sign: int, limit: int) -> Iterator[int]:
        """The blocks under one cell of the longest octave that may hold a tick; low is what is sought."""
        left, right = (sign * self._level(TOP_SHIFT, root + side) for side in (0, 1))
        waiting = [(TOP_SHIFT, root, left, right)]
        rest = self._rest
        while waiting:
            shift, index, left, right = waiting.pop()
            self.examined += 1
            if min(left, right) - rest[shift] > limit:
                continue
            if index << shift > last or ((index + 1) << shift) <= first:
                continue
            if shift == BLOCK_SHIFT:
                yield index
                continue
            shift -= 1
            middle = (left + right) >> 1
            heights = [sign * self._level(shift, 2 * index + side) for side in (0, 1, 2)]
            middle += heights[1]
            waiting.append((shift, 2 * index + 1, middle, right + heights[2]))
            waiting.append((shift, 2 * index, left + heights[0], middle))
