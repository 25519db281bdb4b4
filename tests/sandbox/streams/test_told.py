"""kill -9 while a reader listens: whatever it was told is there afterwards, to the byte."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SERVE = """
import sys
from pathlib import Path
from seqcli.sandbox.server import Serving, serve
{harm}
serve(Serving(folder=Path(sys.argv[1]), port=0), lambda told: print(told.url, told.api_key, flush=True))
"""
TELL_BEFORE_WRITING = """
from seqcli.sandbox.service.sequencer import GroupCommit, Sequencer
def publish(self):
    told, self._untold = self._untold, []
    if told: self.listener(told)
stage = Sequencer.stage
def stage_and_tell(self):
    seq = stage(self)
    publish(self)
    return seq
Sequencer.publish, Sequencer.stage = publish, stage_and_tell
GroupCommit.durable = lambda self, seq: None
GroupCommit.begin = lambda self: None
"""
ORDER = json.dumps({"symbol": "ETH-USD", "side": "buy", "qty": 0.5})


class Server:
    """One process on a state folder."""

    def __init__(self, folder: Path, harm: str = "") -> None:
        command = [sys.executable, "-c", SERVE.format(harm=harm), str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        url, key = self.process.stdout.readline().split()
        self.host = url.removeprefix("http://")
        self.headers = {"Authorization": f"Bearer {key}"}

    def call(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, path, body, {**self.headers, "Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def trade(self) -> None:
        """Until it is gone."""
        try:
            while True:
                self.call("POST", "/v1/orders", ORDER)
        except (OSError, http.client.HTTPException, ValueError):
            return

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        with self.process:
            pass


def told_before_a_kill(folder: Path, count: int, harm: str = "") -> dict[str, dict[str, Any]]:
    """Fills that a reader was told of, by id, by a server that was killed after about `count` of them."""
    server = Server(folder, harm)
    told: dict[str, dict[str, Any]] = {}
    traders = [threading.Thread(target=server.trade) for _ in range(3)]
    with connect(f"ws://{server.host}/v1/stream", additional_headers=server.headers, close_timeout=0) as opened:
        opened.send('{"subscribe":["fills"]}')
        assert "subscribed" in json.loads(opened.recv(timeout=20))
        for trader in traders:
            trader.start()
        try:
            while True:
                fill = json.loads(opened.recv(timeout=20))["data"]
                told[fill["fill_id"]] = fill
                if len(told) == count:
                    server.process.send_signal(signal.SIGKILL)
        except ConnectionClosed:
            pass
    for trader in traders:
        trader.join()
    server.end(signal.SIGKILL)
    assert len(told) >= count
    return told


def stored(folder: Path) -> dict[str, dict[str, Any]]:
    """Every fill of the folder, by id."""
    server = Server(folder)
    fills: list[dict[str, Any]] = []
    try:
        while True:
            page = server.call("GET", f"/v1/fills?limit=1000&offset={len(fills)}")
            fills += page["fills"]
            if not page["has_more"]:
                return {fill["fill_id"]: fill for fill in fills}
    finally:
        server.end(signal.SIGTERM)


def test_what_was_told_is_there_after_a_kill(tmp_path: Path, full: bool) -> None:
    for turn in range(20 if full else 2):
        told = told_before_a_kill(tmp_path / "box", 25 + 10 * turn)
        kept = stored(tmp_path / "box")
        assert {name: kept.get(name) for name in told} == told


def test_telling_before_writing_would_be_seen(tmp_path: Path) -> None:
    told = told_before_a_kill(tmp_path / "box", 25, TELL_BEFORE_WRITING)
    kept = stored(tmp_path / "box")
    assert not told.keys() <= kept.keys()
