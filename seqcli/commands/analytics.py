"""`seq analytics`: what trading cost, how it was executed, how venues served."""

from typing import Annotated, Any

import typer

from seqcli.commands import reports, words
from seqcli.commands.grammar import Noun
from seqcli.commands.reports import HtmlOption
from seqcli.commands.session import Session
from seqcli.commands.words import Max, Symbol, SymbolOption, VenueOption
from seqcli.errors import Usage
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
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From then on: ISO 8601; 30 days if absent.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until then: ISO 8601.")]
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
    html: HtmlOption = None,
) -> Result:
    """What ended orders cost: shortfall, spread, impact, fees, savings. Positive is a cost; means weigh by notional."""
    reports.check(html)
    which = words.optional_one_of(by, BY, "what costs can be split by")
    given = _given(symbol, venue, since, until, routing)
    result = _tca(session, which, given, most)
    if html is not None and not session.options.dry_run:
        others = [(name, part) for part, name in _PARTS.items() if part != which]
        shown = [(_PARTS[which], reports.blocks_of(result))]
        shown += [(name, reports.blocks_of(_tca(session, part, given, most))) for name, part in others]
        reports.written(session, html, "What trading cost", shown)
    return result


_PARTS = {None: "Costs", "hour": "By hour", "day": "By day", "venue": "By venue", "quality": "Quality"}


def _tca(session: Session, which: str | None, given: dict[str, Any], most: str) -> Result:
    if which in ("hour", "day"):
        timed = analytics.TimeseriesFilter(**given, interval="1h" if which == "hour" else "1d")
        return session.read(
            analytics.TIMESERIES, Request(query=timed), items="points", ids="ts_ns", table=tables.timeseries
        )
    if which == "venue":
        request = Request(query=analytics.Filter(**given))
        return session.read(analytics.TCA_VENUES, request, items="venues", ids="venue", table=tables.tca_venues)
    if which == "quality":
        return session.read(analytics.QUALITY, Request(query=analytics.Filter(**given)), table=tables.quality)
    query = analytics.PageFilter(**given, limit=words.count(most, "--max", most=1000))
    return session.read(analytics.TCA, Request(query=query), items="orders", ids="node_order_id", table=tables.tca)


@command.verb("execution", "seq --local analytics execution")
def execution(
    session: Session,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    since: Since = None,
    until: Until = None,
) -> Result:
    """Orders by their end, fills, latency of submission, and what they cost."""
    query = analytics.Filter(**_given(symbol, venue, since, until, None))
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
    query = analytics.Filter(**_given(symbol, venue, since, until, None))
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
    query = analytics.Filter(**_given(symbol, venue, since, until, None))
    return session.read(
        analytics.AB_REPORT, Request(query=query), items="versions", ids="routing_version", table=tables.ab
    )


def _given(
    symbol: str | None, venue: str | None, since: str | None, until: str | None, version: str | None
) -> dict[str, Any]:
    return {
        "symbol": words.optional(words.symbol, symbol),
        "venue": words.optional(words.venue, venue),
        "since": _time(since, "--since"),
        "until": _time(until, "--until"),
        "routing_version": None if version is None else words.count(version, "--routing-version", most=3),
    }


def _time(text: str | None, option: str) -> str | None:
    from datetime import datetime

    if text is None or (text.isascii() and text.isdigit()):
        return text
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{option} {text!r} is no time", hint=f"for example {option} 2026-07-28T12:00:00Z") from None
    return text
