"""A server whose market never rests: each look finds another book of every symbol. `busy_server.py FOLDER SYMBOLS`.

A line on stdin, `COUNT`, makes it publish so many changes of one order. Each second it prints what came into the hub.
"""

import json
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.market.books import Book
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.running import Running
from seqcli.sandbox.server import Ready, Serving, serve
from seqcli.sandbox.streams.feeds import MarketData
from seqcli.sandbox.streams.hub import Hub
from seqcli.wire import streams
from tests.sandbox.stage import HandMarket, Stage, instrument, two_venues

VARIANTS, LEVELS, MOVING = 32, 20, 4
EVERY_NS = 5_000_000
BATCH = 200
CHANGES = [0]


class BusyMarket(HandMarket):
    """Books made in advance, so that what is measured is the hub."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self._busy = {f"S{at}-USD": [_books(at, turn) for turn in range(VARIANTS)] for at in range(symbols)}
        self._all: dict[str, Instrument] = {name: instrument(name, "kraken", "coinbase") for name in self._busy}

    def instruments(self) -> Mapping[str, Instrument]:
        return self._all

    def books(self, symbol: str, ts_ns: int) -> Mapping[str, Book]:
        return self._busy[symbol][ts_ns // EVERY_NS % VARIANTS]


def _books(at: int, turn: int) -> Mapping[str, Book]:
    """Twenty levels a side and venue; the best four have sizes of their own each turn, the rest stand."""
    middle, step = (1000 + at) * 10**9, 10**7
    books = {}
    for place, venue in enumerate(("kraken", "coinbase")):
        sizes = [(level + 1) * 10**7 + (turn * 4 + level + place if level < MOVING else 0) for level in range(LEVELS)]
        bids = tuple((middle - (2 * level + place) * step, sizes[level]) for level in range(LEVELS))
        asks = tuple((middle + (2 * level + place + 1) * step, sizes[level]) for level in range(LEVELS))
        books[venue] = Book(bids, asks, 1_790_000_000 * 10**9 + turn)
    return books


def count_changes() -> None:
    look = MarketData._look

    def counted(self: MarketData, *arguments: Any) -> Any:
        changed = look(self, *arguments)
        CHANGES[0] += len(changed)
        return changed

    setattr(MarketData, "_look", counted)  # noqa: B010 - mypy takes no assignment to a method


def say(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def report() -> None:
    while True:
        time.sleep(1)
        row = {"at_s": time.monotonic(), "changes": CHANGES[0], "cpu_s": time.process_time()}
        say(row)


def listen(running: Running) -> None:
    stage = Stage(two_venues())
    stage.order()
    record = [event for event in stage.events if event.kind == "order"][-1].data
    for line in sys.stdin:
        total = int(line)

        def some(hub: Hub, left: int) -> None:
            client_id = next(iter(hub._members.values())).caller.client_id
            hub.publish(Event(left, 0, "order", record | {"client_id": client_id}) for _ in range(min(BATCH, left)))
            if left > BATCH:
                running.call(lambda hub: some(hub, left - BATCH))

        running.call(lambda hub, total=total: some(hub, total))  # type: ignore[misc]


def main() -> None:
    folder, symbols = Path(sys.argv[1]), int(sys.argv[2])
    streams.MAX_CONNECTIONS = 1000
    count_changes()

    def ready(told: Ready) -> None:
        say({"url": told.url, "api_key": told.api_key, "pid": told.pid})
        threading.Thread(target=report, daemon=True).start()

    def begun(running: Running) -> None:
        threading.Thread(target=listen, args=(running,), daemon=True).start()

    serve(Serving(folder=folder, port=0, market=BusyMarket(symbols)), ready, begun=begun)


if __name__ == "__main__":
    main()
