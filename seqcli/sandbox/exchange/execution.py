"""An order at work: accepted, taken to the venues, filled, resting."""

from collections.abc import Mapping

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import explain, ledger, rules, wallets
from seqcli.sandbox.exchange.ending import changed, end, leg_end, reject
from seqcli.sandbox.exchange.graphs import Graph, Node
from seqcli.sandbox.exchange.landed import version_of
from seqcli.sandbox.exchange.machine import Machine, Signal
from seqcli.sandbox.exchange.matching import Candidate, Take, queue_at
from seqcli.sandbox.exchange.orders import Fill, Leg, Order, order_id, slice_id
from seqcli.sandbox.exchange.router import Plan, View, best_opposite, limit_of, plan
from seqcli.sandbox.exchange.rules import Refusal
from seqcli.sandbox.market.instruments import Instrument

MILLISECOND_NS = 1_000_000
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def ordered_id(ts_ns: int, number: int) -> str:
    """26 lower-case base-32 characters in time order: 64 bits of time, 64 of a number."""
    bits = (ts_ns & (1 << 64) - 1) << 64 | number
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])


def order_of(node: Node, graph: Graph, now_ns: int, qty_1e8: int | None = None) -> Order:
    """The order that a node becomes, of its own quantity or of another; not yet part of anything."""
    seq = len(node.node_order_ids) + 1
    horizon_ms = node.execution.get("horizon_ms")
    return Order(
        client_id=graph.client_id,
        node_order_id=order_id(graph.graph_id, node.node_id, seq),
        graph_id=graph.graph_id,
        node_id=node.node_id,
        seq=seq,
        symbol=node.symbol,
        kind=node.kind,
        base=node.base,
        quote=node.quote,
        pin=node.pin,
        side=node.side,
        order_type=node.order_type,
        limit_price_1e9=node.limit_price_1e9,
        trigger_price_1e9=node.trigger_price_1e9,
        tif=node.tif,
        execution=node.execution,
        qty_1e8=qty_1e8 or node.qty_1e8 or 0,
        notional_usd_1e9=node.notional_usd_1e9,
        metadata=graph.metadata,
        created_ns=now_ns,
        updated_ns=now_ns,
        expires_ns=None if horizon_ms is None else now_ns + horizon_ms * MILLISECOND_NS,
        legs=[],
        venues=[node.pin] if node.pin else [],
        routing_version=version_of(graph.graph_id),
    )


def opened(machine: Machine, order: Order, now_ns: int) -> View:
    """Make an order part of the exchange, nothing at a venue yet. Returns the market as it meets it."""
    contracts = machine.contracts if order.kind == "prediction" else None
    named = contracts.find(order.symbol) if contracts else None
    if named is not None:
        ends_ns = named.contract.event.ends_ns
        order.expires_ns = ends_ns if order.expires_ns is None else min(order.expires_ns, ends_ns)
    view = View(machine.market, machine.gone, machine.accounts[order.client_id], now_ns)
    order.arrival_mid_1e9, order.arrived_ns = view.mid(order.symbol), now_ns
    changed(machine, order, now_ns)
    return view


def send(machine: Machine, view: View, order: Order, deviation_bps: int | None = None) -> None:
    """Route an order for the first time, and do what was planned."""
    found = routed(machine, view, order, deviation_bps)
    if not found.refusal:
        accepted(machine, order)
        order.routing = explained(machine, view, order, found)
    carry_out(machine, order, found, view.now_ns)


def explained(machine: Machine, view: View, order: Order, found: Plan) -> str | None:
    """The record of a plan; None for a symbol that trades nowhere."""
    instrument = machine.market.instruments().get(order.symbol)
    if instrument is None:
        return None
    venues = (order.pin,) if order.pin else instrument.venues
    fee = fee_by(machine, order) if order.kind == "prediction" else None
    return explain.record(view, order, found, venues, fee)


def fee_by(machine: Machine, order: Order) -> explain.Fee:
    """What a part of an order pays at a candidate."""

    def fee(candidate: Candidate, part: Take, taker: bool) -> int:
        leg = Leg(candidate.venue, "", candidate.maker_bps, candidate.taker_bps)
        return fee_of(machine, order, leg, (part.price_1e9, part.qty_1e8), taker=taker)

    return fee


def accepted(machine: Machine, order: Order) -> None:
    """Let the graph know that an order lives. A slice is no node of its own; a stop was accepted when it was armed."""
    if order.parent is None and order.trigger_price_1e9 is None:
        machine.signals.append(Signal("accepted", order))


def routed(
    machine: Machine,
    view: View,
    order: Order,
    deviation_bps: int | None = None,
    credit: Mapping[str, int] | None = None,
    *,
    switched: bool = True,
) -> Plan:
    """Risk checks and routing of what is not filled. Gives an order by notional its quantity; changes nothing else."""
    instrument = machine.market.instruments().get(order.symbol)
    account = view.account
    if switched and account.switch.engaged:
        return Plan(refusal=Refusal("KILL_SWITCH", "the kill switch is engaged"))
    if instrument is None:
        return Plan(refusal=Refusal("BAD_VENUE", f"{order.symbol} does not trade on any venue"))
    barred = _barred(view, order, instrument)
    if barred:
        return Plan(refusal=barred)
    candidates = view.candidates(order, instrument, credit or {})
    reference = order.arrival_mid_1e9
    if not candidates or reference is None:
        return Plan(refusal=Refusal("STALE_VENUE", f"no book of {order.symbol} on {order.pin or 'any venue'}"))
    touch = best_opposite(candidates, order.side) or reference
    if order.notional_usd_1e9 is not None and not order.qty_1e8:
        order.qty_1e8 = rounding.quantity_for(order.notional_usd_1e9, touch, instrument.lot_size_1e8)
    refusal = (
        rules.venue_terms(order, order.remaining_1e8, instrument, order.price_1e9 or touch)
        or rules.account_limits(account, machine.limits, order, order.remaining_1e8, reference, view.now_ns)
        or rules.deviation(order, deviation_bps, reference)
    )
    if refusal:
        return Plan(refusal=refusal)
    found = plan(view, order, instrument, candidates, credit or {})
    if not found.refusal and not found.takes and not found.rests and _bound_hit(order, found):
        found.refusal = Refusal("PRICE_DEVIATION", "nothing can be had within max_slippage_bps")
    return found


def _barred(view: View, order: Order, instrument: Instrument) -> Refusal | None:
    """Why no venue could take it, whatever its size."""
    if order.pin and order.pin not in instrument.venues:
        return Refusal("BAD_VENUE", f"{order.symbol} does not trade on {order.pin}")
    if order.kind == "prediction" and order.expires_ns is not None and view.now_ns >= order.expires_ns:
        return Refusal("EXCHANGE_REJECT", f"the market of {order.symbol[:40]} has ended")
    if wallets.VENUE in ((order.pin,) if order.pin else instrument.venues):
        unsigned = wallets.missing(view.account, order.execution, view.now_ns)
        return Refusal(*unsigned) if unsigned else None
    return None


def _bound_hit(order: Order, found: Plan) -> bool:
    """A market order that found levels, and none within its slippage bound."""
    if order.price_1e9 is not None or order.tif == "fok" or limit_of(order) is None:
        return False
    return any(candidate.levels for candidate in found.candidates.values())


def carry_out(machine: Machine, order: Order, found: Plan, now_ns: int) -> None:
    """Do what was planned: fills, resting legs, or the end of the order."""
    if found.refusal and not order.filled_qty_1e8:
        reject(machine, order, found.refusal, now_ns)
        return
    for number, take in enumerate(found.takes):
        leg = _leg(machine, order, found, take, number)
        leg.qty_1e8 += take.qty_1e8
        fill(machine, order, leg, (take.price_1e9, take.qty_1e8), now_ns, taker=True)
    for leg in order.legs:
        leg.status = "WORKING" if leg.open_qty_1e8 else leg_end(leg, "filled")
    account = machine.accounts[order.client_id]
    for number, rest in enumerate(found.rests, len(found.takes)):
        leg = _leg(machine, order, found, rest, number)
        leg.qty_1e8 += rest.qty_1e8
        leg.status, leg.placed_ns = "WORKING", now_ns
        leg.rank = machine.counters.seq * 1024 + number
        leg.queue_1e8 = queue_at(found.candidates[rest.venue].own_side, rest.price_1e9)
        leg.held = ledger.to_hold(account, order, leg, leg.open_qty_1e8)
    if order.filled_qty_1e8 == order.qty_1e8:
        end(machine, order, "filled", now_ns)
    elif any(leg.open_qty_1e8 for leg in order.legs):
        order.status = "WORKING"
        changed(machine, order, now_ns)
    else:
        end(machine, order, "expired", now_ns)


def replace(machine: Machine, view: View, order: Order, trial: Order, found: Plan) -> None:
    """Let what rests of an order go, and do in its place what was planned for `trial`, as which it goes on."""
    now_ns = view.now_ns
    order.routing = explained(machine, view, trial, found)
    for leg in order.legs:
        if leg.open_qty_1e8:
            leg.qty_1e8, leg.held, leg.rank = leg.filled_qty_1e8, 0, 0
            leg.status = "FILLED" if leg.filled_qty_1e8 else "CANCELLED"
    order.legs = [leg for leg in order.legs if leg.filled_qty_1e8]
    if found.takes:
        changed(machine, order, now_ns)
    carry_out(machine, order, found, now_ns)


def _leg(machine: Machine, order: Order, found: Plan, take: Take, number: int) -> Leg:
    leg = order.leg(take.venue)
    if leg is None:
        candidate = found.candidates[take.venue]
        identity = f"{take.venue}-{machine.counters.orders}-{number}"
        leg = Leg(take.venue, identity, candidate.maker_bps, candidate.taker_bps)
        order.legs.append(leg)
    return leg


def fill(machine: Machine, order: Order, leg: Leg, what: tuple[int, int], ts_ns: int, *, taker: bool) -> None:
    """One execution of `what` (price, quantity) on a leg; the order's own event is the caller's."""
    price, qty = what
    number = machine.counters.fills + 1
    bps = leg.taker_bps if taker else leg.maker_bps
    fee = fee_of(machine, order, leg, what, taker=taker)
    machine.emit(
        "fill",
        Fill(
            fill_id=f"fill_{ordered_id(ts_ns, number)}",
            client_id=order.client_id,
            node_order_id=order.node_order_id,
            graph_id=order.graph_id,
            node_id=order.node_id,
            symbol=order.symbol,
            instrument_type=order.kind,
            base=order.base,
            quote=order.quote,
            venue=leg.venue,
            side=order.side,
            price_1e9=price,
            qty_1e8=qty,
            notional_usd_1e9=rounding.notional_usd(price, qty),
            fee_usd_1e9=fee,
            fee_bps=bps,
            liquidity="taker" if taker else "maker",
            venue_order_id=leg.venue_order_id,
            venue_trade_id=f"T{number}",
            ts_ns=ts_ns,
            released=0 if taker else _released(machine, order, leg, qty),
        ),
        ts_ns,
    )
    machine.signals.append(Signal("filled", order, qty))
    if order.parent is not None:
        machine.untold.add((order.client_id, order.parent))


def fee_of(machine: Machine, order: Order, leg: Leg, what: tuple[int, int], *, taker: bool) -> int:
    """A fee in USD 1e9 of `what` (price, quantity): the leg's rate, or for takers a prediction venue's own formula."""
    price, qty = what
    venue = machine.market.venues().get(leg.venue)
    own = machine.accounts[order.client_id].settings.taker_bps is None
    if order.kind == "prediction" and taker and own and venue and venue.prediction_rate_1e9 is not None:
        return rounding.contract_fee_usd(price, qty, venue.prediction_rate_1e9)
    return rounding.fee_usd(price, qty, leg.taker_bps if taker else leg.maker_bps)


def _released(machine: Machine, order: Order, leg: Leg, qty_1e8: int) -> int:
    """What a resting leg stops holding when `qty_1e8` of it fills; the slack stays until the last."""
    rest = leg.open_qty_1e8 - qty_1e8
    keep = ledger.to_hold(machine.accounts[order.client_id], order, leg, rest)
    return leg.held - min(leg.held, keep)


def after_fills(machine: Machine, order: Order, ts_ns: int) -> None:
    """Tell what resting fills made of an order."""
    for leg in order.legs:
        if leg.status == "WORKING" and leg.qty_1e8 == leg.filled_qty_1e8:
            leg.status = "FILLED"
    if order.filled_qty_1e8 == order.qty_1e8:
        end(machine, order, "filled", ts_ns)
    elif any(leg.open_qty_1e8 for leg in order.legs):
        changed(machine, order, ts_ns)
    else:
        end(machine, order, "cancelled", ts_ns)  # the rest was cancelled at its venue before


def orders_of(machine: Machine, graph: Graph) -> list[Order]:
    """The orders of a graph's nodes, open and ended; without slices."""
    names = [name for node in graph.nodes for name in node.node_order_ids]
    return [order for order in (find(machine, graph.client_id, name) for name in names) if order is not None]


def parts_of(machine: Machine, orders: list[Order]) -> dict[str, list[Order]]:
    """The slices that began, of every order in slices, by its id."""
    found = {}
    for order in orders:
        names = [slice_id(order, number) for number in range(1, order.slice_count + 1)]
        parts = [find(machine, order.client_id, name) for name in names]
        if parts:
            found[order.node_order_id] = [part for part in parts if part is not None]
    return found


def find(machine: Machine, client_id: str, name: str) -> Order | None:
    """An order by its id, open or ended."""
    order = machine.orders.get((client_id, name))
    if order is None:
        data = machine.past("order", client_id, name)
        order = msgspec.convert(data, Order) if data is not None else None
    return order
