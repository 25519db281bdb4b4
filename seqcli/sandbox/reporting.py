"""Ended orders → rows for the store: what each cost, and what came of each of its legs.

A row is made when its order ends, from the market as it is read then, and becomes durable with the order's own
event. Rows are no part of the exchange's state: a replay makes none, and none is needed for one.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import costs, ledger
from seqcli.sandbox.events import Event
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.machine import Key, Machine
from seqcli.sandbox.orders import Leg, Order
from seqcli.sandbox.showing import routing_version
from seqcli.sandbox.tca import report

_WRONG = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_REFUSED_THERE = frozenset({"EXCHANGE_REJECT", "EXCHANGE_BUSY"})


class Reporter:
    """Keeps the fills of open orders that came by; those of before it began are read when wanted."""

    def __init__(self, exchange: Machine, read: "costs.Read") -> None:
        self._exchange = exchange
        self._read = read
        self._fills: dict[Key, list[dict[str, Any]]] = {}
        parents = {key: order.parent for key, order in exchange.orders.items()}
        self._parents: dict[Key, str] = {key: parent for key, parent in parents.items() if parent}

    def rows(self, events: Iterable[Event]) -> Iterator[costs.Row]:
        """What the store is to keep beside `events`."""
        for event in events:
            if event.kind == "fill":
                self._keep(event.data)
            elif event.kind == "order":
                try:
                    rows = list(self._order(event.data))
                except _WRONG as error:  # an order that is done stays done, whatever is wrong with its report
                    to_stderr(f"no cost report of {event.data['node_order_id']}: {type(error).__name__}: {error}")
                    rows = []
                yield from rows

    def _keep(self, fill: dict[str, Any]) -> None:
        key = (fill["client_id"], fill["node_order_id"])
        self._fills.setdefault(key, []).append(fill)
        parent = self._parents.get(key)
        if parent is not None:
            self._fills.setdefault((key[0], parent), []).append(fill)

    def _order(self, data: dict[str, Any]) -> Iterator[costs.Row]:
        key = (data["client_id"], data["node_order_id"])
        if not data["ended"]:
            if data["parent"]:
                self._parents[key] = data["parent"]
            return
        order = msgspec.convert(data, Order)
        kept = self._fills.pop(key, [])
        self._parents.pop(key, None)
        fills = kept if len(kept) >= order.fill_count else self._all(order, kept)
        body = report(self._exchange.market, order, fills)
        if body is not None:
            notional = sum(fill["notional_usd_1e9"] for fill in fills)
            yield costs.REPORT, costs.report_row(order.client_id, body, notional, is_slice=order.is_slice)
        if not order.slice_count:
            for leg in order.legs:
                yield costs.LEG, _leg_row(order, leg, fills)
            if not order.legs and order.pin and order.failure_reason in _REFUSED_THERE:
                refused = Leg(order.pin, "", 0, 0, order.qty_1e8, status="REJECTED")
                yield costs.LEG, _leg_row(order, refused, fills)

    def _all(self, order: Order, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The fills of an order that was open before this process began."""
        mine = costs.fills_of_order(self._read, order)
        known = {fill["fill_id"] for fill in mine}
        return sorted(mine + [fill for fill in kept if fill["fill_id"] not in known], key=lambda fill: fill["fill_id"])


def _leg_row(order: Order, leg: Leg, fills: list[dict[str, Any]]) -> tuple[Any, ...]:
    mine = [fill for fill in fills if fill["venue"] == leg.venue]
    notional = sum(fill["notional_usd_1e9"] for fill in mine)
    fees = ledger.measured_bps(sum(fill["fee_usd_1e9"] for fill in mine), notional)
    return (
        order.client_id,
        order.node_order_id,
        leg.venue,
        order.terminal_ns,
        order.sandbox,
        order.symbol,
        routing_version(order),
        leg.status,
        bool(leg.venue_order_id),
        ledger.notional_usd(order.arrival_mid_1e9 or 0, leg.qty_1e8) // ledger.UNIT_1E9,
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
    found = ledger.measured_bps(away if order.side == "buy" else -away, mid * qty)
    return None if found is None else found + fees
