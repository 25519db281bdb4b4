"""Amend and decrease: the absolute target is journaled first, and a repeat never shrinks twice."""

import sqlite3

import pytest

from seqcli.desk import changes
from seqcli.errors import (
    Ambiguous,
    Denied,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PolicyRefused,
    RateLimited,
    Refused,
    Usage,
)
from seqcli.wire import graphs, orders, strict
from seqcli.wire.operation import Request

ID = "graph:sq-1:order:1"
UNIT = 10**8


def said(failure):
    """In the API's own words."""
    failure.readable = True
    return failure


REFUSAL = said(Refused("validation error: new_qty_1e8: below filled", code="VALIDATION_ERROR", http_status=400))
HTML = Refused("the server answered HTTP 400", http_status=400)
NO_KEY = said(Denied("unauthorized", http_status=401))
LIMITED = said(RateLimited("rate limit exceeded", http_status=429))
RESET = Ambiguous("cut the connection")


class Exchange:
    """One order, and amends that are lost, late or refused as the test says."""

    def __init__(self, client, qty=10 * UNIT):
        self.client = client
        self.row = {
            "node_order_id": ID, "graph_id": "sq-1", "status": "WORKING", "symbol": "ETH-USD", "side": "buy",
            "qty_1e8": qty, "filled_qty_1e8": 0, "limit_price_1e9": 3000 * 10**9,
        }  # fmt: skip
        self.late = []
        self.asked_to = []
        self.behaviour = []
        client.call = self.call

    def call(self, operation, _request=None, *, body=None, **_options):
        from seqcli.client.client import Reply

        if operation.name == "orders.show":
            return Reply(operation, 200, {}, b"", dict(self.row), "r")
        assert operation.name == "orders.amend"
        self.asked_to.append(body)
        how = self.behaviour.pop(0) if self.behaviour else "ok"
        if how == "late":
            self.late.append(body)
            raise RESET
        if how == "lost":
            raise RESET
        if isinstance(how, BaseException):
            raise how
        self.apply(body)
        if how == "applied, no answer":
            raise RESET
        if how == "applied, refused":
            raise REFUSAL
        return Reply(operation, 200, {}, b"", dict(self.row), "r")

    def apply(self, body):
        value = strict.parse(body)
        self.row["qty_1e8"] = value.get("new_qty_1e8", self.row["qty_1e8"])
        self.row["limit_price_1e9"] = value.get("new_constraints", {}).get("max_price_1e9", self.row["limit_price_1e9"])

    def arrive(self):
        while self.late:
            self.apply(self.late.pop(0))


@pytest.fixture
def exchange(client):
    return Exchange(client)


def outcome_of(desk):
    return [(row.kind, row.outcome, row.qty_1e8) for row in desk.journal.select("kind != 'place' ORDER BY id")]


def test_the_absolute_target_is_on_disk_before_the_first_byte(desk, exchange, tmp_path):
    seen = []
    call = exchange.call

    def look(operation, *words, **options):
        if operation.name == "orders.amend":
            with sqlite3.connect(tmp_path / "state" / "journal.sqlite3") as other:
                seen.extend(other.execute("SELECT kind, target, qty_1e8, outcome, body FROM intents").fetchall())
        return call(operation, *words, **options)

    exchange.client.call = look
    desk.decrease(ID, 3 * UNIT)
    assert seen == [("decrease", ID, 7 * UNIT, "pending", b'{"new_qty_1e8":700000000}')]
    assert outcome_of(desk) == [("decrease", "accepted", 7 * UNIT)]


def test_a_journal_that_cannot_be_written_stops_the_change(desk, exchange, tmp_path):
    (tmp_path / "state" / "journal.sqlite3").mkdir()
    with pytest.raises(NotSent):
        desk.amend(ID, orders.Amend(new_qty_1e8=UNIT))
    assert exchange.asked_to == []


@pytest.mark.parametrize("how", ["lost", "late", "applied, no answer"])
def test_a_repeat_never_shrinks_twice(desk, exchange, how):
    exchange.behaviour = [how]
    if how == "applied, no answer":
        desk.decrease(ID, 3 * UNIT)
    else:
        with pytest.raises(OutcomeUnknown) as unknown:
            desk.decrease(ID, 3 * UNIT)
        assert (unknown.value.exit_status, unknown.value.hint) == (9, "seq order reconcile")
        desk.decrease(ID, 3 * UNIT)
    exchange.arrive()
    assert exchange.row["qty_1e8"] == 7 * UNIT
    assert len(set(exchange.asked_to)) == 1, "the same bytes"
    assert desk.pending() == []


def test_negative_control_a_decrease_computed_anew_shrinks_twice(desk, exchange, monkeypatch):
    monkeypatch.setattr(changes.Changes, "_earlier", lambda *_: None)
    exchange.behaviour = ["late"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    exchange.arrive()
    desk.decrease(ID, 3 * UNIT)
    assert exchange.row["qty_1e8"] == 4 * UNIT


def test_after_an_ambiguous_end_the_order_is_read_again_not_the_change_repeated(desk, exchange):
    exchange.behaviour = ["applied, no answer"]
    assert desk.amend(ID, orders.Amend(new_qty_1e8=5 * UNIT))["qty_1e8"] == 5 * UNIT
    assert len(exchange.asked_to) == 1
    assert outcome_of(desk) == [("amend", "accepted", 5 * UNIT)]


@pytest.mark.parametrize(
    ("how", "failure", "outcome"),
    [
        pytest.param(REFUSAL, Refused, "rejected", id="a first refusal, confirmed by the order as it was"),
        pytest.param("applied, refused", OutcomeUnknown, "unknown", id="a refusal, and yet the order shows it"),
        pytest.param(HTML, OutcomeUnknown, "unknown", id="a refusal that is not the API's is no answer"),
        pytest.param(NO_KEY, Denied, "rejected", id="a first 401 is definite"),
        pytest.param(LIMITED, RateLimited, "rejected", id="429 is definite"),
        pytest.param(NotSent("refused the connection"), NotSent, "not_sent", id="no byte left"),
        pytest.param(KeyboardInterrupt(), OutcomeUnknown, "unknown", id="Ctrl-C in flight"),
        pytest.param("lost", OutcomeUnknown, "unknown", id="no answer, not there when looked up"),
    ],
)
def test_a_change_is_called_no_more_than_is_known(desk, exchange, how, failure, outcome):
    exchange.behaviour = [how]
    with pytest.raises(failure):
        desk.amend(ID, orders.Amend(new_qty_1e8=5 * UNIT))
    assert outcome_of(desk) == [("amend", outcome, 5 * UNIT)]


@pytest.mark.parametrize("refusal", [REFUSAL, NO_KEY, LIMITED, NotSent("refused the connection")])
def test_a_refusal_of_a_repeat_says_nothing_of_the_first(desk, exchange, refusal):
    exchange.behaviour = ["late", refusal]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            desk.decrease(ID, 3 * UNIT)
    assert len(desk.pending()) == 1
    exchange.arrive()
    assert [row["outcome"] for row in desk.reconcile([])] == ["accepted"]
    assert exchange.row["qty_1e8"] == 7 * UNIT


def test_another_change_waits_until_the_earlier_one_is_settled(desk, exchange):
    exchange.behaviour = ["late"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    for change in (lambda: desk.decrease(ID, UNIT), lambda: desk.amend(ID, orders.Amend(new_qty_1e8=20 * UNIT))):
        with pytest.raises(Refused, match="not settled"):
            change()
    exchange.arrive()
    desk.decrease(ID, UNIT)
    assert exchange.row["qty_1e8"] == 6 * UNIT


def test_two_looks_30_s_apart_after_the_deadline_settle_a_change_that_never_came(desk, exchange, clock):
    exchange.behaviour = ["lost"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    clock.sleep(20 + 29)
    assert [row["outcome"] for row in desk.reconcile([])] == ["unknown"]  # within 30 s of the deadline: proves nothing
    clock.sleep(31)
    assert [row["outcome"] for row in desk.reconcile([])] == ["unknown"]  # the first look that counts
    clock.sleep(29)
    assert [row["outcome"] for row in desk.reconcile([])] == ["unknown"]
    clock.sleep(2)
    assert [row["outcome"] for row in desk.reconcile([])] == ["not_sent"]
    assert desk.pending() == []


def test_looks_before_a_change_is_sent_again_prove_nothing(desk, exchange, clock):
    exchange.behaviour = ["lost", "late"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    clock.sleep(60)
    desk.reconcile([])
    clock.sleep(60)
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    assert [row["outcome"] for row in desk.reconcile([])] == ["unknown"]
    exchange.arrive()
    assert [row["outcome"] for row in desk.reconcile([])] == ["accepted"]


def test_reconcile_counts_a_change_that_is_still_unknown(desk, exchange):
    from seqcli.desk.reconcile import left_over

    exchange.behaviour = ["lost"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    assert left_over(desk.reconcile([])) == ["sq-1"]


def test_a_change_of_an_order_that_ended_without_it_is_settled(desk, exchange):
    exchange.behaviour = ["lost"]
    with pytest.raises(OutcomeUnknown):
        desk.decrease(ID, 3 * UNIT)
    exchange.row["status"] = "CANCELLED"
    assert [row["outcome"] for row in desk.reconcile([])] == ["rejected"]


@pytest.mark.parametrize(
    "body",
    [
        orders.Amend(new_constraints=orders.NewConstraints(max_price_1e9=0)),
        orders.Amend(new_constraints=orders.NewConstraints(max_price_1e9=-1)),
        orders.Amend(new_qty_1e8=0),
        orders.Amend(new_qty_1e8=-1),
    ],
)
def test_nought_is_an_error_before_anything_is_written(desk, exchange, body):
    with pytest.raises(Usage):
        desk.amend(ID, body)
    assert exchange.asked_to == []
    assert outcome_of(desk) == []


@pytest.mark.parametrize("by", [0, -UNIT])
def test_a_decrease_never_grows(desk, exchange, by):
    with pytest.raises(Usage):
        desk.decrease(ID, by)
    assert exchange.asked_to == []


@pytest.mark.parametrize(("by", "filled"), [(10, 0), (11, 0), (5, 6)])
def test_a_decrease_below_what_is_filled_is_refused_here(desk, exchange, by, filled):
    exchange.row["filled_qty_1e8"] = filled * UNIT
    with pytest.raises(Refused, match="cannot decrease"):
        desk.decrease(ID, by * UNIT)
    assert exchange.asked_to == []


@pytest.mark.usefixtures("exchange")
def test_a_journal_that_fails_after_the_answer_does_not_hide_it(desk, monkeypatch):
    def fail(*_):
        raise NotSent("disk full", code="JOURNAL")

    monkeypatch.setattr(desk.journal, "settle", fail)
    assert desk.amend(ID, orders.Amend(new_qty_1e8=5 * UNIT))["qty_1e8"] == 5 * UNIT


def test_while_the_latch_is_on_only_a_pure_reduction_passes(desk, exchange, clock):
    desk.latch.engage("acc", clock.time_ns(), None)
    for body in (
        orders.Amend(new_qty_1e8=11 * UNIT),
        orders.Amend(new_constraints=orders.NewConstraints(max_price_1e9=1)),
        orders.Amend(new_qty_1e8=5 * UNIT, new_constraints=orders.NewConstraints(max_price_1e9=1)),
    ):
        with pytest.raises(PolicyRefused):
            desk.amend(ID, body)
    assert exchange.asked_to == []
    desk.amend(ID, orders.Amend(new_qty_1e8=5 * UNIT))
    desk.decrease(ID, UNIT)
    assert exchange.row["qty_1e8"] == 4 * UNIT


def test_an_amend_does_not_slip_past_the_policy(desk, exchange, tmp_path):
    (tmp_path / "config" / "policy.toml").write_text("max_qty = 12\n")
    with pytest.raises(PolicyRefused, match="max_qty"):
        desk.amend(ID, orders.Amend(new_qty_1e8=13 * UNIT))
    assert exchange.asked_to == []
    desk.amend(ID, orders.Amend(new_qty_1e8=12 * UNIT))


def test_a_cancel_that_finds_nothing_says_nothing_of_an_order_on_its_way(desk, client, make):
    client.answers = [KeyboardInterrupt()]
    end = desk.submit(make.order())
    absent = said(NotFound("not found", http_status=404))
    client.answers = [absent, absent, absent]
    with pytest.raises(OutcomeUnknown) as unknown:
        desk.send(graphs.CANCEL, Request(path={"graph_id": end.graph_id}))
    assert unknown.value.hint == f"seq order reconcile {end.graph_id}"
    with pytest.raises(OutcomeUnknown):
        desk.send(orders.CANCEL, Request(path={"node_order_id": f"graph:{end.graph_id}:order:1"}))
    with pytest.raises(NotFound):
        desk.send(graphs.CANCEL, Request(path={"graph_id": "sq-never-seen"}))


@pytest.mark.parametrize("how", [RESET, KeyboardInterrupt()])
def test_any_other_change_with_an_unclear_end_is_unknown(desk, client, how):
    client.answers = [how]
    with pytest.raises(OutcomeUnknown) as unknown:
        desk.send(graphs.CANCEL, Request(path={"graph_id": "g"}))
    assert unknown.value.exit_status == 9


def test_an_order_is_never_just_sent(desk, client):
    import msgspec

    for operation in (orders.PLACE, msgspec.structs.replace(orders.PLACE, path="/v1/orders?x=1")):
        with pytest.raises(TypeError):
            desk.send(operation, Request(body=b"{}"))
    assert client.asked == []
