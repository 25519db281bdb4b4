"""Rows that are told as they come: by the socket, else by the event stream, else by asking again and again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from seqcli.client.catchup import Fills
from seqcli.client.mailbox import Item
from seqcli.commands import frames, streaming
from seqcli.commands.session import Session
from seqcli.commands.watching import POLL_S
from seqcli.errors import Denied, Failure, RateLimited, Unreachable
from seqcli.views import Result, Table
from seqcli.views import streams as tables
from seqcli.wire import streams, strict

Keep = Callable[[Any], bool]


def fills(session: Session, keep: Keep) -> Iterator[Result]:
    """Each new fill that `keep` keeps, once; those missed while a link was down, too."""
    ledger = Fills(streaming.client(session))
    ways = (
        ("the event stream", lambda: streaming.opened(session, ["fills"], ledgers={"fills": ledger})),
        (
            f"a look every {POLL_S:g} s",
            lambda: streaming.events(session, streams.FILLS, framed=True, ledgers={"fills": ledger}),
        ),
    )
    for instead, opened in ways:
        try:
            with opened() as source:
                while True:
                    for item in source.take(frames.TURN_S):
                        yield from _shown(item, keep)
        except Denied:
            raise
        except Failure as failure:
            yield Result(frames=[], notes=[f"no stream ({failure.message}): {instead} instead"])
    silent = False
    while True:
        rows, refusal = session.tried(lambda: _missed(ledger))
        if refusal is not None and not isinstance(refusal, Unreachable | RateLimited):
            raise refusal
        if refusal is not None and not silent:
            yield Result(frames=[], notes=[f"no answer, looking again: {refusal.message}"])
        silent = refusal is not None
        for raw in rows or []:
            yield from _shown(Item("fills", b'{"data":' + raw + b"}"), keep)
        session.client.clock.sleep(POLL_S)


def _missed(ledger: Fills) -> list[bytes]:
    """By REST alone."""
    if not ledger.begun:
        ledger.begin()
    ledger.broken()
    return ledger.recover()


def _shown(item: Item, keep: Keep) -> Iterator[Result]:
    value = strict.parse(item.raw, number=strict.Number)
    if not item.topic:
        yield Result(frames=[], notes=[tables.note(value)])
    elif keep(value["data"]):
        yield Result(body=value["data"], ids=[str(value["data"].get("fill_id"))], live=True)


def risk(session: Session) -> Iterator[Result]:
    """Each risk event as it came; on a terminal the last ones."""
    with streaming.events(session, streams.RISK) as source:
        limits = frames.Limits(session.client.clock, None, None)
        yield from _told(session, source, limits, "kind", tables.risks)


def alerts(session: Session, ends: tuple[int | None, float | None]) -> Iterator[Result]:
    """Each alert as it came; on a terminal the last ones."""
    with streaming.events(session, streams.ALERTS) as source:
        limits = frames.Limits(session.client.clock, *ends)
        yield from _told(session, source, limits, "alert_id", tables.alerts)


def markets(
    session: Session, sockets: Sequence[streams.Socket], venue: str | None, ends: tuple[int | None, float | None]
) -> Iterator[Result]:
    """Prediction markets as they are listed and resolved."""
    with ExitStack() as opened:
        first, *_ = [opened.enter_context(source) for source in streaming.lifecycle(session, sockets)]
        source = first if venue is None else _Only(first, venue)
        yield from _told(session, source, frames.Limits(session.client.clock, *ends), "slug", tables.markets)


class _Only:
    """Of a source, what one venue tells."""

    def __init__(self, source: frames.Source, venue: str) -> None:
        self._source = source
        self._venue = venue

    def take(self, wait_s: float) -> list[Item]:
        items = self._source.take(wait_s)
        return [item for item in items if not item.topic or strict.parse(item.raw).get("venue") == self._venue]

    @property
    def over(self) -> bool:
        return self._source.over


def _told(session: Session, source: frames.Source, limits: frames.Limits, name: str, table: Table) -> Iterator[Result]:
    """Events that are no frames: lines as they came, rows of another form, or a table of the last ones."""
    options = session.options
    if options.fields is not None or options.quiet or options.output == "csv":
        for item in (item for items in frames.batches(source, limits) for item in items if item.topic):
            body = strict.parse(item.raw, number=strict.Number)
            yield Result(body=body, ids=[str(body.get(name))], live=True)
    elif streaming.is_for_people(session):
        yield from _table(source, limits, table)
    else:
        yield from frames.passed(source, limits, session.client.clock)


def _table(source: frames.Source, limits: frames.Limits, table: Table) -> Iterator[Result]:
    events: list[Any] = []
    notes: list[Any] = []
    changed = True
    for items in frames.batches(source, limits):
        for item in items:
            changed = True
            (events if item.topic else notes).insert(0, strict.parse(item.raw, number=strict.Number))
        del events[frames.LAST :], notes[frames.NOTES :]
        if changed:
            changed = False
            yield Result(body={"events": events[:], "notes": notes[:]}, live=True, plain=True, table=table)
