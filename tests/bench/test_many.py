"""Orders from one file against a served exchange, both on this machine: a second, and what each side costs."""

import json
import os
import resource
import subprocess
import time
from pathlib import Path

import pytest

ORDERS = int(os.environ.get("SEQ_BENCH_ORDERS", "5000"))


def burnt(pid: int) -> float:
    """CPU seconds of a running process."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        pytest.skip("no /proc here")
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_children() -> float:
    """CPU seconds of the processes waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("hands", ["1", "8", "16"])
def test_orders_a_second(tell, seq, served, environment, tmp_path, hands):
    path = tmp_path / "many.ndjson"
    sides = ("buy", "sell")
    rows = [{"symbol": "ETH-USD", "side": sides[place % 2], "qty": "0.01"} for place in range(ORDERS)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    account = environment | {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}
    command = [seq, "order", "submit", str(path), "--parallel", hands, "-o", "ndjson"]
    server, client, start = burnt(served["pid"]), of_children(), time.perf_counter()
    done = subprocess.run(command, env=account, capture_output=True, check=False)
    seconds = time.perf_counter() - start
    server, client = burnt(served["pid"]) - server, of_children() - client
    assert done.stdout.count(b"\n") == ORDERS
    tell(
        f"{ORDERS} orders from a file, --parallel {hands}: {ORDERS / seconds:.0f}/s (aim ≥ 600); CPU a thousand: "
        f"client {client / ORDERS * 1e6:.0f} ms, server {server / ORDERS * 1e6:.0f} ms"
    )
