"""Many orders from one file: rows in order, each order once, also after kill -9 or Ctrl-C in the middle."""

import json
import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import SCRIPTS

LINES = 300


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of small orders, each of a size of its own."""
    file = tmp_path / "many.ndjson"
    rows = [{"symbol": "ETH-USD", "side": "buy", "qty": f"1.{place:04d}"} for place in range(1, LINES + 1)]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def begun(path: Path, environment: dict[str, str], *words: str) -> "subprocess.Popen[bytes]":
    """The command at work; unbuffered, as `communicate` would miss what a buffer has read ahead of a line."""
    command = [str(SCRIPTS / "seq"), "order", "submit", str(path), "-o", "ndjson", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, list[dict[str, Any]]]:
    out, _ = process.communicate(timeout=120)
    return process.returncode, [json.loads(line) for line in out.splitlines() if line.endswith(b"}")]


def sizes(environment: dict[str, str]) -> Counter[int]:
    """How often the exchange has an order of each size."""
    command = [str(SCRIPTS / "seq"), "order", "list", "--all", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Counter(order["qty_1e8"] // 10_000 - 10_000 for order in json.loads(done.stdout)["orders"])


ONCE = Counter(dict.fromkeys(range(1, LINES + 1), 1))


def killed_and_run_again(path: Path, environment: dict[str, str], chance: random.Random, *words: str) -> None:
    """Kill it after a few rows, three times; then let it come to its end."""
    for _ in range(3):
        process = begun(path, environment, *words)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    status, rows = ended(begun(path, environment, *words))
    assert status == 0
    assert [row["line"] for row in rows] == list(range(1, LINES + 1))
    assert {row["outcome"] for row in rows} == {"accepted"}


def test_after_kill_9_nothing_is_lost_and_nothing_doubled(serve, home, path):
    served = serve("--qps", "0")
    account = home | {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}
    killed_and_run_again(path, account, random.Random(7))
    assert sizes(account) == ONCE


def test_with_fresh_ids_the_same_kills_double_orders(serve, home, path):
    """The negative control: it is the ids that make it once."""
    served = serve("--qps", "0")
    account = home | {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}
    killed_and_run_again(path, account, random.Random(7), "--anew")
    assert max(sizes(account).values()) > 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_what_is_on_its_way_and_goes_on_later(serve, home, path, number):
    served = serve("--qps", "0")
    account = home | {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}
    process = begun(path, account)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    status, rows = ended(process)
    assert status in (130, 128 + number)
    assert {row["outcome"] for row in rows} <= {"accepted", "not_sent"}
    pending = subprocess.run(
        [str(SCRIPTS / "seq"), "order", "pending", "--json"], env=account, capture_output=True, text=True, check=True
    )
    assert json.loads(pending.stdout)["count"] == 0
    status, rows = ended(begun(path, account))
    assert (status, len(rows)) == (0, LINES)
    assert sizes(account) == ONCE
