"""`seq market funding`, `seq market fair-price`: what perps are funded at, and one price an asset over all venues."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer

from seqcli.commands import watching, words
from seqcli.commands.session import Session
from seqcli.commands.words import VenueOption
from seqcli.errors import Failure, NotFound, Partial, Usage
from seqcli.views import Result
from seqcli.views import history as tables
from seqcli.wire import history
from seqcli.wire.operation import Request

Perp = Annotated[
    str | None, typer.Argument(metavar="[SYMBOL]", help="Such as BTC-USD-PERP, or its plain pair.", show_default=False)
]
Past = Annotated[bool, typer.Option("--history", help="What was settled; needs a symbol and a venue.")]
Range = Annotated[str | None, typer.Option("--range", metavar="RANGE", help="1d 1w 1m 3m 6m 1y 2y 5y max; default 1m.")]
Picture = Annotated[str, typer.Option("--chart", metavar="KIND", help="Of a table: line, or none for the rows.")]
Watch = Annotated[bool, typer.Option("--watch", help="Again at each change until Ctrl-C.")]
Underlyings = Annotated[
    list[str] | None, typer.Argument(metavar="[UNDERLYING...]", help="Such as BTC; default all.", show_default=False)
]


def funding(
    session: Session,
    *,
    symbol: Perp = None,
    venue: VenueOption = None,
    past: Past = False,
    span: Range = None,
    chart: Picture = "line",
    watch: Watch = False,
) -> Result | Iterator[Result]:
    """What perps are funded at now, in basis points an hour; with --history what was settled."""
    name = words.optional(words.symbol, symbol)
    where = words.optional(words.venue, venue)
    picture = words.one_of(chart, ("line", "none"), "a chart")
    if past:
        if watch:
            raise Usage("--history does not change", hint="leave out --watch, or --history")
        return _settled(session, name, where, span, picture)
    if span is not None:
        raise Usage("--range is for --history", hint="add --history, or leave out --range")
    request = Request(query=history.FundingRatesQuery(venue=where, symbol=name))
    if session.options.dry_run:
        return session.planned((history.FUNDING_RATES, request))
    if not watch:
        return _rates(session, request)
    topic = ":".join(("funding", *(part for part in (where, name if where else None) if part)))
    return watching.watched(session, lambda: _rates(session, request), topics=[topic])


def _rates(session: Session, request: Request) -> Result:
    return session.read(history.FUNDING_RATES, request, items="rates", ids="venue", table=tables.rates)


def _settled(session: Session, symbol: str | None, venue: str | None, span: str | None, chart: str) -> Result:
    if symbol is None or venue is None:
        raise Usage("whose history?", hint="for example: seq market funding BTC-USD-PERP --venue binance --history")
    name = words.optional_one_of(span, history.FUNDING_RANGES, "a range")
    request = Request(path={"symbol": symbol}, query=history.FundingHistoryQuery(venue=venue, range=name))
    table = partial(tables.settled, chart=chart)
    return session.read(history.FUNDING, request, items="points", ids="ts_ns", table=table)


def fair_price(session: Session, underlyings: Underlyings = None, watch: Watch = False) -> Result | Iterator[Result]:
    """The mean of both sides' average price over $250,000 of the merged books."""
    names = [words.symbol(name).upper() for name in underlyings or []]
    request = Request(query=history.FairPriceQuery(underlying=",".join(names) or None))
    if session.options.dry_run:
        return session.planned((history.FAIR_PRICE, request))
    if not watch:
        return _fair(session, request, names)
    topics = [f"fair_price:{name}" for name in names] or ["fair_price"]
    return watching.watched(session, lambda: _fair(session, request, names), topics=topics)


def _fair(session: Session, request: Request, names: list[str]) -> Result:
    reply = session.client.call(history.FAIR_PRICE, request)
    return session.seen(
        reply.body,
        raw=reply.raw,
        items="fair_prices",
        ids="underlying",
        table=tables.fair_prices,
        failure=_missing(reply.body, names),
    )


def _missing(body: Any, names: list[str]) -> Failure | None:
    rows = body.get("fair_prices") if isinstance(body, dict) else None
    found = {row.get("underlying") for row in rows or [] if isinstance(row, dict)}
    missing = [name for name in names if name not in found]
    if not missing:
        return None
    sentence = f"no fair price: {', '.join(missing)}"
    hint = "an asset such as BTC is wanted, not a pair; see: seq market fair-price"
    return NotFound(sentence, hint=hint) if len(missing) == len(names) else Partial(sentence, hint=hint)
