"""Keys and profiles: stored privately, shown masked, never words of a command."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

Seq = Any
KEY = "seq_test_" + "0123456789abcdef" * 4


def login(seq: Seq, *words: str, key: str = KEY) -> Any:
    return seq(
        "creds", "login", "--from", "-", "--plaintext", "--no-check", *words, "--json", stdin=key.encode() + b"\n"
    )


def test_a_key_from_stdin_is_kept_in_a_private_file_and_told_masked(seq: Seq) -> None:
    done = login(seq)
    assert done.status == 0
    assert KEY not in done.out + done.err
    assert done.body["api_key"] == "seq_test_…cdef"
    assert "plain file" in done.err
    kept = Path(os.environ["SEQ_CONFIG_DIR"]) / "keys" / "default"
    assert kept.read_text() == KEY + "\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_first_profile_becomes_the_default_and_is_used(seq: Seq) -> None:
    login(seq, "--profile", "paper")
    login(seq, "--profile", "other", key=KEY[:-1] + "0")
    body = seq("creds", "status", "--json").body
    assert (body["profile"], body["mode"], body["api_key"]) == ("paper", "sandbox", "seq_test_…cdef")
    rows = seq("creds", "list", "--json").body["profiles"]
    assert [(row["name"], row["default"]) for row in rows] == [("paper", True), ("other", False), ("local", False)]


def test_another_profile_is_chosen_and_forgotten(seq: Seq) -> None:
    login(seq, "--profile", "paper")
    login(seq, "--profile", "other")
    assert seq("creds", "use", "other").status == 0
    assert seq("creds", "status", "--json").body["profile"] == "other"
    done = seq("creds", "logout", "--json")
    assert done.body["key_deleted"] is True
    assert not (Path(os.environ["SEQ_CONFIG_DIR"]) / "keys" / "other").exists()
    assert [row["name"] for row in seq("creds", "list", "--json").body["profiles"]] == ["paper", "local"]
    assert seq("creds", "status").status == 4


def test_a_new_login_replaces_a_key_that_was_kept_elsewhere(seq: Seq, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(KEY[:-4] + "0000")
    other.chmod(0o600)
    assert seq("creds", "login", "--key-file", str(other), "--json").body["api_key"] == "seq_test_…0000"
    assert login(seq).body["api_key"] == "seq_test_…cdef"
    assert seq("creds", "status", "--json").body["api_key"] == "seq_test_…cdef"
    assert seq("creds", "login", "--key-file", str(other)).status == 0
    assert seq("creds", "status", "--json").body["api_key"] == "seq_test_…0000"
    assert list((Path(os.environ["SEQ_CONFIG_DIR"]) / "keys").iterdir()) == []
    assert seq("creds", "logout", "--json").body["key_deleted"] is False
    assert other.read_text() == KEY[:-4] + "0000"


def test_the_profile_of_the_environment_is_the_one_logged_in_and_out(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    login(seq)
    monkeypatch.setenv("SEQ_PROFILE", "other")
    assert login(seq).body["profile"] == "other"
    assert seq("creds", "logout", "--json").body["profile"] == "other"
    monkeypatch.delenv("SEQ_PROFILE")
    assert [row["name"] for row in seq("creds", "list", "--json").body["profiles"]] == ["default", "local"]


def test_a_key_that_cannot_be_read_is_told_with_where_it_should_be(seq: Seq) -> None:
    login(seq)
    kept = Path(os.environ["SEQ_CONFIG_DIR"]) / "keys" / "default"
    kept.unlink()
    done = seq("creds", "status", "--json")
    assert (done.status, done.body["mode"], done.body["api_key"]) == (4, "none", None)
    assert done.body["kept"] == f"plain text in {kept}"
    assert str(kept) in done.error["message"]


@pytest.mark.parametrize("words", [("login", "--from", "-", "--plaintext"), ("login", "--key-env", "A"), ("logout",)])
def test_a_dry_run_changes_nothing(seq: Seq, words: tuple[str, ...]) -> None:
    login(seq)
    before = seq("creds", "list", "--json").body
    done = seq("creds", *words, "--dry-run", stdin=KEY.encode())
    assert (done.status, done.out.startswith("would ")) == (0, True)
    assert seq("creds", "list", "--json").body == before


@pytest.mark.parametrize(
    ("words", "stdin", "status", "named"),
    [
        (["creds", "login"], b"", 2, "nobody can be asked"),
        (["creds", "login", "--from", "-", "--no-check", "--plaintext"], b"not a key\n", 4, "standard input"),
        (["creds", "login", "--from", "/no/such/file"], b"", 2, "/no/such/file"),
        (["creds", "login", "--from", "-", "--base-url", "http://example.com"], KEY.encode(), 2, "plain http"),
        (["--local", "creds", "login"], b"", 2, "local"),
        (["--profile", "a b", "creds", "login"], b"", 2, "a b"),
        (["creds", "use", "nowhere"], b"", 2, "nowhere"),
        (["creds", "logout"], b"", 2, "which profile"),
        (["--local", "creds", "logout"], b"", 2, "local"),
        (["creds", "logout", "--profile", "nowhere"], b"", 2, "nowhere"),
        (["creds", "login", "--key-env", "NO_SUCH_KEY"], b"", 4, "NO_SUCH_KEY"),
        (["creds", "login", "--key-file", "/no/such/file"], b"", 4, "/no/such/file"),
        (["creds", "login", "--key-helper", "'open"], b"", 2, "--key-helper"),
        (["creds", "login", "--key-helper", "./here"], b"", 4, "./here"),
        (["creds", "login", "--key-env", "A", "--key-file", "b"], b"", 2, "one place"),
        (["creds", "login", "--key-env", "A", "--plaintext"], b"", 2, "not stored"),
        (["creds", "login", "--key-env", "A", "--from", "-"], b"", 2, "not stored"),
        (["creds", "venue", "add", "kraken"], b"", 2, "nobody can be asked"),
        (["creds", "venue", "add", "nasdaq"], b"", 2, "nasdaq"),
        (["creds", "venue", "add", "kraken", "--from", "-"], b"[]", 2, "not a JSON object"),
        (["creds", "venue", "add", "kraken", "--from", "-"], b'{"api_key": "a"}', 2, "api_secret"),
        (["creds", "venue", "add", "kraken", "--from", "-"], b'{"api_key": 1, "api_secret": "s"}', 2, "api_key"),
    ],
    ids=str,
)
def test_bad_words_are_refused_and_nothing_is_stored(
    seq: Seq, words: list[str], stdin: bytes, status: int, named: str
) -> None:
    done = seq(*words, "--json", stdin=stdin)
    assert (done.status, done.out) == (status, "")
    assert named in done.error["message"]
    assert list(Path(os.environ["SEQ_CONFIG_DIR"]).iterdir()) == []


def test_no_key_is_a_word_of_a_command(seq: Seq) -> None:
    done = seq("creds", "login", KEY)
    assert done.status == 2
    assert KEY not in done.err


def test_a_venues_secrets_never_appear_in_a_dry_run(seq: Seq) -> None:
    body = b'{"api_key": "abcdefgh", "api_secret": "very-secret"}'
    done = seq("creds", "venue", "add", "kraken", "--from", "-", "--dry-run", "--json", stdin=body)
    assert done.status == 0
    assert "very-secret" not in done.out
    assert done.body["url"].endswith("/v1/credentials/kraken")


def test_settings_say_where_each_value_came_from(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seq("config", "set", "timeout", "7").status == 0
    monkeypatch.setenv("SEQ_OUTPUT", "ndjson")
    rows = {row["name"]: row for row in seq("config", "list", "--color", "never").rows}
    assert "config" in rows["timeout"]["origin"]
    assert rows["timeout"]["value"] == 7.0
    assert rows["output"]["origin"] == "environment SEQ_OUTPUT"
    assert rows["color"]["origin"] == "flag --color"
    assert rows["proxy"]["origin"] == "built-in"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["get", "outptu"], "outptu"),
        (["set", "output", "xml"], "xml"),
        (["set", "nothing", "1"], "nothing"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(seq: Seq, words: list[str], named: str) -> None:
    done = seq("config", *words, "--json")
    assert (done.status, done.out) == (2, "")
    assert named in done.error["message"]


def test_a_broken_settings_file_stops_a_command_with_its_line(seq: Seq) -> None:
    path = Path(os.environ["SEQ_CONFIG_DIR"]) / "config.toml"
    path.write_text('output = "table"\ntimeout = \n')
    path.chmod(0o600)
    done = seq("--local", "quote", "ETH-USD", "--json")
    assert done.status == 2
    assert "config.toml" in done.error["message"]


def test_credentials_are_read_from_toml_and_from_the_environment(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = b'api_key = "abcd1234"\napi_secret = "very-secret"\npassphrase = "words"\n'
    done = seq("--local", "creds", "venue", "add", "okx", "--from", "-", "--json", stdin=toml)
    assert (done.status, done.body["stored"]) == (0, True)
    monkeypatch.setenv("POLYMARKET_SIGNER_PRIVATE_KEY", "ab" * 32)
    assert seq("--local", "creds", "venue", "add", "polymarket", "--from-env", "--json").status == 0
    rows = {row["venue"]: row for row in seq("--local", "creds", "venue", "list", "--json").body["credentials"]}
    assert rows["okx"]["has_passphrase"] is True
    assert rows["okx"]["api_key_hint"].endswith("1234")
    assert rows["polymarket"]["extra_keys"] == ["signer_private_key"]


@pytest.mark.parametrize(
    ("venue", "stdin", "named"),
    [
        ("kalshi", b'{"api_key": "k", "api_secret": "hush"}', "api_key: must be a UUID"),
        ("polymarket", b'signer_private_key = "hush"', "extra_json.signer_private_key"),
        ("kraken", b'api_key = "k"\napi_secret = "hush\n', "neither JSON nor TOML"),
        ("kraken", b'{"api_key": "k", "api_secret": "hush", "signer": "x"}', "takes no 'signer'"),
    ],
    ids=str,
)
def test_a_shape_that_does_not_fit_stops_before_anything_leaves(seq: Seq, venue: str, stdin: bytes, named: str) -> None:
    done = seq("--local", "creds", "venue", "add", venue, "--from", "-", "--json", stdin=stdin)
    assert (done.status, done.out) == (2, "")
    assert named in done.error["message"]
    assert "hush" not in done.err
    assert seq("--local", "creds", "venue", "list", "--json").body["count"] == 0


def test_the_vendor_s_key_becomes_a_profile(seq: Seq, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".sequence"
    folder.mkdir()
    (folder / "config.toml").touch(0o600)
    (folder / "config.toml").write_text(f'api_key = "{KEY}"\n')
    done = seq("creds", "login", "--import", "--plaintext", "--no-check", "--json")
    assert done.status == 0
    assert KEY not in done.out + done.err
    assert seq("creds", "login", "--import", "--from", "-", "--json", stdin=KEY.encode()).status == 2
    assert seq("creds", "status", "--json").body["profile"] == "default"
