"""Orders from a file or from stdin: NDJSON, CSV, JSON or TOML, in the API's simple words or as whole graphs.

Numbers are JSON strings or JSON numbers, read as decimals and never as floats.
"""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from seqcli.commands import ordering, tables, words
from seqcli.commands.ordering import Terms
from seqcli.errors import Usage
from seqcli.wire import strict, submission

_SIMPLE = tables.SIMPLE
Line = tuple[int, Any]
"""A line's number, and its JSON value or the `Usage` that says why there is none."""


def graph_of(value: Any, *, sandbox: bool = False) -> submission.GraphOrder:
    """A line as a graph. Raises `Usage` naming what is wrong in it."""
    if not isinstance(value, dict):
        raise Usage("an order is a JSON object", hint='{"symbol": "ETH-USD", "side": "buy", "qty": "1"}')
    if "nodes" in value:
        graph: submission.GraphOrder = words.typed(value, submission.GraphOrder, "the graph")
        if sandbox:
            graph.is_sandbox = True
        return graph
    unknown = sorted(set(value) - _SIMPLE)
    if unknown:
        raise Usage(f"an order has no {unknown[0]!r}", hint=f"it has: {', '.join(sorted(_SIMPLE))}")
    for name in ("symbol", "side"):
        if not isinstance(value.get(name), str):
            raise Usage(f"an order needs a {name}", hint='{"symbol": "ETH-USD", "side": "buy", "qty": "1"}')
    given = {name: _text(name, inner) for name, inner in value.items() if inner is not None}
    terms = Terms(
        limit=given.get("price"),
        notional=given.get("notional"),
        venue=given.get("venue"),
        kind=given.get("type"),
        tif=given.get("tif"),
        urgency=given.get("urgency"),
        policy=given.get("policy"),
        max_slippage_bps=given.get("max_slippage_bps"),
        horizon=f"{given['horizon_ms']}ms" if "horizon_ms" in given else None,
        sandbox=sandbox,
        graph_id=given.get("graph_id"),
    )
    return ordering.graph(given["side"], given["symbol"], given.get("qty"), terms)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Usage(f"{name} is neither text nor a number")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def read(source: str) -> list[Line]:
    """Every order of a file or of stdin with the number of its line. Raises `Usage` for what is no such text."""
    content = sys.stdin.buffer.read() if source == "-" else words.content(source)
    if source.endswith(".toml"):
        return _numbered(_toml(source, content))
    rows = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    if source.endswith(".csv") or (rows and tables.is_header(rows[0][1])):
        return list(tables.read(content))
    return _json(content, rows, source)


def _json(content: bytes, rows: list[tuple[int, bytes]], source: str) -> list[Line]:
    """NDJSON when the first line is an object of its own; else the whole is one JSON text."""
    first = rows[0][1].strip() if rows else b""
    spread = first in (b"{", b"[") or len(rows) == 1 or (len(rows) > 1 and not _is_object(rows[1][1]))
    if rows and spread and not _is_object(first):
        return _numbered(_listed(words.json(content, source), source))
    return [(number, _parsed(line)) for number, line in rows]


def _is_object(line: bytes) -> bool:
    return isinstance(_parsed(line), dict)


def _parsed(line: bytes) -> Any:
    try:
        return strict.parse(line)
    except strict.BadJson as error:
        return Usage(f"not JSON: {error}", hint='{"symbol": "ETH-USD", "side": "buy", "qty": "1"}')


def _toml(source: str, content: bytes) -> list[Any]:
    import tomllib

    try:
        return _listed(tomllib.loads(content.decode(), parse_float=Decimal), source)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Usage(f"{Path(source).name} is not TOML: {error}", hint="[[orders]] with symbol, side, qty") from None


def _listed(value: Any, source: str) -> list[Any]:
    if isinstance(value, dict) and isinstance(value.get("orders"), list):
        return list(value["orders"])
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [value]
    raise Usage(f"{source} holds no orders", hint="one JSON object a line, or a list of them")


def _numbered(values: list[Any]) -> list[Line]:
    return list(enumerate(values, 1))
