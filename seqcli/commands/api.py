"""`seq api METHOD PATH`: anything the other commands lack. Orders sent this way are journaled, too."""

import json
import re
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote

import msgspec
import typer

from seqcli import units
from seqcli.commands import words
from seqcli.commands.grammar import standalone
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result, forms
from seqcli.views.blocks import Line
from seqcli.wire import catalogue, orders, streams, strict
from seqcli.wire.operation import Access, Operation, Repeat, Request

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_PLAIN = {"true": True, "false": False, "null": None}

Method = Annotated[str, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.", show_default=False)]
Path_ = Annotated[str, typer.Argument(metavar="PATH", help="Such as /v1/orders.", show_default=False)]
Pairs = Annotated[
    list[str] | None,
    typer.Option(
        "-F",
        "--field",
        metavar="KEY=VALUE",
        help="A field of the body, or of the query for GET.",
        show_default=False,
    ),
]
Input = Annotated[str | None, typer.Option("--input", metavar="FILE", help="The body, as it is; - is stdin.")]


def call(session: Session, method: Method, path: Path_, pairs: Pairs = None, source: Input = None) -> Result:
    """Call any path of the API; the answer as JSON."""
    operation, request = _request(method.upper(), path, pairs or [], source)
    _refuse_endless(operation, path.partition("?")[0])
    if operation.name == orders.PLACE.name:
        return _submit(session, request.body)
    if operation.access in (Access.PUBLIC, Access.READ):
        return session.read(operation, request, table=_json)
    return session.change(operation, request, table=_json)


_FOLLOWED = {
    streams.RISK.name: "seq risk follow",
    streams.ALERTS.name: "seq risk alerts",
    streams.NEW_MARKETS.path: "seq predict follow --new",
    streams.MARKET_RESOLVED.path: "seq predict follow --resolved",
    streams.STREAM.path: "seq stream TOPIC...",
}
"""Other commands than `seq stream` for what has no end."""


def _refuse_endless(operation: Operation, path: str) -> None:
    if operation.reply is streams.EventText or path in streams.SOCKETS:
        topic = operation.name.rpartition(".")[2]
        command = _FOLLOWED.get(operation.name) or _FOLLOWED.get(path) or f"seq stream {topic}"
        raise Usage(f"{path} has no end, and one answer is all that is waited for", hint=f"follow it with: {command}")


def _json(body: Any) -> list[Line]:
    return [Line(line) for line in forms.encode(units.with_twins(body), 2).splitlines()]


def _submit(session: Session, body: bytes | None) -> Result:
    """An order goes through the journal like any other."""
    from seqcli.commands import lines, placing

    return placing.place(session, lines.graph_of(words.json(body or b"{}", "the body")), placing.Waiting())


def _request(method: str, path: str, fields: list[str], source: str | None) -> tuple[Operation, Request]:
    if method not in METHODS:
        raise Usage(f"{method!r} is not a method", hint=f"one of {', '.join(METHODS)}")
    if fields and source is not None:
        raise Usage("-F and --input both give a body", hint="keep one of them")
    plain, _, query = path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    values = dict(map(_field, fields))
    if method == "GET":
        pairs += [(name, _text(value)) for name, value in values.items()]
        body = None if source is None else _read(source)
    else:
        body = _read(source) if source is not None else _body(values)
    return _operation(method, plain, pairs), Request(body=body)


def _operation(method: str, path: str, pairs: list[tuple[str, str]]) -> Operation:
    """The catalogue's row with path and query as typed; what the catalogue lacks is never sent twice."""
    if not path.startswith("/"):
        raise Usage(f"{path!r} is not a path", hint="it begins with a slash: /v1/orders")
    known = catalogue.match(method, path)
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in pairs)
    target = f"{path}?{text}" if text else path
    if known is None:
        access = Access.READ if method == "GET" else Access.TRADE
        return Operation(
            name="api",
            method=method,
            path=target,
            summary="",
            access=access,
            repeat=Repeat.NEVER if method != "GET" else Repeat.SAFE,
        )
    return msgspec.structs.replace(known[0], path=target)


def _field(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Usage(f"-F {text!r} is not KEY=VALUE", hint="for example -F symbol=ETH-USD")
    if value in _PLAIN:
        return name, _PLAIN[value]
    return name, strict.Number(value) if _NUMBER.fullmatch(value) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value) if value in (None, True, False) else str(value)


def _body(values: dict[str, Any]) -> bytes | None:
    """JSON of the fields, each number in the very digits that were typed."""
    if not values:
        return None
    parts = (
        f"{json.dumps(name)}:{value.literal if isinstance(value, strict.Number) else json.dumps(value)}"
        for name, value in values.items()
    )
    return f"{{{','.join(parts)}}}".encode()


def _read(source: str) -> bytes:
    """The body, checked to be JSON and then sent byte for byte."""
    content = words.content(source)
    words.json(content, source)
    return content


command = standalone(
    "api",
    call,
    "seq --local api GET /v1/quotes/ETH-USD",
    "seq --local api POST /v1/orders/preview -F symbol=ETH-USD -F side=buy -F qty=1",
)
