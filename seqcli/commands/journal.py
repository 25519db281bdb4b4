"""`seq journal`: what was sent from this machine, and how it ended."""

from typing import Annotated

import typer

from seqcli.commands import pages, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.words import All, Max
from seqcli.errors import NotFound, Refused
from seqcli.views import Result
from seqcli.views import journal as tables

command = Noun("journal", "What was sent from this machine, and how it ended.", examples=("seq --local journal list",))
Id = Annotated[str, typer.Argument(metavar="ID", help="A graph id.", show_default=False)]


@command.verb("list", "seq --local journal list")
def listed(session: Session, most: Max = "50", every: All = False) -> Result:
    """Intents, newest first, of every account of this machine."""
    found = session.journal.select("1 ORDER BY id DESC LIMIT ?", pages.limit(most, every) or -1)
    rows = [intent.shown() for intent in found]
    return session.seen({"intents": rows, "count": len(rows)}, items="intents", ids="graph_id", table=tables.listed)


@command.verb("show", "seq --local journal show demo-1")
def show(session: Session, identity: Id) -> Result:
    """One intent: the exact bytes, their digest, every attempt and look-up."""
    name = words.identity(identity)
    found = session.journal.find(None, name)
    if found is None:
        raise NotFound(f"no intent has the graph id {name}", hint="see: seq journal list")
    body = found.shown() | {"evidence": session.journal.evidence(found)}
    return session.seen(body, ids="graph_id", table=tables.one)


@command.verb("verify", "seq --local journal verify")
def verify(session: Session) -> Result:
    """Is the journal sound, and does every body match its digest?"""
    report = session.journal.verify()
    failure = None if report.get("sound") else Refused("the journal is damaged", code="JOURNAL_DAMAGED")
    return session.seen(report, table=tables.verified, failure=failure)
