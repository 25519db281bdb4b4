"""More quotes than one request may ask for: several requests under way at once, their answers in order."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from seqcli.commands import quote, watching
from seqcli.views import Result

Seq = Any
"""`seq(*words)` of conftest.py."""
NAMES = [f"S{place}-USD" for place in range(6)]


class Exchange(BaseHTTPRequestHandler):
    """Answers no batch before all three are there; `refused` is a symbol whose batch is turned away."""

    together: ClassVar[threading.Barrier]
    refused = ""

    def do_POST(self) -> None:
        symbols = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["symbols"]
        self.together.wait(20)
        if self.refused in symbols:
            error = {"code": "FORBIDDEN", "message": "forbidden: quotes", "request_id": "r"}
            return self.answer(403, {"error": error})
        rows = [{"symbol": name, "source": "edge_nbbo", "nbbo": {}, "venues": {}, "book": None} for name in symbols]
        return self.answer(200, {"quotes": rows, "count": len(rows), "elapsed_ms": 1})

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
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Exchange]]:
    Exchange.together, Exchange.refused = threading.Barrier(3), ""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "0123456789abcdef" * 4)
        monkeypatch.setenv("SEQ_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(quote, "AT_ONCE", 2)
        yield Exchange
        server.shutdown()


@pytest.mark.usefixtures("exchange")
def test_several_requests_are_under_way_at_once_and_answered_in_order(seq: Seq) -> None:
    done = seq("quote", *NAMES, "--json")
    assert (done.status, [row["symbol"] for row in done.body["quotes"]]) == (0, NAMES)


def test_one_that_is_turned_away_ends_it(seq: Seq, exchange: type[Exchange]) -> None:
    exchange.refused = NAMES[3]
    done = seq("quote", *NAMES, "--json")
    assert (done.status, done.out, done.error["code"]) == (4, "", "FORBIDDEN")


def test_a_watch_of_many_is_woken_by_no_more_than_a_connection_has_room_for(
    seq: Seq, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def watched(_session: Any, _ask: Any, *, topics: list[str]) -> Result:
        asked.extend(topics)
        return Result(body={})

    monkeypatch.setattr(watching, "watched", watched)
    names = [f"S{place}-USD" for place in range(600)]
    assert seq("--local", "quote", *names, "--watch", "--json").status == 0
    assert asked == [f"prices:{name}" for name in names[:400]]
