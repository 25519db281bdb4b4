"""Checks before an order goes anywhere, each with the API's name for its refusal; and the account's limits."""

from typing import NamedTuple

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.rounding import UNIT_1E9, notional_usd
from seqcli.units import decimal_text

ODD_DIGIT = 1
"""Sizes and prices that an SDK truncated are one unit off their step; they are taken as they are."""


class Limits(msgspec.Struct, kw_only=True, frozen=True):
    """An account's limits; None = none. USD are whole dollars."""

    max_order_notional_usd: int | None = None
    max_position_notional_usd: int | None = None
    max_daily_loss_usd: int | None = None
    max_price_deviation_bps: int | None = None
    max_open_orders: int | None = None


class Refusal(NamedTuple):
    """Why an order ends REJECTED: the API's reason and a sentence."""

    reason: str
    detail: str


def off_step(value: int, step: int) -> bool:
    """Whether a value is more than a truncated digit off its step; a step of 0 is unknown."""
    return step > 0 and min(value % step, -value % step) > ODD_DIGIT


def venue_terms(order: Order, qty_1e8: int, instrument: Instrument, price_1e9: int) -> Refusal | None:
    """The venue's own terms: lot, tick, minimum quantity and notional."""
    if off_step(qty_1e8, instrument.lot_size_1e8):
        return Refusal(
            "INVALID_PARAMS" if instrument.kind == "prediction" else "EXCHANGE_REJECT",
            f"quantity {decimal_text(qty_1e8, 8)} is not a multiple of {decimal_text(instrument.lot_size_1e8, 8)}",
        )
    limit = order.price_1e9
    if limit is not None and off_step(limit, instrument.tick_size_1e9):
        return Refusal(
            "EXCHANGE_REJECT",
            f"price {decimal_text(limit, 9)} is not a multiple of {decimal_text(instrument.tick_size_1e9, 9)}",
        )
    return minimum(qty_1e8, notional_usd(price_1e9, qty_1e8), instrument)


def minimum(qty_1e8: int, notional_usd_1e9: int, instrument: Instrument) -> Refusal | None:
    """The smallest order or leg; a truncated digit below the minimum still passes."""
    if qty_1e8 + ODD_DIGIT < instrument.min_qty_1e8:
        least = decimal_text(instrument.min_qty_1e8, 8)
        return Refusal("EXCHANGE_REJECT", f"quantity {decimal_text(qty_1e8, 8)} is below the minimum {least}")
    if notional_usd_1e9 < instrument.min_notional_1e9:
        least = decimal_text(instrument.min_notional_1e9, 9)
        shown = decimal_text(notional_usd_1e9, 9)
        return Refusal("EXCHANGE_REJECT", f"{shown} USD is below the minimum of {least} USD")
    return None


def account_limits(  # noqa: PLR0917 - the six things a limit looks at
    account: Account, limits: Limits, order: Order, qty_1e8: int, mid_1e9: int, now_ns: int
) -> Refusal | None:
    """The account's limits, each under its own name."""
    if limits == _NONE:
        return None
    price = order.price_1e9 if order.price_1e9 is not None else mid_1e9
    notional = notional_usd(max(price, mid_1e9), qty_1e8)
    if limits.max_open_orders is not None and account.open_orders > limits.max_open_orders:
        return Refusal("RISK", f"more than {limits.max_open_orders} open orders")
    if _over(notional, limits.max_order_notional_usd):
        return Refusal("RISK", f"more than {limits.max_order_notional_usd} USD in one order")
    loss = -account.earned_today(now_ns)
    if limits.max_daily_loss_usd is not None and loss >= limits.max_daily_loss_usd * UNIT_1E9:
        return Refusal("DAILY_LOSS_LIMIT", f"lost {limits.max_daily_loss_usd} USD today")
    after = abs(position(account, order) + (qty_1e8 if order.side == "buy" else -qty_1e8))
    if _over(notional_usd(mid_1e9, after), limits.max_position_notional_usd):
        return Refusal("POSITION_LIMIT", f"a position of more than {limits.max_position_notional_usd} USD")
    return deviation(order, limits.max_price_deviation_bps, mid_1e9)


_NONE = Limits()


def deviation(order: Order, bps: int | None, mid_1e9: int) -> Refusal | None:
    """A limit price further than `bps` from the mid."""
    limit = order.price_1e9
    if bps is None or limit is None or abs(limit - mid_1e9) * rounding.BPS <= bps * mid_1e9:
        return None
    return Refusal("PRICE_DEVIATION", f"the price is more than {bps} bps from {decimal_text(mid_1e9, 9)}")


def _over(usd_1e9: int, limit_usd: int | None) -> bool:
    return limit_usd is not None and usd_1e9 > limit_usd * UNIT_1E9


def position(account: Account, order: Order) -> int:
    """The account's quantity in what the order trades, over all venues."""
    kind, symbol = ("perp", order.symbol) if order.kind == "perp" else ("crypto", order.base)
    return sum(row.qty_1e8 for row in account.holdings.values() if row.kind == kind and row.symbol == symbol)


def missing(account: Account, order: Order, venue: str) -> Refusal:
    """INSUFFICIENT_BALANCE with what is there."""
    asset = ledger.held_asset(order, venue)
    free = ledger.available(account, venue, asset)
    shown = decimal_text(free, 9 if asset in ledger.PEGGED else 8)
    return Refusal("INSUFFICIENT_BALANCE", f"{shown} {asset} available on {venue}")
