"""`seq algo`: write an algorithm, put it on the exchange's edges, start and stop it, look at what it does."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seqcli.commands import algo_looks, backtest_jobs, backtesting, projects, words
from seqcli.commands.algo_names import HERE, Module, Symbols, Venues, Which, identity, markets, named
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Partial, Usage
from seqcli.views import Result
from seqcli.views import algos as tables
from seqcli.wire import algos
from seqcli.wire.operation import Request

command = Noun(
    "algo",
    "Write, deploy, start and stop algorithms (WebAssembly).",
    examples=("seq algo init maker", "seq --local algo list"),
)

command.verb("init", "seq algo init maker", "seq algo init maker --lang c")(projects.init)
command.verb("build", "seq algo build maker")(projects.build)

Only = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this one.", show_default=False)]


class Upload(msgspec.Struct):
    """What to deploy, and over what the project says."""

    module: Module = None
    symbol: Symbols = None
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Its name; else the file's.")] = None
    venue: Venues = None
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="KEY=VALUE", help="A label of your own.", show_default=False),
    ] = None
    skip_build: Annotated[bool, typer.Option("--skip-build", help="Deploy what was built before.")] = False
    replace: Annotated[bool, typer.Option("--replace", help="Swap the code of the deployment of that name.")] = False
    start: Annotated[bool, typer.Option("--start", help="Start it once every edge has it; else it stays stopped.")] = (
        False
    )


@command.verb("deploy", "seq --local algo deploy maker.wasm --symbol ETH-USD", "seq algo deploy . --start")
def deploy(session: Session, upload: Upload) -> Result:
    """Upload a module, or build a project and upload it. Done when every edge that can run it reports the uploaded
    hash; else status 10. Stopped unless --start.
    """
    body = _body(upload)
    request = Request(body=body)
    if session.options.dry_run:
        later = [(algos.DEPLOYMENT_START, Request(path={"id": "<deployment_id>"}))] if upload.start else []
        return session.planned((algos.DEPLOYMENT_CREATE, request), *later)
    look = "see what is there: seq algo list"
    if upload.replace:
        change = algos.Patch(symbols=body.symbols, risk=body.risk, params=body.params, wasm_base64=body.wasm_base64)
        path = {"id": identity(session, body.name)}
        deployed = session.changed(algos.DEPLOYMENT_PATCH, Request(path=path, body=change), look=look).body
    else:
        deployed = session.changed(algos.DEPLOYMENT_CREATE, request, look=look).body
    missing = _missing(deployed, body.sha256 or "")
    if upload.start and not missing:
        deployed = session.changed(algos.DEPLOYMENT_START, Request(path={"id": deployed["deployment_id"]})).body
    return session.seen(deployed, ids=_ids(deployed), table=tables.one, failure=missing)


@command.verb("list", "seq --local algo list")
def listed(session: Session, which: Only = None) -> Result:
    """Deployments and their states; with a name, that one as show does."""
    if which is not None:
        return show(session, which)
    return session.read(
        algos.DEPLOYMENTS, Request(), items="deployments", ids="deployment_id", table=tables.deployments
    )


@command.verb("show", "seq --local algo show maker")
def show(session: Session, which: Which = HERE) -> Result:
    """One deployment with its edges."""
    which = named(which)
    if session.options.dry_run:
        return session.planned((algos.DEPLOYMENT_SHOW, Request(path={"id": which})))
    request = Request(path={"id": identity(session, which)})
    return session.read(algos.DEPLOYMENT_SHOW, request, ids="deployment_id", table=tables.one)


@command.verb("start", "seq --local algo start maker")
def start(session: Session, which: Which = HERE) -> Result:
    """Start a deployment."""
    return _switch(session, which, algos.DEPLOYMENT_START)


@command.verb("stop", "seq --local algo stop maker")
def stop(session: Session, which: Which = HERE) -> Result:
    """Stop a deployment. Its resting orders stay."""
    result = _switch(session, which, algos.DEPLOYMENT_STOP)
    if session.options.dry_run:
        return result
    symbols = " ".join(f"--symbol {symbol}" for symbol in result.body.get("symbols") or [])
    return result.but(
        notes=[f"resting orders of the algorithm stay; to cancel: seq order cancel --all {symbols}".strip()]
    )


command.verb(
    "backtest",
    "seq algo backtest maker.wasm --symbol ETH-USD --venue kraken --start 2026-01-01T00:00 --end 2026-01-01T01:00",
    "seq algo backtest maker.wasm --symbol BTC-USDT --tape BINANCE-BTC-USDT.ndjson.gz",
    "seq algo backtest maker.wasm --symbol ETH-USD --start 2026-01-01 --end 2026-01-31 --remote",
)(backtesting.backtest)
command.noun(backtest_jobs.command)
command.verb("undeploy", "seq --local algo undeploy maker --yes")(algo_looks.undeploy)
command.verb("logs", "seq --local algo logs maker", "seq --local algo logs maker -f")(algo_looks.logs)
command.verb("metrics", "seq --local algo metrics maker")(algo_looks.metrics)
command.verb("traces", "seq --local algo traces maker --max 5")(algo_looks.traces)
command.verb("mesh", "seq --local algo mesh maker")(algo_looks.mesh)


def _switch(session: Session, which: str, operation: Any) -> Result:
    which = named(which)
    if session.options.dry_run:
        return session.planned((operation, Request(path={"id": which})))
    body = session.changed(operation, Request(path={"id": identity(session, which)})).body
    return session.seen(body, ids=_ids(body), table=tables.one)


def _ids(body: Any) -> list[str]:
    return [str(body["deployment_id"])] if isinstance(body, dict) and "deployment_id" in body else []


def _body(upload: Upload) -> algos.CreateDeployment:
    """The upload: what the words say, else what the project says."""
    import base64
    import hashlib

    path = upload.module or Path()
    project = projects.read(path).algo if path.is_dir() else None
    if path.is_dir():
        path = projects.compiled(path) if not upload.skip_build else projects.built(path)
    content = words.content(str(path), algos.MODULE_LIMIT)
    if not content.startswith(b"\0asm"):
        raise Usage(f"{path} is not a WebAssembly module", hint="compile it for wasm32-unknown-unknown")
    projects.facts(path)
    symbols, venues = markets(upload.symbol, upload.venue, project)
    return algos.CreateDeployment(
        name=upload.name or (project.name if project else path.stem),
        wasm_base64=base64.b64encode(content).decode(),
        symbols=symbols,
        venues=venues,
        labels=dict(map(_label, upload.label)) if upload.label else project.labels or None if project else None,
        risk=project.risk if project else None,
        params=project.params or None if project else None,
        mesh=project.mesh or None if project else None,
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
