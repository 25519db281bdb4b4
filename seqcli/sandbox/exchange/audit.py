"""Does the exchange add up? Called by tests after every event; it changes nothing."""

from collections import Counter

from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.accounts import Account, place
from seqcli.sandbox.exchange.ledger import PEGGED
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import TERMINAL, Order


class Unbalanced(AssertionError):
    """An invariant does not hold; the message names it."""


def check(machine: Machine) -> None:
    """Raise `Unbalanced` unless, for every account:

    cash, counter-postings, fees and funding add up to nought; a holding is what was given plus its fills; its P&L is
    its fills'; fees taken are fees counted; what is held back is what open orders hold, and no more than there is; and
    every open order is the sum of its legs.
    """
    for account in machine.accounts.values():
        _cash(account)
        _holdings(account)
        _held(account)
    for order in machine.orders.values():
        _order(machine, order)
    counted = Counter(client_id for client_id, _ in machine.orders)
    for account in machine.accounts.values():
        _that(counted[account.client_id] == account.open_orders, f"{account.client_id}: open orders")


def _that(holds: bool, sentence: str) -> None:
    if not holds:
        raise Unbalanced(sentence)


def _cash(account: Account) -> None:
    names = {name for name in (*account.cash, *account.world, *account.given) if name.rpartition("/")[2] in PEGGED}
    for name in names:
        total = account.cash_of(name) + account.world.get(name, 0) + account.fee_pot.get(name, 0)
        total += account.funding_pot.get(name, 0)
        _that(total == account.given.get(name, 0), f"{name}: cash is not conserved")
    fees = sum(row[2] for row in account.traded.values())
    _that(sum(account.fee_pot.values()) == fees, "fees taken are not the fees of the fills")
    _that(sum(account.funding_pot.values()) == sum(account.funded.values()), "funding taken is not that of the perps")


def _holdings(account: Account) -> None:
    names = {name for name in (*account.holdings, *account.traded) if name.count("/") > 1}
    for name in names:
        row = account.holdings.get(name)
        qty, usd, _ = account.traded.get(name, (0, 0, 0))
        held = row.qty_1e8 if row else 0
        _that(held == account.given.get(name, 0) + qty, f"{name}: fills do not sum to the position")
        _that(held == account.given.get(name, 0) - account.world.get(name, 0), f"{name}: not conserved")
        earned = row.realized_usd_1e9 - row.cost_usd_1e9 if row else 0
        _that(earned + account.basis.get(name, 0) == usd, f"{name}: P&L is not that of the fills")
        if row is not None:
            _that(row.kind == "perp" or held >= 0, f"{name}: less than nothing")
            _that(held != 0 or row.cost_usd_1e9 == 0, f"{name}: an empty row has a cost")


def _held(account: Account) -> None:
    by_venue: dict[str, int] = {}
    for rows in account.holds.values():
        for venue, amount in rows.items():
            _that(amount >= 0, f"{venue}: an order holds less than nothing")
            by_venue[venue] = by_venue.get(venue, 0) + amount
    total: dict[str, int] = {}
    for name, amount in account.held.items():
        venue, _, asset = name.partition("/")
        total[venue] = total.get(venue, 0) + amount
        if not account.has_perps:
            _that(ledger.available(account, venue, asset) >= 0, f"{name}: more is held back than there is")
    for venue in {*by_venue, *total}:
        _that(by_venue.get(venue, 0) == total.get(venue, 0), f"{venue}: held back by no order")


def _order(machine: Machine, order: Order) -> None:
    name = order.node_order_id
    _that(order.status not in TERMINAL and not order.ended, f"{name}: ended, yet open")
    _that(0 <= order.filled_qty_1e8 <= order.qty_1e8 or not order.qty_1e8, f"{name}: filled beyond its quantity")
    if order.status == "WORKING":
        filled = sum(leg.filled_qty_1e8 for leg in order.legs)
        _that(filled == order.filled_qty_1e8, f"{name}: not the sum of its legs")
    held = machine.accounts[order.client_id].holds.get(name, {})
    for venue, amount in held.items():
        leg = order.leg(venue)
        _that(leg is not None and leg.held == amount, f"{name}: its leg on {place(venue)} holds something else")
