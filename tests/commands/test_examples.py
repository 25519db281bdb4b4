"""Every example that a help opens with works as it stands against the exchange in the box."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from seqcli import app
from seqcli.commands import grammar

Seq = Any
UNFINISHED = {"order wait": 8}
"""demo-1 rests, so waiting for it ends with the status that says so."""
NEEDS_MORE = ("tape", "journal show", " -f")
"""Examples that want a recording, a compiled module, or what an earlier example left behind."""


def examples(command: Any = None, words: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    command = command or app.root()
    found = [(" ".join(words), example) for example in command.examples if example.startswith("seq --local")]
    for name in command.list_commands(None) if isinstance(command, grammar.Noun) else []:
        found += examples(command.get_command(None, name), (*words, name))
    return [pair for pair in found if not any(word in pair[1] for word in NEEDS_MORE)]


@pytest.fixture
def prepared(seq: Seq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seq:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQ_YES", "1")
    (tmp_path / "maker.wasm").write_bytes(wat2wasm(_MODULE))
    (tmp_path / "kraken.json").write_text('{"api_key": "abcd1234", "api_secret": "c2VjcmV0"}')
    (tmp_path / "hedge.json").write_bytes((Path(__file__).parents[1] / "stories/graphs/hedge.json").read_bytes())
    (tmp_path / "orders.ndjson").write_text('{"symbol": "ETH-USD", "side": "buy", "qty": "1"}\n')
    assert seq("--local", "order", "buy", "ETH-USD", "1").status == 0
    assert seq("--local", "order", "buy", "ETH-USD", "1", "--limit", "1000", "--graph-id", "demo-1").status == 0
    assert seq("--local", "order", "buy", "ETH-USD", "1", "--graph-id", "demo-2").status == 0
    return seq


_MODULE = """(module (memory (export "memory") 1)
(func (export "algo_alloc") (param i32) (result i32) i32.const 1024)
(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 8192))"""


@pytest.mark.parametrize(("words", "example"), examples(), ids=lambda value: value.removeprefix("seq "))
def test_an_example_works_as_it_stands(prepared: Seq, words: str, example: str) -> None:
    if words.startswith("algo ") and words not in ("algo deploy", "algo list"):
        prepared("--local", "algo", "deploy", "maker.wasm", "--symbol", "ETH-USD")
    if words in ("algo job show", "algo job wait", "algo job cancel"):
        window = ("--start", "2026-01-01T00:00", "--end", "2026-01-01T00:01")
        markets = ("--symbol", "ETH-USD", "--venue", "kraken")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("seqcli.sandbox.algos.jobs.urandom", lambda _count: bytes.fromhex("0123456789abcdef0123"))
            assert prepared("--local", "algo", "backtest", "maker.wasm", *markets, *window, "--remote").status == 0
    if words == "creds venue remove":
        prepared("--local", "creds", "venue", "add", "kraken", "--from", "kraken.json")
    done = prepared(*shlex.split(example)[1:])
    assert done.status == UNFINISHED.get(words, 0), done.err
    assert "Traceback" not in done.err
