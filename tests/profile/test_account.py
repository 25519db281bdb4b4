"""Which account: flag > SEQ_PROFILE > SEQ_API_KEY > default profile > none, and never the wrong one quietly."""

from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import Denied, Usage
from seqcli.profile import account, address, keys, settings, sources
from seqcli.profile.account import Account, resolve
from seqcli.profile.secret import BadKey, Secret
from tests.profile.conftest import CANARY, LIVE, TEST, every_text_of, write_private

FILE = """
profile = "prod"
[profiles.prod]
key = "env"
key_env = "PROD_KEY"
[profiles.paper]
base_url = "https://paper.example"
key = "env"
key_env = "PAPER_KEY"
"""
KEYS = {"PROD_KEY": LIVE, "PAPER_KEY": TEST}
OTHER = "seq_test_another-key-altogether"


@pytest.fixture
def config(config_file: Path) -> settings.Config:
    write_private(config_file, FILE)
    return settings.load()


@pytest.fixture
def empty(config_file: Path) -> settings.Config:
    return settings.Config(path=config_file)


def found(config: settings.Config, environ: dict[str, str] | None = None, **how) -> Account:
    return resolve(config, environ=KEYS | (environ or {}), **{"terminal": False} | how)


def test_a_flag_wins_over_everything(config: settings.Config):
    environ = {"SEQ_PROFILE": "prod", "SEQ_API_KEY": OTHER}
    paper = found(config, environ, profile="paper")
    assert (paper.profile_name, paper.key, paper.mode) == ("paper", Secret(TEST), "sandbox")
    assert paper.base_url == "https://paper.example"
    assert paper.origins["profile"] == "flag --profile"
    assert found(config, environ, local=True).mode == "local"


def test_seq_profile_wins_over_a_key(config: settings.Config):
    chosen = found(config, {"SEQ_PROFILE": "paper", "SEQ_API_KEY": OTHER})
    assert (chosen.profile_name, chosen.origins["profile"]) == ("paper", "environment SEQ_PROFILE")
    assert found(config, {"SEQ_PROFILE": "local", "SEQ_API_KEY": OTHER}).local


def test_a_key_of_the_environment_wins_over_the_default_profile(config: settings.Config):
    chosen = found(config, {"SEQ_API_KEY": OTHER})
    assert (chosen.profile_name, chosen.key, chosen.base_url) == (None, Secret(OTHER), address.HOSTED)
    assert chosen.origins["key"] == "environment SEQ_API_KEY"
    there = found(config, {"SEQ_API_KEY": OTHER, "SEQ_API_URL": "http://LOCALHOST:50052/"})
    assert (there.base_url, there.origins["base_url"]) == ("http://localhost:50052", "environment SEQ_API_URL")


def test_a_key_file_counts_as_a_key_of_the_environment(config: settings.Config, tmp_path: Path):
    path = write_private(tmp_path / "key", OTHER + "\n")
    assert found(config, {"SEQ_API_KEY_FILE": str(path)}).key == Secret(OTHER)
    path.chmod(0o644)
    with pytest.raises(files.Unsafe):
        found(config, {"SEQ_API_KEY_FILE": str(path)})


def test_the_default_profile_is_next(config: settings.Config, config_file: Path):
    chosen = found(config)
    assert (chosen.profile_name, chosen.mode, chosen.key) == ("prod", "live", Secret(LIVE))
    assert chosen.origins == {
        "profile": f"config {config_file}",
        "base_url": f"config {config_file} [profiles.prod]",
        "key": f"config {config_file} [profiles.prod] key = 'env'",
        "mode": "the key's prefix",
    }


def test_with_none_a_person_gets_the_sandbox_and_is_told(empty: settings.Config):
    chosen = found(empty, terminal=True)
    assert (chosen.mode, chosen.profile_name, chosen.key) == ("local", "local", None)
    assert chosen.notes == (account.SANDBOX_NOTE,)
    assert found(empty, terminal=True, local=True).notes == ()


def test_with_none_a_script_is_stopped(empty: settings.Config):
    with pytest.raises(Denied) as caught:
        found(empty)
    assert caught.value.exit_status == 4
    for way in ("SEQ_API_KEY", "seq creds login", "--local"):
        assert way in str(caught.value.hint)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("variable", ["SEQ_API_KEY", "SEQ_API_KEY_FILE"])
def test_an_empty_variable_is_a_lost_secret_and_no_other_account_is_used(
    variable: str, terminal: bool, config: settings.Config, empty: settings.Config
):
    for settings_found in (config, empty):
        with pytest.raises(Denied, match=f"{variable} is set but empty"):
            found(settings_found, {variable: ""}, terminal=terminal)
    # A flag or SEQ_PROFILE outranks it, so there the variable is not looked at.
    assert found(config, {variable: ""}, profile="prod").mode == "live"


@pytest.mark.parametrize("terminal", [True, False])
def test_an_address_without_a_key_is_not_the_sandbox(terminal: bool, empty: settings.Config):
    with pytest.raises(Denied, match="SEQ_API_URL is set and SEQ_API_KEY is not"):
        found(empty, {"SEQ_API_URL": "https://x.example"}, terminal=terminal)


def test_a_broken_file_is_not_the_sandbox(config_file: Path):
    write_private(config_file, "profile = [")
    with pytest.raises(Denied, match="no account can be read"):
        found(settings.load(lenient=True), terminal=True)


def test_a_named_profile_of_a_broken_file_is_looked_for_where_its_key_is_bound(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
):
    write_private(config_file, "profile = [")
    asked = []

    def read(entry: keys.Entry, _patience: keys.Patience) -> Secret:
        asked.append(entry)
        return Secret(LIVE)

    monkeypatch.setattr(keys, "read", read)
    assert found(settings.load(lenient=True), profile="prod").key == Secret(LIVE)
    assert [(entry.base_url, entry.profile) for entry in asked] == [(address.HOSTED, "prod")]


def test_a_stored_key_leaves_to_its_own_address_alone(config: settings.Config):
    with pytest.raises(Denied, match=r"bound to https://api\.sequencemkts\.com"):
        found(config, {"SEQ_API_URL": "https://evil.example"})
    assert found(config, {"SEQ_API_URL": address.HOSTED + "/"}).base_url == address.HOSTED


@pytest.mark.parametrize(
    ("environ", "how", "says"),
    [
        ({}, {"local": True, "profile": "prod"}, "--local and --profile"),
        ({"SEQ_PROFILE": ""}, {}, "SEQ_PROFILE is empty"),
        ({}, {"profile": ""}, "--profile is empty"),
        ({"SEQ_API_KEY": OTHER, "SEQ_API_KEY_FILE": "/x"}, {}, "both set"),
        ({"SEQ_PROFILE": "prd"}, {}, "environment SEQ_PROFILE names the profile 'prd'"),
        ({"SEQ_API_KEY": OTHER, "SEQ_API_URL": "http://x.example"}, {}, "SEQ_API_URL is plain http"),
        ({"SEQ_API_KEY": OTHER, "SEQ_API_URL": ""}, {}, "SEQ_API_URL is not a base URL: it is empty"),
    ],
)
def test_words_that_contradict_are_usage(environ: dict[str, str], how, says: str, config: settings.Config):
    with pytest.raises(Usage, match=says):
        found(config, environ, **how)


def test_an_unknown_profile_is_answered_with_those_there_are(config: settings.Config):
    with pytest.raises(Usage) as caught:
        found(config, profile="prd")
    assert caught.value.hint == "there are: prod, paper, local"


def test_a_key_given_as_a_profile_is_not_repeated(config: settings.Config):
    for environ, how in (({"SEQ_PROFILE": LIVE}, {}), ({}, {"profile": LIVE})):
        with pytest.raises(Usage) as caught:
            found(config, environ, **how)
        assert CANARY not in every_text_of(caught.value)


def test_a_bad_key_is_denied_by_the_name_of_its_variable(empty: settings.Config):
    with pytest.raises(BadKey, match=r"^SEQ_API_KEY has spaces") as caught:
        found(empty, {"SEQ_API_KEY": f"{LIVE} "})
    assert CANARY not in every_text_of(caught.value)


def test_local_as_the_default_profile(config_file: Path):
    write_private(config_file, 'profile = "local"')
    assert found(settings.load()).local


def test_a_dry_run_needs_no_account(empty: settings.Config):
    for terminal in (True, False):
        chosen = found(empty, dry_run=True, terminal=terminal)
        assert (chosen.key, chosen.base_url, chosen.mode) == (None, address.HOSTED, "none")


def test_a_dry_run_needs_no_key_and_says_why_there_is_none(config: settings.Config):
    chosen = resolve(config, terminal=False, profile="paper", dry_run=True, environ={})
    assert (chosen.key, chosen.base_url) == (None, "https://paper.example")
    assert chosen.notes == ("PAPER_KEY is not set",)
    assert found(config, profile="paper", dry_run=True).key == Secret(TEST)


def test_mode_follows_the_prefix_whatever_the_profile_is_called(config: settings.Config):
    swapped = {"PROD_KEY": TEST, "PAPER_KEY": LIVE}
    assert resolve(config, terminal=False, profile="prod", environ=swapped).mode == "sandbox"
    assert resolve(config, terminal=False, profile="paper", environ=swapped).mode == "live"


def test_an_account_shows_no_key(config: settings.Config):
    chosen = found(config)
    assert CANARY not in repr(chosen)
    assert "seq_live_…1234" in repr(chosen)
    assert CANARY not in chosen.fingerprint
    assert chosen.fingerprint != found(config, profile="paper").fingerprint


def test_choosing_reads_no_key(config: settings.Config, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sources, "of_profile", None)
    chosen = account.choose(config, environ={})
    assert (chosen.profile, chosen.origin) == ("prod", f"config {config.path}")
    assert account.choose(config, environ={"SEQ_API_KEY": ""}).variable == "SEQ_API_KEY"
