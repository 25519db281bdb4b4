"""The walk: the same everywhere, bounded, and searched with exactly the answer stepping gives."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.market.noise import BLOCK, ONE, TOP_SHIFT, Octave, Walk, key_of, mix, walking

TICKS = st.integers(-(2**34), 2**34)


def walk_of(seed: int, amplitude: int = ONE // 8) -> Walk:
    return Walk([*walking(key_of(seed), amplitude), Octave(key_of(seed, "basis"), 10, ONE // 5000)])


def test_the_hash_is_pinned_so_the_same_seed_is_the_same_market_on_every_platform():
    assert mix(1, 2) == 5810224399936626290
    assert key_of(42, "asset", "BTC") == 5559321685854581081
    assert walk_of(7).value(7_000_000_001) == 16465761327700


def test_the_hash_does_not_depend_on_pythonhashseed():
    program = "from seqcli.sandbox.market.noise import key_of; print(key_of(42, 'venue', 'kraken', 'ETH-USD'))"
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_the_hash_stirs_every_bit_of_a_counter():
    for bit in range(64):
        ones = sum(mix(99, number) >> bit & 1 for number in range(4000))
        flips = sum((mix(99, number) ^ mix(99, number ^ 1)) >> bit & 1 for number in range(4000))
        assert 1800 < ones < 2200, bit
        assert 1700 < flips < 2300, bit


@given(seed=st.integers(0, 50), tick=TICKS)
def test_a_walk_stays_within_its_reach_and_steps_no_further_than_its_step(seed, tick):
    walk = walk_of(seed)
    assert abs(walk.value(tick)) <= walk.reach < ONE
    assert abs(walk.value(tick + 1) - walk.value(tick)) <= walk.step


@given(seed=st.integers(0, 50), tick=TICKS)
def test_a_value_does_not_depend_on_what_was_asked_before(seed, tick):
    asked = walk_of(seed)
    for other in (tick - 1, tick + 2**20, tick + 1):
        asked.value(other)
    assert asked.value(tick) == walk_of(seed).value(tick)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 50),
    first=TICKS | st.just(2**TOP_SHIFT - 100) | st.integers(0, 20),
    length=st.integers(0, 700),
    share=st.integers(-20, 120),
    below=st.booleans(),
)
def test_a_search_finds_exactly_the_ticks_that_stepping_finds(seed, first, length, share, below):
    walk = walk_of(seed)
    heights = {tick: walk.value(tick) for tick in range(first, first + length)}
    low, high = min(heights.values(), default=0), max(heights.values(), default=0)
    limit = low + (high - low) * share // 100
    expected = [tick for tick, height in heights.items() if (height <= limit if below else height >= limit)]
    assert list(walk.ticks_within(first, first + length - 1, limit, below=below)) == expected


def test_a_search_whose_bounds_forget_the_short_octaves_misses_ticks():
    walk = walk_of(3)
    first, last = 7_000_000_000, 7_000_040_000
    lowest = min(walk.value(tick) for tick in range(first, last + 1))
    assert list(walk.ticks_within(first, last, lowest, below=True))
    walk._rest = [0] * len(walk._rest)
    assert not list(walk.ticks_within(first, last, lowest, below=True))


@pytest.mark.parametrize("below", [True, False])
def test_a_month_out_of_reach_is_skipped_whole(below):
    walk = walk_of(1)
    limit = -walk.reach - 1 if below else walk.reach + 1
    month = 30 * 86_400 * 4
    assert not list(walk.ticks_within(7_000_000_000, 7_000_000_000 + month, limit, below=below))
    assert walk.examined <= 2


def test_blocks_are_straight_lines():
    walk = walk_of(5)
    start = 7_000_000_000 // BLOCK * BLOCK
    left, right = walk.value(start), walk.value(start + BLOCK)
    for within in range(BLOCK):
        assert walk.value(start + within) == left + ((right - left) * within >> 2)
