"""`seq graph`: execution graphs as the exchange holds them."""

from typing import Annotated

import typer

from seqcli.commands import pages, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max
from seqcli.views import Result
from seqcli.views import orders as tables
from seqcli.wire import graphs
from seqcli.wire.operation import Request

command = Noun(
    "graph", "Execution graphs: list, show, cancel, resume.", alone=("list",), examples=("seq --local graph",)
)

Id = Annotated[str, typer.Argument(metavar="GRAPH_ID", help="See: seq graph list.", show_default=False)]
Status = Annotated[str | None, typer.Option("--status", metavar="STATUS", help="Such as RUNNING; comma-separated.")]


@command.verb("list", "seq --local graph list")
def listed(session: Session, status: Status = None, most: Max = "50", every: All = False) -> Result:
    """Graphs, newest first."""
    query = graphs.ListQuery(status=status)
    wanted = pages.limit(most, every)
    return pages.read(session, graphs.LIST, query, "execution_graphs", most=wanted, ids="graph_id", table=tables.graphs)


@command.verb("show", "seq --local graph show demo-1")
def show(session: Session, identity: Id) -> Result:
    """One graph with its nodes and orders."""
    return session.read(graphs.SHOW, _request(identity), ids="graph_id", table=tables.graph)


@command.verb("cancel", "seq --local graph cancel demo-1")
def cancel(session: Session, identity: Id) -> Result:
    """Cancel every open order of a graph; never asks."""
    return session.change(graphs.CANCEL, _request(identity), ids="graph_id", table=tables.changed)


@command.verb("resume", "seq --local graph resume demo-1")
def resume(session: Session, identity: Id) -> Result:
    """Go on with a paused graph."""
    return session.change(graphs.RESUME, _request(identity), ids="graph_id", table=tables.changed)


def _request(identity: str) -> Request:
    return Request(path={"graph_id": words.identity(identity)})
