"""Books and prints of a contract on a grid of its own, some 4,096 instants a life; yes and no are one book seen twice.

A bid for yes at p is an offer of no at 1 − p, of the same size; a print of one is a print of the other.
"""

from collections.abc import Iterator

from seqcli.sandbox.market.books import Book, Level, Print, Side, Top
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.market.noise import key_of, mix
from seqcli.sandbox.market.prediction.catalogue import Catalogue, Named
from seqcli.sandbox.market.prediction.contracts import Contract
from seqcli.sandbox.market.prediction.odds import ONE_1E9
from seqcli.sandbox.market.prediction.series import SECOND_NS

GRID, LEVELS = 4096, 10
_PRINTS_OF_256 = 90
_MEMORY_SHIFT = 3
_KEPT_BOOKS, _KEPT_TOUCHES = 256, 1 << 16


def instrument(named: Named) -> Instrument:
    """A token as an instrument; its base is itself."""
    contract = named.contract
    return Instrument(
        symbol=named.symbol,
        base=named.symbol,
        quote="USD" if contract.venue == "kalshi" else "USDC",
        kind="prediction",
        venues=(contract.venue,),
        tick_size_1e9=contract.tick_1e9,
        lot_size_1e8=contract.lot_1e8,
        min_qty_1e8=contract.lot_1e8,
        min_notional_1e9=0,
        price_precision=2 if contract.venue == "kalshi" else 3,
        qty_precision=0 if contract.venue == "kalshi" else 2,
    )


class Trading:
    """The market of contracts; instants are those of each contract's own grid."""

    def __init__(self, seed: int, catalogue: Catalogue) -> None:
        self._seed, self._catalogue = seed, catalogue
        self._touches: dict[tuple[str, int], tuple[int, int]] = {}
        self._books: dict[tuple[str, int], Book] = {}

    def tick_ns(self, contract: Contract) -> int:
        """The step of a contract's grid."""
        event = contract.event
        return max(SECOND_NS, (event.ends_ns - event.opens_ns) // GRID // SECOND_NS * SECOND_NS)

    def at(self, contract: Contract, ts_ns: int) -> int | None:
        """The tick that an instant lies in; None outside trading."""
        event = contract.event
        if not event.opens_ns <= ts_ns < event.ends_ns:
            return None
        return (ts_ns - event.opens_ns) // self.tick_ns(contract)

    def instant(self, contract: Contract, tick: int) -> int:
        """When a tick's book was published."""
        return contract.event.opens_ns + tick * self.tick_ns(contract)

    def book(self, named: Named, ts_ns: int) -> Book | None:
        """Up to ten levels a side; the same object while the tick lasts."""
        tick = self.at(named.contract, ts_ns)
        if tick is None:
            return None
        key = named.symbol, tick
        found = self._books.get(key)
        if found is None:
            if len(self._books) > _KEPT_BOOKS:
                self._books.clear()
            found = self._books[key] = self._book(named, tick)
        return found

    def _book(self, named: Named, tick: int) -> Book:
        contract = named.contract
        bid, ask = self._touch(contract, tick)
        bids = self._ladder(contract, tick, bid, -contract.tick_1e9)
        asks = self._ladder(contract, tick, ask, contract.tick_1e9)
        if named.side:
            bids, asks = _mirrored(asks), _mirrored(bids)
        return Book(bids, asks, self.instant(contract, tick))

    def top(self, named: Named, ts_ns: int) -> Top | None:
        """The best level of both sides."""
        book = self.book(named, ts_ns)
        if book is None:
            return None
        bid, ask = (side[0] if side else (0, 0) for side in (book.bids, book.asks))
        return Top(*bid, *ask, book.ts_ns)

    def _touch(self, contract: Contract, tick: int) -> tuple[int, int]:
        """Best bid and ask of yes; a step from $0 and $1 is the nearest they come."""
        name = contract.slug, tick
        found = self._touches.get(name)
        if found is None:
            if len(self._touches) > _KEPT_TOUCHES:
                self._touches.clear()
            found = self._touches[name] = self._read(contract, tick)
        return found

    def _read(self, contract: Contract, tick: int) -> tuple[int, int]:
        step = contract.tick_1e9
        middle = self._catalogue.odds.yes_1e9(contract, self.instant(contract, tick))
        key = key_of(self._seed, "touch", contract.slug)
        below = (middle - mix(key, tick) % step) // step * step
        bid = min(max(step, below), ONE_1E9 - 2 * step)
        return bid, min(ONE_1E9 - step, bid + step * (1 + mix(key, ~tick) % 2))

    def _ladder(self, contract: Contract, tick: int, touch: int, step: int) -> tuple[Level, ...]:
        prices = range(touch, touch + step * LEVELS, step)
        key = key_of(self._seed, "sizes", contract.slug, tick >> _MEMORY_SHIFT)
        return tuple(
            (price, (20 + mix(key, price) % 400) * (2 + depth) // 2 * 10**8)
            for depth, price in enumerate(prices)
            if 0 < price < ONE_1E9
        )

    def prints(self, named: Named, from_ns: int, to_ns: int) -> Iterator[Print]:
        """The trades of (from_ns, to_ns], oldest first."""
        for tick in self._ticks(named.contract, from_ns, to_ns):
            trade = self._print(named, tick)
            if trade is not None:
                yield trade

    def _print(self, named: Named, tick: int) -> Print | None:
        contract = named.contract
        bits = mix(key_of(self._seed, "prints", contract.slug), tick)
        if bits & 0xFF >= _PRINTS_OF_256:
            return None
        yes_bought = bool(bits >> 8 & 1)
        bid, ask = self._touch(contract, tick)
        price = ask if yes_bought else bid
        side: Side = "buy" if yes_bought != bool(named.side) else "sell"
        shown = ONE_1E9 - price if named.side else price
        return Print(self.instant(contract, tick), shown, (1 + (bits >> 9) % 200) * 10**8, side)

    def touches(self, named: Named, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] that can affect a resting order; see `books.Market.touches`."""
        contract = named.contract
        for tick in self._ticks(contract, from_ns, to_ns):
            bid, ask = self._seen(named, tick)
            trade = self._print(named, tick)
            if side == "buy":
                reached = 0 < ask <= price_1e9 or (trade is not None and trade.price_1e9 <= price_1e9)
            else:
                reached = bid >= price_1e9 or (trade is not None and trade.price_1e9 >= price_1e9)
            if reached:
                yield self.instant(contract, tick)

    def stops(self, named: Named, side: Side, price_1e9: int, from_ns: int, to_ns: int) -> Iterator[int]:
        """The instants of (from_ns, to_ns] with a touch at or past a price; see `books.Market.stops`."""
        for tick in self._ticks(named.contract, from_ns, to_ns):
            bid, ask = self._seen(named, tick)
            if bid <= price_1e9 if side == "sell" else ask >= price_1e9:
                yield self.instant(named.contract, tick)

    def _seen(self, named: Named, tick: int) -> tuple[int, int]:
        """Best bid and ask of the side that is asked for."""
        bid, ask = self._touch(named.contract, tick)
        return (ONE_1E9 - ask, ONE_1E9 - bid) if named.side else (bid, ask)

    def _ticks(self, contract: Contract, from_ns: int, to_ns: int) -> range:
        event, step = contract.event, self.tick_ns(contract)
        first = max(0, (from_ns - event.opens_ns) // step + 1)
        last = (min(to_ns, event.ends_ns - 1) - event.opens_ns) // step
        return range(first, last + 1)


def _mirrored(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    return tuple((ONE_1E9 - price, size) for price, size in levels)
