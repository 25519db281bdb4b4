"""When one series of a recording comes to a price: found by trees of minima, in a step a halving, not by trying all."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from seqcli.sandbox.market.books import Level, Print, Side

_NEVER = 1 << 80
_BIDS, _ASKS = 0, 1
Recorded = tuple[int, Sequence[Level], Sequence[Level]]
"""An instant, bids and asks, the best first."""


class Minima:
    """Numbers in a row, and the least of each stretch of them."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self._count = len(numbers)
        self._size = size = 1 << max(self._count - 1, 0).bit_length()
        self._tree = tree = [_NEVER] * size + [*numbers] + [_NEVER] * (size - self._count)
        for node in range(size - 1, 0, -1):
            tree[node] = min(tree[2 * node], tree[2 * node + 1])

    @property
    def least(self) -> int:
        """The least of all."""
        return self._tree[1]

    def following(self, place: int, limit: int) -> int:
        """The first place from `place` on whose number is `limit` or less; the count of all when there is none."""
        if place >= self._count:
            return self._count
        tree, node = self._tree, self._size + place
        while tree[node] > limit:
            while node & 1:  # a right half: what follows it lies beside something larger
                node >>= 1
            if not node:
                return self._count
            node += 1
        while node < self._size:
            node *= 2
            node += tree[node] > limit
        return node - self._size


class Crossings:
    """Of one series: its books and prints, and at which offsets of market time they happen."""

    def __init__(
        self, book_at: Iterable[int], books: Iterable[Recorded], print_at: Iterable[int], prints: Iterable[Print]
    ) -> None:
        # Of several books squeezed into one instant only the last was ever to be seen.
        self._books = {at: (bids, asks) for at, (_, bids, asks) in zip(book_at, books, strict=True)}
        self._prints: dict[int, list[int]] = {}
        for at, each in zip(print_at, prints, strict=True):
            self._prints.setdefault(at, []).append(each.price_1e9)
        self._offsets = sorted(self._books.keys() | self._prints.keys())

    def touching(self, side: Side, price: int) -> tuple[Minima, int]:
        """What `between` finds the instants by at which an order can be affected; the contract is `Market.touches`."""
        return (self._lows, price) if side == "buy" else (self._highs, -price)

    def stopping(self, side: Side, price: int) -> tuple[Minima, int]:
        """What `between` finds the instants by that have a touch at or past a price; the contract is `Market.stops`."""
        return (self._bids, price) if side == "sell" else (self._asks, -price)

    def between(self, minima: Minima, limit: int, low: int, high: int) -> Iterator[int]:
        """The offsets of (low, high] at which a number is `limit` or less."""
        offsets, numbers = self._offsets, minima.numbers
        place, end = bisect_right(offsets, low), bisect_right(offsets, high)
        while place < end:
            if numbers[place] > limit:
                place = minima.following(place, limit)
                continue
            yield offsets[place]
            place += 1

    @cached_property
    def _lows(self) -> Minima:
        """The least of the best ask and the prints of each instant."""
        return self._least(lambda at: self._best(at, _ASKS) + self._prints.get(at, []))

    @cached_property
    def _highs(self) -> Minima:
        """The greatest of the best bid and the prints, below nought: what is sought is a great one."""
        return self._least(lambda at: [-price for price in self._best(at, _BIDS) + self._prints.get(at, [])])

    @cached_property
    def _bids(self) -> Minima:
        return self._least(lambda at: self._best(at, _BIDS))

    @cached_property
    def _asks(self) -> Minima:
        """Below nought, as above."""
        return self._least(lambda at: [-price for price in self._best(at, _ASKS)])

    def _least(self, prices: Callable[[int], list[int]]) -> Minima:
        return Minima([min(prices(at), default=_NEVER) for at in self._offsets])

    def _best(self, at: int, side: int) -> list[int]:
        levels = self._books[at][side] if at in self._books else ()
        return [levels[0][0]] if levels else []
