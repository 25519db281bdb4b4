"""The manual can't be wrong: it is written from the commands, and compared here."""

import shutil
import subprocess
from pathlib import Path

import pytest

from seqcli.manual import pages, scripts, tree, written

ROOT = Path(__file__).parents[2]
TREE = tree.whole()
PAGES = list(tree.walk(TREE))


def ids(page):
    return " ".join(page.words) or "seq"


def test_everything_written_is_up_to_date():
    assert written.stale(ROOT) == [], "bring it up to date with: python -m seqcli.manual"


def test_a_page_that_differs_is_noticed(tmp_path: Path):
    shutil.copytree(ROOT / "man", tmp_path / "man")
    shutil.copytree(ROOT / "completions", tmp_path / "completions")
    shutil.copy(ROOT / "README.md", tmp_path)
    assert written.stale(tmp_path) == []
    (tmp_path / "man" / "seqcli.1").write_text("changed")
    (tmp_path / "man" / "seqcli-old.1").write_text("no such command any more")
    assert written.stale(tmp_path) == ["man/seqcli-old.1", "man/seqcli.1"]
    assert written.write(tmp_path) == ["man/seqcli-old.1", "man/seqcli.1"]
    assert written.stale(tmp_path) == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_says_what_it_does_and_opens_with_an_example(page):
    assert page.summary
    assert page.examples
    assert all(example.startswith("seq ") for example in page.examples)
    for word in (*page.arguments, *page.options, *page.every):
        assert word.help, f"{word.names or word.metavar} says nothing"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_page_has_the_sections_scripts_rely_on(page):
    text = pages.roff(page)
    for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"):
        assert f".SH {section}\n" in text


def test_man_reads_every_page_without_a_warning():
    if shutil.which("man") is None or (shutil.which("groff") is None and shutil.which("troff") is None):
        pytest.skip("no man here")
    done = subprocess.run(
        ["man", "--warnings", "-l", *map(str, sorted((ROOT / "man").glob("*.1")))],
        capture_output=True,
        text=True,
        env={"MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def home(tmp_path: Path) -> dict[str, str]:
    """A user with two profiles and a list of symbols on disk."""
    for name, text in (
        ("config/config.toml", '[profiles.paper]\nx = 1\n[profiles."prod-1"]\n'),
        ("state/symbols", "BTC-USD\nETH-USD\nETH-USDC\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    folders = {"SEQ_CONFIG_DIR": str(tmp_path / "config"), "SEQ_STATE_DIR": str(tmp_path / "state")}
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"} | folders


CASES = [
    ("seq ord", {"order"}),
    ("seq order b", {"buy"}),
    ("seq --local order buy --ti", {"--tif", "--timeout"}),
    ("seq order buy --tif ", {"gtc", "ioc", "fok", "post_only"}),
    ("seq --profile p", {"paper", "prod-1"}),
    ("seq quote ETH", {"ETH-USD", "ETH-USDC"}),
    ("seq creds venue add kr", {"kraken"}),
]


@pytest.mark.parametrize(("line", "wanted"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_bash_completes(line, wanted, tmp_path):
    script = f"""
source {ROOT}/completions/seq.bash
read -ra COMP_WORDS <<<'{line}'; [[ '{line}' == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _seq; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=home(tmp_path), check=True)
    assert (set(done.stdout.split()), done.stderr) == (wanted, "")


@pytest.mark.parametrize(("line", "wanted"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_fish_completes(line, wanted, tmp_path):
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("no fish here")
    script = f"source {ROOT}/completions/seq.fish; complete -C '{line}'"
    done = subprocess.run(
        [fish, "--no-config", "-c", script], capture_output=True, text=True, env=home(tmp_path), check=True
    )
    assert ({row.split("\t")[0] for row in done.stdout.splitlines()}, done.stderr) == (wanted, "")


def test_zsh_takes_the_script():
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("no zsh here")
    done = subprocess.run([zsh, "-n", str(ROOT / "completions" / "_seq")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("line", "wanted"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_zsh_completes(line, wanted, tmp_path):
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("no zsh here")
    words = line.split(" ")
    script = f"""
compadd() {{ print -l -- ${{(P)2}} }}
_describe() {{ print -l -- ${{${{(P)2}}%%:*}} }}
_files() {{ }}
words=({" ".join(f"'{word}'" for word in words)}); CURRENT=$#words; PREFIX=$words[-1]
source {ROOT}/completions/_seq
"""
    done = subprocess.run([zsh, "-f", "-c", script], capture_output=True, text=True, env=home(tmp_path), check=True)
    found = {row for row in done.stdout.splitlines() if row.startswith(words[-1])}
    assert found - {"local"} == wanted


def test_no_option_has_two_sources_of_values():
    sources: dict[str, set[str]] = {}
    for page in PAGES:
        for word in page.options:
            for name in word.names:
                sources.setdefault(name, set()).add(scripts._source(word) if word.metavar else "flag")
    sources = {name: kinds - {"any"} for name, kinds in sources.items()}
    assert {name: kinds for name, kinds in sources.items() if len(kinds) > 1} == {}
