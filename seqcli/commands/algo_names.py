"""How a deployment is named on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.wire import algos
from seqcli.wire.operation import Request

Which = Annotated[
    str,
    typer.Argument(metavar="[NAME]", help="A name, an id, an only symbol; else this project's.", show_default=False),
]
HERE = "."
"""The deployment of the project in this folder."""


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
