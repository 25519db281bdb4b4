"""What an order would do now, without doing it."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import explain, pegging
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.execution import explained, fee_by, order_of, routed
from seqcli.sandbox.exchange.graphs import Graph, Node, slices_of
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import Plan, View
from seqcli.units import decimal_text


def preview(machine: Machine, account: Account, node: Node, graph_id: str, now_ns: int) -> dict[str, Any]:
    """The estimate of one node as if it started whole and now: a waiting one, a stop before its trigger, one in slices.

    The kill switch does not matter. Nothing is reserved. Of the routing it tells what `explain` would record of the
    order, by the version of `graph_id`; by the first while there is none.
    """
    blank = Graph(
        client_id=account.client_id,
        graph_id=graph_id,
        digest="",
        status="ACCEPTED",
        nodes=[],
        created_ns=now_ns,
        updated_ns=now_ns,
    )
    order = order_of(msgspec.structs.replace(node, node_order_ids=[]), blank, now_ns)
    view = View(machine.market, machine.gone, account, now_ns)
    order.arrival_mid_1e9 = view.mid(order.symbol)
    if pegging.follows(order) and order.arrival_mid_1e9 is not None:
        order.peg_1e9 = pegging.first_price(machine, view, order)
        if order.peg_1e9 is None:
            return _body(machine, view, order, Plan(refusal=pegging.NO_TOUCH))
    return _body(machine, view, order, routed(machine, view, order, switched=False))


def _body(machine: Machine, view: View, order: Order, found: Plan) -> dict[str, Any]:
    fee = fee_by(machine, order)
    sums = _Sums(order, found, fee)
    cost = sums.fee + sums.slippage
    routing = explain.shown(explained(machine, view, order, found))
    return {
        "symbol": order.symbol,
        "side": order.side,
        "order_type": order.order_type if isinstance(order.order_type, str) else next(iter(order.order_type)),
        "qty": Decimal(order.qty_1e8).scaleb(-8),
        "qty_1e8": order.qty_1e8,
        "source": "unavailable" if order.arrival_mid_1e9 is None else "edge_nbbo",
        "reference_mid_1e9": order.arrival_mid_1e9,
        "est_avg_price_1e9": rounding.average_price(sums.cost, sums.qty),
        "est_worst_price_1e9": sums.worst,
        "est_notional_usd_1e9": sums.notional,
        "est_fee_usd_1e9": sums.fee,
        "est_fee_bps": rounding.measured_bps(sums.fee, sums.notional),
        "est_slippage_usd_1e9": sums.slippage,
        "est_slippage_bps": rounding.measured_bps(sums.slippage, sums.notional),
        "est_total_cost_usd_1e9": cost,
        "est_total_cost_bps": rounding.measured_bps(cost, sums.notional),
        "fillable_qty_1e8": sums.qty,
        "fillable": bool(order.qty_1e8) and sums.qty == order.qty_1e8,
        "venues": [] if routing is None else _venues(order, found, fee, routing),
        "warnings": _warnings(order, found),
        "routing_version": order.routing_version,
        "routing": routing,
        "as_of_ns": view.now_ns,
    }


class _Sums:
    """Over what would be taken at once, or over the takes of one venue."""

    def __init__(self, order: Order, found: Plan, fee: explain.Fee, venue: str | None = None) -> None:
        takes = [take for take in found.takes if venue in (None, take.venue)]
        self.qty = sum(take.qty_1e8 for take in takes)
        self.cost = sum(take.price_1e9 * take.qty_1e8 for take in takes)
        self.notional = sum(rounding.notional_usd(take.price_1e9, take.qty_1e8) for take in takes)
        self.fee = sum(fee(found.candidates[take.venue], take, True) for take in takes)
        prices = [take.price_1e9 for take in takes]
        self.worst = (max(prices) if order.side == "buy" else min(prices)) if prices else None
        away = self.notional - rounding.notional_usd(order.arrival_mid_1e9 or 0, self.qty)
        self.slippage = away if order.side == "buy" else -away


def _venues(order: Order, found: Plan, fee: explain.Fee, routing: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a venue that was looked at; what was passed over says why."""
    reasons = {row["venue"]: row["reason"] for row in routing["rejected"]}
    candidates = {row.venue: row for row in (*found.candidates.values(), *found.dropped)}
    rows = []
    for venue in sorted({*candidates, *reasons}):
        sums, candidate = _Sums(order, found, fee, venue), candidates.get(venue)
        resting = sum(rest.qty_1e8 for rest in found.rests if rest.venue == venue)
        rows.append(
            {
                "venue": venue,
                "selected": venue not in reasons,
                "qty_1e8": sums.qty + resting,
                "est_avg_price_1e9": rounding.average_price(sums.cost, sums.qty),
                "est_fee_bps": None if candidate is None else candidate.taker_bps,
                "est_slippage_bps": rounding.measured_bps(sums.slippage, sums.notional),
                "est_cost_bps": rounding.measured_bps(sums.slippage + sums.fee, sums.notional),
                "reason": reasons.get(venue),
            }
        )
    return rows


def _warnings(order: Order, found: Plan) -> list[str]:
    told = _manner(order)
    if found.refusal is not None:
        return [*told, f"{found.refusal.reason}: {found.refusal.detail}"]
    if found.rests:
        return [*told, "part of the order would rest"]
    return [*told, "the visible books do not hold enough"] if found.left_1e8 or not order.qty_1e8 else told


def _manner(order: Order) -> list[str]:
    """How it would be worked, where that is not at once."""
    told = []
    if order.trigger_price_1e9 is not None:
        told.append(
            f"it waits for its trigger {decimal_text(order.trigger_price_1e9, 9)}; estimated as if that were now"
        )
    slices = slices_of(order.execution)
    if slices:
        told.append(f"worked in {slices} slices; estimated as if whole and now")
    if pegging.follows(order):
        told.append("its price follows the market; estimated where it would begin")
    return told
