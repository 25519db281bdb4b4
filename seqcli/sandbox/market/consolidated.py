"""Venues' books put together, as plain JSON numbers for people: exact, at least one decimal."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import msgspec

from seqcli.sandbox.market.books import Book, Level

PRICE, SIZE = 9, 8
"""Decimals of a price and of a quantity."""
_ENCODE = msgspec.json.Encoder().encode
_SMALLEST, _LARGEST = 10**5, 10**15
"""Fixed-point integers from here are written without an exponent; those below there have fifteen digits at most."""


def human(value: int, digits: int) -> str:
    """A fixed-point integer as a JSON float for people: exact, at least one decimal."""
    if value < 0:
        return f"-{human(-value, digits)}"
    text = str(value)
    if len(text) <= digits:
        text = text.zfill(digits + 1)
    return f"{text[:-digits]}.{text[-digits:].rstrip('0') or '0'}"


def spread(bid: int, ask: int) -> tuple[str, str]:
    """(mid, spread in basis points of the mid); both 0 when a side is missing or the venues cross."""
    if not 0 < bid <= ask:
        return "0.0", "0.0"
    return human((bid + ask) * 5, PRICE + 1), human((ask - bid) * 2 * 10_000 * 10**6 // (bid + ask), 6)


def nbbo(bid: int, ask: int) -> str:
    """Best bid and offer, with `spread`."""
    mid, bps = spread(bid, ask)
    return f'{{"bid":{human(bid, PRICE)},"ask":{human(ask, PRICE)},"mid":{mid},"spread_bps":{bps}}}'


def levels(books: Mapping[str, Book], depth: int, best: Any) -> list[Level]:
    """The `depth` best levels over all venues, `best` = max for bids, min for asks; sizes at one price are added."""
    is_bid = best is max
    sides = [(book.bids if is_bid else book.asks)[:depth] for book in books.values()]
    rows = sorted(chain.from_iterable(sides), reverse=is_bid)
    if len(dict(rows)) < len(rows):
        sizes: dict[int, int] = {}
        for price, size in rows:
            sizes[price] = sizes.get(price, 0) + size
        rows = list(sizes.items())
    return rows[:depth]


def merged(books: Mapping[str, Book], depth: int, best: Any) -> str:
    """`levels` as JSON: ``[[price, size], …]``."""
    rows = levels(books, depth, best)
    if rows and _by_division(rows):
        return _ENCODE([(price / 10**PRICE, size / 10**SIZE) for price, size in rows]).decode()
    return f"[{','.join([f'[{human(price, PRICE)},{human(size, SIZE)}]' for price, size in rows])}]"


def _by_division(rows: list[Level]) -> bool:
    """Whether a double says each number exactly, without an exponent.

    A decimal of fifteen digits at most is the shortest that means its double, so dividing and writing give it back.
    """
    sizes = [size for _, size in rows]
    ends = rows[0][0], rows[-1][0], min(sizes), max(sizes)
    return min(ends) >= _SMALLEST and max(ends) < _LARGEST
