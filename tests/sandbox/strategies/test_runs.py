"""Programs run for real, in processes of their own: what they get, what they may, and that nothing of them is left."""

import io
import tarfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.storage.keys import Keys, digest_of
from seqcli.sandbox.storage.store import open_store
from seqcli.sandbox.storage.vault import Vault
from seqcli.sandbox.strategies import runs as module
from seqcli.sandbox.strategies import warden
from seqcli.sandbox.strategies.kept import MAX_LINES, Secrets, Stored, Strategies, Wanted, fresh
from seqcli.sandbox.strategies.run import LINES_AT_ONCE, LONGEST
from seqcli.sandbox.strategies.runs import Runs, interrupted
from seqcli.wire.strategies import CreateStrategy, Resources

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see what is left")
NOW = 1_785_240_000_000_000_000
MARK = "MARK_OF_A_TEST"


class Stage:
    """Strategies of one account in a store of their own, and the runs of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "runs"
        self.store = open_store(folder / "box.db", NOW)
        self.kept = Strategies(self.store, Vault(self.store, folder / "master"))
        self.keys = Keys([])
        self.mark = str(folder)
        self.runs = Runs(self.kept, self.keys, self.keys.add, url="http://127.0.0.1:1", folder=self.folder)

    def start(self, program: str, secrets: dict[str, str] | None = None, **limits: Any) -> Stored:
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w") as archive:
            content = textwrap.dedent(program).encode()
            row = tarfile.TarInfo("main.py")
            row.size = len(content)
            archive.addfile(row, io.BytesIO(content))
        resources = Resources(**({"cpu_millis": 1000, "memory_mb": 128, "timeout_secs": 60} | limits))
        body = CreateStrategy(name="one", artifact_base64="", env={MARK: self.mark}, secrets=secrets)
        facts = {"artifact_sha256": "", "artifact_bytes": 0, "is_sandbox": True, "created_ns": NOW, "updated_ns": NOW}
        stored = fresh("cl_me", body, resources=resources, **facts)
        self.kept.put(stored, whole.getvalue(), Secrets(values=secrets or {}))
        return self.runs.start(stored, NOW)

    def end(self, row: Stored) -> list[tuple[str, str]]:
        """Look until it has ended; what it has printed."""
        while self.runs.find(row):
            self.runs.step(NOW, 20)
        return self.said(row)

    def until(self, row: Stored, word: str) -> None:
        """Look until it has printed the word."""
        while not any(word in line for _, line in self.said(row)):
            assert self.runs.find(row), self.said(row)
            self.runs.step(NOW, 20)

    def said(self, row: Stored) -> list[tuple[str, str]]:
        lines, _ = self.kept.lines(row, Wanted(limit=MAX_LINES, run_id=row.strategy.run_id or ""))
        return [(line.stream, line.message) for line in lines]

    def alive(self) -> list[int]:
        """Whoever carries the mark in its environment."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"{MARK}={self.mark}".encode() in path.read_bytes():
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found

    def how(self, row: Stored) -> tuple[str, int | None, str | None]:
        (kept,) = self.kept.of("cl_me", sandbox=True)
        assert kept.strategy == row.strategy
        return row.strategy.status, row.strategy.exit_code, row.strategy.error


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(module, "GRACE_S", 0.2)
    made = Stage(tmp_path)
    yield made
    made.runs.close(NOW)
    assert made.alive() == []
    assert list(made.folder.glob("*")) == []
    assert all(key.revoked_ns for key in made.keys.of("cl_me"))
    made.store.close()


def test_what_it_prints_is_kept_by_stream_and_its_end_told(stage: Stage) -> None:
    row = stage.start("import sys; print('one'); print('two', file=sys.stderr); print('three', end='')")
    assert stage.how(row) == ("running", None, None)
    assert sorted(stage.end(row)) == [("stderr", "two"), ("stdout", "one"), ("stdout", "three")]
    assert stage.how(row) == ("exited", 0, None)


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("raise SystemExit(3)", ("failed", 3, "ended with status 3")),
        ("import os; os.kill(os.getpid(), 9)", ("failed", -9, "ended by signal 9")),
        ("syntax error here", ("failed", 1, "ended with status 1")),
    ],
)
def test_a_bad_end_is_told(stage: Stage, program: str, how: Any) -> None:
    row = stage.start(program)
    stage.end(row)
    assert stage.how(row) == how


def test_it_gets_its_own_environment_folder_and_key_and_nothing_of_the_server(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    row = stage.start(
        """
        import os, sys
        print(sorted(os.environ), file=sys.stderr)
        print(os.environ["WORD"], os.environ["SEQ_API_URL"], sorted(os.listdir()), oct(os.stat(".").st_mode & 0o777))
        print(len(os.listdir("/proc/self/fd")), sys.argv)
        input_is_empty = sys.stdin.read()
        print(*os.environ["SEQ_API_KEY"][9:], sep="-")
        """,
        {"WORD": "hush"},
    )
    (key,) = stage.keys.of("cl_me")
    assert (key.role, key.revoked_ns) == ("trader", None)
    said = stage.end(row)
    names = ["HOME", "LANG", MARK, "PATH", "SEQUENCE_API_KEY", "SEQUENCE_API_URL", "SEQ_API_KEY", "SEQ_API_URL", "WORD"]
    assert dict(said)["stderr"] == str(sorted(names))
    assert ("stdout", "hush http://127.0.0.1:1 ['main.py'] 0o700") in said
    assert ("stdout", "4 ['main.py']") in said  # stdin, stdout, stderr, and the folder that is read
    raw = "seq_test_" + next(line for _, line in said if line.count("-") > 60).replace("-", "")
    assert digest_of(raw) == key.digest
    assert stage.keys.find(raw) is None  # revoked with its end
    assert stage.keys.get(key.key_id).revoked_ns == NOW


def test_what_it_prints_of_its_secrets_is_masked(stage: Stage) -> None:
    program = "import os; print('a', os.environ['LONG'], 'b'); print(os.environ['SEQ_API_KEY'], os.environ['SHORT'])"
    row = stage.start(program, {"LONG": "long-enough", "SHORT": "b"})
    assert stage.end(row) == [("stdout", "a … b"), ("stdout", "… b")]


def test_memory_of_one_and_of_many_together(stage: Stage) -> None:
    row = stage.start("held = bytearray(400 << 20)")
    assert ("stderr", "MemoryError") in stage.end(row)
    assert stage.how(row)[:2] == ("failed", 1)
    many = """
    import os, signal
    for _ in range(4):
        if not os.fork():
            held = bytearray(b"x" * (50 << 20))
            signal.pause()
    signal.pause()
    """
    stage.runs.forget(row)
    stage.kept.remove(row)
    row = stage.start(many)
    stage.end(row)
    assert stage.how(row) == ("failed", -9, "used more than 128 MiB of memory")


def test_a_loop_without_end_ends_at_its_time(stage: Stage) -> None:
    row = stage.start("while True: pass", timeout_secs=1)
    stage.end(row)
    assert stage.how(row) == ("failed", -9, "ran longer than 1 s")


def test_who_is_ahead_of_its_share_of_a_core_is_held(stage: Stage) -> None:
    row = stage.start("import os\nprint(os.getpid(), flush=True)\nwhile True: pass", cpu_millis=10)
    stage.until(row, "")
    pid = int(stage.said(row)[0][1])
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        stage.runs.step(NOW, 0.05)
    stage.runs.stop(row, NOW)
    stage.end(row)
    assert stage.how(row)[0] == "stopped"


def test_more_processes_than_may_be_are_ended_all_of_them(stage: Stage) -> None:
    row = stage.start("import os, signal\nfor _ in range(7): os.fork()\nsignal.pause()", memory_mb=4096)
    stage.end(row)
    assert stage.how(row) == ("failed", -9, "started more than 64 processes")
    assert stage.alive() == []


def test_what_a_program_leaves_behind_goes_with_it(stage: Stage) -> None:
    row = stage.start(
        """
        import os, signal
        for _ in range(20):
            if not os.fork():
                os.closerange(0, 3)
                signal.pause()
        """
    )
    stage.end(row)
    assert stage.how(row) == ("exited", 0, None)
    assert stage.alive() == []


def test_however_many_there_are_looking_at_them_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if each had two children, without end."""
    monkeypatch.setattr(warden, "_children", lambda pid: [2 * pid, 2 * pid + 1])
    monkeypatch.setattr(warden, "_fields", lambda _pid: ["S"])
    assert len(warden.descendants(1)) == 4 * warden.MOST_PROCESSES + 1


def test_who_leaves_the_family_is_found(stage: Stage) -> None:
    row = stage.start(
        """
        import os, signal
        if not os.fork():
            os.setsid()
            if not os.fork():
                os.closerange(0, 3)
                signal.pause()
            os._exit(0)
        os.wait()
        print("gone")
        """
    )
    assert stage.end(row) == [("stdout", "gone")]
    assert stage.alive() == []


def test_a_flood_waits_to_be_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(stage.kept, "log", lambda _row, _run, lines: kept.append(len(lines)))
    row = stage.start("while True: print('x')")
    while sum(kept) < 5000:
        stage.runs.step(NOW, 20)
    assert max(kept) <= LINES_AT_ONCE
    stage.runs.forget(row)


def test_a_line_without_end_is_cut_and_no_byte_of_it_is_alive_text(stage: Stage) -> None:
    row = stage.start(f"import sys; sys.stdout.buffer.write(b'y' * {3 * LONGEST} + bytes([255]) + b'end')")
    lines = [line for _, line in stage.end(row)]
    assert [len(line) for line in lines] == [LONGEST, LONGEST, LONGEST, 4]
    assert lines[-1] == "\ufffdend"


def test_only_so_many_lines_are_kept(stage: Stage) -> None:
    row = stage.start("raise SystemExit")
    stage.end(row)
    numbers = [*range(MAX_LINES + 10)]
    for some in (numbers[:5000], numbers[5000:]):
        stage.kept.log(row, row.strategy.run_id or "", [(NOW, "stdout", str(number)) for number in some])
    lines = stage.said(row)
    assert (len(lines), lines[0], lines[-1]) == (MAX_LINES, ("stdout", "10"), ("stdout", str(MAX_LINES + 9)))


STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True: signal.pause()
"""
KIND = """
import signal, sys
def bye(*_):
    print("bye")
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print("ready", flush=True)
while True: signal.pause()
"""


@pytest.mark.parametrize(("program", "last"), [(STUBBORN, "ready"), (KIND, "bye")])
def test_a_stop_asks_first_and_then_makes_it(stage: Stage, program: str, last: str) -> None:
    row = stage.start(program)
    stage.until(row, "ready")
    stage.runs.stop(row, NOW)
    assert stage.how(row)[0] == "stopped"
    assert stage.end(row)[-1] == ("stdout", last)
    assert stage.how(row) == ("stopped", None, None)


def test_without_its_warden_no_program_goes_on(stage: Stage) -> None:
    row = stage.start(STUBBORN)
    stage.until(row, "ready")
    next(iter(stage.runs._running.values()))[1]._warden.kill()
    stage.end(row)
    assert stage.how(row) == ("failed", -9, "its warden was killed")


def test_what_another_exchange_left_open_is_settled(stage: Stage) -> None:
    row = stage.start(STUBBORN)
    stage.until(row, "ready")
    (key,) = stage.keys.of("cl_me")
    again: list[Any] = []
    interrupted(stage.kept, stage.keys, again.append, NOW + 1)
    (kept,) = stage.kept.of("cl_me", sandbox=True)
    assert (kept.strategy.status, kept.strategy.error) == ("failed", "the exchange ended while it ran")
    assert [(row.key_id, row.revoked_ns) for row in again] == [(key.key_id, NOW + 1)]


def test_no_more_than_so_many_run_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.sandbox.problems import Problem

    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    row = stage.start(STUBBORN)
    assert stage.runs.start(row, NOW) is row
    with pytest.raises(Problem, match="1 run already"):
        stage.start(STUBBORN)
    stage.runs.forget(row)


def test_a_secret_is_nowhere_but_in_its_process(stage: Stage, tmp_path: Path) -> None:
    hush = "hush-of-this-test"
    row = stage.start(STUBBORN, {"WORD": hush})
    stage.until(row, "ready")
    words = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert not [line for line in words if hush.encode() in line]
    stage.runs.stop(row, NOW)
    stage.end(row)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and hush.encode() in path.read_bytes()]
    assert stage.kept.opened(row)[1].values == {"WORD": hush}


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
