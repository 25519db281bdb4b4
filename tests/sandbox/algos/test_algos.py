"""A module is stored only when it is one: its bytes, size, imports and exports are checked before anything is kept."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from seqcli.sandbox.algos import modules
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings

NOW = 1_785_240_000_000_000_000
IMPORTS = '(import "env" "host_log_impl" (func (param i32 i32 i32)))'
MEMORY = '(memory (export "memory") 1)'
ALLOC = '(func (export "algo_alloc") (param i32) (result i32) i32.const 0)'
BOOK = '(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 0)'


def module(*parts: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(module {' '.join(parts)})"))


GOOD = module(IMPORTS, MEMORY, ALLOC, BOOK)
OTHER = module(MEMORY, ALLOC, '(func (export "algo_on_book_v3") (param i32 i32 i32) (result i32) i32.const 0)')


class Desk:
    def __init__(self, folder: Path) -> None:
        state = State(folder)
        state.prepare()
        self.box = OpenBox(state, Settings(), lambda: NOW)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: NOW, log=print)

    def __call__(self, method: str, target: str, body: Any = None) -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        path, _, query = target.partition("?")
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        reply = self.gate.handle(Inbound(method, path, query, headers), raw)
        return reply.status, json.loads(reply.body)

    def deploy(self, raw: bytes, **more: Any) -> tuple[int, Any]:
        body = {"symbol": "BTC-USD", "wasm_base64": base64.b64encode(raw).decode()}
        return self("POST", "/v1/algos/deploy", body | more)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


@pytest.mark.parametrize("raw", [GOOD, OTHER])
def test_what_the_abi_asks_for_is_enough(raw: bytes) -> None:
    assert modules.check(raw).functions == 2


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "magic"),
        (b"PK\x03\x04zip", "magic"),
        (GOOD[:40], "not a valid"),
        (GOOD + b"\xff\xff", "not a valid"),
        (module(MEMORY, BOOK), "algo_alloc"),
        (module(ALLOC, BOOK), "memory"),
        (module(MEMORY, ALLOC), "book callback"),
        (
            module(MEMORY, ALLOC, '(func (export "algo_on_book") (param i32) (result i32) i32.const 0)'),
            "book callback",
        ),
        (
            module(MEMORY, BOOK, '(func (export "algo_alloc") (param i64) (result i32) i32.const 0)'),
            "algo_alloc",
        ),
        (module('(import "wasi_snapshot_preview1" "fd_write" (func))', MEMORY, ALLOC, BOOK), "fd_write"),
        (module('(import "env" "host_log_impl" (func (param i32)))', MEMORY, ALLOC, BOOK), "host_log_impl"),
        (module('(import "env" "memory" (memory 1))', ALLOC, BOOK), "no function"),
        (module(MEMORY, ALLOC, BOOK, "(func)" * modules.MAX_FUNCTIONS), "functions"),
    ],
)
def test_anything_else_is_refused_with_the_reason(desk: Desk, raw: bytes, reason: str) -> None:
    status, body = desk.deploy(raw)
    assert (status, body["error"]["details"][0]["field"]) == (400, "wasm_base64")
    assert reason in body["error"]["message"]
    assert desk("GET", "/v1/algos")[1] == {"algos": []}


def test_base64_size_hash_and_symbol_are_checked(desk: Desk) -> None:
    def fields(**more: Any) -> list[str]:
        return [row["field"] for row in desk.deploy(GOOD, **more)[1]["error"]["details"]]

    assert fields(wasm_base64="%%%") == ["wasm_base64"]
    assert fields(wasm_base64=base64.b64encode(b"\0" * (4 * (1 << 20) + 1)).decode()) == ["wasm_base64"]
    assert fields(sha256="00") == ["sha256"]
    assert fields(symbol="NOPE-USD") == ["symbol"]
    assert fields(venues=["nowhere"]) == ["venues"]


def test_a_deploy_reports_the_hash_of_what_was_uploaded_on_every_edge(desk: Desk) -> None:
    status, body = desk.deploy(GOOD, sha256=hashlib.sha256(GOOD).hexdigest(), venues=["kraken", "coinbase"])
    assert (status, body["status"]) == (201, "paused")
    assert {(edge["edge_id"], edge["pause_reason"]) for edge in body["edges"]} == {
        ("venue-edge-kraken", "not_started"),
        ("venue-edge-coinbase", "not_started"),
    }
    assert {edge["sha256"] for edge in body["edges"]} == {hashlib.sha256(GOOD).hexdigest()}
    shown = desk("GET", f"/v1/deployments/{body['deployment_id']}")[1]
    assert shown["pushed_to"] == shown["capable_edges"] == 2


def test_the_same_bytes_again_change_nothing_and_others_replace(desk: Desk) -> None:
    first = desk.deploy(GOOD)[1]
    assert desk.deploy(GOOD) == (200, first)
    status, second = desk.deploy(OTHER)
    assert (status, second["sha256"]) == (201, hashlib.sha256(OTHER).hexdigest())
    assert [row["sha256"] for row in desk("GET", "/v1/algos?detail=edge")[1]["algos"]] == [second["sha256"]]


def test_start_says_honestly_that_nothing_runs_until_the_exchange_is_served(desk: Desk) -> None:
    desk.deploy(GOOD)
    for _ in range(2):
        started = desk("POST", "/v1/algos/BTC%2FUSD/start")[1]
        assert (started["status"], started["edges"][0]["pause_reason"]) == ("accepted", "heartbeat_lost")
        assert "seq sandbox start" in started["edges"][0]["error"]
    stopped = desk("POST", "/v1/algos/BTC-USD/stop")[1]
    assert (stopped["status"], stopped["edges"][0]["pause_reason"]) == ("paused", "stopped_by_user")
    assert desk("GET", "/v1/algos/BTC-USD")[1] == stopped
    assert desk("POST", "/v1/algos/ETH-USD/start")[0] == 404


def test_deployments_are_unique_by_name(desk: Desk) -> None:
    body = {"name": "mm", "symbols": ["BTC-USD", "ETH-USD"], "wasm_base64": base64.b64encode(GOOD).decode()}
    status, made = desk("POST", "/v1/deployments", body)
    assert (status, made["symbols"], made["status"]) == (201, ["BTC-USD", "ETH-USD"], "paused")
    assert desk("POST", "/v1/deployments", body) == (200, made)
    other = body | {"wasm_base64": base64.b64encode(OTHER).decode()}
    assert desk("POST", "/v1/deployments", other)[0] == 409
    listed = desk("GET", "/v1/deployments")[1]
    assert listed["count"] == 1
    assert "edges" not in listed["deployments"][0]
    path = f"/v1/deployments/{made['deployment_id']}"
    assert desk("POST", f"{path}/start")[1]["status"] == "accepted"
    assert desk("POST", f"{path}/stop")[1]["status"] == "paused"
    assert desk("GET", "/v1/deployments/dep_nope")[0] == 404
