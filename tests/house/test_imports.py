"""What a command line must not import: start-up is a feature, and a stray import at the top of a file takes it away."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = "import sys; sys.argv = [{name!r}, *sys.argv[1:]]; {first}; from seqcli.__main__ import main; main()"
IMPORTED = re.compile(r"import time: +\d+ \| +\d+ \| +(\S+)")

SERVER = {"uvicorn", "uvloop", "httptools", "wasmtime", "swagger_ui_bundle"}
FOR_PEOPLE = {"rich", "plotext", "pygments", "markdown_it", "click"}
KEYRING = {"keyring", "secretstorage", "jeepney", "dbus", "cryptography"}
NETWORK = {"httpx", "httpcore", "h11", "ssl", "http", "urllib.request", "email", "certifi", "idna"}
SEARCHING = {"importlib.metadata", "pkg_resources", "platformdirs"}
SETTINGS = {"tomllib", "tomlkit"}
FILES = {"sqlite3", "tempfile", "random"}
ELSEWHERE = SERVER | FOR_PEOPLE | KEYRING | SEARCHING | SETTINGS | {"asyncio", "websockets", "logging.handlers", "csv"}
"""What no command needs that prints JSON and finds no settings file."""
FRAMEWORK = {"typer", "msgspec", "inspect", "typing", "pathlib", "shutil", "subprocess", "re", "decimal", "json"}

Run = Callable[..., set[str]]


def loaded(environment: Mapping[str, str], *arguments: str) -> set[str]:
    """The modules that a child asked for, beside those that every interpreter here starts with."""

    def asked(*words: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *words],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "import time" not in line)
        return set(IMPORTED.findall(done.stderr))

    return asked(*arguments) - asked("-c", "pass")


def among(modules: set[str], forbidden: set[str]) -> set[str]:
    """The forbidden names that were asked for themselves, or through a module inside them."""
    return {name for name in forbidden if any(module == name or module.startswith(f"{name}.") for module in modules)}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folders = {"SEQ_CONFIG_DIR": str(tmp_path / "config"), "SEQ_STATE_DIR": str(tmp_path / "state")}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)} | folders


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run `seq` with some words; the modules it asked for. `first` is run before it, in the same process."""

    def command(*words: str, name: str = "seqcli", first: str = "pass", **more: str) -> set[str]:
        return loaded(environment | more, "-c", START.format(name=name, first=first), *words)

    return command


@pytest.fixture
def account(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """A served exchange, as a key and an address."""
    words = ["sandbox", "serve", "--port", "0", "--state", str(tmp_path / "box"), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "seqcli", *words], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        yield {"SEQ_API_KEY": told["api_key"], "SEQ_API_URL": told["url"]}
        server.terminate()
        assert server.wait(20) == 0


def test_the_version_asks_for_two_files_of_ours_and_nothing_else(run: Run):
    assert run("--version") == {"seqcli", "seqcli.__main__", "seqcli.handover"}


@pytest.mark.skipif(os.name != "posix", reason="nothing is handed over here")
def test_the_hand_over_to_coreutils_loads_no_command(run: Run):
    modules = run("1", "3", name="seq")
    assert {name for name in modules if name.startswith("seqcli")} == {"seqcli", "seqcli.__main__", "seqcli.handover"}
    assert among(modules, ELSEWHERE | NETWORK | FILES | FRAMEWORK) == set()


@pytest.mark.parametrize("words", [("--help",), ("quote", "--help"), ("order", "--help"), ("order", "buy", "--help")])
def test_help_reaches_for_nothing(run: Run, words: tuple[str, ...]):
    modules = run(*words)
    assert among(modules, ELSEWHERE | NETWORK | {"sqlite3", "hashlib", "seqcli.sandbox", "seqcli.desk.desk"}) == set()


def test_the_first_help_imports_no_command_s_module(run: Run):
    assert among(run("--help"), {"msgspec", "decimal", "json", "seqcli.commands.quote", "seqcli.wire"}) == set()


def test_a_served_quote_needs_the_http_library_alone(run: Run, account: dict[str, str]):
    modules = run("quote", "ETH-USD", "--json", **account)
    assert "httpx" in modules
    assert among(modules, ELSEWHERE | {"sqlite3", "seqcli.sandbox", "seqcli.desk", "seqcli.client.stream"}) == set()


def test_a_local_quote_needs_no_network_and_no_server(run: Run):
    run("--local", "quote", "ETH-USD", "--json")
    modules = run("--local", "quote", "ETH-USD", "--json")
    assert "seqcli.sandbox.embedded" in modules
    unused = {
        "seqcli.sandbox.server",
        "seqcli.sandbox.storage.vault",
        "seqcli.sandbox.market.tape",
        "seqcli.desk",
        "tempfile",
    }
    assert among(modules, ELSEWHERE | NETWORK | unused) == set()


def test_a_dry_run_opens_no_journal_and_no_connection(run: Run):
    key = {"SEQ_API_KEY": "seq_test_0123456789"}
    modules = run("order", "buy", "ETH-USD", "1", "--limit", "2000", "--dry-run", "--json", **key)
    assert among(modules, ELSEWHERE | NETWORK | FILES | {"hashlib", "seqcli.sandbox", "seqcli.desk.desk"}) == set()


@pytest.mark.parametrize("name", sorted({"rich", "httpx", "keyring", "cryptography", "asyncio", "sqlite3"}))
def test_a_forbidden_import_is_noticed(run: Run, name: str):
    assert name in among(run("--version", first=f"import {name}"), {name})


def test_the_lists_name_what_the_other_paths_do_import(run: Run):
    """A name that nothing ever imports would forbid nothing."""
    assert among(run("--local", "quote", "ETH-USD"), FOR_PEOPLE) >= {"rich"}
    assert among(run("--local", "quote", "ETH-USD", "--json"), FILES) >= {"sqlite3"}
