"""JSON as both sides read and write it.

No duplicate keys, NaN, depth over 64 or integers of absurd length; floats are decimals.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

MAX_DEPTH = 64
MAX_DIGITS = 4096
_STRINGS = rb'(?s)"(?:[^"\\]|\\.)*"'
_BRACKETS = rb"[\[\]{}]"


_ENCODER = msgspec.json.Encoder(decimal_format="number")


class BadJson(ValueError):
    """The text is not JSON that we accept; the message says why."""


class Number(Decimal):
    """A decimal that remembers the digits it was written with."""

    literal: str

    def __new__(cls, literal: str) -> "Number":  # noqa: PYI034 - Decimal's own __new__ is typed so
        """Keep `literal` beside the value."""
        number = super().__new__(cls, literal)
        number.literal = literal
        return number


def encode(value: Any) -> bytes:
    """`value` (structs, dicts, decimals) as JSON; a decimal is written as a number."""
    return _ENCODER.encode(value)


def parse(text: bytes, number: Callable[[str], Any] = Decimal) -> Any:
    """Parse `text` strictly. `number` makes a value of each literal with a point or exponent.

    Raises `BadJson`.
    """
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH:
        _check_depth(text)
    try:
        return _decoder(number).decode(text.decode("utf-8"))
    except BadJson:
        raise
    except UnicodeDecodeError as error:
        raise BadJson("not UTF-8") from error
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise BadJson(str(error)) from error


@cache
def _decoder(number: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_float=number, parse_int=_integer, parse_constant=_refuse_constant
    )


def _check_depth(text: bytes) -> None:
    depth = 0
    for match in re.finditer(_BRACKETS, re.sub(_STRINGS, b"", text)):
        depth += 1 if match.group() in b"[{" else -1
        if depth > MAX_DEPTH:
            raise BadJson(f"nested deeper than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadJson(f"duplicate key {name!r}")
            seen.add(name)
    return result


def _integer(literal: str) -> int:
    if len(literal) > MAX_DIGITS:
        raise BadJson(f"an integer of {len(literal)} digits")
    return int(literal)


def _refuse_constant(literal: str) -> Any:
    raise BadJson(f"{literal} is not JSON")
