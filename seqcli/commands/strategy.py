"""`seq strategy`: programs of your own that the exchange runs beside its market."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from seqcli.commands import log_pages, packing, projects, secret_files, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.views import Result
from seqcli.views import algos as log_tables
from seqcli.views import strategies as tables
from seqcli.wire import manifest, strategies
from seqcli.wire.operation import Request

command = Noun(
    "strategy",
    "Hosted strategies: a program of your own, run by the exchange.",
    alone=("list",),
    examples=("seq --local strategy list",),
)

Folder = Annotated[Path, typer.Argument(metavar="[DIR]", help="The project; else this folder.", show_default=False)]
Which = Annotated[str, typer.Argument(metavar="NAME", help="A name or an id.", show_default=False)]
Start = Annotated[bool, typer.Option("--start", help="Start it at once; else it stays stopped.")]
Memory = Annotated[str | None, typer.Option("--memory-mb", metavar="N", help="Instead of what Sequence.toml says.")]
Secrets = Annotated[
    str | None,
    typer.Option("--secrets-from", metavar="FILE|-", help="JSON or TOML, name = text; else the environment."),
]
Run = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Of this run; else of the latest.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines until Ctrl-C.")]


@command.verb("deploy", "seq strategy deploy DIR --dry-run", "seq strategy deploy DIR --start")
def deploy(
    session: Session, folder: Folder = Path(), *, start: Start = False, memory: Memory = None, secrets: Secrets = None
) -> Result:
    """Send a project, and show what was sent and what stayed. Stopped unless --start.

    What stands in Sequence.toml, and what stays at home: seq help strategy-files
    """
    project = _project(folder)
    packed = packing.packed(folder)
    body = _body(project, folder, packed, memory)
    body.secrets = _secrets(project.hosted.secrets, secrets)
    body.start_immediately = start
    if session.options.dry_run:
        notes = [f"in it: {name}, {size} bytes" for name, size in packed.files]
        notes += [f"left out: {name} ({reason})" for name, reason in packed.left_out]
        return session.planned((strategies.CREATE, Request(body=body))).but(notes=notes)
    reply = session.changed(strategies.CREATE, Request(body=body), look="see what is there: seq strategy list")
    table = tables.deployed(packed.files, packed.left_out)
    return session.seen(reply.body, raw=reply.raw, ids="strategy_id", table=table)


@command.verb("list", "seq --local strategy list")
def listed(session: Session) -> Result:
    """Strategies and their states."""
    return session.read(strategies.LIST, Request(), items="strategies", ids="strategy_id", table=tables.many)


@command.verb("show", "seq --local strategy show NAME --dry-run")
def show(session: Session, which: Which) -> Result:
    """One strategy: its state, its limits, the names of its secrets."""
    return session.read(strategies.SHOW, _named(session, which), ids="strategy_id", table=tables.one)


@command.verb("start", "seq --local strategy start NAME --dry-run")
def start(session: Session, which: Which) -> Result:
    """Start a run. The exchange in the box does so when served with --allow-strategies."""
    return session.change(strategies.START, _named(session, which), ids="strategy_id", table=tables.one)


@command.verb("stop", "seq --local strategy stop NAME --dry-run")
def stop(session: Session, which: Which) -> Result:
    """End its run: asked first, then made to. Its resting orders stay."""
    result = session.change(strategies.STOP, _named(session, which), ids="strategy_id", table=tables.one)
    return result if session.options.dry_run else result.but(notes=["resting orders of the strategy stay"])


@command.verb("logs", "seq --local strategy logs NAME --dry-run")
def logs(
    session: Session,
    which: Which,
    *,
    run: Run = None,
    most: words.Max = "200",
    follow: Follow = False,
) -> Result | Iterator[Result]:
    """What a run has printed, oldest first; -f goes on."""
    query = strategies.LogsQuery(limit=words.count(most, "--max", 1, 1000), run_id=run)
    request = _named(session, which, query)
    if follow and not session.options.dry_run:
        return log_pages.followed(session, strategies.LOGS, request.path, query)
    return session.read(strategies.LOGS, request, items="logs", table=log_tables.logs)


@command.verb("delete", "seq --local strategy delete NAME --dry-run")
def delete(session: Session, which: Which) -> Result:
    """End its run and forget it, its secrets and its logs. Its resting orders stay."""
    request = _named(session, which)
    if not session.options.dry_run:
        session.confirm(f"Delete the strategy {which}? Its logs and secrets go with it.")
    return session.change(strategies.DELETE, request, ids="strategy_id")


def _named(session: Session, which: str, query: Any = None) -> Request:
    """A question about the strategy of this id or name; unasked in a dry run. Raises `NotFound`."""
    if session.options.dry_run:
        return Request(path={"id": which}, query=query)
    rows = session.client.call(strategies.LIST, Request()).body.get("strategies") or []
    for row in rows:
        if which in (row.get("strategy_id"), row.get("name")):
            return Request(path={"id": str(row["strategy_id"])}, query=query)
    known = ", ".join(str(row.get("name")) for row in rows)
    raise NotFound(f"no strategy is called {which!r}", hint=f"there are: {known}" if known else "there are none yet")


def _project(folder: Path) -> manifest.Manifest:
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder", hint="for example: seq strategy deploy .")
    found = projects.read(folder)
    if found.strategy is None:
        raise Usage(f"{folder / projects.TOML} has no [strategy]", hint="seq help strategy-files")
    return found


def _body(
    project: manifest.Manifest, folder: Path, packed: packing.Packed, memory: str | None
) -> strategies.CreateStrategy:
    import base64

    hosted = project.hosted
    if hosted.entrypoint not in dict(packed.files):
        left = dict(packed.left_out).get(hosted.entrypoint)
        why = f"was left out: {left}" if left else "is not in it"
        raise Usage(f"{folder}: the entrypoint {hosted.entrypoint} {why}", hint="[hosted] entrypoint names it")
    resources = dict(hosted.resources or {})
    if memory is not None:
        resources["memory_mb"] = words.count(memory, "--memory-mb")
    assert project.strategy is not None
    return strategies.CreateStrategy(
        name=project.strategy.name,
        runtime=project.strategy.runtime,
        entrypoint=hosted.entrypoint,
        artifact_base64=base64.b64encode(packed.content).decode(),
        manifest=(folder / projects.TOML).read_text(),
        placement=hosted.placement,
        resources=resources or None,
        env=hosted.env or None,
    )


def _secrets(wanted: list[str], source: str | None) -> dict[str, str] | None:
    """The value of each name: from a file, else from the environment. No value is ever part of a sentence."""
    if source is None:
        given: dict[str, Any] = dict(os.environ)
        where = "the environment"
    else:
        given, where = secret_files.read(source, f'{wanted[0] if wanted else "NAME"} = "…"'), source
        if extra := sorted(given.keys() - set(wanted)):
            raise Usage(
                f"{source}: [hosted] secrets doesn't name {', '.join(extra)}", hint="add the name, or remove it"
            )
    for name in wanted:
        if not isinstance(given.get(name), str) or not given[name]:
            raise Usage(f"{name} is not in {where}; nothing was sent", hint=f"set {name}, or give --secrets-from FILE")
    return {name: given[name] for name in wanted} or None
