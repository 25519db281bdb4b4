"""Every command on accounts, wallets, algorithms and prediction markets is used with a key that nobody may see."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from seqcli import app
from seqcli.commands import grammar
from tests.stories import secrets
from tests.stories.echoing_exchange import Answer, Seen, command_lines, echoing_body, echoing_error, listening
from tests.stories.test_venue_credentials import Said

Words = tuple[str, ...]
KEY = "seq_live_CANARY5d20b8e9137f4c6a8899"
RAW_KEY = re.compile(r"seq_test_[0-9a-f]{64}")
MODULE = """(module (memory (export "memory") 1)
(func (export "algo_alloc") (param i32) (result i32) i32.const 1024)
(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 8192))"""
DESK = """[strategy]
name = "desk"
[hosted]
secrets = ["api_key", "api_secret"]
"""
NOUNS = ("creds", "algo", "strategy", "predict", "health")
MINUTE = "quiet.wasm --symbol ETH-USD --venue kraken --start 2026-01-01T00:00 --end 2026-01-01T00:01"
COMMANDS: dict[str, list[str]] = {
    "creds login": ["creds login --import --profile vendor --plaintext --no-check"],
    "creds status": ["creds status --check"],
    "creds use": ["creds use default"],
    "creds list": ["creds list"],
    "creds venue add": ["creds venue add kraken --from venue.json"],
    "creds venue list": ["creds venue list"],
    "creds venue remove": ["creds venue remove kraken"],
    "creds key create": ["creds key create shown --role read", "creds key create kept --save-as kept --plaintext"],
    "creds key list": ["creds key list"],
    "creds key rotate": ["creds key rotate {kept} --save-as kept --plaintext", "creds key rotate {shown}"],
    "creds key revoke": ["creds key revoke {shown}"],
    "creds wallet list": ["creds wallet list"],
    "creds wallet create": ["creds wallet create"],
    "creds wallet show": ["creds wallet show"],
    "creds wallet withdraw": ["creds wallet withdraw USDC 1 --to {address} --chain arbitrum"],
    "algo init": ["algo init maker --lang c"],
    "algo build": ["algo build maker"],
    "algo deploy": ["algo deploy quiet.wasm --symbol ETH-USD", "algo deploy quiet.wasm --symbol ETH-USD --replace"],
    "algo list": ["algo list"],
    "algo show": ["algo show quiet"],
    "algo start": ["algo start quiet"],
    "algo metrics": ["algo metrics quiet"],
    "algo traces": ["algo traces quiet"],
    "algo mesh": ["algo mesh quiet"],
    "algo stop": ["algo stop quiet"],
    "algo logs": ["algo logs quiet"],
    "algo undeploy": ["algo undeploy quiet"],
    "algo backtest": [f"algo backtest {MINUTE}", f"algo backtest {MINUTE} --remote"],
    "strategy deploy": ["strategy deploy desk --secrets-from venue.json"],
    "strategy list": ["strategy list"],
    "strategy show": ["strategy show desk"],
    "strategy start": ["strategy start desk"],
    "strategy stop": ["strategy stop desk"],
    "strategy logs": ["strategy logs desk"],
    "strategy delete": ["strategy delete desk"],
    "algo job list": ["algo job list"],
    "algo job show": ["algo job show {job}"],
    "algo job wait": ["algo job wait {job}"],
    "algo job cancel": ["algo job cancel {job}"],
    "predict markets": ["predict markets btc-updown --max 2"],
    "predict show": ["predict show {market}"],
    "predict settlement": ["predict settlement {market}"],
    "predict redeem": ["predict redeem {market}"],
    "predict rewards": ["predict rewards"],
    "predict follow": ["predict follow --new --for 0.2s"],
    "health check": ["health check"],
    "health live": ["health live"],
    "health edges": ["health edges", "health edges --detail", "health edges --prom"],
    "creds logout": ["creds logout --profile kept"],
}
"""In an order in which they can be run."""
READS = {"status", "list", "show", "metrics", "traces", "logs", "markets", "settlement", "rewards", "check", "edges"}
"""Verbs that may be repeated: these are shown in every form."""
FORMS = ("table", "json", "ndjson", "csv", "raw")


def verbs(noun: Any, words: Words) -> Iterator[str]:
    for name in noun.list_commands(None):
        inner = noun.get_command(None, name)
        yield from verbs(inner, (*words, name)) if isinstance(inner, grammar.Noun) else [" ".join((*words, name))]


def test_every_command_of_these_nouns_is_used() -> None:
    known = {words for noun in NOUNS for words in verbs(app.root().get_command(None, noun), (noun,))}
    assert set(COMMANDS) == known


class Room:
    """One person's folder with a key in the vendor's settings, and what its commands said."""

    def __init__(self, inside: Any, home: Path, folders: list[Path]) -> None:
        self.said = Said(inside)
        self.home, self.folders = home, folders
        self.hostile = False
        self.known = {
            "market": "btc-updown-15m-1795779000",
            "address": secrets.ADDRESS,
            "shown": "key_a",
            "kept": "key_b",
            "job": "bt_a",
        }

    def prepare(self, key: str, url: str) -> None:
        settings = self.home / ".sequence" / "config.toml"
        settings.parent.mkdir(mode=0o700)
        settings.touch(0o600)
        settings.write_text(f'api_key = "{key}"\nbase_url = "{url}"\n')
        (self.home / "venue.json").write_text('{"api_key": "abcd1234", "api_secret": "c2VjcmV0"}')
        (self.home / "desk").mkdir()
        (self.home / "desk" / "main.py").write_text("import os\nprint(os.environ)\n")
        (self.home / "desk" / "Sequence.toml").write_text(DESK)
        (self.home / "quiet.wasm").write_bytes(wasmtime.wat2wasm(MODULE))
        login = ("creds", "login", "--base-url", url, "--from", "-", "--no-check", "--plaintext")
        assert self.said(*login, stdin=key.encode()).status == 0

    def run_all(self, *more: str) -> dict[str, int]:
        """Each as a dry run first, then in earnest, the forms in turn; how each ended."""
        ended = {}
        every = [(name, line) for name, lines in COMMANDS.items() for line in lines]
        for number, (name, line) in enumerate(every):
            words = line.format_map(self.known).split()
            form = FORMS[number % len(FORMS)] if "--prom" not in words and "key create shown" not in line else "table"
            self.said("-v", "-n", *words, "-o", "json" if form != "table" or "--prom" not in words else form)
            if name == "algo build":  # the compiler writes to the real stderr
                ended[line] = self.outside(*words)
                continue
            done = self.said("-v", "--yes", *words, "-o", form, *more)
            ended[line] = done.status
            self.learn(name, done.status)
            others = ("json", "raw") if self.hostile else FORMS
            for other in others if name.split()[-1] in READS and "--prom" not in words else ():
                self.said(*words, "-o", other, *more)
        return ended

    def outside(self, *words: str) -> int:
        """The same in a process of its own."""
        environment = dict(os.environ) | {"PYTHONPATH": str(Path(app.__file__).parents[1])}
        command = [sys.executable, "-m", "seqcli", "-v", *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
        self.said.texts |= {f"{words}: out": done.stdout, f"{words}: err": done.stderr}
        return done.returncode

    def learn(self, name: str, status: int) -> None:
        """Ids that later commands name."""
        if status != 0 or self.hostile:
            return
        if name == "creds key create":
            rows = self.said("creds", "key", "list", "--json").body["api_keys"]
            self.known |= {row["label"]: row["key_id"] for row in rows}
        elif name == "creds wallet list":
            rows = self.said("creds", "wallet", "list", "--json").body["wallets"]
            self.known["address"] = next(row["address"] for row in rows if row["role"] == "connected")
        elif name == "algo job list":
            self.known["job"] = self.said("algo", "job", "list", "--json").body["jobs"][0]["job_id"]
        elif name == "predict markets":
            rows = self.said("predict", "markets", "btc-updown", "--json").body["markets"]
            self.known["market"] = rows[0]["slug"]

    def found(self, *keys: str, also: dict[str, str] | None = None) -> set[str]:
        return secrets.found(keys, self.said.texts | (also or {}), self.folders)

    def kept(self, profile: str) -> str:
        return str(self.folders[0] / "keys" / profile)


@pytest.fixture
def room(inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SEQ_DEBUG", "1")
    monkeypatch.chdir(tmp_path)
    return Room(inside, tmp_path, [tmp_path / "config", tmp_path / "state"])


def test_no_key_of_an_account_is_anywhere_but_where_it_is_kept(
    room: Room, serve: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    served = serve("--allow-strategies")
    key = served["api_key"]
    room.prepare(key, served["url"])
    ended = room.run_all()
    wrong = {line: status for line, status in ended.items() if status}
    wrong.pop("algo build maker", None)  # a machine may have no compiler
    assert wrong == {"predict redeem {market}": 3}, room.said.texts
    processes = {"the words of a process": command_lines()}
    assert room.found(key, also=processes) == {room.kept("default"), room.kept("vendor")}
    room.folders.append(tmp_path / "box-0")
    assert room.found(key, also=processes) - {room.kept("default"), room.kept("vendor")} == {
        str(tmp_path / "box-0" / "api_key")
    }
    raw = {text: RAW_KEY.findall(said) for text, said in room.said.texts.items() if RAW_KEY.search(said)}
    assert {text.partition(" ")[2].partition(" -o")[0] for text in raw} == {
        "-v --yes creds key create shown --role read",
        f"-v --yes creds key rotate {room.known['shown']}",
    }
    for text, (shown,) in raw.items():
        assert room.found(shown) == {text}
        assert text.endswith(": out")


def test_a_key_that_is_saved_as_a_profile_is_in_its_file_alone(
    room: Room, serve: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    served = serve()
    room.prepare(served["api_key"], served["url"])
    made = room.said("creds", "key", "create", "ci", "--save-as", "ci", "--plaintext", "-v", "--json")
    room.folders.append(tmp_path / "box-0")
    keys = [Path(room.kept("ci")).read_text().strip()]
    assert room.found(keys[0]) == {room.kept("ci")}
    rotate = ("creds", "key", "rotate", made.body["key_id"], "--save-as", "ci", "--plaintext")
    assert room.said(*rotate, "-v", "--yes", "--json").status == 0
    keys.append(Path(room.kept("ci")).read_text().strip())
    assert room.found(keys[0]) == set()
    assert room.found(keys[1]) == {room.kept("ci")}
    assert Path(room.kept("ci")).stat().st_mode & 0o777 == 0o600


def refused(_seen: Seen) -> Answer:
    return 401, "text/plain", b"no"


@pytest.mark.parametrize("answer", [echoing_body, echoing_error, refused])
def test_an_exchange_that_gives_away_all_it_hears(room: Room, answer: Callable[[Seen], Answer]) -> None:
    room.hostile = True
    with listening(answer) as exchange:
        room.prepare(KEY, exchange.url)
        room.run_all("--timeout", "0.3")
        heard = sum(seen.headers.get("Authorization") == f"Bearer {KEY}" for seen in exchange.seen)
    assert heard > 20
    assert room.found(KEY) - {room.kept("default"), room.kept("vendor")} == set()
    assert not [text for text in room.said.texts.values() if "Traceback" in text]


@pytest.mark.parametrize("removed", ["the mask of a reply", "the mask of stderr"])
def test_without_its_guard_the_key_would_be_found(removed: str, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.client.client.Client._unechoed", lambda _self, raw, _sent: raw)
    if removed == "the mask of stderr":
        for place in ("seqcli.commands.speaking.redact", "seqcli.client.redact.redact"):
            monkeypatch.setattr(place, lambda text: text)
    with listening(echoing_body if removed == "the mask of a reply" else echoing_error) as exchange:
        room.prepare(KEY, exchange.url)
        room.said("creds", "wallet", "show", "--json")
    where = "out" if removed == "the mask of a reply" else "err"
    assert room.found(KEY) - {room.kept("default")} == {f"1 creds wallet show --json: {where}"}
