"""Real modules in a served exchange: they trade, they are stopped, they survive a kill, and a bad one harms nobody."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.server import Ready
from tests.sandbox import streaming
from tests.sandbox.algos.wasm.test_abuse import MEMORY, booked, text
from tests.sandbox.streaming import Exchange, said

PATIENCE = 400


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with streaming.exchange(tmp_path / "box") as running:
        yield running


class Served(Exchange):
    """A server in a process of its own."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready
        self.port = int(ready.url.rpartition(":")[2])


def deploy(exchange: Exchange, module: bytes, name: str, *symbols: str, **more: Any) -> str:
    body = {"name": name, "symbols": list(symbols), "wasm_base64": base64.b64encode(module).decode()}
    status, _, reply = exchange.call("POST", "/v1/deployments", body | {"venues": ["kraken"]} | more)
    assert status == 201, reply
    assert reply["pushed_to"] == reply["capable_edges"] == len(symbols)
    return str(reply["deployment_id"])


def get(exchange: Exchange, path: str) -> Any:
    return exchange.call("GET", path)[2]


def start(exchange: Exchange, identity: str) -> None:
    assert exchange.call("POST", f"/v1/deployments/{identity}/start")[0] == 200


def test_a_module_in_rust_trades_and_its_books_are_those_of_its_fills(exchange: Exchange, rust_taker: bytes) -> None:
    identity = deploy(exchange, rust_taker, "taker", "ETH-USD")
    with exchange.socket("/v1/stream", "fills", f"traces:{identity}", f"deployment:{identity}") as stream:
        start(exchange, identity)
        seen: list[Any] = []
        fills: list[Any] = []
        while len(fills) < 8:
            seen.append(said(stream))
            fills += [seen[-1]["data"]] if seen[-1]["channel"] == "fills" else []
    assert {row["liquidity"] for row in fills} == {"taker"}
    assert all(row["graph_id"].startswith(f"algo-{identity}-0-") for row in fills)
    assert {"buy", "sell"} >= {row["side"] for row in fills}
    assert {f"traces:{identity}", f"deployment:{identity}"} <= {frame["channel"] for frame in seen}
    assert exchange.call("POST", f"/v1/deployments/{identity}/stop")[2]["status"] == "paused"
    rows = [row for row in get(exchange, "/v1/fills?limit=1000")["fills"] if identity in row["graph_id"]]
    edge = get(exchange, f"/v1/deployments/{identity}")["edges"][0]
    signed = sum(row["qty_1e8"] * (1 if row["side"] == "buy" else -1) for row in rows)
    assert edge["position_1e8"] == signed
    lines = get(exchange, f"/v1/deployments/{identity}/logs?limit=1000")["logs"]
    assert {line["message"].split()[0] for line in lines} <= {"buy", "sell"}
    assert lines[0]["message"] == "buy at 0"


def test_a_module_in_c_quotes_within_its_own_limits(exchange: Exchange, c_maker: bytes) -> None:
    identity = deploy(exchange, c_maker, "maker", "ETH-USD", risk={"max_position_1e8": 1})
    with exchange.socket("/v1/stream", f"traces:{identity}") as stream:
        start(exchange, identity)
        refused = next(
            action
            for frame in (said(stream) for _ in range(PATIENCE))
            for action in frame["data"]["actions"]
            if action["type"] == "new"
        )
    assert (refused["accepted"], refused["reject_code"]) == (False, 101)
    body = {"risk": {"max_position_1e8": 10**9}}
    assert exchange.call("PATCH", f"/v1/deployments/{identity}", body)[0] == 200
    with exchange.socket("/v1/stream", "orders") as stream:
        order = next(row for row in (said(stream)["data"] for _ in range(PATIENCE)) if row["status"] == "WORKING")
    assert (order["tif"], order["side"]) == ("post_only", "buy")
    stopped = exchange.call("POST", f"/v1/deployments/{identity}/stop")[2]
    assert stopped["edges"][0]["pause_reason"] == "stopped_by_user"
    assert get(exchange, "/v1/orders?status=open")["total"] == 0, "its last wish was to cancel"
    metrics = get(exchange, f"/v1/deployments/{identity}/metrics")["edges"][0]
    assert metrics["update_count"] > 0


def test_a_trap_pauses_its_deployment_with_a_reason_and_nobody_else_notices(
    exchange: Exchange, rust_taker: bytes
) -> None:
    good = deploy(exchange, rust_taker, "good", "BTC-USD")
    start(exchange, good)
    for number, body in enumerate(("unreachable", "(loop $a br $a) i32.const 0", "i32.const -8")):
        bad = deploy(exchange, booked(body), f"bad{number}", "ETH-USD")
        with exchange.socket("/v1/stream", f"deployment:{bad}") as stream:
            start(exchange, bad)
            trapped = next(row for row in (said(stream)["data"] for _ in range(9)) if row["event"] == "trapped")
        assert trapped["message"]
        edge = get(exchange, f"/v1/deployments/{bad}")["edges"][0]
        assert (edge["status"], edge["pause_reason"]) == ("paused", "trapped")
        assert edge["error"] == trapped["message"]
    with exchange.socket("/v1/stream", "fills") as stream:
        assert good in said(stream)["data"]["graph_id"]
    assert exchange.order()["status"] in ("RUNNING", "COMPLETED")


def test_instances_send_messages_to_each_other(exchange: Exchange) -> None:
    sender = text(
        '(import "env" "__seq_send" (func $send (param i32 i32 i32 i32) (result i32)))',
        '(import "env" "host_log_impl" (func $log (param i32 i32 i32)))',
        MEMORY,
        '(data (i32.const 16) "followleaderhello")',
        "(global $top (mut i32) (i32.const 1024))",
        '(func (export "algo_alloc") (param i32) (result i32) global.get $top'
        " global.get $top local.get 0 i32.add i32.const 7 i32.add i32.const -8 i32.and global.set $top)",
        '(func (export "algo_on_book") (param i32 i32) (result i32)'
        " local.get 0 i32.load16_u offset=642 i32.const 1 i32.eq if"
        " i32.const 16 i32.const 6 i32.const 28 i32.const 5 call $send drop end i32.const 65536)",
        '(func (export "algo_on_message") (param i32 i32 i32 i32 i32) (result i32)'
        " i32.const 2 local.get 2 local.get 3 call $log i32.const 65536)",
    )
    mesh = [
        {"label": "leader", "venue": "kraken", "symbol": "ETH-USD"},
        {"label": "follow", "venue": "kraken", "symbol": "BTC-USD"},
    ]
    identity = deploy(exchange, sender, "pair", "ETH-USD", "BTC-USD", mesh=mesh)
    with exchange.socket("/v1/stream", f"traces:{identity}") as stream:
        start(exchange, identity)
        got = next(row for row in (said(stream)["data"] for _ in range(PATIENCE)) if row["callback"] == "on_message")
    assert got["symbol"] == "BTC-USD"
    exchange.call("POST", f"/v1/deployments/{identity}/stop")
    lines = get(exchange, f"/v1/deployments/{identity}/logs")["logs"]
    assert {(line["symbol"], line["message"]) for line in lines} == {("BTC-USD", "hello")}


def test_a_deployment_is_undeployed_by_id_and_by_symbol(exchange: Exchange, c_maker: bytes) -> None:
    identity = deploy(exchange, c_maker, "maker", "ETH-USD")
    start(exchange, identity)
    assert exchange.call("DELETE", f"/v1/deployments/{identity}")[2]["deleted"] is True
    assert exchange.call("GET", f"/v1/deployments/{identity}")[0] == 404
    body = {"symbol": "BTC-USD", "wasm_base64": base64.b64encode(c_maker).decode(), "start_immediately": True}
    assert exchange.call("POST", "/v1/algos/deploy", body)[0] == 201
    assert get(exchange, "/v1/algos/BTC-USD/stats")["status"] in ("accepted", "running")
    assert exchange.call("DELETE", "/v1/algos/BTC-USD")[2] == {"symbol": "BTC-USD", "deleted": True}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"risk": {"max_orders": 1}}, "risk.max_orders"),
        ({"risk": {"max_order_rate": 0}}, "risk.max_order_rate"),
        ({"params": [{"slot": 31, "type": "bps", "value": 1}]}, "params[0].slot"),
        ({"params": [{"slot": 0, "type": "euro", "value": 1}]}, "params[0].type"),
        ({"mesh": [{"label": "", "venue": "kraken", "symbol": "ETH-USD"}]}, "mesh[0].label"),
        ({"mesh": [{"label": "x", "venue": "okx", "symbol": "ETH-USD"}]}, "mesh[0]"),
        ({"venues": ["nasdaq"]}, "venues"),
        ({"symbols": ["NOPE-USD"]}, "symbols"),
    ],
    ids=str,
)
def test_a_bad_upload_names_its_field_and_keeps_nothing(exchange: Exchange, more: dict[str, Any], field: str) -> None:
    body = {"name": "x", "symbols": ["ETH-USD"], "wasm_base64": base64.b64encode(booked("i32.const 8192")).decode()}
    status, _, reply = exchange.call("POST", "/v1/deployments", body | more)
    assert (status, reply["error"]["details"][0]["field"]) == (400, field)
    assert get(exchange, "/v1/deployments")["count"] == 0


def test_what_runs_runs_again_after_a_kill_with_its_position(tmp_path: Path, rust_taker: bytes) -> None:
    command = [sys.executable, "-m", "seqcli", "sandbox", "serve", "--port", "0", "--json"]
    root = str(Path(__file__).parents[4])
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": root}

    def served() -> tuple["subprocess.Popen[str]", Exchange]:
        words = [*command, "--state", str(tmp_path / "box")]
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, Served(Ready(**json.loads(process.stdout.readline())))

    process, exchange = served()
    identity = deploy(exchange, rust_taker, "taker", "ETH-USD")
    with exchange.socket("/v1/stream", "fills") as stream:
        start(exchange, identity)
        for _ in range(4):
            said(stream)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    process, exchange = served()
    try:
        with exchange.socket("/v1/stream", f"traces:{identity}") as stream:
            first = said(stream)["data"]
        rows = get(exchange, "/v1/fills?limit=1000")["fills"]
        before = [row for row in rows if identity in row["graph_id"] and row["ts_ns"] < first["ts_ns"]]
        signed = sum(row["qty_1e8"] * (1 if row["side"] == "buy" else -1) for row in before)
        assert len(before) >= 4
        assert first["position_1e8"] == signed
        assert get(exchange, f"/v1/deployments/{identity}")["status"] == "running"
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.communicate()
