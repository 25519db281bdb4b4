"""A key's life: made once, listed without its text, replaced, revoked; what is kept is a hash."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings

NOW = 1_785_240_000_000_000_000


class Desk:
    """The gate of one state folder, called with any key."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.open()

    def open(self) -> None:
        state = State(self.folder)
        state.prepare()
        self.box = OpenBox(state, Settings(), lambda: self.now)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=lambda _line: None)

    def __call__(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"host": "h", "authorization": f"Bearer {key or self.box.api_key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        reply = self.gate.handle(Inbound(method, path, "", headers), raw)
        return reply.status, json.loads(reply.body)

    def make(self, label: str = "ci", **more: Any) -> dict[str, Any]:
        status, body = self("POST", "/v1/api_keys", {"label": label, "sandbox": True, **more})
        assert status == 201
        made: dict[str, Any] = body
        return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def test_a_new_key_trades_and_its_text_is_in_one_reply_only(desk: Desk, tmp_path: Path) -> None:
    made = desk.make()
    raw = made["api_key"]
    assert raw.startswith("seq_test_")
    assert (made["role"], made["prefix"]) == ("trader", raw[:17])
    order = {"symbol": "ETH-USD", "side": "buy", "qty": 1.0}
    assert desk("POST", "/v1/orders", order, key=raw)[0] == 201
    status, listing = desk("GET", "/v1/api_keys")
    assert status == 200
    row = next(row for row in listing["api_keys"] if row["key_id"] == made["key_id"])
    assert (row["status"], row["last_used_ns"], listing["count"]) == ("active", NOW, 2)
    assert raw not in json.dumps(listing)
    assert raw.encode() not in b"".join(file.read_bytes() for file in (tmp_path / "box").iterdir())


def test_a_rotated_or_revoked_key_is_refused_at_once_and_after_a_restart(desk: Desk) -> None:
    made = desk.make()
    status, rotated = desk("POST", f"/v1/api_keys/{made['key_id']}/rotate")
    assert (status, rotated["key_id"], rotated["rotated_ns"]) == (200, made["key_id"], NOW)
    assert desk("GET", "/v1/orders", key=made["api_key"])[0] == 401
    assert desk("GET", "/v1/orders", key=rotated["api_key"])[0] == 200
    assert desk("DELETE", f"/v1/api_keys/{made['key_id']}")[1]["revoked_ns"] == NOW
    desk.now += 1
    assert desk("DELETE", f"/v1/api_keys/{made['key_id']}")[1]["revoked_ns"] == NOW
    assert desk("GET", "/v1/orders", key=rotated["api_key"])[0] == 401
    desk.box.close()
    desk.open()
    for raw in (made["api_key"], rotated["api_key"]):
        assert desk("GET", "/v1/orders", key=raw)[0] == 401
    assert desk("POST", f"/v1/api_keys/{made['key_id']}/rotate")[0] == 409


def test_the_first_key_s_file_follows_its_rotation(desk: Desk) -> None:
    """Else the old text would be taken for a new first key at the next start."""
    first = desk.box.api_key
    identity = desk("GET", "/v1/api_keys")[1]["api_keys"][0]["key_id"]
    second = desk("POST", f"/v1/api_keys/{identity}/rotate")[1]["api_key"]
    desk.box.close()
    desk.open()
    assert desk.box.api_key == second
    assert desk("GET", "/v1/orders", key=first)[0] == 401
    assert desk("GET", "/v1/api_keys")[1]["count"] == 1


def test_a_role_holds(desk: Desk) -> None:
    read, trader = desk.make(role="read")["api_key"], desk.make(role="TRADER")["api_key"]
    order = {"symbol": "ETH-USD", "side": "buy", "qty": 1.0}
    assert desk("POST", "/v1/orders", order, key=read)[0] == 403
    assert desk("GET", "/v1/positions", key=read)[0] == 200
    for method, path, body in (
        ("GET", "/v1/api_keys", None),
        ("POST", "/v1/api_keys", {"label": "x"}),
        ("DELETE", "/v1/api_keys/key_x", None),
    ):
        assert desk(method, path, body, key=trader)[0] == 403


def test_the_last_admin_key_stays(desk: Desk) -> None:
    identity = desk("GET", "/v1/api_keys")[1]["api_keys"][0]["key_id"]
    status, body = desk("DELETE", f"/v1/api_keys/{identity}")
    assert (status, body["error"]["message"]) == (409, "conflict: api key: the last admin key")
    desk.make(role="admin")
    assert desk("DELETE", f"/v1/api_keys/{identity}")[0] == 200


def test_each_key_has_a_bucket_of_its_own(desk: Desk) -> None:
    one, other = desk.make()["api_key"], desk.make("other")["api_key"]
    seen = [desk("GET", "/v1/account", key=one)[0] for _ in range(11)]
    assert seen == [200] * 10 + [429]
    assert desk("GET", "/v1/account", key=other)[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"label": ""}, 400, "label"),
        ({"label": "x" * 65}, 400, "label"),
        ({"label": "a\u0000b"}, 400, "label"),
        ({"label": "ci", "role": "owner"}, 400, "role"),
        ({"label": "ci", "color": 1}, 400, "color"),
        ({"label": "ci", "sandbox": False}, 403, None),
    ],
)
def test_what_cannot_be_made_is_named(desk: Desk, body: Any, status: int, field: str | None) -> None:
    got, reply = desk("POST", "/v1/api_keys", body)
    assert got == status
    assert [row["field"] for row in reply["error"].get("details", [])] == ([field] if field else [])
    assert desk("GET", "/v1/api_keys")[1]["count"] == 1


def test_another_client_s_key_does_not_exist(desk: Desk) -> None:
    assert desk("POST", "/v1/api_keys/key_nobody/rotate")[0] == 404
    assert desk("DELETE", "/v1/api_keys/key_nobody")[0] == 404
