"""`seq execution`: an order before it is sent, while it works, and after it ended."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

import typer

from seqcli.commands import ordering, reports, watching, words
from seqcli.commands.grammar import Noun
from seqcli.commands.ordering import Side
from seqcli.commands.reports import HtmlOption
from seqcli.commands.session import Session
from seqcli.commands.windows import Since, Until, given
from seqcli.commands.words import Max, Symbol, SymbolOption, VenueOption
from seqcli.errors import Failure
from seqcli.views import Result
from seqcli.views import execution as tables
from seqcli.wire import analytics, execution, orders
from seqcli.wire.operation import Request

command = Noun(
    "execution",
    "An order before it is sent, while it works, and after it ended.",
    examples=("seq --local execution forecast ETH-USD buy 10", "seq --local execution simulate ETH-USD buy 10"),
)

URGENCIES = ("low", "medium", "high")
Watch = Annotated[bool, typer.Option("--watch", help="Again whenever it changes, until it has ended.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An order's id, or a graph's.", show_default=False)]
Qty = Annotated[str, typer.Argument(metavar="QTY", help="Base units.", show_default=False)]
Urgency = Annotated[
    str | None, typer.Option("--urgency", metavar="low|medium|high", help="How long it may take: 60, 30 or 10 s.")
]


@command.verb("forecast", "seq --local execution forecast ETH-USD buy 10")
def forecast(session: Session, symbol: Symbol, side: Side, qty: Qty) -> Result:
    """What it would cost: median and P90, by size, by venue, and what waiting saves. Nothing is sent."""
    query = _sketch(symbol, side, qty, None)
    return session.read(execution.FORECAST, Request(query=query), ids="symbol", table=tables.forecast)


@command.verb("simulate", "seq --local execution simulate ETH-USD buy 10 --urgency low")
def simulate(session: Session, symbol: Symbol, side: Side, qty: Qty, urgency: Urgency = None) -> Result:
    """At once, waiting, or in parts: each way run on the market of the last moments. Nothing is sent."""
    query = _sketch(symbol, side, qty, words.optional_one_of(urgency, URGENCIES, "an urgency"))
    return session.read(
        execution.SIMULATE, Request(query=query), items="strategies", ids="name", table=tables.simulation
    )


@command.verb("live", "seq --local execution live demo-1")
def live(session: Session, identity: Id, watch: Watch = False) -> Result | Iterator[Result]:
    """How an order does: progress, pace, its average so far against what was expected."""
    request = _named(identity)

    def ask() -> Result:
        return session.read(execution.LIVE, request, table=tables.live)

    if not watch or session.options.dry_run:
        return ask()
    return watching.watched(session, ask, topics=("orders", "fills"), until=_has_ended)


def _has_ended(result: Result) -> bool:
    order = result.body.get("order") if isinstance(result.body, dict) else None
    return isinstance(order, dict) and str(order.get("status")).upper() in orders.TERMINAL


@command.verb("review", "seq --local execution review demo-2", "seq --local execution review demo-2 --html review.html")
def review(session: Session, identity: Id, html: HtmlOption = None) -> Result:
    """How an order did: its cost, the forecast, fills and timeline. One that is still live is refused."""
    reports.check(html)
    result: Result
    result, failure = session.tried(lambda: session.read(execution.REVIEW, _named(identity), table=tables.review))
    if failure is not None:
        raise _pointed(failure, identity)
    if html is not None and not session.options.dry_run:
        reports.written(session, html, f"Review of {identity}", [("The order", reports.blocks_of(result))])
    return result


def _pointed(failure: Failure, identity: str) -> Failure:
    """A conflict is that of an order which has not ended yet: another command tells of it."""
    if failure.stable_code == "CONFLICT":
        failure.hint = f"see how it does: seq execution live {identity}"
    return failure


@command.verb("summary", "seq --local execution summary", "seq --local execution summary --venue kraken")
def summary(
    session: Session,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """The last 30 days, or another time, in a few figures, and by symbol."""
    request = Request(query=analytics.Filter(**given(symbol, venue, since, until)))
    return session.read(execution.SUMMARY, request, items="by_symbol", ids="symbol", table=tables.summary)


@command.verb("trace", "seq --local execution trace demo-2")
def trace(session: Session, identity: Id, most: Max = "100") -> Result:
    """Every step of an order with its nanosecond: received, checked, routed, filled, on disk."""
    name = ordering.order_of(words.identity(identity))
    query = execution.TraceQuery(node_order_id=name, limit=words.count(most, "--max", most=1000))
    return session.read(execution.TRACES, Request(query=query), items="events", ids="stage", table=tables.trace)


def _named(identity: str) -> Request:
    return Request(path={"node_order_id": ordering.order_of(words.identity(identity))})


def _sketch(symbol: str, side: str, qty: str, urgency: str | None) -> execution.Sketch:
    amount = Decimal(int(ordering.quantity(qty))).scaleb(-8)
    return execution.Sketch(
        symbol=words.symbol(symbol),
        side=words.one_of(side, ("buy", "sell"), "a side"),
        qty=Decimal(format(amount, "f")),
        urgency=urgency,
    )
