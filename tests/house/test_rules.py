"""The rules of the house: lint, format, types, floors, the map, and sizes."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest

import seqcli

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "seqcli"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 320
LONGEST_FUNCTION = 45


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_is_clean():
    run(sys.executable, "-m", "ruff", "check", "--no-cache", ".")


def test_format_is_the_formatter_s():
    run(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".")


def test_types_hold(tmp_path: Path):
    run(sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path))


def test_no_room_uses_a_higher_floor():
    script = Path(sys.executable).with_name("lint-imports")
    run(str(script), "--no-cache")


def test_the_map_names_every_room():
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    rooms -= {"__init__"}
    assert seqcli.__doc__ is not None
    assert sorted(room for room in rooms if room not in seqcli.__doc__) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_every_dependency_has_a_floor_and_a_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [")
    rows = lines[start + 1 : lines.index("]", start)]
    assert len(rows) > 10
    for row in rows:
        assert ">=" in row, row
        assert "# " in row, row


def test_every_declared_requirement_is_one_of_what_is_installed():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    try:
        installed = requires("seqcli")
    except ImportError:
        pytest.skip("seqcli is not installed here")
    wanted = {line.partition(">")[0].strip() for line in declared}
    found = {re.split("[<>;=]", line)[0].strip() for line in installed or () if "extra ==" not in line}
    assert wanted <= found, "what is installed is older than pyproject.toml: pip install -e '.[test]'"
