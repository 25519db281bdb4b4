"""`seq quote SYMBOL...`: the best bid and offer over all venues, and each venue's own."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from seqcli.commands import speaking, watching, words
from seqcli.commands.grammar import standalone
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Partial, Usage
from seqcli.views import Result
from seqcli.views import quotes as tables
from seqcli.wire import quotes
from seqcli.wire.operation import Operation, Request

_MILLION = 1_000_000
AT_ONCE = 2_000
"""Symbols that one request may ask for."""
_HANDS, _NAMED = 8, 5
_WAKING = 400
"""Symbols whose prices wake a watch; a connection has room for 500 topics."""

Symbols = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SYMBOL...", help="Such as ETH-USD; as many as you like. - reads them from stdin.", show_default=False
    ),
]
Depth = Annotated[str | None, typer.Option("--depth", metavar="N", help="Levels of the merged book, 1 to 100.")]
Watch = Annotated[bool, typer.Option("--watch", help="Again at each change until Ctrl-C.")]
MaxAge = Annotated[
    str | None, typer.Option("--max-age", metavar="5s", help="An older quote is not good enough: status 5.")
]
Every = Annotated[bool, typer.Option("--all", help="Every symbol that has a quote.")]


def quote(
    session: Session,
    *,
    symbols: Symbols = None,
    depth: Depth = None,
    watch: Watch = False,
    max_age: MaxAge = None,
    every: Every = False,
) -> Result | Iterator[Result]:
    """NBBO, then each venue's touch; with --depth the merged book."""
    names = _named(symbols or [])
    operation, requests = _question(names, depth, max_age, every=every)
    if session.options.dry_run:
        return session.planned(*((operation, request) for request in requests))
    age_ns = None if max_age is None else int(words.duration(max_age, "--max-age"))
    if not watch:
        return _asked(session, operation, requests, age_ns)
    topics = [f"prices:{name}" for name in names[:_WAKING]]
    return watching.watched(session, lambda: _asked(session, operation, requests, age_ns), topics=topics)


def _named(typed: list[str]) -> list[str]:
    """The symbols; `-` stands for the lines of stdin, of which blank ones say nothing."""
    if "-" not in typed:
        return typed
    text = words.content("-").decode("utf-8", "backslashreplace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines and typed == ["-"]:
        raise Usage("no symbol came from stdin", hint="one a line, as in: seq market symbols -q | seq quote -")
    place = typed.index("-")
    return [*typed[:place], *lines, *(name for name in typed[place + 1 :] if name != "-")]


def _question(
    names: list[str], depth: str | None, max_age: str | None, *, every: bool
) -> tuple[Operation, list[Request]]:
    """What is asked, in as many requests as it takes."""
    if every == bool(names):
        raise Usage("which symbol?", hint="for example: seq quote ETH-USD, or all of them: seq quote --all")
    levels = None if depth is None else words.count(depth, "--depth", 1, 100)
    if every:
        age_s = None if max_age is None else max(1, int(words.duration(max_age, "--max-age")) // 1_000_000_000)
        return quotes.ALL, [Request(query=quotes.AllQuery(max_age_s=age_s))]
    checked = [words.symbol(name) for name in names]
    if len(checked) == 1:
        return quotes.ONE, [Request(path={"symbol": checked[0]}, query=quotes.OneQuery(depth=levels))]
    return quotes.BATCH, [
        Request(body=quotes.BatchBody(symbols=checked[start : start + AT_ONCE], depth=levels or 10, nowait=False))
        for start in range(0, len(checked), AT_ONCE)
    ]


def _asked(session: Session, operation: Operation, requests: list[Request], age_ns: int | None) -> Result:
    if len(requests) > 1:
        rows = _together(session, requests)
        return _several(session, {"quotes": rows, "count": len(rows)}, None, age_ns)
    reply = session.client.call(operation, requests[0])
    if operation is quotes.ALL:
        return session.seen(reply.body, raw=reply.raw, items="quotes", ids="symbol", table=tables.many)
    if operation is quotes.BATCH:
        return _several(session, _counted(reply.body), reply.raw, age_ns)
    fault = _fault(session, reply.body, age_ns)
    symbol = reply.body.get("symbol") if isinstance(reply.body, dict) else None
    table = tables.with_book if requests[0].query and requests[0].query.depth else tables.one  # type: ignore[attr-defined]
    return session.seen(reply.body, raw=reply.raw, table=table, failure=fault).but(ids=[str(symbol)])


def _together(session: Session, requests: Sequence[Request]) -> list[Any]:
    """The rows of each request in their order, several under way at once; the built-in exchange takes one at a time."""
    from concurrent.futures import ThreadPoolExecutor

    client, total = session.client, sum(len(request.body.symbols) for request in requests)
    with ThreadPoolExecutor(1 if session.account.local else _HANDS) as pool:
        pages = pool.map(lambda request: _counted(client.call(quotes.BATCH, request).body)["quotes"], requests)
        return [row for page in speaking.progress(pages, "quotes", total) for row in page]


def _several(session: Session, body: Any, raw: bytes | None, age_ns: int | None) -> Result:
    failure = _faults(session, body, age_ns)
    return session.seen(body, raw=raw, items="quotes", ids="symbol", table=tables.many, failure=failure)


def _counted(body: Any) -> Any:
    return {"quotes": body["quotes"], "count": len(body["quotes"])}


def _faults(session: Session, body: Any, age_ns: int | None) -> NotFound | Partial | None:
    """A batch in which some symbols, or all, have no usable quote."""
    rows = [row for row in body["quotes"] if isinstance(row, dict)]
    bad = {str(row.get("symbol")): fault for row in rows if (fault := _reason(session, row, age_ns))}
    if not bad:
        return None
    sentence = "; ".join(f"{symbol}: {fault}" for symbol, fault in list(bad.items())[:_NAMED])
    if len(bad) > _NAMED:
        sentence += f"; and {len(bad) - _NAMED} more"
    hint = nearest(session, next(iter(bad)))
    return NotFound(sentence, hint=hint) if len(bad) == len(rows) else Partial(sentence, hint=hint)


def _fault(session: Session, row: Any, age_ns: int | None) -> NotFound | None:
    reason = _reason(session, row, age_ns)
    if reason is None:
        return None
    symbol = str(row.get("symbol"))
    return NotFound(f"{symbol}: {reason}", hint=nearest(session, symbol))


def _reason(session: Session, row: Any, age_ns: int | None) -> str | None:
    """Why a quote is no good; None when it is."""
    if not isinstance(row, dict):
        return None
    if row.get("error") is not None:
        return str(row["error"])
    if row.get("source") == "unavailable":
        return "no quote; no venue knows this symbol"
    updated = row.get("last_update_ns")
    if age_ns is not None and isinstance(updated, int):
        age = session.client.clock.time_ns() - updated
        if age > age_ns:
            return f"the quote is {age // _MILLION} ms old"
    return None


def nearest(session: Session, symbol: str) -> str:
    """What the symbol may have been meant to be."""
    from difflib import get_close_matches

    from seqcli.wire import market

    reply = session.attempt(lambda: session.client.call(market.SYMBOLS, Request()))
    body = None if reply is None else reply.body
    rows = body.get("symbols") if isinstance(body, dict) else body
    rows = rows if isinstance(rows, list) else []
    known = [str(row["symbol"]) for row in rows if isinstance(row, dict) and "symbol" in row]
    near = get_close_matches(symbol.upper(), known, 3)
    return f"did you mean {' or '.join(near)}?" if near else "see: seq market symbols"


command = standalone(
    "quote",
    quote,
    "seq --local quote ETH-USD",
    "seq --local quote ETH-USD BTC-USD --json",
    "seq quote - < symbols.txt",
)
