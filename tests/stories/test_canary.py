"""A key is used by every kind of command, against every kind of exchange, and is found nowhere but where it is kept."""

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.profile.conftest import Bus, running_bus
from tests.stories import echoing_exchange
from tests.stories.echoing_exchange import Exchange, command_lines, listening

ROOT = Path(__file__).parents[2]
CANARY = "CANARY91be07d4c85f4a2bcanary"
KEY = f"seq_live_{CANARY}7777"
BUY = ("order", "buy", "ETH-USD", "1", "--limit", "10", "--yes")
HOSTILE: dict[str, tuple[str, ...]] = {
    "quote, verbose": ("-v", "quote", "ETH-USD", "--json"),
    "order": (*BUY, "--graph-id", "canary-1", "--json"),
    "order, verbose": ("-v", *BUY, "--graph-id", "canary-2"),
    "orders": ("order", "submit", "-", "--yes", "-o", "ndjson"),
    "cancel": ("order", "cancel", "canary-1", "--json"),
    "reconcile": ("order", "reconcile", "--json"),
    "creds status, checked": ("creds", "status", "--check", "--json"),
    "venue add": ("creds", "venue", "add", "kraken", "--from", "-", "--json"),
    "doctor": ("doctor", "--json"),
    "api, raw": ("-v", "-o", "raw", "api", "GET", "/v1/anything"),
    "journal list": ("journal", "list"),
    "journal show": ("journal", "show", "canary-1", "--json"),
    "killswitch status": ("killswitch", "status", "--json"),
}
"""What is worth running against an exchange that gives away all it hears."""
EVERY = HOSTILE | {
    "quote": ("quote", "ETH-USD"),
    "quotes": ("quote", "ETH-USD", "BTC-USD", "--json"),
    "order, dry": ("-v", "-n", *BUY, "--json"),
    "order list": ("order", "list", "--json"),
    "amend": ("order", "amend", "graph:canary-2:order:1", "--limit", "9", "--json"),
    "preview": ("order", "preview", "buy", "ETH-USD", "1", "--json"),
    "creds status": ("creds", "status"),
    "creds list": ("creds", "list", "--json"),
    "config list": ("config", "list"),
    "health": ("health", "check", "--json"),
    "api": ("api", "GET", "/v1/account"),
    "api, csv": ("-o", "csv", "api", "GET", "/v1/account"),
    "help": ("help", "creds", "login"),
    "killswitch on": ("killswitch", "on", "--json"),
}
TYPED = {
    "a key as a setting": ("config", "set", "profiles.default.policy", KEY),
    "a key as an argument": ("creds", "login", KEY, "--json"),
    "a key in a helper": ("creds", "login", "--key-helper", f"echo {KEY}"),
    "a key as a profile": ("--profile", KEY, "creds", "status", "--json"),
    "a key as a field": ("-n", "quote", "ETH-USD", "--json", "--fields", KEY),
}
"""Keys that a person typed where none belongs; what the shell remembers is not ours, what we say is."""
STDIN = {
    "orders": '{"symbol":"ETH-USD","side":"buy","qty":"1","price":"10"}\n',
    "venue add": json.dumps({"api_key": KEY, "api_secret": KEY}),
}


class Trail:
    """All that the commands of one person left behind."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self.environment = environment | {"PYTHONPATH": str(ROOT), "SEQ_DEBUG": "1"}
        self.folders = (home / "config", home / "state")
        self.texts: dict[str, str] = {}
        self.watched: list[str] = []

    def watch(self) -> None:
        self.watched.append(command_lines())

    def run(self, name: str, *words: str, stdin: str = "", before: str = "") -> int:
        script = f"import sys; sys.argv[0] = 'seq'; {before}; from seqcli.__main__ import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, *(("-c", script) if before else ("-m", "seqcli")), *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folders[0].parent,
            check=False,
            timeout=60,
        )
        self.texts |= {f"{name}: stdout": done.stdout, f"{name}: stderr": done.stderr}
        return done.returncode

    def run_all(self, commands: dict[str, tuple[str, ...]], *words: str) -> dict[str, int]:
        return {name: self.run(name, *words, *command, stdin=STDIN.get(name, "")) for name, command in commands.items()}

    def login(self, url: str, *words: str, key: str = KEY) -> None:
        ended = self.run("login", "creds", "login", "--base-url", url, "--from", "-", "--no-check", *words, stdin=key)
        assert ended == 0, self.texts["login: stderr"]

    def found(self, secret: str = CANARY) -> set[str]:
        """Where the secret part of the key is."""
        places = {name for name, text in self.texts.items() if secret in text}
        places |= {"the words of a process" for text in self.watched if secret in text}
        every = [path for folder in self.folders for path in folder.rglob("*")]
        places |= {f"the name of {path}" for path in every if secret in path.name}
        return places | {str(path) for path in every if path.is_file() and secret.encode() in path.read_bytes()}


@pytest.fixture
def trail(home: dict[str, str], tmp_path: Path) -> Trail:
    return Trail(home | {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus"}, tmp_path)


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with running_bus(tmp_path_factory.mktemp("keyring")) as running:
        yield running


def kept_by(trail: Trail) -> set[str]:
    """The one place of a key that was to be kept in the clear."""
    return {str(trail.folders[0] / "keys" / "default")}


def sent(exchange: Exchange) -> int:
    return sum(seen.headers.get("Authorization") == f"Bearer {KEY}" for seen in exchange.seen)


def test_every_command_on_a_real_exchange(trail: Trail, serve: Callable[..., dict[str, Any]]) -> None:
    ready = serve()
    trail.login(ready["url"], "--plaintext", key=ready["api_key"])
    ended = trail.run_all(EVERY)
    assert {name for name, status in ended.items() if status != 0} == {"api, raw"}, (ended, trail.texts)
    assert trail.found(ready["api_key"].split("_", 2)[2][:-4]) == kept_by(trail)
    assert trail.found() == set()


@pytest.mark.parametrize(
    "answer",
    [echoing_exchange.echoing_page, echoing_exchange.echoing_error, echoing_exchange.echoing_body],
    ids=["a page of HTML", "a refusal", "a good answer"],
)
def test_an_exchange_that_repeats_the_key(
    trail: Trail, answer: Callable[[echoing_exchange.Seen], echoing_exchange.Answer]
) -> None:
    with listening(answer, trail.watch) as exchange:
        trail.login(exchange.url, "--plaintext")
        trail.run_all(HOSTILE, "--timeout", "0.4")
        assert sent(exchange) >= len(HOSTILE) - 2
    assert trail.found() == kept_by(trail)


def test_a_dead_port(trail: Trail) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    trail.login(url, "--plaintext")
    ended = trail.run_all(HOSTILE, "--timeout", "0.4")
    assert ended["quote, verbose"] == 7
    assert trail.found() == kept_by(trail)


def test_a_key_in_a_real_keyring_is_in_no_file_at_all(trail: Trail, bus: Bus) -> None:
    trail.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    with listening(echoing_exchange.echoing_error, trail.watch) as exchange:
        trail.login(exchange.url)
        trail.run_all({name: HOSTILE[name] for name in ("quote, verbose", "order", "doctor", "creds status, checked")})
        assert sent(exchange) > 0
        assert trail.run("logout", "creds", "logout") == 0
    assert trail.found() == set()


def test_a_key_typed_where_none_belongs_is_not_repeated(trail: Trail) -> None:
    ended = trail.run_all(TYPED)
    assert set(ended.values()) == {2}
    assert trail.found() == set()


def test_the_search_finds_a_key_wherever_it_is(trail: Trail) -> None:
    for folder in trail.folders:
        (folder / "deep").mkdir()
    with closing(sqlite3.connect(trail.folders[1] / "deep" / "some.sqlite3")) as database:
        database.execute("CREATE TABLE said (text TEXT)")
        database.execute("INSERT INTO said VALUES (?)", (f"Bearer {KEY}",))
        database.commit()
    (trail.folders[0] / "deep" / f"{KEY}.txt").write_text("")
    (trail.folders[0] / "deep" / "log").write_text(f"Bearer {KEY}")
    trail.texts["order: stderr"] = f"bad key {KEY}"
    waiting = [sys.executable, "-c", "print('here', flush=True); input()", KEY]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        trail.watch()
        process.communicate(b"\n")
    assert trail.found() == {
        str(trail.folders[1] / "deep" / "some.sqlite3"),
        f"the name of {trail.folders[0] / 'deep' / f'{KEY}.txt'}",
        str(trail.folders[0] / "deep" / "log"),
        "order: stderr",
        *(["the words of a process"] if Path("/proc/self/cmdline").exists() else []),
    }


REPEATED = "from seqcli.client import client; client.Client._unechoed = lambda self, raw, sent: raw"
UNFILTERED = "from seqcli.client import redact; redact.redact = lambda text: text"


@pytest.mark.parametrize(
    ("before", "answer", "place"),
    [
        (REPEATED, echoing_exchange.echoing_body, "api: stdout"),
        (f"{UNFILTERED}; {REPEATED}", echoing_exchange.echoing_error, "api: stderr"),
    ],
    ids=["replies as they come", "no filter"],
)
def test_without_the_masks_the_key_would_be_found(
    trail: Trail,
    before: str,
    answer: Callable[[echoing_exchange.Seen], echoing_exchange.Answer],
    place: str,
) -> None:
    with listening(answer) as exchange:
        trail.environment |= {"SEQ_API_KEY": KEY, "SEQ_API_URL": exchange.url}
        trail.run("api", "api", "GET", "/v1/account", before=before)
    assert trail.found() == {place}
