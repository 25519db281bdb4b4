"""`seq fills`: what was executed, newest first."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from seqcli.commands import pages, watching, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max, SymbolOption, VenueOption
from seqcli.views import Result
from seqcli.views import fills as tables
from seqcli.wire import fills

command = Noun("fills", "What was executed, newest first.", alone=("list",), examples=("seq --local fills",))

OrderOption = Annotated[str | None, typer.Option("--order", metavar="ID", help="Only this order or graph.")]

Follow = Annotated[bool, typer.Option("--follow", help="Each new one as it comes, until Ctrl-C.")]


@command.verb("list", "seq --local fills list --symbol ETH-USD")
def listed(
    session: Session,
    *,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    order: OrderOption = None,
    most: Max = "50",
    every: All = False,
    follow: Follow = False,
) -> Result | Iterator[Result]:
    """Fills with price, quantity, fee and venue.

    With --follow a terminal keeps the newest on its screen; a program gets each new one, once, as a line.
    """
    query = fills.ListQuery(
        symbol=words.optional(words.symbol, symbol),
        venue=words.optional(words.venue, venue),
        **words.order_or_graph(order),
    )
    most_wanted = pages.limit(most, every)

    def ask() -> Result:
        return pages.read(
            session,
            fills.LIST,
            query,
            "fills",
            most=most_wanted,
            ids="fill_id",
            table=tables.fills,
            keep=lambda fill: _is_meant(fill, query),
        )

    if not follow or session.options.dry_run:
        return ask()
    from seqcli.commands import following, streaming

    if streaming.is_for_people(session):
        return watching.watched(session, ask, topics=["fills"])
    return following.fills(session, lambda fill: _is_meant(fill, query))


def _is_meant(fill: Any, query: fills.ListQuery) -> bool:
    """The filters again: the hosted service may know the symbol only."""
    wanted = ((name, getattr(query, name)) for name in ("symbol", "venue", "graph_id", "node_order_id"))
    return all(value is None or fill.get(name) == value for name, value in wanted)
