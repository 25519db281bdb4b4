"""Many orders: read and checked whole, handed to the desk several at once, answered in the order of their lines.

A line is an order in the API's simple words, a whole graph, or ``{"cancel": "ID"}``. One wrong line stops them all,
before the first is sent; what the exchange says of a line is a row of its own, and the others go on.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seqcli.commands import cancelling, runs, speaking, words
from seqcli.commands.dispatch import INTERRUPTED, Dispatch, Item, stops
from seqcli.commands.lines import Line, graph_of, read
from seqcli.commands.ordering import Terms
from seqcli.commands.placing import Waiting, warn_of_stops
from seqcli.commands.session import Session
from seqcli.errors import Denied, Failure, Interrupted, NotSent, OutcomeUnknown, Partial, Refused, Usage
from seqcli.views import Result, forms
from seqcli.views import orders as tables
from seqcli.wire import orders
from seqcli.wire.operation import Request


def submit(
    session: Session, source: str, terms: Terms, waiting: Waiting, *, anew: bool, parallel: str
) -> Result | Iterator[Result]:
    """One result a line, in the order of the lines; the status says how all of them went."""
    if terms != Terms(sandbox=terms.sandbox):
        raise Usage(
            "the lines of a file have their own terms", hint="only --sandbox, --wait and --wait-timeout go with it"
        )
    seconds, hands = waiting.seconds(), words.count(parallel, "--parallel", 1, 32)
    items = checked(session, read(source), sandbox=terms.sandbox)
    warn_of_stops(session, [item.graph for item in items if item.graph is not None])
    if session.options.dry_run:
        return session.planned(*(_planned(session, item) for item in items))
    if session.account.mode == "live" and not terms.sandbox:
        session.confirm(f"Send all {len(items)} lines of {source} LIVE?")
    run = _run(session, source, anew=anew)
    for item in items:
        if item.graph is not None and item.graph.graph_id is None:
            item.graph.graph_id = run.graph_id(item.text)
    # the built-in exchange takes one at a time
    sent = Dispatch(session, run, seconds, 1 if session.account.local else hands).rows(items)
    if session.options.output == "ndjson" or session.options.quiet:
        return _streamed(sent if speaking.is_read() else _counted(sent, len(items)))
    return _summed(list(_counted(sent, len(items))))


def checked(session: Session, lines: list[Line], *, sandbox: bool) -> list[Item]:
    """Every line as what it asks for. Raises `Usage` that names each bad one."""
    _ = session.client  # what is wrong with the account is no line's fault
    items: list[Item] = []
    bad: list[tuple[int, Failure]] = []
    taken: dict[str, int] = {}
    for number, value in lines:
        item, failure = session.tried(lambda: _item(session, number, value, sandbox))  # noqa: B023 - called at once
        name = item.graph.graph_id if item is not None and item.graph is not None else None
        if name is not None and taken.setdefault(name, number) != number:
            failure = Usage(f"the id {name} is that of line {taken[name]}")
        if failure is not None:
            bad.append((number, failure))
        else:
            items.append(item)
    if bad:
        number, first = bad[0]
        more = f"; {len(bad) - 1} more of {len(lines)} lines are wrong" if len(bad) > 1 else ""
        details = [{"field": f"line {number}", "message": failure.message} for number, failure in bad]
        raise Usage(f"nothing was sent: line {number}: {first.message}{more}", details=details, hint=first.hint)
    return items


def _item(session: Session, number: int, value: Any, sandbox: bool) -> Item:
    if isinstance(value, Failure):
        raise value
    if isinstance(value, dict) and set(value) == {"cancel"}:
        if not isinstance(value["cancel"], str):
            raise Usage("a cancel names one order or graph", hint='{"cancel": "ID"}')
        return Item(number, "", cancel=cancelling.request(words.identity(value["cancel"])))
    graph = graph_of(value, sandbox=sandbox)
    session.dressed(graph)
    return Item(number, forms.encode(value), graph=graph)


def _run(session: Session, source: str, *, anew: bool) -> runs.Run:
    clock, chance = session.client.clock, session.client.chance
    token = chance.randbytes(6).hex()
    run = runs.begin(source, session.account.fingerprint, clock.time_ns(), token, anew=anew)
    if run.resumed:
        session.note(f"going on with {source}: what is settled is not sent again (--anew: all again)")
    return run


def _counted(rows: Iterable[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    for page in speaking.progress(([row] for row in rows), "lines", total):
        yield from page


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
    if rows and stops(rows[-1]) == INTERRUPTED:
        return Interrupted(f"interrupted in line {rows[-1]['line']}", hint="the same command goes on from there")
    if not bad:
        return None
    sentence = f"{len(bad)} of {len(rows)} were not accepted, the first in line {bad[0]['line']}"
    if len(bad) < len(rows):
        return Partial(sentence)
    kinds: dict[Any, type[Failure]] = {kind.exit_status: kind for kind in (Denied, NotSent)}
    kind = kinds.get((bad[0].get("failure") or {}).get("exit_status"), Refused)
    return kind(f"{sentence}: {bad[0].get('error')}", hint=(bad[0].get("failure") or {}).get("hint"))


def _planned(session: Session, item: Item) -> Any:
    if item.cancel is not None:
        return item.cancel
    return orders.PLACE, Request(body=session.dressed(item.order))
