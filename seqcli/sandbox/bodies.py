"""JSON and query text → an operation's own type, with every violation named, not just the first."""

import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from seqcli.sandbox.serving import Problem, invalid
from seqcli.wire import strict
from seqcli.wire.operation import Operation

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
MAX_EXPONENT = 64
_DIGITS = 19
_Violation = tuple[str, str]


def read_body(operation: Operation, raw: bytes) -> Any:
    """The body of `operation`; None when it takes none, or when it is empty and may be. Raises `Problem`."""
    if operation.body is None:
        return None
    if not raw:
        if operation.body_optional:
            return None
        raise Problem("BAD_REQUEST", "bad request: body: empty")
    try:
        value = strict.parse(raw, _decimal)
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
        (name, f"{value!r} is not {_words(kind)}")
        for name, value, kind in _fields_given(values, operation.query)
        if not _fits(value, kind, is_text=True)
    ]
    if bad or query is None:
        raise invalid(*bad or [("query", "malformed")])
    return query


def _decimal(literal: str) -> Decimal:
    number = Decimal(literal)
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise strict.BadJson(f"{literal[:32]} is out of range")
    return number


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
    if not isinstance(value, dict):
        raise invalid(("body", "must be an object"))
    bad = list(_extremes(value, kind, ""))
    try:
        typed = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        bad += list(_violations(value, kind, "")) or [_sentence(error)]
    if bad:
        raise invalid(*bad)
    return typed


@cache
def _plan(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Fields of a struct that hold numbers or structs: ``(name, int, Decimal, struct or [struct])``."""
    rows = []
    for field in msgspec.structs.fields(kind):
        for member in _members(field.type):
            if member in (int, Decimal) or _is_struct(member):
                rows.append((field.encode_name, member))
            elif typing.get_origin(member) is list and _is_struct(typing.get_args(member)[0]):
                rows.append((field.encode_name, [typing.get_args(member)[0]]))
    return tuple(rows)


def _extremes(value: dict[str, Any], kind: Any, prefix: str) -> Iterator[_Violation]:
    """Integers beyond 64 bits, and text where a number belongs: both would pass a mere conversion."""
    for name, member in _plan(kind):
        given = value.get(name)
        if isinstance(given, dict) and _is_struct(member):
            yield from _extremes(given, member, f"{prefix}{name}.")
        elif isinstance(given, list) and isinstance(member, list):
            for at, row in enumerate(given):
                if isinstance(row, dict):
                    yield from _extremes(row, member[0], f"{prefix}{name}[{at}].")
        elif member is int and type(given) is int and not INT_MIN <= given <= INT_MAX:
            yield prefix + name, "does not fit in 64 bits"
        elif member is Decimal and isinstance(given, str):
            yield prefix + name, "must be a number"


def _violations(value: dict[str, Any], kind: Any, prefix: str) -> Iterator[_Violation]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if kind.__struct_config__.forbid_unknown_fields:
        for name in value:
            if name not in fields:
                yield prefix + name, "unknown key"
    for name, field in fields.items():
        if name not in value:
            if field.required:
                yield prefix + name, "missing"
        else:
            yield from _of_field(value[name], field.type, prefix + name)


def _of_field(value: Any, kind: Any, path: str) -> Iterator[_Violation]:
    for member in _members(kind):
        if _is_struct(member) and isinstance(value, dict):
            yield from _violations(value, member, f"{path}.")
            return
        if typing.get_origin(member) is list and isinstance(value, list):
            for at, row in enumerate(value):
                yield from _of_field(row, typing.get_args(member)[0], f"{path}[{at}]")
            return
    if not _fits(value, kind, is_text=False):
        yield path, f"must be {_words(kind)}"


def _members(kind: Any) -> tuple[Any, ...]:
    is_union = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
    return typing.get_args(kind) if is_union else (kind,)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _fields_given(values: dict[str, str], kind: Any) -> Iterator[tuple[str, str, Any]]:
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            yield field.encode_name, values[field.encode_name], field.type


def _fits(value: Any, kind: Any, *, is_text: bool) -> bool:
    members = _members(kind)
    if is_text and int in members:
        return _is_integer(value)
    try:
        msgspec.convert(value, kind, strict=not is_text)
    except msgspec.ValidationError:
        return False
    return True


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS and INT_MIN <= int(text) <= INT_MAX


_WORDS = {int: "an integer", str: "a text", bool: "true or false", Decimal: "a number", float: "a number"}


def _words(kind: Any) -> str:
    members = [member for member in _members(kind) if member is not type(None)]
    return " or ".join(_word(member) for member in members)


def _word(kind: Any) -> str:
    origin = typing.get_origin(kind) or kind
    if _is_struct(origin) or origin is dict:
        return "an object"
    return "a list" if origin is list else _WORDS.get(origin, "another type")


def _sentence(error: msgspec.ValidationError) -> _Violation:
    reason, _, path = str(error).partition(" - at `$")
    return path.strip("`.") or "body", reason
