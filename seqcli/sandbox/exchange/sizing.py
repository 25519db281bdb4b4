"""How much an edge asks of its target: the target's own quantity, a part of what the source filled, or a fixed one."""

from fractions import Fraction

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import rules
from seqcli.sandbox.exchange.graphs import ON_FILL, Edge, Graph, Node
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.router import mid_of


def size(machine: Machine, graph: Graph, edge: Edge, filled_1e8: int, now_ns: int) -> int | None:
    """A quantity 1e8; None = the target's own, 0 = nothing (yet). `filled_1e8`: of the fill that made it fire, if any.

    All activations of a target together ask for no more than its quantity. What a fill leaves over of a lot, or is too
    small for the venues, waits for the next fill.
    """
    target = graph.node(edge.to_node)
    edge.seen_1e8 += filled_1e8
    if target.status == "SKIPPED":
        return 0
    if edge.sizing == "node" and target.qty_1e8 is None and not target.node_order_ids:
        return None
    room = _room(machine, graph, target, now_ns)
    if edge.sizing == "node":
        return room
    if edge.sizing == "fixed":
        return min(edge.size_1e8 or 0, room)
    return _part(machine, edge, (_base(graph, edge, filled_1e8), room), target, now_ns)


def _base(graph: Graph, edge: Edge, filled_1e8: int) -> int:
    if edge.trigger == ON_FILL:
        return edge.seen_1e8
    return filled_1e8 if edge.trigger == "on_first_fill" else graph.node(edge.from_node).filled_qty_1e8


def _room(machine: Machine, graph: Graph, target: Node, now_ns: int) -> int:
    """What is left of the target's quantity; a notional becomes one at the best opposite price."""
    if target.qty_1e8 is None:
        instrument = machine.market.instruments().get(target.symbol)
        tops = machine.market.best(target.symbol, now_ns)
        there = [top for venue, top in tops.items() if target.pin in (None, venue)]
        if target.side == "buy":
            price = min((top.ask_1e9 for top in there if top.ask_1e9), default=0)
        else:
            price = max((top.bid_1e9 for top in there), default=0)
        lot = instrument.lot_size_1e8 if instrument else 1
        target.qty_1e8 = rounding.quantity_for(target.notional_usd_1e9 or 0, price, lot) if price else 0
    held = sum(row.qty_1e8 or 0 for row in graph.held if row.what == "activate" and row.name == target.node_id)
    return max(0, (target.room_1e8 or 0) - held)


def _part(machine: Machine, edge: Edge, what: tuple[int, int], target: Node, now_ns: int) -> int:
    """`what`: the quantity of which a part is wanted, and how much more the target takes."""
    base, room = what
    ratio = Fraction(edge.size_ratio or 1)
    wanted = base * ratio.numerator // ratio.denominator - edge.passed_1e8
    if wanted >= room:
        return room
    instrument = machine.market.instruments().get(target.symbol)
    if instrument is None:
        return max(0, wanted)
    wanted = max(0, rounding.whole_lots(wanted, instrument.lot_size_1e8))
    price = target.limit_price_1e9 or mid_of(machine.market, target.symbol, now_ns) or 0
    small = rules.minimum(wanted, rounding.notional_usd(price, wanted), instrument)
    return 0 if small and edge.trigger == ON_FILL else wanted
