"""Log lines as they are written, page by page from where the last ended."""

from collections.abc import Iterator
from typing import Any

import msgspec

from seqcli.commands.session import Session
from seqcli.views import Result
from seqcli.views import algos as tables
from seqcli.wire.operation import Operation, Request

_POLL_S = 1.0


def followed(session: Session, operation: Operation, path: dict[str, str], query: Any) -> Iterator[Result]:
    """Until Ctrl-C; `query` has `limit` and `since_ns`. A look that fails is told and made again."""
    while True:
        ask = Request(path=path, query=query)
        reply, failure = session.tried(lambda ask=ask: session.client.call(operation, ask))  # type: ignore[misc]
        if failure is not None:
            yield Result(body={"logs": []}, items="logs", notes=[f"no answer, looking again: {failure.message}"])
        elif reply.body.get("logs"):
            yield Result(body=reply.body, items="logs", table=tables.log_lines, lines=True)
            query = msgspec.structs.replace(query, limit=1000, since_ns=reply.body.get("next_since_ns"))
        if failure is not None or not reply.body.get("has_more"):
            session.client.clock.sleep(_POLL_S)
