"""Streams as a shell has them: a closed pipe, Ctrl-C, a server that restarts, a slow reader, a recording played."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from tests.client.scripted import KEY, accept, say, scripted, wait
from tests.stories.conftest import SCRIPTS

Serve = Callable[..., dict[str, Any]]
Shell = Any
BOOKS = "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"


@contextmanager
def seq(home: dict[str, str], *words: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that runs until it is told to end."""
    if not (SCRIPTS / "seq").exists():
        pytest.skip("seq is not installed beside this Python: pip install .")
    command = [str(SCRIPTS / "seq"), *words]
    with subprocess.Popen(
        command, env=home | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_a_reader_that_goes_away_ends_it_and_the_exchange_in_the_box_with_it(shell: Shell, tmp_path: Path) -> None:
    done = shell("set +o pipefail; seq --local stream book:ETH-USD prices:ETH-USD | head -1; echo ${PIPESTATUS[0]}")
    first, status = done.stdout.splitlines()
    assert json.loads(first)["seq"] == 1
    assert (status, done.stderr) == ("141", "")
    assert not (tmp_path / "state" / "sandbox" / "server.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("stream", "prices:ETH-USD"),
        ("quote", "ETH-USD", "--watch"),
        ("market", "book", "ETH-USD", "--watch"),
        ("fills", "--follow"),
        ("risk", "follow"),
    ],
)
def test_ctrl_c_ends_it_cleanly(home: dict[str, str], tmp_path: Path, words: tuple[str, ...]) -> None:
    with seq(home, "--local", *words, "--json") as running:
        assert running.stdout is not None
        if words[0] == "fills":
            _until_served(tmp_path)
        else:
            assert json.loads(running.stdout.readline())
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 130
    assert json.loads(errors)["error"]["exit_status"] == 130
    assert not (tmp_path / "state" / "sandbox" / "server.json").exists()


def _until_served(tmp_path: Path) -> None:
    told = tmp_path / "state" / "sandbox" / "server.json"
    pause = threading.Event()
    for _ in range(400):
        if told.exists():
            return
        pause.wait(0.02)
    raise AssertionError("nobody serves")


def test_on_a_terminal_it_is_a_screen_that_is_given_back(home: dict[str, str]) -> None:
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    master, slave = pty.openpty()
    environment = home | {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    words = [str(SCRIPTS / "seq"), "--local", "stream", "prices:ETH-USD", "--for", "0.6s"]
    with subprocess.Popen(words, env=environment, stdin=slave, stdout=slave, stderr=subprocess.PIPE) as running:
        os.close(slave)
        assert running.stderr is not None
        errors = running.stderr.read()
        assert running.wait(20) == 0
    shown = os.read(master, 1 << 16).decode()
    os.close(master)
    assert errors == b""
    screen, _, left = shown.partition("\x1b[?1049l")
    assert screen.startswith("\x1b[?1049h")
    assert screen.count("\x1b[H") >= 2
    assert left.split()[:3] == ["PRICES", "BID", "ASK"]
    assert "\x1b" not in left


def test_other_shells_trade_on_the_exchange_that_a_stream_serves(home: dict[str, str], shell: Shell) -> None:
    with seq(home, "--local", "stream", "fills", "orders", "prices:ETH-USD", "--json") as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["channel"] == "prices:ETH-USD"
        placed = json.loads(shell("seq --local order buy ETH-USD 0.01 --venue kraken --json").stdout)
        told: list[str] = []
        for line in running.stdout:
            frame = json.loads(line)
            if frame["channel"] in {"fills", "orders"}:
                assert frame["data"]["graph_id"] == placed["graph_id"]
                told.append(frame["channel"])
                if frame["channel"] == "orders" and frame["data"]["status"] == "FILLED":
                    break
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
    assert "fills" in told
    assert told.index("fills") < len(told) - 1


def test_when_the_shell_that_serves_goes_another_one_serves(home: dict[str, str]) -> None:
    words = ("--local", "stream", "prices:ETH-USD", "fills", "--json")
    with seq(home, *words) as first:
        assert first.stdout is not None
        assert json.loads(first.stdout.readline())["seq"] == 1
        with seq(home, *words) as second:
            assert second.stdout is not None
            assert json.loads(second.stdout.readline())["seq"] == 1
            first.send_signal(signal.SIGINT)
            first.communicate(timeout=20)
            kinds = [""]
            for line in second.stdout:
                row = json.loads(line)
                kinds.append(row.get("type") or row["channel"])
                if kinds[-2:] == ["reconnected", "prices:ETH-USD"]:
                    break
            assert kinds.count("disconnected") == kinds.count("reconnected") == 1
            second.send_signal(signal.SIGINT)
            second.communicate(timeout=20)


def test_a_server_that_restarts_is_found_again(home: dict[str, str], shell: Shell) -> None:
    shell("seq sandbox start --port 0")
    try:
        url = json.loads(shell("seq sandbox status --json").stdout)["url"]
        port = url.rpartition(":")[2]
        with seq(home, "--local", "stream", "prices:ETH-USD", "--json") as running:
            assert running.stdout is not None
            assert json.loads(running.stdout.readline())["channel"] == "prices:ETH-USD"
            assert shell(f"seq sandbox stop; seq sandbox start --port {port}").returncode == 0
            kinds = []
            for line in running.stdout:
                row = json.loads(line)
                kinds.append(row.get("type") or row["channel"])
                if kinds[-2:] == ["reconnected", "prices:ETH-USD"]:
                    break
            assert kinds.count("disconnected") == 1
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=20)
    finally:
        shell("seq sandbox stop")


def test_a_reader_that_sleeps_does_not_break_the_link(home: dict[str, str]) -> None:
    """30 MB come while nobody reads stdout: no fill is dropped, quotes give way, and the server never has to wait."""
    sent, fills = threading.Event(), 1_000
    quotes = fills * 150

    def flood(connection: ServerConnection) -> None:
        accept(connection)
        for number in range(quotes):
            say(connection, "prices:ETH-USD", {"n": number, "pad": "x" * 130}, seq=number + 1)
            if number % 150 == 0:
                say(connection, "fills", {"fill_id": f"f{number}"}, seq=number // 150 + 1)
        sent.set()
        wait(connection)

    with (
        scripted(flood) as server,
        seq(home, "stream", "prices:ETH-USD", "fills", "--json", SEQ_API_KEY=KEY, SEQ_API_URL=server.url) as running,
    ):
        assert sent.wait(60), "the link was not read while stdout was not"
        assert running.stdout is not None
        rows: list[dict[str, Any]] = []
        for line in running.stdout:
            rows.append(json.loads(line))
            if rows[-1].get("data", {}).get("n") == quotes - 1:
                break
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
        assert running.stdout.read() == ""
        assert server.connections == 1
    told = [row["data"]["fill_id"] for row in rows if row.get("channel") == "fills"]
    assert told == [f"f{number * 150}" for number in range(fills)]
    left_out = sum(row["skipped"] for row in rows if row.get("type") == "coalesced")
    shown = sum(row.get("channel") == "prices:ETH-USD" for row in rows)
    assert left_out > 0
    assert shown + left_out == quotes


def test_a_recording_is_a_tape_that_plays_the_same_books(
    serve: Serve, shell: Shell, tapes: Path, tmp_path: Path
) -> None:
    first = serve("--tape", str(tapes / BOOKS), "--tape-speed", "5")
    account = {"SEQ_API_KEY": first["api_key"], "SEQ_API_URL": first["url"]}
    path = tmp_path / "again.ndjson.gz"
    words = "seq stream book:BTC-USDT prices:BTC-USDT --max-events 40 --json"
    kept = shell(f"{words} --record {path}", **account).stdout.splitlines()
    recorded = _books(kept)
    assert len(recorded) > 3

    series = json.loads(shell(f"seq sandbox tape {path} --json").stdout)["series"]
    assert [(row["symbol"], row["venue"], row["books"]) for row in series] == [
        ("BTC-USDT", "consolidated", len(recorded))
    ]
    second = serve("--tape", str(path))
    account = {"SEQ_API_KEY": second["api_key"], "SEQ_API_URL": second["url"]}
    played = _books(shell(f"{words} --for 6s", **account).stdout.splitlines())
    assert len(played) > 3
    assert all(book in recorded for book in played), "each book to the digit"


def test_a_recording_that_is_interrupted_is_whole(home: dict[str, str], shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "cut.ndjson.gz"
    with seq(home, "--local", "stream", "prices:ETH-USD", "--json", "--record", str(path)) as running:
        assert running.stdout is not None
        shown = [running.stdout.readline() for _ in range(2)]
        running.send_signal(signal.SIGTERM)
        rest, _ = running.communicate(timeout=20)
    assert running.returncode == 143
    played = shell(f"seq stream --replay {path} --speed max --json").stdout
    assert played.startswith("".join(shown) + rest)


def _books(lines: list[str]) -> list[tuple[str, str]]:
    frames = [json.loads(line, parse_float=str) for line in lines]
    books = [frame["data"] for frame in frames if frame["channel"].startswith("book:")]
    return [(str(book["bids"]), str(book["asks"])) for book in books]
