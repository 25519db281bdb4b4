"""config.toml: what it may say, the sentence for everything else, and where each value came from."""

import os
from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import Usage
from seqcli.profile import settings
from tests.profile.conftest import CANARY, LIVE, every_text_of, write_private

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
WHOLE = """
profile = "prod"
output = "json"
timeout = 5
ca_file = "/etc/ca.pem"

[profiles.prod]
base_url = "https://API.example.com:443/"
key = "helper"
key_helper = ["pass", "show", "seq"]
timeout = 7.5
proxy = "http://127.0.0.1:3128"
[profiles."a.b-c_1"]
"""


def origins(config: settings.Config, **how) -> dict[str, tuple[object, str]]:
    found = settings.values(config, environ=how.pop("environ", {}), **how)
    return {name: (value.value, value.origin) for name, value in found.items()}


def test_no_file_is_an_empty_one(config_file: Path):
    assert settings.load() == settings.Config(path=config_file)


def test_a_file_is_read_whole(config_file: Path):
    write_private(config_file, WHOLE)
    config = settings.load()
    assert config.values == {"profile": "prod", "output": "json", "timeout": 5.0, "ca_file": "/etc/ca.pem"}
    prod = config.profiles["prod"]
    assert prod.base_url == "https://api.example.com"
    assert prod.key_helper == ("pass", "show", "seq")
    assert prod.defaults == {"timeout": 7.5, "proxy": "http://127.0.0.1:3128"}
    assert config.profiles["a.b-c_1"] == settings.Profile(name="a.b-c_1")


def test_precedence_is_flag_environment_profile_file_built_in(config_file: Path):
    write_private(config_file, WHOLE)
    config = settings.load()
    table = f"config {config_file} [profiles.prod]"
    assert origins(config)["timeout"] == (5.0, f"config {config_file}")
    assert origins(config, profile="prod")["timeout"] == (7.5, table)
    environ = {"SEQ_TIMEOUT": "3", "SEQ_OUTPUT": "csv"}
    found = origins(config, profile="prod", environ=environ, flags={"output": "raw", "timeout": None})
    assert found["timeout"] == (3.0, "environment SEQ_TIMEOUT")
    assert found["output"] == ("raw", "flag --output")
    assert found["color"] == ("auto", "built-in")
    assert found["proxy"] == ("http://127.0.0.1:3128", table)


def test_every_setting_has_a_value_and_an_origin():
    found = settings.values(settings.Config(path=Path("x")), environ={})
    assert list(found) == [setting.name for setting in settings.SETTINGS]
    assert {value.origin for value in found.values()} == {"built-in"}


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        ({"NO_COLOR": "1"}, "never"),
        ({"NO_COLOR": ""}, "auto"),
        ({"FORCE_COLOR": "1"}, "always"),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "never"),
    ],
)
def test_colour_follows_the_two_conventions(environ: dict[str, str], color: str):
    assert origins(settings.Config(path=Path("x")), environ=environ)["color"][0] == color


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), ("0", False), ("no", False), ("", False)])
def test_yes_means_yes_only_when_it_says_so(text: str, value: bool):
    assert origins(settings.Config(path=Path("x")), environ={"SEQ_YES": text})["yes"][0] is value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SEQ_YES", "perhaps"),
        ("SEQ_TIMEOUT", "0"),
        ("SEQ_TIMEOUT", "-1"),
        ("SEQ_TIMEOUT", "1e3"),
        ("SEQ_TIMEOUT", "nan"),
        ("SEQ_TIMEOUT", ""),
        ("SEQ_TIMEOUT", "86401"),
        ("SEQ_OUTPUT", "xml"),
        ("SEQ_OUTPUT", ""),
    ],
)
def test_a_bad_variable_is_named_with_what_to_give(name: str, text: str):
    with pytest.raises(Usage, match=f"^{name} ") as caught:
        settings.values(settings.Config(path=Path("x")), environ={name: text})
    assert str(caught.value.hint).startswith("give ")


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("output = [", "at end of document", "correct it"),
        ("a = 1\na = 2\nb = 3", "at line 2", "correct it"),
        ("\n\nprofile = prod", "at line 3", "correct it"),
        ("outptu = 'json'", "outptu is not a setting", "did you mean output?"),
        ("mode = 'live'", "mode is not a setting", ""),
        ("yes = true", "yes is not a setting", ""),
        ("output = 'xml'", "output can't be 'xml'", "one of table, json"),
        ("output = 5", "output can't be 5", "one of table, json"),
        ("timeout = '20'", "timeout can't be '20'", "seconds"),
        ("timeout = true", "timeout can't be True", "seconds"),
        ("timeout = 0", "timeout can't be 0", "seconds"),
        ("timeout = nan", "timeout can't be nan", "seconds"),
        ("no_input = 1", "no_input can't be 1", "true or false"),
        ("ca_file = 'ca.pem'", "ca_file can't be 'ca.pem'", "whole path"),
        ("ca_file = ''", "ca_file is empty", "whole path"),
        ("keyring = 'keyring.backends.null.Keyring'", "keyring can't be", "one of keyring.backends.macOS"),
        ("profiles = 3", "profiles is not a table", "[profiles.NAME]"),
        ("profiles.prod = 3", "profiles.prod is not a table", "[profiles.prod]"),
        ("[profiles.local]", "local is the built-in sandbox", "another name"),
        ("[profiles.'../x']", "can't be a profile's name", "letters"),
        ("[profiles.p]\nbase_url = 'http://x.example'", "profiles.p.base_url", "plain http"),
        ("[profiles.p]\nkey = 'vault'", "profiles.p.key can't be 'vault'", "keyring, file, helper, env"),
        ("[profiles.p]\nmode = 'live'", "profiles.p.mode is not a setting", ""),
        ("[profiles.p]\nprofile = 'q'", "profiles.p.profile is not a setting", ""),
        ("[profiles.p]\nkey_helper = 'pass show'", "profiles.p.key_helper", '["pass", "show", "seq"]'),
        ("[profiles.p]\nkey_helper = []", "profiles.p.key_helper", '["pass"'),
        ("[profiles.p]\nkey_helper = ['./pass']", "profiles.p.key_helper", "its whole path"),
        ("[profiles.p]\nkey_env = 'A B'", "profiles.p.key_env", "variable"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_what_to_type(text: str, names: str, hint: str, config_file: Path):
    write_private(config_file, text)
    with pytest.raises(Usage) as caught:
        settings.load()
    assert names in caught.value.message
    assert str(config_file) in caught.value.message
    assert hint in str(caught.value.hint)


def test_bytes_that_are_no_utf_8_are_placed(config_file: Path):
    config_file.write_bytes(b"output = 'json'\n\xff")
    config_file.chmod(0o600)
    with pytest.raises(Usage, match="line 2 is not UTF-8"):
        settings.load()


def test_a_bottomless_file_is_a_sentence(config_file: Path):
    write_private(config_file, "output = " + "[" * 100_000)
    with pytest.raises(Usage, match=r"nested too deeply|not TOML"):
        settings.load()


@pytest.mark.parametrize(
    "text",
    [
        f"output = '{LIVE}'",
        f"key = '{LIVE}'",
        f"{LIVE} = 1",
        f"[profiles.p]\nkey = '{LIVE}'",
        f"[profiles.p]\nkey_helper = ['echo', '{LIVE}', '']\nkey_env = ['{LIVE}']",
        f"[profiles.{LIVE}]\nx = 1",
        f"output = {LIVE}",
        f"[profiles.p]\nbase_url = 'https://{LIVE}@x.example'",
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(text: str, config_file: Path):
    write_private(config_file, text)
    with pytest.raises(Usage) as caught:
        settings.load()
    assert CANARY not in every_text_of(caught.value)


def test_a_password_in_an_address_is_not_repeated(config_file: Path):
    write_private(config_file, "proxy = 'http://me:hunter2@proxy:1'")
    with pytest.raises(Usage) as caught:
        settings.load()
    assert "hunter2" not in every_text_of(caught.value)


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o606])
def test_a_file_open_to_others_is_refused_with_the_chmod(mode: int, config_file: Path):
    write_private(config_file, WHOLE, mode)
    with pytest.raises(files.Unsafe) as caught:
        settings.load()
    assert caught.value.hint == f"chmod 600 {config_file}"
    config_file.chmod(0o600)
    assert settings.load().values["profile"] == "prod"


@posix
def test_a_link_is_not_followed(config_file: Path, tmp_path: Path):
    config_file.symlink_to(write_private(tmp_path / "elsewhere", WHOLE))
    with pytest.raises(files.Unsafe):
        settings.load()


def test_a_lenient_reading_keeps_what_is_right(config_file: Path):
    write_private(config_file, WHOLE.replace('output = "json"', "output = 5"))
    config = settings.load(lenient=True)
    assert [problem.message for problem in config.problems] == [f"{config_file}: output can't be 5"]
    assert config.readable
    assert config.values["profile"] == "prod"
    assert "output" not in config.values
    assert "prod" in config.profiles


@pytest.mark.parametrize(("text", "mode"), [("nonsense", 0o600), (WHOLE, 0o644)])
def test_a_lenient_reading_never_fails(text: str, mode: int, config_file: Path):
    write_private(config_file, text, mode)
    config = settings.load(lenient=True)
    assert not config.readable
    assert len(config.problems) == 1


def test_a_profile_with_a_broken_address_is_left_out(config_file: Path):
    """Its key would go to the standard address instead."""
    write_private(config_file, "[profiles.p]\nbase_url = 5\nkey = 'env'\nkey_env = 'K'\n[profiles.q]\n")
    assert list(settings.load(lenient=True).profiles) == ["q"]


def test_the_toml_reader_is_imported_for_a_file_alone(config_file: Path):
    import subprocess
    import sys

    script = "import sys; from seqcli.profile import settings; settings.load(); print('tomllib' in sys.modules)"
    command = [sys.executable, "-c", script]
    root = Path(__file__).parents[2]
    assert subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout == "False\n"
    write_private(config_file, WHOLE)
    assert subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout == "True\n"
