"""What a tree of minima finds is what trying all finds, and it looks at few of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.market.crossings import Minima


class Counted(list[int]):
    looks = 0

    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return super().__getitem__(place)


@given(st.lists(st.integers(-9, 9), max_size=40), st.integers(0, 45), st.integers(-10, 10))
def test_it_finds_what_trying_all_finds(numbers, place, limit):
    wanted = next((at for at in range(place, len(numbers)) if numbers[at] <= limit), len(numbers))
    minima = Minima(numbers)
    assert minima.following(place, limit) == wanted
    assert (minima.least <= limit) == any(number <= limit for number in numbers)


def test_of_a_hundred_thousand_it_looks_at_a_few():
    minima = Minima([5] * 99_999 + [4])
    minima._tree = counted = Counted(minima._tree)
    assert minima.following(0, 4) == 99_999
    assert minima.following(50_001, 4) == 99_999
    assert minima.following(3, 3) == 100_000
    assert counted.looks < 150
