"""The embedded exchange as a transport: lean, private, shared by several processes, and a guest of a running server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.client.local import BASE_URL, LocalTransport
from seqcli.errors import NotSent
from seqcli.sandbox.server import Serving, served

QUOTE = """
import sys
from pathlib import Path
from seqcli.client.local import BASE_URL, LocalTransport
local = LocalTransport(Path(sys.argv[1]))
headers = {"Authorization": f"Bearer {local.api_key()}"}
for _ in range(int(sys.argv[2])):
    status, _, body = local.send("GET", BASE_URL + "/v1/quotes/ETH-USD", headers, None, 20.0)
    assert status == 200, body
local.close()
print(*sorted(sys.modules))
"""
TRADE = """
import json, sys
from pathlib import Path
from seqcli.client.local import BASE_URL, LocalTransport
local = LocalTransport(Path(sys.argv[1]))
headers = {"Authorization": f"Bearer {local.api_key()}", "Content-Type": "application/json"}
for at in range(int(sys.argv[3])):
    order = {"symbol": "ETH-USD", "side": "buy", "qty": 0.01, "graph_id": f"{sys.argv[2]}-{at}"}
    status, _, body = local.send("POST", BASE_URL + "/v1/orders", headers, json.dumps(order).encode(), 30.0)
    assert status == 201, body
    print(order["graph_id"], flush=True)
"""
HEAVY = ("asyncio", "uvicorn", "cryptography", "wasmtime", "httpx", "rich", "typer", "keyring")
ELSEWHERE = ("platformdirs", "dataclasses", "logging", "concurrent.futures", "ssl", "http.client", "tomllib")


def start(folder: Path, times: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", QUOTE, str(folder), str(times)], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "box"


@pytest.fixture
def local(folder: Path) -> Iterator[LocalTransport]:
    local = LocalTransport(folder)
    yield local
    local.close()


def test_a_quote_needs_no_server_and_no_heavy_import(folder: Path) -> None:
    process = start(folder, 1)
    modules = set(process.communicate()[0].split())
    assert process.returncode == 0
    assert not modules & {*HEAVY, *ELSEWHERE}
    ours = {name for name in modules if name.startswith("seqcli.wire.")}
    assert "seqcli.wire.quotes" in ours
    assert not ours & {f"seqcli.wire.{noun}" for noun in ("orders", "graphs", "algos", "credentials", "positions")}
    assert "seqcli.sandbox.exchange.exchange" not in modules


def test_the_first_key_is_made_once_and_is_private(local: LocalTransport, folder: Path) -> None:
    key = local.api_key()
    assert re.fullmatch(r"seq_test_[0-9a-f]{64}", key)
    assert local.api_key() == LocalTransport(folder).api_key() == key
    if os.name != "nt":
        assert (folder / "api_key").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700


def test_the_same_gate_stands_before_it(local: LocalTransport) -> None:
    status, headers, body = local.send("GET", f"{BASE_URL}/v1/quotes/ETH-USD", {}, None, 5.0)
    assert status == 401
    assert json.loads(body)["error"]["request_id"] == headers["x-request-id"]


def test_another_address_is_not_ours(local: LocalTransport) -> None:
    with pytest.raises(NotSent):
        local.send("GET", "http://127.0.0.1/v1/quotes", {}, None, 5.0)


def test_several_processes_at_once_wait_for_each_other(folder: Path) -> None:
    processes = [start(folder, 20) for _ in range(3)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert not list(folder.glob("*.corrupt-*"))


def test_orders_of_several_processes_are_one_book(folder: Path, local: LocalTransport) -> None:
    traders = [
        subprocess.Popen([sys.executable, "-c", TRADE, str(folder), str(at), "15"], stdout=subprocess.PIPE, text=True)
        for at in range(3)
    ]
    said = [trader.communicate()[0].split() for trader in traders]
    assert [trader.returncode for trader in traders] == [0, 0, 0]
    check_books(local, {name for names in said for name in names}, 45)


def test_a_killed_process_loses_nothing_it_was_told(folder: Path, local: LocalTransport) -> None:
    for turn in range(3):
        trader = subprocess.Popen(
            [sys.executable, "-c", TRADE, str(folder), f"t{turn}", "1000"], stdout=subprocess.PIPE, text=True
        )
        assert trader.stdout is not None
        said = {trader.stdout.readline().strip() for _ in range(5 + turn)}
        trader.kill()
        said |= set(trader.communicate()[0].split()[:-1])
        check_books(local, said, len(said))


def check_books(local: LocalTransport, said: set[str], at_least: int) -> None:
    headers = {"Authorization": f"Bearer {local.api_key()}"}

    def get(path: str) -> Any:
        return json.loads(local.send("GET", BASE_URL + path, headers, None, 30.0)[2])

    orders = get("/v1/orders?limit=1000")["orders"]
    assert said <= {order["graph_id"] for order in orders}
    assert len(orders) >= at_least
    bought = sum(row["qty_1e8"] for row in get("/v1/fills?limit=1000")["fills"])
    rows = get("/v1/positions?kinds=crypto")["positions"]
    held = sum(row["qty_1e8"] for row in rows if row["instrument"]["symbol"] == "ETH")
    assert bought == held == sum(order["filled_qty_1e8"] for order in orders)


def test_a_state_that_cannot_be_read_is_said(folder: Path) -> None:
    first = LocalTransport(folder)
    key = first.api_key()
    first.close()
    (folder / "exchange.db").write_bytes(b"no store" * 1000)
    (folder / "exchange.db").chmod(0o600)
    local = LocalTransport(folder)
    try:
        reply = local.send("GET", f"{BASE_URL}/v1/quotes/ETH-USD", {"Authorization": f"Bearer {key}"}, None, 5.0)
    finally:
        local.close()
    assert reply[0] == 200
    assert "could not be read" in local.notes[0]
    assert len(list(folder.glob("*.corrupt-*"))) == 1


def test_a_server_that_is_not_wanted_any_more_before_it_is_ready_ends(tmp_path, monkeypatch):
    """Ctrl-C while it starts: the thread is gone, and nobody is told of an address where nothing listens."""
    import queue

    def interrupted(_queue: Any) -> Any:
        raise KeyboardInterrupt

    waiting = type("Waiting", (queue.SimpleQueue,), {"get": interrupted})
    monkeypatch.setattr("seqcli.sandbox.server.queue.SimpleQueue", waiting)
    with pytest.raises(KeyboardInterrupt), served(Serving(folder=tmp_path / "box", port=0), log=lambda _: None):
        pass
    assert not (tmp_path / "box" / "server.json").exists()


def test_a_folder_is_served_once_and_by_whoever_serves_it_already(tmp_path):
    box = LocalTransport(tmp_path / "box")
    other = LocalTransport(tmp_path / "box")
    try:
        assert not box.is_served()
        url = box.served()
        assert box.served() == other.served() == url
        assert other.is_served()
        assert (tmp_path / "box" / "server.json").exists()
        other.close()
        assert box.is_served()
    finally:
        box.close()
    assert not (tmp_path / "box" / "server.json").exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see what is open")
def test_what_is_closed_leaves_no_file_open(tmp_path: Path) -> None:
    def opened() -> list[str]:
        found = []
        for link in Path("/proc/self/fd").iterdir():
            try:
                found.append(str(link.readlink()))
            except OSError:
                continue
        return [name for name in found if name.startswith(str(tmp_path))]

    local = LocalTransport(tmp_path / "box")
    headers = {"Authorization": f"Bearer {local.api_key()}"}
    assert local.send("GET", BASE_URL + "/v1/account", headers, None, 20.0)[0] == 200
    assert opened()
    local.close()
    assert opened() == []
