"""The gate in the order of its checks; each refusal is the envelope, and nothing of a live key is kept."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.gate import Gate, Inbound, Outbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.storage.keys import Key, digest_of, make_raw
from seqcli.wire.envelope import HTTP_STATUS

SECOND = 1_000_000_000
NOW = 1_785_240_000 * SECOND
LIVE = "seq_live_" + "ab" * 32
HOST = "127.0.0.1:50052"
JSON = {"content-type": "application/json"}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class Desk:
    """A gate over a fresh state folder, and keys of each role."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        state = State(folder)
        state.prepare()
        self.box = OpenBox(state, Settings(), self.clock)
        self.gate = Gate(
            self.box,
            hosts=frozenset({HOST}),
            clock_ns=self.clock,
            log=self.lines.append,
            make_id=lambda: "made",
        )
        self.raw = {role: self.add(role) for role in ("read", "trader", "admin")}

    def add(self, role: str, qps: int = 0, *, revoked: bool = False) -> str:
        raw = make_raw()
        key = Key(
            key_id=f"key_{role}_{len(self.box.store.keys())}",
            client_id=self.box.store.client_id,
            label=role,
            prefix=raw[:17],
            role=role,
            sandbox=True,
            digest=digest_of(raw),
            qps=qps,
            created_ns=NOW,
            revoked_ns=NOW if revoked else None,
        )
        self.box.store.save_key(key)
        self.box.keys.add(key)
        return raw

    def __call__(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        key: str | None = "admin",
        headers: dict[str, str] | None = None,
    ) -> Outbound:
        path, _, query = target.partition("?")
        told = {"host": HOST}
        if key is not None:
            told["authorization"] = f"Bearer {self.raw.get(key, key)}"
        if body:
            told |= {"content-length": str(len(body)), **JSON}
        return self.gate.handle(Inbound(method, path, query, told | (headers or {})), body)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def error(reply: Outbound) -> dict[str, Any]:
    body = json.loads(reply.body)
    assert list(body) == ["error"]
    assert reply.headers["Content-Type"] == "application/json"
    assert body["error"]["request_id"] == reply.headers["X-Request-Id"]
    assert HTTP_STATUS[body["error"]["code"]] == reply.status
    assert ("details" in body["error"]) == (body["error"]["code"] == "VALIDATION_ERROR")
    fields: dict[str, Any] = body["error"]
    return fields


def refusals() -> list[tuple[str, Callable[[Desk], Outbound], str]]:
    """Each row breaks its own check and every later one: the earlier check decides."""
    broken = {"host": "evil.example", "origin": "http://evil.example"}
    nonsense = {**JSON, "content-type": "text/plain"}
    return [
        ("host", lambda d: d("POST", "/nope", b"{", key=None, headers=broken), "FORBIDDEN"),
        (
            "host with another port",
            lambda d: d("GET", "/v1/quotes", headers={"host": "127.0.0.1:1"}),
            "FORBIDDEN",
        ),
        ("no host", lambda d: d("GET", "/v1/quotes", headers={"host": ""}), "FORBIDDEN"),
        (
            "origin",
            lambda d: d("POST", "/nope", key=None, headers={"origin": "https://evil.example"}),
            "FORBIDDEN",
        ),
        ("origin null", lambda d: d("GET", "/v1/quotes", headers={"origin": "null"}), "FORBIDDEN"),
        ("origin on a public path", lambda d: d("GET", "/docs", headers={"origin": "null"}), "FORBIDDEN"),
        ("no key", lambda d: d("POST", "/nope", b"{", key=None), "UNAUTHORIZED"),
        ("unknown key", lambda d: d("POST", "/v1/orders", b"{", key=make_raw()), "UNAUTHORIZED"),
        ("revoked key", lambda d: d("GET", "/v1/quotes", key=d.add("admin", revoked=True)), "UNAUTHORIZED"),
        ("live key", lambda d: d("POST", "/v1/orders", b"{", key=LIVE), "UNAUTHORIZED"),
        ("endless key", lambda d: d("GET", "/v1/quotes", key="x" * 10_000), "UNAUTHORIZED"),
        (
            "other scheme",
            lambda d: d("GET", "/v1/quotes", headers={"authorization": "Basic x"}),
            "UNAUTHORIZED",
        ),
        (
            "key in the query",
            lambda d: d("GET", f"/v1/quotes?api_key={d.raw['admin']}", key=None),
            "UNAUTHORIZED",
        ),
        ("a read key that trades", lambda d: d("POST", "/v1/orders", b"{", key="read"), "FORBIDDEN"),
        ("a read key that resets", lambda d: d("POST", "/v1/sandbox/reset", key="read"), "FORBIDDEN"),
        (
            "a trader that clears",
            lambda d: d("POST", "/v1/kill_switch/clear", b"{", key="trader"),
            "FORBIDDEN",
        ),
        ("unknown path", lambda d: d("POST", "/v1/nope", b"{"), "NOT_FOUND"),
        ("superseded path", lambda d: d("GET", "/v1/nbbo"), "NOT_FOUND"),
        ("wrong verb", lambda d: d("POST", "/v1/quotes/ETH-USD", b"{"), "NOT_FOUND"),
        ("media type", lambda d: d("POST", "/v1/orders", b"{", headers=nonsense), "BAD_REQUEST"),
        (
            "charset",
            lambda d: d("POST", "/v1/orders", b"{}", headers={"content-type": "application/json; charset=latin-1"}),
            "BAD_REQUEST",
        ),
        (
            "coding",
            lambda d: d("POST", "/v1/orders", b"{}", headers={"content-encoding": "gzip"}),
            "BAD_REQUEST",
        ),
        ("size", lambda d: d("POST", "/v1/orders", b" " * (1 << 20) + b"{"), "BAD_REQUEST"),
        ("no body", lambda d: d("POST", "/v1/orders"), "BAD_REQUEST"),
        ("half a JSON", lambda d: d("POST", "/v1/orders", b'{"symbol":'), "BAD_REQUEST"),
        ("a key twice", lambda d: d("POST", "/v1/orders", b'{"symbol":"A","symbol":"B"}'), "BAD_REQUEST"),
        ("NaN", lambda d: d("POST", "/v1/orders", b'{"qty":NaN}'), "BAD_REQUEST"),
        ("trailing bytes", lambda d: d("POST", "/v1/orders", b"{} x"), "BAD_REQUEST"),
        (
            "depth",
            lambda d: d("POST", "/v1/orders", b'{"metadata":' + b"[" * 65 + b"]" * 65 + b"}"),
            "BAD_REQUEST",
        ),
        (
            "a number out of all bounds",
            lambda d: d("POST", "/v1/orders", b'{"qty":1e999999999}'),
            "BAD_REQUEST",
        ),
        ("not an object", lambda d: d("POST", "/v1/orders", b"[]"), "VALIDATION_ERROR"),
        ("values", lambda d: d("POST", "/v1/orders", b"{}"), "VALIDATION_ERROR"),
        ("query value", lambda d: d("GET", "/v1/quotes/ETH-USD?depth=ten"), "VALIDATION_ERROR"),
        ("query twice", lambda d: d("GET", "/v1/quotes/ETH-USD?depth=1&depth=2"), "VALIDATION_ERROR"),
        ("symbol", lambda d: d("GET", "/v1/quotes/ETH%20USD"), "VALIDATION_ERROR"),
    ]


@pytest.mark.parametrize(("send", "code"), [pytest.param(s, c, id=name) for name, s, c in refusals()])
def test_the_first_check_that_fails_decides(desk: Desk, send: Callable[[Desk], Outbound], code: str) -> None:
    assert error(send(desk))["code"] == code


def test_a_good_request_passes_every_check(desk: Desk) -> None:
    for key in ("read", "trader", "admin"):
        reply = desk("GET", "/v1/quotes/ETH-USD?depth=3&unknown=x", key=key, headers={"origin": f"http://{HOST}"})
        assert reply.status == 200
        assert len(json.loads(reply.body)["book"]["bids"]) == 3


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/v1/health/live", "/v1/health/edges"])
def test_public_paths_ask_for_no_key(desk: Desk, path: str) -> None:
    assert desk("GET", path, key=None).status == 200


def test_health_asks_for_a_key(desk: Desk) -> None:
    assert error(desk("GET", "/v1/health", key=None))["code"] == "UNAUTHORIZED"
    assert json.loads(desk("GET", "/v1/health").body)["status"] == "ok"


def test_the_wrong_verb_names_the_right_ones(desk: Desk) -> None:
    assert desk("DELETE", "/v1/quotes/ETH-USD").headers["Allow"] == "GET"
    assert "Allow" not in desk("DELETE", "/v1/nope").headers


def test_a_live_key_is_refused_and_nowhere_kept(desk: Desk, tmp_path: Path) -> None:
    reply = desk("GET", "/v1/quotes/ETH-USD", key=LIVE, headers={"x-request-id": "one"})
    assert error(reply)["code"] == "UNAUTHORIZED"
    desk.box.sequencer.commit()
    kept = b"".join(file.read_bytes() for file in (tmp_path / "box").iterdir())
    assert LIVE.encode() not in kept + reply.body + "".join(desk.lines).encode()


def test_api_keys_are_kept_as_hashes(desk: Desk, tmp_path: Path) -> None:
    database = (tmp_path / "box" / "exchange.db").read_bytes() + (tmp_path / "box" / "exchange.db-wal").read_bytes()
    for raw in (desk.box.api_key, *desk.raw.values()):
        assert raw.encode() not in database
        assert raw[17:].encode() not in database


def test_a_crash_speaks_the_envelope_and_is_logged_without_keys(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise ZeroDivisionError(f"secret {LIVE}")

    monkeypatch.setattr("seqcli.sandbox.service.gate.handler_for", lambda _: crash)
    fields = error(desk("GET", "/v1/quotes/ETH-USD"))
    assert fields["code"] == "INTERNAL_ERROR"
    assert "ZeroDivision" not in fields["message"]
    assert "ZeroDivisionError" in desk.lines[0]
    assert fields["request_id"] in desk.lines[0]
    assert LIVE not in desk.lines[0]


@pytest.mark.parametrize("given", ["mine", "x" * 128, "with space"])
def test_a_usable_request_id_is_echoed(desk: Desk, given: str) -> None:
    reply = desk("GET", "/v1/quotes/ETH-USD", headers={"x-request-id": given})
    assert reply.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "tab\there", "naïve", "line\r\nbreak"])
def test_any_other_request_id_is_replaced_and_the_request_served(desk: Desk, given: str) -> None:
    reply = desk("GET", "/v1/quotes/ETH-USD", headers={"x-request-id": given})
    assert (reply.status, reply.headers["X-Request-Id"]) == (200, "made")


def test_made_request_ids_are_uuids_of_version_4() -> None:
    from seqcli.sandbox.ids import random_id

    shape = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    made = {random_id() for _ in range(100)}
    assert len(made) == 100
    assert all(shape.fullmatch(text) for text in made)


def test_a_limited_key_has_a_bucket_of_twice_its_rate_and_is_told(desk: Desk) -> None:
    raw = desk.add("trader", qps=5)
    replies = [desk("GET", "/v1/quotes/ETH-USD", key=raw) for _ in range(11)]
    assert [reply.status for reply in replies] == [200] * 10 + [429]
    assert replies[0].headers["X-RateLimit-Limit"] == "10"
    assert replies[0].headers["X-RateLimit-Remaining"] == "9"
    assert replies[9].headers["X-RateLimit-Remaining"] == "0"
    assert replies[9].headers["X-RateLimit-Reset"] == "2"
    assert error(replies[10])["message"] == "rate limit exceeded"
    assert replies[10].headers["Retry-After"] == "1"
    desk.clock.now += SECOND
    assert [desk("GET", "/v1/quotes", key=raw).status for _ in range(6)] == [200] * 5 + [429]


def test_keys_share_no_quota_and_an_unlimited_one_is_told_nothing(desk: Desk) -> None:
    one, other = desk.add("trader", qps=1), desk.add("trader", qps=1)
    assert [desk("GET", "/v1/quotes", key=one).status for _ in range(3)] == [200, 200, 429]
    assert desk("GET", "/v1/quotes", key=other).status == 200
    assert "X-RateLimit-Limit" not in desk("GET", "/v1/quotes").headers


def test_the_rate_is_checked_before_the_route(desk: Desk) -> None:
    raw = desk.add("trader", qps=1)
    assert [desk("GET", "/v1/nope", key=raw).status for _ in range(3)] == [404, 404, 429]
    assert desk("GET", "/v1/health/live", key=raw).status == 200


def test_every_violation_of_a_body_is_named(desk: Desk) -> None:
    body = b'{"nodes":[{"node_id":7,"instrument":{"symbol":"A","x":1},"side":"buy","order_type":"market"}],"color":1}'
    fields = error(desk("POST", "/v1/orders", body))
    named = {row["field"]: row["message"] for row in fields["details"]}
    assert named == {
        "color": "unknown key",
        "nodes[0].node_id": "must be a text",
        "nodes[0].instrument.x": "unknown key",
        "nodes[0].quantity": "missing",
    }
    first = fields["details"][0]
    assert fields["message"] == f"validation error: {first['field']}: {first['message']}"


def test_integers_beyond_64_bits_and_numbers_in_quotes_are_refused(desk: Desk) -> None:
    body = b'{"symbol":"ETH-USD","side":"buy","qty":"1.0","horizon_ms":9223372036854775808}'
    named = {row["field"] for row in error(desk("POST", "/v1/orders", body))["details"]}
    assert named == {"qty", "horizon_ms"}


@pytest.mark.parametrize("path", ["/v1/quotes/BTC%2FUSD", "/v1/quotes/btc-usd", "/v1/quotes/BTC%2DUSD"])
def test_percent_encoded_and_plain_paths_are_one(desk: Desk, path: str) -> None:
    assert json.loads(desk("GET", path).body)["symbol"] == "BTC-USD"


def test_a_stopping_exchange_says_so_where_monitors_look(desk: Desk) -> None:
    desk.gate.closing = True
    for path in ("/v1/health", "/v1/health/live"):
        reply = desk("GET", path)
        assert error(reply)["code"] == "SERVICE_UNAVAILABLE"
        assert reply.headers["Retry-After"] == "1"
    assert desk("GET", "/v1/quotes/ETH-USD").status == 200


def test_an_exchange_that_could_not_write_answers_nothing_more(desk: Desk) -> None:
    desk.box.sequencer.halted = "disk full"
    assert error(desk("GET", "/v1/quotes/ETH-USD"))["code"] == "SERVICE_UNAVAILABLE"


def test_state_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        desk = Desk(tmp_path / "open")
        desk("GET", "/v1/quotes/ETH-USD")
        desk.box.store.close()
    finally:
        os.umask(before)
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "open").iterdir()} == {0o600}
