"""Hosted strategies through the gate: kept, versioned, checked; no secret comes back, and no program runs unasked."""

import base64
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli import files
from tests.sandbox.handlers.test_trading import Desk

HUSH = "hush-hush-hush"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def packed(**contents: str) -> str:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in contents.items():
            row = tarfile.TarInfo(f"{name}.py")
            row.size = len(content)
            archive.addfile(row, io.BytesIO(content.encode()))
    return base64.b64encode(whole.getvalue()).decode()


BODY: dict[str, Any] = {
    "name": "one",
    "artifact_base64": packed(main="print()"),
    "env": {"MARKET": "ETH-USD"},
    "secrets": {"TOKEN": HUSH},
    "resources": {"memory_mb": 256},
}


def made(desk: Desk, **more: Any) -> Any:
    status, body = desk("POST", "/v1/strategies", BODY | more)
    assert status in (200, 201), body
    return body


def test_one_is_made_shown_listed_and_deleted(desk):
    body = made(desk)
    assert (body["status"], body["version"], body["secret_names"]) == ("stopped", 1, ["TOKEN"])
    assert body["resources"] == {"cpu_millis": 250, "memory_mb": 256, "timeout_secs": None}
    path = f"/v1/strategies/{body['strategy_id']}"
    assert desk("GET", path) == (200, body)
    assert desk("GET", "/v1/strategies") == (200, {"strategies": [body], "count": 1})
    assert desk("GET", f"{path}/logs")[1] == {"logs": [], "count": 0, "has_more": False, "next_since_ns": None}
    assert desk("DELETE", path) == (200, {"strategy_id": body["strategy_id"], "deleted": True})
    assert desk("GET", path)[0] == 404
    assert desk.box.store.read("SELECT count(*) FROM strategies") == [(0,)]


def test_the_same_again_is_the_same_and_anything_else_is_the_next_version(desk):
    first = made(desk)
    assert made(desk) == first
    desk.now += 1
    changes: list[dict[str, Any]] = [
        {"artifact_base64": packed(main="1")},
        {"secrets": {"TOKEN": "other"}},
        {"env": {}},
        {"secrets": {}},
    ]
    for number, more in enumerate(changes, 2):
        again = made(desk, **more)
        assert (again["strategy_id"], again["version"], again["created_ns"]) == (
            first["strategy_id"], number, first["created_ns"],
        )  # fmt: skip
    assert desk("GET", "/v1/strategies")[1]["count"] == 1


def test_a_secret_is_sealed_and_opens_with_the_master_key_alone(desk, tmp_path):
    body = made(desk)
    desk.box.store.write("PRAGMA wal_checkpoint(TRUNCATE)")
    told = [str(desk("GET", "/v1/strategies")), str(desk("GET", f"/v1/strategies/{body['strategy_id']}"))]
    assert not [text for text in told if HUSH in text]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and HUSH.encode() in path.read_bytes()]
    (row,) = desk.box.strategies.every()
    assert desk.box.strategies.opened(row)[1].values == {"TOKEN": HUSH}
    files.replace(desk.state.master_key_file, b"ab" * 32 + b"\n")
    with pytest.raises(Exception, match=body["strategy_id"]):
        desk.box.strategies.opened(row)


def test_start_is_forbidden_where_no_program_may_run_and_nothing_is_started(desk):
    body = made(desk)
    for target, more in ((f"/v1/strategies/{body['strategy_id']}/start", None), ("/v1/strategies", True)):
        status, reply = desk("POST", target, None if more is None else BODY | {"start_immediately": True})
        assert (status, "--allow-strategies" in reply["error"]["message"]) == (403, True)
    assert desk("POST", f"/v1/strategies/{body['strategy_id']}/stop")[1]["status"] == "stopped"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"runtime": "perl"}, "runtime"),
        ({"entrypoint": "other.py"}, "entrypoint"),
        ({"artifact_base64": "%"}, "artifact_base64"),
        ({"artifact_base64": base64.b64encode(b"no archive").decode()}, "artifact_base64"),
        ({"resources": {"memory_mb": 8}}, "resources.memory_mb"),
        ({"resources": {"memory_mb": "512"}}, "resources.memory_mb"),
        ({"resources": {"gpus": 1}}, "resources.gpus"),
        ({"resources": {"timeout_secs": -1}}, "resources.timeout_secs"),
        ({"env": {"A B": "x"}}, "env.A B"),
        ({"env": {"SEQ_API_KEY": "x"}}, "env.SEQ_API_KEY"),
        ({"secrets": {"X": "a\0b"}}, "secrets.X"),
        ({"env": {"TOKEN": "x"}}, "secrets.TOKEN"),
        ({"sequence_api_key": "seq_test_" + "0" * 64}, "sequence_api_key"),
    ],
    ids=str,
)
def test_a_bad_body_names_its_field_and_keeps_nothing(desk, more, field):
    status, reply = desk("POST", "/v1/strategies", BODY | more)
    assert (status, reply["error"]["details"][0]["field"]) == (400, field)
    assert desk("GET", "/v1/strategies")[1]["count"] == 0


def test_a_reader_may_look_and_nothing_else(desk):
    body = made(desk)
    reader = desk.add_key("read")
    path = f"/v1/strategies/{body['strategy_id']}"
    assert desk("GET", path, key=reader)[0] == 200
    for method, target in (("POST", f"{path}/start"), ("POST", f"{path}/stop"), ("DELETE", path)):
        assert desk(method, target, key=reader)[0] == 403


def test_logs_are_paged_and_their_level_checked(desk):
    body = made(desk)
    (row,) = desk.box.strategies.every()
    row.strategy.run_id = "run_1"
    desk.box.strategies.keep(row)
    desk.box.strategies.log(row, "run_1", [(1, "stdout", "a"), (2, "stderr", "b"), (3, "stdout", "c")])
    path = f"/v1/strategies/{body['strategy_id']}/logs"
    page = desk("GET", f"{path}?limit=2&since_ns=1")[1]
    assert [line["message"] for line in page["logs"]] == ["a", "b"]
    assert (page["has_more"], page["next_since_ns"]) == (True, 3)
    assert [line["message"] for line in desk("GET", f"{path}?limit=2")[1]["logs"]] == ["b", "c"]
    assert [line["stream"] for line in desk("GET", f"{path}?level=error")[1]["logs"]] == ["stderr"]
    assert desk("GET", f"{path}?run_id=run_0")[1]["count"] == 0
    assert desk("GET", f"{path}?level=loud")[0] == 400
