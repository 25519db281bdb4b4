"""Streams under load: what goes into the hub, what comes out of it, and that its memory stays as it was."""

import json
import re
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.sandbox.streaming import Raw

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("busy_server.py")
SYMBOLS, READERS = 300, 50
WARM_S, SECONDS = 4, 10
EVENTS = 50_000
_HEAD = re.compile(rb'{"channel":"([^"]+)","seq":(\d+)')


class Busy:
    """The server of `busy_server.py`, and connections that count."""

    def __init__(self, folder: Path, symbols: int) -> None:
        command = [sys.executable, str(SERVER), str(folder), str(symbols)]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.figures: list[dict[str, float]] = []
        self.readers: list[Counting] = []
        self._collector = threading.Thread(target=self._collect)
        self._collector.start()
        self.pid = ready["pid"]
        headers = {"Authorization": f"Bearer {ready['api_key']}"}
        self.box: Any = SimpleNamespace(port=int(ready["url"].rpartition(":")[2]), headers=lambda: headers)

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.figures.append(json.loads(line))

    def rates(self, seconds: int) -> tuple[float, float]:
        """Changed books a second that came into the hub, and the server's CPU seconds a second, of late."""
        first, last = self.figures[-1 - seconds], self.figures[-1]
        elapsed = last["at_s"] - first["at_s"]
        return (last["changes"] - first["changes"]) / elapsed, (last["cpu_s"] - first["cpu_s"]) / elapsed

    def rss_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0])

    def open(self, *topics: str) -> "Counting":
        raw = Raw(self.box)
        raw.send(subscribe=topics)
        self.readers.append(Counting(raw))
        return self.readers[-1]

    def end(self) -> int:
        for reader in self.readers:
            reader.connection.close()
        self.process.terminate()
        status = self.process.wait(20)
        self._collector.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return status


class Counting:
    """Frames of one connection, counted, and their numbers checked, without reading them whole."""

    def __init__(self, raw: Raw) -> None:
        self.connection = raw.connection
        self._text = b""
        self.frames = 0
        self.bytes = 0
        self.gaps = 0
        self._last: dict[bytes, int] = {}

    def read(self) -> None:
        data = self.connection.recv(1 << 18)
        self.bytes += len(data)
        text, at = self._text + data, 0
        while len(text) - at >= 4:
            size, head = text[at + 1] & 127, 2
            if size == 126:
                size, head = int.from_bytes(text[at + 2 : at + 4], "big"), 4
            if len(text) - at < head + size:
                break
            if text[at] & 15 == 1:
                self._count(text, at + head)
            at += head + size
        self._text = text[at:]

    def _count(self, text: bytes, at: int) -> None:
        found = _HEAD.match(text, at)
        if found is None:
            return
        self.frames += 1
        number = int(found[2])
        self.gaps += number != self._last.get(found[1], 0) + 1
        self._last[found[1]] = number


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Callable[[int], Busy]]:
    started: list[Busy] = []

    def start(symbols: int = SYMBOLS) -> Busy:
        started.append(Busy(tmp_path / "box", symbols))
        return started[-1]

    yield start
    for each in started:
        assert each.end() == 0


def read_for(readers: list[Counting], seconds: float) -> None:
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.connection, selectors.EVENT_READ, reader)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in selector.select(0.1):
                key.data.read()


@pytest.mark.parametrize("shape", ["each its own six", "all the same"])
def test_ten_thousand_books_a_second_to_fifty_readers(
    busy: Callable[[int], Busy], tell: Callable[[str], None], shape: str
) -> None:
    server = busy(SYMBOLS)
    share = SYMBOLS // READERS
    readers = []
    for at in range(READERS):
        names = range(at * share, (at + 1) * share) if shape == "each its own six" else range(SYMBOLS)
        readers.append(server.open(*(f"book:S{name}-USD" for name in names)))
    read_for(readers, WARM_S)
    before, seen, start = server.rss_kib(), sum(reader.frames for reader in readers), time.perf_counter()
    read_for(readers, SECONDS)
    elapsed, after = time.perf_counter() - start, server.rss_kib()
    frames = sum(reader.frames for reader in readers) - seen
    changes, cpu = server.rates(SECONDS)
    assert sum(reader.gaps for reader in readers) == 0
    tell(
        f"{SYMBOLS} symbols, another book for each look, {READERS} readers, {shape}: {changes:,.0f} books/s in, "
        f"{frames / elapsed:,.0f} frames/s out, no gap, {cpu:.2f} cores = {cpu / changes * 1e6:.0f} µs a book; "
        f"RSS {before / 1024:.1f} → {after / 1024:.1f} MiB"
    )


def test_one_symbol_to_fifty_readers(busy: Callable[[int], Busy], tell: Callable[[str], None]) -> None:
    server = busy(1)
    readers = [server.open("book:S0-USD", "prices:S0-USD") for _ in range(READERS)]
    read_for(readers, WARM_S)
    seen, start = sum(reader.frames for reader in readers), time.perf_counter()
    read_for(readers, SECONDS)
    elapsed = time.perf_counter() - start
    frames = sum(reader.frames for reader in readers) - seen
    tell(f"one symbol, {READERS} readers: {frames / elapsed:,.0f} frames/s, {server.rates(SECONDS)[1]:.2f} cores")


@pytest.mark.parametrize("count", [1, 10])
def test_order_events_to_readers(busy: Callable[[int], Busy], tell: Callable[[str], None], count: int) -> None:
    server = busy(1)
    readers = [server.open("orders") for _ in range(count)]
    read_for(readers, 0.5)
    assert server.process.stdin is not None
    start = time.perf_counter()
    server.process.stdin.write(f"{EVENTS}\n")
    server.process.stdin.flush()
    while min(reader.frames for reader in readers) < EVENTS:
        read_for(readers, 0.05)
    elapsed = time.perf_counter() - start
    assert sum(reader.gaps for reader in readers) == 0
    size = readers[0].bytes / EVENTS
    tell(f"order events of {size:.0f} bytes to {count} reader(s): {EVENTS / elapsed:,.0f} events/s, none lost")
