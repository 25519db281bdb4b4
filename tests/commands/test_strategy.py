"""`seq strategy` on the embedded exchange: what is sent, what stays, and every way a project can be wrong."""

import base64
import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

TOML = """
[strategy]
name = "tracker"

[hosted]
entrypoint = "main.py"
env = { MARKET = "ETH-USD" }
secrets = ["DESK_TOKEN"]

[hosted.resources]
memory_mb = 256
"""
HUSH = "hush-hush-hush"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tracker"
    (folder / "lib").mkdir(parents=True)
    (folder / "Sequence.toml").write_text(TOML)
    (folder / "main.py").write_text("print('hello')\n")
    (folder / "lib" / "rule.py").write_text("RULE = 1\n")
    (folder / ".env").write_text(f"DESK_TOKEN={HUSH}\n")
    monkeypatch.setenv("DESK_TOKEN", HUSH)
    return folder


def archive(body: Any) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(base64.b64decode(body["artifact_base64"])))) as tar:
        return tar.getnames()


def test_a_dry_run_shows_the_request_without_the_secret_and_tells_what_is_in_it(seq: Any, project: Path) -> None:
    done = seq("--local", "strategy", "deploy", str(project), "--start", "--memory-mb", "128", "--dry-run", "--json")
    assert done.status == 0
    assert (done.body["method"], done.body["url"].rpartition("/v1/")[2]) == ("POST", "strategies")
    body = done.body["body"]
    assert archive(body) == ["Sequence.toml", "lib/rule.py", "main.py"]
    assert (body["name"], body["secrets"]) == ("tracker", {"DESK_TOKEN": "…"})
    assert (body["start_immediately"], body["resources"]) == (True, {"memory_mb": 128})
    assert (body["env"], body["manifest"]) == ({"MARKET": "ETH-USD"}, TOML)
    assert HUSH not in done.out + done.err
    assert "in it: main.py, 15 bytes" in done.err
    assert "left out: .env (secret by its name)" in done.err


def test_a_project_is_deployed_shown_listed_and_deleted(seq: Any, project: Path) -> None:
    done = seq("--local", "strategy", "deploy", str(project))
    assert done.status == 0
    for shown in ("tracker", "stopped", "lib/rule.py", ".env", "secret by its name", "DESK_TOKEN", "MARKET=ETH-USD"):
        assert shown in done.out
    assert HUSH not in done.out + done.err
    (row,) = seq("--local", "strategy", "list", "--json").body["strategies"]
    assert (row["name"], row["status"], row["secret_names"]) == ("tracker", "stopped", ["DESK_TOKEN"])
    for name in ("tracker", row["strategy_id"]):
        assert seq("--local", "strategy", "show", name, "--json").body["strategy_id"] == row["strategy_id"]
    assert "nothing was logged" in seq("--local", "strategy", "logs", "tracker").out
    assert seq("--local", "strategy", "delete", "tracker", "--no-input").status == 2
    assert seq("--local", "strategy", "delete", "tracker", "--yes", "-q").out.strip() == row["strategy_id"]
    assert seq("--local", "strategy", "list", "--json").body["strategies"] == []


def test_where_no_strategy_may_run_start_says_so(seq: Any, project: Path) -> None:
    assert seq("--local", "strategy", "deploy", str(project)).status == 0
    done = seq("--local", "strategy", "start", "tracker", "--json")
    assert done.status != 0
    assert "--allow-strategies" in done.error["message"] + str(done.error["hint"])


def test_another_name_is_not_found_and_the_known_ones_are_told(seq: Any, project: Path) -> None:
    assert seq("--local", "strategy", "deploy", str(project)).status == 0
    done = seq("--local", "strategy", "stop", "trackr", "--json")
    assert (done.status, done.error["hint"]) == (5, "there are: tracker")


def test_secrets_come_from_a_file_or_stdin_instead(
    seq: Any, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_TOKEN")
    done = seq("--local", "strategy", "deploy", str(project), "--json")
    assert (done.status, done.error["message"]) == (2, "DESK_TOKEN is not in the environment; nothing was sent")
    (tmp_path / "s.toml").write_text(f'DESK_TOKEN = "{HUSH}"\n')
    assert seq("--local", "strategy", "deploy", str(project), "--secrets-from", str(tmp_path / "s.toml")).status == 0
    more = b'{"DESK_TOKEN": "a", "OTHER": "b"}'
    done = seq("--local", "strategy", "deploy", str(project), "--secrets-from", "-", "--json", stdin=more)
    assert (done.status, done.error["message"]) == (2, "-: [hosted] secrets doesn't name OTHER")


@pytest.mark.parametrize(
    ("spoil", "status", "told"),
    [
        (lambda folder: (folder / "Sequence.toml").unlink(), 5, "there is no"),
        (lambda folder: (folder / "Sequence.toml").write_text("[strategy\n"), 2, "Sequence.toml"),
        (lambda folder: (folder / "Sequence.toml").write_text('[strategy]\nname = "a b"\n'), 2, "line 2: a name is"),
        (lambda folder: (folder / "Sequence.toml").write_text('[hosted]\nentry = "x"\n'), 2, "'entry' is not known"),
        (lambda folder: (folder / "Sequence.toml").write_text(""), 2, "has no [strategy]"),
        (lambda folder: (folder / "main.py").unlink(), 2, "the entrypoint main.py is not in it"),
        (lambda folder: (folder / ".gitignore").write_text("main.py\n"), 2, "was left out: .gitignore"),
        (lambda folder: (folder / "k.txt").write_text("-----BEGIN PRIVATE KEY-----"), 2, "k.txt holds a key"),
    ],
)  # fmt: skip
def test_a_wrong_project_gets_a_sentence_and_nothing_is_sent(
    seq: Any, project: Path, spoil: Any, status: int, told: str
) -> None:
    spoil(project)
    done = seq("--local", "strategy", "deploy", str(project), "--json")
    assert (done.status, done.out) == (status, "")
    assert told in done.error["message"]
    assert seq("--local", "strategy", "list", "--json").body["strategies"] == []


def test_what_is_no_folder(seq: Any, tmp_path: Path) -> None:
    done = seq("--local", "strategy", "deploy", str(tmp_path / "none"), "--json")
    assert (done.status, done.error["message"].endswith("is not a folder")) == (5, True)
