"""Each venue's credentials from the fingers to the sealed bytes, and out again; on the way nobody sees them."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seqcli.sandbox.waiting import readable
from seqcli.wire import venue_keys
from seqcli.wire.credentials import CONNECTABLE
from tests.stories import secrets
from tests.stories.echoing_exchange import Answer, Seen, command_lines, listening

Seq = Any
ROOT = Path(__file__).parents[2]
READY_S = 30
KEY = "seq_live_CANARY91be07d4c85f4a2b7777"


def expected(venue: str) -> dict[str, Any]:
    """The body that the exchange is to keep."""
    return {
        name: value
        for name, value in json.loads(json.dumps(_body(venue))).items()
        if value is not None or name in ("api_key", "api_secret")
    }


def _body(venue: str) -> dict[str, Any]:
    own = dict(secrets.every()[venue])
    body: dict[str, Any] = {name: own.pop(name, "") for name in ("api_key", "api_secret")}
    if "passphrase" in own:
        body["passphrase"] = own.pop("passphrase")
    return body | ({"extra_json": own} if own else {})


def unsealed(folder: Path, venue: str, master: bytes | None = None) -> dict[str, Any]:
    """What lies in the vault, opened with nothing but the master key, the row and the cipher's definition."""
    key = master or bytes.fromhex((folder / "master_key").read_text())
    with closing(sqlite3.connect(folder / "exchange.db")) as store:
        stored = "dex" if venue == "dex_ethereum" else venue
        client, sandbox, nonce, sealed = store.execute(
            "SELECT client_id, sandbox, nonce, sealed FROM credentials WHERE venue = ?", (stored,)
        ).fetchone()
    bound = json.dumps([client, bool(sandbox), stored], separators=(",", ":")).encode()
    body: dict[str, Any] = json.loads(AESGCM(key).decrypt(nonce, sealed, bound))
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
def box() -> Path:
    return Path(os.environ["SEQ_STATE_DIR"]) / "sandbox"


@pytest.fixture
def folders() -> list[Path]:
    return [Path(os.environ[name]) for name in ("SEQ_CONFIG_DIR", "SEQ_STATE_DIR")]


def on_a_terminal(typed: str, *words: str) -> tuple[int, str]:
    """Status and all that was seen on a real terminal; the paste comes whole, at the first question."""
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "seqcli", *words]
    environment = {name: os.environ[name] for name in os.environ if name.startswith(("SEQ_", "PATH"))}
    with subprocess.Popen(
        command,
        stdin=slave,
        stderr=slave,
        stdout=slave,
        env=environment | {"PYTHONPATH": str(ROOT), "TERM": "dumb"},
        start_new_session=True,
    ) as process:
        os.close(slave)
        seen = b""
        while b": " not in seen:
            assert readable([master], READY_S), seen
            seen += os.read(master, 4096)
        os.write(master, typed.encode())
        while chunk := _rest(master):
            seen += chunk
        process.wait(READY_S)
    os.close(master)
    return process.returncode, seen.decode()


def _rest(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the other side is closed
        return b""


def keystrokes(venue: str) -> str:
    """What a person pastes: a line a question, a block where a block is asked for."""
    known, lines, asked = secrets.every()[venue], [], set()
    for field in venue_keys.fields_of(venue):
        if field.label not in asked:
            lines.append(known.get(field.name, "").removesuffix("\n"))
            asked |= {field.label} if field.name in known else set()
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("venue", CONNECTABLE)
def test_what_is_pasted_at_the_prompts_is_sealed_to_the_byte_and_never_echoed(
    venue: str, box: Path, folders: list[Path]
) -> None:
    status, seen = on_a_terminal(keystrokes(venue), "--local", "-v", "creds", "venue", "add", venue)
    assert status == 0, seen
    assert "never keys that may withdraw" in seen
    assert unsealed(box, venue) == expected(venue)
    assert secrets.found(secrets.secrets_of(venue), {"the terminal": seen}, folders) == set()


def test_an_interrupted_paste_sends_nothing_and_leaves_the_echo_on(folders: list[Path]) -> None:
    pem = secrets.every()["kalshi"]["api_secret"]
    typed = f"{secrets.every()['kalshi']['api_key']}\n{pem[:400]}\n\x04"
    status, seen = on_a_terminal(typed, "--local", "creds", "venue", "add", "kalshi")
    assert status == 2
    assert "nothing was sent" in seen
    assert secrets.found(secrets.secrets_of("kalshi"), {"the terminal": seen}, folders) == set()


def test_an_echo_would_be_seen() -> None:
    """Without the prompts that turn the echo off, the search finds what was typed."""
    code = (
        "from seqcli.commands import speaking; import contextlib, sys; speaking.unseen = contextlib.nullcontext;"
        "sys.argv = ['seq', *sys.argv[1:]]; from seqcli.__main__ import main; sys.exit(main())"
    )
    pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")
    master, slave = pty.openpty()
    words = ["--local", "creds", "venue", "add", "kraken"]
    environment = {name: os.environ[name] for name in os.environ if name.startswith(("SEQ_", "PATH"))}
    with subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=slave,
        stderr=slave,
        stdout=slave,
        env=environment | {"PYTHONPATH": str(ROOT)},
    ) as process:
        os.close(slave)
        os.write(master, keystrokes("kraken").encode())
        seen = b""
        while chunk := _rest(master):
            seen += chunk
        assert process.wait(READY_S) == 0
    os.close(master)
    assert secrets.found(secrets.secrets_of("kraken"), {"the terminal": seen.decode()}, []) == {"the terminal"}


class Said:
    """All that the commands run here said, each under its words."""

    def __init__(self, seq: Seq) -> None:
        self._seq = seq
        self.texts: dict[str, str] = {}

    def __call__(self, *words: str, stdin: bytes = b"") -> Any:
        done = self._seq(*words, stdin=stdin)
        number = len(self.texts) // 2
        self.texts |= {f"{number} {' '.join(words)}: out": done.out, f"{number} {' '.join(words)}: err": done.err}
        return done


@pytest.fixture
def said(inside: Seq, monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setenv("SEQ_DEBUG", "1")
    return Said(inside)


def written(venue: str, folder: Path) -> dict[str, Path]:
    """The credentials as JSON and as TOML."""
    known = secrets.every()[venue]
    files = {
        "json": json.dumps(known),
        "toml": "".join(f"{name} = {json.dumps(text)}\n" for name, text in known.items()),
    }
    for kind, text in files.items():
        (folder / f"keys.{kind}").write_text(text)
    return {kind: folder / f"keys.{kind}" for kind in files}


@pytest.mark.parametrize("venue", CONNECTABLE)
def test_every_source_and_every_form_keeps_the_same_bytes_and_shows_none(
    venue: str, said: Said, box: Path, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, add = written(venue, tmp_path), ("--local", "creds", "venue", "add", venue)
    for name, text in secrets.every()[venue].items():
        monkeypatch.setenv(f"{venue.upper()}_{name.upper()}", text)
    sources: list[tuple[tuple[str, ...], bytes]] = [
        (("--from", str(files["json"])), b""),
        (("--from", str(files["toml"])), b""),
        (("--from", "-"), files["json"].read_bytes()),
        (("--from-env",), b""),
    ]
    forms = (("-o", "table", "-v"), ("-o", "json"), ("-o", "csv"), ("-o", "raw", "-v"))
    for (source, stdin), form in zip(sources, forms, strict=True):
        assert said(*add, *source, *form, stdin=stdin).status == 0
        assert unsealed(box, venue) == expected(venue)
        assert said("--local", "creds", "venue", "list", *form).status == 0
    for form in (("-o", "table"), ("--json",), ("-q",), ("-o", "ndjson", "-v")):
        planned = said(*add, "--from-env", "--dry-run", *form)
        assert planned.status == 0
    assert secrets.found(secrets.secrets_of(venue), said.texts, folders) == set()
    assert said("--local", "creds", "venue", "remove", venue).status == 0
    assert said("--local", "creds", "venue", "list", "--json").body["count"] == 0
    assert said("--local", "creds", "venue", "remove", venue).status == 5


@pytest.mark.parametrize("venue", CONNECTABLE)
def test_what_is_refused_before_it_leaves_is_not_quoted(venue: str, said: Said, folders: list[Path]) -> None:
    known = secrets.every()[venue]
    add = ("--local", "creds", "venue", "add", venue, "--json")
    whole = {name: text for name, text in known.items() if text in secrets.secrets_of(venue)}
    bad = [known | {name: text[:-30] if "\n" in text else f"{text}\x07 {text}"} for name, text in whole.items()]
    bad += [known | {name: [text]} for name, text in known.items()]
    texts = [json.dumps(body) for body in bad]
    texts += [json.dumps(known)[:-9], json.dumps(known)[:-1] + ',"api_key":"x","api_key":"y"}', json.dumps([known])]
    texts += [f'api_secret = "{line}\n' for line in known.get("api_secret", "").splitlines()[:2]]
    for text in texts:
        assert said(*add, "--from", "-", stdin=text.encode()).status == 2
    for secret in secrets.secrets_of(venue):
        assert said("--local", "creds", "venue", "add", venue, secret).status == 2
        assert said("--local", "creds", "venue", "add", venue, f"--api-secret={secret}").status == 2
    assert secrets.found(secrets.secrets_of(venue), said.texts, [*folders]) == set()


def repeating(seen: Seen) -> Answer:
    return 200, "application/json", json.dumps({"stored": True, "sent": json.loads(seen.body)}).encode()


def refusing(seen: Seen) -> Answer:
    text = json.loads(seen.body).get("api_secret") or seen.body.decode()
    row = {"field": "body", "message": text}
    error = {"code": "VALIDATION_ERROR", "message": f"bad: {text}", "request_id": text, "details": [row]}
    return 400, "application/json", json.dumps({"error": error}).encode()


def breaking(seen: Seen) -> Answer:
    return 500, "text/html", b"<html>" + seen.body


@pytest.mark.parametrize(
    ("answer", "venues"),
    [(repeating, CONNECTABLE), (refusing, CONNECTABLE), (breaking, ("kraken", "kalshi", "polymarket"))],
)
def test_an_exchange_that_repeats_what_it_was_sent(
    answer: Callable[[Seen], Answer],
    venues: tuple[str, ...],
    said: Said,
    folders: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEQ_API_KEY", KEY)
    with listening(answer) as exchange:
        monkeypatch.setenv("SEQ_API_URL", exchange.url)
        for venue in venues:
            words = ("creds", "venue", "add", venue, "--from", str(written(venue, tmp_path)["json"]))
            said("-v", *words, "--timeout", "0.2")
            said(*words, "--json", "--timeout", "0.2")
        bodies = [json.loads(seen.body) for seen in exchange.seen]
    assert all(expected(venue) in bodies for venue in venues)
    every = [secret for venue in venues for secret in secrets.secrets_of(venue)]
    assert secrets.found([*every, KEY], said.texts, folders) == set()


def test_no_secret_is_a_word_of_a_process(tmp_path: Path) -> None:
    watched: list[str] = []
    venues = ("kraken", "kalshi")

    def saved(_seen: Any) -> tuple[int, str, bytes]:
        watched.append(command_lines())
        return 200, "application/json", b'{"stored":true}'

    with listening(saved) as exchange:
        for venue in venues:
            files = written(venue, tmp_path)
            for words in (("--from", str(files["toml"])), ("--from", "-")):
                subprocess.run(
                    [sys.executable, "-m", "seqcli", "creds", "venue", "add", venue, *words],
                    input=files["json"].read_bytes(),
                    env=dict(os.environ) | {"SEQ_API_URL": exchange.url, "SEQ_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
                    check=True,
                    capture_output=True,
                    timeout=60,
                )
    assert len(watched) == len(venues) * 2
    assert secrets.found([KEY, *map("".join, map(secrets.secrets_of, venues))], dict(enumerate(watched)), []) == set()  # type: ignore[arg-type]
    if Path("/proc/self/cmdline").exists():
        assert "creds\0venue\0add\0kalshi" in watched[-1]


def test_a_wrong_master_key_opens_nothing_and_seals_nothing(said: Said, box: Path, tmp_path: Path) -> None:
    kraken, okx = (tmp_path / name for name in ("kraken.json", "okx.json"))
    for path in (kraken, okx):
        path.write_text(json.dumps(secrets.every()[path.stem]))
    add = ("--local", "--json", "creds", "venue", "add")
    assert said(*add, "kraken", "--from", str(kraken)).status == 0
    master = box / "master_key"
    right = master.read_text()
    for wrong, named in (("ab" * 32, "kraken"), ("zz", "master_key holds no master key"), (None, "kraken")):
        if wrong is None:
            master.unlink()
        else:
            master.write_text(wrong)
        done = said(*add, "okx", "--from", str(okx))
        assert (done.status, done.out) == (3, "")
        assert named in done.error["message"]
        rows = said("--local", "creds", "venue", "list", "--json").body["credentials"]
        assert [row["venue"] for row in rows] == ["kraken"]
    with pytest.raises(InvalidTag):
        unsealed(box, "kraken", bytes.fromhex("ab" * 32))
    master.write_text(right)
    master.chmod(0o600)
    assert unsealed(box, "kraken") == expected("kraken")
    assert said(*add, "okx", "--from", str(okx)).status == 0
    assert secrets.found(secrets.secrets_of("okx"), said.texts, [box]) == set()


@pytest.mark.parametrize("removed", ["the mask of a dry run", "the mask of a reply", "the seal"])
def test_without_its_guard_a_secret_would_be_found(
    removed: str, said: Said, box: Path, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written("kalshi", tmp_path)["json"]
    words = ["creds", "venue", "add", "kalshi", "--from", str(path), "--json"]
    if removed == "the mask of a dry run":
        monkeypatch.setattr("seqcli.client.redact.masked", lambda value: value)
        said("--local", *words, "--dry-run")
        wanted = {f"0 --local {' '.join(words)} --dry-run: out"}
    elif removed == "the seal":
        monkeypatch.setattr(AESGCM_PATH, lambda _key: Open())
        said("--local", *words)
        wanted = {str(box / "exchange.db")}
    else:
        monkeypatch.setattr("seqcli.client.redact.hidden", lambda _body: [])
        with listening(lambda seen: (200, "application/json", seen.body)) as exchange:
            monkeypatch.setenv("SEQ_API_URL", exchange.url)
            monkeypatch.setenv("SEQ_API_KEY", KEY)
            said(*words)
        wanted = {f"0 {' '.join(words)}: out"}
    assert secrets.found(secrets.secrets_of("kalshi"), said.texts, folders) - {str(box / "exchange.db-wal")} == wanted


AESGCM_PATH = "cryptography.hazmat.primitives.ciphers.aead.AESGCM"


class Open:
    """A cipher that hides nothing."""

    def encrypt(self, _nonce: bytes, secret: bytes, _bound: bytes) -> bytes:
        return secret
