"""An exchange that drops, delays, doubles and lies, and keeps a ledger of what it really did.

Every order carries its number in `metadata.n`, so the ledger knows a doubled order whatever its id. What happens to
the posts and look-ups of an order is a script, the same for the same seed:

    post   ok           applied, answered
           refuse       refused for good: no repeat is applied either
           limited · denied      429 · 401, not applied
           cut · down · silent   nothing is applied, and no answer · 503 · no answer until the client gives up
           A-cut · A-down · A-html · A-other · A-half · A-drip · A-silent   applied, and then an answer of no use
           A-400        applied, and then called invalid
           late-down · late-silent   applied a while after the answer
           double       the request arrives twice
           409 · 400 · 404 · 401 · 429 (as `no-…`)   a repeat is called a conflict, invalid, …; nothing is applied
    look-up   ok · absent (a lie where the order is there) · cut · down · html · silent

A lie about a look-up, or about a repeat, is told only of an order whose sender has had no clear answer before.
"""

import json
import os
import random
import signal
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LATE_S = 0.15
PATIENCE_S = 3.0
POSTS = [
    *["ok"] * 4,
    *["cut", "down", "silent"],
    *["A-cut", "A-cut", "A-down", "A-html", "A-other", "A-half", "A-drip", "A-silent"],
    *["late-down", "late-silent", "double", "A-400", "refuse", "limited", "denied"],
]
REPEATS = ["ok", "ok", "cut", "A-cut", "A-down", "no-409", "no-400", "no-404", "no-401", "no-429"]
LOOK_UPS = ["ok", "ok", "absent", "cut", "down", "html"]
KNOWN = [
    (["ok"], []),
    (["A-cut", "no-409", "no-409", "no-409"], ["absent", "absent", "absent", "absent", "absent"]),
    (["cut", "A-half"], ["absent", "absent"]),
    (["A-down", "no-400", "no-400", "no-400"], ["absent", "absent", "down", "absent", "absent"]),
    (["A-400"], []),
    (["A-cut", "A-cut", "A-cut"], ["absent", "absent", "absent", "absent"]),
    (["late-down"], ["absent"]),
    (["refuse"], []),
    (["A-html", "no-404", "no-404", "no-404"], ["absent", "cut", "absent", "absent", "absent"]),
    (["down", "refuse"], []),
    (["A-other"], ["html"]),
    (["late-silent"], []),
    (["A-400"], ["down"]),
    (["double"], []),
    (["A-drip"], []),
]
_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMITED",
}


class Venue:
    """Listens on a loopback port from its making until `close`."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.applied: dict[int, list[str]] = {}
        self.refused: set[int] = set()
        self.kills: dict[int, tuple[str, int]] = {}
        self.honest = False
        self._graphs: dict[str, dict[str, Any]] = {}
        self._numbers: dict[str, int] = {}
        self._scripts: dict[int, tuple[list[str], list[str]]] = {}
        self._doubted: set[int] = set()
        self._late: list[threading.Timer] = []
        self._lock = threading.RLock()
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def settle(self) -> None:
        """Let what is late arrive, and tell the truth from now on."""
        with self._lock:
            late, self._late = self._late, []
        for timer in late:
            timer.join()
        self.honest = True

    def close(self) -> None:
        self.settle()
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_post(self, number: int) -> str:
        return self._next(number, 0, "ok")

    def next_look_up(self, graph_id: str) -> str:
        number = self._numbers.get(graph_id)
        answer = "ok" if number is None else self._next(number, 1, "ok")
        return answer if answer != "absent" or number in self._doubted else "ok"

    def _next(self, number: int, which: int, default: str) -> str:
        with self._lock:
            script = self._scripts.setdefault(number, self._script(number))[which]
            answer = script.pop(0) if script else default
        return "ok" if self.honest else answer

    def _script(self, number: int) -> tuple[list[str], list[str]]:
        if number < len(KNOWN):
            posts, look_ups = KNOWN[number]
            return list(posts), list(look_ups)
        dice = random.Random(f"{self._seed}/{number}")
        repeats = dice.choices(REPEATS, k=dice.randrange(4))
        return [dice.choice(POSTS), *repeats], dice.choices(LOOK_UPS, k=dice.randrange(5))

    def doubt(self, number: int) -> None:
        """The sender of this order has had no clear answer."""
        self._doubted.add(number)

    def clear(self, number: int) -> bool:
        """Whether the sender has had nothing but clear answers."""
        return number not in self._doubted

    def apply(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Do what the order says, once for an id."""
        number, graph_id = body["metadata"]["n"], body["graph_id"]
        with self._lock:
            self._numbers[graph_id] = number
            if number in self.refused:
                return 400, error("VALIDATION_ERROR")
            if graph_id in self._graphs:
                return 200, self._graphs[graph_id]
            self.applied.setdefault(number, []).append(graph_id)
            self._graphs[graph_id] = _graph(body)
            return 201, self._graphs[graph_id]

    def refuse(self, number: int) -> None:
        """Never apply it, unless it was applied before."""
        with self._lock:
            if number not in self.applied:
                self.refused.add(number)

    def heard(self, body: dict[str, Any]) -> None:
        """Remember whose id it is."""
        self._numbers[body["graph_id"]] = body["metadata"]["n"]

    def apply_late(self, body: dict[str, Any]) -> None:
        timer = threading.Timer(LATE_S, self.apply, (body,))
        with self._lock:
            self._late.append(timer)
        timer.start()

    def graph(self, graph_id: str) -> dict[str, Any] | None:
        return self._graphs.get(graph_id)

    def kill(self, number: int | None, when: str) -> bool:
        """Kill the sender with -9 if this is its moment."""
        moment, process = self.kills.get(-1 if number is None else number, ("", 0))
        if moment != when or number is None:
            return False
        del self.kills[number]
        self.doubt(number)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return True

    def number_of(self, graph_id: str) -> int | None:
        return self._numbers.get(graph_id)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is what this is for."""


def _handler_of(venue: Venue) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        def setup(self) -> None:
            self.venue = venue
            super().setup()

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    venue: Venue

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = body["metadata"]["n"]
        self.venue.heard(body)
        if self.venue.kill(number, "on receipt"):
            self._cut()
            return
        answer = self.venue.next_post(number)
        if answer.startswith("no-") and self.venue.clear(number):
            answer = "ok"
        self._post(number, answer, body)

    def _post(self, number: int, answer: str, body: dict[str, Any]) -> None:
        if answer == "refuse":
            self.venue.refuse(number)
            answer = "ok"  # what is there already is answered as it is
        if answer in ("ok", "double"):
            status, reply = self.venue.apply(body)
            if answer == "double":
                status, reply = self.venue.apply(body)
            if not self.venue.kill(number, "applied"):
                self._answer(status, reply)
            return
        if answer.startswith("no-") or answer in ("limited", "denied", "A-400"):
            if answer == "A-400":
                self.venue.apply(body)
            said = {"limited": 429, "denied": 401}.get(answer) or int(answer[-3:])
            self._answer(said, error(_CODES[said]))
            return
        self.venue.doubt(number)
        if answer.startswith("A-") and self.venue.apply(body)[0] == 400:
            answer = "A-cut"
        if answer.startswith("late-"):
            self.venue.apply_late(body)
        self.venue.kill(number, "applied")
        self._useless(answer.rpartition("-")[2], body)

    def do_GET(self) -> None:
        graph_id = self.path.rpartition("/")[2]
        if self.venue.kill(self.venue.number_of(graph_id), "looked up"):
            self._cut()
            return
        answer = self.venue.next_look_up(graph_id)
        graph = self.venue.graph(graph_id)
        if answer in ("ok", "absent"):
            there = graph is not None and answer == "ok"
            self._answer(200 if there else 404, graph if there else error("NOT_FOUND"))
        else:
            self._useless(answer, {})

    def _useless(self, answer: str, body: dict[str, Any]) -> None:
        """Answers that say nothing of what was done."""
        ways: dict[str, Callable[[], None]] = {
            "cut": self._cut,
            "down": lambda: self._answer(503, error("SERVICE_UNAVAILABLE")),
            "html": lambda: self._write(200, b"<html>welcome</html>", "text/html"),
            "other": lambda: self._answer(201, _graph(body | {"graph_id": "sq-another"})),
            "half": self._half,
            "drip": self._drip,
            "silent": lambda: self._wait(PATIENCE_S),
        }
        ways[answer]()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _half(self) -> None:
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{")
        self._cut()

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n")
        for _ in range(20):
            self.wfile.write(b" ")
            self.wfile.flush()
            self._wait(0.1)

    def _wait(self, seconds: float) -> None:
        self.close_connection = True
        self.venue.over.wait(seconds)

    def _answer(self, status: int, value: Any) -> None:
        self._write(status, json.dumps(value).encode(), "application/json")

    def _write(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name for it
        """Say nothing."""


def error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"lied or not: {code}", "request_id": "r"}}


def _graph(body: dict[str, Any]) -> dict[str, Any]:
    """The graph as a look-up and as a submission show it."""
    identity = f"graph:{body['graph_id']}:order:1"
    order = {"node_order_id": identity, "status": "WORKING", "filled_qty_1e8": 0, "failure_reason": None}
    return {
        "graph_id": body["graph_id"],
        "status": "RUNNING",
        "node_order_id": identity,
        "nodes": body["nodes"],
        "orders": [order],
        "is_sandbox": True,
    }
