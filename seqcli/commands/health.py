"""`seq health`: is the exchange well, and are its edges connected? Status 3 on drift, for monitors."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Refused, Unreachable, Usage
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
Watch = Annotated[str | None, typer.Option("--watch", metavar="60s", help="Again at this interval until Ctrl-C.")]
Prom = Annotated[bool, typer.Option("--prom", help="Prometheus text, for a textfile collector.")]


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


@command.verb(
    "edges", "seq --local health edges", "seq --local health edges --prom", "seq health edges --watch 60s -o json"
)
def edges(
    session: Session, *, detail: Detail = False, watch: Watch = None, prom: Prom = False
) -> Result | Iterator[Result]:
    """Expected venues against connected ones; status 3 when one is missing."""
    if prom and (detail or session.options.output != "table"):
        raise Usage("--prom is a form of its own", hint="leave --detail and -o away")
    every_ns = None if watch is None else int(words.duration(watch, "--watch"))
    if every_ns is None or session.options.dry_run:
        return _edges(session, detail=detail, prom=prom)
    return _watched(session, every_ns, detail=detail, prom=prom)


def _edges(session: Session, *, detail: bool, prom: bool) -> Result:
    if detail:
        return session.read(health.EDGE_LIST, Request(), items="edges", ids="edge_id", table=tables.edges)
    result = session.read(health.EDGES, Request(), table=tables.drift)
    if session.options.dry_run:
        return result
    result = result.but(failure=_drift(result.body))
    return _gauges(session, result) if prom else result


def _gauges(session: Session, result: Result) -> Result:
    """The Prometheus text. Raises `Unreachable` for an answer that tells no state: a gauge of it would be a guess."""
    body = result.body
    if not isinstance(body, dict) or not all(isinstance(body.get(name), list) for name in ("expected", "connected")):
        raise Unreachable("the answer names no edges", code="BAD_REPLY", hint="see: seq health edges -o raw")
    return session.said(tables.prometheus(body)).but(failure=result.failure)


def _watched(session: Session, every_ns: int, *, detail: bool, prom: bool) -> Iterator[Result]:
    """A look at every interval; an exchange that can't be reached is told, and looked for again."""
    while True:
        result, failure = session.tried(lambda: _edges(session, detail=detail, prom=prom))
        if failure is not None:
            result = Result(body={"error": failure.message}, failure=failure)
        yield result.but(live=not prom, lines=True)
        session.client.clock.sleep(every_ns / 1_000_000_000)


def _drift(body: Any) -> Refused | None:
    missing = body.get("missing") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not body.get("drift"):
        return None
    names = ", ".join(map(str, missing or ["?"]))
    return Refused(f"drift: not connected: {names}", code="DRIFT", hint="see: seq health edges --detail")
