"""An archive from anybody: read as it is, or refused with the name of what is wrong with it."""

import gzip
import io
import stat
import tarfile
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.strategies.archives import BadArchive, read


def tar(*rows: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, content in rows:
            row = tarfile.TarInfo(name)
            row.size, row.type, row.linkname, row.mode = len(content), kind, link, mode
            archive.addfile(row, io.BytesIO(content))
    return whole.getvalue()


def zipped(*rows: tuple[Any, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in rows:
            archive.writestr(name, content)
    return whole.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    row = zipfile.ZipInfo(name)
    row.external_attr = (stat.S_IFLNK | 0o777) << 16
    return row


FILES = [("main.py", b"print()"), ("lib/a.py", b"")]


@pytest.mark.parametrize("raw", [tar(*FILES), gzip.compress(tar(*FILES)), zipped(*FILES)], ids=["tar", "gzip", "zip"])
def test_every_form_is_the_same_files(raw):
    assert {name: content for name, (content, _) in read(raw).items()} == dict(FILES)


def test_what_may_run_may_run():
    assert read(tar(("run.sh", b"x"), mode=0o755)) == {"run.sh": (b"x", True)}
    assert read(tar(("run.sh", b"x"))) == {"run.sh": (b"x", False)}


@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "/etc/passwd", "a//b", "./a", "a/.", "C:\\a", "a\\b", "c:a", "x" * 256]
)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_no_name_leads_out_of_the_folder(name, pack):
    with pytest.raises(BadArchive, match="is no name of a file in a folder"):
        read(pack((name, b"")))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_no_files(kind):
    with pytest.raises(BadArchive, match="'a' is no plain file"):
        read(tar(("a", b""), kind=kind, link="/etc/passwd"))
    with pytest.raises(BadArchive, match="'b' is no plain file"):
        read(zipped((link("b"), b"/etc/passwd")))


def test_a_name_stands_once_and_no_file_is_a_folder():
    with pytest.raises(BadArchive, match="there twice"):
        read(tar(("a", b"1"), ("a", b"2")))
    with pytest.raises(BadArchive, match="a/b lies below a file"):
        read(tar(("a", b""), ("a/b", b"")))


def test_a_bomb_is_not_unpacked(monkeypatch):
    for name, most in (("UNPACKED_LIMIT", 10_000), ("_PADDED", 20_000)):
        monkeypatch.setattr(f"seqcli.sandbox.strategies.archives.{name}", most)
    zeros = bytes(1 << 20)
    for raw in (gzip.compress(tar(("a", zeros))), tar(("a", zeros)), zipped(("a", zeros))):
        with pytest.raises(BadArchive, match="comes to more than 10000 bytes"):
            read(raw)


def test_a_zip_that_lies_of_its_size_is_counted_by_what_it_has(monkeypatch):
    monkeypatch.setattr("seqcli.sandbox.strategies.archives.UNPACKED_LIMIT", 10_000)
    raw = zipped(("a", bytes(1 << 20)))
    true, said = (1 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert raw.count(true) == 2
    with pytest.raises(BadArchive):
        read(raw.replace(true, said))


def test_too_many_files(monkeypatch):
    monkeypatch.setattr("seqcli.sandbox.strategies.archives.FILES_LIMIT", 3)
    with pytest.raises(BadArchive, match="more than 3 files"):
        read(tar(*((f"f{number}", b"") for number in range(4))))


@pytest.mark.parametrize(
    "raw", [b"", b"no archive", gzip.compress(b"no tar"), gzip.compress(tar(*FILES))[:-20], zipped(*FILES)[:-10], tar()]
)
def test_what_is_no_archive_is_said(raw):
    with pytest.raises(BadArchive):
        read(raw)


@settings(deadline=None)
@given(
    raw=st.sampled_from([tar(*FILES), gzip.compress(tar(*FILES)), zipped(*FILES)]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=20),
)
def test_whatever_is_changed_it_is_read_or_refused(raw, changes):
    spoiled = bytearray(raw)
    for place, value in changes:
        spoiled[place % len(spoiled)] = value
    try:
        files = read(bytes(spoiled))
    except BadArchive:
        return
    assert all(".." not in name and not name.startswith("/") for name in files)
