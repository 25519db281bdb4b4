"""JSON and query text → an operation's own type, with every violation named, not just the first."""

from collections.abc import Iterator
from typing import Any

import msgspec

from seqcli.sandbox.serving import Problem, invalid
from seqcli.wire import shapes, strict
from seqcli.wire.operation import Operation


def read_body(operation: Operation, raw: bytes) -> Any:
    """The body of `operation`; None when it takes none, or when it is empty and may be. Raises `Problem`."""
    if operation.body is None:
        return None
    if not raw:
        if operation.body_optional:
            return None
        raise Problem("BAD_REQUEST", "bad request: body: empty")
    try:
        value = strict.parse(raw, shapes.number)
    except strict.BadJson as error:
        raise Problem("BAD_REQUEST", f"bad request: json: {error}") from None
    return _typed(value, operation.body_type(value))


def read_query(operation: Operation, text: str) -> Any:
    """The query of `operation`; unknown parameters are ignored. Raises `Problem`."""
    if operation.query is None:
        return None
    if not text:
        return operation.query()
    values = _pairs(text, operation.query.__struct_fields__)
    try:
        query = msgspec.convert(values, operation.query, strict=False)
    except msgspec.ValidationError:
        query = None
    bad = [
        (name, f"{value!r} is not {shapes.words(kind)}")
        for name, value, kind in _fields_given(values, operation.query)
        if not shapes.fits(value, kind, is_text=True)
    ]
    if bad or query is None:
        raise invalid(*bad or [("query", "malformed")])
    return query


def _pairs(text: str, known: tuple[str, ...]) -> dict[str, str]:
    from urllib.parse import unquote_plus

    values: dict[str, str] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        name = unquote_plus(name)
        if name not in known:
            continue
        value = unquote_plus(value)
        if values.setdefault(name, value) != value:
            raise invalid((name, "given twice"))
    return values


def _typed(value: Any, kind: Any) -> Any:
    typed, bad = shapes.typed(value, kind)
    if bad:
        raise invalid(*bad)
    return typed


def _fields_given(values: dict[str, str], kind: Any) -> Iterator[tuple[str, str, Any]]:
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            yield field.encode_name, values[field.encode_name], field.type
