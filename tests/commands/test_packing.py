"""A project's archive: the same bytes for the same files, git's own idea of what is ignored, no secret in it."""

import gzip
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.commands.packing import packed
from seqcli.errors import NotFound, Usage

NAMES = st.sampled_from(["a", "b", "c.py", "d.txt", "logs", "keep", "x.tmp"])
FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=40), min_size=1, max_size=8
)
PATTERNS = st.sampled_from(
    ["*.tmp", "!keep", "/a", "a/", "logs/", "**/b", "a/**", "!a/keep", "*.txt", "!d.txt", "# nothing", "b/c.py", "?"]
)


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        if any((root / part).is_file() for part in map(str, Path(name).parents) if part != ".") or path.is_dir():
            continue  # the name is taken by what was written before
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(content: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as tar:
        return tar.getnames()


@settings(deadline=None, max_examples=30)
@given(files=FILES, turn=st.randoms(use_true_random=False))
def test_the_same_files_are_the_same_bytes_whenever_and_in_whatever_order_they_were_written(
    tmp_path_factory, files, turn
):
    first, second = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    write(first, files)
    for path in sorted((path for path in first.rglob("*") if path.is_file()), key=lambda _: turn.random()):
        copy = second / path.relative_to(first)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        os.utime(copy, (turn.randrange(10**9), turn.randrange(10**9)))
    assert packed(first).content == packed(second).content
    assert names(packed(first).content) == sorted(names(packed(first).content))


def test_another_byte_is_another_archive(tmp_path):
    (tmp_path / "main.py").write_bytes(b"1")
    before = packed(tmp_path).content
    (tmp_path / "main.py").write_bytes(b"2")
    assert packed(tmp_path).content != before


def test_a_row_tells_neither_time_nor_owner_and_only_whether_it_runs(tmp_path):
    for name, mode in (("main.py", 0o600), ("run.sh", 0o711)):
        (tmp_path / name).write_bytes(b"x")
        (tmp_path / name).chmod(mode)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed(tmp_path).content))) as tar:
        rows = [(row.name, row.mode, row.mtime, row.uid, row.gid, row.uname, row.gname) for row in tar]
    assert rows == [("main.py", 0o644, 0, 0, 0, "", ""), ("run.sh", 0o755, 0, 0, 0, "", "")]


@settings(deadline=None, max_examples=40)
@given(
    files=FILES,
    rules=st.dictionaries(st.sampled_from(["", "a", "b", "logs"]), st.lists(PATTERNS, max_size=4), max_size=3),
)
def test_what_is_ignored_is_what_git_ignores(tmp_path_factory, files, rules):
    top = tmp_path_factory.mktemp("repository")
    root = top / "project"
    root.mkdir()
    git = ["git", "-c", "core.excludesFile=/dev/null", "-C", str(root)]
    subprocess.run([*git[:3], "init", "-q", str(top)], check=True)
    write(root, {"main.py": b"", **files})
    (top / ".gitignore").write_text("*.tmp\n")
    for place, lines in rules.items():
        if (root / place).is_dir():
            (root / place / ".gitignore").write_text("\n".join(lines) + "\n")
    told = subprocess.run([*git, "ls-files", "-coz", "--exclude-standard"], capture_output=True, check=True).stdout
    kept = sorted(os.fsdecode(name) for name in told.split(b"\0") if name)
    if kept:
        assert [name for name, _ in packed(root).files] == kept
    else:
        with pytest.raises(Usage, match="no file to send"):
            packed(root)


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "prod.env", "server.pem", "tls.key", "id_rsa", "ID_ED25519.old", "credentials.json",
     "secrets.toml", ".netrc", ".aws/config", "deep/down/.env"],
)  # fmt: skip
def test_a_secret_by_its_name_stays_and_is_told(tmp_path, name):
    write(tmp_path, {"main.py": b"", name: b"hush"})
    result = packed(tmp_path)
    assert names(result.content) == ["main.py"]
    assert b"hush" not in gzip.decompress(result.content)
    (row,) = result.left_out
    assert name.startswith(row[0])
    assert row[1] == "secret by its name"


@pytest.mark.parametrize("name", ["__pycache__/a.pyc", ".git/config", "node_modules/x/y.js", "env/pyvenv.cfg"])
def test_what_a_tool_makes_again_stays(tmp_path, name):
    write(tmp_path, {"main.py": b"", name: b""})
    result = packed(tmp_path)
    assert (names(result.content), result.left_out) == (["main.py"], [(name.partition("/")[0], "made by a tool")])


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN PRIVATE KEY-----\n",
        b"k = '-----BEGIN RSA PRIVATE KEY-----'",
        b"KEY = 'seq_live_" + b"a" * 40 + b"'",
    ],
)
def test_a_file_that_holds_a_key_stops_it_all(tmp_path, content):
    write(tmp_path, {"main.py": b"", "lib/config.py": content})
    with pytest.raises(Usage, match=r"lib/config\.py holds a key; nothing was sent"):
        packed(tmp_path)


def test_the_word_alone_is_no_key(tmp_path):
    write(tmp_path, {"main.py": b"assert key.startswith('seq_live_')"})
    assert packed(tmp_path).files == [("main.py", 34)]


def test_a_link_inside_is_what_it_leads_to_and_a_link_out_is_refused(tmp_path):
    project = tmp_path / "project"
    write(project, {"main.py": b"1", "lib/a.py": b"22"})
    (project / "b.py").symlink_to("lib/a.py")
    (project / "again").symlink_to("lib")
    result = packed(project)
    assert result.files == [("b.py", 2), ("lib/a.py", 2), ("main.py", 1)]
    assert result.left_out == [("again", "a link to a folder")]
    (tmp_path / "outside").write_bytes(b"3")
    for target in ("../outside", "/etc/hostname", "nowhere"):
        link = project / "c.py"
        link.symlink_to(target)
        with pytest.raises(Usage, match=r"c\.py is a link out of the project"):
            packed(project)
        link.unlink()


def test_a_pipe_is_no_file(tmp_path):
    (tmp_path / "main.py").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    assert packed(tmp_path).left_out == [("pipe", "no file")]


def test_too_much_is_said_before_it_is_read(tmp_path, monkeypatch):
    write(tmp_path, {"main.py": b"1" * 10, "big.bin": b"2" * 50})
    monkeypatch.setattr("seqcli.wire.strategies.UNPACKED_LIMIT", 40)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(Usage, match=r"\(big\.bin: 50\) has 60 bytes: at most 40; nothing was sent"):
        packed(tmp_path)
    monkeypatch.setattr("seqcli.wire.strategies.FILES_LIMIT", 1)
    with pytest.raises(Usage, match="2 files: at most 1"):
        packed(tmp_path)


def test_a_large_archive_is_refused(tmp_path, monkeypatch):
    write(tmp_path, {"main.py": os.urandom(500)})
    monkeypatch.setattr("seqcli.wire.strategies.ARTIFACT_LIMIT", 400)
    with pytest.raises(Usage, match=r"the archive has .* at most 400"):
        packed(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(NotFound, match="is not a folder"):
        packed(tmp_path / "none")
