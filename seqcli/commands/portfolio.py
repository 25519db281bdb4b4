"""`seq portfolio`: what is held, and what it is worth."""

from collections.abc import Iterator
from typing import Annotated

import typer

from seqcli.commands import watching, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.views import Result, Table
from seqcli.views import portfolio as tables
from seqcli.wire import positions
from seqcli.wire.operation import Request

command = Noun(
    "portfolio",
    "Positions, balances and profit and loss.",
    alone=("show",),
    examples=("seq --local portfolio",),
)

KINDS = ("fiat", "crypto", "perp", "event_contract")
Venues = Annotated[str | None, typer.Option("--venue", metavar="VENUES", help="Only these venues, comma-separated.")]
Kinds = Annotated[
    str | None,
    typer.Option("--kind", metavar="KINDS", help="fiat, crypto, perp, event_contract; comma-separated."),
]
Closed = Annotated[bool, typer.Option("--all", help="Closed and redeemed positions, too.")]

Watch = Annotated[bool, typer.Option("--watch", help="Again at each fill, and every few seconds, until Ctrl-C.")]


@command.verb("show", "seq --local portfolio show")
def show(
    session: Session, venue: Venues = None, kind: Kinds = None, closed: Closed = False, watch: Watch = False
) -> Result | Iterator[Result]:
    """Totals, and every position beneath them."""

    def ask() -> Result:
        return _read(session, venue, kind, closed, tables.show)

    watched = watch and not session.options.dry_run
    return watching.watched(session, ask, topics=["fills", "orders"]) if watched else ask()


@command.verb("positions", "seq --local portfolio positions --venue kraken")
def positions_(session: Session, venue: Venues = None, kind: Kinds = None, closed: Closed = False) -> Result:
    """Positions: quantity, entry, mark, profit and loss, fees."""
    return _read(session, venue, kind, closed, tables.positions)


@command.verb("balances", "seq --local portfolio balances")
def balances(session: Session, venue: Venues = None) -> Result:
    """Cash and crypto by venue: held, locked, available."""
    return _read(session, venue, "fiat,crypto", False, tables.balances)


@command.verb("sync", "seq --local portfolio sync")
def sync(session: Session, venue: Venues = None) -> Result:
    """Reconcile with the venues now."""
    body = positions.SyncBody(venues=words.venues(venue).split(",") if venue else None)
    return session.change(positions.SYNC, Request(body=body), table=tables.sync)


def _read(session: Session, venue: str | None, kind: str | None, closed: bool, table: Table) -> Result:
    query = positions.ListQuery(
        venues=words.optional(words.venues, venue),
        kinds=words.optional_each(kind, KINDS, "a kind"),
        include_closed=closed or None,
    )
    return session.read(positions.LIST, Request(query=query), items="positions", ids="id", table=table)
