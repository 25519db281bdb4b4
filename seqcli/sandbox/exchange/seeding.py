"""Rows that are given, not traded: written over what was there, with counter-postings."""

import msgspec

from seqcli.sandbox.exchange.accounts import Account, Cash, Holding, place
from seqcli.sandbox.exchange.ledger import PEGGED


class Seed(msgspec.Struct, kw_only=True):
    """A row as seeding writes it: cash in USD 1e9, others 1e8 with their cost. An amount of 0 deletes."""

    venue: str
    kind: str
    symbol: str
    amount: int
    cost_usd_1e9: int = 0
    cash: str = ""
    underlying: str = ""
    quote: str = ""

    @property
    def is_cash(self) -> bool:
        """Whether it is USD or pegged to it."""
        return self.kind in ("fiat", "crypto") and self.symbol in PEGGED


def write(account: Account, seed: Seed, ts_ns: int) -> None:
    """Put a row in place of what was there, against `given` and `basis`."""
    if seed.is_cash:
        name = place(seed.venue, seed.symbol)
        account.gives(name, seed.amount - account.cash_of(name))
        if seed.amount:
            account.cash[name] = Cash(seed.amount, ts_ns)
        else:
            account.cash.pop(name, None)
        return
    name = place(seed.venue, seed.kind, seed.symbol)
    _forget(account, name)
    account.gives(name, seed.amount)
    account.basis[name] = account.basis.get(name, 0) + seed.cost_usd_1e9
    if seed.amount:
        account.holdings[name] = Holding(
            venue=seed.venue,
            kind=seed.kind,
            symbol=seed.symbol,
            qty_1e8=seed.amount,
            cost_usd_1e9=seed.cost_usd_1e9,
            updated_ns=ts_ns,
            cash=seed.cash,
            underlying=seed.underlying,
            quote=seed.quote,
        )
        account.has_perps = account.has_perps or seed.kind == "perp"
        if seed.kind == "event_contract" and name not in account.contracts:
            account.contracts.append(name)


def wipe(account: Account) -> None:
    """Delete every row, against `given` and `basis`."""
    for name, row in account.cash.items():
        account.gives(name, -row.usd_1e9)
    account.cash = {}
    for name in list(account.holdings):
        _forget(account, name)
    account.day = account.day_start_usd_1e9 = 0
    account.has_perps = False
    account.contracts = []
    account.met = {}


def _forget(account: Account, name: str) -> None:
    row = account.holdings.pop(name, None)
    account.contracts = [each for each in account.contracts if each != name]
    if row is not None:
        account.gives(name, -row.qty_1e8)
        account.basis[name] = account.basis.get(name, 0) - row.cost_usd_1e9 + row.realized_usd_1e9
