"""The latch is a file that every send looks at: durable, of one account or of all, and on when it can't be read."""

import contextlib
import os
import stat

import pytest

from seqcli.desk.latch import Latch
from seqcli.errors import Ambiguous, NotFound, PolicyRefused


@pytest.fixture
def latch(tmp_path):
    return Latch(tmp_path / "latch")


def test_a_latch_stops_its_own_account_and_no_other(latch):
    latch.engage("one", 7, "drill")
    with pytest.raises(PolicyRefused) as refused:
        latch.check("one")
    assert refused.value.exit_status == 3
    assert refused.value.stable_code == "KILL_SWITCH"
    latch.check("another")
    assert latch.record("one") == {"account": "one", "engaged_ns": 7, "reason": "drill"}


def test_where_no_key_can_be_read_every_account_is_covered(latch):
    latch.engage(None, 7, None)
    for account in ("one", "another", None):
        with pytest.raises(PolicyRefused):
            latch.check(account)


def test_off_takes_away_the_account_s_latch_and_the_one_of_every_account(latch):
    latch.engage("one", 7, None)
    latch.engage(None, 7, None)
    latch.release("one")
    latch.check("one")
    latch.release("one")


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"\xff"])
def test_a_latch_that_cannot_be_understood_holds(latch, tmp_path, content):
    latch.engage("one", 7, None)
    (tmp_path / "latch" / "one.json").write_bytes(content)
    with pytest.raises(PolicyRefused):
        latch.check("one")


def test_a_latch_that_cannot_be_opened_holds(latch, tmp_path):
    (tmp_path / "latch" / "one.json").mkdir(parents=True)
    with pytest.raises(PolicyRefused):
        latch.check("one")


def test_a_new_process_sees_it(latch, tmp_path):
    latch.engage("one", 7, None)
    with pytest.raises(PolicyRefused):
        Latch(tmp_path / "latch").check("one")


def test_it_is_private_and_on_the_disk_when_engage_returns(latch, tmp_path, monkeypatch):
    synced: list[int] = []
    real = os.fsync

    def sync(descriptor):
        synced.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    latch.engage("one", 7, None)
    assert len(synced) == 2, "the file, and the folder that names it"
    assert stat.S_IMODE((tmp_path / "latch" / "one.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "latch").stat().st_mode) == 0o700


def test_the_desk_reads_it_between_the_journal_and_the_first_byte(desk, client, clock, make, monkeypatch):
    client.answers = [make.placed]
    intend = desk.journal.intend

    def latched_meanwhile(*words):
        result = intend(*words)
        desk.latch.engage("acc", clock.time_ns(), "another process, just now")
        return result

    monkeypatch.setattr(desk.journal, "intend", latched_meanwhile)
    end = desk.submit(make.order())
    assert end.outcome == "not_sent"
    assert isinstance(end.failure, PolicyRefused)
    assert client.sent == []


def test_a_retry_and_a_resend_look_at_it_too(desk, client, clock, make):
    absent = NotFound("not found", http_status=404)
    absent.readable = True

    def latched_meanwhile(*_):
        desk.latch.engage("acc", clock.time_ns(), None)
        raise Ambiguous("cut the connection")

    client.answers = [latched_meanwhile, absent, absent, absent]
    end = desk.submit(make.order())
    assert (end.outcome, len(client.sent)) == ("unknown", 1)
    client.answers = [absent]
    with contextlib.suppress(PolicyRefused):
        desk.reconcile([end.graph_id], resend=True)
    assert len(client.sent) == 1
    stored = desk.journal.find("acc", end.graph_id)
    assert stored is not None
    assert stored.outcome == "unknown"


def test_negative_control_without_the_latch_in_the_send_path_the_order_leaves(desk, client, clock, make, monkeypatch):
    monkeypatch.setattr(desk.latch, "check", lambda _account: None)
    client.answers = [make.placed]
    desk.latch.engage("acc", clock.time_ns(), None)
    assert desk.submit(make.order()).outcome == "accepted"
    assert len(client.sent) == 1


@pytest.mark.parametrize("name", ["RESUME"])
def test_what_would_trade_is_stopped_and_a_cancel_is_not(desk, client, clock, name):
    from seqcli.wire import graphs
    from seqcli.wire.operation import Request

    desk.latch.engage("acc", clock.time_ns(), None)
    request = Request(path={"graph_id": "sq-1"})
    with pytest.raises(PolicyRefused):
        desk.send(getattr(graphs, name), request)
    assert client.asked == []
    client.answers = [lambda *_: {"graph_id": "sq-1", "cancel_state": "done"}]
    desk.send(graphs.CANCEL, request)


def test_every_operation_that_starts_something_is_named():
    from seqcli.desk.desk import NEW_RISK
    from seqcli.wire import catalogue

    names = {operation.name for operation in catalogue.all_operations()}
    assert sorted(NEW_RISK - names) == []
    starters = {name for name in names if name.rpartition("_")[2] in {"start", "deploy", "resume"}}
    starters |= {name for name in names if name.partition(".")[2] in {"start", "deploy", "resume"}}
    assert sorted(starters - NEW_RISK) == []
