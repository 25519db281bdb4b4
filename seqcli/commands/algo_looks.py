"""What a deployment does: its log, its measures, its callbacks, its mesh."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from seqcli.commands import log_pages, words
from seqcli.commands.algo_names import HERE, Which, identity, named
from seqcli.commands.session import Session
from seqcli.views import Result
from seqcli.views import algos as tables
from seqcli.wire import algos
from seqcli.wire.operation import Request

LEVELS = ("trace", "debug", "info", "warn", "error")
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines until Ctrl-C.")]
Level = Annotated[str | None, typer.Option("--level", metavar="LEVEL", help="Only this level.")]


def logs(
    session: Session, which: Which = HERE, *, most: words.Max = "200", level: Level = None, follow: Follow = False
) -> Result | Iterator[Result]:
    """What it has logged, oldest first; -f goes on."""
    which = named(which)
    query = algos.LogsQuery(
        limit=words.count(most, "--max", 1, 1000), level=words.optional_one_of(level, LEVELS, "a level")
    )
    if session.options.dry_run:
        return session.planned((algos.DEPLOYMENT_LOGS, Request(path={"id": which}, query=query)))
    name = identity(session, which)
    if follow:
        return log_pages.followed(session, algos.DEPLOYMENT_LOGS, {"id": name}, query)
    return session.read(algos.DEPLOYMENT_LOGS, Request(path={"id": name}, query=query), items="logs", table=tables.logs)


def metrics(session: Session, which: Which = HERE) -> Result:
    """Latencies, counts, position and profit of each instance."""
    return _looked(session, which, algos.DEPLOYMENT_METRICS, items="edges", table=tables.metrics)


def traces(session: Session, which: Which = HERE, most: words.Max = "20") -> Result:
    """The last callbacks, what they wanted and what became of it."""
    query = algos.TracesQuery(limit=words.count(most, "--max", 1, 1000))
    return _looked(session, which, algos.DEPLOYMENT_TRACES, query, items="traces", table=tables.traces)


def mesh(session: Session, which: Which = HERE) -> Result:
    """Instances that send messages to each other."""
    return _looked(session, which, algos.DEPLOYMENT_MESH, items="instances", table=tables.mesh)


def undeploy(session: Session, which: Which = HERE) -> Result:
    """Stop a deployment and forget it. Its resting orders stay."""
    which = named(which)
    if session.options.dry_run:
        return session.planned((algos.DEPLOYMENT_DELETE, Request(path={"id": which})))
    request = Request(path={"id": identity(session, which)})
    session.confirm(f"Undeploy {which}? Its logs go with it.")
    result = session.change(algos.DEPLOYMENT_DELETE, request, ids="deployment_id")
    return result.but(notes=["resting orders of the algorithm stay; see: seq order list --open"])


def _looked(session: Session, which: str, operation: Any, query: Any = None, **shown: Any) -> Result:
    which = named(which)
    if session.options.dry_run:
        return session.planned((operation, Request(path={"id": which}, query=query)))
    return session.read(operation, Request(path={"id": identity(session, which)}, query=query), **shown)
