"""Many orders: handed to the desk line by line, answered in their order.

A line is an order in the API's simple words, a whole graph, or ``{"cancel": "ID"}``. A line that is wrong is a row of
its own; the others go on.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from seqcli.commands import cancelling, placing, runs, words
from seqcli.commands.lines import Line, graph_of, read
from seqcli.commands.ordering import Terms
from seqcli.commands.placing import Waiting
from seqcli.commands.session import Session
from seqcli.errors import Denied, Failure, Interrupted, NotSent, OutcomeUnknown, Partial, Refused, Unreachable, Usage
from seqcli.views import Result, forms
from seqcli.views import orders as tables
from seqcli.wire import orders
from seqcli.wire.operation import Request
from seqcli.wire.submission import GraphOrder

INTERRUPTED = "interrupted"


def submit(
    session: Session, source: str, terms: Terms, waiting: Waiting, *, anew: bool, parallel: str
) -> Result | Iterator[Result]:
    """One result a line, in the order of the lines; the status says how all of them went."""
    if terms != Terms(sandbox=terms.sandbox):
        raise Usage(
            "the lines of a file have their own terms", hint="only --sandbox, --wait and --wait-timeout go with it"
        )
    lines = read(source)
    if session.options.dry_run:
        return session.planned(*(_planned(session, value, terms) for _, value in lines))
    if session.account.mode == "live" and not terms.sandbox:
        session.confirm(f"Send every order of {source} LIVE?")
    batch = Batch(
        session, _run(session, source, anew=anew), terms.sandbox, waiting.seconds(), _hands(session, parallel)
    )
    rows = batch.rows(lines)
    return _streamed(rows) if session.options.output == "ndjson" or session.options.quiet else _summed(list(rows))


def _hands(session: Session, parallel: str) -> int:
    """How many lines are on their way at once; the built-in exchange takes one at a time."""
    hands = words.count(parallel, "--parallel", 1, 32)
    return 1 if session.account.local else hands


def _run(session: Session, source: str, *, anew: bool) -> runs.Run:
    clock, chance = session.client.clock, session.client.chance
    token = chance.randbytes(6).hex()
    run = runs.begin(source, session.account.fingerprint, clock.time_ns(), token, anew=anew)
    if run.resumed:
        session.note(f"going on with {source}: what was sent already is looked up, not sent twice (--anew: all again)")
    return run


class Batch:
    """Lines on their way, `hands` of them at once; `seconds` says how long the end of each is waited for."""

    def __init__(self, session: Session, run: runs.Run, sandbox: bool, seconds: float | None, hands: int) -> None:
        self._session = session
        self._run = run
        self._sandbox = sandbox
        self._seconds = seconds
        self._hands = hands
        self._whole = True
        self._stopped: str | None = None

    def rows(self, lines: Iterable[Line]) -> Iterator[dict[str, Any]]:
        """What became of each line, in their order; a cancel waits for every line before it.

        The run is over when every line has gone out. Ctrl-C leaves it open; so does a bad key or an exchange that
        can't be reached, after which nothing more is tried.
        """
        with ThreadPoolExecutor(self._hands) as pool:
            start = pool.submit if self._hands > 1 else _now
            under_way: deque[tuple[int, Future[dict[str, Any]]]] = deque()
            for number, value in lines:
                while under_way and (len(under_way) >= self._hands or _is_cancel(value)):
                    yield self._ended(*under_way.popleft())
                if self._stopped == INTERRUPTED:
                    return
                under_way.append((number, start(self._task(value))))
            while under_way:
                yield self._ended(*under_way.popleft())
        if self._whole:
            self._run.finish()

    def _ended(self, number: int, future: "Future[dict[str, Any]]") -> dict[str, Any]:
        row: dict[str, Any] = {"line": number} | future.result()
        self._whole = self._whole and row["outcome"] not in ("not_sent", "unknown")
        self._stopped = self._stopped or _stops(row)
        return row

    def _task(self, value: Any) -> Callable[[], dict[str, Any]]:
        """What is to be done for a line; ids are given here, in the order of the lines."""
        stopped = self._stopped
        if stopped is not None:
            return lambda: {"outcome": "not_sent", "graph_id": None, "status": None, "error": stopped}
        work, failure = self._session.tried(lambda: self._work(value))
        if failure is not None:
            return lambda: _failed(value, failure)
        return lambda: self._done(value, work)

    def _work(self, value: Any) -> Callable[[], dict[str, Any]]:
        if isinstance(value, Failure):
            raise value
        if _is_cancel(value):
            operation, request = cancelling.request(words.identity(str(value["cancel"])))
            return lambda: {"outcome": "cancelled"} | self._session.changed(operation, request).body
        graph = graph_of(value, sandbox=self._sandbox)
        if graph.graph_id is None:
            graph.graph_id = self._run.graph_id(forms.encode(value))
        return lambda: self._submitted(graph)

    def _submitted(self, graph: GraphOrder) -> dict[str, Any]:
        body, failure = placing.followed(self._session, self._session.desk.submit(graph), self._seconds)
        return body | (_told(failure) if failure else {})

    def _done(self, value: Any, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        body, failure = self._session.tried(work)
        return _failed(value, failure) if failure is not None else dict(body)


def _now(work: Callable[[], dict[str, Any]]) -> "Future[dict[str, Any]]":
    """Done at once, in this thread: Ctrl-C reaches it."""
    future: Future[dict[str, Any]] = Future()
    future.set_result(work())
    return future


def _is_cancel(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"cancel"}


def _failed(value: Any, failure: Failure) -> dict[str, Any]:
    given = value.get("graph_id") if isinstance(value, dict) else None
    return {"outcome": "not_sent", "graph_id": given, "status": None} | _told(failure)


def _told(failure: Failure) -> dict[str, Any]:
    return {"error": failure.message, "failure": failure.as_json()["error"]}


def _stops(row: dict[str, Any]) -> str | None:
    """Why the lines after this one need not be tried."""
    if "interrupted" in str(row.get("error")):
        return INTERRUPTED
    status = (row.get("failure") or {}).get("exit_status")
    if row["outcome"] == "unknown" or status not in (Denied.exit_status, Unreachable.exit_status):
        return None
    return f"not tried after line {row['line']}: {row['error']}"


def _streamed(rows: Iterable[dict[str, Any]]) -> Iterator[Result]:
    seen = []
    for row in rows:
        seen.append({name: row.get(name) for name in ("line", "graph_id", "outcome", "error", "failure")})
        yield Result(body=row, items=None, ids=_ids([row]))
    yield Result(body={"results": []}, items="results", failure=_failure(seen))


def _summed(rows: list[dict[str, Any]]) -> Result:
    body = {"results": rows, "count": len(rows)}
    return Result(body=body, items="results", ids=_ids(rows), table=tables.submitted, failure=_failure(rows))


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["graph_id"]) for row in rows if row.get("graph_id") and row.get("outcome") != "not_sent"]


def _failure(rows: list[dict[str, Any]]) -> Failure | None:
    """All went well; or some are unknown, some or all did not go."""
    unknown = [row for row in rows if row["outcome"] == "unknown"]
    bad = [row for row in rows if row["outcome"] not in ("accepted", "cancelled")]
    if unknown:
        names = ", ".join(str(row["graph_id"]) for row in unknown[:3])
        return OutcomeUnknown(f"{len(unknown)} of {len(rows)} unknown: {names}", hint="seq order reconcile")
    if rows and _stops(rows[-1]) == INTERRUPTED:
        return Interrupted(f"interrupted in line {rows[-1]['line']}", hint="the same command goes on from there")
    if not bad:
        return None
    sentence = f"{len(bad)} of {len(rows)} were not accepted, the first in line {bad[0]['line']}"
    if len(bad) < len(rows):
        return Partial(sentence)
    kinds: dict[Any, type[Failure]] = {kind.exit_status: kind for kind in (Denied, NotSent)}
    kind = kinds.get((bad[0].get("failure") or {}).get("exit_status"), Refused)
    return kind(f"{sentence}: {bad[0].get('error')}", hint=(bad[0].get("failure") or {}).get("hint"))


def _planned(session: Session, value: Any, terms: Terms) -> Any:
    if isinstance(value, Failure):
        raise value
    if _is_cancel(value):
        return cancelling.request(words.identity(str(value["cancel"])))
    return orders.PLACE, Request(body=session.dressed(graph_of(value, sandbox=terms.sandbox)))
