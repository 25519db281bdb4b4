"""An exchange on a real socket that writes down all that reaches it, and answers as it is told to."""

import html
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, cast

Answer = tuple[int, str, bytes]


class Seen(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Exchange(ThreadingHTTPServer):
    """`seen` are the requests, `connections` the sockets; `watch` is called while the command waits for its answer."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Seen], Answer], watch: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.watch = answer, watch
        self.seen: list[Seen] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def posted(self, path: str) -> list[Any]:
        return [json.loads(seen.body) for seen in self.seen if seen.path == path]

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        exchange = cast("Exchange", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = Seen(self.command, self.path, dict(self.headers), body)
        exchange.seen.append(seen)
        exchange.watch()
        status, kind, content = exchange.answer(seen)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if exchange.answer is not accepting:
            self.send_header("X-Request-Id", seen.headers.get("Authorization", "none"))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815 -- the server's names

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(answer: Callable[[Seen], Answer], watch: Callable[[], None] = lambda: None) -> Iterator[Exchange]:
    with Exchange(answer, watch) as exchange:
        Thread(target=exchange.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield exchange
        finally:
            exchange.shutdown()


def _json(status: int, body: Any) -> Answer:
    return status, "application/json", json.dumps(body).encode()


def accepting(seen: Seen) -> Answer:
    """Well, and takes every order."""
    if seen.method == "POST" and seen.path.endswith("preview"):
        return _json(200, {"est_notional_usd_1e9": 2500 * 10**9, "est_total_cost_usd_1e9": 3 * 10**9})
    if seen.method == "POST":
        return _json(201, {"graph_id": json.loads(seen.body)["graph_id"], "status": "RUNNING", "orders": []})
    return _json(200, {"status": "ok", "environment": "test", "time_ns": 0})


def echoing_page(seen: Seen) -> Answer:
    """A framework's error page, the request printed into it."""
    rows = "".join(f"<li>{html.escape(f'{name}: {value}')}</li>" for name, value in seen.headers.items())
    return 500, "text/html", f"<html><h1>Server Error</h1><ul>{rows}</ul></html>".encode()


def echoing_error(seen: Seen) -> Answer:
    """A refusal whose sentence, id and details repeat the key."""
    key = seen.headers.get("Authorization", "")
    row = {"field": key, "message": key}
    return _json(400, {"error": {"code": "VALIDATION_ERROR", "message": key, "request_id": key, "details": [row]}})


def echoing_body(seen: Seen) -> Answer:
    """A good answer that repeats the headers."""
    return _json(200, {"status": "ok", "headers": dict(seen.headers), "graph_id": "g", "orders": [dict(seen.headers)]})


def command_lines() -> str:
    """The words of every process there is, where the system shows them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:  # gone, or another user's
            continue
    return "\n".join(found)
