"""Venues' books put together, as plain JSON numbers for people: exact, at least one decimal."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from seqcli.sandbox.market.books import Book, Level

PRICE, SIZE = 9, 8
"""Decimals of a price and of a quantity."""


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
    sizes: dict[int, int] = {}
    sides: list[tuple[Level, ...]] = [book.bids if is_bid else book.asks for book in books.values()]
    for side in sides:
        for price, size in side[:depth]:
            sizes[price] = sizes.get(price, 0) + size
    return sorted(sizes.items(), reverse=is_bid)[:depth]


def merged(books: Mapping[str, Book], depth: int, best: Any) -> str:
    """`levels` as JSON: ``[[price, size], …]``."""
    return f"[{','.join([_level(price, size) for price, size in levels(books, depth, best)])}]"


@lru_cache(1 << 15)
def _level(price: int, size: int) -> str:
    """Most levels stand from one book to the next."""
    return f"[{human(price, PRICE)},{human(size, SIZE)}]"
