"""A key's whole life on the real command line: in, looked at, used, shown nowhere, out again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.profile import keys
from seqcli.profile.secret import Secret
from seqcli.sandbox.waiting import readable
from tests.profile.conftest import Bus, running_bus
from tests.stories import echoing_exchange
from tests.stories.echoing_exchange import Exchange, listening

ROOT = Path(__file__).parents[2]
BODY = "CANARY2f8c61d0b75e4a93canary"
TEST = f"seq_test_{BODY}5678"
LIVE = f"seq_live_{BODY}1234"
SHOWN = {TEST: "seq_test_…5678", LIVE: "seq_live_…1234"}
BUY = ("order", "buy", "ETH-USD", "1", "--limit", "2000", "--graph-id", "mine-1", "--json")
READY_S = 30

Home = dict[str, str]
Seq = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with running_bus(tmp_path_factory.mktemp("keyring")) as running:
        yield running


@pytest.fixture
def own(home: Home, tmp_path: Path) -> Home:
    """The environment of a person without a keyring."""
    return home | {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def seq(own: Home, tmp_path: Path) -> Seq:
    """Run the command line as a process of its own, off a terminal."""

    def run(*words: str, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "seqcli", *words]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=own | more, cwd=tmp_path, check=False, timeout=60
        )

    return run


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with listening(echoing_exchange.accepting) as running:
        yield running


def private(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def body(done: "subprocess.CompletedProcess[str]", status: int = 0) -> Any:
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def sent_key(exchange: Exchange) -> str:
    """That of the last request with one; liveness asks for none."""
    sent = [seen.headers["Authorization"] for seen in exchange.seen if "Authorization" in seen.headers]
    return sent[-1].removeprefix("Bearer ")


def files_with(text: str, *folders: Path) -> list[Path]:
    """Every file below `folders` that holds `text`, the SQLite ones, too."""
    every = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in every if text.encode() in path.read_bytes() or text in path.name]


def on_a_terminal(own: Home, *words: str, prompt: bytes = b"", typed: bytes = b"") -> tuple[int, str, str]:
    """Status, stdout, and what was seen on the terminal; `typed` is typed once `prompt` is there."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "seqcli", *words],
        stdin=slave,
        stderr=slave,
        stdout=subprocess.PIPE,
        env=own,
        start_new_session=True,
    ) as process:
        os.close(slave)
        seen = b""
        while prompt not in seen:
            assert readable([master], READY_S), seen
            seen += os.read(master, 4096)
        os.write(master, typed)
        assert process.stdout is not None
        out = process.stdout.read()
        while chunk := _rest(master):
            seen += chunk
        process.wait(READY_S)
    os.close(master)
    return process.returncode, out.decode(), seen.decode()


def _rest(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the other side is closed
        return b""


def test_login_status_use_list_logout_with_a_real_keyring(
    bus: Bus, seq: Seq, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    login = ("creds", "login", "--base-url", exchange.url, "--from", "-", "--json")
    made = body(seq(*login, "--profile", "paper", stdin=f"{TEST}\n", **here))
    assert (made["profile"], made["api_key"], made["kept"]) == ("paper", SHOWN[TEST], "the keyring")
    assert (made["plaintext"], made["default"], made["checked"], sent_key(exchange)) == (False, True, True, TEST)
    body(seq(*login, "--profile", "prod", stdin=LIVE, **here))
    status = body(seq("creds", "status", "--json", **here))
    assert (status["profile"], status["mode"], status["api_key"]) == ("paper", "sandbox", SHOWN[TEST])
    body(seq("creds", "use", "prod", "--json", **here))
    status = body(seq("creds", "status", "--json", **here))
    assert (status["profile"], status["mode"], status["api_key"]) == ("prod", "live", SHOWN[LIVE])
    body(seq("health", "check", "--json", **here))
    assert sent_key(exchange) == LIVE
    rows = body(seq("creds", "list", "--json", **here))["profiles"]
    assert [(row["name"], row["kept"], row["default"]) for row in rows] == [
        ("paper", "the keyring", False),
        ("prod", "the keyring", True),
        ("local", "built-in", False),
    ]
    assert files_with(BODY, tmp_path / "config", tmp_path / "state") == []
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    assert keys.read(keys.Entry(exchange.url, "prod"), keys.OFF_TERMINAL) == Secret(LIVE)
    for name in ("prod", "paper"):
        assert body(seq("creds", "logout", "--profile", name, "--json", **here))["key_deleted"] is True
        assert keys.read(keys.Entry(exchange.url, name), keys.OFF_TERMINAL) is None
    assert seq("creds", "status", **here).returncode == 4


def test_a_plain_login_takes_the_old_key_out_of_the_keyring(
    bus: Bus, seq: Seq, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    login = ("creds", "login", "--base-url", exchange.url, "--from", "-", "--json")
    body(seq(*login, stdin=LIVE, **here))
    body(seq(*login, "--plaintext", stdin=TEST, **here))
    body(seq("health", "check", "--json", **here))
    assert sent_key(exchange) == TEST
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    assert keys.read(keys.Entry(exchange.url, "default"), keys.OFF_TERMINAL) is None


def test_without_a_keyring_nothing_is_stored_in_the_clear_unless_that_is_asked_for(seq: Seq, tmp_path: Path) -> None:
    done = seq("creds", "login", "--from", "-", "--no-check", stdin=TEST)
    assert (done.returncode, done.stdout) == (4, "")
    assert "SEQ_API_KEY_FILE" in done.stderr
    assert files_with(BODY, tmp_path) == []
    done = seq("creds", "login", "--from", "-", "--no-check", "--plaintext", stdin=TEST)
    assert done.returncode == 0
    assert files_with(BODY, tmp_path) == [tmp_path / "config" / "keys" / "default"]
    for words in (("creds", "status"), ("creds", "status", "--json"), ("creds", "list")):
        assert "plain text in" in seq(*words).stdout
    assert "plain file" in seq("creds", "status").stderr


HEADLESS: dict[str, Callable[[Path], Home]] = {
    "variable": lambda _folder: {"SEQ_API_KEY": TEST},
    "file": lambda folder: {"SEQ_API_KEY_FILE": private(folder / "key", f"{TEST}\n")},
}
PLACES: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "helper": lambda folder: ("--key-helper", f"cat '{private(folder / 'a key', TEST)}'"),
    "own file": lambda folder: ("--key-file", private(folder / "key", TEST)),
    "own variable": lambda _folder: ("--key-env", "VAULT_KEY"),
    "stdin": lambda _folder: ("--from", "-", "--plaintext"),
}


@pytest.mark.parametrize("form", HEADLESS)
def test_a_script_gives_its_key_by_the_environment(form: str, seq: Seq, exchange: Exchange, tmp_path: Path) -> None:
    given = HEADLESS[form](tmp_path) | {"SEQ_API_URL": exchange.url}
    assert seq("health", "check", "--json", **given).returncode == 0
    assert sent_key(exchange) == TEST
    status = seq("creds", "status", "--json", **given)
    assert body(status)["api_key"] == SHOWN[TEST]
    assert body(status)["plaintext"] is (form == "file")


@pytest.mark.parametrize("form", PLACES)
def test_a_profile_takes_its_key_from_elsewhere(form: str, seq: Seq, exchange: Exchange, tmp_path: Path) -> None:
    words = PLACES[form](tmp_path)
    vault = {"VAULT_KEY": TEST}
    made = body(seq("creds", "login", "--base-url", exchange.url, *words, "--json", stdin=TEST, **vault))
    assert made["api_key"] == SHOWN[TEST]
    assert seq("health", "check", "--json", **vault).returncode == 0
    assert sent_key(exchange) == TEST
    kept = {tmp_path / "config" / "keys" / "default"} if form == "stdin" else set()
    assert set(files_with(BODY, tmp_path / "config", tmp_path / "state")) == kept


@pytest.mark.parametrize(("mode", "word"), [(0o644, "chmod 600"), (0o620, "chmod 600")], ids=["read", "written"])
def test_a_key_file_that_others_can_touch_is_refused(
    mode: int, word: str, seq: Seq, exchange: Exchange, tmp_path: Path
) -> None:
    path = Path(private(tmp_path / "key", TEST))
    path.chmod(mode)
    done = seq("health", "check", SEQ_API_KEY_FILE=str(path), SEQ_API_URL=exchange.url)
    assert (done.returncode, exchange.connections) == (2, 0)
    assert word in done.stderr


def test_on_a_terminal_a_key_is_typed_without_an_echo(own: Home, tmp_path: Path) -> None:
    words = ("creds", "login", "--no-check", "--plaintext", "--json")
    status, out, seen = on_a_terminal(own, *words, prompt=b"API key", typed=f"{TEST}\n".encode())
    assert status == 0, seen
    assert BODY not in out + seen
    assert files_with(TEST, tmp_path / "config") == [tmp_path / "config" / "keys" / "default"]


@pytest.fixture
def stopped(bus: Bus, own: Home) -> Iterator[Home]:
    """A keyring whose process is stopped: every call reaches it, and no answer comes."""
    bus.keyring.send_signal(signal.SIGSTOP)
    yield own | {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    bus.keyring.send_signal(signal.SIGCONT)


def test_a_silent_keyring_holds_a_kill_switch_up_for_three_seconds_even_on_a_terminal(
    stopped: Home, seq: Seq, tmp_path: Path
) -> None:
    private(tmp_path / "config" / "config.toml", 'profile = "prod"\n[profiles.prod]\nkey = "keyring"\n')
    status, out, _ = on_a_terminal(stopped, "killswitch", "on", "--json")
    report = json.loads(out)
    assert (status, report["latched"]) == (10, True)
    assert "did not answer within 3 s" in report["problem"]
    done = seq("--local", "order", "buy", "ETH-USD", "1")
    assert done.returncode == 3
    assert "kill" in done.stderr


def test_off_a_terminal_a_live_order_without_yes_opens_no_connection(seq: Seq, exchange: Exchange) -> None:
    here = {"SEQ_API_KEY": LIVE, "SEQ_API_URL": exchange.url}
    done = seq(*BUY, **here)
    assert (done.returncode, done.stdout, exchange.connections) == (2, "", 0)
    assert "--yes" in done.stderr
    assert body(seq("journal", "list", "--json", **here))["count"] == 0
    planned = body(seq(*BUY, "--dry-run", **here))
    assert exchange.connections == 0
    assert body(seq(*BUY, "--yes", **here))["mode"] == "live"
    assert exchange.posted("/v1/orders") == [planned["body"]]
    assert sent_key(exchange) == LIVE


def test_a_test_key_needs_no_yes(seq: Seq, exchange: Exchange) -> None:
    done = seq(*BUY, SEQ_API_KEY=TEST, SEQ_API_URL=exchange.url)
    assert body(done)["mode"] == "sandbox"
    assert len(exchange.posted("/v1/orders")) == 1


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"n\n", 2)], ids=["yes", "no"])
def test_on_a_terminal_the_question_shows_the_request_that_is_then_sent(
    answer: bytes, status: int, own: Home, exchange: Exchange
) -> None:
    here = own | {"SEQ_API_KEY": LIVE, "SEQ_API_URL": exchange.url}
    ended, _, seen = on_a_terminal(here, *BUY, prompt=b"[y/N]", typed=answer)
    assert ended == status
    assert BODY not in seen
    sent = [request.body.decode() for request in exchange.seen if request.path == "/v1/orders"]
    assert len(sent) == (1 if status == 0 else 0)
    assert all(text in seen.replace("\r\n", "") for text in [f"{exchange.url}/v1/orders", "LIVE", *sent])
