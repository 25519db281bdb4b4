"""Private files: closed to others from creation, replaced whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import NotSent


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    old = os.umask(request.param)
    yield
    os.umask(old)


@pytest.mark.usefixtures("umask")
def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path):
    path = tmp_path / "a" / "b" / "key"
    files.replace(path, b"secret")
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}


def test_a_failed_write_leaves_the_old_content_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "settings"
    files.replace(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(NotSent, match="No space left"):
        files.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.glob(".settings*")) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "key"
    files.replace(path, b"secret")
    path.chmod(mode)
    with pytest.raises(files.Unsafe, match="can be read by other users"):
        files.read_private(path)


def test_a_link_a_folder_and_a_large_file_are_refused(tmp_path: Path):
    real, link = tmp_path / "real", tmp_path / "link"
    files.replace(real, b"x" * 20)
    link.symlink_to(real)
    for path in (link, tmp_path):
        with pytest.raises(files.Unsafe):
            files.read_private(path)
    with pytest.raises(files.Unsafe, match="larger than 10 bytes"):
        files.read_private(real, limit=10)
    assert files.read_private(real) == b"x" * 20


def test_a_file_of_another_user_is_refused(tmp_path: Path):
    if os.getuid() != 0:
        pytest.skip("needs root to give a file away")
    path = tmp_path / "key"
    files.replace(path, b"secret")
    os.chown(path, 12345, 12345)
    with pytest.raises(files.Unsafe, match="belongs to another user"):
        files.read_private(path)
