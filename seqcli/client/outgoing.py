"""A request as it will leave: method, URL, headers and the very bytes of the body."""

import json
import re
from typing import Any, Protocol

import msgspec

from seqcli import __version__
from seqcli.client import origin, redact
from seqcli.errors import Denied, Usage
from seqcli.wire.operation import Access, Operation, Request, target

_KEY = re.compile(r"seq_(?:live|test)_[A-Za-z0-9_-]{1,200}")
_WITH_BODY = ("POST", "PUT", "PATCH")
USER_AGENT = f"seqcli/{__version__}"


class Key(Protocol):
    """What holds an API key and gives it away only on purpose."""

    def reveal(self) -> str:
        """The key."""
        ...


class Outgoing(msgspec.Struct, frozen=True):
    """One request, without the id that each attempt gets."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None

    def shown(self) -> dict[str, Any]:
        """``{"method", "url", "headers", "body"}``, secrets masked; `body` is the JSON value or None."""
        headers = {name: redact.redact(value) for name, value in self.headers.items()}
        return {
            "method": self.method,
            "url": redact.redact(self.url),
            "headers": headers,
            "body": redact.masked(json.loads(self.body)) if self.body else None,
        }


def outgoing(
    operation: Operation, request: Request, *, base_url: str, key: Key | str | None, body: bytes | None = None
) -> Outgoing:
    """Build the request. `body` is sent instead of the request's own when given: bytes stored before.

    Without a key the Authorization header reads ``Bearer <none>``, for a dry run; a client refuses to send
    that. Raises Usage for a path that would not arrive as written, Denied for what has not a key's shape.
    """
    _check(operation, request)
    path = target(operation, request)
    origin.check_path(path)
    headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
    if operation.access is not Access.PUBLIC:
        headers["Authorization"] = bearer(key)
    content = request.body_bytes() if body is None else body
    if content is not None or operation.method in _WITH_BODY:
        headers["Content-Type"] = "application/json"
    return Outgoing(operation.method, base_url.rstrip("/") + path, headers, content)


def _check(operation: Operation, request: Request) -> None:
    for name in operation.parameters:
        if request.path.get(name, "") in ("", ".", ".."):
            raise Usage(f"{request.path.get(name, '')!r} is not a {name.replace('_', ' ')}")


def bearer(key: Key | str | None) -> str:
    """The Authorization header's value. Raises Denied for what has not a key's shape."""
    if key is None:
        return "Bearer <none>"
    text = key if isinstance(key, str) else key.reveal()
    if not _KEY.fullmatch(text):
        raise Denied("the key has not the shape of a key", code="BAD_KEY", hint="seq creds status")
    return f"Bearer {text}"
