"""`seq algo backtest --sweep`: a row a set in every form; what failed is told and the rest stands."""

from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from tests.commands.test_backtest import IDLE, WINDOW

Seq = Any


@pytest.fixture
def asked(tmp_path: Path) -> list[str]:
    (tmp_path / "idle.wasm").write_bytes(wat2wasm(IDLE))
    return ["algo", "backtest", str(tmp_path / "idle.wasm"), "--symbol", "ETH-USD", "--venue", "kraken", *WINDOW]


def sweep(folder: Path, text: str) -> list[str]:
    (folder / "sweep.toml").write_text(text)
    return ["--sweep", str(folder / "sweep.toml")]


def test_a_row_a_set_the_same_bytes_twice_and_the_figures_of_single_runs(
    seq: Seq, asked: list[str], tmp_path: Path
) -> None:
    words = [*asked, *sweep(tmp_path, "seeds = [1, 2, 3]")]
    done = seq(*words, "--json")
    assert (done.status, done.body["count"]) == (0, 3)
    assert seq(*words, "--json").out == done.out
    single = seq(*asked, "--seed", "2", "--json").body
    assert done.body["sets"][1]["summary"] == single["summary"]
    assert [row["seed"] for row in seq(*words, "-o", "ndjson").rows] == [1, 2, 3]
    assert seq(*words, "-o", "csv", "--fields", "set,seed,summary.trades").out.splitlines() == [
        "set,seed,summary.trades", "1,1,0", "2,2,0", "3,3,0",
    ]  # fmt: skip
    table = seq(*words).out
    assert "best by profit: set 1" in table


def test_some_that_fail_are_partial_and_all_that_fail_are_refused(seq: Seq, asked: list[str], tmp_path: Path) -> None:
    done = seq(*asked, *sweep(tmp_path, 'symbols = ["ETH-USD", "NONE-USD"]'), "--json")
    assert (done.status, done.error["message"]) == (10, "1 of 2 sets failed; set 2: unknown symbol NONE-USD")
    assert done.body["sets"][0]["summary"]["callbacks"] > 0
    done = seq(*asked, *sweep(tmp_path, 'symbols = ["NO-USD", "NONE-USD"]'), "--json")
    assert (done.status, done.body["count"]) == (3, 2)


def test_a_dry_run_names_the_sets_and_runs_none(seq: Seq, asked: list[str], tmp_path: Path) -> None:
    done = seq(*asked, *sweep(tmp_path, "seeds = [1, 2]"), "--dry-run")
    assert done.out.splitlines() == ["would run ETH-USD, seed 1", "would run ETH-USD, seed 2"]


def test_a_cluster_without_a_sweep_or_a_scheduler(seq: Seq, asked: list[str]) -> None:
    done = seq(*asked, "--dask", "tcp://127.0.0.1:1", "--json")
    assert (done.status, done.error["message"]) == (2, "--dask goes with --sweep")
