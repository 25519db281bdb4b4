"""`seq market intel`: what the books hold, what size costs, and how each venue behaves."""

from typing import Annotated

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.quote import nearest
from seqcli.commands.session import Session
from seqcli.commands.words import Symbol
from seqcli.errors import NotFound, Usage
from seqcli.units import parse_scaled
from seqcli.views import Result
from seqcli.views import intelligence as tables
from seqcli.wire import intelligence
from seqcli.wire.operation import Request


class Intel(Noun):
    """`seq market intel SYMBOL` is `seq market intel venues SYMBOL`."""

    def words_of(self, words: list[str]) -> list[str]:
        """The verb and its words; a verb is written in small letters, which no symbol is."""
        return ["venues", *words] if words and not words[0].startswith("-") and not words[0].islower() else words


command = Intel(
    "intel",
    "What the books hold, what size costs in them, and how each venue behaves.",
    examples=("seq --local market intel slippage ETH-USD", "seq --local market intel ETH-USD"),
)
Side = Annotated[str, typer.Option("--side", metavar="buy|sell", help="Which way.", show_default=True)]
Sizes = Annotated[
    str | None,
    typer.Option("--sizes", metavar="USD,USD", help="US dollars; default 1000,10000,100000,1000000, at most 20."),
]
Depth = Annotated[str, typer.Option("--depth", metavar="N", help="Levels a side, 1 to 100.", show_default=True)]


@command.verb("venues", "seq --local market intel venues ETH-USD")
def venues(session: Session, symbol: Symbol) -> Result:
    """Of the last minutes: share of the trading, spread against its usual one, toxicity, books a trade."""
    query = intelligence.VenuesQuery(symbol=words.symbol(symbol))
    request = Request(query=query)
    result = session.read(intelligence.VENUES, request, items="venues", ids="venue", table=tables.venues)
    return _known(session, symbol, result)


@command.verb(
    "slippage",
    "seq --local market intel slippage ETH-USD",
    "seq --local market intel slippage BTC-USD --side sell --sizes 5000,50000,5000000",
)
def slippage(session: Session, symbol: Symbol, *, side: Side = "buy", sizes: Sizes = None) -> Result:
    """What a market order of so much money would get now: average price, and how far that is from the middle."""
    query = intelligence.SlippageQuery(
        symbol=words.symbol(symbol),
        side=words.one_of(side, ("buy", "sell"), "a side"),
        sizes=words.optional(_sizes, sizes),
    )
    request = Request(query=query)
    result = session.read(intelligence.SLIPPAGE, request, items="curve", ids="size_usd", table=tables.slippage)
    return _known(session, symbol, result)


@command.verb("depth", "seq --local market intel depth ETH-USD --depth 5")
def depth(session: Session, symbol: Symbol, *, levels: Depth = "20") -> Result:
    """How much each venue shows, and at which best prices; the ladder itself: seq market book."""
    query = intelligence.DepthQuery(symbol=words.symbol(symbol), depth=words.count(levels, "--depth", 1, 100))
    result = session.read(intelligence.DEPTH, Request(query=query), ids="symbol", table=tables.depth)
    return _known(session, symbol, result)


def _known(session: Session, symbol: str, result: Result) -> Result:
    """The result; with its failure where nothing is known of the symbol."""
    if not isinstance(result.body, dict) or result.body.get("source") != "unavailable":
        return result
    return result.but(failure=NotFound(f"no venue shows a book of {symbol}", hint=nearest(session, symbol)))


def _sizes(text: str) -> str:
    """A comma list of amounts, as typed once each is one."""
    amounts = [word.strip() for word in text.split(",")]
    if len(amounts) > intelligence.MOST_SIZES:
        raise Usage(f"--sizes: {len(amounts)} are too many; at most {intelligence.MOST_SIZES}")
    for word in amounts:
        if parse_scaled(word, 9, "a size") <= 0:
            raise Usage(f"--sizes {word}: an amount above 0 is wanted", hint="for example --sizes 1000,50000")
    return ",".join(amounts)
