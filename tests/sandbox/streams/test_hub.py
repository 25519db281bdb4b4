"""The hub alone, on a market written by hand and a clock that is set: what is told, to whom, when and how often."""

import json
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.serving import Caller, Problem
from seqcli.sandbox.streams import outbox as outboxes
from seqcli.sandbox.streams.feeds import BOOK_TICK_NS, FEEDS, Feed, Row
from seqcli.sandbox.streams.hub import REPLAYED, Hub, Member
from seqcli.sandbox.streams.outbox import Outbox
from seqcli.sandbox.streams.publishing import ascii_json
from seqcli.sandbox.streams.rings import KEPT_EVENTS, KEPT_NS, Follower
from seqcli.wire import streams, strict
from tests.sandbox.exchange.test_graph_limits import losing
from tests.sandbox.stage import ME, SECOND, START, HandMarket, Stage

CALLER = Caller(client_id=ME, key_id="key_1", role="trader", sandbox=True)
OTHER = Caller(client_id="cl_other", key_id="key_2", role="trader", sandbox=True)


class Floor:
    """A hub, the exchange it tells of, and readers that are never in a hurry."""

    def __init__(self, **options: Any) -> None:
        self.stage = Stage()
        self.clock = START
        self.ends: list[tuple[int, str]] = []
        store = SimpleNamespace(read=lambda _words, values: [(1,)] if values == (ME, "dep_1") else [])
        box: Any = SimpleNamespace(market=self.stage.market, exchange=self.stage.exchange, store=store)
        self.hub = Hub(box, lambda: self.stage.now, lambda: self.clock, **options)

    def member(self, *topics: str, caller: Caller = CALLER, socket: streams.Socket = streams.STREAM) -> Member:
        member = self.hub.enter(caller, socket, lambda: None, lambda number, code, _: self.ends.append((number, code)))
        if topics:
            self.hub.ask(member, streams.Ask(subscribe=list(topics)))
            [answer] = member.outbox.take(1)
            assert json.loads(answer)["subscribed"] == list(topics)
        return member

    def follower(self, stream: str = "orders", last_id: str | None = None, **filters: str) -> Follower:
        return self.hub.follow(CALLER, stream, filters, last_id, lambda: None)

    def order(self, **words: Any) -> None:
        """Place an order and tell of everything that came of it."""
        seen = len(self.stage.events)
        self.stage.order(**words)
        self.hub.publish(self.stage.events[seen:])

    def look(self, ns: int) -> int:
        """Let time pass and look at the market; how many frames were handed out."""
        self.stage.now += ns
        return sum(self.hub.market.steps(self.stage.now))


@pytest.fixture
def floor() -> Floor:
    return Floor()


def taken(member: Member) -> list[Any]:
    return [json.loads(text) for text in member.outbox.take(1 << 30)]


def blocks(follower: Follower) -> list[dict[str, str]]:
    """Events as their fields."""
    text = follower.take().decode("ascii")
    assert not text or text.endswith("\n\n")
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.split("\n\n")[:-1]]


# -- private topics --------------------------------------------------------------------------------------------------


def test_everybody_of_an_account_is_told_and_nobody_else(floor: Floor) -> None:
    mine, also, others = floor.member("orders"), floor.member("orders", "fills"), floor.member("orders", caller=OTHER)
    floor.order()
    first = taken(mine)
    assert [frame["data"]["status"] for frame in first][-1] == "FILLED"
    assert [frame for frame in taken(also) if frame["channel"] == "orders"] == first
    assert taken(others) == []


def test_a_body_is_made_once_for_all_readers(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(value: Any) -> bytes:
        made.append(value)
        return ascii_json(value)

    for _ in range(5):
        floor.member("orders")
    floor.follower()
    monkeypatch.setattr("seqcli.sandbox.streams.hub.ascii_json", counted)
    seen = len(floor.stage.events)
    floor.order()
    assert len(made) == sum(event.kind == "order" for event in floor.stage.events[seen:])


def test_no_body_is_made_for_nobody(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcli.sandbox.streams.hub.ascii_json", lambda _: pytest.fail("made for nobody"))
    floor.order()


def test_a_routing_is_told_once_each_time_it_is_made(floor: Floor) -> None:
    member = floor.member("routing")
    floor.order()
    (own,) = taken(member)
    assert [leg["venue"] for leg in own["data"]["legs"]] == own["data"]["chosen"] != []
    assert {row["venue"] for row in own["data"]["candidates"]} == {"coinbase", "kraken"}
    data = next(event.data for event in floor.stage.events if event.kind == "order")
    leg = {"venue": "kraken", "qty_1e8": 1, "price_1e9": 2, "fee_bps": 26, "est_cost_bps": 1.5}
    rejected = [{"venue": "okx", "reason": "no book"}]
    routing = {"version": 1, "est_cost_bps": 1.5, "legs": [leg], "rejected": rejected}
    working = data | {"ended": False}
    again = routing | {"version": 2}
    records = (working, working | {"routing": routing}, working | {"routing": routing}, working | {"routing": again})
    floor.hub.publish(Event(100 + at, START + at, "order", record) for at, record in enumerate(records))
    frames = [frame["data"] for frame in taken(member)]
    assert [frame["routing_version"] for frame in frames] == [1, 2]
    assert frames[0] == {
        **{name: data[name] for name in ("node_order_id", "graph_id", "symbol", "side", "qty_1e8")},
        "routing_version": 1,
        "legs": [leg],
        "est_cost_bps": 1.5,
        "chosen": ["kraken"],
        "rejected": rejected,
        "ts_ns": START + 1,
    }


def test_a_cost_report_is_asked_for_when_an_order_has_ended_and_told_when_there_is_one() -> None:
    asked = []

    def report(record: dict[str, Any]) -> Any:
        asked.append(record["node_order_id"])
        return {"node_order_id": record["node_order_id"]} if record["side"] == "buy" else None

    floor = Floor(report=report)
    floor.order()
    assert asked == []
    member, follower = floor.member("tca"), floor.follower("tca")
    floor.order(limit_price=Decimal(49000), order_type="limit")
    assert taken(member) == []
    floor.order()
    name = next(event.data["node_order_id"] for event in floor.stage.events[::-1] if event.kind == "order")
    assert asked == [name]
    assert [frame["data"] for frame in taken(member)] == [{"node_order_id": name}]
    assert [(row["event"], json.loads(row["data"])) for row in blocks(follower)] == [("tca", {"node_order_id": name})]


def test_a_slice_is_told_by_the_order_that_adds_it_up(floor: Floor) -> None:
    member, follower = floor.member("orders", "fills"), floor.follower()
    floor.order()
    taken(member), blocks(follower)
    whole = [event.data for event in floor.stage.events if event.kind == "order"][-1]
    fill = next(event.data for event in floor.stage.events if event.kind == "fill")
    events = [("fill", fill), ("order", whole | {"is_slice": True}), ("order", whole)]
    floor.hub.publish(Event(at, START, kind, data) for at, (kind, data) in enumerate(events))
    assert [frame["channel"] for frame in taken(member)] == ["fills", "orders"]
    assert len(blocks(follower)) == 1


def test_a_deployment_s_topics_are_its_owner_s(floor: Floor) -> None:
    member, other = floor.member("deployment:dep_1", "traces:dep_1"), floor.member(caller=OTHER)
    floor.hub.ask(other, streams.Ask(subscribe=["deployment:dep_1"]))
    assert taken(other)[0]["reasons"] == {"deployment:dep_1": "unknown topic"}
    floor.hub.tell(ME, "traces:dep_1", lambda: {"callback": "on_book"})
    floor.hub.tell(ME, "traces:dep_2", lambda: pytest.fail("made for nobody"))
    assert taken(member) == [{"channel": "traces:dep_1", "seq": 1, "data": {"callback": "on_book"}}]


def test_a_topic_too_many_is_rejected(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_TOPICS", 2)
    member = floor.member("orders")
    floor.hub.ask(member, streams.Ask(subscribe=["orders", "fills", "tca"]))
    assert taken(member) == [
        {"subscribed": ["orders", "fills"], "rejected": ["tca"], "reasons": {"tca": "too many topics"}}
    ]


def test_a_connection_too_many_is_refused_and_one_that_left_makes_room(floor: Floor) -> None:
    members = [floor.member() for _ in range(streams.MAX_CONNECTIONS)]
    floor.member(caller=OTHER)
    with pytest.raises(Problem) as caught:
        floor.member()
    assert caught.value.status == 429
    floor.hub.leave(members[0])
    floor.member()


def test_nothing_is_kept_for_those_who_left(floor: Floor) -> None:
    members = [floor.member("orders", "prices:BTC-USD") for _ in range(3)]
    follower = floor.follower()
    assert floor.hub.listened
    for member in members:
        floor.hub.leave(member)
        floor.hub.leave(member)
    floor.hub.unfollow(CALLER, "orders", follower)
    floor.hub.unfollow(CALLER, "orders", follower)
    assert not floor.hub.listened
    assert not floor.hub.market
    assert floor.hub._private == {}


# -- the market ------------------------------------------------------------------------------------------------------


def test_a_quiet_market_is_silent_and_a_change_is_one_whole_book(floor: Floor) -> None:
    market: HandMarket = floor.stage.market
    later = START + 10 * BOOK_TICK_NS
    market.set_book("BTC-USD", "kraken", "49990*1 49980*2", "50000*1 50010*2 50100*5", START + BOOK_TICK_NS)
    market.set_book("BTC-USD", "kraken", "49991*1", "50000*1", later)
    member = floor.member("book:BTC-USD", "prices:BTC-USD")
    assert [frame["channel"] for frame in taken(member)] == ["book:BTC-USD", "prices:BTC-USD"]
    assert [floor.look(BOOK_TICK_NS) for _ in range(9)] == [0] * 9
    assert floor.look(BOOK_TICK_NS) == 2
    book, price = taken(member)
    assert (book["seq"], price["seq"]) == (2, 2)
    assert book["data"] == {
        "bids": [[49991.0, 1.0], [49985.0, 1.0], [49970.0, 3.0]],
        "asks": [[50000.0, 1.0], [50020.0, 1.0], [50040.0, 2.0]],
        "ts_ns": later,
    }
    assert price["data"]["mid"] == 49995.5


def test_a_reader_that_is_behind_gets_the_newest_only_and_numbers_without_a_gap(floor: Floor) -> None:
    market: HandMarket = floor.stage.market
    for at in range(1, 6):
        market.set_book("BTC-USD", "kraken", f"{49990 + at}*1", "50000*1", START + at * BOOK_TICK_NS)
    slow, quick = floor.member("prices:BTC-USD"), floor.member("prices:BTC-USD")
    seen = taken(quick)
    for _ in range(5):
        floor.look(BOOK_TICK_NS)
        seen += taken(quick)
    assert [frame["data"]["bid"] for frame in seen] == [49990.0, 49991.0, 49992.0, 49993.0, 49994.0, 49995.0]
    assert [frame["seq"] for frame in seen] == [1, 2, 3, 4, 5, 6]
    assert [(frame["seq"], frame["data"]["bid"]) for frame in taken(slow)] == [(1, 49995.0)]


def test_looks_that_come_unevenly_still_find_each_book_and_the_same_moment_looks_once(floor: Floor) -> None:
    """Ticks of 25 ms are late by a little each, so from one to the next it may be less."""
    market: HandMarket = floor.stage.market
    late, early = BOOK_TICK_NS + 900_000, BOOK_TICK_NS - 900_000
    for at in range(1, 9):
        market.set_book("BTC-USD", "kraken", f"{49990 + at}*1", "50000*1", START + at * early)
    floor.member("prices:BTC-USD")
    assert [floor.look(step) for step in (early, late, early, late)] == [1, 1, 1, 1]
    assert [floor.look(BOOK_TICK_NS // 4), floor.look(early)] == [0, 1]


def test_a_book_that_vanishes_is_told(floor: Floor) -> None:
    market: HandMarket = floor.stage.market
    member = floor.member("prices:BTC-USD-PERP", "book:BTC-USD-PERP")
    assert taken(member)[0]["data"]["source"] == "edge_nbbo"
    market.set_book("BTC-USD-PERP", "hyperliquid", "", "", START + BOOK_TICK_NS)
    floor.look(BOOK_TICK_NS)
    price, book = taken(member)
    assert (price["data"]["bid"], price["data"]["ask"], price["data"]["source"]) == (0.0, 0.0, "unavailable")
    assert book["data"] == {"bids": [], "asks": [], "ts_ns": 0}


def test_nothing_is_asked_of_the_market_when_nobody_watches(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    member = floor.member("book:BTC-USD")
    floor.hub.leave(member)
    monkeypatch.setattr(floor.stage.market, "books", lambda *_: pytest.fail("asked"))
    assert floor.look(BOOK_TICK_NS) == 0


def test_a_slow_feed_is_told_on_change_once_a_second_and_not_at_once() -> None:
    values = iter([1, 1, 2, 3])

    def render(_market: Any, _topic: Any, _ts_ns: int) -> Iterator[Row]:
        value = next(values)
        yield Row("BTC", value, b"%d" % value)
        yield Row("ETH", 0, b"0")

    feed = Feed(render, every_ns=SECOND, at_once=False, of_books=False)
    floor = Floor(feeds=FEEDS | {"fair_price": feed})
    member = floor.member("fair_price")
    assert taken(member) == []
    assert [floor.look(BOOK_TICK_NS) for _ in range(40)] == [0] * 40
    assert [floor.look(SECOND) for _ in range(2)] == [1, 1]
    assert taken(member) == [{"channel": "fair_price", "seq": 1, "data": 3}]


def test_a_topic_without_a_source_is_unknown() -> None:
    floor = Floor(feeds={})
    member = floor.member()
    floor.hub.ask(member, streams.Ask(subscribe=["prices:BTC-USD", "fair_price"]))
    assert taken(member)[0]["reasons"] == {"prices:BTC-USD": "unknown topic", "fair_price": "unknown topic"}


# -- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["MAX_WAITING", "MAX_BYTES"])
def test_a_private_queue_has_an_end_and_is_never_thinned(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, limit, 10)
    woken: list[int] = []
    waiting = Outbox(lambda: woken.append(1))
    for _ in range(10):
        waiting.keep("fills", b"1")
    assert not waiting.overflowed
    assert len(waiting) == 10
    waiting.keep("fills", b"1")
    assert waiting.overflowed
    assert (len(waiting), waiting.take(100)) == (0, [])
    waiting.keep("fills", b"1")
    waiting.replace("book:A", "", b"1")
    assert len(waiting) == 0
    assert woken == [1, 1]


def test_a_conflated_topic_waits_in_one_place_however_often_it_changes() -> None:
    waiting = Outbox(lambda: None)
    for at in range(100_000):
        waiting.replace("book:A", "", b"%d" % at)
    assert waiting.take(1 << 20) == [b'{"channel":"book:A","seq":1,"data":99999}']


def test_what_must_not_be_lost_goes_before_what_may_be_replaced() -> None:
    waiting = Outbox(lambda: None)
    waiting.replace("book:A", "", b"1")
    waiting.keep("fills", b"2")
    assert [json.loads(text)["channel"] for text in waiting.take(1 << 20)] == ["fills", "book:A"]


# -- event streams ---------------------------------------------------------------------------------------------------


def test_who_comes_back_is_sent_what_was_missed_in_the_same_words(floor: Floor) -> None:
    floor.order()
    first = floor.follower()
    assert blocks(first) == []
    floor.order()
    seen = blocks(first)
    assert {row["event"] for row in seen} == {"order"}
    floor.hub.unfollow(CALLER, "orders", first)
    floor.order()
    second = floor.follower(last_id=seen[-2]["id"])
    missed = blocks(second)
    assert missed[0] == seen[-1]
    numbers = [int(row["id"].partition("-")[2]) for row in seen + missed[1:]]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("last_id", ["nonsense", "0000-1", "", "-", "{boot}-", "{boot}-999", "{boot}-１", "{boot}--1"])
def test_an_id_that_is_not_known_is_answered_with_a_reset(floor: Floor, last_id: str) -> None:
    floor.follower()
    floor.order()
    follower = floor.follower(last_id=last_id.format(boot=floor.hub._boot))
    rows = blocks(follower)
    expected = [{"event": "reset", "data": '{"reason":"history_gap"}'}] if last_id else []
    assert rows == expected
    floor.order()
    assert {row["event"] for row in blocks(follower)} == {"order"}


def test_what_is_too_old_is_answered_with_a_reset(floor: Floor) -> None:
    first = floor.follower()
    floor.order()
    ids = [row["id"] for row in blocks(first)]
    floor.clock += KEPT_NS - 1
    assert len(blocks(floor.follower(last_id=ids[0]))) == len(ids) - 1
    floor.clock += 1
    assert [row["event"] for row in blocks(floor.follower(last_id=ids[0]))] == ["reset"]
    assert blocks(floor.follower(last_id=ids[-1])) == []


def test_only_so_many_are_kept(floor: Floor) -> None:
    floor.follower()
    floor.order()
    record = next(event.data for event in floor.stage.events if event.kind == "order")
    floor.hub.publish(Event(at, START, "order", record) for at in range(KEPT_EVENTS + 50))
    boot = floor.hub._boot
    last = floor.hub._rings[ME, "orders"]._number
    assert len(blocks(floor.follower(last_id=f"{boot}-{last - KEPT_EVENTS}"))) == KEPT_EVENTS
    assert [row["event"] for row in blocks(floor.follower(last_id=f"{boot}-{last - KEPT_EVENTS - 1}"))] == ["reset"]


def test_filters_choose(floor: Floor) -> None:
    everything, bought = floor.follower("fills"), floor.follower("fills", edge_id="kraken")
    other = floor.follower("fills", symbol="BTC-USDT")
    floor.order(qty="4")
    fills = [json.loads(row["data"]) for row in blocks(everything)]
    assert {fill["venue"] for fill in fills} == {"kraken", "coinbase"}
    assert [json.loads(row["data"]) for row in blocks(bought)] == [row for row in fills if row["venue"] == "kraken"]
    assert blocks(other) == []
    mine = floor.follower("fills", node_order_id=fills[0]["node_order_id"], graph_id=fills[0]["graph_id"])
    floor.order()
    assert blocks(mine) == []


def test_risk_tells_the_switch_as_it_is_then_each_change(floor: Floor) -> None:
    exchange = floor.stage.exchange
    floor.order()
    follower = floor.follower("risk")
    [first] = blocks(follower)
    assert "id" not in first
    assert json.loads(first["data"]) == {
        "kind": "kill_switch",
        **dict.fromkeys(("limit", "value", "threshold", "graph_id", "reason")),
        "engaged": False,
        "ts_ns": floor.stage.now,
    }
    exchange.engage(ME, "key_1", "too hot", floor.stage.now)
    exchange.clear(ME, floor.stage.now)
    floor.hub.publish(floor.stage.settle())
    changes = [json.loads(row["data"]) for row in blocks(follower)]
    assert [(row["kind"], row["engaged"], row["reason"]) for row in changes] == [
        ("kill_switch", True, "too hot"),
        ("kill_switch", False, None),
    ]


def test_risk_tells_of_limits_and_of_graphs_that_pause_or_fail(floor: Floor) -> None:
    floor.order()
    graph = next(event.data for event in floor.stage.events if event.kind == "graph")
    follower = floor.follower("risk")
    blocks(follower)
    limit = {
        "client_id": ME,
        "kind": "limit_breach",
        "limit": "max_daily_loss_usd",
        "value": "11.000000001",
        "threshold": "10",
    }
    paused = graph | {"status": "PAUSED", "pause_reason": "risk"}
    events = [
        ("risk", limit),
        ("risk", limit | {"limit": "max_loss_usd", "value": "230.5", "threshold": "220"}),
        ("graph", paused),
        ("graph", paused),
        ("graph", graph | {"status": "RUNNING"}),
        ("graph", paused),
        ("graph", graph | {"status": "FAILED", "failure_reason": "rejected"}),
    ]
    floor.hub.publish(Event(at, START, kind, data) for at, (kind, data) in enumerate(events))
    rows = [json.loads(row["data"]) for row in blocks(follower)]
    assert [(row["kind"], row["reason"]) for row in rows] == [
        ("limit_breach", None),
        ("limit_breach", None),
        ("graph_paused", "risk"),
        ("graph_paused", "risk"),
        ("graph_failed", "rejected"),
    ]
    assert (rows[0]["limit"], rows[0]["value"], rows[0]["threshold"]) == ("max_daily_loss_usd", 11.000000001, 10)
    assert (rows[1]["value"], rows[1]["threshold"]) == (230.5, 220)
    assert rows[2]["graph_id"] == graph["graph_id"]


@pytest.mark.parametrize(
    ("on_breach", "kinds"),
    [
        ("pause", ["limit_breach", "graph_paused", "limit_breach", "graph_paused"]),
        ("cancel_all", ["limit_breach", "graph_failed"]),
        ("none", ["limit_breach", "limit_breach"]),
    ],
)
def test_what_a_losing_graph_does_is_told_as_risk(floor: Floor, on_breach: str, kinds: list[str]) -> None:
    follower = floor.follower("risk")
    blocks(follower)
    play = losing(floor.stage, on_breach, max_loss_usd=220)
    floor.stage.pass_time(19 * SECOND)
    if on_breach == "pause":
        play.resume()
    floor.stage.pass_time(60 * SECOND)
    floor.hub.publish(floor.stage.events)
    rows = [json.loads(row["data"]) for row in blocks(follower)]
    assert [row["kind"] for row in rows] == kinds
    assert (rows[0]["limit"], rows[0]["value"], rows[0]["threshold"]) == ("max_loss_usd", 230, 220)
    assert {row["graph_id"] for row in rows} == {"g"}


def test_data_is_ascii_whatever_was_written(floor: Floor) -> None:
    words = {"é": '\u2028 \u0085 \x7f 😀 \\ " \n'}
    text = ascii_json(words)
    assert text.isascii()
    assert not any(mark in text for mark in (b"\n", b"\r", b"\x7f"))
    assert strict.parse(text) == words
    follower = floor.follower()
    floor.order(metadata=words)
    assert all(json.loads(row["data"])["metadata"] == words for row in blocks(follower))


# -- ends ------------------------------------------------------------------------------------------------------------


def test_a_revoked_key_s_readers_have_to_go_and_others_stay(floor: Floor) -> None:
    floor.member("orders")
    floor.member("orders", caller=OTHER)
    follower = floor.follower()
    floor.hub.revoke("key_1")
    assert floor.ends == [(4001, "UNAUTHORIZED")]
    assert follower.ended is not None
    assert follower.ended[0] == "UNAUTHORIZED"


def test_after_a_failure_no_id_of_before_is_taken_for_one_of_after(floor: Floor) -> None:
    follower = floor.follower()
    floor.order()
    old = blocks(follower)[0]["id"]
    floor.member("orders")
    floor.hub.begin_anew()
    assert floor.ends == [(1001, "")]
    assert follower.ended == ("", "")
    floor.hub.unfollow(CALLER, "orders", follower)
    floor.follower()
    floor.order()
    assert [row["event"] for row in blocks(floor.follower(last_id=old))] == ["reset"]


def test_new_markets_are_replayed_once_each_and_resolved_ones_are_not(floor: Floor) -> None:
    for at in range(REPLAYED + 10):
        floor.hub.announce(streams.NEW_MARKETS, at, {"kind": "new_market", "slug": f"m{at}"})
        floor.hub.announce(streams.NEW_MARKETS, at, {"kind": "new_market", "slug": f"m{at}", "region": "other"})
    floor.hub.announce(streams.MARKET_RESOLVED, 1, {"kind": "market_resolved"})
    listed, resolved = floor.member(socket=streams.NEW_MARKETS), floor.member(socket=streams.MARKET_RESOLVED)
    assert [frame["slug"] for frame in taken(listed)] == [f"m{at}" for at in range(10, REPLAYED + 10)]
    assert taken(resolved) == []
    floor.hub.announce(streams.NEW_MARKETS, "new", {"kind": "new_market", "slug": "new"})
    floor.hub.announce(streams.MARKET_RESOLVED, 2, {"kind": "market_resolved", "event_id": "0x2"})
    assert taken(listed) == [{"kind": "new_market", "slug": "new"}]
    assert taken(resolved) == [{"kind": "market_resolved", "event_id": "0x2"}]
