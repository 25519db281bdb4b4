"""A real server process on a real socket: its ready line, its limits, its end, and the state folder it holds."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from seqcli.client.local import BASE_URL, LocalTransport
from seqcli.sandbox.service.state import State

SERVE = """
import json, sys
from pathlib import Path
from seqcli.sandbox.service import connection, faults
from seqcli.sandbox.server import Serving, serve
folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
connection.Connection.patience_s = options.pop("patience_s", 20.0)
connection.Connection.max_connections = options.pop("max_connections", 512)
script = options.pop("faults", None)
def ready(told):
    print(json.dumps({"url": told.url, "api_key": told.api_key, "pid": told.pid}), flush=True)
try:
    serve(Serving(folder=folder, faults=script and faults.load(Path(script)), **{"port": 0} | options), ready)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


class Served:
    """A server in a process of its own."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder), json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready = json.loads(line) if line else {}
        self.port = int(self.ready["url"].rpartition(":")[2]) if line else 0

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        told = {"Authorization": f"Bearer {self.ready['api_key']}"} | (headers or {})
        raw = None
        if body is not None:
            raw = json.dumps(body)
            told.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, raw, told)
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def exchange(self, raw: bytes) -> bytes:
        """Everything that comes back for `raw` until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(raw)
            parts = []
            try:
                while part := connection.recv(65536):
                    parts.append(part)
            except ConnectionResetError:
                pass
            return b"".join(parts)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit status and stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


Start = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Start]:
    running: list[Served] = []

    def start(folder: Path | None = None, **options: Any) -> Served:
        running.append(Served(folder or tmp_path / "box", **options))
        return running[-1]

    yield start
    for served in running:
        served.end(signal.SIGKILL)


def head(served: Served, *lines: str) -> bytes:
    told = (f"Host: 127.0.0.1:{served.port}", f"Authorization: Bearer {served.ready['api_key']}", *lines)
    return "".join(f"{line}\r\n" for line in told).encode() + b"\r\n"


def code(reply: bytes) -> str:
    text: str = json.loads(reply.partition(b"\r\n\r\n")[2])["error"]["code"]
    return text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_cleanly(serve: Start, number: int) -> None:
    served = serve()
    assert served.ready["pid"] == served.process.pid
    assert served.ready["api_key"].startswith("seq_test_")
    announced = State(served.folder).server()
    assert announced is not None
    assert (announced.url, announced.pid) == (served.ready["url"], served.process.pid)
    assert served.call("GET", "/v1/quotes/ETH-USD")[0] == 200
    assert served.end(number) == (0, "")
    assert not (served.folder / "server.json").exists()


def test_its_end_sends_streams_away_cleanly(serve: Start) -> None:
    served = serve()
    headers = {"Authorization": f"Bearer {served.ready['api_key']}"}
    start = b"GET /v1/orders/stream HTTP/1.1\r\n" + head(served)
    with (
        connect(f"ws://127.0.0.1:{served.port}/v1/stream", additional_headers=headers) as opened,
        socket.create_connection(("127.0.0.1", served.port), timeout=20) as events,
    ):
        opened.send('{"subscribe":["orders"]}')
        assert "subscribed" in opened.recv(timeout=20)
        events.sendall(start)
        text = events.recv(65536)
        served.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as caught:
            opened.recv(timeout=20)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001
        while part := events.recv(65536):
            text += part
    assert text.endswith(b"0\r\n\r\n")
    assert served.end() == (0, "")


def test_the_key_and_the_seed_outlive_the_server(serve: Start) -> None:
    first = serve(seed=7)
    key = first.ready["api_key"]
    first.end()
    second = serve()
    assert second.ready["api_key"] == key
    assert second.call("GET", "/v1/quotes/ETH-USD")[0] == 200


def test_a_key_was_last_used_after_it_was_made(serve: Start) -> None:
    served = serve()
    [row] = json.loads(served.call("GET", "/v1/api_keys")[2])["api_keys"]
    assert row["created_ns"] <= row["last_used_ns"] <= time.time_ns()


def test_the_first_key_s_rate_is_this_run_s(serve: Start) -> None:
    served = serve(qps=1)
    assert [served.call("GET", "/v1/quotes/ETH-USD")[0] for _ in range(3)] == [200, 200, 429]
    served.end()
    again = serve()
    assert [again.call("GET", "/v1/quotes/ETH-USD")[0] for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com", "::", ""])
def test_only_loopback_is_served(serve: Start, host: str) -> None:
    served = serve(host=host)
    status, errors = served.end()
    assert status == 1
    assert "not a loopback address" in errors


def test_a_port_in_use_is_said(serve: Start, tmp_path: Path) -> None:
    first = serve()
    status, errors = serve(tmp_path / "other", port=first.port).end()
    assert status == 1
    assert str(first.port) in errors


def test_a_second_server_on_one_state_is_refused_and_told_of_the_first(serve: Start) -> None:
    first = serve()
    status, errors = serve().end()
    assert status == 1
    assert first.ready["url"] in errors
    assert first.call("GET", "/v1/quotes/ETH-USD")[0] == 200


def test_a_one_shot_speaks_to_the_running_server(serve: Start) -> None:
    served = serve(seed=7)
    local = LocalTransport(served.folder)
    try:
        headers = {"Authorization": f"Bearer {local.api_key()}", "X-Request-Id": "mine"}
        status, told, body = local.send("GET", f"{BASE_URL}/v1/quotes/ETH-USD?depth=1", headers, None, 10.0)
        assert (status, told["x-request-id"]) == (200, "mine")
        assert "date" in told
        assert json.loads(body)["symbol"] == "ETH-USD"
        served.end()
        status, told, _ = local.send("GET", f"{BASE_URL}/v1/quotes/ETH-USD?depth=1", headers, None, 10.0)
        assert status == 200
        assert "date" not in told
    finally:
        local.close()


def test_a_killed_server_is_no_obstacle(serve: Start) -> None:
    served = serve()
    served.end(signal.SIGKILL)
    assert (served.folder / "server.json").exists()
    assert serve().call("GET", "/v1/quotes/ETH-USD")[0] == 200


def test_both_forms_of_a_body_are_read_and_a_get_may_carry_a_content_type(serve: Start) -> None:
    served = serve()
    body = b'{"symbols":["ETH-USD"]}'
    start = b"POST /v1/quotes_batch HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
    sized = served.exchange(start + head(served, f"Content-Length: {len(body)}") + body)
    chunked = served.exchange(
        start + head(served, "Transfer-Encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    )
    for reply in (sized, chunked):
        assert reply.startswith(b"HTTP/1.1 200")
        assert json.loads(reply.partition(b"\r\n\r\n")[2])["count"] == 1
    assert served.call("GET", "/v1/quotes/ETH-USD", headers={"Content-Type": "application/json"})[0] == 200


def test_a_body_over_the_limit_is_refused_before_it_is_read(serve: Start) -> None:
    served = serve()
    start = b"POST /v1/quotes_batch HTTP/1.1\r\nContent-Type: application/json\r\n"
    reply = served.exchange(start + head(served, "Content-Length: 1048577"))
    assert code(reply) == "BAD_REQUEST"
    chunk = b"%x\r\n%b\r\n" % (1 << 20, b" " * (1 << 20))
    reply = served.exchange(start + head(served, "Transfer-Encoding: chunked") + chunk * 2)
    assert code(reply) == "BAD_REQUEST"


def test_nobody_without_a_key_makes_it_read_a_body(serve: Start) -> None:
    served = serve()
    reply = served.exchange(
        b"POST /v1/algos/deploy HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n"
        b"Connection: close\r\nHost: 127.0.0.1:%d\r\n\r\n" % served.port
    )
    assert code(reply) == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /v1/quotes HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000,
    ],
)
def test_what_is_no_http_is_refused_in_the_envelope(serve: Start, raw: bytes) -> None:
    served = serve()
    reply = served.exchange(raw)
    assert reply.startswith(b"HTTP/1.1 400")
    assert code(reply) == "BAD_REQUEST"
    assert served.call("GET", "/v1/health/live")[0] == 200


def test_a_host_of_another_name_is_refused(serve: Start) -> None:
    served = serve()
    assert served.call("GET", "/docs", headers={"Host": "evil.example"})[0] == 403
    assert served.call("GET", "/docs", headers={"Host": f"localhost:{served.port}"})[0] == 200


def test_a_request_that_dawdles_loses_its_connection(serve: Start) -> None:
    served = serve(patience_s=0.1)
    assert served.exchange(b"GET /v1/health/live HTTP/1.1\r\nHost: ") == b""
    start = b"POST /v1/quotes_batch HTTP/1.1\r\nContent-Type: application/json\r\n"
    assert served.exchange(start + head(served, "Content-Length: 10") + b"{") == b""
    assert served.call("GET", "/v1/health/live")[0] == 200


def test_one_connection_too_many_is_told_so(serve: Start) -> None:
    served = serve(max_connections=3)
    held = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(3)]
    try:
        deadline = time.monotonic() + 20
        reply = b""
        while not reply.startswith(b"HTTP/1.1 503") and time.monotonic() < deadline:
            reply = served.exchange(b"GET /v1/health/live HTTP/1.1\r\nConnection: close\r\n" + head(served))
        assert code(reply) == "SERVICE_UNAVAILABLE"
        assert b"retry-after: 1" in reply
    finally:
        for connection in held:
            connection.close()


def test_a_live_key_is_in_no_log_and_no_file(serve: Start) -> None:
    served = serve()
    live = "seq_live_" + "cd" * 32
    status, _, body = served.call("GET", f"/v1/quotes/ETH-USD?x={live}", headers={"Authorization": f"Bearer {live}"})
    assert status == 401
    assert live.encode() not in body
    served.exchange(f"GET /{live}\x01 HTTP/1.1\r\n\r\n".encode())
    _, errors = served.end()
    assert live not in errors
    assert all(live.encode() not in file.read_bytes() for file in served.folder.iterdir())


def test_the_docs_page_loads_everything_from_here(serve: Start) -> None:
    pytest.importorskip("swagger_ui_bundle", reason="the extra seqcli[docs] is not installed")
    served = serve()
    status, headers, page = served.call("GET", "/docs", headers={"Authorization": ""})
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"http" not in page.replace(b"</html>", b"").replace(b"<!doctype html>", b"").replace(b"<html", b"")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert f"/docs/{name}".encode() in page
        assert served.call("GET", f"/docs/{name}", headers={"Authorization": ""})[0] == 200
    for name in ("..%2f__init__.py", "index.html%00", "nope.js"):
        assert served.call("GET", f"/docs/{name}")[0] == 404


def faults(tmp_path: Path, *rules: dict[str, Any]) -> str:
    script = tmp_path / "faults.json"
    script.write_text(json.dumps({"faults": list(rules)}))
    return str(script)


def test_scripted_failures_happen_to_the_requests_they_name(serve: Start, tmp_path: Path) -> None:
    served = serve(
        faults=faults(
            tmp_path,
            {"action": "limited", "nth": [1], "retry_after_s": 3},
            {"action": "failed", "nth": [2]},
            {"action": "garbled", "nth": [3]},
            {"action": "lost", "nth": [4]},
            {"action": "cut", "nth": [5]},
            {"action": "doubled", "nth": [6]},
            {"action": "slow", "nth": [7], "delay_ms": 50},
            {"action": "late", "nth": [8], "delay_ms": 50},
        )
    )
    path = "/v1/quotes/ETH-USD"
    status, headers, _ = served.call("GET", path)
    assert (status, headers["retry-after"]) == (429, "3")
    assert served.call("GET", path)[0] == 500
    assert served.call("GET", path)[2].startswith(b"<html>")
    for _ in range(2):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            served.call("GET", path)
    assert [served.call("GET", path)[0] for _ in range(4)] == [200] * 4


def test_a_cut_is_handled_and_a_loss_is_not(serve: Start, tmp_path: Path) -> None:
    rules = faults(
        tmp_path, {"action": "lost", "method": "PUT", "nth": [1]}, {"action": "cut", "method": "PUT", "nth": [2]}
    )
    served = serve(faults=rules)
    body = {"api_key": "key-key-key", "api_secret": "secret"}
    for expected in (0, 1):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            served.call("PUT", "/v1/credentials/kraken", body)
        assert json.loads(served.call("GET", "/v1/credentials")[2])["count"] == expected


@pytest.mark.parametrize("content", ["", "{", '{"faults":[{"action":"explode"}]}', '{"faults":[],"x":1}'])
def test_a_bad_script_is_named(serve: Start, tmp_path: Path, content: str) -> None:
    script = tmp_path / "faults.json"
    script.write_text(content)
    status, errors = serve(faults=str(script)).end()
    assert status == 1
    assert str(script) in errors


@pytest.mark.skipif(os.name == "nt", reason="descriptors are not counted there")
def test_aborted_uploads_leave_nothing_open(serve: Start) -> None:
    served = serve()
    start = b"POST /v1/quotes_batch HTTP/1.1\r\nContent-Type: application/json\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as connection:
            connection.sendall(start + head(served, "Content-Length: 100") + b"{")
    assert served.call("GET", "/v1/health/live")[0] == 200
    assert served.end() == (0, "")
