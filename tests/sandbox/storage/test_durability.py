"""kill -9 under load: what was acknowledged is there, a repeat changes nothing, the books add up to the unit."""

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

SERVE = """
import sys
from pathlib import Path
from seqcli.sandbox.server import Serving, serve
serve(Serving(folder=Path(sys.argv[1]), port=0), lambda told: print(told.url, told.api_key, flush=True))
"""
SEED_USD_1E9 = 1_000_000_000 * 10**9
THREADS = 4


class Sandbox:
    """One server process after another on one state folder."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        url, self.key = self.process.stdout.readline().split()
        self.host = url.removeprefix("http://")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=30)

    def call(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        with self.process:
            pass


def an_order(rng: random.Random, graph_id: str) -> str:
    order: dict[str, Any] = {
        "symbol": rng.choice(["ETH-USD", "BTC-USD", "SOL-USDT"]),
        "side": rng.choice(["buy", "buy", "sell"]),
        "qty": rng.choice([0.01, 0.5, 1.25]),
        "graph_id": graph_id,
    }
    if rng.random() < 0.3:
        order["price"] = 1 if order["side"] == "buy" else 10_000_000
    return json.dumps(order)


class Load:
    """Orders from several connections at once; remembers each acknowledgement with the bytes that were sent."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.acknowledged: dict[str, tuple[str, dict[str, Any]]] = {}
        self.cancelled: set[str] = set()
        self.enough = threading.Semaphore(0)

    def run(self, sandbox: Sandbox, turn: int, kill_after: int) -> None:
        threads = [threading.Thread(target=self._send, args=(sandbox, turn, at)) for at in range(THREADS)]
        for thread in threads:
            thread.start()
        for _ in range(kill_after):
            assert self.enough.acquire(timeout=30)
        sandbox.end(signal.SIGKILL)
        for thread in threads:
            thread.join()
        while self.enough.acquire(blocking=False):
            pass

    def _send(self, sandbox: Sandbox, turn: int, at: int) -> None:
        rng = random.Random(f"{self.seed}/{turn}/{at}")
        connection = sandbox.connect()
        count = 0
        try:
            while True:
                graph_id = f"g-{turn}-{at}-{count}"
                count += 1
                body = an_order(rng, graph_id)
                status, reply = sandbox.call(connection, "POST", "/v1/orders", body)
                assert status == 201, reply
                self.acknowledged[graph_id] = (body, reply)
                self.enough.release()
                if rng.random() < 0.2:
                    status, _ = sandbox.call(connection, "DELETE", f"/v1/orders/{reply['node_order_id']}")
                    assert status == 200
                    self.cancelled.add(reply["node_order_id"])
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def every(sandbox: Sandbox, connection: http.client.HTTPConnection, noun: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        _, page = sandbox.call(connection, "GET", f"/v1/{noun}?limit=1000&offset={len(rows)}")
        rows += page[noun]
        if not page["has_more"]:
            return rows


def check_acknowledged(sandbox: Sandbox, connection: http.client.HTTPConnection, load: Load) -> None:
    orders = {row["graph_id"]: row for row in every(sandbox, connection, "orders")}
    for graph_id, (_, reply) in load.acknowledged.items():
        assert orders[graph_id]["node_order_id"] == reply["node_order_id"]
        then, now = reply["orders"][0], orders[graph_id]
        assert now["filled_qty_1e8"] >= then["filled_qty_1e8"]
        assert now["revision"] >= then["revision"]
    terminal = {row["node_order_id"] for row in orders.values() if row["terminal_ns"]}
    assert load.cancelled <= terminal


def check_repeats(sandbox: Sandbox, connection: http.client.HTTPConnection, load: Load) -> None:
    for graph_id in list(load.acknowledged)[-20:]:
        body, first = load.acknowledged[graph_id]
        status, reply = sandbox.call(connection, "POST", "/v1/orders", body)
        assert (status, reply["replayed"], reply["node_order_id"]) == (200, True, first["node_order_id"])


def check_books(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    """Every order's fills are its own, and the money is theirs."""
    filled: dict[str, int] = defaultdict(int)
    fills = check_money(sandbox, connection)
    for fill in fills:
        filled[fill["node_order_id"]] += fill["qty_1e8"]
    for order in every(sandbox, connection, "orders"):
        assert order["filled_qty_1e8"] == filled[order["node_order_id"]]
        assert order["fill_count"] == sum(row["node_order_id"] == order["node_order_id"] for row in fills)


def check_money(sandbox: Sandbox, connection: http.client.HTTPConnection) -> list[dict[str, Any]]:
    """Positions are the fills, cash is what was given less what the fills cost. Returns the fills."""
    held: dict[tuple[str, str], int] = defaultdict(int)
    cash: dict[tuple[str, str], int] = defaultdict(lambda: SEED_USD_1E9)
    fills = every(sandbox, connection, "fills")
    assert len({row["fill_id"] for row in fills}) == len(fills)
    for fill in fills:
        base, _, quote = fill["symbol"].partition("-")
        sign = 1 if fill["side"] == "buy" else -1
        held[fill["venue"], base] += sign * fill["qty_1e8"]
        cash[fill["venue"], quote] -= sign * fill["notional_usd_1e9"] + fill["fee_usd_1e9"]
    _, reply = sandbox.call(connection, "GET", "/v1/positions?include_closed=true")
    rows = {(row["venue"], row["instrument"]["symbol"]): row["qty_1e8"] for row in reply["positions"]}
    for key, quantity in held.items():
        assert rows.get(key, 0) == quantity, key
    for key, amount in cash.items():
        assert rows[key] == amount // 10, key
    return fills


@pytest.fixture
def kills(full: bool) -> int:
    return 50 if full else 5


def test_nothing_acknowledged_is_lost_and_the_books_add_up(tmp_path: Path, kills: int) -> None:
    load, rng = Load(20), random.Random(20)
    for turn in range(kills):
        load.run(Sandbox(tmp_path / "box"), turn, kill_after=rng.randint(1, 40))
        sandbox = Sandbox(tmp_path / "box")
        connection = sandbox.connect()
        check_acknowledged(sandbox, connection, load)
        check_repeats(sandbox, connection, load)
        check_books(sandbox, connection)
        connection.close()
        sandbox.end(rng.choice([signal.SIGKILL, signal.SIGTERM]))
    assert len(load.acknowledged) >= kills
    assert not list((tmp_path / "box").glob("*.corrupt-*"))


def test_without_the_wait_for_the_disk_acknowledged_orders_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: an exchange that answers before it commits fails the check above."""
    early = SERVE.replace(
        "serve(", "from seqcli.sandbox.service.sequencer import GroupCommit\n"
        "from seqcli.sandbox.storage.store import Store\n"
        "GroupCommit.durable = lambda self, seq: None\n"
        "GroupCommit.begin = lambda self: None\n"
        "serve(", 1,
    )  # fmt: skip
    monkeypatch.setitem(globals(), "SERVE", early)
    load = Load(21)
    load.run(Sandbox(tmp_path / "box"), 0, kill_after=10)
    sandbox = Sandbox(tmp_path / "box")
    connection = sandbox.connect()
    try:
        with pytest.raises((KeyError, AssertionError)):
            check_acknowledged(sandbox, connection, load)
    finally:
        connection.close()
        sandbox.end(signal.SIGKILL)
