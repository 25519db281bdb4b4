"""A JSON value as one of the API's types, with every misfit named by its path: an unknown key, one that is missing, a
text where a number belongs. Pure, and the same on both sides.
"""

import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from seqcli.wire import strict

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
_DIGITS, MAX_EXPONENT = 19, 64
Fault = tuple[str, str]


def number(literal: str) -> Decimal:
    """A JSON number with a point or an exponent, within reason. Raises `BadJson`."""
    value = Decimal(literal)
    if abs(value.adjusted()) > MAX_EXPONENT:
        raise strict.BadJson(f"{literal[:32]} is out of range")
    return value


def typed(value: Any, kind: Any) -> tuple[Any, list[Fault]]:
    """`value` as the struct `kind`, or None and what does not fit, as ``(field path, message)``."""
    if not isinstance(value, dict):
        return None, [("body", "must be an object")]
    bad = list(_extremes(value, kind, ""))
    try:
        fitting = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        bad += list(_violations(value, kind, "")) or [_sentence(error)]
    return (None, bad) if bad else (fitting, [])


def fits(value: Any, kind: Any, *, is_text: bool) -> bool:
    """Whether `value` is one of `kind`; a text of a query is read as a number where one is wanted."""
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


def words(kind: Any) -> str:
    """What is wanted, in words."""
    members = [member for member in _members(kind) if member is not type(None)]
    return " or ".join(_word(member) for member in members)


def _word(kind: Any) -> str:
    origin = typing.get_origin(kind) or kind
    if _is_struct(origin) or origin is dict:
        return "an object"
    return "a list" if origin is list else _WORDS.get(origin, "another type")


def _sentence(error: msgspec.ValidationError) -> Fault:
    reason, _, path = str(error).partition(" - at `$")
    return path.strip("`.") or "body", reason


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


def _extremes(value: dict[str, Any], kind: Any, prefix: str) -> Iterator[Fault]:
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


def _violations(value: dict[str, Any], kind: Any, prefix: str) -> Iterator[Fault]:
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


def _of_field(value: Any, kind: Any, path: str) -> Iterator[Fault]:
    for member in _members(kind):
        if _is_struct(member) and isinstance(value, dict):
            yield from _violations(value, member, f"{path}.")
            return
        if typing.get_origin(member) is list and isinstance(value, list):
            for at, row in enumerate(value):
                yield from _of_field(row, typing.get_args(member)[0], f"{path}[{at}]")
            return
    if not fits(value, kind, is_text=False):
        yield path, f"must be {words(kind)}"


def _members(kind: Any) -> tuple[Any, ...]:
    is_union = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
    return typing.get_args(kind) if is_union else (kind,)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
