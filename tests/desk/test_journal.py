"""The journal: on the disk before the first byte, private, whole after kill -9, and never holding a key."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from seqcli import files
from seqcli.desk import journal as journals
from seqcli.desk.journal import Intent, Journal, Taken
from seqcli.errors import Denied, NotSent

WRITER = """
import sys
from pathlib import Path
from seqcli.desk import journal as journals
from seqcli.desk.journal import Intent, Journal

journal = Journal(Path(sys.argv[1]))
for place in range(10**6):
    journal.intend(Intent(graph_id=f"sq-{place}", account="acc", mode="sandbox", kind="place", target="t",
                          body=b'{"n":%d}' % place, created_ns=place, deadline_ns=place))
    sys.stdout.write(f"{place}\\n")
    sys.stdout.flush()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "journal.sqlite3"


def intent(name="sq-1", **changes):
    made = {
        "graph_id": name, "account": "acc", "mode": "sandbox", "kind": "place", "target": name, "body": b"{}",
        "created_ns": 1, "deadline_ns": 2,
    }  # fmt: skip
    return Intent(**(made | changes))


def test_what_intend_returned_from_survives_kill_9(path):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": "."},
    )
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    journal = Journal(path)
    kept = {row.graph_id for row in journal.unsettled()}
    assert {f"sq-{place}" for place in told} <= kept
    assert journal.verify()["sound"]
    journal.intend(intent("sq-after"))


def test_it_is_0600_with_its_side_files_whatever_the_umask(path):
    before = os.umask(0)
    try:
        journal = Journal(path)
        journal.intend(intent())
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "the file, its log and its index"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["others may read it", "a symlink", "a folder", "no folder can be made"])
def test_a_file_that_is_not_safely_ours_stops_the_intent(path, tmp_path, what):
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if what == "others may read it":
        path.touch(mode=0o644)
        path.chmod(0o644)
    elif what == "a symlink":
        (tmp_path / "elsewhere").touch(mode=0o600)
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "a folder":
        path.mkdir()
    else:
        path = path.parent / "file" / "journal.sqlite3"
        path.parent.touch()
    with pytest.raises((NotSent, files.Unsafe)) as failure:
        Journal(path).intend(intent())
    assert failure.value.exit_status in (2, 7)


@pytest.mark.parametrize("damage", ["the header", "a page in the middle", "cut in half"])
def test_a_corrupt_file_stops_the_intent_or_is_told_by_verify(path, damage):
    journal = Journal(path)
    for place in range(300):
        journal.intend(intent(f"sq-{place}", body=b"x" * 500))
    journal.close()
    content = bytearray(path.read_bytes())
    if damage == "the header":
        content[:100] = b"\0" * 100
    elif damage == "a page in the middle":
        content[8192 : len(content) // 2] = b"\xff" * (len(content) // 2 - 8192)
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    broken = Journal(path)
    told = None
    try:
        sound = broken.verify()["sound"]
    except NotSent as failure:
        sound, told = False, failure
    assert sound is False
    assert told is None or told.exit_status == 7


def test_a_full_disk_stops_the_intent_and_the_next_one_goes_in(path):
    """A real limit of the system, set on a child: SQLite sees its write fail."""
    program = (
        "import resource, signal, sys; from pathlib import Path;"
        "from seqcli.desk.journal import Intent, Journal; from seqcli.errors import NotSent;"
        "j = Journal(Path(sys.argv[1])); made = lambda n, size: Intent(graph_id=n, account='a', mode='sandbox',"
        "kind='place', target=n, body=b'x' * size, created_ns=1, deadline_ns=2); j.intend(made('first', 10));"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, hard));\n"
        "try:\n    j.intend(made('too much', 200000)); print('written')\n"
        "except NotSent as failure: print('refused', failure.exit_status)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)); j.intend(made('after', 10));"
        "print([row.graph_id for row in j.unsettled()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["refused 7", "['first', 'after']"], done.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 60000


def test_a_refusal_inside_the_transaction_leaves_nothing(path):
    journal = Journal(path)

    def refuse(inside):
        assert inside.sum_of("COUNT(*)", "1") == 0
        raise LookupError

    with pytest.raises(LookupError):
        journal.intend(intent(), refuse)
    assert journal.unsettled() == []
    journal.intend(intent())


def test_one_id_an_account_is_placed_once(path):
    journal = Journal(path)
    journal.intend(intent())
    journal.intend(intent(account="another"))
    with pytest.raises(Taken) as taken:
        journal.intend(intent(body=b"another"))
    assert taken.value.earlier == journal.find("acc", "sq-1")
    assert len(journal.select("1")) == 2


def test_of_several_that_come_with_one_id_at_once_one_goes_through(path):
    ends = []
    start = threading.Barrier(8)

    def work():
        journal = Journal(path)
        start.wait()
        try:
            ends.append(journal.intend(intent()).id)
        except Taken as taken:
            ends.append(taken.earlier.id)
        journal.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [1] * 8


def test_several_threads_share_one_journal(path):
    journal = Journal(path)
    failures = []

    def write(thread):
        try:
            for place in range(20):
                made = journal.intend(intent(f"sq-{thread}-{place}"))
                made.outcome = "accepted"
                journal.settle(made, 3, "accepted: HTTP 201")
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert journal.sum_of("COUNT(*)", "outcome = 'accepted'") == 160


def test_every_write_but_an_acceptance_is_synchronous_full(path):
    journal = Journal(path)
    connection = journal._open()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    said: list[str] = []
    connection.set_trace_callback(said.append)

    def committed(write):
        """How the last transaction was committed: as the connection was set when it began."""
        said.clear()
        write()
        begun = said.index("BEGIN IMMEDIATE")
        assert said[-1] == "COMMIT"
        return [line for line in said[:begun] if line.startswith("PRAGMA synchronous")]

    one = intent()
    full, normal = ["PRAGMA synchronous = FULL"], ["PRAGMA synchronous = NORMAL"]
    for outcome in ("unknown", "rejected", "not_sent", "accepted"):
        assert committed(lambda: journal.intend(intent(graph_id=f"of {outcome}"))) == full, outcome  # noqa: B023 - called at once
        one.outcome = outcome
        assert committed(lambda: journal.settle(one, 5, "w")) == (normal if outcome == "accepted" else full), outcome
    assert committed(lambda: journal.note(one, 6, "w")) == full
    assert committed(lambda: journal.reopen(one, 7, 8)) == full


def test_what_the_exchange_accepted_is_not_unsaid_by_a_later_doubt(path):
    journal = Journal(path)
    made = journal.intend(intent())
    made.outcome = "accepted"
    journal.settle(made, 3, "HTTP 201")
    for word in ("unknown", "not_sent", "pending"):
        made.outcome = word
        journal.settle(made, 4, "a late doubt")
        stored = journal.find("acc", "sq-1")
        assert stored is not None
        assert stored.outcome == "accepted"


def test_the_history_of_an_intent_is_kept_in_order(path):
    journal = Journal(path)
    made = journal.intend(intent())
    for place in range(3):
        journal.note(made, 10 + place, f"look {place}")
    assert [row["what"] for row in journal.evidence(made)] == ["look 0", "look 1", "look 2"]


def test_no_key_is_ever_in_it(desk, client, make, path):
    key = "seq_live_" + "a1b2c3d4" * 8
    refusal = Denied(f"the server said: Bearer {key} is not known", http_status=401)
    refusal.readable = True
    client.answers = [refusal]
    end = desk.submit(make.order())
    stored = desk.journal.find("acc", end.graph_id)
    assert stored is not None
    assert any("is not known" in row["what"] for row in desk.journal.evidence(stored)), "the refusal was written down"
    desk.close()
    content = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert key.encode() not in content


def test_an_older_reader_sees_a_plain_sqlite_file(path):
    Journal(path).intend(intent())
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT graph_id FROM intents").fetchall() == [("sq-1",)]


class Opening:
    """A new file that others open at the same moment: SQLite says busy at once, without waiting."""

    def __init__(self, busy, code=sqlite3.SQLITE_BUSY):
        self.busy, self.code = busy, code

    def execute(self, _statement):
        if self.busy:
            self.busy -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error
        return self

    def fetchone(self):
        return ("wal",)


def test_a_first_open_by_several_at_once_waits_its_turn(monkeypatch):
    monkeypatch.setattr(journals, "_PAUSE_S", 0.0)
    opening = Opening(busy=3)
    journals._keep_a_log(opening)  # type: ignore[arg-type]
    assert opening.busy == 0


@pytest.mark.parametrize("opening", [Opening(busy=10**9), Opening(busy=1, code=sqlite3.SQLITE_READONLY)])
def test_a_first_open_does_not_wait_for_ever_nor_for_what_will_not_pass(opening, monkeypatch):
    monkeypatch.setattr(journals, "BUSY_S", 0.0)
    with pytest.raises(sqlite3.OperationalError):
        journals._keep_a_log(opening)


def test_intents_that_come_together_are_one_transaction_each_refused_alone(path):
    journal = Journal(path)
    connection = journal._open()
    said: list[str] = []
    durable: dict[str, bool] = {}
    refusals: list[str] = []

    def refuse(_journal):
        raise Denied("not this one")

    def write(name):
        try:
            journal.intend(intent(name), refuse if name == "sq-3" else None)
        except Denied:
            refusals.append(name)
        else:
            durable[name] = said[-1] == "COMMIT"

    threads = [threading.Thread(target=write, args=(f"sq-{place}",)) for place in range(8)]
    with journal._lock:  # all of them wait for this one
        for thread in threads:
            thread.start()
        while len(journal._wishes) < len(threads):
            pass
        connection.set_trace_callback(said.append)
    for thread in threads:
        thread.join()
    assert (said.count("BEGIN IMMEDIATE"), said.count("COMMIT"), said.count("PRAGMA synchronous = FULL")) == (1, 1, 1)
    assert refusals == ["sq-3"]
    assert durable == {f"sq-{place}": True for place in range(8) if place != 3}
    assert {row.graph_id for row in Journal(path).select("1")} == set(durable)


def test_a_full_disk_under_a_group_stops_every_intent_of_it(path):
    journal = Journal(path)
    connection = journal._open()
    connection.execute("PRAGMA max_page_count = 1")
    failures: list[Exception] = []

    def write(name):
        try:
            journal.intend(intent(name, body=b"x" * 100_000))
        except NotSent as failure:
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(f"sq-{place}",)) for place in range(6)]
    with journal._lock:
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 6
    connection.execute("PRAGMA max_page_count = 1000000")
    assert journal.select("1") == []
