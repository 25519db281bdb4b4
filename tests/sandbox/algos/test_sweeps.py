"""Backtests side by side: the rows of single runs, in the order of the sets, whatever becomes of a process."""

import multiprocessing
from typing import Any

import pytest
from wasmtime import wat2wasm

from seqcli.errors import Usage
from seqcli.sandbox.algos.backtests import Inputs, run
from seqcli.sandbox.algos.sweeps import here, row_of

IDLE = wat2wasm(
    """(module (memory (export "memory") 2)
(func (export "algo_alloc") (param i32) (result i32) i32.const 4096)
(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 1024))"""
)
START = 1_767_225_600_000_000_000
SETS = [
    Inputs(module=bytes(IDLE), symbols=["ETH-USD"], venues=["kraken"], start_ns=START, end_ns=START + 10**10, seed=seed)
    for seed in range(1, 7)
]


def silent(_per_mille: int) -> None:
    pass


def test_a_row_is_the_summary_of_a_single_run_and_stands_in_its_place() -> None:
    rows = here(SETS, silent)
    assert [row["seed"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["summary"] for row in rows] == [run(inputs)["summary"] for inputs in SETS]
    assert len({row["summary"]["callbacks"] for row in rows}) > 0


def test_how_far_it_is_is_told_to_the_end() -> None:
    told: list[int] = []
    here(SETS[:4], told.append)
    assert told == [250, 500, 750, 1000]


def test_a_killed_process_loses_no_row() -> None:
    killed: list[Any] = []

    def kill_one(_per_mille: int) -> None:
        if not killed:
            killed.append(multiprocessing.active_children()[0])
            killed[0].kill()

    assert here(SETS, kill_one) == [row_of(inputs) for inputs in SETS]
    assert killed[0].exitcode == -9


def test_processes_that_are_killed_again_and_again_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.sandbox.algos.sweeps._pooled", lambda _sets: iter(()))
    with pytest.raises(Usage, match="killed again and again"):
        here(SETS, silent)


def test_a_set_that_cannot_be_run_says_so_and_the_others_stand() -> None:
    bad = Inputs(module=bytes(IDLE), symbols=["NONE-USD"], start_ns=START, end_ns=START + 10**9)
    rows = here([SETS[0], bad, SETS[1]], silent)
    assert [row["error"] for row in rows] == [None, "unknown symbol NONE-USD", None]
    assert rows[1]["summary"] is None
