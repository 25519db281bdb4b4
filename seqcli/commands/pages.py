"""Lists longer than a page: asked for page by page, shown as one."""

from collections.abc import Callable
from typing import Any

import msgspec

from seqcli.commands import words
from seqcli.commands.session import Session
from seqcli.views import Result, Table
from seqcli.wire.operation import Operation, Query, Request

PAGE = 500
Keep = Callable[[Any], bool]


def limit(most: str, every: bool) -> int | None:
    """How many rows are wanted; None: all."""
    return None if every else words.count(most, "--max")


def read(
    session: Session,
    operation: Operation,
    query: Query,
    items: str,
    *,
    most: int | None,
    ids: str,
    table: Table,
    keep: Keep | None = None,
) -> Result:
    """The first `most` rows that `keep` keeps, for a server that does not know every filter.

    The body is the first page's; where it is not whole, with the rows of all and `has_more` as it stands at the end.
    """
    if session.options.dry_run:
        return session.planned((operation, Request(query=_page(query, 0, most))))
    body: Any = None
    raw: bytes | None = None
    rows: list[Any] = []
    offset, more = 0, True
    while more and (most is None or len(rows) < most):
        reply = session.client.call(operation, Request(query=_page(query, offset, most)))
        page = reply.body if isinstance(reply.body, dict) else {items: reply.body or []}
        found = page.get(items) or []
        body, raw = (page, reply.raw) if body is None else (body, None)
        offset += len(found)
        rows += found if keep is None else filter(keep, found)
        more = bool(found) and bool(page.get("has_more"))
    shown = rows if most is None else rows[:most]
    if len(shown) != len(body.get(items) or []):
        body, raw = body | {items: shown, "limit": len(shown), "has_more": more or len(rows) > len(shown)}, None
    return session.seen(body, raw=raw, items=items, ids=ids, table=table)


def _page(query: Query, offset: int, most: int | None) -> Query:
    return msgspec.structs.replace(query, limit=PAGE if most is None else min(PAGE, most), offset=offset or None)
