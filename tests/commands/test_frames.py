"""What a board keeps of a stream, and when a stream ends that was asked to."""

import json
from typing import Any

from seqcli.client.mailbox import Item
from seqcli.commands import frames


class Clock:
    """Moves a quarter of a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.25
        return self.now

    def time_ns(self) -> int:
        return 7

    def sleep(self, _seconds: float, /) -> None:
        """Never called."""


class Told:
    """A source that tells some turns, then is over."""

    def __init__(self, *turns: list[Item]) -> None:
        self._turns = list(turns)
        self.over = False

    def take(self, _wait_s: float) -> list[Item]:
        self.over = not self._turns
        return self._turns.pop(0) if self._turns else []


def frame(topic: str, data: Any) -> Item:
    return Item(topic, json.dumps({"channel": topic, "data": data}).encode())


def limits(count: int | None = None, seconds: float | None = None) -> frames.Limits:
    return frames.Limits(Clock(), count, seconds)


def test_a_board_keeps_the_newest_of_a_market_and_the_last_that_happened() -> None:
    board = frames.Board(["prices:A"])
    board.add([frame("prices:A", {"bid": 1}), frame("prices:A", {"bid": 2})])
    board.add([frame("fills", {"fill_id": f"f{number}"}) for number in range(20)])
    board.add([frame("orders", {"node_order_id": "o1", "revision": number}) for number in range(3)])
    board.add([frame("orders", {"node_order_id": "o2"}), frame("tca", {"n": 1})])
    board.add(
        [frame("funding", {"venue": "kraken", "symbol": "B"}), frame("funding", {"venue": "kraken", "symbol": "A"})]
    )
    board.add([frame("fair_price:ETH", {"underlying": "ETH", "price_1e9": 1}), Item("", b'{"type":"gap"}')])
    body = board.body()
    assert body["topics"] == {"prices:A": {"bid": 2}}
    assert [fill["fill_id"] for fill in body["fills"]] == [f"f{number}" for number in range(19, 4, -1)]
    assert body["orders"] == [{"node_order_id": "o2"}, {"node_order_id": "o1", "revision": 2}]
    assert [rate["symbol"] for rate in body["rates"]] == ["A", "B"]
    assert (len(body["fair_prices"]), body["notes"], len(body["events"])) == (1, [{"type": "gap"}], 1)


def test_a_board_is_drawn_when_something_has_changed_and_once_at_its_end() -> None:
    source = Told([frame("prices:A", {"bid": 1})], [], [], [frame("prices:A", {"bid": 2})])
    shown = [result.body["topics"] for result in frames.drawn(source, limits(), ["prices:A"], Clock())]
    assert shown == [{"prices:A": {"bid": 1}}, {"prices:A": {"bid": 2}}, {"prices:A": {"bid": 2}}]


def test_only_frames_of_the_server_count() -> None:
    turn = [
        Item("", b"{}"),
        frame("fills", {"n": 1}),
        Item("", b"{}"),
        frame("fills", {"n": 2}),
        frame("fills", {"n": 3}),
    ]
    taken = [item for items in frames.batches(Told(turn, turn), limits(2)) for item in items]
    assert taken == turn[:4]


def test_what_gave_way_is_told_before_the_line_that_took_its_place() -> None:
    (result,) = frames.passed(Told([Item("prices:A", b'{"n":9}', skipped=4)]), limits(), Clock())
    assert result.frames == [b'{"type":"coalesced","topic":"prices:A","skipped":4,"ts_ns":7}', b'{"n":9}']


def test_the_time_asked_for_ends_it() -> None:
    silent = Told(*([[]] * 100))
    assert list(frames.passed(silent, limits(seconds=2.0), Clock())) == []
    assert not silent.over
