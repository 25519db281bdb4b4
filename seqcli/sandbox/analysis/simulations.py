"""Ways to execute an order, each run for real on an exchange of its own over the market as it was a moment ago.

The books, queues and prints are those of the window that ends now, the matching is the exchange's, and the balances
suffice. Nothing is looked up ahead. Of this account's own orders nothing is seen there.

aggressive  the whole at the market, as the window opens
passive     the whole at the touch of its own side, waiting; what has not filled at the end is not bought. The matching
            fills an order whole when the market comes through its price, so a large one looks better than it would be
split       five equal parts at the market, evenly over the window

Cost is against the middle as the window opens, with fees, of what filled.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis import tca
from seqcli.sandbox.analysis.forecasts import Wanted
from seqcli.sandbox.exchange.accounts import PaperSettings
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.paper import cash_or_crypto
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.instruments import Instrument
from seqcli.wire.submission import SimpleOrder

WINDOWS_NS = {"low": 60_000_000_000, "medium": 30_000_000_000, "high": 10_000_000_000}
"""How long a way may take, by urgency."""
PARTS = 5
WAYS = ("aggressive", "passive", "split")
_ME = "simulated"
_MS = 1_000_000
_Plan = list[tuple[int, SimpleOrder]]


def strategies(
    market: Market,
    wanted: Wanted,
    settings: PaperSettings,
    urgency: str,
    now_ns: int,
    *,
    names: Sequence[str] = WAYS,
) -> list[dict[str, Any]]:
    """Ways to execute with what each came to; none where the market has no book."""
    window_ns = WINDOWS_NS[urgency]
    start_ns = now_ns - window_ns
    instrument = market.instruments().get(wanted.symbol)
    touch = tca.touch_of(market.books(wanted.symbol, start_ns), "sell" if wanted.side == "buy" else "buy")
    if instrument is None or touch is None:
        return []
    whole = _order(wanted, wanted.qty_1e8)
    lots = rounding.whole_lots(wanted.qty_1e8 // PARTS, instrument.lot_size_1e8)
    sizes = [lots] * (PARTS - 1) + [wanted.qty_1e8 - lots * (PARTS - 1)]
    step_ns = window_ns // PARTS
    plans: dict[str, _Plan] = {
        "aggressive": [(start_ns, whole)],
        "passive": [(start_ns, msgspec.structs.replace(whole, price=Decimal(touch).scaleb(-9), tif="gtc"))],
        "split": [(start_ns + place * step_ns, _order(wanted, size)) for place, size in enumerate(sizes) if size],
    }
    return [
        _run(name, plan, (market, wanted, instrument), settings, now_ns)
        for name, plan in plans.items()
        if name in names
    ]


def recommended(rows: list[dict[str, Any]]) -> str | None:
    """The cheapest of those that filled whole; else the one that filled most, then the cheapest."""
    measured = [row for row in rows if row["est_cost_bps"] is not None]
    best = min(measured, key=lambda row: (-row["fill_rate"], row["est_cost_bps"], row["name"]), default=None)
    return None if best is None else str(best["name"])


def _order(wanted: Wanted, qty_1e8: int) -> SimpleOrder:
    return SimpleOrder(
        symbol=wanted.symbol, side=wanted.side, qty=Decimal(qty_1e8).scaleb(-8), instrument_type=wanted.kind
    )


def _run(
    name: str, plan: _Plan, over: tuple[Market, Wanted, Instrument], settings: PaperSettings, now_ns: int
) -> dict[str, Any]:
    market, wanted, instrument = over
    start_ns = plan[0][0]
    exchange = Exchange(market)
    exchange.account(_ME, start_ns)
    exchange.change_settings(_ME, msgspec.structs.replace(settings, default_balances=[]), start_ns)
    if wanted.side == "sell" and instrument.kind == "spot":
        rows = [cash_or_crypto(venue, instrument.base, wanted.qty_1e8) for venue in instrument.venues]
        exchange.seed(_ME, rows, start_ns, replace=False)
    placed: list[Order] = []
    for ts_ns, body in plan:
        exchange.advance(ts_ns)
        placed += exchange.place(_ME, body, ts_ns).orders
    exchange.advance(now_ns)
    fills = [event.data for event in exchange.pending if event.kind == "fill"]
    first = msgspec.structs.replace(placed[0], qty_1e8=wanted.qty_1e8, terminal_ns=now_ns)
    return _result(name, market, first, fills)


def _result(name: str, market: Market, order: Order, fills: list[dict[str, Any]]) -> dict[str, Any]:
    said = tca.report(market, order, fills)
    filled = sum(fill["qty_1e8"] for fill in fills)
    mid = order.arrival_mid_1e9
    cost = None
    if said is not None and mid is not None:
        worth = sum(fill["notional_usd_1e9"] for fill in fills) - rounding.notional_usd(mid, filled)
        cost = rounding.plain_decimal((worth if order.side == "buy" else -worth) + said["fees_usd_1e9"], 9)
    return {
        "name": name,
        "est_cost_bps": None if said is None else said["total_cost_bps"],
        "est_cost_usd": cost,
        "fill_rate": rounding.measured_share(filled, order.qty_1e8),
        "venue_count": len({fill["venue"] for fill in fills}),
        "time_to_completion_ms": None if said is None else said["execution_time_ns"] // _MS,
        "legs": [] if said is None else [
            {"venue": row["venue"], "qty_1e8": row["qty_1e8"]} for row in said["venue_mix"]
        ],
    }  # fmt: skip
