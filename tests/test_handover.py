"""`seq` gives coreutils' calls to coreutils, to the byte, and keeps every other word."""

import ctypes
import ctypes.util
import getopt
import os
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.handover import MARK, _is_number, is_for_coreutils

ROOT = Path(__file__).parent.parent
GNU = shutil.which("seq", path="/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")

VECTORS = [
    ["3"],
    ["1", "3"],
    ["1", "2", "9"],
    ["5", "1"],
    ["5", "-1", "1"],
    ["-s,", "5"],
    ["-s", ", ", "5"],
    ["-s", "", "5"],
    ["--separator=:", "3"],
    ["--separator", ":", "3"],
    ["--sep=:", "3"],
    ["--s", ":", "3"],
    ["-w", "08", "11"],
    ["-ws,", "8", "11"],
    ["-ws", ",", "8", "11"],
    ["-sw", "3"],
    ["--equal-width", "8", "11"],
    ["--eq", "8", "11"],
    ["-f", "%05.1f", "3"],
    ["-f%g", "1", ".5", "3"],
    ["--format=%03g", "3"],
    ["--form", "%e", "3"],
    ["-f", "%g and %g", "3"],
    ["-f", "no directive", "3"],
    ["--", "-1", "1"],
    ["-w", "--", "-1", "1"],
    ["-1", "1"],
    ["-.5", "1"],
    ["-3", "-1"],
    ["1.5", ".5", "3"],
    ["+1", "3"],
    [" 1", "3"],
    ["1e0", "1e1"],
    ["0x1f", "0x21"],
    ["0x1p3", "10"],
    ["1", "inf", "2"],
    ["3", "-inf", "1"],
    ["inf", "1"],
    ["nan"],
    ["1", "0", "3"],
    ["1", "2", "3", "4"],
    ["-w"],
    ["-s"],
    ["--equal-width=yes", "3"],
    ["-w", "-f", "%g", "3"],
    ["1", "-w", "3"],
    ["1", "--", "3"],
    ["1.000000000000000000001", "2"],
    ["99999999999999999999", "100000000000000000001"],
    ["-s", "--help", "3"],
    ["-f", "--version", "3"],
]
OURS = [
    [],
    ["--"],
    ["-h"],
    ["--help"],
    ["--version"],
    ["--he"],
    ["-wh", "3"],
    ["-w", "--help", "3"],
    ["1", "--version"],
    ["order", "buy", "ETH-USD", "1"],
    ["quote", "ETH-USD"],
    ["-o", "json", "3"],
    ["--json", "3"],
    ["-n", "3"],
    ["-q", "3"],
    ["--format", "%g", "quote"],
    ["1", "three"],
    ["1e"],
    ["0x"],
    ["1_000"],
    ["1,5"],
    ["1 "],
    [""],
    ["-"],
    ["."],
    ["--=x", "3"],
    ["--fields", "a", "3"],
    ["٣"],
]


def script(folder: Path, name: str = "seq") -> Path:
    """The console script that installing this package writes."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport sys\nfrom seqcli.__main__ import main\n"
        "if __name__ == '__main__':\n    sys.exit(main())\n"
    )
    path.chmod(0o755)
    return path


def environment(*folders: Path | str, **more: str) -> dict[str, str]:
    return {"PATH": os.pathsep.join(map(str, folders)), "PYTHONPATH": str(ROOT), **more}


def outcome(program: Path | str, words: list[str], env: dict[str, str]) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        ["seq", *words], executable=str(program), env=env, capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def gnu() -> str:
    if GNU is None or b"coreutils" not in subprocess.run([GNU, "--version"], capture_output=True, check=False).stdout:
        pytest.skip("no GNU seq on this machine")
    return GNU


@pytest.mark.parametrize("words", VECTORS, ids=" ".join)
def test_a_coreutils_call_gives_the_bytes_and_the_status_that_coreutils_gives(
    words: list[str], gnu: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "bin", Path(gnu).parent, LC_ALL="C")
    expected = outcome(gnu, words, env)
    ours = script(tmp_path / "bin")
    assert outcome(ours, words, env) == expected


@pytest.mark.parametrize("locale", [{}, {"LANG": "C.UTF-8"}, {"LC_CTYPE": "C.UTF-8"}, {"LC_ALL": "C"}], ids=str)
def test_the_quotes_of_a_complaint_follow_the_callers_locale(locale: dict[str, str], gnu: str, tmp_path: Path) -> None:
    env = environment(tmp_path / "bin", Path(gnu).parent, **locale)
    words = ["1", "2", "3", "4"]
    assert outcome(script(tmp_path / "bin"), words, env) == outcome(gnu, words, env)


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_any_other_word_is_ours(words: list[str]) -> None:
    assert not is_for_coreutils(words)


@pytest.mark.parametrize("words", VECTORS, ids=" ".join)
def test_what_can_only_be_a_coreutils_call_is_handed_over(words: list[str]) -> None:
    assert is_for_coreutils(words)


def test_a_reader_that_goes_away_ends_coreutils_silently(gnu: str, tmp_path: Path) -> None:
    ours = script(tmp_path / "bin")
    env = environment(tmp_path / "bin", Path(gnu).parent)
    with subprocess.Popen([ours, "1", "10000000"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as counting:
        assert counting.stdout is not None
        assert counting.stderr is not None
        assert counting.stdout.readline() == b"1\n"
        counting.stdout.close()
        assert counting.stderr.read() == b""
        assert counting.wait() == -13  # SIGPIPE, as from coreutils itself


def test_candidates_that_are_ourselves_are_skipped(gnu: str, tmp_path: Path) -> None:
    ours = script(tmp_path / "bin")
    script(tmp_path / "other-venv")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "seq").symlink_to(script(tmp_path / "tools", "seqcli"))
    (tmp_path / "folder" / "seq").mkdir(parents=True)
    shim = tmp_path / "shims"
    shim.mkdir()
    (shim / "seq").write_text('#!/bin/sh\nexec pyenv exec seq "$@"\n')
    (shim / "seq").chmod(0o755)
    env = environment(
        tmp_path / "bin",
        tmp_path / "other-venv",
        tmp_path / "link",
        tmp_path / "folder",
        shim,
        Path(gnu).parent,
    )
    assert outcome(ours, ["2"], env) == (0, b"1\n2\n", b"")


def test_without_another_seq_a_sentence_says_so_with_status_2(tmp_path: Path) -> None:
    ours = script(tmp_path / "bin")
    status, out, err = outcome(ours, ["1", "3"], environment(tmp_path / "bin"))
    assert (status, out) == (2, b"")
    assert b"no other seq is on PATH" in err


def test_a_candidate_that_leads_back_is_stopped_by_the_mark(tmp_path: Path) -> None:
    ours = script(tmp_path / "bin")
    loop = tmp_path / "loop"
    loop.mkdir()
    (loop / "seq").write_text(f'#!/bin/sh\nexec {ours} "$@"\n')
    (loop / "seq").chmod(0o755)
    status, out, err = outcome(ours, ["1", "3"], environment(tmp_path / "bin", loop))
    assert (status, out) == (2, b"")
    assert b"coreutils" in err


def test_the_program_we_become_is_marked_and_called_seq(tmp_path: Path) -> None:
    ours = script(tmp_path / "bin")
    other = tmp_path / "other"
    other.mkdir()
    (other / "seq").write_text(f'#!{sys.executable}\nimport os\nprint(os.environ["{MARK}"])\n')
    (other / "seq").chmod(0o755)
    assert outcome(ours, ["1"], environment(tmp_path / "bin", other)) == (0, b"1\n", b"")


def test_seqcli_never_hands_over(tmp_path: Path) -> None:
    ours = script(tmp_path / "bin", "seqcli")
    done = subprocess.run(
        [ours, "1", "3"], env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"not a command" in done.stderr


@pytest.fixture(scope="module")
def strtold() -> object:
    name = ctypes.util.find_library("c")
    if name is None or sys.platform == "win32":
        pytest.skip("no C library to compare with")
    function = ctypes.CDLL(name).strtold
    function.restype = ctypes.c_longdouble
    function.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
    return function


@settings(max_examples=400)
@given(
    st.one_of(
        st.text(alphabet="0123456789.+-eExXpPabf \t", max_size=8),
        st.text(alphabet="infatyINFATY()_z9+- ", max_size=9),
        st.from_regex(r"\A[ ]?[+-]?(0[xX])?[0-9a-fA-F]{0,3}\.?[0-9a-fA-F]{0,3}([eEpP][+-]?[0-9]{0,2})?\Z"),
        st.from_regex(r"\A[+-]?(inf|infinity|nan|nan\([a-z0-9_]*\))\Z"),
    )
)
def test_a_number_is_what_strtold_reads_to_the_end(strtold: object, text: str) -> None:
    raw = text.encode()
    buffer = ctypes.create_string_buffer(raw)
    end = ctypes.c_void_p()
    strtold(buffer, ctypes.byref(end))  # type: ignore[operator]
    read = (end.value or 0) - ctypes.addressof(buffer)
    assert _is_number(text) == (read == len(raw) and read > 0)


WORDS = st.one_of(
    st.sampled_from(
        ["-w", "-s", "-f", "-s,", "-ws,", "-ww", "-fw", "--equal-width", "--eq", "--s", "--format", "--fo=x"]
    ),
    st.sampled_from(
        ["--separator=", "--separator", "--formats", "--x", "-x", "-wx", "-h", "--help", "--version", "--v"]
    ),
    st.sampled_from(["1", "3", "0x1f", ".5", "inf", "x", "quote", "1e", "%g", ","]),
    st.text(alphabet=string.ascii_lowercase + "-=", min_size=1, max_size=4).filter(
        lambda word: word not in ("-", "--")
    ),
)


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=5))
def test_options_are_read_as_gnu_getopt_reads_them(words: list[str]) -> None:
    try:
        found, operands = getopt.gnu_getopt(words, "f:s:w", ["format=", "separator=", "equal-width", "help", "version"])
    except getopt.GetoptError as error:
        if "requires argument" in error.msg or "must not have an argument" in error.msg:
            return  # a coreutils option in a form that only coreutils can complain about: see the vectors
        assert not is_for_coreutils(words)
        return
    named = {name for name, _ in found}
    expected = bool(found or operands) and not named & {"--help", "--version"} and all(map(_is_number, operands))
    assert is_for_coreutils(words) == expected
