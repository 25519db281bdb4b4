"""`seq fills`: what was executed, newest first."""

from typing import Annotated, Any

import typer

from seqcli.commands import pages, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max, SymbolOption, VenueOption
from seqcli.views import Result
from seqcli.views import fills as tables
from seqcli.wire import fills

command = Noun("fills", "What was executed, newest first.", alone=("list",), examples=("seq --local fills",))

OrderOption = Annotated[str | None, typer.Option("--order", metavar="ID", help="Only this order or graph.")]


@command.verb("list", "seq --local fills list --symbol ETH-USD")
def listed(
    session: Session,
    *,
    symbol: SymbolOption = None,
    venue: VenueOption = None,
    order: OrderOption = None,
    most: Max = "50",
    every: All = False,
) -> Result:
    """Fills with price, quantity, fee and venue."""
    query = fills.ListQuery(
        symbol=words.optional(words.symbol, symbol),
        venue=words.optional(words.venue, venue),
        **words.order_or_graph(order),
    )
    most_wanted = pages.limit(most, every)
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


def _is_meant(fill: Any, query: fills.ListQuery) -> bool:
    """The filters again: the hosted service may know the symbol only."""
    wanted = ((name, getattr(query, name)) for name in ("venue", "graph_id", "node_order_id"))
    return all(value is None or fill.get(name) == value for name, value in wanted)
