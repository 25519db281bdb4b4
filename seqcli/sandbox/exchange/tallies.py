"""What a fill adds to: its order, the order that it is a slice of, its node."""

from seqcli.sandbox.exchange.graphs import Graph
from seqcli.sandbox.exchange.orders import Fill, Leg, Order


def fills(order: Order, fill: Fill) -> None:
    """Add a fill to its order and to the leg at its venue."""
    order.filled_qty_1e8 += fill.qty_1e8
    order.cost += fill.price_1e9 * fill.qty_1e8
    order.fees_usd_1e9 += fill.fee_usd_1e9
    order.fill_count += 1
    leg = order.leg(fill.venue)
    if leg is not None:
        leg.filled_qty_1e8 += fill.qty_1e8
        leg.cost += fill.price_1e9 * fill.qty_1e8


def add_up(order: Order, fill: Fill) -> None:
    """An order in slices has what its slices have."""
    leg = order.leg(fill.venue)
    if leg is None:
        leg = Leg(fill.venue, "", 0, 0, status="FILLED")
        order.legs = [*order.legs, leg]
    leg.qty_1e8 += fill.qty_1e8
    fills(order, fill)


def count_in(graph: Graph, order: Order, fill: Fill, ts_ns: int) -> None:
    """Add a fill to its node; that of a slice to the node of the whole."""
    node = graph.node(order.node_id if order.parent is None else order.parent.split(":")[-2])
    node.filled_qty_1e8 += fill.qty_1e8
    node.cost += fill.price_1e9 * fill.qty_1e8
    node.fees_usd_1e9 += fill.fee_usd_1e9
    if node.kind == "perp":
        node.filled_at[fill.venue] = node.filled_at.get(fill.venue, 0) + fill.qty_1e8
    graph.updated_ns = ts_ns


def held_at(graph: Graph, symbol: str, venue: str) -> int:
    """What a graph itself has bought of a perp at a venue, less what it has sold, 1e8."""
    nodes = (node for node in graph.nodes if node.symbol == symbol)
    return sum(node.filled_at.get(venue, 0) * (1 if node.side == "buy" else -1) for node in nodes)
