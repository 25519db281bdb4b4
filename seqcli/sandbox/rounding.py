"""Money in integers: every rounding of the exchange by its name. Nothing else rounds.

Prices and USD are kept in 1e9, quantities in 1e8; a product is exact until it is rounded here, once.
"""

from decimal import Decimal

UNIT_1E8, UNIT_1E9 = 10**8, 10**9
BPS = 10_000
LEVERAGE = 5
"""Perps are opened at five times their margin."""
SLACK_USD_1E9 = 10_000
"""Held beside an order for the roundings of its fills: a hundred-thousandth of a dollar."""


def half_even(numerator: int, denominator: int) -> int:
    """The nearest integer, ties to the even one; `denominator` is positive."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole & 1 == 1))


def notional_usd(price_1e9: int, qty_1e8: int) -> int:
    """Price × quantity in USD 1e9, half-even."""
    return half_even(price_1e9 * qty_1e8, UNIT_1E8)


def contract_fee_usd(price_1e9: int, qty_1e8: int, rate_1e9: int) -> int:
    """A prediction venue's fee in USD 1e9: rate × contracts × p × (1 − p), half-even from the exact product."""
    return half_even(rate_1e9 * qty_1e8 * price_1e9 * (UNIT_1E9 - price_1e9), UNIT_1E8 * UNIT_1E9 * UNIT_1E9)


def fee_usd(price_1e9: int, qty_1e8: int, bps: int) -> int:
    """A fee in USD 1e9, half-even, from the exact product."""
    return half_even(price_1e9 * qty_1e8 * bps, UNIT_1E8 * BPS)


def funding_usd(mark_1e9: int, qty_1e8: int, rate_1e9: int) -> int:
    """What a position pays at a settlement, USD 1e9, half-even; negative: it is paid."""
    return half_even(mark_1e9 * qty_1e8 * rate_1e9, UNIT_1E8 * UNIT_1E9)


def average_price(cost_1e17: int, qty_1e8: int) -> int | None:
    """Σ price × quantity over quantity, half-even; None without a quantity."""
    return half_even(cost_1e17, qty_1e8) if qty_1e8 else None


def entry_price(cost_usd_1e9: int, qty_1e8: int) -> int:
    """Average cost of one unit, half-even; 0 for an empty row."""
    return half_even(abs(cost_usd_1e9) * UNIT_1E8, abs(qty_1e8)) if qty_1e8 else 0


def share(amount: int, part: int, whole: int) -> int:
    """`part`/`whole` of an amount, half-even: the cost that leaves with a sold part, the proceeds of a closed part."""
    return half_even(amount * part, whole)


def shown_cash(usd_1e9: int) -> int:
    """Cash as a row's quantity 1e8: what is beyond eight decimals is kept, not shown."""
    return usd_1e9 // 10


def margin_usd(cost_usd_1e9: int) -> int:
    """Margin of a perp position, rounded up."""
    return -(-abs(cost_usd_1e9) // LEVERAGE)


def mid_price(bid_1e9: int, ask_1e9: int) -> int:
    """The middle of two prices, half-even."""
    return half_even(bid_1e9 + ask_1e9, 2)


def worst_price(mid_1e9: int, bps: int, side: str) -> int:
    """The last price within `bps` of the middle: rounded towards it."""
    if side == "buy":
        return mid_1e9 * (BPS + bps) // BPS
    return -(-mid_1e9 * max(0, BPS - bps) // BPS)


def whole_lots(qty_1e8: int, lot_1e8: int) -> int:
    """Rounded down to the lot."""
    return qty_1e8 // lot_1e8 * lot_1e8 if lot_1e8 else qty_1e8


def quantity_for(usd_1e9: int, price_1e9: int, lot_1e8: int) -> int:
    """What a notional buys at a price, rounded down to the lot."""
    return whole_lots(usd_1e9 * UNIT_1E8 // price_1e9, lot_1e8)


def affordable(usd_1e9: int, price_1e9: int, per_100_000: int) -> int:
    """The quantity 1e8 that `usd_1e9`, less the slack, pays at `per_100_000` of its notional; rounded down."""
    return max(0, usd_1e9 - SLACK_USD_1E9) * UNIT_1E8 * 100_000 // (price_1e9 * per_100_000)


def measured_bps(part: int, whole: int) -> Decimal | None:
    """A statistic in basis points with three decimals; None without a whole."""
    return Decimal(half_even(part * BPS * 1000, whole)).scaleb(-3) if whole > 0 else None


def plain_decimal(value: int, digits: int) -> Decimal:
    """A fixed-point integer as a number for people: exact, without trailing zeros."""
    exact = Decimal(value).scaleb(-digits)
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize()


def measured_share(part: int, whole: int) -> Decimal | None:
    """A share of 1 with six decimals, half-even; None without a whole."""
    return Decimal(half_even(part * 10**6, whole)).scaleb(-6) if whole > 0 else None
