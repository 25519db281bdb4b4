"""`seq sandbox`: the exchange in the box – served, inspected, wiped, seeded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seqcli.commands import background, drills, paper, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.profile import paths
from seqcli.views import Result
from seqcli.views import sandbox as tables

command = Noun(
    "sandbox",
    "The exchange in the box: no account, no network, real rules.",
    examples=("seq sandbox status", "seq --local sandbox reset --yes"),
)

State = Annotated[
    Path | None, typer.Option("--state", metavar="DIR", help="Its state folder; else the one of --local.")
]


class Serving(msgspec.Struct):
    """How the exchange is served."""

    port: Annotated[str, typer.Option("--port", metavar="N", help="Port; 0 takes any.")] = "50052"
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="A loopback address.")] = "127.0.0.1"
    state: State = None
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help="Which market and prices.")] = None
    qps: Annotated[
        str | None,
        typer.Option("--qps", metavar="N", help="Requests a second for the first key; 0 is unlimited."),
    ] = None
    tape: Annotated[
        list[str] | None,
        typer.Option(
            "--tape", metavar="FILE", help="Replay a recording as the market; repeatable.", show_default=False
        ),
    ] = None
    tape_speed: Annotated[str | None, typer.Option("--tape-speed", metavar="X", help="Times the recorded speed.")] = (
        None
    )
    tape_once: Annotated[bool, typer.Option("--tape-once", help="Do not begin again at its end.")] = False
    faults: Annotated[str | None, typer.Option("--faults", metavar="FILE", help="A script of failures.")] = None
    allow_strategies: Annotated[
        bool, typer.Option("--allow-strategies", help="Run hosted strategies: programs of whoever has a key.")
    ] = False


@command.verb("serve", "seq sandbox serve --port 0 --json")
def serve(session: Session, how: Serving) -> Result | Iterator[Result]:
    """Serve in the foreground until Ctrl-C or SIGTERM; one line says when it is ready."""
    from seqcli.sandbox import server

    serving = _serving(how)
    if session.options.dry_run:
        return session.said(f"would serve {serving.folder} on {serving.host}:{serving.port}")

    def tell(ready: server.Ready) -> None:
        session.emit_line(_ready(ready))

    server.serve(serving, tell)
    return iter(())


@command.verb("start", "seq sandbox start --port 0")
def start(session: Session, how: Serving) -> Result:
    """Serve in the background; prints what serve prints, and returns."""
    from seqcli.sandbox import server
    from seqcli.sandbox.service.state import State as StateFolder

    folder = _folder(how.state)
    if session.options.dry_run:
        return session.said(f"would serve {folder} on {how.host}:{how.port} in the background")
    _serving(how)
    running = StateFolder(folder).server()
    if running is not None:
        raise server.AlreadyServed(running)
    line = background.start(_words(how, folder), folder, session.options.timeout_s)
    return _ready(msgspec.json.decode(line, type=server.Ready))


@command.verb("stop", "seq sandbox stop")
def stop(session: Session, state: State = None) -> Result:
    """Stop the server of a state folder; what it acknowledged stays."""
    from seqcli.sandbox.service.state import State as StateFolder

    folder = StateFolder(_folder(state))
    if session.options.dry_run:
        return session.said(f"would stop the server of {folder.folder}")
    server = folder.server()
    if server is None:
        raise NotFound(f"no server runs {folder.folder}", hint="see: seq sandbox status")
    background.stop(server.pid, lambda: folder.server() is None, session.options.timeout_s)
    return Result(
        body={"stopped": True, "url": server.url, "pid": server.pid},
        ids=[str(server.pid)],
        table=tables.stopped,
    )


@command.verb("status", "seq sandbox status")
def status(session: Session, state: State = None) -> Result:  # noqa: ARG001 - every command has a session
    """Is a server running, where, and with which state?"""
    from seqcli.sandbox.service.state import State as StateFolder

    folder = StateFolder(_folder(state))
    server = folder.server()
    body: dict[str, Any] = {
        "running": server is not None,
        "url": server.url if server else None,
        "pid": server.pid if server else None,
        "started_ns": server.started_ns if server else None,
        "state": str(folder.folder),
        "exists": folder.database.exists(),
        "api_key_file": str(folder.key_file),
    }
    return Result(body=body, ids=[str(body["url"])] if server else [], table=tables.status)


command.verb("reset", "seq --local sandbox reset --yes")(paper.reset)
command.verb("settings", "seq --local sandbox settings", "seq --local sandbox settings --fill-model instant")(
    paper.settings
)
command.verb(
    "seed",
    "seq --local sandbox seed --venue kraken --kind crypto --symbol BTC --qty 2 --entry-price 50000",
)(paper.seed)


Tapes = Annotated[list[str], typer.Argument(metavar="FILE...", help="Recordings.", show_default=False)]


@command.verb("tape", "seq sandbox tape recording.ndjson.gz")
def tape(session: Session, files: Tapes) -> Result:  # noqa: ARG001 - every command has a session
    """What recordings hold: symbols, venues, times, books and trades."""
    from seqcli.sandbox.market import recordings

    rows = [_series(recording, series) for recording in map(recordings.read, files) for series in recording.series]
    return Result(body={"series": rows}, items="series", ids=[row["symbol"] for row in rows], table=tables.tape)


command.noun(drills.command)


def _series(recording: Any, series: Any) -> dict[str, Any]:
    return {
        "path": recording.path,
        "symbol": series.symbol,
        "venue": series.venue,
        "first_ns": recording.first_ns,
        "last_ns": recording.last_ns,
        "books": len(series.books),
        "trades": len(series.prints),
    }


def _folder(state: Path | None) -> Path:
    return state.absolute() if state is not None else paths.state_dir() / "sandbox"


def _serving(how: Serving) -> Any:
    from seqcli.sandbox import server

    return server.Serving(
        folder=_folder(how.state),
        host=how.host,
        port=words.count(how.port, "--port", 0, 65_535),
        seed=None if how.seed is None else words.count(how.seed, "--seed", 0, (1 << 63) - 1),
        qps=0 if how.qps is None else words.count(how.qps, "--qps", 0),
        market=_market(how),
        faults=script_of(how.faults),
        allow_strategies=how.allow_strategies,
    )


def _market(how: Serving) -> Any:
    if not how.tape:
        if how.tape_speed is not None or how.tape_once:
            raise Usage("--tape-speed and --tape-once need a --tape", hint="name a recording with --tape FILE")
        return None
    import time

    from seqcli.sandbox.market import tape

    speed = tape.NORMAL_SPEED if how.tape_speed is None else tape.parse_speed(how.tape_speed)
    return tape.RecordedMarket(how.tape, time.time_ns(), speed=speed, once=how.tape_once)


def script_of(path: str | None) -> Any:
    """A script of failures, read and checked."""
    if path is None:
        return None
    from seqcli.sandbox.service import faults

    return faults.load(Path(path))


def _words(how: Serving, folder: Path) -> list[str]:
    """The same words again, for the process in the background."""
    options = {
        "--port": how.port,
        "--host": how.host,
        "--state": str(folder),
        "--seed": how.seed,
        "--qps": how.qps,
    }
    options |= {"--tape-speed": how.tape_speed, "--faults": _absolute(how.faults)}
    given = [word for name, value in options.items() if value is not None for word in (name, value)]
    tapes = [word for path in how.tape or [] for word in ("--tape", str(Path(path).absolute()))]
    flags = {"--tape-once": how.tape_once, "--allow-strategies": how.allow_strategies}
    return ["--json", "sandbox", "serve", *given, *tapes, *(name for name, on in flags.items() if on)]


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())


def _ready(ready: Any) -> Result:
    return Result(body=msgspec.to_builtins(ready), ids=[ready.url], table=tables.ready)
