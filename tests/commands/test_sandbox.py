"""The exchange in the box, served: in the foreground, in the background, and found by --local."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Seq = Any
ROOT = Path(__file__).parents[2]
ETH = "ETH-USD"


@pytest.fixture
def served() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "seqcli", "sandbox", "serve", "--port", "0", "--json"]
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        yield server
        server.kill()


def ready(server: "subprocess.Popen[str]") -> dict[str, Any]:
    assert server.stdout is not None
    told: dict[str, Any] = json.loads(server.stdout.readline())
    return told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_where_on_one_line_and_ends_cleanly(served: "subprocess.Popen[str]", number: signal.Signals) -> None:
    told = ready(served)
    assert set(told) == {"url", "api_key", "pid"}
    assert told["pid"] == served.pid
    served.send_signal(number)
    out, errors = served.communicate(timeout=30)
    assert (served.returncode, out) == (0, "")
    assert "Traceback" not in errors


def test_a_served_exchange_is_traded_with_its_key(
    seq: Seq, served: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ready(served)
    monkeypatch.setenv("SEQ_API_KEY", told["api_key"])
    monkeypatch.setenv("SEQ_API_URL", told["url"])
    body = seq("order", "buy", ETH, "1", "--wait", "--json").body
    assert (body["mode"], body["status"]) == ("sandbox", "FILLED")
    assert len(seq("--local", "fills", "--json").body["fills"]) == body["orders"][0]["fill_count"]


def test_a_one_shot_and_a_server_share_one_state(seq: Seq) -> None:
    seq("--local", "order", "buy", ETH, "1", "--graph-id", "before")
    told = seq("sandbox", "start", "--port", "0", "--json").body
    try:
        status = seq("sandbox", "status", "--json").body
        assert (status["running"], status["url"]) == (True, told["url"])
        graphs = {row["graph_id"] for row in seq("--local", "order", "list", "--json").body["orders"]}
        assert graphs == {"before"}
        assert seq("--local", "order", "buy", ETH, "1", "--graph-id", "during", "--wait").status == 0
        again = seq("sandbox", "start", "--port", "0", "--json")
        assert (again.status, again.error["code"]) == (7, "ALREADY_SERVED")
    finally:
        stopped = seq("sandbox", "stop", "--json").body
    assert (stopped["stopped"], stopped["pid"]) == (True, told["pid"])
    graphs = {row["graph_id"] for row in seq("--local", "order", "list", "--json").body["orders"]}
    assert graphs == {"before", "during"}
    assert seq("sandbox", "stop").status == 5


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--port", "70000"], "--port"),
        (["--port", "x"], "--port"),
        (["--host", "0.0.0.0"], "0.0.0.0"),
        (["--seed", "-1"], "-1"),
        (["--tape-speed", "2"], "--tape"),
        (["--tape", "/no/such/tape"], "/no/such/tape"),
        (["--faults", "/no/such/faults"], "/no/such/faults"),
    ],
    ids=str,
)
def test_a_wrong_word_of_serve_is_named(seq: Seq, words: list[str], named: str) -> None:
    for verb in ("serve", "start"):
        done = seq("sandbox", verb, *words, "--json")
        assert (done.status, done.out) == (2, ""), verb
        assert named in done.error["message"]


def test_a_server_that_cannot_start_in_the_background_says_why(seq: Seq, tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    done = seq("sandbox", "start", "--port", "0", "--state", str(open_to_all), "--json")
    assert done.status != 0
    assert str(open_to_all) in done.error["message"]


def test_paper_settings_refuse_what_they_cannot_mean(seq: Seq) -> None:
    for words in (["--fill-model", "magic"], ["--balance", "USD=5"], ["--maker-bps", "x"], ["--seed", "1.5"]):
        assert seq("sandbox", "settings", *words).status == 2
    for words in ([], ["--venue", "kraken"], ["/no/such/file"]):
        assert seq("sandbox", "seed", *words).status == 2


def test_a_recording_is_described(seq: Seq, tapes: Path) -> None:
    path = tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"
    row = seq("sandbox", "tape", str(path), "--json").body["series"][0]
    assert (row["symbol"], row["venue"]) == ("BTC-USDT", "binance")
    assert row["books"] > 0


def test_lines_on_their_way_at_once_are_answered_in_order_and_a_cancel_waits_for_its_order(
    seq: Seq, served: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = ready(served)
    monkeypatch.setenv("SEQ_API_KEY", told["api_key"])
    monkeypatch.setenv("SEQ_API_URL", told["url"])
    order = '{"symbol": "ETH-USD", "side": "buy", "qty": "1"}'
    resting = '{"symbol": "ETH-USD", "side": "buy", "qty": "1", "price": "10", "graph_id": "rest-1"}'
    path = tmp_path / "orders.ndjson"
    path.write_text("\n".join([*[order] * 10, resting, '{"cancel": "rest-1"}', *[order] * 10]) + "\n")
    done = seq("order", "submit", str(path), "-o", "ndjson", "--parallel", "6")
    assert done.status == 0, done.err
    assert [row["line"] for row in done.rows] == list(range(1, 23))
    assert len({row["graph_id"] for row in done.rows}) == 21
    assert done.rows[11]["outcome"] == "cancelled"
    assert seq("order", "list", "--json").body["total"] == 21
    assert seq("order", "--json").body["orders"] == []


def test_a_monitor_sees_a_venue_drop_and_come_back(seq: Seq) -> None:
    assert seq("sandbox", "faults", "venue-down", "kraken", "--json").body["down"] == ["kraken"]
    done = seq("--local", "health", "edges", "--json")
    assert (done.status, done.body["missing"]) == (3, ["kraken"])
    assert "kraken" in done.error["message"]
    done = seq("--local", "health", "edges", "--prom")
    assert done.status == 3
    lines = done.out.splitlines()
    assert 'seq_edge_up{edge="kraken"} 0' in lines
    assert "seq_edges_drift 1" in lines
    assert [line for line in lines if not line.startswith("#") and len(line.split()) != 2] == []
    assert seq("sandbox", "faults", "venue-up", "kraken").status == 0
    assert seq("--local", "health", "edges").status == 0


def test_prometheus_text_is_a_form_of_its_own(seq: Seq) -> None:
    assert seq("--local", "health", "edges", "--prom", "--json").status == 2


def test_a_watch_tells_each_look_and_outlives_a_drift(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock brings the venue down before the second look, and ends the watch after the third."""
    from seqcli.client import clock

    looks: list[float] = []

    def sleep(_clock: object, seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 1:
            assert seq("sandbox", "faults", "venue-down", "okx").status == 0
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(clock.SystemClock, "sleep", sleep)
    done = seq("--local", "health", "edges", "--watch", "60s", "-o", "json")
    assert looks == [60.0] * 3
    assert done.status == 130
    assert [row["drift"] for row in done.rows] == [False, True, True]
