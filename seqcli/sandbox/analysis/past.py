"""What an account was worth: its money as the stored events moved it, at the market of each instant.

Nothing is kept beside the events: the books are opened once more and every fill, payment and seeding booked again, in
order. Where they do not end as the account stands – an old store lacks the beginning – only the present is told.
"""

from collections.abc import Callable, Generator, Iterable
from typing import Any

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis.portfolio import Portfolio
from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Fill
from seqcli.sandbox.rounding import UNIT_1E9
from seqcli.sandbox.storage.schema import POSTED

Rows = Callable[[str, tuple[Any, ...]], Generator[None, None, list[tuple[Any, ...]]]]
_FEW = 32
"""Events that are booked between two pauses."""


def money(stored: Rows, pending: list[Event], client_id: str) -> Generator[None, None, list[Event]]:
    """Everything that ever moved a client's money, in order: fills and postings, stored ones and `pending`."""
    events = [event for event in pending if event.kind in ("fill", *POSTED) and event.data["client_id"] == client_id]
    fills = yield from stored("SELECT seq, record FROM fills WHERE client_id = ?", (client_id,))
    for place, (seq, record) in enumerate(fills):
        fill = msgspec.json.decode(record)
        events.append(Event(seq, fill["ts_ns"], "fill", fill))
        if not place % _FEW:
            yield
    rows = yield from stored("SELECT seq, ts_ns, kind, data FROM postings WHERE client_id = ?", (client_id,))
    events += [Event(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in rows]
    return sorted(events, key=lambda event: event.seq)


def worth(machine: Machine, account: Account, ts_ns: int) -> dict[str, int | None]:
    """A snapshot: the totals of every row, closed ones included. What has no price leaves the sums unknown: null."""
    portfolio = Portfolio(machine, account, ts_ns)
    cash = sum(rounding.notional_usd(UNIT_1E9, rounding.shown_cash(row.usd_1e9)) for row in account.cash.values())
    other = unrealized = 0
    whole = True
    for row in account.holdings.values():
        if not row.qty_1e8:
            continue
        mark = portfolio.mark(row)
        if mark is None:
            whole = False
            continue
        gain = rounding.notional_usd(mark - rounding.entry_price(row.cost_usd_1e9, row.qty_1e8), row.qty_1e8)
        unrealized += gain
        other += gain if row.kind == "perp" else rounding.notional_usd(mark, row.qty_1e8)
    fees = sum(row.fees_usd_1e9 for row in account.holdings.values())
    fees += sum(row.fees_usd_1e9 for row in account.cash.values())
    return {
        "ts_ns": ts_ns,
        "nav_usd_1e9": cash + other if whole else None,
        "cash_usd_1e9": cash,
        "unrealized_pnl_usd_1e9": unrealized if whole else None,
        "realized_pnl_usd_1e9": sum(row.realized_usd_1e9 for row in account.holdings.values()),
        "fees_usd_1e9": fees,
    }


def snapshots(
    machine: Machine, live: Account, events: Iterable[Event], instants: Iterable[int]
) -> Generator[None, None, list[dict[str, Any]]]:
    """The worth at each of `instants`, ascending, from the one at which the books were open, with pauses.

    `live` is the account as it stands after the last of `events`, which nobody changes meanwhile.
    """
    client_id = live.client_id
    books = Machine(machine.market)
    books.contracts_of = machine.contracts_of
    told: list[dict[str, Any]] = []
    left = iter(events)
    event = next(left, None)
    *earlier, last = instants
    for ts_ns in earlier:
        while event is not None and event.ts_ns <= ts_ns:
            _book(books, event)
            event = next(left, None)
            yield
        if client_id in books.accounts:
            told.append(worth(books, books.accounts[client_id], ts_ns))
            yield
    while event is not None:
        _book(books, event)
        event = next(left, None)
        yield
    whole = client_id in books.accounts and _same(books.accounts[client_id], live)
    return [*(told if whole else ()), worth(machine, live, last)]


def _book(books: Machine, event: Event) -> None:
    if event.kind != "fill":
        books.apply(event)
        return
    fill = msgspec.convert(event.data, Fill)
    account = books.accounts.get(fill.client_id)
    if account is not None:
        ledger.post(account, fill)


def _same(told: Account, live: Account) -> bool:
    return (told.cash, told.holdings) == (live.cash, live.holdings)
