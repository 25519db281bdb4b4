"""`seq market history`: bars and prints of the past, page by page, as a chart, a table or rows for a program."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import typer

from seqcli.commands import speaking, words
from seqcli.commands.session import Session
from seqcli.commands.words import Symbol, VenueOption
from seqcli.errors import Usage
from seqcli.units import SECOND
from seqcli.views import Result
from seqcli.views import history as tables
from seqcli.wire import history
from seqcli.wire.operation import Request

PAGE_BARS, PAGE_PRINTS_S = 1_000, 1_800
_MOST_BARS = 1_500
_LENGTHS = (60, 300, 900, 3_600, 14_400, 86_400)
_CHARTS = ("candles", "line", "none")
_STREAMED = ("csv", "ndjson")


class Window(msgspec.Struct):
    """Which points."""

    range: Annotated[
        str | None, typer.Option("--range", metavar="RANGE", help="1h 6h 1d 1w 1m 3m 6m 1y 2y 5y max; default 1d.")
    ] = None
    every: Annotated[
        str | None, typer.Option("--every", metavar="DURATION", help="Length of a bar; default by the range.")
    ] = None
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="From 2026-07-28[T12:00[:00]] UTC, or Unix seconds.")
    ] = None
    end: Annotated[str | None, typer.Option("--end", metavar="TIME", help="Until then; default now.")] = None
    venue: VenueOption = None
    ticks: Annotated[bool, typer.Option("--ticks", help="Prints instead of bars.")] = False
    most: Annotated[str | None, typer.Option("--max", metavar="N", help="The newest N prints; default 100.")] = None
    all: Annotated[bool, typer.Option("--all", help="Every print of the window.")] = False
    underlying: Annotated[
        bool, typer.Option("--underlying", help="Also the price of what a perp or a contract is on; null elsewhere.")
    ] = False


Picture = Annotated[
    str, typer.Option("--chart", metavar="KIND", help="Of a table: candles, line, or none for the rows.")
]


def prices(session: Session, symbol: Symbol, window: Window, chart: Picture = "candles") -> Result | Iterable[Result]:
    """Prices of the past: bars of all venues for a day, of one venue for years, or prints."""
    table = partial(tables.prices, chart=words.one_of(chart, _CHARTS, "a chart"))
    path = {"symbol": words.symbol(symbol)}
    queries = _queries(session, window)
    if window.underlying:
        queries = [msgspec.structs.replace(query, underlying=True) for query in queries]
    if session.options.dry_run:
        return session.planned(*((history.PRICES, Request(path=path, query=query)) for query in queries))
    requests = [Request(path=path, query=query) for query in queries]
    if len(requests) == 1:
        found = session.read(history.PRICES, requests[0], items="points", ids="ts_ns", table=table)
        return found.but(notes=_notes([found], queries[0]))
    pages = _pages(session, requests, _total(queries))
    if session.options.output in _STREAMED:
        return _streamed(pages, queries[0])
    return _whole(list(pages), queries, table)


def _queries(session: Session, window: Window) -> list[history.PricesQuery]:
    """The requests of a window, in time order."""
    name = words.one_of(window.range or "1d", tuple(history.RANGES), "a range")
    venue = words.optional(words.venue, window.venue)
    if (window.start or window.end) and window.range:
        raise Usage("--range and --start or --end exclude each other")
    if (window.most is not None or window.all) and not window.ticks:
        raise Usage("--max and --all are for prints", hint="add --ticks; bars are chosen by --range and --every")
    start_s, end_s = _edges(session, window, name)
    if window.ticks:
        return _prints(window, start_s, end_s, venue)
    length_s = _length(window.every, end_s - start_s)
    step = length_s * PAGE_BARS
    if end_s - start_s <= step * 3 // 2 and window.start is None and window.end is None:
        return [history.PricesQuery(range=name, fidelity_secs=length_s, venue=venue)]
    first = start_s // length_s * length_s
    starts = [max(at, start_s) for at in range(first, end_s, step)]
    tape_s = session.client.clock.time_ns() // SECOND - history.TAPE_S
    while venue is not None and len(starts) > 1 and starts[-1] >= tape_s:
        starts.pop()  # a page of the last day alone would be of all venues
    return [
        history.PricesQuery(start_ts=at, end_ts=until, fidelity_secs=length_s, venue=venue)
        for at, until in pairwise([*starts, end_s])
    ]


def _prints(window: Window, start_s: int, end_s: int, venue: str | None) -> list[history.PricesQuery]:
    if window.every is not None:
        raise Usage("--every is for bars", hint="leave it out, or --ticks")
    if not window.all:
        limit = words.count(window.most or "100", "--max", 1, history.MAX_PRINTS)
        return [history.PricesQuery(start_ts=start_s, end_ts=end_s, fidelity_secs=0, venue=venue, limit=limit)]
    return [
        history.PricesQuery(
            start_ts=at, end_ts=min(at + PAGE_PRINTS_S, end_s), fidelity_secs=0, venue=venue, limit=history.MAX_PRINTS
        )
        for at in range(start_s, end_s, PAGE_PRINTS_S)
    ]


def _edges(session: Session, window: Window, name: str) -> tuple[int, int]:
    now_s = session.client.clock.time_ns() // SECOND + 1
    end_s = now_s if window.end is None else instant(window.end, "--end")
    start_s = end_s - history.RANGES[name] if window.start is None else instant(window.start, "--start")
    if start_s >= end_s:
        raise Usage("--start must be before --end")
    return start_s, end_s


def _length(every: str | None, span_s: int) -> int:
    """Seconds of a bar: as asked for, in whole seconds, else the shortest that makes a chart's worth of bars."""
    if every is None:
        return next((each for each in _LENGTHS if span_s // each <= _MOST_BARS), _LENGTHS[-1])
    length = int(words.duration(every, "--every"))
    if length % SECOND:
        raise Usage(f"--every {every}: whole seconds are wanted", hint="prints are finer: --ticks")
    return length // SECOND


def instant(text: str, option: str) -> int:
    """Unix seconds of a date, of a date and time in UTC, or as written."""
    if text.isascii() and text.isdigit() and len(text) <= 10:  # noqa: PLR2004 - a second of this era
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        hint = f"for example {option} 2026-07-28 or {option} 2026-07-28T12:30Z"
        raise Usage(f"{option} {text!r} is not a time", hint=hint) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _total(queries: list[history.PricesQuery]) -> int | None:
    """How many bars there may be."""
    length = queries[0].fidelity_secs
    return (queries[-1].end_ts - queries[0].start_ts) // length if length else None  # type: ignore[operator]


def _pages(session: Session, requests: list[Request], total: int | None) -> Iterator[Result]:
    """A result a request; those without a point are left out, but for the last of nothing else."""
    last: list[Result] = []

    def points() -> Iterator[list[Any]]:
        for first in requests:
            request: Request | None = first
            while request is not None:
                reply = session.client.call(history.PRICES, request)
                last[:] = [session.seen(reply.body, raw=reply.raw, items="points", ids="ts_ns")]
                rows = last[0].rows(reply.body) or []
                yield rows
                request = _rest(request, reply.body, rows)

    shown = False
    for page in speaking.progress(points(), "prints" if total is None else "bars", total):
        if page:
            shown = True
            yield last[0]
    if not shown:
        yield last[0]


def _rest(request: Request, body: Any, rows: list[Any]) -> Request | None:
    """What is left of a window of bars that did not fit into one reply; of prints the newest are all there is."""
    query: Any = request.query
    if not query.fidelity_secs or not rows or not body.get("truncated"):
        return None
    start_s = rows[-1]["ts_ns"] // SECOND + query.fidelity_secs
    return Request(path=request.path, query=msgspec.structs.replace(query, start_ts=start_s))


def _streamed(pages: Iterator[Result], query: history.PricesQuery) -> Iterator[Result]:
    noted = False
    for page in pages:
        notes = [] if noted else _notes([page], query)
        noted = noted or bool(notes)
        yield page.but(live=True, notes=notes)


def _notes(pages: list[Result], query: history.PricesQuery) -> list[str]:
    """What the venue that was asked for does not hold for."""
    bodies = [page.body for page in pages if isinstance(page.body, dict)]
    if query.venue is None or not any("points" in body and body.get("venue") is None for body in bodies):
        return []
    return [f"prices of the last 24 hours are those of all venues, not of {query.venue} alone"]


def _whole(pages: list[Result], queries: list[history.PricesQuery], table: Any) -> Result:
    """All pages as one body."""
    points = [point for page in pages for point in page.rows(page.body) or []]
    body = pages[0].body | {
        "start_ts": queries[0].start_ts,
        "end_ts": queries[-1].end_ts,
        "count": len(points),
        "truncated": queries[0].fidelity_secs == 0 and any(page.body.get("truncated") for page in pages),
        "points": points,
    }
    parts = [page.body.get("underlying") for page in pages]
    if any(part is not None for part in parts):
        body["underlying"] = [point for part in parts for point in part or []]
    ids = [str(point.get("ts_ns")) for point in points]
    return Result(body=body, items="points", ids=ids, table=table, notes=_notes(pages, queries[0]))
