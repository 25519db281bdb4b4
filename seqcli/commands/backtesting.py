"""`seq algo backtest`: modules through the exchange's own matching, in simulated time: on this machine, or as
a job of the exchange.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seqcli import units
from seqcli.commands import algo_names, backtest_jobs, projects, reports, speaking, sweeping, words
from seqcli.commands.reports import HtmlOption
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.wire import algos, backtests


class Run(msgspec.Struct):
    """What to run, and on what."""

    module: algo_names.Module = None
    symbol: algo_names.Symbols = None
    venue: algo_names.Venues = None
    start: Annotated[str | None, typer.Option("--start", metavar="DAY", help="First day, UTC: 2026-01-31.")] = None
    end: Annotated[str | None, typer.Option("--end", metavar="DAY", help="Last day, or an instant.")] = None
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help="Of the market and of latencies.")] = None
    capital: Annotated[str | None, typer.Option("--capital", metavar="USD", help="Cash at the start.")] = None
    tape: Annotated[
        list[str] | None,
        typer.Option("--tape", metavar="FILE", help="A recording as the market; repeatable.", show_default=False),
    ] = None
    sweep: Annotated[
        str | None, typer.Option("--sweep", metavar="FILE", help="Every combination of its values: help sweep-files.")
    ] = None
    dask: Annotated[
        str | None, typer.Option("--dask", metavar="ADDRESS", help="Sweep on a Dask cluster, such as tcp://HOST:8786.")
    ] = None
    html: HtmlOption = None
    skip_build: Annotated[bool, typer.Option("--skip-build", help="Run what was built before.")] = False
    remote: Annotated[bool, typer.Option("--remote", help="As a job of the exchange instead of here.")] = False
    no_wait: Annotated[bool, typer.Option("--no-wait", help="With --remote: say the job's id and leave it.")] = False


def backtest(session: Session, asked: Run) -> Result:
    """Run a module in the past: its report, equity curve and fills (-o csv). The same inputs give the same bytes."""
    from seqcli.client import local

    reports.check(asked.html)
    inputs = _inputs(asked)
    if asked.remote or asked.no_wait:
        return backtest_jobs.submit(session, _submission(asked, inputs), wait=not asked.no_wait, html=asked.html)
    if asked.sweep is not None and asked.html is not None:
        raise Usage("--html is of one run, not of a sweep", hint="run the best one again with --html")
    if asked.sweep is not None:
        return sweeping.swept(session, inputs, asked.sweep, asked.dask)
    if asked.dask is not None:
        raise Usage("--dask goes with --sweep", hint="seq help sweep-files")
    if session.options.dry_run:
        shown = {name: value for name, value in inputs.items() if name != "module"}
        return session.said(f"would run {len(inputs['module'])} bytes with {shown}")
    with speaking.share_told("backtest") as tell:
        report = local.backtest(inputs, tell)
    return backtest_jobs.reported(session, report, asked.html)


def _submission(asked: Run, inputs: dict[str, Any]) -> backtests.Submit:
    """The same as a job. Days stay as they were typed: the exchange reads them as we do."""
    import base64

    if asked.sweep is not None:
        raise Usage("a sweep runs on this machine, or with --dask", hint="leave --remote out; seq help sweep-files")
    if asked.tape or asked.start is None or asked.end is None:
        raise Usage("a recording plays on this machine only", hint="--start and --end with --remote, or --tape without")
    return backtests.Submit(
        wasm_base64=base64.b64encode(inputs["module"]).decode(),
        symbols=inputs["symbols"],
        venue=",".join(inputs["venues"] or [backtests.ALL_VENUES]),
        start=asked.start,
        end=asked.end,
        capital=Decimal(inputs["capital_usd_1e9"]).scaleb(-units.Usd.digits),
        seed=inputs["seed"],
        params=inputs["params"],
        risk=inputs["risk"],
    )


def _inputs(asked: Run) -> dict[str, Any]:
    asked = _by_symbol(asked)
    path = asked.module or Path()
    manifest = projects.read(path) if path.is_dir() else None
    project = manifest.algo if manifest else None
    if path.is_dir():
        path = projects.built(path) if asked.skip_build else projects.compiled(path)
    module = words.content(str(path), algos.MODULE_LIMIT)
    symbols, venues = algo_names.markets(asked.symbol, asked.venue, project)
    defaults = manifest.backtest if manifest else None
    capital = asked.capital or (f"{defaults.capital:.2f}" if defaults else "100000")
    seed = asked.seed or (str(defaults.seed) if defaults else "42")
    start_ns = None if asked.start is None else _instant(asked.start, "--start", last=False)
    end_ns = None if asked.end is None else _instant(asked.end, "--end", last=True)
    if not asked.tape and (start_ns is None or end_ns is None):
        raise Usage("from when to when?", hint="--start 2026-01-01 --end 2026-01-02, or --tape FILE")
    return {
        "module": module,
        "symbols": symbols,
        "venues": venues,
        "start_ns": start_ns,
        "end_ns": end_ns,
        "capital_usd_1e9": _capital(capital),
        "seed": words.count(seed, "--seed", 0, (1 << 63) - 1),
        "tapes": [_recording(path) for path in asked.tape or []],
        "params": list(project.params) if project else [],
        "risk": project.risk if project else None,
    }


def _by_symbol(asked: Run) -> Run:
    """The vendor's own form, in a project: what names no file there, and could be a symbol, is one."""
    path = asked.module
    if path is None or path.exists() or len(path.parts) != 1 or path.suffix or not Path(projects.TOML).is_file():
        return asked
    return msgspec.structs.replace(asked, module=None, symbol=[str(path), *(asked.symbol or [])])


def _capital(text: str) -> int:
    value = units.parse_scaled(text, units.Usd.digits, "--capital")
    if value <= 0:
        raise Usage(f"--capital {text}: more than 0 is wanted")
    return value


def _instant(text: str, option: str, *, last: bool) -> int:
    """A day, whole, or an instant of it (2026-01-31T12:00)."""
    try:
        return backtests.instant_ns(text, last=last)
    except ValueError:
        raise Usage(f"{option} {text!r} is no day", hint=f"for example {option} 2026-01-31") from None


def _recording(path: str) -> str:
    if not Path(path).is_file():
        raise Usage(f"--tape {path}: there is no such file", hint="seq stream book:SYMBOL --record FILE makes one")
    return path
