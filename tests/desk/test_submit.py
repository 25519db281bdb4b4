"""Four outcomes and no others. Each row is a rule of what may be said of an order."""

import os
import sqlite3
import stat

import pytest

from seqcli.desk import journal as journals
from seqcli.desk.journal import Journal
from seqcli.errors import (
    Ambiguous,
    Denied,
    Interrupted,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PolicyRefused,
    RateLimited,
    Refused,
    Usage,
)
from seqcli.files import Unsafe
from seqcli.wire import strict

RESET = Ambiguous("cut the connection")
REFUSAL = Refused("validation error: qty", code="VALIDATION_ERROR", http_status=400)
CLASH = Refused("conflict: kill_switch: engaged", code="CONFLICT", http_status=409)
ABSENT = NotFound("not found: graph", http_status=404)
REFUSED_CONNECTION = NotSent("refused the connection")
NO_KEY = Denied("unauthorized", http_status=401)
LIMITED = RateLimited("rate limit exceeded", http_status=429)
DOWN = Ambiguous("HTTP 503", http_status=503)
LOCALLY_LIMITED = RateLimited("the rate limit leaves no room before the deadline")
LOCALLY_DENIED = Denied("there is no API key", code="NO_KEY")
PAGE = Refused("the server answered HTTP 403", http_status=403)
PAGE_404 = NotFound("the server answered HTTP 404", http_status=404)


def said(failure):
    """The failure as the server says it, in the API's own words."""
    failure.readable = True
    return failure


for failure in (REFUSAL, CLASH, ABSENT, NO_KEY, LIMITED):
    said(failure)


class Found:
    """The look-up finds our graph."""


def answers(script, client, make):
    """Turn words of a row into answers."""
    client.answers = [
        (lambda _body, _path: make.graph_of(client.sent[0])) if step is Found else make.placed if step == "ok" else step
        for step in script
    ]


@pytest.mark.parametrize(
    ("script", "outcome", "sends"),
    [
        pytest.param(["ok"], "accepted", 1, id="a readable 2xx that names our graph"),
        pytest.param([RESET, Found], "accepted", 1, id="no answer, then the look-up finds it: not sent again"),
        pytest.param([RESET, ABSENT, "ok"], "accepted", 2, id="no answer, nothing found: the same bytes again"),
        pytest.param([DOWN, DOWN, DOWN, Found], "accepted", 2, id="5xx throughout, found in the end"),
        pytest.param(
            [RESET, ABSENT, RESET, ABSENT, RESET, ABSENT, RESET, ABSENT], "unknown", 4, id="nothing readable ever"
        ),
        pytest.param([RESET, ABSENT, REFUSAL, Found], "accepted", 2, id="a refusal of a repeat says nothing"),
        pytest.param(
            [RESET, ABSENT, CLASH, ABSENT, CLASH, ABSENT, CLASH, ABSENT],
            "unknown",
            4,
            id="409 on every repeat: unknown",
        ),
        pytest.param(
            [RESET, ABSENT, NO_KEY, ABSENT, NO_KEY, ABSENT, NO_KEY, ABSENT], "unknown", 4, id="401 on a repeat"
        ),
        pytest.param([REFUSAL, ABSENT], "rejected", 1, id="a first refusal, confirmed by a look-up"),
        pytest.param([CLASH, ABSENT], "rejected", 1, id="a first 409, confirmed"),
        pytest.param([REFUSAL, Found], "accepted", 1, id="a first refusal that lied"),
        pytest.param([REFUSAL, RESET], "unknown", 1, id="a first refusal whose look-up fails"),
        pytest.param([ABSENT, ABSENT], "rejected", 1, id="a first 404, confirmed"),
        pytest.param([NO_KEY], "rejected", 1, id="a first 401 is definite"),
        pytest.param([LIMITED, LIMITED, LIMITED, LIMITED], "rejected", 4, id="429 and nothing else"),
        pytest.param([LIMITED, "ok"], "accepted", 2, id="429, then accepted"),
        pytest.param([REFUSED_CONNECTION] * 4, "not_sent", 4, id="no byte ever left"),
        pytest.param([REFUSED_CONNECTION, "ok"], "accepted", 2, id="a retry after no byte left"),
        pytest.param(
            [REFUSED_CONNECTION, RESET, *[ABSENT, REFUSED_CONNECTION] * 2, ABSENT], "unknown", 4, id="one byte left"
        ),
        pytest.param(
            [lambda *_: {"graph_id": "another"}, Found], "accepted", 1, id="a 2xx of another graph is no answer"
        ),
        pytest.param([lambda *_: None, *[ABSENT, RESET] * 3, ABSENT], "unknown", 4, id="an empty 2xx is no answer"),
        pytest.param([PAGE, Found], "accepted", 1, id="a refusal that some proxy wrote says nothing"),
        pytest.param([PAGE, *[ABSENT, NO_KEY] * 3, ABSENT], "unknown", 4, id="a proxy's 403, then the API's"),
        pytest.param([REFUSAL, PAGE_404], "unknown", 1, id="a first refusal whose look-up some proxy answers"),
        pytest.param([RESET, PAGE_404, "ok"], "accepted", 2, id="a proxy's 404 settles nothing"),
        pytest.param([LOCALLY_LIMITED] * 4, "not_sent", 4, id="stopped by our own rate limit every time"),
        pytest.param([LOCALLY_LIMITED, "ok"], "accepted", 2, id="our own rate limit, then room"),
        pytest.param([LOCALLY_DENIED], "not_sent", 1, id="refused before a byte left"),
        pytest.param([REFUSAL, KeyboardInterrupt()], "unknown", 1, id="Ctrl-C before a refusal is confirmed"),
        pytest.param([LIMITED, ZeroDivisionError()], "unknown", 2, id="429, then a bug in flight"),
        pytest.param(
            [lambda body, _: {"graph_id": strict.parse(body)["graph_id"], "orders": 5}], "accepted", 1, id="odd orders"
        ),
        pytest.param([ZeroDivisionError()], "unknown", 1, id="a bug in flight"),
        pytest.param([KeyboardInterrupt()], "unknown", 1, id="Ctrl-C in flight"),
        pytest.param([RESET, KeyboardInterrupt()], "unknown", 1, id="Ctrl-C in a look-up after an ambiguous send"),
    ],
)
def test_the_outcome_says_no_more_than_is_known(script, outcome, sends, desk, client, make):
    answers(script, client, make)
    end = desk.submit(make.order())
    assert (end.outcome, len(client.sent)) == (outcome, sends)
    assert client.answers == []
    assert len(set(client.sent)) == 1, "a retry sends the very same bytes"
    stored = desk.journal.find("acc", end.graph_id)
    assert stored is not None
    assert (stored.outcome, stored.body) == (outcome, client.sent[0])
    assert (end.failure is None) is (outcome == "accepted")
    if outcome == "unknown":
        assert isinstance(end.failure, OutcomeUnknown)
        assert end.failure.hint == f"seq order reconcile {end.graph_id}"


def test_an_order_that_shows_rejected_is_rejected_inside_a_201_too(desk, client, make):
    order = {"failure_reason": "INSUFFICIENT_BALANCE"}
    client.answers = [lambda body, path: make.placed(body, path, status="REJECTED", order=order)]
    end = desk.submit(make.order())
    assert (end.outcome, end.status) == ("rejected", "REJECTED")
    assert isinstance(end.failure, Refused)
    assert end.failure.stable_code == "INSUFFICIENT_BALANCE"


def test_a_rejected_order_that_filled_something_is_not_called_rejected(desk, client, make):
    client.answers = [lambda body, path: make.placed(body, path, status="REJECTED", order={"filled_qty_1e8": 1})]
    assert desk.submit(make.order()).outcome == "accepted"


def test_the_deadline_bounds_all_attempts(open_desk, client, clock, make):
    def slow(*_):
        clock.sleep(3.0)
        raise RESET

    client.answers = [slow] * 8
    start = clock.monotonic()
    end = open_desk(deadline_s=5.0).submit(make.order())
    assert end.outcome == "unknown"
    assert clock.monotonic() - start <= 5.0 + 3.0  # the one under way ends by itself
    assert len(client.sent) == 1


def test_retry_after_is_honoured_but_never_past_the_deadline(desk, client, clock, make):
    client.answers = [said(RateLimited("slow down", http_status=429, retry_after_s=12.0)), make.placed]
    start = clock.monotonic()
    assert desk.submit(make.order()).outcome == "accepted"
    assert clock.monotonic() - start >= 12.0
    client.answers = [said(RateLimited("slow down", http_status=429, retry_after_s=60.0))]
    start = clock.monotonic()
    assert desk.submit(make.order(side="sell")).outcome == "rejected"
    assert clock.monotonic() == start


def test_the_intent_is_on_disk_before_the_first_byte(desk, client, tmp_path, make):
    seen = []

    def look(body, _path):
        with sqlite3.connect(tmp_path / "state" / "journal.sqlite3") as other:
            seen.extend(other.execute("SELECT body, outcome FROM intents").fetchall())
        return make.placed(body)

    client.answers = [look]
    desk.submit(make.order())
    assert seen == [(client.sent[0], "pending")]


def test_the_journal_is_private(desk, client, tmp_path, make):
    client.answers = [make.placed]
    desk.submit(make.order())
    path = tmp_path / "state" / "journal.sqlite3"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _read_only(path):
    path.chmod(0o400)
    path.parent.chmod(0o500)


def _corrupt(path):
    path.write_bytes(b"this is no database, and it is longer than a header " * 40)


def _open_to_others(path):
    path.chmod(0o644)


@pytest.mark.parametrize("damage", [_corrupt, _open_to_others], ids=lambda damage: damage.__name__)
def test_without_a_journal_nothing_is_sent(damage, desk, open_desk, client, tmp_path, make):
    client.answers = [make.placed]
    desk.submit(make.order())
    desk.close()
    damage(tmp_path / "state" / "journal.sqlite3")
    with pytest.raises((NotSent, Unsafe)):
        open_desk().submit(make.order(side="sell"))
    assert len(client.sent) == 1


def test_a_full_disk_stops_the_order(desk, client, monkeypatch):
    class Full:
        in_transaction = False

        def execute(self, *_):
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(desk.journal, "_open", Full)
    with pytest.raises(NotSent, match="disk is full"):
        desk.journal.intend(_intent())
    assert client.asked == []


def test_a_locked_journal_stops_the_order_within_a_bound(desk, client, tmp_path, monkeypatch, make):
    monkeypatch.setattr(journals, "BUSY_S", 0.05)
    client.answers = [make.placed]
    other = Journal(tmp_path / "state" / "journal.sqlite3")
    with other._reading() as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotSent, match="locked"):
            desk.submit(make.order())
    assert client.sent == []


def test_ids_are_ours_ordered_in_time_and_never_repeat(desk, clock, make):
    seen = []
    for _ in range(50):
        seen.append(desk.dressed(make.order()).graph_id)
        clock.sleep(0.001)
    assert seen == sorted(set(seen))
    assert all(len(name) == 39 and name.startswith("sq-") and name[17] == "7" and name[22] in "89ab" for name in seen)


def test_the_same_id_sends_the_same_bytes_and_never_others(desk, client, make):
    client.answers = [make.placed]
    desk.submit(make.order(graph_id="mine"))
    client.answers = [lambda *_: make.graph_of(client.sent[0]), make.placed]
    assert desk.submit(make.order(graph_id="mine")).outcome == "accepted"
    with pytest.raises(Usage, match="used for another order"):
        desk.submit(make.order(graph_id="mine", qty=5))
    assert len(set(client.sent)) == 1


def test_an_accepted_order_is_looked_up_and_never_sent_again(desk, client, make):
    client.answers = [make.placed]
    desk.submit(make.order(graph_id="mine"))
    client.answers = [ABSENT]  # an exchange may forget an id; a second order of that id would be a second order
    end = desk.submit(make.order(graph_id="mine"))
    assert (end.outcome, len(client.sent)) == ("accepted", 1)
    client.answers = [DOWN]
    assert desk.submit(make.order(graph_id="mine")).outcome == "accepted"
    assert desk.journal.find("acc", "mine").outcome == "accepted"


@pytest.mark.parametrize(
    ("first", "outcome"), [([REFUSED_CONNECTION] * 4, "not_sent"), ([REFUSAL, ABSENT], "rejected")]
)
def test_an_order_sent_again_is_in_flight_in_the_journal_before_its_first_byte(
    first, outcome, desk, client, tmp_path, clock, make
):
    client.answers = first
    assert desk.submit(make.order(graph_id="mine")).outcome == outcome
    old = desk.journal.find("acc", "mine").deadline_ns
    clock.sleep(100)
    deadline_ns = clock.time_ns() + 20_000_000_000
    seen = []

    def look(body, _path):
        with sqlite3.connect(tmp_path / "state" / "journal.sqlite3") as other:
            seen.extend(other.execute("SELECT outcome, deadline_ns FROM intents").fetchall())
        return make.placed(body)

    client.answers = [look]
    assert desk.submit(make.order(graph_id="mine")).outcome == "accepted"
    assert seen == [("pending", deadline_ns)]
    assert deadline_ns > old


def test_the_latch_is_read_before_each_attempt(desk, client, clock, make):
    def latch(_body, _path):
        desk.latch.engage("acc", clock.time_ns(), "test")
        raise RESET

    client.answers = [latch, ABSENT, ABSENT]
    end = desk.submit(make.order())
    assert (end.outcome, len(client.sent)) == ("unknown", 1)


def test_a_latch_set_after_the_intent_stops_it_and_says_so(desk, clock, monkeypatch, make):
    intend = desk.journal.intend

    def slow(*arguments):
        intend(*arguments)
        desk.latch.engage("acc", clock.time_ns(), "test")

    monkeypatch.setattr(desk.journal, "intend", slow)
    end = desk.submit(make.order())
    assert end.outcome == "not_sent"
    assert isinstance(end.failure, PolicyRefused)
    assert desk.journal.unsettled() == []


def test_a_409_about_an_id_that_belongs_to_another_order_is_a_rejection(desk, client, make):
    other = [{"node_id": "order", "side": "sell", "quantity": {"fixed": {"qty_1e8": 100_000_000}}}]
    client.answers = [CLASH, lambda *_: make.graph_of(client.sent[0], nodes=other)]
    assert desk.submit(make.order(graph_id="taken")).outcome == "rejected"


def test_a_409_about_a_graph_of_another_size_is_not_settled(desk, client, make):
    amended = [{"node_id": "order", "side": "buy", "quantity": {"fixed": {"qty_1e8": 1}}}]
    client.answers = [CLASH, lambda *_: make.graph_of(client.sent[0], nodes=amended)]
    assert desk.submit(make.order(graph_id="taken")).outcome == "unknown"


def test_how_a_server_writes_a_quantity_does_not_make_it_another_order(desk, client, make):
    written = [{"node_id": "order", "side": "BUY", "quantity": {"notional": None, "fixed": {"qty_1e8": 100_000_000}}}]
    client.answers = [CLASH, lambda *_: make.graph_of(client.sent[0], nodes=written)]
    assert desk.submit(make.order()).outcome == "accepted"


def test_a_price_of_nought_is_an_error_never_a_market_order(desk, client, make):
    with pytest.raises(Usage, match="must be positive"):
        desk.submit(make.order(price=0))
    assert client.asked == []


def test_the_latch_stops_every_order_of_its_account(desk, client, clock, make):
    desk.latch.engage("acc", clock.time_ns(), "test")
    with pytest.raises(PolicyRefused, match="kill switch"):
        desk.submit(make.order())
    desk.latch.release("acc")
    desk.latch.engage(None, clock.time_ns(), "no key could be read")
    with pytest.raises(PolicyRefused, match="kill switch"):
        desk.submit(make.order())
    assert client.asked == []


def test_a_paper_order_on_a_live_key_needs_the_echo(desk, client, make):
    client.mode = "live"
    client.answers = [lambda body, path: make.placed(body, path, is_sandbox=True)]
    assert desk.submit(make.order(is_sandbox=True)).outcome == "accepted"
    client.answers = [make.placed, lambda *_: {}]
    end = desk.submit(make.order(is_sandbox=True, side="sell"))
    assert end.outcome == "unknown"
    assert "did NOT confirm" in str(end.failure)
    assert client.asked[-1][0] == "graphs.cancel"


def test_interrupted_before_anything_left_is_not_sent(desk, client, make):
    client.answers = [REFUSED_CONNECTION, KeyboardInterrupt()]
    desk._sender.may_retry = lambda: True
    original = desk._client.clock.sleep

    def interrupt(_):
        raise KeyboardInterrupt

    desk._client.clock.sleep = interrupt
    end = desk.submit(make.order())
    desk._client.clock.sleep = original
    assert end.outcome == "not_sent"
    assert isinstance(end.failure, Interrupted)


def _intent():
    from seqcli.desk.journal import Intent

    return Intent(
        graph_id="g", account="acc", mode="sandbox", kind="place", target="g", body=b"{}", created_ns=1, deadline_ns=2
    )


def test_a_journal_that_fails_afterwards_does_not_hide_the_outcome(desk, client, monkeypatch, make):
    def fail(*_):
        raise NotSent("cannot write the journal", code="JOURNAL")

    client.answers = [make.placed]
    monkeypatch.setattr(desk.journal, "settle", fail)
    end = desk.submit(make.order())
    assert end.outcome == "accepted"
    assert isinstance(end.failure, OutcomeUnknown)


def test_verify_notices_a_changed_body(desk, client, make):
    client.answers = [make.placed]
    end = desk.submit(make.order())
    assert desk.journal.verify()["sound"]
    with desk.journal._reading() as connection:
        connection.execute("UPDATE intents SET body = ?", (b"{}",))
    assert desk.journal.verify()["problems"] == [f"the body of {end.graph_id} was changed"]


@pytest.mark.skipif(os.getuid() == 0, reason="root writes into read-only files")
def test_a_read_only_journal_stops_the_order(desk, open_desk, client, tmp_path, make):
    client.answers = [make.placed]
    desk.submit(make.order())
    desk.close()
    _read_only(tmp_path / "state" / "journal.sqlite3")
    with pytest.raises(NotSent):
        open_desk().submit(make.order(side="sell"))
