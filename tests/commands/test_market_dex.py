"""`seq market pools` and `token`: pages, filters, and an exchange that does not offer them."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from seqcli.commands import pages

Seq = Any
"""`seq(*words)` of conftest.py."""
MARKET = ("--local", "market")


def test_all_pools_are_walked_page_by_page(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = seq(*MARKET, "pools", "--all", "-q").out.split()
    monkeypatch.setattr(pages, "PAGE", 10)
    body = seq(*MARKET, "pools", "--all", "--json").body
    assert ([row["pool_id"] for row in body["pools"]], body["has_more"]) == (whole, False)
    assert len(whole) == body["total"] == 49
    some = seq(*MARKET, "pools", "--max", "12", "--json").body
    assert ([row["pool_id"] for row in some["pools"]], some["has_more"]) == (whole[:12], True)


def test_pools_are_filtered_and_shown_with_a_decimal_twin(seq: Seq) -> None:
    rows = seq(*MARKET, "pools", "eth-usdc", "--chain", "base", "--protocol", "AERODROME", "-o", "ndjson").rows
    assert [row["symbol"] for row in rows] == ["ETH-USDC-BASE"]
    assert len(rows[0]["price"]) > 3
    lines = seq(*MARKET, "pools", "ETH-USDC-BASE").out.splitlines()
    assert lines[0].split()[:3] == ["SYMBOL", "CHAIN", "PROTOCOL"]
    assert seq(*MARKET, "pools", "NOPE-USD").out == "no pools\n"


def test_a_token_says_what_it_costs_and_where_it_is(seq: Seq) -> None:
    out = seq(*MARKET, "token", "WETH").out
    assert out.startswith("ETH  Ether\n")
    assert "ethereum" in out
    done = seq(*MARKET, "token", "NOPE", "--json")
    assert (done.status, done.error["message"]) == (5, "not found: token: NOPE")


@pytest.mark.parametrize(
    "words", [("pools", "--chain", "tron"), ("pools", "--protocol", "x"), ("pools", "--max", "0"), ("token", "E TH")]
)
def test_words_that_make_no_sense_are_usage(seq: Seq, words: tuple[str, ...]) -> None:
    assert seq(*MARKET, *words, "--json").status == 2


def test_the_requests_are_shown_before_they_are_sent(seq: Seq) -> None:
    for words, target in (
        (("pools", "ETH-USDC", "--chain", "BASE"), "/v1/dex/pools?symbol=ETH-USDC&chain=base&limit=50"),
        (("token", "eth"), "/v1/tokens/eth"),
    ):
        assert seq(*MARKET, *words, "--dry-run", "--json").body["url"].endswith(target)


class Hosted(BaseHTTPRequestHandler):
    """An exchange that knows neither path."""

    status = 404
    body: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hosted]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hosted) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "0123456789abcdef" * 4)
        monkeypatch.setenv("SEQ_API_URL", f"http://127.0.0.1:{server.server_port}")
        yield Hosted
        server.shutdown()


def test_symbols_in_an_envelope_are_read_as_well(seq: Seq, hosted: type[Hosted]) -> None:
    hosted.status, hosted.body = 200, b'{"symbols": [{"symbol": "ETH-USD"}, {"symbol": "BTC-USD"}]}'
    assert seq("market", "symbols", "-q").out.split() == ["ETH-USD", "BTC-USD"]
    assert len(seq("market", "symbols", "-o", "ndjson").rows) == 2
    assert seq("market", "symbols").out.splitlines()[1].startswith("ETH-USD")


def answer(message: str, code: str = "NOT_FOUND") -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "request_id": "r"}}).encode()


@pytest.mark.parametrize(
    "body", [b"", b"<html>404</html>", answer("not found: /v1/tokens/ETH"), answer("no such route")]
)
def test_a_path_that_an_exchange_does_not_know_is_not_offered(seq: Seq, hosted: type[Hosted], body: bytes) -> None:
    hosted.status, hosted.body = 404, body
    for words, what in ((("token", "ETH"), "tokens"), (("pools",), "pools")):
        done = seq("market", *words, "--json")
        assert (done.status, done.error["code"]) == (5, "NOT_OFFERED")
        assert done.error["message"] == f"this exchange does not offer {what}"
        assert "--local" in done.error["hint"]


def test_a_token_that_it_does_not_know_and_any_other_failure_stay_what_they_are(seq: Seq, hosted: type[Hosted]) -> None:
    hosted.status, hosted.body = 404, answer("not found: token: ETH")
    done = seq("market", "token", "ETH", "--json")
    assert (done.status, done.error["code"]) == (5, "NOT_FOUND")
    hosted.status, hosted.body = 403, answer("forbidden: pools", "FORBIDDEN")
    assert seq("market", "pools", "--json").status == 4
