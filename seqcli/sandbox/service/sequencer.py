"""The one line through which everything passes: stamp → apply → durable → answer and publish.

A batch holds every event that came up while the one before it was being written; replies wait for their
batch. When a
write fails nothing is answered as done, and the exchange halts: it never forgets an event and goes on.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from seqcli.sandbox.storage.damage import CannotWrite

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from seqcli.sandbox.exchange.events import Event
    from seqcli.sandbox.exchange.exchange import Exchange
    from seqcli.sandbox.storage.costs import Row
    from seqcli.sandbox.storage.store import Store

Rows = Callable[[list["Event"]], Iterable["Row"]]
"""What is kept beside events."""
Timed = Callable[[], "Row"]
"""Makes the row of a request whose events are on disk now."""
Listener = Callable[[list["Event"]], None]


_KEPT = 4096


class Sequencer:
    """Stamps calls and hands events to the store. `took`: how long the latest requests took until they were on disk,
    by client, graph and stamp.
    """

    def __init__(self, store: "Store", clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._last_ns = 0
        self.store = store
        self.exchange: Exchange | None = None
        self.staged_seq = 0
        self.halted: str | None = None
        self.listener: Listener | None = None
        self.beside: Rows | None = None
        self._untold: list[Event] = []
        self.took: dict[tuple[str, str, int], int] = {}
        self._timed: list[tuple[int, Timed]] = []

    def attach(self, exchange: "Exchange", seq: int, ts_ns: int) -> None:
        """Begin with an exchange that stands after event `seq`."""
        self.exchange = exchange
        self.staged_seq = seq
        self._last_ns = max(self._last_ns, ts_ns)

    def stamp(self) -> int:
        """Now, never before an earlier stamp or event."""
        self._last_ns = max(self._last_ns, self._clock_ns())
        return self._last_ns

    def stage(self) -> int:
        """Hand what the exchange has emitted to the store. Returns the number a reply has to wait for."""
        exchange = self.exchange
        if exchange is not None and exchange.pending:
            events, exchange.pending = exchange.pending, []
            try:
                if self.beside is not None:
                    self.store.stage_rows(self.beside(events))
            finally:  # what happened is kept, whatever could not be said of it
                self.store.stage(events)
                self.staged_seq = events[-1].seq
            if self.listener is not None:
                self._untold += events
            if self.store.snapshot_due:
                self.snapshot()
        return self.staged_seq

    def timed(self, write: Timed) -> None:
        """Call `write` once what is staged is on disk: it knows when that was wanted, and takes the time."""
        self._timed.append((self.staged_seq, write))

    def _settle(self) -> None:
        settled = self.store.committed_seq
        while self._timed and self._timed[0][0] <= settled:
            row = self._timed.pop(0)[1]()
            client_id, graph_id, _, _, received_ns, validated_ns, _, durable_ns = row[1]
            self.took[client_id, graph_id, validated_ns] = durable_ns - received_ns
            if len(self.took) > _KEPT:
                del self.took[next(iter(self.took))]
            self.store.stage_rows([row])

    def publish(self) -> None:
        """Tell the listener of what is on disk by now. Only in the thread that stages."""
        self._settle()
        if self._untold and self.listener is not None:
            settled = self.store.committed_seq
            told = [event for event in self._untold if event.seq <= settled]
            del self._untold[: len(told)]
            if told:
                self.listener(told)

    def snapshot(self) -> None:
        """Stage a snapshot of the exchange as it is now; nothing of it may be pending."""
        if self.exchange is not None:
            self.store.stage_snapshot(self.staged_seq, self._last_ns, self.exchange.snapshot())

    def commit(self) -> None:
        """Make everything durable now, in this thread. A failure halts the exchange and is raised."""
        try:
            self.stage()
            self.store.commit()
        except CannotWrite as error:
            self.halted = error.message
            raise
        self.store.forget_fresh()
        self._settle()
        self.store.note()


class GroupCommit:
    """Commits in a worker thread while the event loop goes on. Every method belongs to the loop's thread."""

    def __init__(self, sequencer: Sequencer, loop: "asyncio.AbstractEventLoop", worker: "ThreadPoolExecutor") -> None:
        self._sequencer = sequencer
        self._loop = loop
        self._worker = worker
        self._running = False
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    def durable(self, seq: int) -> "asyncio.Future[None] | None":
        """A future that ends when event `seq` is on disk, None when it is. Ends in `CannotWrite` when it
        cannot be.
        """
        if self._sequencer.store.committed_seq >= seq:
            self._sequencer.publish()
            return None
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((seq, waiter))
        self.begin()
        return waiter

    def begin(self) -> None:
        """Start a commit of what is staged, unless one runs: then the next follows it."""
        if self._running or self._sequencer.halted:
            return
        self._running = True
        self._loop.run_in_executor(self._worker, self._sequencer.store.commit).add_done_callback(self._ended)

    def _ended(self, done: "asyncio.Future[int]") -> None:
        self._running = False
        error = done.exception()
        if error is not None:
            self._sequencer.halted = str(error)
            waiters, self._waiters = self._waiters, []
            for _, waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        self._sequencer.store.forget_fresh()
        self._sequencer.publish()
        settled = self._sequencer.store.committed_seq
        waiting = []
        for seq, waiter in self._waiters:
            if seq > settled:
                waiting.append((seq, waiter))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiters = waiting
        if waiting or self._sequencer.staged_seq > settled:
            self.begin()
