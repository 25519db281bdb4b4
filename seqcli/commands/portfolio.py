"""`seq portfolio`: what is held, and what it is worth."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from seqcli import units
from seqcli.commands import watching, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.views import Result, Table
from seqcli.views import portfolio as tables
from seqcli.wire import holdings, orders, positions
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
Closed = Annotated[bool, typer.Option("--closed", "--all", help="Closed and redeemed positions, too.")]
Span = Annotated[str, typer.Option("--range", metavar="RANGE", help="1h 6h 1d 1w 1m 3m 6m 1y max.")]
Every = Annotated[
    str | None, typer.Option("--every", metavar="DURATION", help="Time between points; default by the range.")
]
Watch = Annotated[bool, typer.Option("--watch", help="Again at each change until Ctrl-C.")]
TOPICS = ("orders", "fills")


@command.verb("show", "seq --local portfolio show")
def show(
    session: Session, venue: Venues = None, kind: Kinds = None, closed: Closed = False, watch: Watch = False
) -> Result | Iterator[Result]:
    """Totals, today, exposure, concentration, and every position beneath them."""
    query = _query(venue, kind, closed=True)
    if session.options.dry_run:
        return session.planned(
            (positions.LIST, Request(query=query)), (positions.SNAPSHOTS, _TODAY), (orders.LIST, _OPEN)
        )

    past = Past(session)

    def ask() -> Result:
        return current(session, query, past, closed=closed)

    return watching.watched(session, ask, topics=TOPICS) if watch else ask()


class Past:
    """The day's snapshots, asked for once: telling them costs the exchange a look at every fill there was.

    Asked for again on a new day, and when fees have fallen: then the books were reset.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._body: Any = None
        self._day = self._fees = -1

    def of(self, body: dict[str, Any]) -> Any:
        """The snapshots that go with positions; None where the exchange does not tell them."""
        day = (body.get("as_of_ns") or 0) // holdings.DAY_NS
        fees = (body.get("totals") or {}).get("fees_usd_1e9") or 0
        if day != self._day or fees < self._fees:
            reply = self._session.attempt(lambda: self._session.client.call(positions.SNAPSHOTS, _TODAY))
            self._body, self._day = reply.body if reply else None, day
        self._fees = fees
        return self._body


def current(session: Session, query: positions.ListQuery, past: Past, *, closed: bool) -> Result:
    """The page as it is now. The answer to /v1/positions leads; what is made of it stands beside it.

    Where the exchange does not tell the past, or what is open, these are null; the rest is there.
    """
    body: dict[str, Any] = dict(session.client.call(positions.LIST, Request(query=query)).body)
    open_orders = session.attempt(lambda: session.client.call(orders.LIST, _OPEN))
    rows = body.get("positions") or []
    filtered = query.venues or query.kinds
    made = {
        "pnl_today_usd_1e9": None if filtered else holdings.today(body, past.of(body)),
        "open_orders": open_orders.body.get("total") if open_orders else None,
        "exposure": holdings.exposure(rows),
        "concentration": holdings.concentration(rows),
    }
    if not closed:
        body["positions"] = [row for row in rows if holdings.is_current(row)]
    return session.seen(body | made, items="positions", ids="id", table=tables.show)


@command.verb("positions", "seq --local portfolio positions --venue kraken")
def positions_(session: Session, venue: Venues = None, kind: Kinds = None, closed: Closed = False) -> Result:
    """Positions: quantity, entry, mark, profit and loss, fees."""
    return _read(session, _query(venue, kind, closed=closed), tables.positions)


@command.verb("balances", "seq --local portfolio balances")
def balances(session: Session, venue: Venues = None) -> Result:
    """Cash and crypto by venue: held, locked, available."""
    return _read(session, _query(venue, "fiat,crypto", closed=False), tables.balances)


@command.verb("history", "seq --local portfolio history", "seq --local portfolio history --range 1w -o csv")
def history(session: Session, span: Span = "1d", every: Every = None) -> Result:
    """What the account was worth: a chart of net asset value, or a row a point."""
    query = positions.SnapshotsQuery(
        range=words.one_of(span, tuple(positions.SNAPSHOT_RANGES), "a range"),
        interval_secs=None if every is None else max(1, int(words.duration(every, "--every")) // units.SECOND),
    )
    return session.read(positions.SNAPSHOTS, Request(query=query), items="snapshots", ids="ts_ns", table=tables.history)


@command.verb("sync", "seq --local portfolio sync")
def sync(session: Session, venue: Venues = None) -> Result:
    """Reconcile with the venues now."""
    body = positions.SyncBody(venues=words.venues(venue).split(",") if venue else None)
    return session.change(positions.SYNC, Request(body=body), table=tables.sync)


_TODAY = Request(query=positions.SnapshotsQuery(range="1d", interval_secs=300))
_OPEN = Request(query=orders.ListQuery(status="open", limit=1))


def _query(venue: str | None, kind: str | None, *, closed: bool) -> positions.ListQuery:
    return positions.ListQuery(
        venues=words.optional(words.venues, venue),
        kinds=words.optional_each(kind, KINDS, "a kind"),
        include_closed=closed or None,
    )


def _read(session: Session, query: positions.ListQuery, table: Table) -> Result:
    return session.read(positions.LIST, Request(query=query), items="positions", ids="id", table=table)
