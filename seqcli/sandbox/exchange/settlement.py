"""Funding of perps: at each settlement of a venue, who holds a perp there pays or is paid.

What was held just before the instant counts: fills at the instant itself come after it. Each payment is an event with
the rate, the mark and the sum, so it is replayed as it was. The rate and the mark are the market's of that instant,
the same that the history of funding shows.
"""

from collections.abc import Iterator

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import tallies
from seqcli.sandbox.exchange.accounts import Account, Holding
from seqcli.sandbox.exchange.graphs import Graph
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.market.funding import HOUR_NS, next_ns


def instants(machine: Machine, now_ns: int) -> Iterator[int]:
    """The settlements until `now_ns` at which somebody may hold a perp, in order.

    Time must have passed to just before one, and `settle` been called, before the next is asked for: what is traded
    between decides it.
    """
    upto = machine.seen_ns
    while upto // HOUR_NS != now_ns // HOUR_NS:  # every venue settles at whole hours
        ts_ns = min(_ahead(machine, upto), default=None)
        if ts_ns is None or ts_ns > now_ns:
            return
        yield ts_ns
        upto = ts_ns


def _ahead(machine: Machine, upto: int) -> Iterator[int]:
    """What comes next for each perp that is held, and for orders that may lead to one."""
    for account in machine.accounts.values():
        for _, row in _held(account):
            yield next_ns(row.venue, max(upto, _paid_until(row)))
    for graph in machine.graphs.values():
        if any(node.kind == "perp" for node in graph.nodes):
            since = max(upto, machine.counters.cursor_ns, graph.created_ns)
            yield since // HOUR_NS * HOUR_NS + HOUR_NS
            if since == upto:
                return  # none comes sooner


def settle(machine: Machine, ts_ns: int) -> list[Graph]:
    """Book what every perp pays at a settlement. Returns the graphs whose loss that has moved."""
    moved: dict[tuple[str, str], Graph] = {}
    for account in machine.accounts.values():
        for name, row in list(_held(account)):
            if next_ns(row.venue, ts_ns - 1) != ts_ns or _paid_until(row) >= ts_ns:
                continue
            found = machine.market.funding(row.symbol, row.venue, ts_ns)
            if found is None:
                continue
            data = {
                "client_id": account.client_id,
                "row": name,
                "ts_ns": ts_ns,
                "qty_1e8": row.qty_1e8,
                "rate_1e9": found.rate_1e9,
                "mark_price_1e9": found.mark_price_1e9,
                "paid_usd_1e9": rounding.funding_usd(found.mark_price_1e9, row.qty_1e8, found.rate_1e9),
            }
            machine.emit("funding", data, ts_ns)
            own = ((key, graph) for key, graph in machine.graphs.items() if key[0] == account.client_id)
            moved |= {key: graph for key, graph in own if tallies.held_at(graph, row.symbol, row.venue)}
    return list(moved.values())


def _held(account: Account) -> Iterator[tuple[str, Holding]]:
    if not account.has_perps:
        return iter(())
    return ((name, row) for name, row in account.holdings.items() if row.kind == "perp" and row.qty_1e8)


def _paid_until(row: Holding) -> int:
    """Whatever was due until the row last changed has been booked: time passes before anything else happens."""
    return max(row.funded_ns, row.updated_ns)
