"""Contracts come to their end: orders on them expire with the market, and what is held is paid or worth nothing.

Kalshi pays at once; on Polymarket a winner waits until it is redeemed. A loser is worth nothing at either.
"""

from typing import TYPE_CHECKING

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.accounts import Account, Holding, place
from seqcli.sandbox.exchange.machine import Machine

if TYPE_CHECKING:
    from seqcli.sandbox.market.prediction.catalogue import Named

KIND = "event_contract"


def next_ns(machine: Machine, until_ns: int) -> int | None:
    """The first instant until `until_ns` at which the outcome of what is held, or may be by then, becomes known."""
    names = {account.holdings[name].symbol for account in machine.accounts.values() for name in account.contracts}
    names |= {order.symbol for order in machine.orders.values() if order.kind == "prediction"}
    contracts = machine.contracts if names else None
    if contracts is None:
        return None
    found = (contracts.find(name) for name in names)
    instants = (named.contract.event.resolves_ns for named in found if named is not None)
    return min((ts_ns for ts_ns in instants if ts_ns <= until_ns), default=None)


def due(machine: Machine, until_ns: int) -> list[tuple[int, Account, str]]:
    """Rows whose outcome is known by `until_ns` and not booked yet: (instant, account, row), in order."""
    held = [(account, name) for account in machine.accounts.values() for name in account.contracts]
    contracts = machine.contracts if held else None
    if contracts is None:
        return []
    found = []
    for account, name in held:
        named = contracts.find(account.holdings[name].symbol)
        if named is not None and named.contract.event.resolves_ns <= until_ns:
            found.append((named.contract.event.resolves_ns, account, name))
    return sorted(found, key=lambda row: (row[0], row[1].client_id, row[2]))


def settle(machine: Machine, now_ns: int) -> None:
    """Book every outcome that is known by now."""
    for ts_ns, account, name in due(machine, now_ns):
        contracts = machine.contracts
        named = contracts.find(account.holdings[name].symbol) if contracts else None
        if named is None or contracts is None:
            continue
        won = contracts.odds.winner(named.contract) == named.side
        pays = named.contract.venue == "kalshi"
        data = {"client_id": account.client_id, "row": name, "won": won, "paid": pays, "resolved_ns": ts_ns}
        machine.emit("resolution", data, now_ns)


def redeemable(account: Account, named: "Named") -> list[str]:
    """The winning rows of a contract that are not paid yet."""
    rows = [place(named.contract.venue, KIND, symbol) for symbol in named.contract.symbols]
    held = [(name, account.holdings.get(name)) for name in rows]
    return [name for name, row in held if row is not None and row.won and row.qty_1e8]


def redeem(machine: Machine, account: Account, name: str, now_ns: int) -> None:
    """Pay a winning row."""
    machine.emit("redemption", {"client_id": account.client_id, "row": name}, now_ns)


def instrument_of(machine: Machine, holding: Holding) -> dict[str, object]:
    """What a row says of the contract it holds."""
    named = _named(machine, holding)
    if named is None:
        market, _, outcome = holding.symbol.rpartition(":")
        names: dict[str, object] = {"market": market or holding.symbol, "outcome": outcome if market else "YES"}
        rest: dict[str, object] = {"event_id": None, "question": None, "end_date": None, "neg_risk": False}
    else:
        contract = named.contract
        side = contract.sides[named.side]
        names = {"market": contract.slug, "outcome": side.upper() if contract.venue == "kalshi" else side}
        rest = {
            "event_id": contract.event.identity,
            "question": contract.question,
            "end_date": contract.event.ends_at,
            "neg_risk": contract.event.neg_risk,
        }
    token = holding.symbol if holding.symbol.isdigit() else None
    return {"kind": KIND, "symbol": holding.symbol, **names, "token_id": token, **rest}


def lifecycle_of(machine: Machine, holding: Holding) -> dict[str, object]:
    """Where a row stands: active, resolved, redeemed or closed."""
    if holding.redeemed_ns is not None:
        return {"state": "redeemed", "redeemed_at_ns": holding.redeemed_ns, "tx_hash": None}
    if holding.closed_ns is not None:
        return {"state": "closed", "closed_at_ns": holding.closed_ns}
    if holding.resolved_ns is None:
        return {"state": "active"}
    named = _named(machine, holding)
    winner = None if named is None else named.contract.sides[named.side if holding.won else 1 - named.side]
    return {
        "state": "resolved",
        "winning_outcome": winner,
        "resolved_at_ns": holding.resolved_ns,
        "redeemable": bool(holding.won and holding.qty_1e8),
    }


def _named(machine: Machine, holding: Holding) -> "Named | None":
    contracts = machine.contracts
    return contracts.find(holding.symbol) if contracts is not None else None


def mark_of(holding: Holding) -> int | None:
    """A settled row's price: $1 or nothing; None before."""
    if holding.resolved_ns is None:
        return None
    return rounding.UNIT_1E9 if holding.won else 0
