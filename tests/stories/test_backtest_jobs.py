"""A backtest as a job of a served exchange: the same report as here, while the exchange goes on; and after a kill."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from tests.stories.conftest import SCRIPTS, Shell

Serve = Callable[..., dict[str, Any]]
BUYER = """(module (memory (export "memory") 2) (global $told (mut i32) (i32.const 0))
(func (export "algo_alloc") (param i32) (result i32) i32.const 4096)
(func (export "algo_on_book") (param i32 i32) (result i32)
  (if (i32.eqz (global.get $told)) (then
    (global.set $told (i32.const 1))
    (i32.store (i32.const 1024) (i32.const 1))
    (i64.store (i32.const 1048) (i64.const 100000000))
    (i32.store8 (i32.const 1056) (i32.const 1))
    (i32.store8 (i32.const 1058) (i32.const 1)))
  (else (i32.store (i32.const 1024) (i32.const 0))))
  (i32.const 1024)))"""
"""Buys one at the market, once."""
MINUTE = "--venue kraken --start 2026-01-01T00:00 --end 2026-01-01T00:01"
MONTH = "--start 2026-01-01 --end 2026-01-31"


@pytest.fixture
def buyer(home: dict[str, str]) -> None:
    (Path(home["HOME"]) / "buyer.wasm").write_bytes(wat2wasm(BUYER))


@pytest.mark.usefixtures("buyer")
def test_a_job_gives_the_report_of_a_run_here(serve: Serve, shell: Shell, home: dict[str, str]) -> None:
    served = serve()
    at = {"SEQ_API_URL": served["url"], "SEQ_API_KEY": served["api_key"]}
    asked = f"seq algo backtest buyer.wasm --symbol ETH-USD {MINUTE}"
    done = shell(
        f"{asked} --json > here.json; {asked} --remote --json > there.json; {asked} > here.txt;"
        f" job=$({asked} --no-wait -q); seq algo job wait $job > there.txt; seq algo job show $job --json > shown.json;"
        f" seq algo job list -q; echo $job; {asked} --remote -o csv > fills.csv",
        **at,
    )
    assert done.returncode == 0, done.stderr
    folder = Path(home["HOME"])
    here, there, shown = (json.loads((folder / f"{name}.json").read_text()) for name in ("here", "there", "shown"))
    first, second, said = done.stdout.split()
    assert (there.pop("job_id"), shown.pop("job_id")) == (second, first)
    assert here == there == shown
    assert (here["summary"]["trades"] > 0, here["fills"][0]["side"]) == (True, "buy")
    assert (folder / "here.txt").read_text() == (folder / "there.txt").read_text()
    assert len((folder / "fills.csv").read_text().splitlines()) == 1 + len(here["fills"])
    assert said == first


@pytest.mark.usefixtures("buyer")
def test_a_long_job_leaves_the_exchange_free_and_is_cancelled(serve: Serve, shell: Shell) -> None:
    served = serve()
    at = {"SEQ_API_URL": served["url"], "SEQ_API_KEY": served["api_key"]}
    done = shell(
        f"job=$(seq algo backtest buyer.wasm --symbol ETH-USD --venue kraken {MONTH} --no-wait -q);"
        " seq order buy ETH-USD 0.1 --wait --json > /dev/null;"
        " seq algo job wait $job --wait-timeout 0.1s --json && exit 1; echo $?; seq algo job cancel $job;"
        " seq algo job wait $job --json && exit 1; echo $?",
        **at,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("8", "3")
    assert "cancelled" in done.stdout
    errors = [json.loads(line)["error"] for line in done.stderr.splitlines() if line.startswith('{"error"')]
    assert [error["code"] for error in errors] == ["UNFINISHED", "REFUSED"]


@pytest.mark.usefixtures("buyer")
@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ("Sequence.toml --symbol ETH-USD --start 2026-01-01 --end 2026-01-02", 3, "magic bytes"),
        ("buyer.wasm --symbol NOPE-USD --start 2026-01-01 --end 2026-01-02", 3, "unknown symbol NOPE-USD"),
        ("buyer.wasm --symbol ETH-USD --start 2026-01-02 --end 2026-01-01", 3, "not before the end"),
        ("buyer.wasm --symbol ETH-USD --start 2026-13-01 --end 2026-01-01", 2, "is no day"),
        ("buyer.wasm --symbol ETH-USD --start 2026-01-01 --end 2026-01-31", 3, "seq sandbox start"),
        ("buyer.wasm --symbol ETH-USD --tape Sequence.toml", 2, "on this machine only"),
        (
            "buyer.wasm --symbol ETH-USD --start 2026-01-01 --end 2026-01-02 --sweep x",
            2,
            "a sweep runs on this machine",
        ),
    ],
)
def test_bad_input_is_one_sentence(words: str, status: int, sentence: str, shell: Shell, home: dict[str, str]) -> None:
    (Path(home["HOME"]) / "Sequence.toml").write_text('[algo]\nname = "x"\nsymbols = ["ETH-USD"]\n')
    done = shell(f"seq --local algo backtest {words} --remote --json")
    assert (done.returncode, done.stdout) == (status, "")
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert sentence in error["message"], error


@pytest.mark.usefixtures("buyer")
def test_a_job_survives_a_kill_of_its_exchange(shell: Shell, home: dict[str, str]) -> None:
    """Killed in the middle, it is no longer said to run; the next exchange runs it again, to the same report."""

    def start() -> "tuple[subprocess.Popen[str], dict[str, str]]":
        command = [str(SCRIPTS / "seq"), "sandbox", "serve", "--port", "0", "--state", str(state), "--json"]
        server = subprocess.Popen(command, env=home, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        return server, {"SEQ_API_URL": ready["url"], "SEQ_API_KEY": ready["api_key"]}

    if not (SCRIPTS / "seq").exists():
        pytest.skip("seq is not installed beside this Python: pip install .")
    state = Path(home["SEQ_STATE_DIR"]) / "sandbox"
    asked = "seq algo backtest buyer.wasm --symbol ETH-USD --venue kraken --start 2026-01-01 --end 2026-01-01T01:00"
    server, at = start()
    job = shell(f"{asked} --no-wait -q", **at).stdout.strip()
    running = json.loads(shell("seq algo job list --json", **at).stdout)["jobs"]
    assert [row["status"] for row in running] == ["running"]
    os.kill(server.pid, signal.SIGKILL)
    server.communicate(timeout=20)
    left = shell(f"seq --local algo job show {job} --json")
    assert json.loads(left.stdout)["status"] == "queued"
    waited = shell(f"seq --local algo job wait {job}")
    assert (waited.returncode, "seq sandbox start" in waited.stderr) == (8, True)
    server, at = start()
    try:
        done = shell(f"seq algo job wait {job} --json --wait-timeout 60s; {asked} --json > here.json", **at)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        del report["job_id"]
        assert report == json.loads((Path(home["HOME"]) / "here.json").read_text())
    finally:
        server.terminate()
        server.communicate(timeout=20)
    assert server.returncode == 0
