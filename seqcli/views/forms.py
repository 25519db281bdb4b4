"""The machine forms: json, ndjson, csv. ASCII, integers exact, floats with the digits the server sent."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from seqcli.errors import Usage
from seqcli.units import twin_name
from seqcli.wire.strict import Number

_NUMERIC = r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def encode(value: Any, indent: int | None = None) -> str:
    """JSON text; with `indent`, pretty."""
    if not indent:
        return _compact(value)
    pieces: list[str] = []
    _put(value, pieces.append, indent, "\n")
    return "".join(pieces)


def _compact(value: Any) -> str:
    """On one line: what thousands of rows are. The library writes all but exact decimals, and faster."""
    try:
        return _LIBRARY.encode(value).replace("\x7f", "\\u007f")
    except _Exact:
        return _piece(value)


def _piece(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join([f"{_quoted(str(name))}:{_piece(held)}" for name, held in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([_piece(held) for held in value]) + "]"
    return _scalar(value)


class _Exact(Exception):
    """A decimal is to be written with its own digits."""


def _refuse(value: Any) -> Any:
    if isinstance(value, Decimal):
        raise _Exact
    raise TypeError(f"no JSON of a {type(value).__name__}")


_LIBRARY = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_refuse)


def _put(value: Any, put: Callable[[str], None], indent: int, newline: str) -> None:
    inner = newline + " " * indent
    if not isinstance(value, dict | list | tuple):
        put(_scalar(value))
    elif not value:
        put("{}" if isinstance(value, dict) else "[]")
    elif isinstance(value, dict):
        before = "{"
        for name, held in value.items():
            put(f"{before}{inner}{_quoted(str(name))}: ")
            _put(held, put, indent, inner)
            before = ","
        put(newline + "}")
    else:
        before = "["
        for held in value:
            put(before + inner)
            _put(held, put, indent, inner)
            before = ","
        put(newline + "]")


def _quoted(text: str) -> str:
    """A JSON string without a control character, DEL included."""
    return encode_basestring_ascii(text).replace("\x7f", "\\u007f")


def _scalar(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is int:
        return repr(value)
    if isinstance(value, Number):
        return value.literal
    if isinstance(value, Decimal):
        return format(value, "f")
    if value is None:
        return "null"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def pick(value: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """The named fields of one object, in that order; a dotted name reaches inside. A missing one is null."""
    return {name: _reach(value, name) for name in fields}


def _reach(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        if name in value:
            return value[name]
        for place, character in enumerate(name):
            if character == "." and name[:place] in value:
                return _reach(value[name[:place]], name[place + 1 :])
    return None


def field_names(rows: list[Any]) -> list[str]:
    """Every name that `pick` finds something at, in the order met."""
    names: dict[str, None] = {}
    for row in rows:
        for name in _names(row, ""):
            names[name] = None
    return list(names)


def _names(value: Any, above: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield above + name
            yield from _names(inner, f"{above}{name}.")


def check_fields(fields: tuple[str, ...], rows: list[Any]) -> None:
    """Raise `Usage` for a field that no row has; without rows nothing is known and every name is taken."""
    valid = field_names(rows)
    unknown = [name for name in fields if name not in valid]
    if rows and unknown:
        raise Usage(f"no field {unknown[0]!r}", hint=f"fields: {', '.join(valid)}")


def table_of(rows: list[Any]) -> tuple[list[str], list[list[Any]]]:
    """Rows as a header and cells: nested objects by dotted names, twins instead of their integers."""
    flat = [_flat(row) for row in rows]
    header = list(dict.fromkeys(name for row in flat for name in row))
    return header, [[row.get(name) for name in header] for row in flat]


def lines_of(rows: list[Any]) -> list[list[Any]]:
    """The cells of rows that `pick` made."""
    return [list(row.values()) for row in rows]


def _flat(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        return {"value": row}
    flat: dict[str, Any] = {}
    for name, value in row.items():
        twin = twin_name(name)
        if twin is not None and twin in row:
            continue
        if isinstance(value, dict) and value:
            flat |= {f"{name}.{inner}": cell for inner, cell in _flat(value).items()}
        else:
            flat[name] = value
    return flat


def csv_text(rows: list[Any], fields: tuple[str, ...] | None = None, *, heading: bool = True) -> str:
    """RFC 4180: CRLF, a header, one row an item.

    Text that a spreadsheet would run gets an apostrophe in front. With `fields` those are the columns, and what is
    nested stays JSON text; without them and without rows there is nothing to say.
    """
    import csv
    import io

    header, lines = table_of(rows) if fields is None else (list(fields), lines_of(rows))
    stream = io.StringIO()
    writer = csv.writer(stream)
    if heading and header:
        writer.writerow([_guarded(name) for name in header])
    writer.writerows([[_csv_cell(cell) for cell in line] for line in lines])
    return stream.getvalue()


def is_number(text: str) -> bool:
    """Whether `text` is a decimal number and nothing else."""
    return re.fullmatch(_NUMERIC, text) is not None


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _guarded(value)
    return encode(value)


def _guarded(text: str) -> str:
    dangerous = text.startswith(_FORMULA_STARTS) and not is_number(text)
    return f"'{text}" if dangerous else text
