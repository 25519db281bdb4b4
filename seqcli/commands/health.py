"""`seq health`: is the exchange well, and are its edges connected? Status 3 on drift, for monitors."""

from typing import Annotated, Any

import typer

from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Refused
from seqcli.views import Result
from seqcli.views import health as tables
from seqcli.wire import health
from seqcli.wire.operation import Request

command = Noun(
    "health",
    "Is the exchange well, and are its edges connected? Status 3 when a venue is missing.",
    alone=("check",),
    examples=("seq --local health", "seq --local health edges"),
)
Detail = Annotated[bool, typer.Option("--detail", help="Each edge with its region, venues and latency.")]


@command.verb("check", "seq --local health check")
def check(session: Session) -> Result:
    """Every check: alive, the key, the edges."""
    checks = {"live": health.LIVE, "health": health.CHECK, "edges": health.EDGES}
    if session.options.dry_run:
        return session.planned(*((operation, Request()) for operation in checks.values()))
    body = {name: session.client.call(operation, Request()).body for name, operation in checks.items()}
    return Result(body=body, table=tables.check, failure=_drift(body["edges"]))


@command.verb("live", "seq --local health live")
def live(session: Session) -> Result:
    """Is the server alive? Needs no key."""
    return session.read(health.LIVE, Request(), table=tables.live)


@command.verb("edges", "seq --local health edges")
def edges(session: Session, detail: Detail = False) -> Result:
    """Expected venues against connected ones; status 3 when one is missing."""
    if detail:
        return session.read(health.EDGE_LIST, Request(), items="edges", ids="edge_id", table=tables.edges)
    result = session.read(health.EDGES, Request(), table=tables.drift)
    return result if session.options.dry_run else result.but(failure=_drift(result.body))


def _drift(body: Any) -> Refused | None:
    missing = body.get("missing") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not body.get("drift"):
        return None
    names = ", ".join(map(str, missing or ["?"]))
    return Refused(f"drift: not connected: {names}", code="DRIFT", hint="see: seq health edges --detail")
