"""Orders whose price follows the market: `passive` rests at the touch, `aggressive_chase` crosses to it.

A passive buy joins the best bid, post-only, and moves up when others bid more; a chasing buy takes what stands at the
best ask, waits there, and takes the next ask when that has gone further away. Neither moves more often than its
patience, which urgency scales, nor beyond its limit price or its slippage bound. A passive order never follows a market
that comes towards it: that market fills it.
"""

from collections.abc import Iterator, Mapping
from heapq import merge

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ending, execution, rules
from seqcli.sandbox.exchange.execution import MILLISECOND_NS
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.matching import Gone, opposite
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import View, limit_of
from seqcli.sandbox.exchange.rules import Refusal
from seqcli.sandbox.market.books import Book, Market, Side
from seqcli.sandbox.market.instruments import Instrument

PATIENCE_MS = {
    "passive": {"low": 30_000, "medium": 10_000, "high": 2_000},
    "aggressive_chase": {"low": 5_000, "medium": 1_000, "high": 250},
}
NO_TOUCH = Refusal("STALE_VENUE", "no touch to follow")
_ANY_PRICE = 1 << 62


def follows(order: Order) -> bool:
    """Whether the price of an order follows the market."""
    return order.execution.get("policy") in PATIENCE_MS


def work(machine: Machine, view: View, order: Order, deviation_bps: int | None = None) -> None:
    """Send an order to the venues for the first time; one that follows the market at the price of now."""
    if not follows(order):
        execution.send(machine, view, order, deviation_bps)
        return
    instrument = view.market.instruments().get(order.symbol)
    if instrument is not None and order.arrival_mid_1e9 is not None:
        order.peg_1e9, order.pegged_ns = first_price(machine, view, order), view.now_ns
        if order.peg_1e9 is None:
            ending.reject(machine, order, NO_TOUCH, view.now_ns)
            return
        if _beyond(view, order, instrument):
            _give_up(machine, order, view.now_ns)
            return
    execution.send(machine, view, order, deviation_bps)


def repeg(machine: Machine, order: Order, now_ns: int) -> None:
    """Look whether an order has to move, and move it."""
    account = machine.accounts[order.client_id]
    instrument = machine.market.instruments().get(order.symbol)
    if account.switch.engaged or instrument is None or ending.unreachable(machine, order):
        return
    view = View(machine.market, machine.gone, account, now_ns)
    if _beyond(view, order, instrument):
        _give_up(machine, order, now_ns)
        return
    price = _price(view, order, instrument)
    if price is None or not _further(order, price):
        return
    if not _dust(order, instrument):
        move(machine, view, order, (order.qty_1e8, price))
    elif order.execution["policy"] == "aggressive_chase":
        ending.end(machine, order, "expired", now_ns)


def _give_up(machine: Machine, order: Order, now_ns: int) -> None:
    if order.filled_qty_1e8:
        ending.end(machine, order, "expired", now_ns)
    else:
        refusal = Refusal("PRICE_DEVIATION", "nothing can be had within max_slippage_bps")
        ending.reject(machine, order, refusal, now_ns)


def move(machine: Machine, view: View, order: Order, new: tuple[int, int]) -> Refusal | None:
    """Take an order to a new quantity and price; what it holds pays for that. Stays where it is when refused."""
    qty, price = new
    trial = msgspec.structs.replace(order, qty_1e8=qty, peg_1e9=price, legs=[])
    found = execution.routed(machine, view, trial, credit=held_by(order))
    if found.refusal is not None:
        return found.refusal
    order.qty_1e8, order.peg_1e9, order.pegged_ns = qty, price, view.now_ns
    execution.replace(machine, view, order, trial, found)
    return None


def held_by(order: Order) -> Mapping[str, int]:
    """What an order holds back, by venue."""
    return {leg.venue: leg.held for leg in order.legs if leg.held}


def price_now(machine: Machine, view: View, order: Order) -> int | None:
    """Where an order that follows the market would be worked now."""
    instrument = machine.market.instruments().get(order.symbol)
    return None if instrument is None else _price(view, order, instrument)


def first_price(machine: Machine, view: View, order: Order) -> int | None:
    """Where an order that follows the market would begin: where no touch is to be seen, at its bound."""
    instrument = machine.market.instruments().get(order.symbol)
    if instrument is None:
        return None
    price = _price(view, order, instrument)
    return price or _cap(order, instrument) or None


def _further(order: Order, price: int) -> bool:
    at = order.peg_1e9 or 0
    return price > at if order.side == "buy" else price < at


def _price(view: View, order: Order, instrument: Instrument) -> int | None:
    """The price to be worked at, within the bounds; None when no touch is to be seen."""
    near, far = _touch(view, order, instrument)
    sign = 1 if order.side == "buy" else -1
    if order.execution["policy"] == "passive":
        price = near
        step = instrument.tick_size_1e9 or 1
        if price is not None and far is not None and sign * price >= sign * far:
            price = far - sign * step or None
    else:
        price = far
    cap = _cap(order, instrument)
    if price is None or cap is None:
        return price
    return sign * min(sign * price, sign * cap)


def _touch(view: View, order: Order, instrument: Instrument) -> tuple[int | None, int | None]:
    """The best price on the order's own side, and the best it could take, over the venues it may go to."""
    books = view.market.books(order.symbol, view.now_ns)
    near: list[int] = []
    far: list[int] = []
    for venue in (order.pin,) if order.pin else instrument.venues:
        book = books.get(venue)
        if book is None or view.rates(venue) is None:
            continue
        own = book.bids if order.side == "buy" else book.asks
        other = _there(view.gone, order, venue, book, view.now_ns)
        near += [own[0][0]] if own else []
        far += [other[0][0]] if other else []
    first, last = (max, min) if order.side == "buy" else (min, max)
    return first(near, default=None), last(far, default=None)


def _there(gone: Gone, order: Order, venue: str, book: Book, now_ns: int) -> list[tuple[int, int]]:
    return list(gone.left(order.symbol, venue, order.side, opposite(book, order.side), now_ns))


def _cap(order: Order, instrument: Instrument) -> int | None:
    """The last price it may be worked at, on the tick: its limit price, else its slippage bound."""
    if order.limit_price_1e9 is not None:
        return order.limit_price_1e9
    bound = limit_of(msgspec.structs.replace(order, peg_1e9=None))
    step = instrument.tick_size_1e9
    if bound is None or not step:
        return bound
    return bound // step * step if order.side == "buy" else -(-bound // step) * step


def _beyond(view: View, order: Order, instrument: Instrument) -> bool:
    """Whether a chase has come to the end of its slippage bound."""
    if order.execution["policy"] != "aggressive_chase" or order.limit_price_1e9 is not None:
        return False
    cap, (_, far) = _cap(order, instrument), _touch(view, order, instrument)
    return cap is not None and far is not None and (far > cap if order.side == "buy" else far < cap)


def instants(market: Market, order: Order, since_ns: int, until_ns: int) -> Iterator[int]:
    """When an order that follows the market may have to move, after `since_ns`."""
    instrument = market.instruments().get(order.symbol)
    policy = order.execution["policy"]
    if instrument is None or order.peg_1e9 is None:
        return iter(())
    stays = policy == "passive" or order.limit_price_1e9 is not None
    if stays and order.peg_1e9 == _cap(order, instrument):
        return iter(())
    pause = PATIENCE_MS[policy][order.execution.get("urgency", "medium")] * MILLISECOND_NS
    if policy == "passive":
        if _dust(order, instrument):
            return iter(())
        return _left_behind(market, order, instrument, (since_ns, order.pegged_ns + pause, until_ns))
    return _rounds(market, order, instrument, (since_ns, pause, until_ns))


def _dust(order: Order, instrument: Instrument) -> bool:
    """Whether too little is left to be placed again: a passive rest stays where it is, a chase ends."""
    left = order.remaining_1e8
    return rules.minimum(left, rounding.notional_usd(order.peg_1e9 or 0, left), instrument) is not None


def _left_behind(market: Market, order: Order, instrument: Instrument, when: tuple[int, int, int]) -> Iterator[int]:
    """The first instant it may move, then those at which others quote a better price on its side."""
    since_ns, ready_ns, until_ns = when
    if since_ns < ready_ns <= until_ns:
        yield ready_ns
    sign, side = (1, "sell") if order.side == "buy" else (-1, "buy")
    better = (order.peg_1e9 or 0) + sign * (instrument.tick_size_1e9 or 1)
    yield from anywhere(market, order, side, better, max(since_ns, ready_ns), until_ns)


def _rounds(market: Market, order: Order, instrument: Instrument, when: tuple[int, int, int]) -> Iterator[int]:
    """Every `pause` since it came to where it is; while nothing can be taken anywhere, no round is worth a look."""
    since_ns, pause, until_ns = when
    at = _round_after(order.pegged_ns, pause, since_ns)
    while at <= until_ns:
        yield at
        books = market.books(order.symbol, at)
        venues = (order.pin,) if order.pin else instrument.venues
        if any(opposite(books[venue], order.side) for venue in venues if venue in books):
            at += pause
            continue
        price = _ANY_PRICE if order.side == "buy" else 1
        shown = next(anywhere(market, order, order.side, price, at, until_ns), None)
        if shown is None:
            return
        at = _round_after(order.pegged_ns, pause, shown - 1)


def _round_after(start_ns: int, pause: int, ts_ns: int) -> int:
    return start_ns + pause * max(1, (ts_ns - start_ns) // pause + 1)


def anywhere(  # noqa: PLR0917 - the words of `Market.touches`, for every venue of an order
    market: Market, order: Order, side: str, price: int, since_ns: int, until_ns: int
) -> Iterator[int]:
    """The touches of every venue that an order may go to, in time order."""
    instrument = market.instruments().get(order.symbol)
    venues = (order.pin,) if order.pin else instrument.venues if instrument else ()
    way: Side = "buy" if side == "buy" else "sell"
    return merge(*(market.touches(order.symbol, venue, way, price, since_ns, until_ns) for venue in venues))
