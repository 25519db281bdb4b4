"""Every way a command can end has its status, its sentence and, where asked for, its JSON."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seqcli import __main__, __version__

ROOT = Path(__file__).parent.parent
Seq = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    folders = {"SEQ_CONFIG_DIR": str(tmp_path / "config"), "SEQ_STATE_DIR": str(tmp_path / "state")}
    return keep | folders | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@pytest.fixture
def seq(environment: dict[str, str]) -> Seq:
    def run(*words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seqcli", *words],
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return run


def imported(environment: dict[str, str], *words: str) -> set[str]:
    """The modules that a command line brought in, beside those of the bare interpreter."""
    code = (
        "import sys; before = set(sys.modules); sys.argv = ['seqcli', *sys.argv[1:]]\n"
        "from seqcli.__main__ import run\nrun()\n"
        "print('\\n'.join(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_the_version_needs_nothing_but_the_interpreter(environment: dict[str, str], seq: Seq) -> None:
    done = seq("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"seqcli {__version__}\n", "")
    assert imported(environment, "--version") == {"seqcli", "seqcli.__main__", "seqcli.handover"}


def test_the_version_is_told_after_a_verb_too(seq: Seq) -> None:
    assert seq("market", "symbols", "--version").stdout == f"seqcli {__version__}\n"


def test_help_brings_in_no_command_and_nothing_that_only_a_command_needs(environment: dict[str, str]) -> None:
    brought = imported(environment, "--help")
    assert not {name for name in brought if name.startswith(("seqcli.sandbox", "seqcli.desk", "seqcli.client"))}
    assert not brought & {
        "httpx",
        "rich",
        "keyring",
        "cryptography",
        "sqlite3",
        "asyncio",
        "seqcli.commands.order",
    }


@pytest.mark.parametrize(
    ("words", "named", "instead"),
    [
        (["qoute", "ETH-USD"], "'qoute'", "did you mean: seqcli quote"),
        (["bye"], "'bye'", "buy"),
        (["xyzzy"], "'xyzzy'", "--help"),
        (["market", "symbol"], "'symbol'", "market symbols"),
        (["market", "fees"], "SYMBOL", "for example: seq --local market fees ETH-USD"),
        (["market", "fees", "ETH-USD", "BTC-USD"], "BTC-USD", "for example"),
        (["market", "fees", "ETH USD"], "'ETH USD'", "seq market symbols"),
        (["market", "fees", "--venu", "kraken", "ETH-USD"], "--venu", "did you mean --venue?"),
        (["market", "fees", "ETH-USD", "--venue"], "--venue", "for example"),
        (["market", "fees", "-Z", "ETH-USD"], "-Z", "--help"),
        (["quote", "ETH-USD", "-o", "xml"], "xml", "json"),
        (["quote", "ETH-USD", "--timeout", "soon"], "soon", "seconds"),
        (["quote", "ETH-USD", "--depth", "many"], "'many'", "1 to 100"),
        (["--local", "--profile", "prod", "quote", "ETH-USD"], "--local", "one of them"),
    ],
    ids=str,
)
def test_bad_words_get_one_sentence_that_names_them_and_what_to_type_instead(
    seq: Seq, words: list[str], named: str, instead: str
) -> None:
    done = seq(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert instead in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["qoute", "--json"], {}),
        (["--json", "market", "symbol"], {}),
        (["market", "fees", "-o", "json"], {}),
        (["market", "fees", "-ondjson"], {}),
        (["market", "fees", "--output=csv"], {}),
        (["market", "fees", "--nope", "-o", "raw"], {}),
        (["market", "fees"], {"SEQ_OUTPUT": "json"}),
    ],
    ids=str,
)
def test_a_usage_error_speaks_json_where_a_machine_form_was_asked_for(
    seq: Seq, words: list[str], more: dict[str, str]
) -> None:
    done = seq(*words, **more)
    assert (done.returncode, done.stdout) == (2, "")
    error = json.loads(done.stderr)["error"]
    assert set(error) == {"code", "message", "hint", "request_id", "details", "exit_status"}
    assert (error["code"], error["exit_status"]) == ("USAGE", 2)


def test_no_account_and_nobody_to_ask_is_status_4_with_three_ways_out(seq: Seq) -> None:
    done = seq("quote", "ETH-USD")
    assert (done.returncode, done.stdout) == (4, "")
    for way in ("SEQ_API_KEY", "seq creds login", "--local"):
        assert way in done.stderr


def test_a_reader_that_goes_away_is_status_141_without_a_word(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "seqcli", "--help"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as helping:
        assert helping.stdout is not None
        assert helping.stderr is not None
        helping.stdout.close()
        assert helping.stderr.read() == b""
        assert helping.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_under_stdout_is_told_and_no_success(environment: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "seqcli", "--help"],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_closed_streams_are_no_reason_to_fail(environment: dict[str, str]) -> None:
    command = f'"{sys.executable}" -m seqcli help aliases >&- 2>&-'
    assert subprocess.run(["sh", "-c", command], env=environment, check=False).returncode == 0


@pytest.fixture
def watching(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "seqcli", "--local", "quote", "ETH-USD", "--watch", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_at_once_with_its_status(
    watching: "subprocess.Popen[bytes]", number: signal.Signals, status: int
) -> None:
    watching.send_signal(number)
    _, errors = watching.communicate(timeout=20)
    assert watching.returncode == status
    assert b"Traceback" not in errors


KEY = "seq_live_" + "0123456789abcdef" * 4


def run_with_a_bug(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    from seqcli import app

    def broken(*_arguments: object, **_named: object) -> int:
        raise ValueError(f"lost {KEY}")

    monkeypatch.setattr(app, "run", broken)
    monkeypatch.setattr(sys, "argv", ["seqcli", *words])
    return __main__.run()


def test_a_bug_is_one_sentence_with_status_1_and_no_key_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEQ_DEBUG", raising=False)
    assert run_with_a_bug(monkeypatch) == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert "a bug of ours: ValueError" in written.err
    assert "SEQ_DEBUG=1" in written.err
    assert "Traceback" not in written.err
    assert KEY not in written.err


def test_a_bug_shows_its_traceback_on_request_with_the_key_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEQ_DEBUG", "1")
    assert run_with_a_bug(monkeypatch) == 1
    written = capsys.readouterr().err
    assert "Traceback" in written
    assert KEY not in written


def test_a_bug_is_json_where_a_machine_form_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEQ_DEBUG", raising=False)
    assert run_with_a_bug(monkeypatch, "--json") == 1
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["code"], error["exit_status"]) == ("BUG", 1)


def test_a_quote_in_json_brings_in_no_table_library_no_keyring_and_no_network(environment: dict[str, str]) -> None:
    brought = imported(environment, "--local", "quote", "ETH-USD", "--json")
    heavy = {"rich", "httpx", "keyring", "asyncio", "uvicorn", "cryptography", "wasmtime", "tomlkit"}
    assert not brought & (heavy | {"dataclasses", "platformdirs", "importlib.metadata", "seqcli.desk.desk"})
