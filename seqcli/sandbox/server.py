"""The exchange kept open: uvicorn on loopback, the gate, group commits, streams, and a clean end on SIGTERM and
SIGINT.

`serve` runs in the thread that calls it. To have a server beside other work in one process:

    with served(Serving(folder=folder, port=0)) as ready: ... ready.url, ready.api_key ...
"""

import gc
import ipaddress
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from seqcli.errors import NotSent, Usage
from seqcli.sandbox.algos.fleet import Fleet
from seqcli.sandbox.algos.runner import Runner
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.running import Running
from seqcli.sandbox.service.gate import Gate
from seqcli.sandbox.service.state import LOCK_WAIT_S, Server, State
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.strategies.runs import Runs
from seqcli.sandbox.streams.hub import Hub

if TYPE_CHECKING:
    from seqcli.sandbox.market.books import Market
    from seqcli.sandbox.service.faults import Faults

DEFAULT_PORT = 50052


class Serving(msgspec.Struct, kw_only=True):
    """How to serve. `port` 0 = any; `qps` 0 = unlimited, for the first key; `market` None = the synthetic
    one of `seed`.

    `seed` None = the one of the state folder (42 in a new one). `allow_strategies`: hosted programs may run here.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    seed: int | None = None
    qps: int = 0
    market: "Market | None" = None
    faults: "Faults | None" = None
    allow_strategies: bool = False


class Ready(msgspec.Struct, kw_only=True):
    """What is told once requests are answered: the line of ``serve --json``."""

    url: str
    api_key: str
    pid: int


def serve(
    serving: Serving,
    ready: Callable[[Ready], None],
    log: Callable[[str], None] = to_stderr,
    begun: Callable[[Running], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT (in the main thread), or until `Running.end` of what `begun` was given; then
    finish what was begun, write a snapshot and return.

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
            _run(serving, state, listener, (ready, begun, log))
        finally:
            state.withdraw()
            state.lock.close()
    finally:
        listener.close()


@contextmanager
def served(
    serving: Serving,
    log: Callable[[str], None] = to_stderr,
    begun: Callable[[Running], None] = lambda _: None,
) -> Iterator[Ready]:
    """A server in a thread of its own, ready inside the block and ended after it. Raises what `serve` raises."""
    told: queue.SimpleQueue[Ready | BaseException] = queue.SimpleQueue()
    running: list[Running] = []
    ending = threading.Event()

    def keep(one: Running) -> None:
        running.append(one)
        begun(one)
        if ending.is_set():
            one.end()

    def work() -> None:
        try:
            serve(serving, told.put, log, keep)
        except BaseException as error:  # noqa: BLE001 - it is raised where the server was asked for
            told.put(error)

    thread = threading.Thread(target=work, name="exchange")
    thread.start()
    try:
        first = told.get()
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        ending.set()
        for one in running:
            one.end()
        thread.join()
    if not told.empty() and isinstance(last := told.get(), BaseException):
        raise last


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
    tell: tuple[Callable[[Ready], None], Callable[[Running], None], Callable[[str], None]],
) -> None:
    ready, begun, log = tell
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
        hub = box.hub = Hub(box, box.sequencer.stamp, time.monotonic_ns, report=box.report)
        box.fleet = Fleet(box.exchange, box.deployments, hub.tell, gate.report)
        box.fleet.begin(box.sequencer.stamp())
        box.runner = Runner(box.jobs)
        box.runner.begin(box.sequencer.stamp())
        told = Ready(url=f"http://{_bracketed(host)}:{port}", api_key=box.api_key, pid=os.getpid())
        strategies = box.strategies
        if serving.allow_strategies:
            box.runs = Runs(strategies, box.keys, box.keep_key, url=told.url, folder=state.folder / "runs")
        state.announce(Server(url=told.url, pid=told.pid, started_ns=settings.started_ns))
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        running = Running(box, gate, hub, serving.faults)
        begun(running)
        running.run(listener, lambda: ready(told))
    finally:
        if box.runs is not None:
            box.runs.close(box.sequencer.stamp())
        if box.runner is not None:
            box.runner.close()
        if box.fleet is not None:
            box.fleet.close(box.sequencer.stamp())
        box.close(snapshot=True)
    if box.sequencer.halted is not None:
        raise NotSent(f"halted: {box.sequencer.halted}", code="CANNOT_WRITE")


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
