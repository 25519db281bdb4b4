"""An algorithm from an empty folder to its first trade, and out again."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import Shell

Serve = Callable[..., dict[str, Any]]
TARGET = "wasm32-unknown-unknown"


def rust_path() -> str:
    """A PATH on which cargo can compile for WebAssembly."""
    for path in (os.environ["PATH"], f"/usr/bin:{os.environ['PATH']}"):
        cargo = shutil.which("cargo", path=path)
        if cargo is None:
            continue
        asked = [str(Path(cargo).with_name("rustc")), "--print", "target-libdir", "--target", TARGET]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0 and Path(done.stdout.strip()).is_dir():
            return path
    pytest.skip(f"no cargo for {TARGET}: apt install cargo libstd-rust-dev-wasm32")


def tools(lang: str) -> dict[str, str]:
    if lang == "rust":
        return {"PATH": rust_path(), "CARGO_NET_OFFLINE": "true"}
    if not (shutil.which("clang") and shutil.which("wasm-ld")):
        pytest.skip("no clang with wasm-ld: apt install clang lld")
    return {"PATH": os.environ["PATH"]}


@pytest.mark.parametrize("lang", ["rust", "c"])
def test_a_new_project_builds_deploys_quotes_and_goes(
    lang: str, serve: Serve, shell: Shell, home: dict[str, str]
) -> None:
    served = serve()
    found = tools(lang)
    path = f"{home['PATH'].partition(os.pathsep)[0]}{os.pathsep}{found.pop('PATH')}"
    at = {"SEQ_API_URL": served["url"], "SEQ_API_KEY": served["api_key"], "PATH": path, **found}
    built = shell(f"seq algo init maker --lang {lang} && seq algo build maker --json", **at)
    assert built.returncode == 0, built.stderr
    facts = json.loads(built.stdout[built.stdout.index('{\n  "path"') :] if '"path"' in built.stdout else "{}")
    assert "algo_on_book_v3" in facts["callbacks"]
    done = shell(
        "seq algo deploy maker --skip-build --start --json > deployed.json;"
        " seq stream traces:$(seq algo list -q) --json --max-events 3 > traces.ndjson;"
        " seq order list --json > orders.json; seq algo logs maker --json;"
        " seq algo metrics maker; seq algo traces maker --max 3;"
        " cd maker && seq algo stop . && seq algo undeploy . --yes && seq algo list -q",
        **at,
    )
    assert done.returncode == 0, done.stderr
    folder = Path(home["HOME"])
    deployed = json.loads((folder / "deployed.json").read_text())
    assert (deployed["name"], deployed["sha256"], deployed["params"][0]["value"]) == ("maker", facts["sha256"], 5)
    frames = [json.loads(line) for line in (folder / "traces.ndjson").read_text().splitlines()]
    assert {frame["data"]["deployment_id"] for frame in frames} == {deployed["deployment_id"]}
    quoted = json.loads((folder / "orders.json").read_text())["orders"]
    assert {row["graph_id"].startswith(f"algo-{deployed['deployment_id']}-") for row in quoted} == {True}
    assert {row["tif"] for row in quoted} == {"post_only"}
    assert "seq order cancel --all --symbol ETH-USD" in done.stderr


def test_a_missing_tool_and_a_wrong_manifest_are_named(shell: Shell, home: dict[str, str]) -> None:
    scripts = home["PATH"].partition(os.pathsep)[0]
    words = f"{scripts}/seq algo init maker --lang c && PATH={scripts} {scripts}/seq algo build maker --json"
    missing = shell(words)
    assert missing.returncode == 5
    assert "clang" in json.loads(missing.stderr.splitlines()[-1])["error"]["hint"]
    shell('mkdir -p bad && printf \'[algo]\\nname = "x"\\nsymbols = ["ETH-USD"]\\ncolour = 1\\n\' > bad/Sequence.toml')
    wrong = shell("seq algo deploy bad --skip-build --dry-run --json")
    assert wrong.returncode == 2
    message = json.loads(wrong.stderr.splitlines()[-1])["error"]["message"]
    assert "line 4" in message
    assert "'colour'" in message


def test_nothing_is_overwritten(shell: Shell) -> None:
    again = shell("seq algo init maker >/dev/null && seq algo init maker --json")
    assert again.returncode == 2
    assert "there already" in json.loads(again.stderr.splitlines()[-1])["error"]["message"]


def test_a_backtest_gives_the_same_bytes_in_two_processes(shell: Shell, home: dict[str, str]) -> None:
    found = tools("c")
    path = f"{home['PATH'].partition(os.pathsep)[0]}{os.pathsep}{found['PATH']}"
    asked = "seq algo backtest maker --venue kraken --start 2026-01-01T00:00 --end 2026-01-01T00:01"
    done = shell(
        f"seq algo init maker --lang c && {asked} --json > one.json && {asked} --json > two.json"
        f" && {asked} --seed 7 --json > other.json && {asked} --tape none.gz",
        PATH=path,
    )
    assert done.returncode == 2, done.stderr
    assert "--tape none.gz: there is no such file" in done.stderr
    one, two, other = ((Path(home["HOME"]) / f"{name}.json").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other
    assert json.loads(one)["summary"]["callbacks"] > 100
