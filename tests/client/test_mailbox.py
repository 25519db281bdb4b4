"""A slow reader: market data gives way, nothing else does, and the link is read as long as there is room."""

import threading

import pytest

from seqcli.client.mailbox import Item, Mailbox
from seqcli.errors import Denied


def lines(items: list[Item]) -> list[tuple[str, bytes, int]]:
    return [(item.topic, item.raw, item.skipped) for item in items]


def test_what_fits_comes_out_as_it_went_in() -> None:
    box = Mailbox({"prices:A"}, most=3)
    box.put([Item("prices:A", b"1"), Item("fills", b"2"), Item("prices:A", b"3")])
    assert lines(box.take(0)) == [("prices:A", b"1", 0), ("fills", b"2", 0), ("prices:A", b"3", 0)]
    assert box.take(0) == []


def test_the_frame_of_market_data_that_waits_gives_way_to_a_newer_one() -> None:
    box = Mailbox({"prices:A", "prices:B"}, most=2)
    box.put([Item("prices:A", b"a1"), Item("prices:B", b"b1"), Item("prices:A", b"a2"), Item("prices:A", b"a3")])
    assert lines(box.take(0)) == [("prices:B", b"b1", 0), ("prices:A", b"a3", 2)]
    box.put([Item("prices:A", b"a4")])
    assert lines(box.take(0)) == [("prices:A", b"a4", 0)]


def test_the_order_of_what_is_left_stays_and_what_gave_way_takes_no_room() -> None:
    box = Mailbox({"prices:A", "prices:B"}, most=5)
    for number in range(1000):
        box.put([Item("prices:A", b"a%d" % number), Item("prices:B", b"b%d" % number)])
        if not number % 100:
            box.put([Item("fills", b"f%d" % number)])
        assert len(box._items) < 25
    taken = lines(box.take(0))
    fills = [("fills", b"f%d" % number, 0) for number in range(0, 1000, 100)]
    assert [row for row in taken if row[0] == "fills"] == fills
    assert [row[:2] for row in taken[-2:]] == [("prices:A", b"a999"), ("prices:B", b"b999")]
    assert sum(skipped + 1 for topic, _, skipped in taken if topic != "fills") == 2000


def test_however_much_waits_no_fill_and_no_record_is_dropped() -> None:
    box = Mailbox({"prices:A"}, most=1)
    box.put([Item("prices:A", b"p")] + [Item("fills", b"%d" % number) for number in range(100)] + [Item("", b"note")])
    taken = [item.raw for item in box.take(0)]
    assert taken == [b"p", *(b"%d" % number for number in range(100)), b"note"]


def test_when_too_much_waits_the_link_is_read_no_further_until_something_is_taken() -> None:
    box = Mailbox(patient_bytes=10)
    through = threading.Event()

    def put() -> None:
        box.put([Item("fills", b"x" * 11)])
        box.put([Item("fills", b"y")])
        through.set()

    thread = threading.Thread(target=put)
    thread.start()
    try:
        assert len(box.take(5)) == 1
        assert len(box.take(5)) == 1
        assert through.wait(5)
    finally:
        box.end()
        thread.join(5)


def test_nobody_waits_for_room_once_it_is_over() -> None:
    box = Mailbox(patient_bytes=1)
    thread = threading.Thread(target=lambda: box.put([Item("fills", b"xx"), Item("fills", b"y")]))
    thread.start()
    box.end()
    thread.join(5)
    assert not thread.is_alive()


def test_what_ended_it_is_raised_after_the_last_line() -> None:
    box = Mailbox()
    box.put([Item("fills", b"1")])
    box.end(Denied("no"))
    assert not box.over
    assert lines(box.take(0)) == [("fills", b"1", 0)]
    with pytest.raises(Denied):
        box.take(0)
    assert box.over
