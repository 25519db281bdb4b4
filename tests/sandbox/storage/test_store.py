"""What was committed is there after a reload, what was not is not, and damage is set aside with a sentence."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.storage.damage import CannotWrite, Corrupt, NewerStore
from seqcli.sandbox.storage.records import Wanted
from seqcli.sandbox.storage.store import Store, open_store

NOW = 1_785_240_000_000_000_000
CLIENT = "cl_a"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exchange.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Store]]:
    stores: list[Store] = []

    def again() -> Store:
        for store in stores:
            store.close()
        stores[:] = [open_store(path, NOW)]
        return stores[0]

    yield again
    for store in stores:
        store.close()


def order(seq: int, identity: str = "o1", **changes: Any) -> Event:
    data = {
        "node_order_id": identity,
        "graph_id": f"g_{identity}",
        "client_id": CLIENT,
        "sandbox": True,
        "symbol": "ETH-USD",
        "status": "WORKING",
        "venues": ["kraken", "okx"],
        "created_ns": NOW + int(identity[1:]),
        "ended": False,
        "huge": 10**30,
    }
    return Event(seq, NOW + seq, "order", data | changes)


def fill(seq: int, **changes: Any) -> Event:
    data = {
        "fill_id": f"f{seq}",
        "node_order_id": "o1",
        "graph_id": "g_o1",
        "client_id": CLIENT,
        "sandbox": True,
        "symbol": "ETH-USD",
        "venue": "okx",
        "ts_ns": NOW + seq,
    }
    return Event(seq, NOW + seq, "fill", data | changes)


def test_a_reload_has_what_was_committed_and_nothing_else(opened: Callable[[], Store]) -> None:
    store = opened()
    store.load()
    committed = [order(1), Event(2, NOW + 2, "ledger", {"usd": -(10**21)}), fill(3)]
    store.stage(committed)
    assert store.commit() == 3
    store.stage([order(4, status="FILLED")])
    loaded = opened().load()
    assert (loaded.snapshot, loaded.events, loaded.seq, loaded.ts_ns) == (None, committed, 3, NOW + 3)


def test_staged_records_are_seen_before_they_are_durable(opened: Callable[[], Store]) -> None:
    store = opened()
    store.stage([order(1), order(2, status="FILLED", ended=True)])
    found = store.find_order(CLIENT, "o1")
    assert found is not None
    assert found["status"] == "FILLED"
    assert store.find_order("cl_other", "o1") is None
    assert [row["status"] for row in store.orders(Wanted(client_id=CLIENT)).rows] == ["FILLED"]
    store.forget_fresh()
    assert store.find_order(CLIENT, "o1") == found


def test_a_snapshot_lets_the_events_before_it_go(opened: Callable[[], Store]) -> None:
    store = opened()
    store.stage([order(1), fill(2)])
    store.commit()
    store.stage_snapshot(2, NOW + 2, b"state")
    store.stage([order(3)])
    store.commit()
    assert store.event_bytes > 0
    loaded = opened().load()
    assert (loaded.snapshot, loaded.seq, [event.seq for event in loaded.events]) == (b"state", 3, [3])
    assert opened().orders(Wanted(client_id=CLIENT)).total == 1


def test_a_snapshot_in_the_middle_of_a_batch_loses_nothing(opened: Callable[[], Store]) -> None:
    store = opened()
    store.stage([order(1), fill(2)])
    store.stage_snapshot(2, NOW + 2, b"state")
    store.stage([order(3)])
    store.commit()
    loaded = opened().load()
    assert (loaded.snapshot, loaded.seq, [event.seq for event in loaded.events]) == (b"state", 3, [3])


def test_a_snapshot_is_due_after_so_many_bytes_of_events(opened: Callable[[], Store]) -> None:
    store = opened()
    store.snapshot_bytes = 1000
    seq = 0
    while not store.snapshot_due:
        seq += 1
        store.stage([order(seq)])
        store.commit()
    assert 1 < seq < 10
    store.stage_snapshot(seq, NOW, b"state")
    store.commit()
    assert not store.snapshot_due


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["o4", "o3", "o2", "o1"]),
        ({"symbol": "BTC-USD"}, ["o2"]),
        ({"statuses": ("FILLED", "CANCELLED")}, ["o4", "o3"]),
        ({"ended": False}, ["o2", "o1"]),
        ({"venue": "okx"}, ["o4", "o1"]),
        ({"venue": "o"}, []),
        ({"graph_id": "g_o2"}, ["o2"]),
        ({"node_order_id": "o3"}, ["o3"]),
        ({"since_ns": NOW + 2, "until_ns": NOW + 3}, ["o3", "o2"]),
        ({"slices": False}, ["o3", "o2", "o1"]),
        ({"sandbox": False}, ["o3"]),
        ({"limit": 2, "offset": 1}, ["o3", "o2"]),
        ({"client_id": "cl_other"}, []),
    ],
    ids=str,
)
def test_filters(opened: Callable[[], Store], wanted: dict[str, Any], expected: list[str]) -> None:
    store = opened()
    store.stage(
        [
            order(1, "o1"),
            order(2, "o2", symbol="BTC-USD", venues=["kraken"]),
            order(3, "o3", status="CANCELLED", ended=True, sandbox=False, venues=[]),
            order(4, "o4", status="FILLED", ended=True, is_slice=True),
        ]
    )
    page = store.orders(Wanted(**{"client_id": CLIENT} | wanted))
    assert [row["node_order_id"] for row in page.rows] == expected
    assert page.total == (4 if "limit" in wanted else len(expected))


def test_fills_and_graphs_are_found(opened: Callable[[], Store]) -> None:
    store = opened()
    graph = {"graph_id": "g1", "client_id": CLIENT, "sandbox": True, "status": "RUNNING", "created_ns": NOW}
    store.stage([fill(1), fill(2, venue="kraken"), Event(3, NOW, "graph", graph)])
    assert [row["fill_id"] for row in store.fills(Wanted(client_id=CLIENT)).rows] == ["f2", "f1"]
    assert store.fills(Wanted(client_id=CLIENT, venue="okx")).total == 1
    assert store.graphs(Wanted(client_id=CLIENT)).rows == [graph]
    assert store.find_graph(CLIENT, "g1") == graph


def test_a_wrong_byte_in_an_event_is_found(opened: Callable[[], Store], path: Path) -> None:
    store = opened()
    store.stage([order(1)])
    store.commit()
    with sqlite3.connect(path) as direct:
        direct.execute("UPDATE events SET batch = replace(batch, 'WORKING', 'FILLED!')")
    direct.close()
    with pytest.raises(Corrupt, match="checksum"):
        opened().load()


def test_a_missing_event_is_found(opened: Callable[[], Store], path: Path) -> None:
    store = opened()
    for seq in (1, 2, 3):
        store.stage([order(seq)])
        store.commit()
    with sqlite3.connect(path) as direct:
        direct.execute("DELETE FROM events WHERE first_seq = 2")
    direct.close()
    with pytest.raises(Corrupt, match="event 2 is missing"):
        opened().load()


@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_store_is_set_aside_with_a_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    store = open_store(path, NOW)
    aside = path.with_name(f"exchange.db.corrupt-{NOW}")
    assert aside.read_bytes() == content
    assert str(aside) in store.notes[0]
    assert store.load().events == []
    store.close()


def test_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    store = open_store(path, NOW)
    store.close()
    with sqlite3.connect(path) as direct:
        direct.execute("PRAGMA user_version = 99")
    direct.close()
    before = path.read_bytes()
    with pytest.raises(NewerStore):
        open_store(path, NOW)
    assert path.read_bytes() == before


def test_a_write_that_fails_is_said_and_leaves_nothing_behind(opened: Callable[[], Store], path: Path) -> None:
    store = opened()
    store.stage([order(1)])
    store.commit()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON fills BEGIN SELECT raise(ABORT, 'disk full'); END")
    other.close()
    store.stage([order(2, status="FILLED"), fill(3)])
    with pytest.raises(CannotWrite, match="disk full"):
        store.commit()
    assert [event.seq for event in opened().load().events] == [1]
    assert [row["status"] for row in opened().orders(Wanted(client_id=CLIENT)).rows] == ["WORKING"]


def test_another_process_writing_is_noticed(opened: Callable[[], Store], path: Path) -> None:
    store = opened()
    before = store.version
    store.stage([order(1)])
    store.commit()
    assert store.version == before
    other = open_store(path, NOW)
    other.stage([order(2)])
    other.commit()
    other.close()
    assert store.version != before
