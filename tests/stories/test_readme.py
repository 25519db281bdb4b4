"""The README is true: its examples run as they stand, one after the other, in one shell."""

import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_example_runs(shell):
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 2
    done = shell("\n".join(blocks))
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_set_up_lines_are_there_and_complete():
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    start = "python3 -m venv .venv && . .venv/bin/activate && pip install"
    assert lines == [f"{start} . && seq --local quote ETH-USD", f"{start} '.[test]' && pytest"]


def test_coreutils_still_counts(shell):
    assert shell("seq 1 3").stdout == "1\n2\n3\n"
