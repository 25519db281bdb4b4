"""Lines on their way: several at once, each journaled before it leaves, their rows in the order of the lines."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec

from seqcli.commands import placing
from seqcli.commands.runs import Run
from seqcli.commands.session import Planned, Session
from seqcli.errors import Denied, Failure, RateLimited, Unreachable
from seqcli.wire.submission import GraphOrder

INTERRUPTED = "interrupted"
_WINDOW = 8
"""Lines handed out at a time, for each hand: a slow one at their head leaves the other hands something to do."""
Row = dict[str, Any]


class Item(msgspec.Struct):
    """One checked line: an order or a cancel; `text` is what its id is made of."""

    number: int
    text: str
    graph: GraphOrder | None = None
    cancel: Planned | None = None

    @property
    def order(self) -> GraphOrder:
        """The graph of a line that is no cancel."""
        if self.graph is None:
            raise TypeError("a cancel has no graph")
        return self.graph


class Dispatch:
    """`hands` lines are on their way at once; `seconds` says how long the end of each is waited for."""

    def __init__(self, session: Session, run: Run, seconds: float | None, hands: int) -> None:
        self._session = session
        self._run = run
        self._seconds = seconds
        self._hands = hands
        self._whole = True
        self._stopped: str | None = None

    def rows(self, items: list[Item]) -> Iterator[Row]:
        """What became of each line, in their order; cancels wait for the orders before them, orders for the cancels.

        The run is over when every line has an end that another attempt would not change. Ctrl-C leaves it open; so
        do the kill switch, a bad key and an exchange that can't be reached, after which nothing more is tried.
        """
        _ = self._session.desk  # opened once, here, before there are several threads
        with contextlib.ExitStack() as ending:
            pool = ThreadPoolExecutor(self._hands)
            ending.callback(pool.shutdown, cancel_futures=True)
            ending.callback(self._stop)
            start = pool.submit if self._hands > 1 else _now
            yield from self._through(items, start)
            if self._whole:
                self._run.finish()

    def _through(self, items: list[Item], start: "Callable[..., Future[Row]]") -> Iterator[Row]:
        under_way: deque[tuple[Item, Future[Row]]] = deque()
        window = self._hands * _WINDOW if self._hands > 1 else 1
        for item in items:
            while under_way and (len(under_way) >= window or under_way[0][1].done() or _apart(under_way[-1][0], item)):
                yield self._ended(*under_way.popleft())
            if self._stopped == INTERRUPTED:
                break
            under_way.append((item, start(self._row, item)))
        while under_way:
            yield self._ended(*under_way.popleft())

    def _stop(self) -> None:
        self._stopped = self._stopped or INTERRUPTED

    def _ended(self, item: Item, future: "Future[Row]") -> Row:
        row: Row = {"line": item.number} | self._awaited(future)
        self._whole = self._whole and not _may_change(row)
        self._stopped = self._stopped or stops(row)
        return row

    def _awaited(self, future: "Future[Row]") -> Row:
        """Ctrl-C lets what is on its way come to its end, and starts nothing more; a second one waits for nothing."""
        with contextlib.suppress(KeyboardInterrupt):
            return future.result()
        self._stopped, self._whole = INTERRUPTED, False
        self._session.note("stopping: what is on its way comes to its end first")
        return future.result()

    def _row(self, item: Item) -> Row:
        if self._stopped is not None:
            return {"outcome": "not_sent", "graph_id": None, "status": None, "error": self._stopped}
        body, failure = self._session.tried(lambda: self._done(item))
        return _failed(item, failure) if failure is not None else dict(body)

    def _done(self, item: Item) -> Row:
        if item.cancel is not None:
            reply: Row = self._session.changed(*item.cancel).body
            return {"outcome": "cancelled"} | reply
        outcome = self._session.desk.submit(item.order, listed=self._seconds is None)
        body, failure = placing.followed(self._session, outcome, self._seconds)
        return body | (_told(failure) if failure else {})


def stops(row: Row) -> str | None:
    """Why the lines after this one need not be tried."""
    if "interrupted" in str(row.get("error")):
        return INTERRUPTED
    failure = row.get("failure") or {}
    fatal = failure.get("exit_status") in (Denied.exit_status, Unreachable.exit_status)
    if row["outcome"] == "unknown" or not (fatal or failure.get("code") == "KILL_SWITCH"):
        return None
    return f"not tried after line {row['line']}: {row['error']}"


def _may_change(row: Row) -> bool:
    """Whether the same line once more may end otherwise: it never left, nobody knows, or it was turned away unread."""
    unread = (row.get("failure") or {}).get("exit_status") in (Denied.exit_status, RateLimited.exit_status)
    return row["outcome"] in ("not_sent", "unknown") or unread


def _apart(before: Item, item: Item) -> bool:
    return (before.cancel is None) != (item.cancel is None)


def _now(work: Callable[[Item], Row], item: Item) -> "Future[Row]":
    """Done at once, in this thread: Ctrl-C reaches it."""
    future: Future[Row] = Future()
    future.set_result(work(item))
    return future


def _failed(item: Item, failure: Failure) -> Row:
    return {"outcome": "not_sent", "graph_id": item.graph.graph_id if item.graph else None, "status": None} | _told(
        failure
    )


def _told(failure: Failure) -> Row:
    return {"error": failure.message, "failure": failure.as_json()["error"]}
