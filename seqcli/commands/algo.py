"""`seq algo`: put a compiled algorithm on the exchange's edges, start and stop it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Partial, Usage
from seqcli.views import Result
from seqcli.views import algos as tables
from seqcli.wire import algos
from seqcli.wire.operation import Request

command = Noun("algo", "Deploy, start and stop algorithms.", examples=("seq --local algo list",))

Module = Annotated[Path, typer.Argument(metavar="FILE", help="A WebAssembly module.", show_default=False)]
Which = Annotated[
    str, typer.Argument(metavar="NAME", help="A deployment's name, id or only symbol.", show_default=False)
]
SymbolsOption = Annotated[
    list[str],
    typer.Option("--symbol", metavar="SYMBOL", help="Where it trades; repeat for several.", show_default=False),
]
NameOption = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Its name; else the file's.")]
VenueOption = Annotated[str | None, typer.Option("--venue", metavar="VENUES", help="Only on these venues.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", help="A label of your own.", show_default=False),
]
Start = Annotated[bool, typer.Option("--start", help="Start it once every edge has it; else it stays stopped.")]


@command.verb("deploy", "seq --local algo deploy maker.wasm --symbol ETH-USD")
def deploy(
    session: Session,
    *,
    module: Module,
    symbol: SymbolsOption,
    name: NameOption = None,
    venue: VenueOption = None,
    label: Labels = None,
    start: Start = False,
) -> Result:
    """Upload a module. Done when every edge that can run it reports the uploaded hash; else status 10."""
    body = _upload(module, symbol, name, venue, label)
    request = Request(body=body)
    if session.options.dry_run:
        later = [(algos.DEPLOYMENT_START, Request(path={"id": "<deployment_id>"}))] if start else []
        return session.planned((algos.DEPLOYMENT_CREATE, request), *later)
    deployed = session.changed(algos.DEPLOYMENT_CREATE, request).body
    missing = _missing(deployed, body.sha256 or "")
    if start and not missing:
        deployed = session.changed(algos.DEPLOYMENT_START, Request(path={"id": deployed["deployment_id"]})).body
    return session.seen(deployed, ids=_ids(deployed), table=tables.one, failure=missing)


@command.verb("list", "seq --local algo list")
def listed(session: Session) -> Result:
    """Deployments and their states."""
    return session.read(
        algos.DEPLOYMENTS, Request(), items="deployments", ids="deployment_id", table=tables.deployments
    )


@command.verb("show", "seq --local algo show maker")
def show(session: Session, which: Which) -> Result:
    """One deployment with its edges."""
    if session.options.dry_run:
        return session.planned((algos.DEPLOYMENT_SHOW, Request(path={"id": which})))
    request = Request(path={"id": _identity(session, which)})
    return session.read(algos.DEPLOYMENT_SHOW, request, ids="deployment_id", table=tables.one)


@command.verb("start", "seq --local algo start maker")
def start(session: Session, which: Which) -> Result:
    """Start a deployment."""
    return _switch(session, which, algos.DEPLOYMENT_START)


@command.verb("stop", "seq --local algo stop maker")
def stop(session: Session, which: Which) -> Result:
    """Stop a deployment. Its resting orders stay."""
    result = _switch(session, which, algos.DEPLOYMENT_STOP)
    if session.options.dry_run:
        return result
    symbols = " ".join(f"--symbol {symbol}" for symbol in result.body.get("symbols") or [])
    return result.but(
        notes=[f"resting orders of the algorithm stay; to cancel: seq order cancel --all {symbols}".strip()]
    )


def _switch(session: Session, which: str, operation: Any) -> Result:
    if session.options.dry_run:
        return session.planned((operation, Request(path={"id": which})))
    body = session.changed(operation, Request(path={"id": _identity(session, which)})).body
    return session.seen(body, ids=_ids(body), table=tables.one)


def _ids(body: Any) -> list[str]:
    return [str(body["deployment_id"])] if isinstance(body, dict) and "deployment_id" in body else []


def _upload(
    module: Path, symbols: list[str], name: str | None, venue: str | None, labels: list[str] | None
) -> algos.CreateDeployment:
    import base64
    import hashlib

    content = words.content(str(module), algos.MODULE_LIMIT)
    if not content.startswith(b"\0asm"):
        raise Usage(f"{module} is not a WebAssembly module", hint="compile it for wasm32-unknown-unknown")
    return algos.CreateDeployment(
        name=name or module.stem,
        wasm_base64=base64.b64encode(content).decode(),
        symbols=[words.symbol(symbol) for symbol in symbols],
        venues=words.venues(venue).split(",") if venue else None,
        labels=dict(map(_label, labels)) if labels else None,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Usage(f"--label {text!r} is not KEY=VALUE", hint="for example --label desk=paper")
    return name, value


def _missing(deployed: Any, sha256: str) -> Partial | None:
    """What keeps the deploy from being done: edges without the module, or with another one."""
    pushed, capable = deployed.get("pushed_to"), deployed.get("capable_edges")
    wrong = [
        f"{edge.get('edge_id')} ({edge.get('error') or edge.get('status')})"
        for edge in deployed.get("edges") or []
        if edge.get("error") or str(edge.get("sha256")).removeprefix("sha256:") != sha256
    ]
    if pushed == capable and not wrong:
        return None
    return Partial(
        f"{pushed} of {capable} edges have the module; not {', '.join(wrong) or 'all'}; nothing was started",
        hint="deploy again, or see: seq algo show " + str(deployed.get("name")),
    )


def _identity(session: Session, which: str) -> str:
    """The id of the deployment with this id, name or only symbol. Raises `NotFound`."""
    rows = session.client.call(algos.DEPLOYMENTS, Request()).body.get("deployments") or []
    for matches in (
        lambda row: which in (row.get("deployment_id"), row.get("name")),
        lambda row: row.get("symbols") == [which],
    ):
        found = [row for row in rows if matches(row)]
        if len(found) == 1:
            return str(found[0]["deployment_id"])
    names = ", ".join(str(row.get("name")) for row in rows)
    raise NotFound(f"no deployment is called {which!r}", hint=f"there are: {names}" if names else "there are none yet")
