"""The exchange kept open: uvicorn on loopback, the gate, group commits, and a clean end on SIGTERM and
SIGINT.
"""

import asyncio
import contextlib
import gc
import ipaddress
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from seqcli.errors import NotSent, Usage
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.connection import Connection
from seqcli.sandbox.gate import Gate
from seqcli.sandbox.http import Application
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.sequencer import GroupCommit
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.state import LOCK_WAIT_S, Server, State

if TYPE_CHECKING:
    from seqcli.sandbox.books import Market
    from seqcli.sandbox.faults import Faults

DEFAULT_PORT = 50052
_TICK_S = 0.25
_DRAIN_S = 5
_IDLE_S = 75


class Serving(msgspec.Struct, kw_only=True):
    """How to serve. `port` 0 = any; `qps` 0 = unlimited, for the first key; `market` None = the synthetic
    one of `seed`.

    `seed` None = the one of the state folder (42 in a new one).
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    seed: int | None = None
    qps: int = 0
    market: "Market | None" = None
    faults: "Faults | None" = None


class Ready(msgspec.Struct, kw_only=True):
    """What is told once requests are answered: the line of ``serve --json``."""

    url: str
    api_key: str
    pid: int


def serve(serving: Serving, ready: Callable[[Ready], None], log: Callable[[str], None] = to_stderr) -> None:
    """Serve until SIGTERM or SIGINT; then finish what was begun, write a snapshot and return.

    Raises `Usage` for a host that is not loopback or a port in use, `AlreadyServed` when another server has
    the state folder.
    """
    listener = _listen(serving.host, serving.port)
    state = State(serving.folder)
    try:
        state.prepare()
        other = state.enter(LOCK_WAIT_S)
        if other is not None:
            raise AlreadyServed(other)
        try:
            _run(serving, state, listener, ready, log)
        finally:
            state.withdraw()
            state.lock.close()
    finally:
        listener.close()


class AlreadyServed(NotSent):
    """A server runs this state folder."""

    code = "ALREADY_SERVED"

    def __init__(self, server: Server) -> None:
        super().__init__(
            f"a server with pid {server.pid} runs this state at {server.url}",
            hint="seq sandbox stop, or another folder with --state",
        )
        self.server = server


def _run(
    serving: Serving,
    state: State,
    listener: socket.socket,
    ready: Callable[[Ready], None],
    log: Callable[[str], None],
) -> None:
    settings = Settings(qps=serving.qps, started_ns=time.time_ns())
    box = OpenBox(state, settings, time.time_ns, market=serving.market, thorough=True)
    try:
        for note in box.store.notes:
            log(note)
        if serving.seed is not None:
            box.choose_seed(serving.seed)
        box.catch_up()
        box.sequencer.commit()
        box.store.read_apart()
        host, port = listener.getsockname()[:2]
        gate = Gate(box, hosts=_hosts(host, port), clock_ns=time.monotonic_ns, log=log)
        told = Ready(url=f"http://{_bracketed(host)}:{port}", api_key=box.api_key, pid=os.getpid())
        state.announce(Server(url=told.url, pid=told.pid, started_ns=settings.started_ns))
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        _loop(box, gate, serving.faults, listener, lambda: ready(told))
    finally:
        box.close(snapshot=True)
    if box.sequencer.halted is not None:
        raise NotSent(f"halted: {box.sequencer.halted}", code="CANNOT_WRITE")


def _loop(
    box: OpenBox,
    gate: Gate,
    faults: "Faults | None",
    listener: socket.socket,
    ready: Callable[[], None],
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "commit") as worker:
            commits = GroupCommit(box.sequencer, loop, worker)
            _listen_to_uvicorn(gate)
            config = uvicorn.Config(
                Application(gate, commits, faults),
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=_IDLE_S,
                timeout_graceful_shutdown=_DRAIN_S,
            )
            server = _Uvicorn(config, gate, ready)
            ticking = loop.create_task(_tick(box, commits, gate))
            _on_signals(loop, server)
            try:
                await server.serve([listener])
            finally:
                ticking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await ticking

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main())


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signals: it would raise them again at the end, and the exit status would not
    be 0.
    """

    def __init__(self, config: uvicorn.Config, gate: Gate, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._gate = gate
        self._ready = ready

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def end(self) -> None:
        """Stop accepting; a second time: stop waiting, too."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._gate.closing = True


async def _tick(box: OpenBox, commits: GroupCommit, gate: Gate) -> None:
    """Let resting orders fill and timers run while nobody asks."""
    from traceback import format_exc

    while box.sequencer.halted is None:
        await asyncio.sleep(_TICK_S)
        try:
            box.catch_up()
        except Exception:  # noqa: BLE001 - whatever it is, an exchange that cannot go on must not pretend to
            gate.report(f"the exchange cannot go on\n{format_exc()}")
            box.sequencer.halted = "the exchange cannot go on"
        if box.sequencer.staged_seq > box.store.committed_seq:
            commits.begin()
    gate.report(f"halted, and every request is refused: {box.sequencer.halted}")


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


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback literal (or ``localhost``, read as 127.0.0.1)."""
    literal = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(literal)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise Usage(f"{host} is not a loopback address", hint="the sandbox serves this machine only: --host 127.0.0.1")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - the version of IP
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise Usage(
            f"cannot listen on {host}:{port}: {error}", hint="choose another with --port; 0 takes any"
        ) from error
    return listener


def _hosts(host: str, port: int) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "[::1]", _bracketed(host)}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())  # noqa: PLR2004 - http's own port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
