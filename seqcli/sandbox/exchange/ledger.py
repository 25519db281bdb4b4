"""What a fill does to an account, and what an order holds back.

USD and assets pegged to it are cash, kept in 1e9; other assets and perp contracts are holdings, kept in 1e8. Each
posting has a counter-posting (`Account.world`, `.fee_pot`, `.given`), so an account and its counter-postings always
add up to nought.
"""

from seqcli.sandbox.exchange.accounts import Account, Holding, place
from seqcli.sandbox.exchange.orders import Fill, Leg, Order
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.rounding import BPS, LEVERAGE, SLACK_USD_1E9, UNIT_1E8, margin_usd, share

CONTRACT = "event_contract"
PEGGED = frozenset({"USD", "USDC", "USDT"})
_PERP_CASH = {"hyperliquid": "USDC", "binance": "USDT", "bybit": "USDT", "okx": "USDT"}


# -- what an order needs and holds -----------------------------------------------------------------------------------


def cash_asset(kind: str, quote: str, venue: str) -> str:
    """The asset in which a venue settles: the quote, but for perps quoted in USD the venue's own stablecoin."""
    return _PERP_CASH.get(venue, quote) if kind == "perp" and quote == "USD" else quote


def seeds_of(instruments: dict[str, Instrument]) -> set[tuple[str, str]]:
    """Every (venue, cash asset) in which some instrument settles."""
    rows = {(venue, cash_asset(row.kind, row.quote, venue)) for row in instruments.values() for venue in row.venues}
    return {row for row in rows if row[1] in PEGGED} | {("kalshi", "USD"), ("polymarket", "USDC")}


def held_asset(order: Order, venue: str) -> str:
    """What an order holds back on a venue: the base of a spot sale, else cash."""
    if order.side == "sell" and order.kind != "perp":
        return order.base
    return cash_asset(order.kind, order.quote, venue)


def to_hold(account: Account, order: Order, leg: Leg, qty_1e8: int) -> int:
    """What a resting leg of `qty_1e8` holds: base 1e8 (cash bases 1e9) or USD 1e9, rounded up and with the slack."""
    if not qty_1e8:
        return 0
    if order.side == "sell" and order.kind != "perp":
        return qty_1e8 * 10 if order.base in PEGGED else qty_1e8
    price = order.price_1e9 or 0
    rate = max(0, leg.maker_bps, leg.taker_bps)
    fee = -(-price * qty_1e8 * rate // (UNIT_1E8 * BPS))
    if order.kind != "perp":
        return -(-price * qty_1e8 // UNIT_1E8) + fee + SLACK_USD_1E9
    opening = max(0, qty_1e8 - closable(account, order, leg.venue))
    return -(-price * opening // (UNIT_1E8 * LEVERAGE)) + fee + SLACK_USD_1E9


def closable(account: Account, order: Order, venue: str) -> int:
    """How much of a perp order would only close an opposite position there."""
    holding = account.holdings.get(place(venue, "perp", order.symbol))
    if holding is None:
        return 0
    return max(0, holding.qty_1e8 if order.side == "sell" else -holding.qty_1e8)


def margin_held(account: Account, venue: str, asset: str) -> int:
    """Margin of the perp positions that settle in `asset` on `venue`, USD 1e9."""
    return sum(
        margin_usd(row.cost_usd_1e9)
        for row in account.holdings.values()
        if row.kind == "perp" and row.venue == venue and row.cash == asset and row.cost_usd_1e9
    )


def available(account: Account, venue: str, asset: str) -> int:
    """What is free of an asset on a venue: cash in USD 1e9, other assets 1e8."""
    name = place(venue, asset)
    held = account.held.get(name, 0)
    if asset in PEGGED:
        return account.cash_of(name) - held - (margin_held(account, venue, asset) if account.has_perps else 0)
    holding = account.holdings.get(place(venue, "crypto", asset)) or account.holdings.get(place(venue, CONTRACT, asset))
    return (holding.qty_1e8 if holding and holding.resolved_ns is None else 0) - held


# -- postings --------------------------------------------------------------------------------------------------------


def post(account: Account, fill: Fill) -> None:
    """Book a fill: holding, cash, fee and their counter-postings."""
    account.begin_day(fill.ts_ns)
    sign = 1 if fill.side == "buy" else -1
    delta = sign * fill.qty_1e8
    cash = place(fill.venue, cash_asset(fill.instrument_type, fill.quote, fill.venue))
    if fill.instrument_type == "perp":
        row = _row(account, fill, "perp", fill.symbol)
        flow = _trade(row, delta, fill)
        account.world_moves(place(fill.venue, "perp", fill.symbol), -delta)
    else:
        flow = -sign * fill.notional_usd_1e9
        if fill.base in PEGGED:
            base = place(fill.venue, fill.base)
            account.cash_moves(base, 10 * delta, fill.ts_ns)
            account.cash[base].fees_usd_1e9 += fill.fee_usd_1e9
            account.world_moves(base, -10 * delta)
        else:
            kind = held_kind(fill)
            _trade(_row(account, fill, kind, fill.base), delta, fill)
            account.world_moves(place(fill.venue, kind, fill.base), -delta)
    account.cash_moves(cash, flow - fill.fee_usd_1e9, fill.ts_ns)
    account.world_moves(cash, -flow)
    account.fee_pot[cash] = account.fee_pot.get(cash, 0) + fill.fee_usd_1e9


def take_out(account: Account, venue: str, asset: str, qty_1e8: int, ts_ns: int) -> None:
    """Book a withdrawal: the row shrinks against `given`, a holding's cost by its share."""
    if asset in PEGGED:
        name = place(venue, asset)
        account.cash_moves(name, -10 * qty_1e8, ts_ns)
        account.gives(name, -10 * qty_1e8)
        return
    name = place(venue, "crypto", asset)
    row = account.holdings[name]
    released = share(row.cost_usd_1e9, qty_1e8, row.qty_1e8)
    row.cost_usd_1e9 -= released
    row.qty_1e8 -= qty_1e8
    row.updated_ns = ts_ns
    row.closed_ns = None if row.qty_1e8 else ts_ns
    account.gives(name, -qty_1e8)
    account.basis[name] = account.basis.get(name, 0) - released


def held_kind(fill: Fill) -> str:
    """The kind of row that a spot or prediction fill changes."""
    return CONTRACT if fill.instrument_type == "prediction" else "crypto"


def resolve(account: Account, name: str, *, won: bool, ts_ns: int) -> None:
    """An outcome is known: the row has its final worth; nothing is paid yet."""
    row = account.holdings[name]
    row.resolved_ns, row.won, row.updated_ns = ts_ns, won, ts_ns
    account.contracts = [each for each in account.contracts if each != name]


def pay(account: Account, name: str, ts_ns: int) -> None:
    """A resolved row becomes money: $1 a contract or nothing, to the unit; booked and counted as its last trade."""
    row = account.holdings[name]
    account.begin_day(ts_ns)
    payout = row.qty_1e8 * 10 if row.won else 0
    cash = place(row.venue, row.cash)
    counted = account.traded.setdefault(name, [0, 0, 0])
    counted[0] -= row.qty_1e8
    counted[1] += payout
    account.world_moves(name, row.qty_1e8)
    row.realized_usd_1e9 += payout - row.cost_usd_1e9
    row.cost_usd_1e9 = row.qty_1e8 = 0
    row.closed_ns = row.updated_ns = ts_ns
    account.cash_moves(cash, payout, ts_ns)
    account.world_moves(cash, -payout)


def count(account: Account, fill: Fill) -> None:
    """Count a fill apart from the books, for the audit."""
    if fill.instrument_type == "perp":
        name = place(fill.venue, "perp", fill.symbol)
    elif fill.base in PEGGED:
        name = place(fill.venue, fill.base)
    else:
        name = place(fill.venue, held_kind(fill), fill.base)
    sign = 1 if fill.side == "buy" else -1
    row = account.traded.setdefault(name, [0, 0, 0])
    row[0] += sign * fill.qty_1e8
    row[1] -= sign * fill.notional_usd_1e9
    row[2] += fill.fee_usd_1e9


def _row(account: Account, fill: Fill, kind: str, symbol: str) -> Holding:
    name = place(fill.venue, kind, symbol)
    row = account.holdings.get(name)
    if row is None:
        row = Holding(venue=fill.venue, kind=kind, symbol=symbol)
        account.holdings[name] = row
    if kind == "perp":
        account.has_perps = True
        row.cash = cash_asset("perp", fill.quote, fill.venue)
        row.underlying, row.quote = fill.base, fill.quote
    if kind == CONTRACT:
        row.cash = fill.quote
        if name not in account.contracts:
            account.contracts.append(name)
    return row


def _trade(row: Holding, delta: int, fill: Fill) -> int:
    """Change a holding by `delta` at the fill's notional. Returns the P&L that was realised, USD 1e9."""
    notional, size, realised = fill.notional_usd_1e9, abs(delta), 0
    sign = 1 if delta > 0 else -1
    if row.qty_1e8 * sign < 0:
        closed = min(size, abs(row.qty_1e8))
        proceeds = share(notional, closed, size)
        released = share(row.cost_usd_1e9, closed, abs(row.qty_1e8))
        realised = -sign * proceeds - released
        row.cost_usd_1e9 -= released
        notional -= proceeds
    row.cost_usd_1e9 += sign * notional
    row.qty_1e8 += delta
    row.realized_usd_1e9 += realised
    row.fees_usd_1e9 += fill.fee_usd_1e9
    row.updated_ns = fill.ts_ns
    row.closed_ns = None if row.qty_1e8 else fill.ts_ns
    return realised
