"""Backtests as jobs of the exchange (/v1/backtest): submitted, looked at, their results, cancelled."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.operation import MIB, Access, Operation, Repeat

DAY_NS = 86_400 * 10**9
UNFINISHED = ("queued", "running")
ALL_VENUES = "all"


class Submit(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What to run: one of the three sources, where, and when.

    `venue` is one, several as ``kraken,okx``, or ``all``; `start` and `end` are UTC days, both included, or instants
    (``2026-01-31T12:00``); `capital` is in USD. A deployment's own symbols, parameters and limits hold where none are
    named.
    """

    wasm_base64: str | None = None
    deployment_id: str | None = None
    strategy_id: str | None = None
    symbols: list[str] | None = None
    venue: str = ALL_VENUES
    start: str
    end: str
    capital: Decimal = Decimal(100_000)
    seed: int = 42
    params: list[dict[str, Any]] | None = None
    risk: dict[str, Any] | None = None


class Job(msgspec.Struct, kw_only=True):
    """One job. `status` is queued, running, succeeded, failed or cancelled; `progress` goes from 0 to 1.

    `error` says why it failed, or why it does not go on.
    """

    job_id: str
    status: str
    progress: Decimal
    error: str | None
    symbols: list[str]
    start_ns: int
    end_ns: int
    wasm_sha256: str
    created_ns: int
    started_ns: int | None
    finished_ns: int | None


class Jobs(msgspec.Struct, kw_only=True):
    """Those of the account, newest first."""

    jobs: list[Job]
    count: int


def instant_ns(text: str, *, last: bool) -> int:
    """A day or an instant, UTC, in nanoseconds; of a day that is the `last`, its end. Raises ValueError."""
    moment = dt.datetime.fromisoformat(text.removesuffix("Z"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    ts_ns = int(moment.timestamp()) * 10**9
    return ts_ns + DAY_NS - 1 if last and "T" not in text and " " not in text else ts_ns


SUBMIT = Operation(
    name="backtests.submit",
    method="POST",
    path="/v1/backtest",
    summary="Run a module in the past",
    body=Submit,
    reply=Job,
    success=(202,),
    errors=("VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_limit=16 * MIB,
)
LIST = Operation(
    name="backtests.list", method="GET", path="/v1/backtest", summary="Backtests of the account", reply=Jobs
)
SHOW = Operation(
    name="backtests.show",
    method="GET",
    path="/v1/backtest/{job_id}",
    summary="How far a backtest is",
    reply=Job,
    errors=("NOT_FOUND",),
)
RESULTS = Operation(
    name="backtests.results",
    method="GET",
    path="/v1/backtest/{job_id}/results",
    summary="What came of a backtest: figures, equity, fills; of a failed one its error",
    errors=("NOT_FOUND", "CONFLICT"),
)
CANCEL = Operation(
    name="backtests.cancel",
    method="DELETE",
    path="/v1/backtest/{job_id}",
    summary="End a backtest that waits or runs",
    reply=Job,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
OPERATIONS = (SUBMIT, LIST, SHOW, RESULTS, CANCEL)
