"""A program of one's own, sent to a served exchange: it trades with a key of its own, and ends when it is told to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, os, signal, sys, urllib.request

def ask(path, body=None):
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["SEQ_API_URL"] + path, content)
    request.add_header("Authorization", "Bearer " + os.environ["SEQ_API_KEY"])
    request.add_header("Content-Type", "application/json")
    return json.load(urllib.request.urlopen(request))

order = ask("/v1/orders", {"symbol": os.environ["MARKET"], "side": "buy", "qty": 0.25, "graph_id": "of-the-strategy"})
print("bought:", order["status"], flush=True)
print("the desk's word has", len(os.environ["DESK_TOKEN"]), "letters", flush=True)
print("to stderr", file=sys.stderr, flush=True)
signal.pause()
"""
TOML = """
[strategy]
name = "buyer"

[hosted]
env = { MARKET = "ETH-USD" }
secrets = ["DESK_TOKEN"]
"""
HUSH = "hush-hush-hush"


def test_it_is_deployed_trades_is_followed_stopped_and_deleted(serve: Any, shell: Any, tmp_path: Path) -> None:
    ready = serve("--allow-strategies")
    (tmp_path / "buyer").mkdir()
    (tmp_path / "buyer" / "main.py").write_text(PROGRAM)
    (tmp_path / "buyer" / "Sequence.toml").write_text(TOML)
    done = shell(
        """
        seq strategy deploy buyer --start --json > deployed.json
        exec 3< <(exec seq strategy logs buyer -f -o ndjson)
        grep -m 1 letters <&3
        kill -INT $!
        seq order show of-the-strategy --fields status -o csv | tail -n 1
        seq strategy show buyer --fields status,secret_names --json
        seq strategy stop buyer --fields status --json
        seq strategy logs buyer
        seq strategy delete buyer --yes -q
        seq strategy list --json
        """,
        SEQ_API_KEY=ready["api_key"],
        SEQ_API_URL=ready["url"],
        DESK_TOKEN=HUSH,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for told in ("bought: COMPLETED", "has 14 letters", '"running"', '"stopped"', "to stderr", '"count": 0'):
        assert told in done.stdout, f"{told}: {done.stdout}"
    assert HUSH not in done.stdout + done.stderr + (tmp_path / "deployed.json").read_text()


def test_without_the_flag_no_program_runs(serve: Any, shell: Any, tmp_path: Path) -> None:
    ready = serve()
    (tmp_path / "buyer").mkdir()
    (tmp_path / "buyer" / "main.py").write_text("open('ran', 'w')\n")
    (tmp_path / "buyer" / "Sequence.toml").write_text('[strategy]\nname = "buyer"\n')
    done = shell(
        "seq strategy deploy buyer -q && seq strategy start buyer",
        SEQ_API_KEY=ready["api_key"],
        SEQ_API_URL=ready["url"],
    )
    assert done.returncode != 0
    assert "--allow-strategies" in done.stderr
    assert not list(tmp_path.rglob("ran"))


class Held:
    """A program that holds a pipe open, deployed to an exchange that can be started again: that the program is gone is
    what the end of the pipe says.
    """

    def __init__(self, folder: Path, home: dict[str, str]) -> None:
        self._folder, self._home = folder, home
        self.environment = home
        (folder / "buyer").mkdir()
        os.mkfifo(folder / "pipe")
        (folder / "buyer" / "main.py").write_text(
            "import os, signal\nheld = open(os.environ['PIPE'], 'w')\nheld.write('here')\nheld.flush()\n"
            "signal.pause()\n"
        )
        toml = f'[strategy]\nname = "buyer"\n[hosted]\nenv = {{ PIPE = "{folder / "pipe"}" }}\n'
        (folder / "buyer" / "Sequence.toml").write_text(toml)

    def serve(self) -> "subprocess.Popen[str]":
        words = ["sandbox", "serve", "--port", "0", "--state", str(self._folder / "box"), "--json"]
        command = [sys.executable, "-m", "seqcli", *words, "--allow-strategies"]
        pipe = subprocess.PIPE
        server = subprocess.Popen(command, env=self._home, stdout=pipe, stderr=pipe, text=True)
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        self.environment = self._home | {"SEQ_API_KEY": ready["api_key"], "SEQ_API_URL": ready["url"]}
        return server

    def said(self, *words: str) -> Any:
        command = [sys.executable, "-m", "seqcli", *words, "--json"]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, cwd=self._folder
        )
        return json.loads(done.stdout)

    def key(self) -> tuple[str, str]:
        """The strategy's own."""
        (key,) = self.said("creds", "key", "list")["api_keys"][1:]
        return key["label"], key["status"]


@pytest.fixture
def held(home: Any, tmp_path: Path) -> Held:
    return Held(tmp_path, home)


def test_a_killed_exchange_takes_its_programs_with_it_and_the_next_one_knows(held: Held, tmp_path: Path) -> None:
    server = held.serve()
    held.said("strategy", "deploy", "buyer", "--start")
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(4) == "here"
        assert held.key() == ("strategy buyer", "active")
        server.kill()
        server.communicate()
        assert pipe.read() == ""
    server = held.serve()
    row = held.said("strategy", "show", "buyer")
    assert (row["status"], row["error"]) == ("failed", "the exchange ended while it ran")
    assert held.key() == ("strategy buyer", "revoked")
    server.terminate()
    server.communicate(timeout=20)
    assert server.returncode == 0


def test_an_exchange_that_can_write_no_more_still_ends_its_programs(held: Held, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="files are limited by POSIX only")
    if not hasattr(resource, "prlimit"):
        pytest.skip("the files of another process are limited on Linux only")
    server = held.serve()
    held.said("strategy", "deploy", "buyer", "--start")
    with (tmp_path / "pipe").open() as pipe:
        assert pipe.read(4) == "here"
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        server.terminate()
        _, told = server.communicate(timeout=30)
        assert pipe.read() == ""
    assert (server.returncode, json.loads(told)["error"]["code"]) == (7, "CANNOT_WRITE")
    server = held.serve()
    assert held.said("strategy", "show", "buyer")["status"] == "failed"
    assert held.key() == ("strategy buyer", "revoked")
    server.terminate()
    server.communicate(timeout=20)
    assert server.returncode == 0
