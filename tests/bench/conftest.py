"""Ratios, measured side by side in one run: `pytest tests/bench`. Nothing here fails for being slow; it prints."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(sys.executable).parent
ROUNDS = int(os.environ.get("SEQ_BENCH_ROUNDS", "15"))
FIGURES: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures, below everything else."""
    terminalreporter.section("figures")
    for line in FIGURES:
        terminalreporter.line(line)


@pytest.fixture
def tell() -> Callable[[str], None]:
    """Add a line to the figures."""
    return FIGURES.append


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty home."""
    folders = {"HOME": str(tmp_path), "SEQ_CONFIG_DIR": str(tmp_path / "c"), "SEQ_STATE_DIR": str(tmp_path / "s")}
    return {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"} | folders


Race = Callable[..., dict[str, float]]


@pytest.fixture
def race(environment: dict[str, str]) -> Race:
    """Run whole processes in turn, many rounds; the median seconds of each."""

    def run(rows: dict[str, Sequence[str]], **more: str) -> dict[str, float]:
        times: dict[str, list[float]] = {name: [] for name in rows}
        for place in range(ROUNDS + 1):
            for name, command in rows.items():
                start = time.perf_counter()
                done = subprocess.run(command, env=environment | more, capture_output=True, check=False)
                if place:
                    times[name].append(time.perf_counter() - start)
                assert done.returncode == 0, (name, done.stderr)
        return {name: statistics.median(seconds) for name, seconds in times.items()}

    return run


@pytest.fixture
def seq() -> str:
    """The installed command."""
    return str(SCRIPTS / "seq")


@pytest.fixture
def served(environment: dict[str, str], seq: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A served exchange: url, api_key, pid."""
    command = [seq, "sandbox", "serve", "--port", "0", "--state", str(tmp_path / "box"), "--qps", "0", "--json"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    yield json.loads(server.stdout.readline())
    server.terminate()
    assert server.wait(20) == 0
    server.stdout.close()


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with the vendor's SDK, in an environment of its own."""
    folder = tmp_path_factory.mktemp("sdk")
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", "sequence-markets"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("the vendor's SDK can't be installed here")
    return python


@pytest.fixture
def wrk() -> str:
    """The load generator."""
    found = shutil.which("wrk")
    if found is None:
        pytest.skip("no wrk here")
    return found
