"""A request's head, and what is wrong with it before anything is read or asked."""

import msgspec

from seqcli.sandbox.problems import Problem
from seqcli.wire.operation import Operation

MAX_ID = 128
_WRITES = frozenset({"POST", "PUT", "PATCH"})


class Inbound(msgspec.Struct):
    """A request's head: `path` as it was sent (percent-encoded), header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


def no_route(inbound: Inbound, routes: list[tuple[Operation, dict[str, str]]]) -> Problem:
    """Nothing answers at this path, or not to this method; `routes` are those that do."""
    from seqcli.wire.streams import SOCKETS

    if inbound.path in SOCKETS:
        return Problem("BAD_REQUEST", "bad request: upgrade: this path is a WebSocket")
    allow = ", ".join(sorted({operation.method for operation, _ in routes}))
    headers = {"Allow": allow} if allow else {}
    shown = inbound.path[:MAX_ID].encode("ascii", "replace").decode()
    reason = f"{shown}; it answers {allow}" if allow else shown
    return Problem("NOT_FOUND", f"not found: path: {reason}", headers=headers)


def check_media(inbound: Inbound, operation: Operation) -> None:
    """What the head says of a body to come. Raises `Problem`."""
    headers = inbound.headers
    length = headers.get("content-length", "0")
    has_body = length != "0" or "transfer-encoding" in headers
    if not has_body or inbound.method not in _WRITES:
        return
    media, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if media.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Problem("BAD_REQUEST", "bad request: content-type: must be application/json")
    if headers.get("content-encoding", "identity") != "identity":
        raise Problem("BAD_REQUEST", "bad request: content-encoding: send the body as it is")
    if length.isdigit() and int(length) > operation.body_limit:
        raise too_large(operation)


def too_large(operation: Operation) -> Problem:
    """The body is over the operation's limit."""
    return Problem(
        "BAD_REQUEST",
        f"bad request: body: larger than {operation.body_limit} bytes",
        headers={"Connection": "close"},
    )
