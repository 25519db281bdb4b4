"""The board of a stream: the newest of each market, what happened last, and what went wrong."""

from typing import Any

from seqcli.views import Options, streams
from seqcli.views.draw import text
from seqcli.wire.strict import Number, parse
from tests.views.conftest import Terminal

EMPTY: dict[str, Any] = {
    "asked": ["prices:ETH-USD", "fills"],
    "topics": {},
    "rates": [],
    "fair_prices": [],
    "orders": [],
    "fills": [],
    "events": [],
    "notes": [],
}


def drawn(width: int = 200, **parts: Any) -> list[str]:
    return text(streams.board(EMPTY | parts), Options(color="never", width=width), Terminal()).splitlines()


def read(raw: bytes) -> Any:
    return parse(raw, number=Number)


def test_before_anything_came_it_says_what_it_waits_for() -> None:
    assert drawn() == ["nothing yet: prices:ETH-USD, fills"]


def test_prices_stand_side_by_side_with_the_digits_that_were_sent() -> None:
    shown = drawn(
        topics={
            "prices:ETH-USD": read(
                b'{"bid":2323.70,"ask":2324.5,"mid":2324.1,"spread_bps":3.4,"bid_sz":1.50,"ts_ns":1}'
            ),
            "prices:BTC-USD": read(b'{"bid":null,"ask":78000.0}'),
        }
    )
    assert shown[0].split() == ["PRICES", "BID", "ASK", "MID", "SPREAD(bps)", "BID", "SIZE", "ASK", "SIZE", "TIME"]
    assert shown[1].split() == ["BTC-USD", "78000.0"]
    assert shown[2].split() == ["ETH-USD", "2323.70", "2324.5", "2324.1", "3.4", "1.50", "1970-01-01", "00:00:00.000Z"]


def test_a_book_is_its_ten_best_levels_and_a_side_may_be_missing() -> None:
    bids = [[100 - place, 1] for place in range(30)]
    shown = drawn(topics={"book:ETH-USD": {"bids": bids, "asks": [[101, 2]]}})
    assert shown[0] == "ETH-USD"
    assert [line.split() for line in shown[2:5]] == [["1", "100", "101", "2"], ["1", "99"], ["1", "98"]]
    assert len(shown) == 12
    assert drawn(topics={"book:ETH-USD": {}})[1] == "an empty book"


def test_what_went_wrong_is_said_in_words() -> None:
    notes: list[tuple[dict[str, Any], str]] = [
        ({"type": "gap", "topic": "fills", "expected": 3, "got": 5}, "fills: frame 3 was expected, 5 came"),
        ({"type": "gap", "topic": "risk", "reason": "history_gap"}, "risk: something is missing (history_gap)"),
        ({"type": "disconnected", "reason": "it fell"}, "the stream broke: it fell"),
        ({"type": "reconnected", "reason": "it fell", "down_ms": 12}, "connected again after 12 ms: it fell"),
        (
            {"type": "recovered", "topic": "fills", "count": 2, "source": "/v1/fills"},
            "fills: 2 missed, read again from /v1/fills",
        ),
        (
            {"type": "coalesced", "topic": "prices:A", "skipped": 7},
            "prices:A: 7 older frames were left out, this reader is slow",
        ),
    ]
    assert drawn(notes=[row for row, _ in notes])[1:] == [sentence for _, sentence in notes]


def test_hostile_text_of_an_event_is_harmless_and_every_width_holds() -> None:
    evil = "\x1b]8;;http://e\x07[red]\u202e"
    events = [{"topic": "traces:x", "data": {"callback": evil, "ts_ns": 1}}]
    shown = "\n".join(drawn(events=events))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    risks = {"events": [{"kind": "limit_breach", "reason": evil, "engaged": None, "ts_ns": 1}], "notes": []}
    markets = {"events": [{"kind": "new_market", "question": evil, "slug": "a-b", "observed_at_ns": 1}], "notes": []}
    for width in (20, 80, 200):
        for blocks in (streams.risks(risks), streams.markets(markets)):
            assert "\x1b" not in text(blocks, Options(color="never", width=width), Terminal())
