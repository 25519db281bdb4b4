"""Where a market order would best go, whoever sends it: the router's own plan, with balances that suffice."""

from decimal import Decimal
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis import tca
from seqcli.sandbox.analysis.forecasts import Wanted
from seqcli.sandbox.analysis.liquidity import Boundless
from seqcli.sandbox.exchange import explain
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.execution import explained
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.matching import opposite
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import View, plan
from seqcli.sandbox.market.instruments import Instrument


def recommended(  # noqa: PLR0917 - whose, what and how
    machine: Machine, account: Account, wanted: Wanted, version: int, urgency: str, now_ns: int
) -> dict[str, Any]:
    """The split by a version of the router, its cost, and what the whole would cost on the best venue alone."""
    view = Boundless(machine.market, machine.gone, account, now_ns)
    mid, instrument = view.mid(wanted.symbol), machine.market.instruments().get(wanted.symbol)
    routing = None
    if mid is not None and instrument is not None:
        order = _order(account, wanted, instrument, mid, now_ns)
        order.routing_version, order.execution = version, {"urgency": urgency}
        found = plan(view, order, instrument, view.candidates(order, instrument, {}), {})
        routing = explain.shown(explained(machine, view, order, found))
    legs = [] if routing is None else routing["legs"]
    cost = None if routing is None else routing["est_cost_bps"]
    routed = sum(leg["qty_1e8"] for leg in legs)
    single, alone = _alone(view, wanted, mid)
    return {
        "mid_1e9": mid,
        "legs": [
            {
                "venue": leg["venue"],
                "qty_1e8": leg["qty_1e8"],
                "weight": rounding.measured_share(leg["qty_1e8"], routed),
                "est_avg_price_1e9": leg["price_1e9"],
                "fee_bps": leg["fee_bps"],
                "est_cost_bps": leg["est_cost_bps"],
            }
            for leg in legs
        ],
        "est_cost_bps": cost,
        "left_1e8": wanted.qty_1e8 - routed,
        "single_venue": single,
        "single_venue_cost_bps": alone,
        "savings_bps": None if alone is None or cost is None else alone - cost,
        "routing_version": version,
        "urgency": urgency,
        "candidates": [] if routing is None else routing["candidates"],
        "rejected": [] if routing is None else routing["rejected"],
    }


def _alone(view: View, wanted: Wanted, mid: int | None) -> tuple[str | None, Decimal | None]:
    """The venue that holds the whole at the lowest cost, and that cost; ties: the venue's name."""
    if mid is None:
        return None, None
    sign, rows = (1 if wanted.side == "buy" else -1), []
    for venue, book in view.market.books(wanted.symbol, view.now_ns).items():
        levels = view.gone.left(wanted.symbol, venue, wanted.side, opposite(book, wanted.side), view.now_ns)
        row = view.market.venues().get(venue)
        swept = None if row is None else tca.swept_on(row, wanted.kind, levels, wanted.qty_1e8, wanted.own_bps)
        if swept is not None:
            away = sign * (swept.notional - rounding.notional_usd(mid, wanted.qty_1e8))
            rows.append((swept.landed(wanted.side), venue, rounding.measured_bps(away + swept.fees, swept.notional)))
    return min(rows)[1:] if rows else (None, None)


def _order(account: Account, wanted: Wanted, instrument: Instrument, mid: int, now_ns: int) -> Order:
    return Order(
        client_id=account.client_id,
        node_order_id="",
        graph_id="",
        node_id="",
        seq=1,
        symbol=instrument.symbol,
        kind=instrument.kind,
        base=instrument.base,
        quote=instrument.quote,
        pin=None,
        side=wanted.side,
        order_type="market",
        limit_price_1e9=None,
        tif="ioc",
        execution={},
        qty_1e8=wanted.qty_1e8,
        created_ns=now_ns,
        updated_ns=now_ns,
        arrival_mid_1e9=mid,
    )
