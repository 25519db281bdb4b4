"""A sweep on a real Dask scheduler with real workers, one of which is killed at work."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from tests.commands.test_backtest import IDLE

pytestmark = pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed: seqcli[dask]")
BUSY = """
import json, os, sys
from distributed import Client
client = Client(sys.argv[1], set_as_default=False)
client.wait_for_workers(2)
pids = client.run(os.getpid)
print("ready", flush=True)
while True:
    busy = [name for name, tasks in client.processing().items() if tasks]
    if len(busy) == 2:
        print(pids[busy[0]], flush=True)
        break
"""
"""Tells the process of a worker once both have work."""


@pytest.fixture
def cluster(home: dict[str, str]) -> Iterator[tuple[str, list["subprocess.Popen[str]"]]]:
    """The scheduler's address, and two workers."""
    own = ["--host", "127.0.0.1", "--no-dashboard"]
    quiet: dict[str, Any] = {"env": home | {"PYTHONWARNINGS": "ignore"}, "stdout": subprocess.DEVNULL, "text": True}
    run = [sys.executable, "-m"]
    scheduler = subprocess.Popen(
        [*run, "distributed.cli.dask_scheduler", *own, "--port", "0"], **quiet, stderr=subprocess.PIPE
    )
    assert scheduler.stderr is not None
    line = next(line for line in scheduler.stderr if "Scheduler at:" in line)
    address = line.split()[-1]
    worker = [*run, "distributed.cli.dask_worker", address, *own, "--nthreads", "1", "--no-nanny"]
    workers = [subprocess.Popen(worker, **quiet, stderr=subprocess.DEVNULL) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.communicate()


def test_a_killed_worker_loses_no_row(
    cluster: tuple[str, list["subprocess.Popen[str]"]], home: dict[str, str], tmp_path: Path
) -> None:
    address, workers = cluster
    (tmp_path / "idle.wasm").write_bytes(wat2wasm(IDLE))
    (tmp_path / "sweep.toml").write_text("seeds = [1, 2, 3, 4, 5, 6]\n")
    words = [
        sys.executable,
        "-m",
        "seqcli",
        "algo",
        "backtest",
        "idle.wasm",
        "--symbol",
        "ETH-USD",
        "--venue",
        "kraken",
    ]
    words += ["--start", "2026-01-01T00:00", "--end", "2026-01-01T00:10", "--sweep", "sweep.toml", "--json"]
    watch = subprocess.Popen([sys.executable, "-c", BUSY, address], env=home, stdout=subprocess.PIPE, text=True)
    assert watch.stdout is not None
    assert watch.stdout.readline() == "ready\n"
    sweep = subprocess.Popen(
        [*words, "--dask", address], env=home, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    victim = int(watch.stdout.readline())
    assert victim in [worker.pid for worker in workers]
    os.kill(victim, signal.SIGKILL)
    assert sweep.poll() is None
    out, err = sweep.communicate(timeout=60)
    assert sweep.returncode == 0, err
    watch.communicate()
    here = subprocess.run(words, env=home, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert out == here.stdout
    assert [row["seed"] for row in json.loads(out)["sets"]] == [1, 2, 3, 4, 5, 6]


def test_where_no_scheduler_is_a_sentence_says_so(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "idle.wasm").write_bytes(wat2wasm(IDLE))
    (tmp_path / "sweep.toml").write_text("seeds = [1, 2]\n")
    words = [sys.executable, "-m", "seqcli", "algo", "backtest", "idle.wasm", "--symbol", "ETH-USD"]
    words += ["--start", "2026-01-01T00:00", "--end", "2026-01-01T00:01", "--sweep", "sweep.toml"]
    done = subprocess.run(
        [*words, "--dask", "nowhere"], env=home, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no scheduler answers at nowhere" in done.stderr
    assert "Traceback" not in done.stderr
