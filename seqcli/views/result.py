"""What a command returns, and how it is wanted. Nothing here prints."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from seqcli.errors import Failure
from seqcli.views.blocks import Block

MACHINE_FORMS = frozenset({"json", "ndjson", "csv", "raw"})
Table = Callable[[Any], Sequence[Block]]
"""Draws a JSON value for people."""


class Options(msgspec.Struct, kw_only=True):
    """How a result is wanted. `width` None: the terminal's, or unlimited where there is none."""

    output: str = "table"
    fields: tuple[str, ...] | None = None
    quiet: bool = False
    color: str = "auto"
    width: int | None = None


class Result(msgspec.Struct, kw_only=True):
    """A JSON value and how to show it.

    `items` names the list inside `body` (``""``: the body is the list; None: a single object); `ids` is what
    --quiet prints; `failure` is told on stderr and decides the exit status; `live` is one frame of a watch, redrawn in
    place on a terminal, `continued` one after the first; `lines` prints json as ndjson; `plain` adds no twins;
    `frames` are lines of JSON that pass as they came, instead of a body.
    """

    body: Any = None
    raw: bytes | None = None
    items: str | None = None
    ids: list[str] = []
    table: Table | None = None
    failure: Failure | None = None
    notes: list[str] = []
    live: bool = False
    continued: bool = False
    lines: bool = False
    plain: bool = False
    frames: list[bytes] | None = None

    def but(self, **changes: Any) -> "Result":
        """The same with some fields changed."""
        return msgspec.structs.replace(self, **changes)

    def rows(self, body: Any) -> list[Any] | None:
        """The items inside `body`; None for a single object or an unexpected shape."""
        if self.items is None:
            return None
        found = body.get(self.items) if self.items and isinstance(body, dict) else body
        return found if isinstance(found, list) else None


def identities(body: Any, items: str | None, name: str) -> list[str]:
    """The field `name` of each row, or of the one object."""
    rows: Any = [body]
    if items is not None:
        rows = body if items == "" else body.get(items) if isinstance(body, dict) else None
    return [str(row[name]) for row in rows or [] if isinstance(row, dict) and row.get(name) is not None]
