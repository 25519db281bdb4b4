"""How a deployment, its module and its markets are named on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from seqcli.commands import words
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.wire import algos, manifest
from seqcli.wire.operation import Request

Which = Annotated[
    str,
    typer.Argument(metavar="[NAME]", help="A name, an id, an only symbol; else this project's.", show_default=False),
]
Module = Annotated[Path | None, typer.Argument(metavar="[FILE|DIR]", help="A module, or a project; else this folder.")]
Symbols = Annotated[
    list[str] | None,
    typer.Option(
        "--symbol",
        "--symbols",
        metavar="SYMBOL",
        help="Where it trades; repeat for several, or A,B.",
        show_default=False,
    ),
]
Venues = Annotated[str | None, typer.Option("--venue", metavar="VENUES", help="Only on these; or all.")]
HERE = "."
"""The deployment of the project in this folder."""


def markets(
    typed: list[str] | None, venue: str | None, project: manifest.Algo | None
) -> tuple[list[str], list[str] | None]:
    """Symbols and venues, None = all: what was typed, else what the project says. Raises `Usage` without a symbol."""
    symbols = [name for names in typed or [] for name in names.split(",") if name]
    symbols = symbols or (project.symbols if project else [])
    if not symbols:
        raise Usage("which symbol?", hint="add --symbol ETH-USD")
    venues = project.venues if project else None
    if venue:
        venues = None if venue == "all" else words.venues(venue).split(",")
    return [words.symbol(symbol) for symbol in symbols], venues or None


def named(which: str) -> str:
    """The name as it is meant. Raises `Usage` where none was typed and this folder is no project."""
    return _project() if which == HERE else which


def identity(session: Session, which: str) -> str:
    """The id of the deployment with this id, name or only symbol. Raises `NotFound`."""
    wanted = named(which)
    rows = session.client.call(algos.DEPLOYMENTS, Request()).body.get("deployments") or []
    for matches in (
        lambda row: wanted in (row.get("deployment_id"), row.get("name")),
        lambda row: row.get("symbols") == [wanted],
    ):
        found = [row for row in rows if matches(row)]
        if len(found) == 1:
            return str(found[0]["deployment_id"])
    names = ", ".join(str(row.get("name")) for row in rows)
    raise NotFound(f"no deployment is called {wanted!r}", hint=f"there are: {names}" if names else "there are none yet")


def _project() -> str:
    from seqcli.commands import projects

    if not Path(projects.TOML).is_file():
        raise Usage(f"which deployment? there is no {projects.TOML} here", hint="name it; see: seq algo list")
    found = projects.read(Path())
    if found.algo is None:
        raise NotFound("this project's Sequence.toml names no algorithm", hint="give the deployment's name")
    return found.algo.name
