"""`seq order`: buy and sell, amend and cancel, follow and reconcile."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from seqcli.commands import cancelling, ordering, pages, placing, watching, words
from seqcli.commands.grammar import Noun
from seqcli.commands.ordering import Qty, Side, Terms
from seqcli.commands.placing import Waiting
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max, Symbol, SymbolOption, VenueOption
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import graphs as trees
from seqcli.views import journal as journal_tables
from seqcli.views import orders as tables
from seqcli.wire import graphs, orders
from seqcli.wire.operation import Request

command = Noun(
    "order",
    "Buy, sell, amend, cancel and follow orders.",
    alone=("list", "--open"),
    examples=("seq --local order buy ETH-USD 1.0 --wait", "seq --local order"),
)

STATUSES = ("open", "closed", "new", "working", "filled", "partial", "cancelled", "rejected", "expired")
Id = Annotated[str, typer.Argument(metavar="ID", help="An order's id, or a graph's.", show_default=False)]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Order or graph ids.", show_default=False)]
Every = Annotated[bool, typer.Option("--all", help="Every open order.")]
Open = Annotated[bool, typer.Option("--open", help="Only open ones.")]
Watch = Annotated[bool, typer.Option("--watch", help="Again whenever one changes, until Ctrl-C.")]
Status = Annotated[
    str | None, typer.Option("--status", metavar="STATUS", help="open, closed, or statuses, comma-separated.")
]
Graph = Annotated[str | None, typer.Option("--graph", metavar="ID", help="Only this graph's.")]
Total = Annotated[str | None, typer.Option("--qty", metavar="TOTAL", help="The new total, filled part included.")]
Price = Annotated[str | None, typer.Option("--limit", "--price", metavar="P", help="The new limit price.")]
By = Annotated[str | None, typer.Option("--by", metavar="Q", help="How much less.")]
WaitTimeout = Annotated[str, typer.Option("--wait-timeout", metavar="S", help="Seconds to wait; then status 8.")]
Resend = Annotated[bool, typer.Option("--resend", help="Send what is not there again: same id, same bytes.")]
Abandon = Annotated[bool, typer.Option("--abandon", help="Settle them as not sent, on your own word.")]
Source = Annotated[
    str | None, typer.Argument(metavar="[FILE|-]", help="Orders: NDJSON, CSV, JSON or TOML.", show_default=False)
]
SymbolFlag = Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="One order: of what.")]
SideFlag = Annotated[str | None, typer.Option("--side", metavar="buy|sell", help="One order: which way.")]
Anew = Annotated[bool, typer.Option("--anew", help="Send what an unfinished run of the file sent already, too.")]
Parallel = Annotated[str, typer.Option("--parallel", metavar="N", help="Lines on their way at once, 1 to 32.")]
QtyFlag = Annotated[str | None, typer.Option("--qty", metavar="QTY", help="One order: how much.")]


@command.verb("buy", "seq --local order buy ETH-USD 1.0 --wait")
def buy(session: Session, symbol: Symbol, terms: Terms, waiting: Waiting, qty: Qty = None) -> Result:
    """Buy at the market, or at --limit."""
    return placing.place(session, ordering.graph("buy", symbol, qty, terms), waiting)


@command.verb("sell", "seq --local order sell ETH-USD 0.5 --limit 1000000 --tif gtc")
def sell(session: Session, symbol: Symbol, terms: Terms, waiting: Waiting, qty: Qty = None) -> Result:
    """Sell at the market, or at --limit."""
    return placing.place(session, ordering.graph("sell", symbol, qty, terms), waiting)


@command.verb(
    "submit",
    "seq --local order submit --symbol ETH-USD --side buy --qty 1",
    "seq --local order submit orders.ndjson",
)
def submit(
    session: Session,
    *,
    terms: Terms,
    waiting: Waiting,
    source: Source = None,
    symbol: SymbolFlag = None,
    side: SideFlag = None,
    qty: QtyFlag = None,
    anew: Anew = False,
    parallel: Parallel = "8",
) -> Result | Iterator[Result]:
    """Orders, graphs and cancels from a file – NDJSON, CSV, JSON or TOML –, or one order by options.

    All lines are checked before the first is sent. A file that was stopped goes on with the same command: the same
    lines have the same ids, and what is settled is told, not sent again; --anew sends all of it once more.
    """
    if source is not None and (symbol, side, qty) != (None, None, None):
        raise Usage("a file and --symbol, --side or --qty are both given", hint="keep one of them")
    if source is not None:
        from seqcli.commands import batches

        return batches.submit(session, source, terms, waiting, anew=anew, parallel=parallel)
    if symbol is None or side is None:
        raise Usage("what to submit?", hint="a file, or --symbol S --side buy|sell --qty Q")
    return placing.place(session, ordering.graph(side, symbol, qty, terms), waiting)


@command.verb("preview", "seq --local order preview buy ETH-USD 1.0")
def preview(session: Session, side: Side, symbol: Symbol, terms: Terms, qty: Qty = None) -> Result:
    """What an order would cost, and where it would go; nothing is submitted."""
    body = ordering.simple(side, symbol, qty, terms)
    return session.read(orders.PREVIEW, Request(body=body), table=tables.preview)


@command.verb("list", "seq --local order list --symbol ETH-USD")
def listed(
    session: Session,
    *,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    status: Status = None,
    graph: Graph = None,
    only_open: Open = False,
    most: Max = "50",
    every: All = False,
    watch: Watch = False,
) -> Result | Iterator[Result]:
    """Orders, newest first."""
    if only_open and status is not None:
        raise Usage("--open and --status are both given", hint="keep one of them")
    query = orders.ListQuery(
        symbol=words.optional(words.symbol, symbol),
        venue=words.optional(words.venue, venue),
        status="open" if only_open else words.optional_each(status, STATUSES, "a status"),
        graph_id=words.optional(words.identity, graph),
    )
    wanted = pages.limit(most, every)

    def ask() -> Result:
        return pages.read(
            session,
            orders.LIST,
            query,
            "orders",
            most=wanted,
            ids="node_order_id",
            table=tables.listed,
            keep=lambda order: _is_meant(order, query),
        )

    watched = watch and not session.options.dry_run
    return watching.watched(session, ask, topics=["orders"]) if watched else ask()


def _is_meant(order: Any, query: orders.ListQuery) -> bool:
    """The filters again: the hosted service may know the symbol only."""
    status = str(order.get("status")).upper()
    wanted = query.status or status
    if wanted in ("open", "closed"):
        wanted = status if (status in orders.TERMINAL) == (wanted == "closed") else ""
    venues = [leg.get("venue") for leg in order.get("legs") or []] + [(order.get("instrument") or {}).get("venue")]
    return (
        status in wanted.upper().split(",")
        and query.graph_id in (None, order.get("graph_id"))
        and (query.venue is None or query.venue in venues)
    )


@command.verb("show", "seq --local order show demo-1")
def show(session: Session, identity: Id) -> Result:
    """One order, or one graph with its orders."""
    name = words.identity(identity)
    if words.is_order(name):
        return session.read(orders.SHOW, Request(path={"node_order_id": name}), ids="node_order_id", table=tables.one)
    return session.read(graphs.SHOW, Request(path={"graph_id": name}), ids="graph_id", table=trees.of_order)


@command.verb("wait", "seq --local order wait demo-1 --wait-timeout 0.1")
def wait(session: Session, identity: Id, wait_timeout: WaitTimeout = "30") -> Result:
    """Until an order or graph has ended; the status says how, as buy --wait does."""
    name, seconds = words.identity(identity), placing.span(wait_timeout)
    if session.options.dry_run:
        return show(session, name)
    if words.is_order(name):
        order = placing.ended_order(session, name, seconds)
        failure = placing.how_it_ended(order, seconds)
        return session.seen(order, ids="node_order_id", table=tables.one, failure=failure)
    graph = placing.ended_graph(session, name, seconds)
    return session.seen(graph, ids="graph_id", table=trees.of_order, failure=placing.how_they_ended(graph, seconds))


@command.verb("cancel", "seq --local order cancel demo-1", "seq --local order cancel --all --symbol ETH-USD")
def cancel(
    session: Session,
    identities: Ids = None,
    every: Every = False,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
) -> Result:
    """Cancel orders or whole graphs; never asks. Cancelling what has ended is not an error."""
    if every == bool(identities):
        raise Usage("which orders?", hint="ids, or --all with --symbol or --venue if you like")
    if identities and (symbol or venue):
        raise Usage("--symbol and --venue narrow --all down, and ids are given", hint="keep one of them")
    if identities:
        return cancelling.these(session, [words.identity(name) for name in identities])
    return cancelling.every(session, words.optional(words.symbol, symbol), words.optional(words.venue, venue))


@command.verb("amend", "seq --local order amend demo-1 --limit 1200")
def amend(session: Session, identity: Id, total: Total = None, limit: Price = None) -> Result:
    """Cancel and replace with a new total quantity, a new limit price, or both."""
    body = ordering.change(total, limit)
    if session.options.dry_run:
        return session.planned((orders.AMEND, Request(path={"node_order_id": ordering.order_of(identity)}, body=body)))
    order = ordering.order_of(identity)
    placing.warn_of_changed_stop(session, *order.removeprefix("graph:").rsplit(":", 2)[:2])
    outcome = session.desk.amend(order, body)
    return session.seen(outcome, ids="node_order_id", table=tables.changed)


@command.verb("decrease", "seq --local order decrease demo-1 --by 0.25")
def decrease(session: Session, identity: Id, by: By = None) -> Result:
    """Make the total smaller; the absolute new total is journaled, so a repeat never shrinks twice."""
    if by is None:
        raise Usage("by how much?", hint="for example --by 0.25")
    amount = ordering.quantity(by)
    order = ordering.order_of(identity)
    if session.options.dry_run:
        less = msgspec.Raw(b'{"new_qty_1e8":"<qty_1e8 - ' + str(int(amount)).encode() + b'>"}')
        path = {"node_order_id": order}
        return session.planned((orders.SHOW, Request(path=path)), (orders.AMEND, Request(path=path, body=bytes(less))))
    outcome = session.desk.decrease(order, int(amount))
    return session.seen(outcome, ids="node_order_id", table=tables.changed)


@command.verb("pending", "seq --local order pending")
def pending(session: Session) -> Result:
    """What was sent from this machine and is not settled."""
    rows: list[dict[str, Any]] = session.desk.pending()
    return session.seen(
        {"intents": rows, "count": len(rows), "pending": True},
        items="intents",
        ids="graph_id",
        table=journal_tables.listed,
    )


@command.verb("reconcile", "seq --local order reconcile")
def reconcile(session: Session, identities: Ids = None, resend: Resend = False, abandon: Abandon = False) -> Result:
    """Look unsettled orders up and settle them; status 9 while one is left unknown."""
    if resend and abandon:
        raise Usage("--resend and --abandon are both given", hint="keep one of them")
    if abandon and not identities:
        raise Usage("which orders are abandoned?", hint="name them; see: seq order pending")
    return cancelling.reconciled(session, identities or [], resend=resend, abandon=abandon)
