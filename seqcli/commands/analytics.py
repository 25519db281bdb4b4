"""`seq analytics`: what trading cost, how it was executed, how venues served."""

from typing import Annotated, Any

import typer

from seqcli.commands import pages, reports, words
from seqcli.commands.grammar import Noun
from seqcli.commands.reports import HtmlOption
from seqcli.commands.session import Session
from seqcli.commands.windows import Since, Until, given
from seqcli.commands.words import All, Max, Symbol, SymbolOption, VenueOption
from seqcli.views import Result
from seqcli.views import analytics as tables
from seqcli.wire import analytics
from seqcli.wire.operation import Request

command = Noun(
    "analytics",
    "What trading cost, how it was executed, how venues served.",
    alone=("tca",),
    examples=("seq --local analytics tca",),
)

BY = ("hour", "day", "venue", "quality")
VersionOption = Annotated[
    str | None, typer.Option("--routing-version", metavar="1|2|3", help="Only orders of this version of the router.")
]
By = Annotated[
    str | None, typer.Option("--by", metavar="hour|day|venue|quality", help="Costs by time, venue, quality.")
]


@command.verb(
    "tca",
    "seq --local analytics tca --symbol ETH-USD",
    "seq --local analytics tca --by venue",
    "seq --local analytics tca --all -o csv",
    "seq --local analytics tca --html tca.html",
)
def tca(
    session: Session,
    *,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
    routing: VersionOption = None,
    by: By = None,
    most: Max = "50",
    every: All = False,
    html: HtmlOption = None,
) -> Result:
    """What ended orders cost: shortfall, spread, impact, fees, savings. Positive is a cost; means weigh by notional."""
    reports.check(html)
    which = words.optional_one_of(by, BY, "what costs can be split by")
    which_orders = given(symbol, venue, since, until)
    which_orders["routing_version"] = None if routing is None else words.count(routing, "--routing-version", most=3)
    rows = None if every else words.count(most, "--max")
    result = _tca(session, which, which_orders, rows)
    if html is not None and not session.options.dry_run:
        others = [(name, part) for part, name in _PARTS.items() if part != which]
        shown = [(_PARTS[which], reports.blocks_of(result))]
        shown += [(name, reports.blocks_of(_tca(session, part, which_orders, rows))) for name, part in others]
        reports.written(session, html, "What trading cost", shown)
    return result


_PARTS = {None: "Costs", "hour": "By hour", "day": "By day", "venue": "By venue", "quality": "Quality"}


def _tca(session: Session, which: str | None, orders: dict[str, Any], rows: int | None) -> Result:
    if which in ("hour", "day"):
        timed = analytics.TimeseriesFilter(**orders, interval="1h" if which == "hour" else "1d")
        return session.read(
            analytics.TIMESERIES, Request(query=timed), items="points", ids="ts_ns", table=tables.timeseries
        )
    if which == "venue":
        request = Request(query=analytics.Filter(**orders))
        return session.read(analytics.TCA_VENUES, request, items="venues", ids="venue", table=tables.tca_venues)
    if which == "quality":
        return session.read(analytics.QUALITY, Request(query=analytics.Filter(**orders)), table=tables.quality)
    query = analytics.PageFilter(**orders)
    return pages.read(session, analytics.TCA, query, "orders", most=rows, ids="node_order_id", table=tables.tca)


@command.verb("execution", "seq --local analytics execution")
def execution(
    session: Session,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """Orders by their end, fills, latency of submission, and what they cost."""
    query = analytics.Filter(**given(symbol, venue, since, until))
    return session.read(analytics.EXECUTION, Request(query=query), table=tables.execution)


@command.verb("venues", "seq --local analytics venues")
def venues(
    session: Session,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """How each venue served what was sent there: acknowledged, filled, rejected; cost by size."""
    query = analytics.Filter(**given(symbol, venue, since, until))
    return session.read(analytics.VENUES, Request(query=query), items="venues", ids="venue", table=tables.venues)


@command.verb("market", "seq --local analytics market ETH-USD")
def market(session: Session, symbol: Symbol) -> Result:
    """A symbol now: touch, visible depth in USD on both sides, imbalance, each venue's touch."""
    request = Request(path={"symbol": words.symbol(symbol)})
    return session.read(analytics.MARKET, request, ids="symbol", table=tables.market)


@command.verb("portfolio", "seq --local analytics portfolio")
def portfolio(session: Session) -> Result:
    """Worth, profit and loss after fees, and how concentrated it is; cash is no concentration."""
    return session.read(analytics.PORTFOLIO, Request(), items="symbols", ids="symbol", table=tables.portfolio)


@command.verb("ab", "seq --local analytics ab")
def ab(
    session: Session,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """Versions of the router compared: the first against the cheapest other with at least 30 orders.

    A difference of the mean cost an order is significant when Welch's test says so at 5 %.
    """
    query = analytics.Filter(**given(symbol, venue, since, until))
    return session.read(
        analytics.AB_REPORT, Request(query=query), items="versions", ids="routing_version", table=tables.ab
    )
