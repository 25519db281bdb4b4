"""What of a backtest is shown, and how its markets are named."""

import shutil
import subprocess
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


def test_a_page_has_the_curves_and_the_same_bytes_twice(seq: Seq, idle: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ("algo", "backtest", idle, "--symbol", "ETH-USD", "--venue", "kraken", *WINDOW, "--html", str(page))
    first = seq(*asked)
    assert (first.status, f"wrote {page}" in first.err) == (0, True)
    content = page.read_bytes()
    assert seq(*asked).status == 0
    assert page.read_bytes() == content
    html = content.decode()
    assert (html.count("<section>"), html.count("<svg"), "no fills" in html) == (5, 2, True)
    assert "default-src 'none'" in html
    refused = seq(*asked[:-1], str(tmp_path))
    assert (refused.status, "is a folder" in refused.err) == (2, True)
    swept = seq(*asked, "--sweep", "params.toml")
    assert (swept.status, "not of a sweep" in swept.err) == (2, True)


def test_a_browser_opens_the_page(seq: Seq, idle: str, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")
    page = tmp_path / "page.html"
    seq("algo", "backtest", idle, "--symbol", "ETH-USD", "--venue", "kraken", *WINDOW, "--html", str(page))
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom")
    command = [browser, *flags, f"--user-data-dir={tmp_path / 'browser'}", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90).stdout
    assert "<title>Backtest of ETH-USD</title>" in dom
    assert (dom.count("<svg"), dom.count("<polyline") + dom.count("<path") >= 2) == (2, True)
