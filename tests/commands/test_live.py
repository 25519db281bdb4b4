"""A LIVE order asks on a terminal, showing what will be sent and what it may cost; elsewhere it needs --yes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

Seq = Any
ROOT = Path(__file__).parents[2]
KEY = "seq_live_" + "0123456789abcdef" * 4
BUY = ("order", "buy", "ETH-USD", "1", "--graph-id", "live-1", "--json")

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")


class Exchange(BaseHTTPRequestHandler):
    """Answers a preview, and every order with an acceptance."""

    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(self.path)
        if self.path.endswith("preview"):
            self.answer(200, {"est_notional_usd_1e9": 2500 * 10**9, "est_total_cost_usd_1e9": 3 * 10**9})
        else:
            self.answer(201, {"graph_id": sent["graph_id"], "status": "RUNNING", "orders": []})

    def answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that were posted to a LIVE account's exchange."""
    Exchange.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SEQ_API_KEY", KEY)
        monkeypatch.setenv("SEQ_API_URL", f"http://127.0.0.1:{server.server_port}")
        yield Exchange.seen
        server.shutdown()


def on_a_terminal(*words: str, answer: bytes) -> tuple[int, bytes, str]:
    """Status, stdout, and what the person saw."""
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "seqcli", *words], stdin=slave, stderr=slave, stdout=subprocess.PIPE, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(master, 4096)
        os.write(master, answer)
        assert process.stdout is not None
        out = process.stdout.read()
        process.wait(30)
    os.close(master)
    return process.returncode, out, shown.decode()


def test_off_a_terminal_a_live_order_without_yes_is_status_2_and_nothing_is_sent(seq: Seq, exchange: list[str]) -> None:
    done = seq(*BUY)
    assert (done.status, done.out) == (2, "")
    assert "--yes" in done.error["hint"]
    assert exchange == []


@pytest.mark.parametrize(
    "words",
    [
        ("twap", "ETH-USD", "buy", "1", "--slices", "2", "--every", "1s"),
        ("bracket", "ETH-USD", "buy", "1", "--take-profit", "9000", "--stop-loss", "500"),
        ("hedge", "ETH-USD", "buy", "1", "--with", "ETH-USD-PERP", "--streaming"),
        ("submit", str(ROOT / "tests/stories/graphs/hedge.json")),
    ],
    ids=lambda words: words[0],
)
def test_a_live_graph_needs_a_yes_as_an_order_does(seq: Seq, exchange: list[str], words: tuple[str, ...]) -> None:
    done = seq("graph", *words, "--json")
    assert (done.status, done.out, exchange) == (2, "", [])
    done = seq("graph", *words, "--json", "--yes")
    assert (done.status, done.body["mode"], exchange) == (0, "live", ["/v1/orders"])


def test_yes_beforehand_sends_it(seq: Seq, exchange: list[str]) -> None:
    done = seq(*BUY, "--yes")
    assert done.status == 0, done.err
    assert (done.body["outcome"], done.body["mode"]) == ("accepted", "live")
    assert exchange == ["/v1/orders"]


def test_on_a_terminal_the_question_shows_the_request_and_the_cost(exchange: list[str]) -> None:
    status, out, shown = on_a_terminal(*BUY, answer=b"y\n")
    assert status == 0
    assert json.loads(out)["outcome"] == "accepted"
    for word in ("LIVE", "/v1/orders", '"qty_1e8":100000000', "live-1", "2500 USD"):
        assert word in shown
    assert KEY not in shown
    assert exchange[-1] == "/v1/orders"


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"maybe\n", b"\x04"], ids=repr)
def test_anything_but_yes_sends_nothing(exchange: list[str], answer: bytes) -> None:
    status, out, _ = on_a_terminal(*BUY, answer=answer)
    assert (status, out) == (2, b"")
    assert "/v1/orders" not in exchange


def test_a_cancel_and_the_kill_switch_never_ask(seq: Seq, exchange: list[str]) -> None:
    done = seq("order", "cancel", "live-1", "--json")
    assert done.status != 2
    assert exchange == []
