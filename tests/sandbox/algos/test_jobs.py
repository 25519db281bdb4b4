"""Backtest jobs: nothing half-done is kept, each account sees its own, and none is `running` when nothing runs."""

import base64
import errno
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seqcli.sandbox.algos import runner, worker
from seqcli.sandbox.algos.backtests import Inputs, run
from seqcli.sandbox.algos.jobs import KEPT, StoredJob
from seqcli.sandbox.algos.runner import Runner
from seqcli.sandbox.handlers import backtests as handlers
from seqcli.wire import strict
from seqcli.wire.backtests import instant_ns
from tests.sandbox.algos.test_algos import ALLOC, BOOK, GOOD, MEMORY, NOW, Desk, module

START_NS = 1_767_225_600_000_000_000
MINUTE = {"start": "2026-01-01T00:00", "end": "2026-01-01T00:01"}
SPIN = module(MEMORY, ALLOC, '(func (export "algo_on_book") (param i32 i32) (result i32) (loop br 0) i32.const 0)')


class Jobs(Desk):
    def submit(self, **more: Any) -> tuple[int, Any]:
        body = {"wasm_base64": base64.b64encode(GOOD).decode(), "symbols": ["ETH-USD"], "venue": "kraken", **MINUTE}
        return self("POST", "/v1/backtest", {k: v for k, v in (body | more).items() if v is not None})

    def fields(self, **more: Any) -> list[str]:
        status, body = self.submit(**more)
        assert status == 400
        return [row["field"] for row in body["error"]["details"]]

    def kept(self, number: int, **more: Any) -> StoredJob:
        """A job as it stands in the store, of one minute."""
        job = StoredJob(
            client_id=self.box.store.client_id,
            is_sandbox=True,
            job_id=f"bt_{number}",
            symbols=["ETH-USD"],
            start_ns=START_NS,
            end_ns=START_NS + 60 * 10**9,
            wasm_sha256="",
            created_ns=NOW + number,
            **more,
        )
        self.box.jobs.add(job, msgspec.msgpack.encode(minute(GOOD)))
        self.box.jobs.keep(job)
        return job


def minute(raw: bytes) -> Inputs:
    return Inputs(module=raw, symbols=["ETH-USD"], venues=["kraken"], start_ns=START_NS, end_ns=START_NS + 60 * 10**9)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Jobs]:
    desk = Jobs(tmp_path / "box")
    yield desk
    if desk.box.runner is not None:
        desk.box.runner.close()
    desk.box.store.close()


@pytest.fixture
def served(desk: Jobs) -> Jobs:
    desk.box.runner = Runner(desk.box.jobs)
    return desk


def test_a_short_job_of_the_embedded_exchange_is_done_when_it_answers(desk: Jobs) -> None:
    status, job = desk.submit()
    assert (status, job["status"], job["progress"], job["error"]) == (202, "succeeded", 1, None)
    assert desk("GET", f"/v1/backtest/{job['job_id']}") == (200, job)
    assert desk("GET", "/v1/backtest")[1] == {"jobs": [job], "count": 1}
    results = desk("GET", f"/v1/backtest/{job['job_id']}/results")[1]
    assert results.pop("job_id") == job["job_id"]
    assert results == json.loads(strict.encode(run(minute(GOOD))))
    assert results["summary"]["callbacks"] > 100


def test_the_report_has_the_bytes_of_one_made_here(desk: Jobs) -> None:
    first, second = (desk.submit()[1]["job_id"] for _ in range(2))
    rows = {row.job_id: desk.box.jobs.results(row) for row in desk.box.jobs.of(desk.box.store.client_id, sandbox=True)}
    assert rows[first] == rows[second] == strict.encode(run(minute(GOOD)))
    other = desk.submit(seed=7)[1]["job_id"]
    (job,) = (row for row in desk.box.jobs.of(desk.box.store.client_id, sandbox=True) if row.job_id == other)
    assert desk.box.jobs.results(job) != rows[first], "the seed decides nothing"


def test_what_cannot_be_run_is_refused_by_its_field_and_nothing_is_kept(desk: Jobs) -> None:
    assert desk.fields(wasm_base64="%%%") == ["wasm_base64"]
    assert desk.fields(wasm_base64=base64.b64encode(module(MEMORY, ALLOC)).decode()) == ["wasm_base64"]
    assert desk.fields(wasm_base64=base64.b64encode(b"\0" * ((4 << 20) + 1)).decode()) == ["wasm_base64"]
    assert desk.fields(wasm_base64=None) == ["wasm_base64"]
    assert desk.fields(deployment_id="dep_x") == ["wasm_base64"]
    assert desk.fields(wasm_base64=None, strategy_id="strat_x") == ["strategy_id"]
    assert desk.fields(symbols=["NOPE-USD"]) == ["symbols"]
    assert desk.fields(symbols=[]) == ["symbols"]
    assert desk.fields(venue="nowhere") == ["venue"]
    assert desk.fields(venue="kalshi") == ["venue"]
    assert desk.fields(start="yesterday") == ["start"]
    assert desk.fields(end="2026-13-01") == ["end"]
    assert desk.fields(start="1960-01-01") == ["start"]
    assert desk.fields(start="2026-01-02") == ["start"]
    assert desk.fields(capital=0) == ["capital"]
    assert desk.fields(capital=10**10) == ["capital"]
    assert desk.fields(seed=-1) == ["seed"]
    assert desk.fields(params=[{"slot": 99, "type": "i64", "value": 1}]) == ["params[0].slot"]
    assert desk.fields(risk={"colour": 1}) == ["risk.colour"]
    assert desk.submit(wasm_base64=None, deployment_id="dep_x")[0] == 404
    assert desk("GET", "/v1/backtest")[1] == {"jobs": [], "count": 0}


def test_a_span_has_a_limit_and_a_lower_one_where_nothing_is_served(desk: Jobs) -> None:
    longer = {"start": "2026-01-01", "end": "2026-01-01"}
    assert desk.fields(**longer) == ["end"]
    assert "seq sandbox start" in desk.submit(**longer)[1]["error"]["message"]
    desk.box.runner = Runner(desk.box.jobs)
    assert desk.submit(**longer)[0] == 202
    assert desk.fields(start="2020-01-01", end="2026-01-01") == ["end"]


def test_days_are_whole_and_instants_are_instants() -> None:
    assert instant_ns("2026-01-01", last=False) == START_NS
    assert instant_ns("2026-01-01", last=True) == START_NS + 86_400 * 10**9 - 1
    assert instant_ns("2026-01-01T00:01Z", last=True) == START_NS + 60 * 10**9


def test_a_deployment_brings_its_module_and_its_markets(desk: Jobs) -> None:
    deployed = desk.deploy(GOOD, venues=["kraken"])[1]
    job = desk.submit(wasm_base64=None, symbols=None, venue=None, deployment_id=deployed["deployment_id"])[1]
    inputs = desk("GET", f"/v1/backtest/{job['job_id']}/results")[1]["inputs"]
    assert (inputs["symbols"], inputs["venues"], inputs["wasm_sha256"]) == (["BTC-USD"], ["kraken"], deployed["sha256"])


def test_a_module_that_never_answers_is_a_report_of_a_trap(desk: Jobs) -> None:
    job = desk.submit(wasm_base64=base64.b64encode(SPIN).decode())[1]
    assert job["status"] == "succeeded"
    assert "more than the time of one callback" in desk("GET", f"/v1/backtest/{job['job_id']}/results")[1]["trapped"]


def test_jobs_run_a_few_at_once_and_one_account_does_not_hold_up_another(served: Jobs) -> None:
    day = {"start": "2026-01-01", "end": "2026-01-20"}
    own = [served.submit(**day)[1]["job_id"] for _ in range(3)]
    stranger = msgspec.structs.replace(served.kept(9), client_id="cl_other", job_id="bt_other")
    at_work = served.box.runner
    assert at_work is not None
    assert [served("GET", f"/v1/backtest/{name}")[1]["status"] for name in own] == ["running", "running", "queued"]
    served.box.jobs.add(stranger, msgspec.msgpack.encode(minute(GOOD)))
    at_work.add(stranger, NOW)
    status, unfinished = served("GET", f"/v1/backtest/{own[0]}/results")
    assert (status, unfinished["error"]["code"]) == (409, "CONFLICT")
    cancelled = served("DELETE", f"/v1/backtest/{own[0]}")[1]
    assert cancelled["status"] == "cancelled"
    assert stranger.status == "running", "who has none at work comes first"
    assert served("GET", f"/v1/backtest/{own[2]}")[1]["status"] == "queued"
    assert served("GET", "/v1/backtest/bt_other")[0] == served("DELETE", "/v1/backtest/bt_other")[0] == 404
    assert served("GET", "/v1/backtest/bt_other/results")[0] == 404
    again = served("DELETE", f"/v1/backtest/{own[0]}")
    assert again == (200, cancelled)
    body = served("GET", f"/v1/backtest/{own[0]}/results")
    assert body == (200, {"job_id": own[0], "status": "cancelled", "error": None})


def test_an_account_has_so_many_waiting_and_no_more(served: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "MOST_UNFINISHED", 2)
    long = {"start": "2026-01-01", "end": "2026-01-20"}
    assert [served.submit(**long)[0] for _ in range(3)] == [202, 202, 409]
    assert served("GET", "/v1/backtest")[1]["count"] == 2


def test_a_key_that_reads_may_look_and_not_submit(desk: Jobs) -> None:
    made = desk("POST", "/v1/api_keys", {"label": "reader", "role": "read"})[1]
    desk.submit()
    desk.box.api_key = made["api_key"]
    assert desk("GET", "/v1/backtest")[1]["count"] == 1
    assert desk.submit()[0] == 403


def test_what_ran_at_a_violent_end_is_run_again_and_at_the_second_end_has_failed(desk: Jobs) -> None:
    once = desk.kept(1, status="running", started_ns=NOW, starts=1)
    twice = desk.kept(2, status="running", started_ns=NOW, starts=runner.MOST_STARTS)
    left = desk("GET", f"/v1/backtest/{once.job_id}")[1]
    assert (left["status"], left["started_ns"]) == ("queued", None), "nothing runs here"
    assert "seq sandbox start" in left["error"]
    began = desk.box.runner = Runner(desk.box.jobs)
    began.begin(NOW)
    failed = desk("GET", f"/v1/backtest/{twice.job_id}/results")[1]
    assert (failed["status"], "twice" in failed["error"]) == ("failed", True)
    began.wait(NOW)
    assert desk("GET", f"/v1/backtest/{once.job_id}")[1]["status"] == "succeeded"


def test_a_clean_end_is_not_counted(served: Jobs) -> None:
    job = served.submit(start="2026-01-01", end="2026-01-20")[1]
    assert served.box.runner is not None
    served.box.runner.close()
    (row,) = served.box.jobs.unfinished()
    assert (row.job_id, row.status, row.starts) == (job["job_id"], "queued", 0)


def test_a_child_that_is_gone_has_failed(served: Jobs) -> None:
    job = served.submit(start="2026-01-01", end="2026-01-20")[1]
    at_work = served.box.runner
    assert at_work is not None
    (work,) = at_work._working.values()
    os.kill(work.pid, signal.SIGKILL)
    at_work.wait(NOW)
    body = served("GET", f"/v1/backtest/{job['job_id']}")[1]
    assert (body["status"], body["error"]) == ("failed", "its process ended before it had a result")


def test_a_child_that_cannot_be_started_fails_its_job_and_nothing_else(
    served: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_words: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(runner, "spawn", full)
        failed = served.submit()[1]
    assert (failed["status"], "could not be started" in failed["error"]) == ("failed", True)
    good = served.submit()[1]
    assert served.box.runner is not None
    served.box.runner.wait(NOW)
    assert served("GET", f"/v1/backtest/{good['job_id']}")[1]["status"] == "succeeded"


def test_an_ended_job_keeps_its_results_and_no_module(desk: Jobs) -> None:
    waiting = desk.kept(1)
    assert len(desk.box.jobs.inputs(waiting)) > len(GOOD)
    desk.submit()
    ended, _ = desk.box.jobs.of(waiting.client_id, sandbox=True)
    assert (desk.box.jobs.inputs(ended), desk.box.jobs.results(ended) is None) == (b"", False)


def test_the_oldest_ended_jobs_go(desk: Jobs) -> None:
    for number in range(KEPT + 3):
        desk.kept(number, status="cancelled", finished_ns=NOW)
    desk.submit()
    names = [row["job_id"] for row in desk("GET", "/v1/backtest")[1]["jobs"]]
    assert (len(names), "bt_2" in names, "bt_3" in names) == (KEPT + 1, False, True)


def test_a_report_that_would_not_fit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(minute(module(MEMORY, ALLOC, BOOK)))
    rows = [{"ts_ns": number} for number in range(5)]
    monkeypatch.setattr(worker, "MOST_FILLS", 3)
    cut = json.loads(worker.encoded(report | {"fills": rows}))
    assert (len(cut["fills"]), cut["truncated"]) == (3, True)
    whole = json.loads(worker.encoded(report | {"fills": rows[:3]}))
    assert (len(whole["fills"]), whole["truncated"]) == (3, False)
