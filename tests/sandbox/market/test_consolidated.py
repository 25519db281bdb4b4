"""Venues' books put together: every number of the JSON exact, however it was written."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seqcli.sandbox.market.books import Book
from seqcli.sandbox.market.consolidated import PRICE, SIZE, _by_division, human, levels, merged

NUMBER = st.one_of(
    st.integers(10**5, 10**15 - 1),
    st.integers(1, 10**18),
    st.builds(lambda digits, zeros: digits * 10**zeros, st.integers(1, 999), st.integers(0, 14)),
)
LEVELS = st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=8, unique_by=lambda row: row[0])


def books_of(*sides: list[tuple[int, int]]) -> dict[str, Book]:
    return {f"venue{at}": Book(tuple(sorted(rows, reverse=True)), (), 1) for at, rows in enumerate(sides)}


@given(LEVELS)
@example([(10**5, 10**5)])
@example([(10**5 - 1, 10**5)])
@example([(10**15 - 1, 10**15 - 1)])
@example([(10**15, 10**15 - 1)])
@example([(999_999_999_999_999, 123_456_789_012_345), (100_000, 100_001)])
def test_every_number_is_the_decimal_that_it_stands_for(rows):
    text = merged(books_of(rows), 100, max)
    wanted = sorted(rows, reverse=True)
    assert text == f"[{','.join(f'[{human(price, PRICE)},{human(size, SIZE)}]' for price, size in wanted)}]"
    told = json.loads(text, parse_float=Decimal)
    assert [(int(price.scaleb(PRICE)), int(size.scaleb(SIZE))) for price, size in told] == wanted


@pytest.mark.parametrize("number", [10**4, 10**17 + 1])
def test_control_outside_its_bounds_division_would_be_wrong(number):
    assert not _by_division([(number, 10**8)])
    assert not _by_division([(10**9, number)])
    assert repr(number / 10**9) != human(number, PRICE)


@given(LEVELS, LEVELS, LEVELS, st.integers(1, 9))
def test_sizes_at_one_price_are_added_and_the_best_come_first(first, second, third, depth):
    books = books_of(first, second, third)
    sizes: dict[int, int] = {}
    for book in books.values():
        for price, size in book.bids[:depth]:
            sizes[price] = sizes.get(price, 0) + size
    assert levels(books, depth, max) == sorted(sizes.items(), reverse=True)[:depth]


def test_nothing_is_an_empty_list():
    assert merged({}, 5, max) == "[]"
    assert merged(books_of([]), 5, max) == "[]"
