"""Nothing is told before it is on disk, a batch shares one commit, and a failed write halts the exchange."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.service.sequencer import GroupCommit, Sequencer
from seqcli.sandbox.storage.damage import CannotWrite
from seqcli.sandbox.storage.store import Store, open_store

NOW = 1_785_240_000_000_000_000


class Machine:
    """As much of an exchange as the sequencer touches."""

    def __init__(self) -> None:
        self.pending: list[Event] = []
        self.seq = 0

    def emit(self) -> None:
        self.seq += 1
        self.pending.append(Event(self.seq, NOW, "ledger", {"n": self.seq}))

    def snapshot(self) -> bytes:
        return b"%d" % self.seq


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "exchange.db", NOW)
    store.load()
    yield store
    store.close()


@pytest.fixture
def machine() -> Any:
    return Machine()


@pytest.fixture
def sequencer(store: Store, machine: Any) -> Sequencer:
    sequencer = Sequencer(store, lambda: NOW)
    sequencer.attach(machine, 0, 0)
    return sequencer


def on_disk(store: Store) -> int:
    with sqlite3.connect(store.path) as direct:
        (last,) = direct.execute("SELECT coalesce(max(last_seq), 0) FROM events").fetchone()
    direct.close()
    return int(last)


def test_a_reply_waits_for_the_batch_that_holds_its_events(
    sequencer: Sequencer, machine: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, batches = threading.Semaphore(0), []
    commit = Store.commit

    def held(self: Store) -> int:
        gate.acquire()
        batches.append(len(self._staged))
        return commit(self)

    monkeypatch.setattr(Store, "commit", held)

    async def story() -> None:
        with ThreadPoolExecutor(1) as worker:
            commits = GroupCommit(sequencer, asyncio.get_running_loop(), worker)
            machine.emit()
            first = commits.durable(sequencer.stage())
            gate.release()
            assert first is not None
            await first
            assert on_disk(store) == 1
            waiters = []
            for _ in range(5):
                machine.emit()
                waiters.append(commits.durable(sequencer.stage()))
            assert [waiter.done() for waiter in waiters if waiter] == [False] * 5
            assert on_disk(store) == 1
            for _ in range(5):
                gate.release()
            await asyncio.gather(*(waiter for waiter in waiters if waiter))
            assert on_disk(store) == 6
            assert commits.durable(6) is None

    asyncio.run(story())
    assert sum(batches) == 6
    assert len(batches) < 6


def test_a_listener_is_told_of_what_is_on_disk_in_order_and_once(
    sequencer: Sequencer, machine: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Semaphore(0)
    told: list[int] = []
    commit = Store.commit

    def listen(events: list[Event]) -> None:
        assert events[-1].seq <= on_disk(store)
        told.extend(event.seq for event in events)

    def held(self: Store) -> int:
        gate.acquire()
        return commit(self)

    sequencer.listener = listen
    monkeypatch.setattr(Store, "commit", held)

    async def story() -> None:
        with ThreadPoolExecutor(1) as worker:
            commits = GroupCommit(sequencer, asyncio.get_running_loop(), worker)
            for _ in range(4):
                machine.emit()
                waiter = commits.durable(sequencer.stage())
                sequencer.publish()
                assert len(told) <= on_disk(store)
            for _ in range(4):
                gate.release()
            assert waiter is not None
            await waiter
            assert told == [1, 2, 3, 4]
            machine.emit()
            last = sequencer.stage()
            gate.release()
            store.commit()  # as a read does, in between
            assert told == [1, 2, 3, 4]
            assert commits.durable(last) is None
            sequencer.publish()

    asyncio.run(story())
    assert told == [1, 2, 3, 4, 5]


def test_nothing_is_kept_for_a_listener_that_is_not_there(sequencer: Sequencer, machine: Any) -> None:
    machine.emit()
    sequencer.commit()
    assert sequencer._untold == []


def test_a_failed_write_is_told_to_all_who_wait_and_halts(sequencer: Sequencer, machine: Any, store: Store) -> None:
    store._connection.execute("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'disk full'); END")

    async def story() -> None:
        with ThreadPoolExecutor(1) as worker:
            commits = GroupCommit(sequencer, asyncio.get_running_loop(), worker)
            waiters = []
            for _ in range(3):
                machine.emit()
                waiters.append(commits.durable(sequencer.stage()))
            for waiter in waiters:
                assert waiter is not None
                with pytest.raises(CannotWrite):
                    await waiter

    asyncio.run(story())
    assert sequencer.halted is not None
    assert "disk full" in sequencer.halted
    assert on_disk(store) == 0


def test_an_embedded_commit_that_fails_halts_too(sequencer: Sequencer, machine: Any, store: Store) -> None:
    store._connection.execute("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'disk full'); END")
    machine.emit()
    with pytest.raises(CannotWrite):
        sequencer.commit()
    assert sequencer.halted is not None


def test_a_snapshot_is_taken_of_the_moment_its_number_says(sequencer: Sequencer, machine: Any, store: Store) -> None:
    store.snapshot_bytes = 0
    for _ in range(3):
        machine.emit()
        sequencer.commit()
    loaded = store.load()
    assert loaded.snapshot is not None
    assert int(loaded.snapshot) + len(loaded.events) == 3


def test_stamps_never_go_back(store: Store, machine: Any) -> None:
    times = iter([5, 3, 9, 1])
    sequencer = Sequencer(store, lambda: next(times))
    assert [sequencer.stamp(), sequencer.stamp(), sequencer.stamp()] == [5, 5, 9]
    sequencer.attach(machine, 0, 20)
    assert sequencer.stamp() == 20


def test_what_is_said_beside_events_never_loses_them(sequencer: Sequencer, machine: Any, store: Store) -> None:
    def broken(_: Any) -> Any:
        raise LookupError("a bug")

    sequencer.beside = broken
    machine.emit()
    with pytest.raises(LookupError):
        sequencer.stage()
    assert sequencer.staged_seq == 1
    sequencer.commit()
    assert on_disk(store) == 1
