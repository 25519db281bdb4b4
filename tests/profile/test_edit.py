"""`config set`: one value, comments kept, whole or not at all."""

import os
import re
import stat
from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import NotSent, Usage
from seqcli.profile import edit, paths, settings
from tests.profile.conftest import CANARY, LIVE, every_text_of, write_private

COMMENTED = """\
# mine
output = "csv"  # for the sheet

[profiles.prod] # the real one
key = "keyring"
"""


def test_the_first_value_makes_folder_and_file_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SEQ_CONFIG_DIR", str(tmp_path / "new" / "folder"))
    before = os.umask(0)
    try:
        edit.put("output", "json")
    finally:
        os.umask(before)
    path = paths.config_file()
    assert settings.load().values == {"output": "json"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_comments_and_order_stay(config_file: Path):
    write_private(config_file, COMMENTED)
    edit.put("output", "json")
    edit.put("timeout", "5")
    edit.put("profiles.prod.timeout", "7.5")
    edit.put("profiles.other.base_url", "https://X.example")
    text = config_file.read_text()
    for kept in ("# mine", "# for the sheet", "# the real one"):
        assert kept in text
    config = settings.load()
    assert config.values == {"output": "json", "timeout": 5.0}
    assert config.profiles["prod"].defaults == {"timeout": 7.5}
    assert config.profiles["other"].base_url == "https://x.example"


def test_every_stored_setting_can_be_set_read_and_taken_out():
    words = {
        "profile": "local",
        "output": "raw",
        "timeout": "2",
        "color": "never",
        "no_input": "true",
        "proxy": "http://127.0.0.1:3128",
        "ca_file": "/etc/ca.pem",
        "policy": "/etc/policy.toml",
        "keyring": "keyring.backends.libsecret.Keyring",
    }
    assert sorted(words) == sorted(setting.name for setting in settings.SETTINGS if setting.stored)
    for name, word in words.items():
        edit.put(name, word)
        assert name in settings.load().values
    for name in words:
        assert edit.drop(name) is True
        assert edit.drop(name) is False
    assert settings.load().values == {}


def test_a_helper_is_a_list_of_words():
    edit.put("profiles.p.key_helper", '["pass", "show", "two words"]')
    assert settings.load().profiles["p"].key_helper == ("pass", "show", "two words")


def test_a_profile_s_name_may_have_dots():
    edit.put("profiles.a.b.timeout", "3")
    assert settings.load().profiles["a.b"].defaults == {"timeout": 3.0}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("outptu", "json", "did you mean output"),
        ("yes", "true", "there are"),
        ("output", "xml", "one of table"),
        ("timeout", "soon", "seconds"),
        ("timeout", "1_0", "seconds"),
        ("profiles.p", "x", "profiles.prod.timeout"),
        ("profiles.p.mode", "live", "there are|did you mean"),
        ("profiles.p.key_url", "https://x.example", "did you mean|there are"),
        ("profiles.local.timeout", "3", "another name"),
        ("profiles.p.base_url", "http://x.example", "an address like"),
        ("profiles.p.key_helper", "pass show", "a program and its arguments"),
        ("proxy", "http://me:hunter2@x:1", "an address like"),
    ],
)
def test_a_wrong_name_or_value_changes_nothing(name: str, text: str, says: str, config_file: Path):
    write_private(config_file, COMMENTED)
    with pytest.raises(Usage) as caught:
        edit.put(name, text)
    assert re.search(says, str(caught.value.hint))
    assert "hunter2" not in every_text_of(caught.value)
    assert config_file.read_text() == COMMENTED


@pytest.mark.parametrize("name", ["output", "profiles.p.key", "profiles.p.key_env", "profiles.p.key_helper"])
def test_a_key_is_never_written(name: str, config_file: Path):
    with pytest.raises(Usage, match="would hold a key") as caught:
        edit.put(name, LIVE)
    assert CANARY not in every_text_of(caught.value)
    assert not config_file.exists()


def test_a_broken_file_is_not_written_over(config_file: Path):
    write_private(config_file, "output = [")
    with pytest.raises(Usage, match="not TOML"):
        edit.put("output", "json")
    assert config_file.read_text() == "output = ["


def test_a_file_open_to_others_is_not_written_over(config_file: Path):
    write_private(config_file, COMMENTED, 0o644)
    with pytest.raises(files.Unsafe):
        edit.put("output", "json")


def test_a_disk_that_refuses_leaves_the_old_file(config_file: Path, monkeypatch: pytest.MonkeyPatch):
    write_private(config_file, COMMENTED)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotSent, match="No space left"):
        edit.put("output", "json")
    assert config_file.read_text() == COMMENTED
    assert list(config_file.parent.iterdir()) == [config_file]
