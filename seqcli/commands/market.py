"""`seq market`: what can be traded, where, and at which fees; the other verbs stand in files of their own."""

import contextlib
from typing import Annotated

import typer

from seqcli import files
from seqcli.commands import market_book, market_dex, market_funding, market_history, market_intel, market_route, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.words import Symbol, VenueOption
from seqcli.errors import Failure
from seqcli.profile import paths
from seqcli.views import Result
from seqcli.views import market as tables
from seqcli.wire import health, market
from seqcli.wire.operation import Request

command = Noun(
    "market",
    "Books, prices of the past, funding, fair prices, symbols, fees, venues, pools, tokens, and what size costs.",
    examples=("seq --local market symbols ETH",),
)

TYPES = ("spot", "perp", "prediction")
TypeOption = Annotated[str | None, typer.Option("--type", metavar="spot|perp|prediction", help="Only this type.")]
Pair = Annotated[
    str | None, typer.Argument(metavar="[SYMBOL]", help="Such as ETH-USD; none: every venue.", show_default=False)
]
Venues = Annotated[
    str | None,
    typer.Option("--venue", metavar="VENUE[,VENUE]", help="Only these venues; default: those that trade it."),
]
Text = Annotated[str | None, typer.Argument(metavar="[TEXT]", help="Only symbols with this text.", show_default=False)]


@command.verb(
    "symbols",
    "seq --local market symbols ETH",
    "seq --local market symbols --venue okx --type perp --fields symbol -o csv",
)
def symbols(session: Session, text: Text = None, venue: VenueOption = None, kind: TypeOption = None) -> Result:
    """What can be traded, with sizes and venues."""
    query = market.SymbolsQuery(
        venue=words.optional(words.venue, venue), type=words.optional_one_of(kind, TYPES, "a type"), q=text
    )
    request = Request(query=query)
    if session.options.dry_run:
        return session.planned((market.SYMBOLS, request))
    reply = session.client.call(market.SYMBOLS, request)
    items = "symbols" if isinstance(reply.body, dict) else ""
    result = session.seen(reply.body, raw=reply.raw, items=items, ids="symbol", table=tables.symbols)
    if query == market.SymbolsQuery():
        _remember(result.ids)
    return result


def _remember(names: list[str]) -> None:
    """Keep the names for the shell's completion, which asks nobody; a completion is not worth a failure."""
    lines = [f"{name}\n" for name in names if words.is_symbol(name)]
    with contextlib.suppress(Failure):
        files.replace(paths.state_dir() / paths.SYMBOLS, "".join(lines).encode())


@command.verb(
    "fees", "seq --local market fees ETH-USD", "seq --local market fees ETH-USD --venue kraken,binance -o csv"
)
def fees(session: Session, symbol: Symbol, venue: Venues = None) -> Result:
    """Maker and taker rates of each venue in basis points; blank: no data, nothing is routed there."""
    query = market.FeesQuery(ticker=words.symbol(symbol), venues=words.optional(words.venues, venue))
    return session.read(market.FEES, Request(query=query), items="fees", ids="venue", table=tables.fees)


@command.verb("venues", "seq --local market venues", "seq --local market venues ETH-USD")
def venues(session: Session, symbol: Pair = None) -> Result:
    """Every venue; or those that trade a symbol, with its name, sizes and fees there."""
    if symbol is None:
        return _every_venue(session)
    request = Request(path={"symbol": words.symbol(symbol)})
    return session.read(market.PAIR_VENUES, request, items="venues", ids="venue", table=tables.venues)


def _every_venue(session: Session) -> Result:
    """The edges; spot and perps of one exchange are two of them, but one venue."""
    result = session.read(health.EDGE_LIST, Request(), items="edges", ids="venue", table=tables.every_venue)
    return result.but(ids=list(dict.fromkeys(result.ids)))


command.verb(
    "book",
    "seq --local market book ETH-USD",
    "seq --local market book BTC-USD --venue kraken --depth 20",
    "seq market book BTC-USD --watch",
)(market_book.book)
command.verb(
    "history",
    "seq --local market history BTC-USD --range 6h",
    "seq --local market history BTC-USD --venue kraken --range 1m --every 4h -o csv",
    "seq --local market history ETH-USD --ticks --max 5",
)(market_history.prices)
command.verb(
    "funding",
    "seq --local market funding BTC-USD-PERP",
    "seq --local market funding BTC-USD-PERP --venue hyperliquid --history --range 1w",
)(market_funding.funding)
command.verb("fair-price", "seq --local market fair-price BTC ETH")(market_funding.fair_price)
command.verb(
    "pools",
    "seq --local market pools ETH-USDC",
    "seq --local market pools --chain solana --all -o csv",
)(market_dex.pools)
command.verb("token", "seq --local market token ETH")(market_dex.token)
command.verb("route", "seq --local market route ETH-USD buy 10")(market_route.route)
command.noun(market_intel.command)
