"""What an operation of the API is: its method, path, types, errors, and whether it may be repeated.

Client calls, sandbox routes, the OpenAPI document, `seq api` and the tests are all derived from these rows.
"""

import enum
import re
from typing import Any
from urllib.parse import quote

import msgspec

from seqcli.wire import strict

MIB = 1 << 20


class Repeat(enum.Enum):
    """What a second request does."""

    SAFE = "safe"  # reads, and writes that only set a state: again as often as needed
    SAME_BYTES = "same_bytes"  # an order under its graph id: again with the very same bytes only
    NEVER = "never"  # makes another one: never again after an ambiguous outcome


class Access(enum.Enum):
    """Who may call."""

    PUBLIC = "public"  # no key
    READ = "read"  # any key
    TRADE = "trade"  # a trader or admin key
    ADMIN = "admin"  # an admin key
    SANDBOX = "sandbox"  # a trader or admin key that starts with seq_test_


class Query(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of query structs; unknown parameters are ignored, each value arrives as text."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the API.

    `query`, `body` and `reply` are `msgspec.Struct` types; `alternative` names a key whose presence makes the
    body another type; `success` holds the HTTP statuses of a good reply; `errors` the API codes it may answer
    besides those every operation may answer.
    """

    name: str
    method: str
    path: str
    summary: str
    query: Any = None
    body: Any = None
    alternative: tuple[str, Any] | None = None
    reply: Any = dict[str, Any]
    success: tuple[int, ...] = (200,)
    errors: tuple[str, ...] = ()
    repeat: Repeat = Repeat.SAFE
    access: Access = Access.READ
    body_optional: bool = False
    deprecated: bool = False
    body_limit: int = MIB

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path's parameters, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    def body_type(self, value: Any) -> Any:
        """The type to read the JSON value `value` as."""
        if self.alternative and isinstance(value, dict) and self.alternative[0] in value:
            return self.alternative[1]
        return self.body

    @property
    def noun(self) -> str:
        """The wire file this row stands in: ``orders`` of ``orders.place``."""
        return self.name.partition(".")[0]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A typed request: path parameters by name, a query struct, a body struct or the exact bytes to send."""

    path: dict[str, str] = {}
    query: Query | None = None
    body: Any = None

    def body_bytes(self) -> bytes | None:
        """The bytes to send; None when there is no body."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return strict.encode(self.body)


def target(operation: Operation, request: Request) -> str:
    """Path and query of `request`, percent-encoded."""
    path = operation.path
    for name in operation.parameters:
        path = path.replace(f"{{{name}}}", quote(request.path[name], safe=""))
    if request.query is None:
        return path
    pairs = msgspec.to_builtins(request.query)
    text = "&".join(
        f"{quote(name, safe='')}={quote(_plain(value), safe=',')}" for name, value in pairs.items() if value is not None
    )
    return f"{path}?{text}" if text else path


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
