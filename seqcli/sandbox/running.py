"""The server while it runs: one event loop with uvicorn, group commits, the ticker that lets time pass, and the end."""

import asyncio
import contextlib
import functools
import logging
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, thread_time
from traceback import format_exc
from typing import TYPE_CHECKING, Any

import uvicorn

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.connection import Connection
from seqcli.sandbox.service.gate import Gate
from seqcli.sandbox.service.http import SLICE_S, Application
from seqcli.sandbox.service.sequencer import GroupCommit
from seqcli.sandbox.service.sockets import Door, StreamSocket
from seqcli.sandbox.storage.damage import CannotWrite
from seqcli.sandbox.streams.feeds import BOOK_TICK_NS
from seqcli.sandbox.streams.hub import Hub
from seqcli.sandbox.streams.lives import Lives

if TYPE_CHECKING:
    from seqcli.sandbox.exchange.events import Event
    from seqcli.sandbox.service.faults import Faults

_TICK_S = 0.25
_LISTENED_TICK_S = BOOK_TICK_NS / 1e9
"""How often time passes for resting orders, timers and horizons: as often as a venue publishes. While anybody listens,
as often as books are looked at: a fill is told with the book that caused it, and a tick with nothing due costs
microseconds.
"""
_SPARE_S = 0.05
"""So much of a tick in which nothing happened goes into cost reports that are due."""
_DRAIN_S = 5
_IDLE_S = 75


class Running:
    """One run of the server over an open box."""

    def __init__(self, box: OpenBox, gate: Gate, hub: Hub, faults: "Faults | None") -> None:
        self._box, self._gate, self._hub, self._faults = box, gate, hub, faults
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Uvicorn | None = None
        self._ended = False
        contracts = box.contracts
        self._lives = None if contracts is None else Lives(contracts, box.market, hub.announce)
        box.sequencer.listener = self._publish

    def run(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        """Serve until `end`, or a signal when this is the main thread."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._main(listener, ready))

    def end(self) -> None:
        """Begin to end; any thread, and more than once. Before `run` it makes that one short."""
        self._ended = True
        if self._loop is not None and self._server is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed
                self._loop.call_soon_threadsafe(self._server.end)

    def call(self, act: Callable[[Hub], object]) -> None:
        """Do something with the hub, in its own thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(act, self._hub)

    async def _main(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "commit") as worker:
            commits = GroupCommit(self._box.sequencer, loop, worker)
            _listen_to_uvicorn(self._gate)
            socket_class: Any = functools.partial(StreamSocket, Door(self._gate, self._hub, self._faults))
            config = uvicorn.Config(
                Application(self._gate, commits, self._hub, self._faults),
                http=Connection,
                ws=socket_class,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=_DRAIN_S,
            )
            server = _Uvicorn(config, self._gate, self._hub, ready)
            self._loop, self._server = loop, server
            if self._ended:
                server.end()
            ticking = loop.create_task(self._tick(commits))
            if threading.current_thread() is threading.main_thread():
                _on_signals(loop, server)
            try:
                await server.serve([listener])
            finally:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking

    async def _tick(self, commits: GroupCommit) -> None:
        """Let resting orders fill and timers run while nobody asks, and tell of the market to those who watch it.

        However much is watched, others get their turn after each slice, and a fifth of the time at least.
        """
        sequencer = self._box.sequencer
        clock = asyncio.get_running_loop().time
        seen_seq, due_s = -1, clock()
        while sequencer.halted is None:
            worked_s = thread_time()
            self._pass_time()
            if sequencer.staged_seq > self._box.store.committed_seq:
                commits.begin()
            worked_s = thread_time() - worked_s + await self._look()
            on_disk = sequencer.staged_seq <= self._box.store.committed_seq  # else the loop would wait for the disk
            if on_disk and (self._box.fleeting or seen_seq == sequencer.staged_seq):
                worked_s += await self._settle_reports()
            seen_seq = sequencer.staged_seq
            often = self._hub.listened or bool(self._box.fleet)
            due_s = max(due_s + (_LISTENED_TICK_S if often else _TICK_S), clock())
            await asyncio.sleep(max(worked_s / 4, due_s - clock()))
        self._gate.report(f"halted, and every request is refused: {sequencer.halted}")

    def _pass_time(self) -> None:
        try:
            now_ns = self._box.catch_up()
            if self._box.fleet:
                self._box.fleet.step(now_ns)
                self._box.sequencer.stage()
            if self._box.runs:
                self._box.runs.step(now_ns)
            if self._box.runner:
                self._box.runner.step(now_ns)
            self._box.sequencer.publish()
        except Exception:  # noqa: BLE001 - whatever it is, an exchange that cannot go on must not pretend to
            self._gate.report(f"the exchange cannot go on\n{format_exc()}")
            self._box.sequencer.halted = "the exchange cannot go on"

    async def _settle_reports(self) -> float:
        """Make some of the cost reports that are due. Returns the seconds of work it was."""
        worked_s, began = 0.0, thread_time()
        try:
            for _ in self._box.reporter.steps():
                worked_s += thread_time() - began
                if worked_s > _SPARE_S and not self._box.fleeting:
                    break
                await asyncio.sleep(0)
                began = thread_time()
        except CannotWrite as error:
            self._box.sequencer.halted = error.message
        return worked_s

    async def _look(self) -> float:
        """Returns the seconds of work it was, pauses apart."""
        worked_s, began, since = 0.0, thread_time(), perf_counter()
        try:
            now_ns = self._box.sequencer.stamp()
            self._hub.look(now_ns)
            if self._lives is not None:
                self._lives.look(now_ns)
            for _ in self._hub.market.steps(now_ns):
                if perf_counter() - since > SLICE_S:
                    worked_s += thread_time() - began
                    await asyncio.sleep(0)
                    began, since = thread_time(), perf_counter()
        except Exception:  # noqa: BLE001 - a reader that misses something must know
            self._dismiss()
        return worked_s + thread_time() - began

    def _publish(self, events: "list[Event]") -> None:
        try:
            self._hub.publish(events)
        except Exception:  # noqa: BLE001 - a reader that misses something must know
            self._dismiss()
        try:
            if self._box.fleet:
                self._box.fleet.take(events, self._box.sequencer.stamp())
        except Exception:  # noqa: BLE001 - readers have been told, and go on
            self._gate.report(f"the algorithms failed\n{format_exc()}")

    def _dismiss(self) -> None:
        """Something could not be told: everybody is sent away, to come back and read what they missed."""
        self._gate.report(f"a stream failed\n{format_exc()}")
        self._hub.begin_anew()


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signals: it would raise them again at the end, and the exit status would not
    be 0.
    """

    def __init__(self, config: uvicorn.Config, gate: Gate, hub: Hub, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._gate = gate
        self._hub = hub
        self._ready = ready

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def end(self) -> None:
        """Stop accepting, and send streams away; a second time: stop waiting, too."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._gate.closing = True
        self._hub.close()


def _listen_to_uvicorn(gate: Gate) -> None:
    """Its errors go where ours go, cleaned of keys; its other lines nowhere."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            gate.report(self.format(record))

    logger = logging.getLogger("uvicorn")
    logger.propagate = False
    logger.handlers = [Handler(logging.ERROR)]


def _on_signals(loop: asyncio.AbstractEventLoop, server: _Uvicorn) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, server.end)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(server.end))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
