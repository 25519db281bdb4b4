"""`seq predict`: prediction markets on Kalshi and Polymarket – find, look, settle, redeem."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from seqcli import units
from seqcli.commands import speaking, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.views import Result
from seqcli.views import predict as tables
from seqcli.wire import predict, streams
from seqcli.wire.operation import Operation, Request

command = Noun(
    "predict",
    "Prediction markets: search, settlement, redeem, rewards. Orders take their names as any symbol.",
    examples=("seq --local predict markets --max 5", "seq --local predict rewards"),
)

_PAGE = 500
Slug = Annotated[
    str, typer.Argument(metavar="MARKET", help="A ticker, slug, token id or event URL.", show_default=False)
]
Venue = Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="kalshi or polymarket.")]
Underlying = Annotated[bool, typer.Option("--underlying", help="With the price of the asset over the window.")]
Token = Annotated[str | None, typer.Argument(metavar="[TOKEN]", help="Only this token's programme.")]


class Filter(msgspec.Struct):
    """Which markets."""

    query: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="In tickers and questions.")] = None
    venue: Venue = None
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="A tag, or a Kalshi series.")] = None
    resolved: Annotated[bool, typer.Option("--resolved", help="Only resolved ones.")] = False
    any_state: Annotated[bool, typer.Option("--any-state", help="Whatever their state.")] = False
    expand: Annotated[
        str | None, typer.Option("--expand", metavar="outcomes", help="A row an outcome of events with several.")
    ] = None


class Followed(msgspec.Struct):
    """What of the life of markets, and for how long."""

    new: Annotated[bool, typer.Option("--new", help="Only new ones.")] = False
    resolved: Annotated[bool, typer.Option("--resolved", help="Only resolved ones.")] = False
    venue: Venue = None
    max_events: Annotated[str | None, typer.Option("--max-events", metavar="N", help="End after N events.")] = None
    duration: Annotated[str | None, typer.Option("--for", metavar="10s", help="End after this time; status 0.")] = None


@command.verb("markets", "seq --local predict markets --max 5", "seq --local predict markets BTC --venue kalshi --all")
def markets(session: Session, which: Filter, most: words.Max = "50", every: words.All = False) -> Result:
    """Markets that trade now, by text, tag and venue; --all walks to the end."""
    query = _query(which)
    wanted = None if every else words.count(most, "--max")
    if session.options.dry_run:
        limit = _PAGE if wanted is None else min(wanted, _PAGE)
        return session.planned((predict.MARKETS, Request(query=msgspec.structs.replace(query, limit=limit))))
    rows: list[Any] = []
    for page in speaking.progress(_walk(session, query, wanted), "markets"):
        rows += page
    body = {"markets": rows, "count": len(rows), "venue": query.venue}
    return session.seen(body, items="markets", ids="symbol", table=tables.listed)


@command.verb("show", "seq predict show KXBTCD-26DEC3117-T75000")
def show(session: Session, market: Slug, venue: Venue = None) -> Result:
    """One market: its tokens, prices and times."""
    name = words.symbol(market)
    token = name.isdigit()
    query = predict.MarketsQuery(
        venue=words.optional_one_of(venue, predict.VENUES, "a venue of prediction markets") or _venue_of(name),
        slug=None if token else name.partition(":")[0] if not name.startswith("https:") else name,
        clob_token_id=name if token else None,
        active=False if token else None,
        limit=1,
    )
    if session.options.dry_run:
        return session.planned((predict.MARKETS, Request(query=query)))
    body = session.client.call(predict.MARKETS, Request(query=query)).body
    rows = body.get("markets") if isinstance(body, dict) else body
    if not rows:
        raise NotFound(f"no market is called {market}", hint="see: seq predict markets TEXT")
    return session.seen(rows[0], ids="symbol", table=tables.one)


@command.verb("settlement", "seq predict settlement btc-updown-15m-1795779000 --underlying")
def settlement(session: Session, market: Slug, venue: Venue = None, underlying: Underlying = False) -> Result:
    """Open, resolving or resolved, and what came true."""
    query = predict.SettlementQuery(
        venue=words.optional_one_of(venue, predict.VENUES, "a venue of prediction markets"),
        underlying=True if underlying else None,
    )
    request = Request(path={"slug": words.symbol(market)}, query=query)
    return session.read(predict.SETTLEMENT, request, ids="slug", table=tables.settlement)


@command.verb("redeem", "seq predict redeem btc-updown-15m-1795779000")
def redeem(session: Session, market: Slug, venue: Venue = None) -> Result:
    """Collect what a resolved market owes; there may be nothing to collect. Sent once, never repeated by itself."""
    query = predict.VenueQuery(venue=words.optional_one_of(venue, predict.VENUES, "a venue of prediction markets"))
    request = Request(path={"slug": words.symbol(market)}, query=query)
    if session.options.dry_run:
        return session.planned((predict.REDEEM, request))
    look = f"look before you repeat it: seq portfolio positions --kind event_contract, seq predict settlement {market}"
    reply = session.changed(predict.REDEEM, request, look=look)
    return session.seen(reply.body, raw=reply.raw, ids="slug", table=tables.redeemed)


@command.verb("rewards", "seq --local predict rewards")
def rewards(session: Session, token: Token = None) -> Result:
    """What makers earn by quoting: programmes by token."""
    if token is not None:
        request = Request(path={"token_id": words.symbol(token)})
        return session.read(predict.REWARD, request, ids="token_id", table=tables.reward)
    return session.read(predict.REWARDS, Request(), items="rewards", ids="token_id", table=tables.rewards)


def _query(which: Filter) -> predict.MarketsQuery:
    if which.resolved and which.any_state:
        raise Usage("--resolved and --any-state exclude each other", hint="choose one")
    active, closed = (False, True) if which.resolved else (False, False) if which.any_state else (None, None)
    return predict.MarketsQuery(
        venue=words.optional_one_of(which.venue, predict.VENUES, "a venue of prediction markets") or "polymarket",
        q=which.query,
        tag=which.tag,
        active=active,
        closed=closed,
        expand=words.optional_one_of(which.expand, ("outcomes",), "something that can be expanded"),
    )


def _venue_of(name: str) -> str:
    """A ticker in capitals is Kalshi's; slugs and tokens are Polymarket's."""
    return "kalshi" if name.partition("-")[0].isupper() else "polymarket"


def _walk(session: Session, query: predict.MarketsQuery, wanted: int | None) -> Iterator[list[Any]]:
    """Pages by their cursors until the end, or until there are enough rows. A cursor that comes again ends it."""
    seen: set[str] = set()
    left = wanted
    while left is None or left > 0:
        page = msgspec.structs.replace(query, limit=_PAGE if left is None else min(left, _PAGE))
        body = session.client.call(predict.MARKETS, Request(query=page)).body
        rows = body.get("markets") if isinstance(body, dict) else body
        rows = (rows or [])[:left]
        yield rows
        left = None if left is None else left - len(rows)
        cursor = body.get("next_cursor") if isinstance(body, dict) and body.get("has_more") else None
        if not cursor or not rows or cursor in seen:
            return
        seen.add(cursor)
        query = msgspec.structs.replace(query, cursor=cursor)


@command.verb("follow", "seq --local predict follow --max-events 3", "seq predict follow --resolved --json")
def follow(session: Session, what: Followed) -> Result | Iterator[Result]:
    """Markets as they begin to trade – the last ones first – and as they are resolved, until Ctrl-C."""
    if what.new and what.resolved:
        raise Usage("--new and --resolved are both given", hint="neither means both")
    venue = words.optional_one_of(what.venue, ("kalshi", "polymarket"), "a venue of prediction markets")
    most = None if what.max_events is None else words.count(what.max_events, "--max-events")
    seconds = None if what.duration is None else int(words.duration(what.duration, "--for")) / units.SECOND
    sockets = [streams.NEW_MARKETS] * (not what.resolved) + [streams.MARKET_RESOLVED] * (not what.new)
    if session.options.dry_run:
        asked = (Operation(name=one.name, method="GET", path=one.path, summary=one.summary) for one in sockets)
        return session.planned(*((operation, Request()) for operation in asked))
    from seqcli.commands import following

    return following.markets(session, sockets, venue, (most, seconds))
