"""Folders: where they are on each system, 0700 whatever the umask, and refused when others can enter."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import NotSent, Usage
from seqcli.profile import paths

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux folders")
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX modes")


@pytest.mark.parametrize(
    ("variable", "place"), [("SEQ_CONFIG_DIR", paths.config_dir), ("SEQ_STATE_DIR", paths.state_dir)]
)
def test_a_variable_names_the_folder(variable, place, tmp_path: Path):
    assert place({variable: str(tmp_path / "mine")}) == tmp_path / "mine"
    with pytest.raises(Usage, match=f"{variable} is set but empty"):
        place({variable: ""})


@linux
def test_linux_folders_follow_the_xdg_specification(tmp_path: Path):
    home = {"HOME": str(tmp_path)}
    assert paths.config_dir(home) == tmp_path / ".config" / "seqcli"
    assert paths.state_dir(home) == tmp_path / ".local" / "state" / "seqcli"
    assert paths.config_dir(home | {"XDG_CONFIG_HOME": "/x"}) == Path("/x/seqcli")
    assert paths.config_dir(home | {"XDG_CONFIG_HOME": "relative"}) == tmp_path / ".config" / "seqcli"


@linux
def test_by_hand_is_what_platformdirs_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    import platformdirs

    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "SEQ_CONFIG_DIR", "SEQ_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert paths.config_dir() == platformdirs.user_config_path("seqcli")
    assert paths.state_dir() == platformdirs.user_state_path("seqcli")


def test_other_systems_ask_platformdirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    import platformdirs

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _name, **_: tmp_path / "of-the-system")
    assert paths.config_dir({}) == tmp_path / "of-the-system"


@posix
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o027])
def test_folders_are_made_0700_whatever_the_umask(mask: int, tmp_path: Path):
    wanted = tmp_path / "a" / "b"
    before = os.umask(mask)
    try:
        paths.state_dir({"SEQ_STATE_DIR": str(wanted)})
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (wanted.parent, wanted)] == [0o700, 0o700]


@posix
@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770])
@pytest.mark.parametrize("place", [paths.config_dir, paths.state_dir])
def test_a_folder_open_to_others_is_refused_with_the_chmod(place, mode: int, tmp_path: Path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    environ = {"SEQ_CONFIG_DIR": str(folder), "SEQ_STATE_DIR": str(folder)}
    with pytest.raises(files.Unsafe) as caught:
        place(environ)
    assert caught.value.hint == f"chmod 700 {folder}"
    folder.chmod(0o700)
    assert place(environ) == folder


def test_a_file_is_no_folder(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(files.Unsafe, match="is not a folder"):
        paths.config_dir({"SEQ_CONFIG_DIR": str(tmp_path / "file")})


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises((NotSent, files.Unsafe), match="file"):
        paths.state_dir({"SEQ_STATE_DIR": str(tmp_path / "file" / "below")})


def test_reading_makes_no_folder(tmp_path: Path):
    assert not paths.config_file({"SEQ_CONFIG_DIR": str(tmp_path / "none")}).parent.exists()


@linux
def test_platformdirs_is_not_imported():
    script = """
import sys
from seqcli.profile import paths
paths.config_dir({"HOME": "/"})
print("platformdirs" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
