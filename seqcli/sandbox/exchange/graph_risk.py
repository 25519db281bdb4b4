"""What a running graph may lose and leave unhedged, and when the market may have made it lose that much.

The loss is that of the graph's own fills, marked to the mid, fees and funding included; what is pegged to the dollar
counts as one.
The quantity not hedged is what its nodes have bought of one base asset less what they have sold.
"""

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.graphs import Graph
from seqcli.sandbox.exchange.router import mid_of
from seqcli.sandbox.exchange.stops import falls
from seqcli.sandbox.market.books import Market, Side
from seqcli.units import decimal_text


class Breach(NamedTuple):
    """A limit of a graph that no longer holds; value and threshold are decimal text."""

    limit: str
    value: str
    threshold: str


def breach(market: Market, graph: Graph, now_ns: int) -> Breach | None:
    """The first limit that does not hold now."""
    bounds = graph.bounds
    if bounds.max_unhedged_1e8 is not None:
        net = unhedged(graph)
        if net > bounds.max_unhedged_1e8:
            return Breach("max_unhedged_qty", decimal_text(net, 8), decimal_text(bounds.max_unhedged_1e8, 8))
    if bounds.max_loss_usd_1e9 is not None:
        lost = loss(market, graph, now_ns)
        if lost is not None and lost >= bounds.max_loss_usd_1e9:
            return Breach("max_loss_usd", decimal_text(lost, 9), decimal_text(bounds.max_loss_usd_1e9, 9))
    return None


def unhedged(graph: Graph) -> int:
    """The largest net quantity over its base assets, 1e8."""
    nets: dict[str, int] = {}
    for node in graph.nodes:
        signed = node.filled_qty_1e8 if node.side == "buy" else -node.filled_qty_1e8
        nets[node.base] = nets.get(node.base, 0) + signed
    return max((abs(net) for net in nets.values()), default=0)


def _positions(graph: Graph) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in graph.nodes:
        if node.filled_qty_1e8:
            signed = node.filled_qty_1e8 if node.side == "buy" else -node.filled_qty_1e8
            found[node.symbol] = found.get(node.symbol, 0) + signed
    return {symbol: qty for symbol, qty in found.items() if qty}


def loss(market: Market, graph: Graph, now_ns: int) -> int | None:
    """USD 1e9 lost, negative when earned; None while a position has no middle to be marked to."""
    worth = sum(node.cost if node.side == "sell" else -node.cost for node in graph.nodes)
    for symbol, qty in _positions(graph).items():
        mid = mid_of(market, symbol, now_ns)
        if mid is None:
            return None
        worth += qty * mid
    spent = graph.funding_usd_1e9 + sum(node.fees_usd_1e9 for node in graph.nodes)
    return spent - rounding.half_even(worth, rounding.UNIT_1E8)


def allow_more(market: Market, graph: Graph, now_ns: int) -> None:
    """After a resume: what is lost and unhedged now is accepted; as much again may be."""
    bounds = graph.bounds
    if bounds.max_unhedged_1e8 is not None:
        bounds.max_unhedged_1e8 = max(bounds.max_unhedged_1e8, unhedged(graph))
    lost = loss(market, graph, now_ns)
    if bounds.max_loss_usd_1e9 is not None and lost is not None and lost >= bounds.max_loss_usd_1e9:
        bounds.max_loss_usd_1e9 += lost


def instants(market: Market, graph: Graph, since_ns: int, until_ns: int) -> Iterator[int]:
    """When, after `since_ns`, the loss may have come to its limit: not before the first of these instants.

    With k positions one of them has to have lost a k-th of what is left to lose since `since_ns`; a middle comes to a
    price only if a touch does. Nothing has to be looked at in between.
    """
    positions, lost = _positions(graph), loss(market, graph, since_ns)
    if graph.bounds.max_loss_usd_1e9 is None or not positions or graph.over:
        return iter(())
    streams: list[Iterator[int]] = []
    when = (since_ns, until_ns)
    for symbol, qty in positions.items():
        mid = mid_of(market, symbol, since_ns)
        if lost is None or mid is None:  # not known now: look at every change
            streams.append(falls(market, symbol, None, ("sell", _ANY_PRICE), when))
            continue
        left = max(0, graph.bounds.max_loss_usd_1e9 - lost)
        away = left * rounding.UNIT_1E8 // (len(positions) * abs(qty))
        streams += _reaching(market, symbol, mid - away if qty > 0 else mid + away, qty > 0, when)
    return merge(*streams)


_ANY_PRICE = 1 << 62


def _reaching(
    market: Market,
    symbol: str,
    price: int,
    down: bool,
    when: tuple[int, int],
) -> Iterator[Iterator[int]]:
    """Where the middle may come to a price: a bid does, or an ask where books cross."""
    yield falls(market, symbol, None, ("sell" if down else "buy", max(0, price)), when)
    instrument = market.instruments().get(symbol)
    side: Side = "buy" if down else "sell"
    for venue in instrument.venues if instrument else ():
        yield market.touches(symbol, venue, side, max(0, price), *when)
