"""What of a backtest is shown, and how its markets are named."""

from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

Seq = Any
WINDOW = ("--start", "2026-01-01T00:00", "--end", "2026-01-01T00:01")
IDLE = """(module (memory (export "memory") 2)
(func (export "algo_alloc") (param i32) (result i32) i32.const 4096)
(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 1024))"""


@pytest.fixture
def idle(tmp_path: Path) -> str:
    made = tmp_path / "idle.wasm"
    made.write_bytes(wat2wasm(IDLE))
    return str(made)


def test_fields_are_those_of_the_fills_or_of_the_report(seq: Seq, idle: str) -> None:
    asked = ("algo", "backtest", idle, "--symbol", "ETH-USD", "--venue", "kraken", *WINDOW, "--json")
    figures = seq(*asked, "--fields", "summary.pnl_usd,summary.trades,inputs.seed").body
    assert figures == {"summary.pnl_usd": "0", "summary.trades": 0, "inputs.seed": 42}
    assert seq(*asked, "--fields", "price,qty").body == []
    wrong = seq(*asked, "--fields", "summary.nothing")
    assert (wrong.status, wrong.error["message"]) == (2, "no field 'summary.nothing'")
    assert "summary.sharpe" in wrong.error["hint"]


def test_a_deployment_names_its_markets_as_a_backtest_does(seq: Seq, idle: str) -> None:
    asked = ("--local", "algo", "deploy", idle, "--symbols", "BTC-USD,ETH-USD", "--symbol", "SOL-USD", "--venue", "all")
    body = seq(*asked, "--dry-run", "--json").body["body"]
    assert body["symbols"] == ["BTC-USD", "ETH-USD", "SOL-USD"]
    assert body.get("venues") is None
