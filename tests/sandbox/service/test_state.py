"""One exclusive lock a folder, bounded waits, and announcements that are believed only while they are true."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqcli import files
from seqcli.sandbox.service.state import Busy, Server, State

HOLD = """
import sys
from pathlib import Path
from seqcli.sandbox.service.state import State
state = State(Path(sys.argv[1]))
state.prepare()
assert state.enter(5.0) is None
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "box")
    state.prepare()
    return state


def hold(state: State) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(state.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def end(holder: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    if kill:
        holder.kill()
    with holder:
        pass


def test_the_wait_for_the_lock_is_bounded_and_the_sentence_names_the_folder(state: State) -> None:
    holder = hold(state)
    try:
        with pytest.raises(Busy, match=str(state.folder)):
            state.enter(0.05)
    finally:
        end(holder)


def test_a_killed_holder_leaves_no_lock(state: State) -> None:
    end(hold(state), kill=True)
    assert state.enter(0.0) is None


def test_the_server_that_holds_the_lock_is_found(state: State) -> None:
    holder = hold(state)
    server = Server(url="http://127.0.0.1:1", pid=holder.pid, started_ns=1)
    state.announce(server)
    try:
        assert state.enter(5.0) == server
    finally:
        end(holder)
    assert state.enter(5.0) is None
    assert not state.server_file.exists()


def test_an_announcement_of_a_dead_process_is_not_believed(state: State) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state.announce(Server(url="http://127.0.0.1:1", pid=gone.pid, started_ns=1))
    assert state.server() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"url":1}'])
def test_an_unreadable_announcement_is_none(state: State, content: bytes) -> None:
    files.replace(state.server_file, content)
    assert state.server() is None


@pytest.mark.skipif(os.name == "nt", reason="folders have no mode there")
def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o750)
    with pytest.raises(files.Unsafe, match="other users"):
        State(folder).prepare()


@pytest.mark.skipif(os.name == "nt", reason="files have no mode there")
def test_a_key_file_that_others_can_read_is_refused(state: State) -> None:
    raw = state.first_key()
    assert state.first_key() == raw
    state.key_file.chmod(0o644)
    with pytest.raises(files.Unsafe):
        state.first_key()
