"""`seq algo job`: backtests that the exchange runs, submitted by `seq algo backtest --remote`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from seqcli import __version__
from seqcli.commands import placing, reports, speaking
from seqcli.commands.grammar import Noun
from seqcli.commands.reports import HtmlOption
from seqcli.commands.session import Session
from seqcli.errors import Partial, Refused, Unfinished, Usage
from seqcli.views import Result
from seqcli.views import backtests as tables
from seqcli.wire import backtests
from seqcli.wire.operation import Request

command = Noun(
    "job",
    "Backtests that run as jobs of the exchange.",
    alone=("list",),
    examples=("seq --local algo job list",),
)

_FIRST_S, _LONGEST_S = 0.25, 2.0
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Its id, bt_…", show_default=False)]
WaitTimeout = Annotated[
    str | None, typer.Option("--wait-timeout", metavar="S", help="Seconds to wait, then status 8; else to its end.")
]


@command.verb("list", "seq --local algo job list")
def listed(session: Session) -> Result:
    """Jobs and how far they are, newest first."""
    return session.read(backtests.LIST, Request(), items="jobs", ids="job_id", table=tables.jobs)


@command.verb("show", "seq --local algo job show bt_0123456789abcdef0123")
def show(session: Session, job: JobId, html: HtmlOption = None) -> Result:
    """The report of a job that has ended well; of another how far it is, or why it failed."""
    reports.check(html)
    request = Request(path={"job_id": job})
    if session.options.dry_run:
        return session.planned((backtests.SHOW, request), (backtests.RESULTS, request))
    found = session.client.call(backtests.SHOW, request).body
    if found.get("status") != "succeeded":
        return session.seen(found, ids="job_id", table=tables.job)
    return reported(session, session.client.call(backtests.RESULTS, request).body, html)


@command.verb("wait", "seq --local algo job wait bt_0123456789abcdef0123")
def wait(session: Session, job: JobId, *, wait_timeout: WaitTimeout = None, html: HtmlOption = None) -> Result:
    """Wait for a job's end, and show its report."""
    reports.check(html)
    most_s = None if wait_timeout is None else placing.span(wait_timeout)
    request = Request(path={"job_id": job})
    if session.options.dry_run:
        return session.planned((backtests.SHOW, request), (backtests.RESULTS, request))
    return reported(session, _awaited(session, job, most_s), html)


@command.verb("cancel", "seq --local algo job cancel bt_0123456789abcdef0123")
def cancel(session: Session, job: JobId) -> Result:
    """End a job that waits or runs; one that has ended stays."""
    return session.change(backtests.CANCEL, Request(path={"job_id": job}), ids="job_id", table=tables.job)


def submit(session: Session, asked: backtests.Submit, *, wait: bool, html: Path | None) -> Result:
    """Hand it in; then its job as it is, or what came of it."""
    request = Request(body=asked)
    if html is not None and not wait:
        raise Usage("--no-wait has no report to write", hint=f"later: seq algo job wait JOB --html {html}")
    if session.options.dry_run:
        return session.planned((backtests.SUBMIT, request))
    job = session.changed(backtests.SUBMIT, request, look="see: seq algo job list").body
    name = str(job.get("job_id") or "")
    if not wait or not name:
        return session.seen(job, ids="job_id", table=tables.job)
    if job.get("status") in backtests.UNFINISHED:
        session.note(f"submitted; after an interruption: seq algo job wait {name}")
    return reported(session, _awaited(session, name, None), html)


def reported(session: Session, report: Any, html: Path | None) -> Result:
    """The report as a result, and its page where one is wanted."""
    inputs = report.get("inputs") or {}
    if html is not None and "summary" in report:
        title = f"Backtest of {', '.join(inputs.get('symbols') or [])}"
        note = f"simulated, seed {inputs.get('seed')}, seqcli {__version__}"
        reports.kept(session, html, title, tables.sections(report), note)
    trapped = report.get("trapped")
    failure = Partial(f"the module trapped: {trapped}") if trapped else None
    return Result(body=report, items=_items(session, report), ids=[], table=tables.report, failure=failure)


def _items(session: Session, report: Any) -> str | None:
    """Rows are fills; where every field asked for is one of the report itself, it is one object."""
    fields = session.options.fields or ()
    whole = fields and all(name.split(".")[0] in report for name in fields)
    return None if whole else "fills"


def _awaited(session: Session, job_id: str, timeout_s: float | None) -> Any:
    """The results. Raises `Unfinished`, or `Refused` for a job that failed or was cancelled."""
    request, clock = Request(path={"job_id": job_id}), session.client.clock
    began, pause_s = clock.monotonic(), _FIRST_S
    with speaking.share_told("backtest") as tell:
        while True:
            job = session.client.call(backtests.SHOW, request).body
            if job.get("status") not in backtests.UNFINISHED:
                break
            if job.get("error"):
                raise Unfinished(f"{job_id} {job['error']}", hint=f"then: seq algo job wait {job_id}")
            if timeout_s is not None and clock.monotonic() - began >= timeout_s:
                raise Unfinished(f"{job_id} is {job.get('status')}", hint=f"go on: seq algo job wait {job_id}")
            tell(int((job.get("progress") or 0) * 1000))
            clock.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_S)
    if job.get("status") == "succeeded":
        return session.client.call(backtests.RESULTS, request).body
    raise Refused(
        f"{job_id} {job.get('status')}: {job.get('error') or 'by request'}", hint=f"seq algo job show {job_id}"
    )
