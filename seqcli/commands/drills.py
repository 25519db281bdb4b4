"""`seq sandbox faults`: failures on demand – a script of them for the server, and edges that drop."""

from pathlib import Path
from typing import Annotated

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.views import Result
from seqcli.views import health as tables
from seqcli.views import sandbox as drawn
from seqcli.wire import health, sandbox
from seqcli.wire.operation import Request

Script = Annotated[Path, typer.Argument(metavar="FILE", help="A script of failures.", show_default=False)]
Edge = Annotated[str, typer.Argument(metavar="VENUE", help="Such as kraken or binance-perp.", show_default=False)]


class Faults(Noun):
    """`seq sandbox faults FILE` is `seq sandbox faults check FILE`."""

    def words_of(self, words: list[str]) -> list[str]:
        """The verb and its words."""
        return words if not words or words[0] in self._declared or words[0].startswith("-") else ["check", *words]


command = Faults(
    "faults",
    "Failures on demand: check a script for serve --faults, drop a venue, bring it back.",
    examples=("seq sandbox faults faults.json", "seq --local sandbox faults venue-down kraken"),
)


@command.verb("check", "seq sandbox faults check faults.json")
def check(session: Session, script: Script) -> Result:  # noqa: ARG001 - every command has a session
    """Check a script of failures for serve --faults, and show its rules."""
    from seqcli.commands.sandbox import script_of

    script_of(str(script))
    rules = words.json(words.content(str(script)), str(script))["faults"]
    return Result(body={"faults": rules, "count": len(rules)}, items="faults")


@command.verb("venue-down", "seq --local sandbox faults venue-down kraken")
def venue_down(session: Session, edge: Edge) -> Result:
    """Drop a venue: no quote, fill or cancel gets through until it is back."""
    return _connected(session, edge, up=False)


@command.verb("venue-up", "seq --local sandbox faults venue-up kraken")
def venue_up(session: Session, edge: Edge) -> Result:
    """Bring a venue back; cancels that waited for it are carried out."""
    return _connected(session, edge, up=True)


@command.verb("list", "seq --local sandbox faults list")
def listed(session: Session) -> Result:
    """Which venues are down?"""
    session.default_to_local()
    return session.read(health.EDGES, Request(), table=tables.drift)


def _connected(session: Session, edge: str, *, up: bool) -> Result:
    session.default_to_local()
    request = Request(path={"edge": words.venue(edge)}, body=sandbox.Connect(connected=up))
    return session.change(sandbox.CONNECT, request, ids="edge", table=drawn.connected)
