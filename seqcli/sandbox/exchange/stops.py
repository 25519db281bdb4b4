"""Stops: armed orders that nothing of is at a venue until the touch that they would hit comes to their trigger.

A sell fires when the best bid is at or below its trigger, a buy when the best ask is at or above it, over the venues it
may go to. Where no venue shows that side, nothing fires.
"""

from collections.abc import Iterator
from heapq import merge

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ending, execution, pegging, rules
from seqcli.sandbox.exchange.machine import Machine, Signal
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import View
from seqcli.sandbox.exchange.rules import Refusal
from seqcli.sandbox.market.books import Market, Side
from seqcli.sandbox.market.instruments import Instrument


def arm(machine: Machine, order: Order, now_ns: int) -> bool:
    """Let an order wait for its trigger. Returns whether it is to be fired at once."""
    order.armed = True
    instrument = machine.market.instruments().get(order.symbol)
    price = order.limit_price_1e9 or order.trigger_price_1e9 or 0
    if instrument is not None and order.notional_usd_1e9 is not None and not order.qty_1e8:
        order.qty_1e8 = rounding.quantity_for(order.notional_usd_1e9, price, instrument.lot_size_1e8)
    execution.opened(machine, order, now_ns)
    refusal = _impossible(order, instrument, price)
    if refusal is not None:
        ending.reject(machine, order, refusal, now_ns)
        return False
    machine.signals.append(Signal("accepted", order))
    return reached(machine.market, order, now_ns)


def _impossible(order: Order, instrument: Instrument | None, price_1e9: int) -> Refusal | None:
    """What can be known before the trigger."""
    if instrument is None or (order.pin and order.pin not in instrument.venues):
        return Refusal("BAD_VENUE", f"{order.symbol} does not trade on {order.pin or 'any venue'}")
    return rules.venue_terms(order, order.qty_1e8, instrument, price_1e9)


def fire(machine: Machine, order: Order, now_ns: int, deviation_bps: int | None = None) -> None:
    """Send a stop to the venues; what it costs is measured from the middle of this instant."""
    order.armed = False
    view = View(machine.market, machine.gone, machine.accounts[order.client_id], now_ns)
    order.arrival_mid_1e9, order.arrived_ns = view.mid(order.symbol), now_ns
    pegging.work(machine, view, order, deviation_bps)


def reached(market: Market, order: Order, now_ns: int) -> bool:
    """Whether the touch is at the trigger or past it."""
    tops = market.best(order.symbol, now_ns)
    tops_there = [top for venue, top in tops.items() if order.pin in (None, venue)]
    trigger = order.trigger_price_1e9 or 0
    if order.side == "sell":
        bids = [top.bid_1e9 for top in tops_there if top.bid_qty_1e8]
        return bool(bids) and max(bids) <= trigger
    asks = [top.ask_1e9 for top in tops_there if top.ask_qty_1e8]
    return bool(asks) and min(asks) >= trigger


def instants(market: Market, order: Order, since_ns: int, until_ns: int) -> Iterator[int]:
    """When a stop may fire, after `since_ns`."""
    return falls(market, order.symbol, order.pin, (order.side, order.trigger_price_1e9 or 0), (since_ns, until_ns))


def falls(market: Market, symbol: str, pin: str | None, what: tuple[str, int], when: tuple[int, int]) -> Iterator[int]:
    """When a venue (or the one of `pin`) shows a touch at or past a price to an order of a side: `what`."""
    instrument = market.instruments().get(symbol)
    venues = (pin,) if pin else instrument.venues if instrument else ()
    side: Side = "buy" if what[0] == "buy" else "sell"
    return merge(*(market.stops(symbol, venue, side, what[1], *when) for venue in venues))
