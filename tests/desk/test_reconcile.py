"""After a crash: look up, send again only what may be, settle nothing that is not known, one resolver at a time."""

import pytest

from seqcli.desk import reconcile
from seqcli.desk.reconcile import left_over, loud
from seqcli.errors import Ambiguous, NotFound, NotSent, PolicyRefused, Usage
from seqcli.lock import Lock
from seqcli.wire import strict, submission

DEADLINE_S = 20


class Venue:
    """A ledger by graph id; bytes may be lost, or arrive when the test says."""

    def __init__(self, client, make):
        self.client, self.make = client, make
        self.ledger = {}
        self.posts = []
        self.on_the_way = []
        self.posting = "ok"
        self.looking = None
        client.call = self.call

    def call(self, operation, request=None, *, body=None, **_options):
        from seqcli.client.client import Reply

        if operation.name == "graphs.show":
            if self.looking is not None:
                raise self.looking
            if request.path["graph_id"] not in self.ledger:
                absent = NotFound("not found: graph", http_status=404)
                absent.readable = True
                raise absent
            return Reply(operation, 200, {}, b"", self.make.graph_of(self.ledger[request.path["graph_id"]]), "r")
        assert operation.name == "orders.place"
        self.posts.append(body)
        if self.posting == "lost":
            raise Ambiguous("cut the connection")
        if self.posting == "late":
            self.on_the_way.append(body)
            raise Ambiguous("cut the connection")
        self.ledger[strict.parse(body)["graph_id"]] = body
        return Reply(operation, 201, {}, b"", self.make.placed(body), "r")

    def arrive(self):
        while self.on_the_way:
            body = self.on_the_way.pop()
            self.ledger[strict.parse(body)["graph_id"]] = body


@pytest.fixture
def venue(client, make):
    return Venue(client, make)


@pytest.fixture
def crashed(desk, venue, make):
    """An order whose sender died with the bytes on their way."""

    def intent(**changes):
        real = desk._sender.send
        desk._sender.send = lambda meant, **_: venue.posts.append(meant.body) or meant
        meant = desk.submit(make.order(**changes))
        desk._sender.send = real
        assert desk.journal.find("acc", meant.graph_id).outcome == "pending"
        return meant

    return intent


def outcomes(rows):
    return [row["outcome"] for row in rows]


def test_what_is_found_is_accepted_and_not_sent_again(desk, venue, crashed):
    meant = crashed()
    venue.ledger[meant.graph_id] = meant.body
    rows = desk.reconcile([])
    assert outcomes(rows) == ["accepted"]
    assert rows[0]["node_order_id"] == f"graph:{meant.graph_id}:order:1"
    assert len(venue.posts) == 1
    assert desk.pending() == []
    assert left_over(rows) == []


@pytest.mark.parametrize(
    ("changes", "age_s", "again"),
    [
        pytest.param({}, 5.0, True, id="a market order of 5 s"),
        pytest.param({}, 5.1, False, id="an older market order"),
        pytest.param({"price": 10**12}, 30.0, True, id="a limit order of 30 s"),
        pytest.param({"price": 10**12}, 30.1, False, id="an older limit order"),
    ],
)
def test_only_a_young_intent_is_sent_again_by_itself(desk, venue, crashed, clock, changes, age_s, again):
    meant = crashed(**changes)
    clock.now += age_s
    rows = desk.reconcile([])
    assert outcomes(rows) == (["accepted"] if again else ["unknown"])
    assert venue.posts == [meant.body] * (2 if again else 1)


def test_an_order_in_dollars_is_old_after_5_s_even_with_a_limit(desk, venue, crashed, clock, make, monkeypatch):
    notional = submission.NodeQuantity(notional=submission.NotionalQuantity(notional_usd_1e9=10**11))
    graph = make.order(price=10**12)
    graph.nodes[0].quantity = notional
    monkeypatch.setattr(make, "order", lambda **_: graph)
    crashed()
    clock.now += 5.1
    assert outcomes(desk.reconcile([])) == ["unknown"]
    assert len(venue.posts) == 1


def test_negative_control_without_an_age_an_old_market_order_goes_out_by_itself(
    desk, venue, crashed, clock, monkeypatch
):
    monkeypatch.setattr(reconcile, "YOUNG_MARKET_NS", 10**18)
    crashed()
    clock.now += 3600
    desk.reconcile([])
    assert len(venue.posts) == 2


def test_an_intent_from_the_future_is_not_young(desk, venue, crashed, clock):
    crashed()
    clock.now -= 3600
    assert outcomes(desk.reconcile([])) == ["unknown"]
    assert len(venue.posts) == 1


def test_resend_sends_the_same_bytes_whatever_its_age(desk, venue, crashed, clock):
    meant = crashed()
    clock.now += 3600
    assert outcomes(desk.reconcile([meant.graph_id], resend=True)) == ["accepted"]
    assert venue.posts == [meant.body] * 2


@pytest.mark.usefixtures("venue")
def test_two_looks_30_s_apart_the_first_30_s_after_the_deadline_settle_it_as_not_sent(desk, crashed, clock):
    meant = crashed()
    start = clock.now

    def look(after_s):
        clock.now = start + after_s
        return outcomes(desk.reconcile([]))

    assert look(DEADLINE_S + 20) == ["unknown"]
    assert look(DEADLINE_S + 29.9) == ["unknown"]
    assert look(DEADLINE_S + 31) == ["unknown"]  # the first that counts
    assert look(DEADLINE_S + 60.9) == ["unknown"]
    assert look(DEADLINE_S + 61) == ["not_sent"]
    assert desk.pending() == []
    found = desk.journal.evidence(desk.journal.find("acc", meant.graph_id))
    assert [row["what"] for row in found].count(reconcile.ABSENT) >= 5, "the evidence is kept"


def test_negative_control_one_404_is_no_proof(desk, venue, crashed, clock, monkeypatch):
    monkeypatch.setattr(reconcile, "APART_NS", 0)
    monkeypatch.setattr(reconcile, "AFTER_DEADLINE_NS", -(10**18))
    meant = crashed()
    venue.on_the_way.append(meant.body)
    clock.now += 6
    desk.reconcile([])
    assert outcomes(desk.reconcile([])) == ["not_sent"], "and it is on its way"


def test_a_look_that_fails_proves_nothing(desk, venue, crashed, clock):
    crashed()
    for failure in (Ambiguous("no answer"), NotSent("refused"), NotFound("<html>", http_status=404)):
        venue.looking = failure
        clock.now += 1000
        rows = desk.reconcile([])
        assert outcomes(rows) == ["unknown"]
        assert len(left_over(rows)) == 1
    assert len(venue.posts) == 1


def test_looks_before_a_resend_prove_nothing_about_it(desk, venue, crashed, clock):
    meant = crashed()
    clock.now += 60
    desk.reconcile([])
    clock.now += 100
    venue.posting = "late"
    assert outcomes(desk.reconcile([meant.graph_id], resend=True)) == ["unknown"]
    clock.now += 1
    assert outcomes(desk.reconcile([])) == ["unknown"]
    venue.arrive()
    assert outcomes(desk.reconcile([])) == ["accepted"]


def test_an_order_that_turns_up_after_it_was_settled_is_told_loudly(desk, venue, crashed, clock):
    meant = crashed()
    for after_s in (DEADLINE_S + 31, 31):
        clock.now += after_s
        rows = desk.reconcile([])
    assert outcomes(rows) == ["not_sent"]
    assert loud(rows) is None
    assert desk.reconcile([]) == []
    venue.ledger[meant.graph_id] = meant.body
    rows = desk.reconcile([])
    failure = loud(rows)
    assert failure is not None
    assert meant.graph_id in failure.message
    assert failure.exit_status == 10
    assert desk.journal.find("acc", meant.graph_id).outcome == "accepted"


def test_abandon_is_the_user_s_own_word_and_a_later_appearance_is_told(desk, venue, crashed, clock):
    meant = crashed()
    clock.now += 60
    rows = desk.reconcile([meant.graph_id], abandon=True)
    assert left_over(rows) == []
    assert desk.pending() == []
    venue.ledger[meant.graph_id] = meant.body
    assert loud(desk.reconcile([])) is not None


@pytest.mark.usefixtures("venue")
def test_abandon_does_not_unsay_what_the_exchange_said(desk, make):
    end = desk.submit(make.order())
    desk.reconcile([end.graph_id], abandon=True)
    stored = desk.journal.find("acc", end.graph_id)
    assert (stored.outcome, stored.abandoned_ns) == ("accepted", None)


@pytest.mark.usefixtures("venue")
def test_one_resolver_at_a_time(desk, crashed, tmp_path):
    crashed()
    other = Lock(tmp_path / "state" / "resolver.lock")
    assert other.acquire(0.0)
    with pytest.raises(Usage, match="another reconcile"):
        desk.reconcile([])
    other.close()
    assert outcomes(desk.reconcile([])) == ["accepted"]


@pytest.mark.usefixtures("desk")
def test_another_account_s_intents_are_left_alone(open_desk, venue, crashed):
    meant = crashed()
    other = open_desk(account="another")
    assert other.reconcile([]) == []
    with pytest.raises(NotFound):
        other.reconcile([meant.graph_id])
    assert len(venue.posts) == 1


@pytest.mark.usefixtures("venue")
def test_a_name_nobody_knows_is_not_found(desk):
    with pytest.raises(NotFound, match="sq-nobody"):
        desk.reconcile(["sq-nobody"])


def test_an_amend_is_never_posted_as_an_order(desk, venue, client):
    from seqcli.desk.journal import Intent

    desk.journal.intend(
        Intent(
            graph_id="sq-elsewhere", account="acc", mode="sandbox", kind="amend", target="graph:sq-elsewhere:order:1",
            body=b'{"new_qty_1e8":5}', created_ns=client.clock.time_ns(), deadline_ns=client.clock.time_ns(),
        )
    )  # fmt: skip
    with pytest.raises(NotFound):
        desk.reconcile(["sq-elsewhere"], resend=True)
    assert venue.posts == []


def test_the_latch_stops_what_reconcile_would_send(desk, venue, crashed, clock):
    meant = crashed()
    desk.latch.engage("acc", clock.time_ns(), None)
    try:
        rows = desk.reconcile([meant.graph_id], resend=True)
    except PolicyRefused:
        rows = []
    assert len(venue.posts) == 1
    assert outcomes(rows) in ([], ["unknown"])
    assert len(desk.pending()) == 1


def test_a_rejected_order_that_is_found_is_rejected(desk, venue, crashed, make, monkeypatch):
    meant = crashed()
    venue.ledger[meant.graph_id] = meant.body
    shown = make.graph_of

    def refused(body):
        graph = shown(body)
        graph["orders"][0] |= {"status": "REJECTED", "failure_reason": "RISK"}
        return graph

    monkeypatch.setattr(make, "graph_of", refused)
    assert outcomes(desk.reconcile([])) == ["rejected"]


def test_what_is_accepted_stays_accepted(desk, venue, make):
    end = desk.submit(make.order())
    venue.ledger.clear()
    assert outcomes(desk.reconcile([end.graph_id])) == ["accepted"]
    assert len(venue.posts) == 1
