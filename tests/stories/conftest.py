"""A stranger's shell: an empty home, and `seq` first on PATH."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import seq as inside  # noqa: F401 - the same fixture: a command line inside this process

SCRIPTS = Path(sys.executable).parent
_KEY = re.compile(r"seq_(?:live|test)_[0-9A-Za-z_-]{12}")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of the shell."""
    folders = {
        "HOME": str(tmp_path),
        "SEQ_CONFIG_DIR": str(tmp_path / "config"),
        "SEQ_STATE_DIR": str(tmp_path / "state"),
    }
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "LC_ALL": "C.UTF-8", "TERM": "dumb"} | folders


@pytest.fixture
def serve(home: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Start a served exchange with more words; url, api_key, pid."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> dict[str, Any]:
        if not (SCRIPTS / "seq").exists():
            pytest.skip("seq is not installed beside this Python: pip install .")
        state = tmp_path / f"box-{len(running)}"
        command = [str(SCRIPTS / "seq"), "sandbox", "serve", "--port", "0", "--state", str(state), "--json", *words]
        server = subprocess.Popen(command, env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(server)
        assert server.stdout is not None
        ready: dict[str, Any] = json.loads(server.stdout.readline())
        return ready

    yield start
    for server in running:
        server.terminate()
        said = "".join(server.communicate(timeout=20))
        assert server.returncode == 0, said
        assert not _KEY.search(said), "a server's log holds a key"


Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shell(home: dict[str, str], tmp_path: Path) -> Shell:
    """Run a script; stdout, stderr and the status."""

    def run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        if not (SCRIPTS / "seq").exists():
            pytest.skip("seq is not installed beside this Python: pip install .")
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            capture_output=True,
            text=True,
            env=home | environment,
            cwd=tmp_path,
            check=False,
            timeout=120,
        )

    return run
