"""The key in the vendor's own settings is found wherever it stands, and never quoted."""

from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import NotFound, Usage
from seqcli.profile import vendor
from tests.profile.conftest import CANARY, LIVE, every_text_of, write_private

OTHER = LIVE.replace("seq_live_", "seq_test_")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f'api_key = "{LIVE}"\n', None),
        (f'api_key = " {LIVE} "\nbase_url = "https://api.example.com"\n', "https://api.example.com"),
        (f'region = "NA"\n[auth]\nkey = "{LIVE}"\napi_url = "https://eu.example.com"\n', "https://eu.example.com"),
        (f'base_url = "https://elsewhere.example.com"\n[auth]\nkey = "{LIVE}"\n', None),
        (f'a = "{LIVE}"\nb = "{LIVE}"\n', None),
    ],
)
def test_the_key_and_the_address_beside_it(tmp_path: Path, text: str, address: str | None):
    found = vendor.read(write_private(tmp_path / "config.toml", text))
    assert (found.key.reveal(), found.base_url) == (LIVE, address)


@pytest.mark.parametrize(
    ("text", "failure", "says"),
    [
        ('region = "NA"\n', NotFound, "holds no key"),
        (f'a = "{LIVE}"\nb = "{OTHER}"\n', Usage, "several keys: a, b"),
        (f'api_key = "{LIVE}\n', Usage, "not TOML"),
    ],
)
def test_what_cannot_be_used_is_named_and_no_key_quoted(tmp_path: Path, text: str, failure: type, says: str):
    with pytest.raises(failure, match=says) as caught:
        vendor.read(write_private(tmp_path / "config.toml", text))
    assert CANARY not in every_text_of(caught.value)


def test_no_file_and_a_file_of_everybody_s(tmp_path: Path):
    with pytest.raises(NotFound):
        vendor.read(tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text(f'api_key = "{LIVE}"\n')
    (tmp_path / "config.toml").chmod(0o644)
    with pytest.raises(files.Unsafe, match="other users"):
        vendor.read(tmp_path / "config.toml")


def test_it_is_looked_for_where_the_vendor_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert vendor.config_file() == tmp_path / ".sequence" / "config.toml"
