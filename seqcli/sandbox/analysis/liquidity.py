"""What the books hold, what size costs in them, and how each venue behaves, read from the market alone.

The cost of a size is what the first version of the router would get for a market order of so much money at this moment,
with the account's fees and as if it could pay for anything; nothing that was taken lately is missing. How a venue
behaves is what it published and traded in the `WINDOW_NS` before now:

market share   its part of the quantity traded, over all venues
spread regime  its spread against the quartiles of its own in the window: tight up to the lower, wide from the upper
toxicity       the volume-synchronised imbalance of aggressors (VPIN): its trades cut into `BUCKETS` of equal quantity,
               the mean of |bought − sold| / quantity
quote to trade books published for one trade
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.matching import Budget, Gone
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.router import ENDLESS, View, best_opposite, plan
from seqcli.sandbox.market.books import Level, Market, Print, Top
from seqcli.sandbox.market.consolidated import levels
from seqcli.sandbox.market.instruments import Instrument
from seqcli.wire.intelligence import Depth, VenueBehaviour

WINDOW_NS = 300_000_000_000
BUCKETS = 20
_SHARE_DIGITS = 6


# -- depth -----------------------------------------------------------------------------------------------------------


def depth(market: Market, symbol: str, venue: str | None, most: int, now_ns: int) -> Depth:
    """The best `most` levels a side: of all venues together, and of each."""
    books = {
        name: book
        for name, book in market.books(symbol, now_ns).items()
        if (book.bids or book.asks) and venue in (None, name)
    }
    bids, asks = levels(books, most, max), levels(books, most, min)
    return Depth(
        symbol=symbol,
        source=source_of(books),
        bids=_shown(bids),
        asks=_shown(asks),
        venues={
            name: {"bids": _shown(book.bids[:most]), "asks": _shown(book.asks[:most])}
            for name, book in sorted(books.items())
        },
        bid_depth_usd=_worth(bids),
        ask_depth_usd=_worth(asks),
        as_of_ns=now_ns,
    )


def source_of(books: Mapping[str, Any]) -> str:
    """As a quote says it."""
    return "edge_nbbo" if books else "unavailable"


def _shown(side: Sequence[Level]) -> list[list[Decimal]]:
    return [[rounding.plain_decimal(price, 9), rounding.plain_decimal(size, 8)] for price, size in side]


def _worth(side: Sequence[Level]) -> Decimal:
    return rounding.plain_decimal(sum(rounding.notional_usd(*level) for level in side), 9)


# -- the cost of size ------------------------------------------------------------------------------------------------


class Boundless(View):
    """The market as an account meets it that can pay for everything."""

    def _budget(self, *_of: Any) -> Budget:
        instrument: Instrument = _of[1]
        return Budget(ENDLESS, 0, instrument.lot_size_1e8, sells_base=True)


def curve(
    market: Market, account: Account, instrument: Instrument, side: str, sizes: Sequence[int], *, now_ns: int
) -> tuple[int | None, list[dict[str, Any]]]:
    """(the middle, a row a size). `sizes` in US dollars, 1e9. Without a middle nothing is fillable."""
    view = Boundless(market, Gone(), account, now_ns)
    mid = view.mid(instrument.symbol)
    return mid, [_row(view, _order(instrument, side, mid, size_1e9, now_ns), instrument) for size_1e9 in sizes]


def _order(instrument: Instrument, side: str, mid: int | None, size_1e9: int, now_ns: int) -> Order:
    return Order(
        client_id="",
        node_order_id="",
        graph_id="",
        node_id="",
        seq=0,
        symbol=instrument.symbol,
        kind=instrument.kind,
        base=instrument.base,
        quote=instrument.quote,
        pin=None,
        side=side,
        order_type="market",
        limit_price_1e9=None,
        tif="ioc",
        execution={},
        notional_usd_1e9=size_1e9,
        created_ns=now_ns,
        updated_ns=now_ns,
        arrival_mid_1e9=mid,
    )


def _row(view: View, order: Order, instrument: Instrument) -> dict[str, Any]:
    candidates = view.candidates(order, instrument, {})
    touch, mid = best_opposite(candidates, order.side), order.arrival_mid_1e9
    wanted = 0
    if touch is not None:
        wanted = rounding.quantity_for(order.notional_usd_1e9 or 0, touch, instrument.lot_size_1e8)
    order.qty_1e8 = wanted
    takes = plan(view, order, instrument, candidates, {}).takes if wanted and mid is not None else []
    qty, cost = sum(take.qty_1e8 for take in takes), sum(take.price_1e9 * take.qty_1e8 for take in takes)
    away = cost - (mid or 0) * qty
    return {
        "size_usd": rounding.plain_decimal(order.notional_usd_1e9 or 0, 9),
        "qty_1e8": qty,
        "avg_price_1e9": rounding.average_price(cost, qty),
        "slippage_bps": rounding.measured_bps(away if order.side == "buy" else -away, (mid or 0) * qty),
        "fillable": bool(wanted) and qty == wanted,
    }


# -- how venues behave -----------------------------------------------------------------------------------------------


class _Seen(msgspec.Struct):
    """What one venue did in the window: when it published, its spreads in basis points, the latest first."""

    instants: int = 0
    spreads: list[Decimal] = []


def behaviour(market: Market, instrument: Instrument, now_ns: int) -> list[VenueBehaviour]:
    """Each venue that has a book, by name."""
    seen = _seen(market, instrument.symbol, now_ns)
    prints = {name: list(market.prints(instrument.symbol, name, now_ns - WINDOW_NS, now_ns)) for name in seen}
    shares = _shares({name: sum(each.qty_1e8 for each in rows) for name, rows in prints.items()})
    return [
        VenueBehaviour(
            venue=name,
            market_share=shares.get(name),
            spread_bps=row.spreads[0] if row.spreads else None,
            spread_regime=_regime(row.spreads),
            toxicity_score=toxicity(prints[name]),
            quote_to_trade_ratio=_ratio(row.instants, len(prints[name])),
        )
        for name, row in sorted(seen.items())
    ]


def _seen(market: Market, symbol: str, now_ns: int) -> dict[str, _Seen]:
    """The window walked back from book to book."""
    seen = {name: _Seen() for name, top in market.best(symbol, now_ns).items() if top.bid_1e9 or top.ask_1e9}
    last: dict[str, int] = {}
    at = now_ns
    while at > now_ns - WINDOW_NS:
        tops = {name: top for name, top in market.best(symbol, at).items() if name in seen}
        for name, top in tops.items():
            if last.get(name) != top.ts_ns and top.ts_ns > now_ns - WINDOW_NS:
                last[name] = top.ts_ns
                _note(seen[name], top)
        at = max((top.ts_ns for top in tops.values()), default=0) - 1
    return seen


def _note(row: _Seen, top: Top) -> None:
    row.instants += 1
    if 0 < top.bid_1e9 <= top.ask_1e9:
        spread = rounding.measured_bps(2 * (top.ask_1e9 - top.bid_1e9), top.ask_1e9 + top.bid_1e9)
        if spread is not None:
            row.spreads.append(spread)


def _regime(spreads: Sequence[Decimal]) -> str | None:
    if not spreads:
        return None
    ranked = sorted(spreads)
    low, high = ranked[(len(ranked) - 1) // 4], ranked[-((len(ranked) - 1) // 4) - 1]
    if low == high:
        return "normal"
    return "tight" if spreads[0] <= low else "wide" if spreads[0] >= high else "normal"


def _shares(traded: Mapping[str, int]) -> dict[str, Decimal]:
    """Parts of the whole in millionths that sum to exactly 1; what rounding leaves goes to the largest remainders."""
    whole, unit = sum(traded.values()), 10**_SHARE_DIGITS
    if not whole:
        return {}
    parts = {name: qty * unit // whole for name, qty in traded.items()}
    ranked = sorted(traded, key=lambda name: (-(traded[name] * unit % whole), name))
    for name in ranked[: unit - sum(parts.values())]:
        parts[name] += 1
    return {name: rounding.plain_decimal(part, _SHARE_DIGITS) for name, part in parts.items()}


def toxicity(prints: Sequence[Print]) -> Decimal | None:
    """VPIN of trades in time order; None for fewer than there are buckets."""
    whole = sum(each.qty_1e8 for each in prints)
    if len(prints) < BUCKETS:
        return None
    gaps = filled = balance = 0  # a bucket holds `whole`, as each trade counts `BUCKETS` times
    for each in prints:
        left = each.qty_1e8 * BUCKETS
        while left:
            part = min(left, whole - filled)
            filled, left = filled + part, left - part
            balance += part if each.side == "buy" else -part
            if filled == whole:
                gaps, filled, balance = gaps + abs(balance), 0, 0
    return rounding.measured_share(gaps, BUCKETS * whole)


def _ratio(books: int, trades: int) -> Decimal | None:
    return rounding.plain_decimal(rounding.half_even(books * 1_000, trades), 3) if trades else None
