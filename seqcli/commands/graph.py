"""`seq graph`: execution graphs, made, checked, submitted, watched, changed."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

import typer

from seqcli.commands import graph_files, graph_lists, graphing, ordering, pages, placing, words
from seqcli.commands.grammar import Noun
from seqcli.commands.graphing import Cover, Exits, Manner, Qty, Slices
from seqcli.commands.ordering import GraphId, OnPaper, Side, Terms
from seqcli.commands.placing import Waiting
from seqcli.commands.session import Session
from seqcli.commands.watching import watched
from seqcli.commands.words import All, Max, Symbol
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import graphs as tables
from seqcli.views import orders as order_tables
from seqcli.wire import graphs
from seqcli.wire.operation import Request

command = Noun(
    "graph",
    "Execution graphs: slices, brackets, hedges, or a file of nodes and edges.",
    alone=("list",),
    examples=("seq --local graph twap ETH-USD buy 10 --slices 10 --every 30s", "seq --local graph"),
)

Id = Annotated[str, typer.Argument(metavar="GRAPH_ID", help="See: seq graph list.", show_default=False)]
NodeId = Annotated[str, typer.Argument(metavar="NODE", help="See: seq graph show.", show_default=False)]
Status = Annotated[str | None, typer.Option("--status", metavar="STATUS", help="Such as RUNNING; comma-separated.")]
Source = Annotated[str, typer.Argument(metavar="FILE|-", help="JSON, or TOML in *.toml.", show_default=False)]
Watch = Annotated[bool, typer.Option("--watch", help="Again whenever it changes, until it has ended.")]
Unfolded = Annotated[bool, typer.Option("--all", help="Every slice, a line each.")]
Mermaid = Annotated[bool, typer.Option("--mermaid", help="As a flowchart for GitHub and other readers of Mermaid.")]
Total = Annotated[str | None, typer.Option("--qty", metavar="TOTAL", help="The new total, filled part included.")]
NewLimit = Annotated[str | None, typer.Option("--limit", "--price", metavar="P", help="The new limit price.")]


@command.verb("twap", "seq --local graph twap ETH-USD buy 10 --slices 10 --every 30s")
def twap(
    session: Session,
    *,
    symbol: Symbol,
    side: Side,
    slices: Slices,
    terms: Terms,
    waiting: Waiting,
    qty: ordering.Qty = None,
) -> Result:
    """Equal slices over time; the rest of a slice goes into the next."""
    return placing.place(session, graphing.twap(side, symbol, qty, slices, terms), waiting)


@command.verb("bracket", "seq --local graph bracket ETH-USD buy 1 --take-profit 9000 --stop-loss 500")
def bracket(
    session: Session, *, symbol: Symbol, side: Side, qty: Qty, exits: Exits, manner: Manner, waiting: Waiting
) -> Result:
    """An entry; once it is filled a take-profit and a stop-loss, one cancels the other."""
    return placing.place(session, graphing.bracket(side, symbol, qty, exits, manner), waiting)


@command.verb(
    "hedge",
    "seq --local graph hedge ETH-USD buy 1 --with ETH-USD-PERP --venue hyperliquid --at-ratio 0.5",
    "seq --local graph hedge ETH-USD buy 1 --with ETH-USD-PERP --streaming",
)
def hedge(session: Session, *, symbol: Symbol, side: Side, qty: Qty, cover: Cover, waiting: Waiting) -> Result:
    """An order, and one the other way once a part of it is filled, or with each of its fills."""
    return placing.place(session, graphing.hedge(side, symbol, qty, cover), waiting)


@command.verb("submit", "seq --local graph submit hedge.json --wait")
def submit(
    session: Session, source: Source, waiting: Waiting, graph_id: GraphId = None, sandbox: OnPaper = False
) -> Result:
    """A graph from a file, all of it or nothing. What stands in one: seq help graph-files."""
    graph = graph_files.graph_of(source)
    if graph_id is not None:
        graph.graph_id = ordering.graph_id(graph_id)
    if sandbox:
        graph.is_sandbox, graph.sandbox = True, None
    return placing.place(session, graph, waiting)


@command.verb("validate", "seq graph validate hedge.json")
def validate(session: Session, source: Source) -> Result:  # noqa: ARG001 - asks nobody
    """Every fault of a graph in a file, by the exchange's own rules; no key, no network. Status 3 with faults."""
    return graph_files.verdict(source)


@command.verb("list", "seq --local graph list")
def listed(session: Session, status: Status = None, most: Max = "50", every: All = False) -> Result:
    """Graphs, newest first."""
    return graph_lists.read(session, status, pages.limit(most, every))


@command.verb("show", "seq --local graph show demo-1", "seq --local graph show demo-1 --mermaid")
def show(
    session: Session,
    identity: Id,
    watch: Watch = False,
    unfolded: Unfolded = False,
    mermaid: Mermaid = False,
) -> Result | Iterator[Result]:
    """A graph as a tree: each node, how far it is filled, what it waits for."""
    if mermaid and watch:
        raise Usage("--mermaid and --watch are both given", hint="keep one of them")
    ask = partial(_shown, session, identity, unfolded=unfolded, mermaid=mermaid)
    if not watch or session.options.dry_run:
        return ask()
    return watched(session, ask, topics=("orders",), until=lambda result: has_ended(result.body))


def _shown(session: Session, identity: str, *, unfolded: bool, mermaid: bool) -> Result:
    from seqcli.views.mermaid import flowchart

    table = flowchart if mermaid else tables.drawn(unfolded=unfolded)
    return session.read(graphs.SHOW, _request(identity), ids="graph_id", table=table)


def has_ended(body: object) -> bool:
    """Whether a graph never changes again."""
    return isinstance(body, dict) and str(body.get("status")).upper() in graphs.TERMINAL


@command.verb("cancel", "seq --local graph cancel demo-1")
def cancel(session: Session, identity: Id) -> Result:
    """Cancel every open order of a graph, and what waits; never asks."""
    return session.change(graphs.CANCEL, _request(identity), ids="graph_id", table=order_tables.changed)


@command.verb("resume", "seq --local graph resume demo-1")
def resume(session: Session, identity: Id) -> Result:
    """Go on with a paused graph."""
    return session.change(graphs.RESUME, _request(identity), ids="graph_id", table=order_tables.changed)


@command.verb("amend-node", "seq --local graph amend-node demo-1 order --limit 1200")
def amend_node(session: Session, identity: Id, node: NodeId, total: Total = None, limit: NewLimit = None) -> Result:
    """Give a node a new total quantity, a new limit price, or both: its latest order, or what it will be."""
    body, target = ordering.change(total, limit), f"{words.identity(identity)}/{words.node(node)}"
    if session.options.dry_run:
        path = {"graph_id": identity, "node_id": node}
        return session.planned((graphs.AMEND_NODE, Request(path=path, body=body)))
    placing.warn_of_changed_stop(session, identity, node)
    return session.seen(session.desk.amend(target, body), ids="node_id", table=order_tables.changed)


def _request(identity: str) -> Request:
    return Request(path={"graph_id": words.identity(identity)})
