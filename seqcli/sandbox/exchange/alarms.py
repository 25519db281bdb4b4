"""What time may bring, in one order over all orders and graphs: touches, stops, prices to follow, horizons, timers.

The market names the instants that can matter; nothing between them is looked at. At one instant touches come first,
then stops, prices that follow, horizons, edges that time out, slices, losses; among our own orders by rank.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from seqcli.sandbox.exchange import graph_risk, pegging, stops
from seqcli.sandbox.exchange.execution import MILLISECOND_NS
from seqcli.sandbox.exchange.graphs import Graph
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Leg, Order
from seqcli.sandbox.market.books import Side

TOUCH, STOP, PEG, HORIZON, TIMER, SLICE, LOSS = range(7)
AHEAD_NS = 10_000_000_000
"""How far ahead of now the next instants are looked up, so that a call between them costs nothing."""


class Alarm(NamedTuple):
    """The next thing that may happen to an order or a graph. Sorts by time, kind, rank and name."""

    ts_ns: int
    what: int
    rank: int
    name: tuple[str, ...]
    order: Order | None
    leg: Leg | None
    graph: Graph | None
    later: Iterator[int]

    @property
    def stands(self) -> bool:
        """Whether it has not been overtaken by an end or a replacement."""
        if self.graph is not None:
            return not self.graph.over and (self.what == TIMER or self.graph.updated_ns == self.rank)
        order = self.order
        if order is None or order.ended:
            return False
        if self.leg is not None:
            return self.leg.rank == self.rank and self.leg.open_qty_1e8 > 0
        if self.what == HORIZON:
            return order.expires_ns == self.ts_ns
        if self.what == SLICE:
            return order.next_slice_ns == self.ts_ns
        return order.armed if self.what == STOP else order.pegged_ns == self.rank


class Watch:
    """What may happen until `until_ns`, in order; what came later is added when time next passes."""

    def __init__(self, machine: Machine, since_ns: int, now_ns: int) -> None:
        self.until_ns = now_ns + AHEAD_NS
        self._machine = machine
        self._heap: list[Alarm] = []
        self._known: set[tuple[int, int, tuple[str, ...]]] = set()
        for order in machine.orders.values():
            self._add(order, since_ns)
        for graph in machine.graphs.values():
            self._add_graph(graph, since_ns)
        machine.unwatched.clear()
        machine.unwatched_graphs.clear()

    def add_new(self, since_ns: int) -> None:
        """Watch what has been placed or changed meanwhile."""
        machine = self._machine
        for order in machine.unwatched.values():
            if not order.ended:
                self._add(order, since_ns)
        machine.unwatched.clear()
        for graph in machine.unwatched_graphs.values():
            self._add_graph(graph, since_ns)
        machine.unwatched_graphs.clear()

    def group(self, now_ns: int) -> list[Alarm]:
        """All that happens next, at one instant and of one kind; empty when nothing does until `now_ns`."""
        heap = self._heap
        while heap and heap[0].ts_ns <= now_ns:
            first = heappop(heap)
            group = [first]
            while heap and heap[0][:2] == first[:2]:
                group.append(heappop(heap))
            group = [alarm for alarm in group if alarm.stands]
            if group:
                return group
        return []

    def again(self, alarm: Alarm) -> None:
        """Wait for the next instant of an alarm that still stands."""
        if alarm.what == LOSS and alarm.graph is not None and alarm.stands:
            self._add_loss(alarm.graph, alarm.ts_ns)
        elif alarm.stands:
            self._push(alarm)

    def _add(self, order: Order, since_ns: int) -> None:
        for what, due in ((HORIZON, order.expires_ns), (SLICE, order.next_slice_ns)):
            if due is not None and due <= self.until_ns:
                self._once(what, order, due)
        if self._machine.accounts[order.client_id].settings.fill_model == "none":
            return
        market = self._machine.market
        for leg in order.legs:
            if leg.open_qty_1e8 and self._is_new(TOUCH, leg.rank, (order.client_id, order.node_order_id)):
                side: Side = "buy" if order.side == "buy" else "sell"
                when = (max(since_ns, leg.placed_ns), self.until_ns)
                later = market.touches(order.symbol, leg.venue, side, order.price_1e9 or 0, *when)
                self._push(self._alarm(TOUCH, order, leg.rank, later, leg))
        if order.armed and self._is_new(STOP, 0, (order.client_id, order.node_order_id)):
            later = stops.instants(market, order, max(since_ns, order.created_ns), self.until_ns)
            self._push(self._alarm(STOP, order, 0, later))
        if order.peg_1e9 is not None and self._is_new(PEG, order.pegged_ns, (order.client_id, order.node_order_id)):
            later = pegging.instants(market, order, max(since_ns, order.pegged_ns), self.until_ns)
            self._push(self._alarm(PEG, order, order.pegged_ns, later))

    def _add_graph(self, graph: Graph, since_ns: int) -> None:
        if graph.over:
            return
        for at, edge in enumerate(graph.edges):
            if edge.after_ms is None or edge.fired_count:
                continue
            since = graph.node(edge.from_node).activated_ns
            due = None if since is None else since + edge.after_ms * MILLISECOND_NS
            name = (graph.client_id, graph.graph_id, f"{at:04}")
            if due is not None and due <= self.until_ns and self._is_new(TIMER, due, name):
                heappush(self._heap, Alarm(due, TIMER, graph.created_ns, name, None, None, graph, iter(())))
        if graph.bounds.max_loss_usd_1e9 is None:
            return
        if self._is_new(LOSS, graph.updated_ns, (graph.client_id, graph.graph_id)):
            self._add_loss(graph, max(since_ns, graph.updated_ns))

    def _add_loss(self, graph: Graph, since_ns: int) -> None:
        later = graph_risk.instants(self._machine.market, graph, since_ns, self.until_ns)
        name = (graph.client_id, graph.graph_id)
        self._push(Alarm(0, LOSS, graph.updated_ns, name, None, None, graph, later))

    def _alarm(self, what: int, order: Order, rank: int, later: Iterator[int], leg: Leg | None = None) -> Alarm:
        name = (order.client_id, order.node_order_id, leg.venue if leg else "")
        return Alarm(0, what, rank, name, order, leg, None, later)

    def _once(self, what: int, order: Order, due: int) -> None:
        name = (order.client_id, order.node_order_id)
        if self._is_new(what, due, name):
            heappush(self._heap, Alarm(due, what, order.created_ns, name, order, None, None, iter(())))

    def _is_new(self, what: int, mark: int, name: tuple[str, ...]) -> bool:
        is_new = (what, mark, name) not in self._known
        self._known.add((what, mark, name))
        return is_new

    def _push(self, alarm: Alarm) -> None:
        ts_ns = next(alarm.later, None)
        if ts_ns is not None:
            heappush(self._heap, alarm._replace(ts_ns=ts_ns))
