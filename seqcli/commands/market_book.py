"""`seq market book SYMBOL`: the order book as a ladder, over all venues or of one."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import typer

from seqcli.commands import watching, words
from seqcli.commands.quote import nearest
from seqcli.commands.session import Session
from seqcli.commands.words import Symbol
from seqcli.errors import NotFound
from seqcli.views import Result
from seqcli.views import intelligence as tables
from seqcli.wire import intelligence
from seqcli.wire.operation import Request

Depth = Annotated[str, typer.Option("--depth", metavar="N", help="Levels a side, 1 to 100.", show_default=True)]
Venue = Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="Of this venue; default: of all together.")]
Watch = Annotated[bool, typer.Option("--watch", help="Again at each change until Ctrl-C.")]


def book(
    session: Session, symbol: Symbol, *, venue: Venue = None, depth: Depth = "8", watch: Watch = False
) -> Result | Iterator[Result]:
    """A ladder: asks above bids, sizes, totals from the middle outwards, and which side holds more."""
    name, where = words.symbol(symbol), words.optional(words.venue, venue)
    request = Request(
        query=intelligence.DepthQuery(symbol=name, depth=words.count(depth, "--depth", 1, 100), venue=where)
    )
    if session.options.dry_run:
        return session.planned((intelligence.DEPTH, request))
    if not watch:
        return _asked(session, request, where)
    return watching.watched(session, lambda: _asked(session, request, where), topics=[f"book:{name}"])


def _asked(session: Session, request: Request, venue: str | None) -> Result:
    table = partial(tables.book, venue=venue)
    result = session.read(intelligence.DEPTH, request, ids="symbol", table=table)
    result = result.but(failure=_missing(session, result, venue))
    return result.but(body=_levels(result.body), items="") if session.options.output == "csv" else result


def _levels(body: Any) -> list[dict[str, Any]]:
    """A row a level, the best first: what a spreadsheet wants of a book."""
    known = body if isinstance(body, dict) else {}
    rows = []
    for side, name in (("bid", "bids"), ("ask", "asks")):
        for level in known.get(name) or []:
            price, size = level if isinstance(level, list) and len(level) == 2 else (None, None)  # noqa: PLR2004 - a pair
            rows.append({"symbol": known.get("symbol"), "side": side, "price": price, "size": size})
    return rows


def _missing(session: Session, result: Result, venue: str | None) -> NotFound | None:
    body = result.body if isinstance(result.body, dict) else {}
    venues, symbol = body.get("venues"), body.get("symbol")
    if body.get("source") != "unavailable" and (venue is None or not isinstance(venues, dict) or venue in venues):
        return None
    if venue is None:
        return NotFound(f"no venue shows a book of {symbol}", hint=nearest(session, str(symbol)))
    return NotFound(f"{venue} shows no book of {symbol}", hint=f"see: seq market venues {symbol}")
