"""`seq market pools`, `seq market token`: what stands on chains. Not every exchange offers it."""

from typing import Annotated

import typer

from seqcli.commands import pages, words
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max
from seqcli.errors import Failure, NotFound
from seqcli.views import Result
from seqcli.views import dex as tables
from seqcli.wire import dex
from seqcli.wire.operation import Request

Pair = Annotated[
    str | None,
    typer.Argument(metavar="[SYMBOL]", help="A pair on any chain (ETH-USDC), or a pool's symbol.", show_default=False),
]
Chain = Annotated[str | None, typer.Option("--chain", metavar="CHAIN", help=f"Of {', '.join(dex.CHAINS)}.")]
Protocol = Annotated[str | None, typer.Option("--protocol", metavar="NAME", help="Such as uniswap_v3 or orca.")]
Asset = Annotated[str, typer.Argument(metavar="SYMBOL", help="An asset such as ETH.", show_default=False)]


def pools(
    session: Session,
    *,
    symbol: Pair = None,
    chain: Chain = None,
    protocol: Protocol = None,
    most: Max = "50",
    every: All = False,
) -> Result:
    """Pools of decentralised exchanges: price, fee, money inside, and the exact figures of their curve."""
    query = dex.PoolsQuery(
        symbol=words.optional(words.symbol, symbol),
        chain=words.optional_one_of(chain, dex.CHAINS, "a chain"),
        protocol=words.optional_one_of(protocol, dex.PROTOCOLS, "a protocol"),
    )
    limit = pages.limit(most, every)
    result, failure = session.tried(
        lambda: pages.read(session, dex.POOLS, query, "pools", most=limit, ids="pool_id", table=tables.pools)
    )
    return _offered(result, failure, "pools")


def token(session: Session, symbol: Asset) -> Result:
    """An asset's dollar price, its contracts, its venues."""
    request = Request(path={"symbol": words.symbol(symbol)})
    result, failure = session.tried(lambda: session.read(dex.TOKEN, request, ids="symbol", table=tables.token))
    return _offered(result, failure, "tokens", symbol)


def _offered(result: Result, failure: Failure | None, what: str, name: str | None = None) -> Result:
    """The result. A path that the exchange does not know is told apart from a name that it does not."""
    if failure is None:
        return result
    said = failure.message.lower()
    if not isinstance(failure, NotFound) or (name is not None and name.lower() in said and "/v1/" not in said):
        raise failure
    raise NotFound(
        f"this exchange does not offer {what}",
        code="NOT_OFFERED",
        hint="the one in the box does: add --local",
        request_id=failure.request_id,
        http_status=failure.http_status,
    )
