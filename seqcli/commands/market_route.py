"""`seq market route`: what the books say before one trades."""

from decimal import Decimal
from typing import Annotated

import typer

from seqcli.commands import ordering, words
from seqcli.commands.ordering import Side
from seqcli.commands.session import Session
from seqcli.commands.words import Symbol
from seqcli.views import Result
from seqcli.views import routes as tables
from seqcli.wire import intelligence
from seqcli.wire.operation import Request

URGENCIES = ("low", "medium", "high")
Urgency = Annotated[
    str | None, typer.Option("--urgency", metavar="low|medium|high", help="How much latency and impact weigh.")
]
Version = Annotated[
    str | None, typer.Option("--routing-version", metavar="1|2|3", help="The router's version; default: 1.")
]
Qty = Annotated[str, typer.Argument(metavar="QTY", help="Base units.", show_default=False)]


def route(
    session: Session,
    symbol: Symbol,
    side: Side,
    qty: Qty,
    *,
    routing: Version = None,
    urgency: Urgency = None,
) -> Result:
    """Where a market order would best go: parts, their cost, who was passed over and why. Nothing is sent."""
    amount = Decimal(int(ordering.quantity(qty))).scaleb(-8)
    query = intelligence.RoutingQuery(
        symbol=words.symbol(symbol),
        side=words.one_of(side, ("buy", "sell"), "a side"),
        qty=Decimal(format(amount, "f")),
        urgency=words.optional_one_of(urgency, URGENCIES, "an urgency"),
        routing_version=None if routing is None else words.count(routing, "--routing-version", most=3),
    )
    return session.read(intelligence.ROUTING, Request(query=query), items="legs", ids="venue", table=tables.route)
