"""Backtest jobs: submitted and queued, looked at, their results, cancelled.

A served exchange runs each in a child of its own beside everything else; the embedded one runs a short one before it
answers.
"""

from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.algos import uploads
from seqcli.sandbox.algos.jobs import StoredJob, new_id
from seqcli.sandbox.algos.runner import Runner
from seqcli.sandbox.handlers import algo_rows
from seqcli.sandbox.market.instruments import venue_of
from seqcli.sandbox.serving import Answer, Box, Call, conflict, invalid, not_found, serves
from seqcli.wire import backtests, strict

if TYPE_CHECKING:
    from seqcli.sandbox.algos.backtests import Inputs

MOST_UNFINISHED = 16
"""Jobs of one account that wait or run."""
MOST_NS = 366 * backtests.DAY_NS
EMBEDDED_NS = 2 * 3600 * 10**9
"""Of simulated time, all instances together: hours of work, and seconds."""
_USD_DIGITS, _MOST_USD = 9, 9 * 10**9
_NOT_SERVED = "waits until the exchange is served: seq sandbox start"


@serves(backtests.SUBMIT)
def submit(box: Box, call: Call) -> Answer:
    """Check everything, then queue it."""
    inputs, instances = _inputs(box, call)
    _check_span(box, inputs, instances)
    waiting = [job for job in box.jobs.unfinished() if job.client_id == call.caller.client_id]
    if len(waiting) >= MOST_UNFINISHED:
        raise conflict("backtest", f"{len(waiting)} jobs wait or run already; cancel one, or wait")
    job = StoredJob(
        client_id=call.caller.client_id,
        is_sandbox=call.caller.sandbox,
        job_id=new_id(),
        symbols=inputs.symbols,
        start_ns=inputs.start_ns or 0,
        end_ns=inputs.end_ns or 0,
        wasm_sha256=sha256(inputs.module).hexdigest(),
        created_ns=call.now_ns,
    )
    box.jobs.add(job, msgspec.msgpack.encode(inputs))
    runner = box.runner or Runner(box.jobs)
    if box.runner is not None:
        box.runner.add(job, call.now_ns)
    else:
        runner.add(job, call.now_ns)
        runner.wait(call.now_ns)
    return Answer(_shown(box, job))


@serves(backtests.LIST)
def show_all(box: Box, call: Call) -> backtests.Jobs:
    """Newest first."""
    rows = [_shown(box, job) for job in _own(box, call)]
    return backtests.Jobs(jobs=rows, count=len(rows))


@serves(backtests.SHOW)
def show(box: Box, call: Call) -> backtests.Job:
    """One job."""
    return _shown(box, _found(box, call))


@serves(backtests.RESULTS)
def results(box: Box, call: Call) -> Answer:
    """The report as it was made; of one that failed or was cancelled its error."""
    job = _found(box, call)
    if not job.ended:
        raise conflict("backtest", f"{job.job_id} has not ended; look again later")
    report = box.jobs.results(job)
    if report is None:
        return Answer({"job_id": job.job_id, "status": job.status, "error": job.error})
    return Answer(b'{"job_id":' + strict.encode(job.job_id) + b"," + report[1:])


@serves(backtests.CANCEL)
def cancel(box: Box, call: Call) -> backtests.Job:
    """End it; one that has ended stays as it is."""
    job = _found(box, call)
    if box.runner is not None:
        job = box.runner.cancel(job.job_id, call.now_ns) or job
    elif not job.ended:
        job.status, job.finished_ns = "cancelled", call.now_ns
        box.jobs.keep(job)
    return _shown(box, job)


def _own(box: Box, call: Call) -> Iterable[StoredJob]:
    if box.runner is not None:
        box.runner.step(call.now_ns)
    return box.jobs.of(call.caller.client_id, sandbox=call.caller.sandbox)


def _found(box: Box, call: Call) -> StoredJob:
    """The caller's job that the path names. Raises `Problem`."""
    for job in _own(box, call):
        if job.job_id == call.path["job_id"]:
            return job
    raise not_found("backtest", call.path["job_id"])


def _shown(box: Box, job: StoredJob) -> backtests.Job:
    """As it is now. Where nothing is served nothing runs, whatever the record says."""
    at_work = box.runner.find(job.job_id) if box.runner else None
    per_mille = at_work[1] if at_work else 1000 if job.status == "succeeded" else 0
    left = box.runner is None and not job.ended
    return backtests.Job(
        job_id=job.job_id,
        status="queued" if left else job.status,
        progress=Decimal(per_mille) / 1000,
        error=_NOT_SERVED if left else job.error,
        symbols=job.symbols,
        start_ns=job.start_ns,
        end_ns=job.end_ns,
        wasm_sha256=job.wasm_sha256,
        created_ns=job.created_ns,
        started_ns=None if left else job.started_ns,
        finished_ns=job.finished_ns,
    )


def _inputs(box: Box, call: Call) -> "tuple[Inputs, int]":
    """What is asked for, and how many instances that makes. Raises `Problem`."""
    from seqcli.sandbox.algos.backtests import Inputs
    from seqcli.sandbox.market.whole import WholeMarket

    body = call.body
    module, project = _source(box, call)
    if not 0 <= body.seed < 1 << 63:
        raise invalid(("seed", "must be 0 to 2^63 - 1"))
    named = project["symbols"] if body.symbols is None else body.symbols
    rows = uploads.known(WholeMarket(body.seed).instruments(), named, "symbols")
    listed = [name for name in body.venue.split(",") if name]
    venues = project["venues"] if body.venue == backtests.ALL_VENUES else _venues(listed)
    counts = [len([venue for venue in row.venues if venues is None or venue in venues]) for row in rows]
    if not all(counts):
        raise invalid(("venue", f"{rows[counts.index(0)].symbol} does not trade on {', '.join(venues or [])}"))
    inputs = Inputs(
        module=module,
        symbols=[row.symbol for row in rows],
        venues=venues,
        start_ns=_instant(body.start, "start", last=False),
        end_ns=_instant(body.end, "end", last=True),
        capital_usd_1e9=_capital(body.capital),
        seed=body.seed,
        params=project["params"] if body.params is None else uploads.params(body.params),
        risk=project["risk"] if body.risk is None else uploads.risk(body.risk),
    )
    return inputs, sum(counts)


def _source(box: Box, call: Call) -> tuple[bytes, dict[str, Any]]:
    """The module, and what is known of it where it is a deployment's."""
    body = call.body
    given = [name for name in ("wasm_base64", "deployment_id", "strategy_id") if getattr(body, name) is not None]
    if len(given) != 1:
        raise invalid(("wasm_base64", "give one of wasm_base64, deployment_id, strategy_id"))
    if body.strategy_id is not None:
        raise invalid(("strategy_id", "a hosted strategy is Python and runs as it likes; only modules are backtested"))
    if body.wasm_base64 is not None:
        module, _ = uploads.module(body.wasm_base64)
        return module, {"symbols": [], "venues": None, "params": [], "risk": None}
    for row in algo_rows.rows(box, call):
        found = row.deployment
        if found.deployment_id == body.deployment_id:
            return box.deployments.module(row), {
                "symbols": found.symbols,
                "venues": found.venues,
                "params": found.params,
                "risk": found.risk,
            }
    raise not_found("deployment", body.deployment_id)


def _venues(names: list[str]) -> list[str] | None:
    try:
        return [venue_of(name)[0] for name in names] or None
    except ValueError as error:
        raise invalid(("venue", str(error))) from None


def _instant(text: str, field: str, *, last: bool) -> int:
    try:
        ts_ns = backtests.instant_ns(text, last=last)
    except (ValueError, OverflowError):
        raise invalid((field, "is no day such as 2026-01-31, nor an instant such as 2026-01-31T12:00")) from None
    if not 0 < ts_ns < 1 << 63:
        raise invalid((field, "is outside the market's time"))
    return ts_ns


def _capital(capital: Decimal) -> int:
    exponent = capital.as_tuple().exponent
    if not 0 < capital < _MOST_USD or not isinstance(exponent, int) or exponent < -_USD_DIGITS:
        raise invalid(("capital", f"must be more than 0 USD and less than {_MOST_USD}, at most {_USD_DIGITS} decimals"))
    return int(capital.scaleb(_USD_DIGITS))


def _check_span(box: Box, inputs: "Inputs", instances: int) -> None:
    span_ns = (inputs.end_ns or 0) - (inputs.start_ns or 0)
    if span_ns <= 0:
        raise invalid(("start", "is not before the end"))
    total_ns = span_ns * instances
    if total_ns > MOST_NS:
        days = MOST_NS // backtests.DAY_NS
        raise invalid(("end", f"more than {days} days, counted for each of the {instances} symbols and venues"))
    if box.runner is None and total_ns > EMBEDDED_NS:
        hours = EMBEDDED_NS // (3600 * 10**9)
        raise invalid(
            (
                "end",
                f"more than {hours} hours, all venues together, needs a served exchange: seq sandbox start",
            )
        )
