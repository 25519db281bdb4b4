"""Ended orders → rows for the store: what each cost, and what came of each of its legs.

That an order has ended becomes durable with its own event, and which edges were down then; its rows are made from
its record, its fills and the market at its arrival when they are first wanted, or when nothing else is to do: the
market of a seed, or of a tape while it plays, says the same later. Rows are no part of the exchange's state: a replay
makes none, and none is needed for one.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis.tca import report
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.orders import Leg, Order
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.outages import Reachable
from seqcli.sandbox.storage import costs
from seqcli.sandbox.storage.store import Store

_WRONG = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_REFUSED_THERE = frozenset({"EXCHANGE_REJECT", "EXCHANGE_BUSY"})
_SOME = 32
"""Reports that are made and written together: some milliseconds of work."""
_decode = msgspec.json.Decoder(Order).decode


class Reporter:
    """`market` is the one of now, `store` holds the orders and their fills."""

    def __init__(self, market: Callable[[], Reachable], store: Store) -> None:
        self._market = market
        self._store = store
        self._fills = _Fills(store.read)

    def due(self, events: Iterable[Event]) -> Iterator[costs.Row]:
        """What the store is to keep beside `events`: of which orders a report is to be made."""
        down = " ".join(sorted(self._market().down))
        for event in events:
            if event.kind == "order" and event.data["ended"]:
                yield costs.DUE, (event.seq, event.data["client_id"], event.data["node_order_id"], down)

    def steps(self) -> Iterator[None]:
        """Make every report that is due and write it, some at a time, with a pause after each few."""
        self._store.commit()
        while waiting := costs.due(self._store.read, _SOME):
            self._store.stage_rows([row for each in waiting for row in self._rows(each)])
            self._store.commit()
            yield

    def report(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """What one ended order cost, from its record; its events are on disk."""
        known = costs.body(self._store.read, record["client_id"], record["node_order_id"])
        if known is not None:
            return known
        order = msgspec.convert(record, Order)
        try:
            return report(self._market(), order, self._fills.of(order)) if order.fill_count else None
        except _WRONG as error:
            _say(order.node_order_id, error)
            return None

    def _rows(self, due: costs.Due) -> Iterator[costs.Row]:
        yield costs.REPORTED, (due.seq,)
        if due.record is None:
            return
        try:
            rows = list(self._order(_decode(due.record), self._market_of(due.down)))
        except _WRONG as error:  # an order that is done stays done, whatever is wrong with its report
            _say(due.node_order_id, error)
        else:
            yield from rows

    def _market_of(self, down: frozenset[str]) -> Market:
        now = self._market()
        return now if now.down == down else Reachable(now.market, down)

    def _order(self, order: Order, market: Market) -> Iterator[costs.Row]:
        fills = self._fills.of(order) if order.fill_count else []
        body = report(market, order, fills)
        if body is not None:
            notional = sum(fill["notional_usd_1e9"] for fill in fills)
            yield costs.REPORT, costs.report_row(order.client_id, body, notional, is_slice=order.is_slice)
        if not order.slice_count:
            for leg in order.legs:
                yield costs.LEG, _leg_row(order, leg, fills)
            if not order.legs and order.pin and order.failure_reason in _REFUSED_THERE:
                refused = Leg(order.pin, "", 0, 0, order.qty_1e8, status="REJECTED")
                yield costs.LEG, _leg_row(order, refused, fills)


def _say(node_order_id: str, error: Exception) -> None:
    to_stderr(f"no cost report of {node_order_id}: {type(error).__name__}: {error}")


class _Fills:
    """Fills by order; those of the graph last asked for are kept, for its orders end one after another."""

    def __init__(self, read: "costs.Read") -> None:
        self._read = read
        self._graph = ("", "")
        self._by_order: dict[str, list[dict[str, Any]]] = {}

    def of(self, order: Order) -> list[dict[str, Any]]:
        """All fills of an ended order, all its slices' included, oldest first."""
        found = self._kept(order) if self._graph == (order.client_id, order.graph_id) else []
        if len(found) < order.fill_count:
            self._graph = (order.client_id, order.graph_id)
            self._by_order = {}
            for fill in costs.fills_of(self._read, *self._graph):
                self._by_order.setdefault(fill["node_order_id"], []).append(fill)
            found = self._kept(order)
        return found

    def _kept(self, order: Order) -> list[dict[str, Any]]:
        rows = [fill for name in costs.names_of(order) for fill in self._by_order.get(name, ())]
        return sorted(rows, key=lambda fill: str(fill["fill_id"]))


def _leg_row(order: Order, leg: Leg, fills: list[dict[str, Any]]) -> tuple[Any, ...]:
    mine = [fill for fill in fills if fill["venue"] == leg.venue]
    notional = sum(fill["notional_usd_1e9"] for fill in mine)
    fees = rounding.measured_bps(sum(fill["fee_usd_1e9"] for fill in mine), notional)
    return (
        order.client_id,
        order.node_order_id,
        leg.venue,
        order.terminal_ns,
        order.sandbox,
        order.symbol,
        order.routing_version,
        leg.status,
        bool(leg.venue_order_id),
        rounding.notional_usd(order.arrival_mid_1e9 or 0, leg.qty_1e8) // rounding.UNIT_1E9,
        str(notional),
        len(mine),
        costs.milli(_cost(order, mine, fees)),
        costs.milli(fees),
    )


def _cost(order: Order, fills: list[dict[str, Any]], fees: Decimal | None) -> Decimal | None:
    """What came to pass at one venue against the middle at arrival, with its fees."""
    mid, qty = order.arrival_mid_1e9, sum(fill["qty_1e8"] for fill in fills)
    if mid is None or fees is None or not qty:
        return None
    away = sum(fill["price_1e9"] * fill["qty_1e8"] for fill in fills) - mid * qty
    found = rounding.measured_bps(away if order.side == "buy" else -away, mid * qty)
    return None if found is None else found + fees
