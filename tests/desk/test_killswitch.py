"""The kill switch: latch, engage, stop, cancel, prove; it says flat only when that was seen twice."""

import threading

import pytest

from seqcli.client.client import Reply
from seqcli.desk import killswitch
from seqcli.desk.killswitch import KillSwitch
from seqcli.desk.latch import Latch
from seqcli.errors import Ambiguous, Denied, NotSent, Partial
from seqcli.wire.orders import TERMINAL

DOWN = Ambiguous("the server did not answer")


class Exchange:
    """Open orders by graph id and venue, deployments, a switch; each operation can be told to fail or to lie."""

    def __init__(self, clock, latch):
        self.clock = clock
        self.mode = "sandbox"
        self.latch = latch
        self.open = {"sq-1": "kraken", "sq-2": "okx", "sq-3": "okx"}
        self.deployments = {"d1": "accepted", "d2": "paused"}
        self.connected = ["kraken", "okx", "okx-perp"]
        self.engaged = False
        self.asked = []
        self.trouble = {}
        self.stuck = set()
        self.page = 1000
        self.read_at = []
        self.guard = threading.Lock()
        self.answers = {
            "safety.kill_switch_engage": self.engage,
            "safety.kill_switch_clear": self.clear,
            "safety.kill_switch_read": lambda *_: {"engaged": self.engaged},
            "safety.venue_cancel_all": self.cancel_venue,
            "health.edges": lambda *_: {"connected": self.connected},
            "algos.deployments": self.list_deployments,
            "algos.deployment_stop": self.stop,
            "graphs.cancel": self.cancel,
            "orders.list": self.list_orders,
        }

    def call(self, operation, request=None, **_options):
        path = request.path if request else {}
        with self.guard:
            self.asked.append((operation.name, *path.values()))
            told = self.trouble.get((operation.name, *path.values()), self.trouble.get(operation.name))
            if isinstance(told, list):
                told = told.pop(0) if told else None
            if isinstance(told, BaseException):
                raise told
            answer = told() if callable(told) else self.answers[operation.name](request, path)
        return Reply(operation, 200, {}, b"", answer, "r")

    def engage(self, _request, _path):
        assert self.latch.record("acc") is not None, "the latch comes first"
        self.engaged = True
        return {"engaged": True}

    def clear(self, _request, _path):
        assert self.latch.record("acc") is not None, "the server is cleared first, the latch after"
        self.engaged = False
        return {"engaged": False}

    def list_deployments(self, _request, _path):
        return {"deployments": [{"deployment_id": name, "status": status} for name, status in self.deployments.items()]}

    def stop(self, _request, path):
        self.deployments[path["id"]] = "paused"
        return {}

    def cancel_venue(self, _request, path):
        names = [name for name, venue in self.open.items() if venue == path["venue"] and name not in self.stuck]
        for name in names:
            del self.open[name]
        return {"venue": path["venue"], "requested": len(names), "cancelled": len(names), "failed": 0}

    def cancel(self, _request, path):
        if path["graph_id"] not in self.stuck:
            self.open.pop(path["graph_id"], None)
        return {}

    def list_orders(self, request, _path):
        self.read_at.append(self.clock.monotonic())
        rows = [
            {"graph_id": name, "status": "WORKING", "legs": [{"venue": venue, "status": "WORKING"}]}
            for name, venue in self.open.items()
        ]
        start = request.query.offset
        shown = rows[start : start + self.page]
        return {"orders": shown, "total": len(rows), "has_more": start + len(shown) < len(rows)}


@pytest.fixture
def latch(tmp_path):
    return Latch(tmp_path / "latch")


@pytest.fixture
def exchange(clock, latch):
    return Exchange(clock, latch)


@pytest.fixture
def switch(exchange, latch, clock):
    return KillSwitch(latch, "acc", clock.time_ns(), lambda: exchange)


def test_on_latches_engages_stops_cancels_and_sees_it_flat_twice_two_seconds_apart(switch, exchange, latch):
    report, failure = switch.on("drill")
    assert failure is None
    assert (report["latched"], report["flat"], report["open_orders"], report["problem"]) == (True, True, 0, None)
    assert report["server"] == {"engaged": True}
    assert latch.record("acc") is not None
    assert exchange.engaged
    assert exchange.deployments == {"d1": "paused", "d2": "paused"}
    assert report["deployments_stopped"] == 1
    assert report["venues"] == [
        {"venue": "kraken", "cancelled": 1, "open": 0, "error": None},
        {"venue": "okx", "cancelled": 2, "open": 0, "error": None},
    ]
    assert exchange.read_at[-1] - exchange.read_at[-2] >= 2.0
    names = [name for name, *_ in exchange.asked]
    order = ["safety.kill_switch_engage", "algos.deployment_stop", "safety.venue_cancel_all", "orders.list"]
    assert sorted(order, key=names.index) == [order[0], order[1], *sorted(order[2:], key=names.index)]


def test_an_order_that_turns_up_between_the_two_reads_is_cancelled_and_the_count_begins_again(switch, exchange):
    reads = []
    listed = exchange.list_orders

    def late(request, path):
        reads.append(True)
        if len(reads) == 3:
            exchange.open["sq-late"] = "kraken"
        return listed(request, path)

    exchange.answers["orders.list"] = late
    report, failure = switch.on(None)
    assert failure is None
    assert report["flat"] is True
    assert len(reads) >= 5, "one for the venues, one empty, one not, two empty"
    assert exchange.open == {}


def test_what_cannot_be_cancelled_is_listed_and_the_status_is_10(switch, exchange):
    exchange.stuck = {"sq-2"}
    report, failure = switch.on(None)
    assert isinstance(failure, Partial)
    assert failure.exit_status == 10
    assert (report["flat"], report["open_orders"]) == (False, 1)
    assert {"venue": "okx", "cancelled": 1, "open": 1, "error": None} in report["venues"]


@pytest.mark.parametrize("answer", [None, {}, {"orders": None}, {"orders": "x"}, {"orders": [1]}, "ok", 7])
def test_an_answer_that_is_no_list_of_orders_never_proves_it_flat(switch, exchange, answer):
    exchange.trouble["orders.list"] = lambda: answer
    report, failure = switch.on(None)
    assert report["flat"] is False
    assert isinstance(failure, Partial)


def test_negative_control_reading_nonsense_as_an_empty_list_calls_it_flat(switch, exchange, monkeypatch):
    monkeypatch.setattr(killswitch, "_rows", lambda body, name: (body or {}).get(name) or [])
    exchange.trouble["orders.list"] = dict
    report, _ = switch.on(None)
    assert report["flat"] is True


def test_negative_control_one_empty_read_is_not_enough(switch, exchange):
    exchange.trouble["orders.list"] = [lambda: {"orders": []}, lambda: {"orders": []}, *[DOWN] * 20]
    report, failure = switch.on(None)
    assert report["flat"] is False
    assert failure is not None
    assert "could not be read" in failure.message


def test_every_page_of_open_orders_is_read_even_when_the_server_gives_fewer_than_asked(exchange):
    exchange.open = {f"sq-{place}": "kraken" for place in range(25)}
    exchange.page = 10
    assert len(killswitch.open_orders(exchange)) == 25


def test_ended_orders_of_a_server_that_does_not_filter_are_not_open(exchange):
    rows = [{"graph_id": "g", "status": status} for status in (*TERMINAL, "filled")]
    exchange.trouble["orders.list"] = lambda: rows
    assert killswitch.open_orders(exchange) == []


def test_a_list_without_end_is_not_flat(exchange):
    exchange.trouble["orders.list"] = lambda: {"orders": [{"graph_id": "g", "status": "FILLED"}], "has_more": True}
    with pytest.raises(Ambiguous, match="more than"):
        killswitch.open_orders(exchange)


@pytest.mark.parametrize(
    "name", ["safety.kill_switch_engage", "algos.deployments", "algos.deployment_stop", "health.edges"]
)
@pytest.mark.parametrize("how", [DOWN, Denied("no", http_status=401), ValueError("a bug"), lambda: "nonsense"])
def test_whatever_fails_the_other_steps_are_taken(switch, exchange, latch, name, how):
    exchange.trouble[name] = how
    report, failure = switch.on(None)
    assert latch.record("acc") is not None
    assert exchange.open == {}
    if name == "safety.kill_switch_engage":
        assert report["flat"] is False
        assert failure is not None
        assert failure.exit_status == 10
    assert report["problem"] or name in ("health.edges", "algos.deployment_stop")


def test_one_venue_s_failure_does_not_stop_the_others_and_is_named(switch, exchange):
    exchange.trouble["safety.venue_cancel_all", "kraken"] = DOWN
    report, _ = switch.on(None)
    rows = {row["venue"]: row for row in report["venues"]}
    assert rows["kraken"]["error"] == DOWN.message
    assert rows["okx"]["cancelled"] == 2
    assert report["flat"] is True, "the orders themselves were cancelled one by one"


def test_where_the_venues_cannot_be_told_all_known_ones_are_asked(switch, exchange):
    exchange.trouble["health.edges"] = DOWN
    exchange.trouble["orders.list"] = [DOWN]
    switch.on(None)
    asked = {what[1] for what in exchange.asked if what[0] == "safety.venue_cancel_all"}
    assert asked == set(killswitch.VENUES)


def test_without_a_key_every_account_is_latched_and_the_status_is_10(latch, clock):
    def no_key():
        raise Denied("the keyring does not answer", code="NO_KEY")

    report, failure = KillSwitch(latch, None, clock.time_ns(), no_key).on("drill")
    assert isinstance(failure, Partial)
    assert "the keyring does not answer" in failure.message
    assert (report["latched"], report["flat"]) == (True, False)
    assert latch.record("any") is not None


def test_without_a_disk_the_server_is_switched_and_cleared_all_the_same(switch, exchange, latch, monkeypatch):
    def full(*_):
        raise NotSent("cannot write: no space left on device")

    monkeypatch.setattr(latch, "engage", full)
    exchange.answers["safety.kill_switch_engage"] = lambda *_: {"engaged": True}
    report, failure = switch.on(None)
    assert exchange.open == {}
    assert report["latched"] is False
    assert isinstance(failure, Partial)
    assert failure.hint is not None
    assert "could NOT be set" in failure.hint


def test_interrupted_it_says_so_with_the_latch_set(switch, exchange, latch):
    exchange.trouble["orders.list"] = KeyboardInterrupt()
    report, failure = switch.on(None)
    assert latch.record("acc") is not None
    assert failure is not None
    assert "interrupted" in failure.message
    assert report["flat"] is False


def test_a_server_that_does_not_say_engaged_is_not_believed(switch, exchange):
    exchange.trouble["safety.kill_switch_engage"] = lambda: {"engaged": False}
    report, failure = switch.on(None)
    assert report["flat"] is False
    assert failure is not None


def test_off_clears_the_server_first_and_the_latch_after(switch, exchange, latch):
    switch.on(None)
    assert switch.off()["latched"] is False
    assert not exchange.engaged
    assert latch.record("acc") is None


@pytest.mark.parametrize("how", [DOWN, Denied("admin only", http_status=403), lambda: {"engaged": True}, lambda: None])
def test_while_the_server_is_not_cleared_the_latch_stays(switch, exchange, latch, how):
    switch.on(None)
    exchange.trouble["safety.kill_switch_clear"] = how
    with pytest.raises((Ambiguous, Denied)):
        switch.off()
    assert latch.record("acc") is not None


def test_status_shows_the_latch_even_when_the_server_cannot_be_read(switch, exchange):
    switch.on("drill")
    assert switch.status() == {"latched": True, "reason": "drill", "problem": None, "server": {"engaged": True}}
    exchange.trouble["safety.kill_switch_read"] = DOWN
    report = switch.status()
    assert (report["latched"], report["server"], report["problem"]) == (True, None, DOWN.message)


def test_the_venues_are_cancelled_side_by_side(switch, exchange):
    together = threading.Barrier(2, timeout=10)
    real = exchange.call

    def call(operation, request=None, **options):
        if operation.name == "safety.venue_cancel_all":
            together.wait()
        return real(operation, request, **options)

    exchange.call = call
    report, failure = switch.on(None)
    assert failure is None
    assert report["flat"] is True
