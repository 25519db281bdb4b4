"""The manual is installed with the package: man pages and completions, in `share/` of its environment."""

import sys
from importlib.metadata import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARES = {
    "share/man/man1": sorted(path.name for path in (ROOT / "man").glob("*.1")),
    "share/bash-completion/completions": ["seq.bash"],
    "share/zsh/site-functions": ["_seq"],
    "share/fish/vendor_completions.d": ["seq.fish"],
}


def test_man_pages_and_completions_are_installed_byte_for_byte():
    installed = {
        str(path).rpartition("share/")[2]: path.locate() for path in files("seqcli") or () if "share/" in str(path)
    }
    if not installed:
        pytest.skip("seqcli is not installed from a wheel here: pip install .")
    for folder, names in SHARES.items():
        short = folder.removeprefix("share/")
        assert sorted(name.rpartition("/")[2] for name in installed if name.startswith(short)) == names
        for name in names:
            source = ROOT / ("man" if "man1" in folder else "completions") / name
            assert (Path(sys.prefix) / folder / name).read_bytes() == source.read_bytes()
