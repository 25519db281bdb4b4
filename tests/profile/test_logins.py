"""Logging in and out: the key is kept where it was asked to be, bound to its address, and nowhere else."""

import os
import stat
import sys
from pathlib import Path

import pytest

from seqcli.errors import Denied, Failure, NotSent, Usage
from seqcli.profile import account, address, edit, keys, logins, settings, sources
from seqcli.profile.keys import OFF_TERMINAL
from seqcli.profile.secret import Secret
from tests.profile.conftest import CANARY, LIVE, TEST, every_text_of, write_private

KEPT = keys.Entry(address.HOSTED, "prod")


def used(name: str | None = None) -> account.Account:
    return account.resolve(settings.load(), terminal=False, profile=name, environ={**os.environ})


def every_file(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("keyring_bus")
def test_a_key_goes_into_the_keyring_and_only_there(live: Secret, config_file: Path):
    found = logins.login("prod", live)
    assert (found.key, found.mode, found.kept, found.plaintext) == ("seq_live_…1234", "live", "the keyring", False)
    assert CANARY not in every_file(config_file.parent)
    assert used().key == live
    assert used().profile_name == "prod"
    assert logins.logout("prod") is True
    assert keys.read(KEPT, OFF_TERMINAL) is None
    assert settings.load() == settings.Config(path=config_file)


@pytest.mark.usefixtures("keyring_bus")
def test_logging_in_again_replaces_the_key_and_keeps_the_defaults(live: Secret):
    logins.login("prod", live)
    edit.put("profiles.prod.timeout", "5")
    logins.login("prod", Secret(TEST))
    assert used().key == Secret(TEST)
    assert settings.load().profiles["prod"].defaults == {"timeout": 5.0}
    logins.logout("prod")


@pytest.mark.usefixtures("keyring_bus")
def test_a_login_at_another_address_forgets_the_key_of_the_first(live: Secret):
    logins.login("prod", live)
    logins.login("prod", Secret(TEST), base_url="http://localhost:50052")
    assert keys.read(KEPT, OFF_TERMINAL) is None
    assert (used().key, used().base_url) == (Secret(TEST), "http://localhost:50052")
    logins.logout("prod")


@pytest.mark.usefixtures("keyring_bus")
def test_an_address_changed_by_hand_gets_no_key(live: Secret, config_file: Path):
    logins.login("prod", live)
    edit.put("profiles.prod.base_url", "https://evil.example")
    with pytest.raises(Denied, match=r"was stored for https://api\.sequencemkts\.com"):
        used()
    # Nor when the record of the address is changed with it: the keyring holds none for that one.
    config_file.write_text(config_file.read_text().replace(address.HOSTED, "https://evil.example"))
    with pytest.raises(Denied, match=r"holds no key of profile prod for https://evil\.example"):
        used()
    edit.put("profiles.prod.base_url", address.HOSTED)
    config_file.write_text(config_file.read_text().replace("https://evil.example", address.HOSTED))
    assert used().key == live
    logins.logout("prod")


def test_plain_text_is_a_private_file_and_every_status_says_so(live: Secret, config_file: Path):
    before = os.umask(0)
    try:
        found = logins.login("prod", live, store="file")
    finally:
        os.umask(before)
    path = config_file.parent / "keys" / "prod"
    assert path.read_text() == LIVE + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert found.plaintext
    assert found.kept == f"plain text in {path}"
    assert logins.status("prod").plaintext
    assert logins.status_of(used()).plaintext
    assert [entry.plaintext for entry in logins.listed(settings.load())] == [True, False]
    assert logins.logout("prod") is True
    assert not path.exists()


@pytest.mark.usefixtures("keyring_bus")
def test_moving_into_the_keyring_leaves_no_plain_text(live: Secret, config_file: Path):
    logins.login("prod", live, store="file")
    logins.login("prod", live)
    assert CANARY not in every_file(config_file.parent)
    assert used().key == live
    logins.logout("prod")


def test_no_keyring_means_no_login_and_nothing_kept(live: Secret, config_file: Path):
    with pytest.raises(keys.Unavailable) as caught:
        logins.login("prod", live)
    assert CANARY not in every_text_of(caught.value)
    assert every_file(config_file.parent) == ""


def test_settings_that_can_not_be_written_leave_no_key(
    live: Secret, config_file: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> bool:
        raise NotSent("no space")

    monkeypatch.setattr(edit, "change", full)
    with pytest.raises(NotSent):
        logins.login("prod", live, store="file")
    assert CANARY not in every_file(config_file.parent)


@pytest.mark.parametrize(
    ("name", "base_url"),
    [("local", address.HOSTED), ("../x", address.HOSTED), ("", address.HOSTED), ("p", "http://x.example")],
)
def test_a_wrong_name_or_address_keeps_nothing(name: str, base_url: str, live: Secret, config_file: Path):
    with pytest.raises(Usage):
        logins.login(name, live, base_url=base_url, store="file")
    assert every_file(config_file.parent) == ""


def test_the_first_profile_becomes_the_default_and_use_changes_it(live: Secret):
    logins.login("prod", live, store="file")
    logins.login("paper", Secret(TEST), store="file")
    assert used().profile_name == "prod"
    logins.use("paper")
    assert used().profile_name == "paper"
    logins.use("local")
    assert used().local
    with pytest.raises(Usage, match="'prd'"):
        logins.use("prd")
    listed = {entry.name: entry.default for entry in logins.listed(settings.load())}
    assert listed == {"prod": False, "paper": False, "local": True}


def test_after_logging_out_no_other_account_is_used(live: Secret):
    logins.login("prod", live, store="file")
    logins.login("paper", Secret(TEST), store="file")
    logins.logout("prod")
    with pytest.raises(Denied, match="no account is chosen"):
        used()
    with pytest.raises(Usage):
        logins.logout("prod")


def test_a_file_of_the_user_s_own_is_used_and_never_deleted(live: Secret, tmp_path: Path):
    path = write_private(tmp_path / "mine", LIVE)
    found = logins.adopt("prod", key_file=path)
    assert (found.kept, found.plaintext, found.key) == (f"plain text in {path}", True, str(live))
    assert used().key == live
    logins.logout("prod")
    assert path.read_text() == LIVE


def test_a_plain_text_login_forgets_the_file_of_the_user_s_own(live: Secret, tmp_path: Path):
    logins.adopt("prod", key_file=write_private(tmp_path / "mine", TEST))
    logins.login("prod", live, store="file")
    assert used().key == live


def test_a_helper_and_a_variable_are_adopted(live: Secret, monkeypatch: pytest.MonkeyPatch):
    logins.adopt("prod", key_helper=(sys.executable, "-c", f"print({LIVE[:12]!r} + {LIVE[12:]!r})"))
    assert used().key == live
    monkeypatch.setenv("MY_KEY", TEST)
    found = logins.adopt("prod", key_env="MY_KEY")
    assert (found.kept, found.plaintext) == ("the variable MY_KEY", False)
    assert used().key == Secret(TEST)
    assert settings.load().profiles["prod"].key_helper is None


def test_a_place_without_a_key_is_not_adopted(tmp_path: Path, config_file: Path):
    for place in ({"key_env": "NOT_SET"}, {"key_file": tmp_path / "none"}, {"key_helper": ("no-such-program",)}, {}):
        with pytest.raises(Failure):
            logins.adopt("prod", **place)
    assert not config_file.exists()


def test_status_tells_a_problem_instead_of_failing(live: Secret):
    logins.login("prod", live, store="file")
    sources.key_file(settings.load().profiles["prod"], settings.load()).chmod(0o644)
    found = logins.status("prod")
    assert (found.key, found.mode) == (None, "none")
    assert "can be read by other users" in str(found.problem)
    assert str(found.hint).startswith("chmod 600")


def test_status_of_the_built_in_profile_and_of_a_variable():
    assert (logins.status("local").mode, logins.status("local").kept) == ("local", "built-in")
    found = account.resolve(settings.load(), terminal=False, environ={"SEQ_API_KEY": LIVE})
    status = logins.status_of(found)
    assert (status.name, status.kept, status.key) == (None, "environment SEQ_API_KEY", "seq_live_…1234")


def test_listing_reads_no_key(live: Secret, monkeypatch: pytest.MonkeyPatch):
    logins.login("prod", live, store="file")
    monkeypatch.setattr(sources, "of_profile", None)
    assert [entry.name for entry in logins.listed(settings.load())] == ["prod", "local"]
