"""The API as an OpenAPI 3.1 document, derived from the operations; nothing is written by hand here but the
frame.
"""

from typing import Any

import msgspec

from seqcli import __version__
from seqcli.wire import catalogue
from seqcli.wire.envelope import HTTP_STATUS
from seqcli.wire.operation import Access, Operation
from seqcli.wire.streams import SOCKETS, EventText, Socket

_EVERYWHERE = ("BAD_REQUEST", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE")
_WITH_KEY = ("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED")
_REF = "#/components/schemas/{name}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string", "enum": list(HTTP_STATUS)},
                "message": {"type": "string"},
                "request_id": {"type": "string"},
                "details": {
                    "description": "only with VALIDATION_ERROR",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}
_INFO = (
    "JSON over HTTP. A suffix is a fixed-point scale: `_1e8` quantity, `_1e9` price, `_usd_1e9` dollars, "
    "`_bps` basis points, `_ns` nanoseconds; no suffix is a float for people. "
    "`graph_id` makes a submission idempotent."
)


def document(url: str) -> dict[str, Any]:
    """The document of a server at `url`."""
    operations = catalogue.all_operations()
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _entry(operation, schemas)
    paths |= {socket.path: {"get": _socket(socket)} for socket in SOCKETS.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sequence Markets sandbox", "version": __version__, "description": _INFO},
        "servers": [{"url": url}],
        "security": [{"key": []}],
        "tags": [{"name": noun} for noun in catalogue.NOUNS],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "seq_test_…"}},
            "schemas": {**components, "Error": _ERROR},
        },
    }


def _schemas(operations: list[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    kinds = {kind for operation in operations for kind in _kinds(operation)}
    ordered = sorted(kinds, key=repr)
    schemas, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    return dict(zip(ordered, schemas, strict=True)), dict(components)


def _kinds(operation: Operation) -> list[Any]:
    kinds = (*_bodies(operation), operation.reply)
    return [kind for kind in kinds if kind not in (bytes, str, EventText)]


def _bodies(operation: Operation) -> tuple[Any, ...]:
    if operation.body is None:
        return ()
    return (operation.body, operation.alternative[1]) if operation.alternative else (operation.body,)


def _entry(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.noun],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), _REQUEST_ID],
        "responses": _responses(operation, schemas),
    }
    if operation.access is Access.PUBLIC:
        entry["security"] = []
    if operation.access in (Access.ADMIN, Access.SANDBOX, Access.TRADE):
        entry["description"] = f"Needs a key that may {operation.access.value}."
    if operation.deprecated:
        entry["deprecated"] = True
    if operation.body is not None:
        content = {"application/json": {"schema": _body_schema(operation, schemas)}}
        entry["requestBody"] = {"required": not operation.body_optional, "content": content}
    return entry


def _socket(socket: Socket) -> dict[str, Any]:
    """A WebSocket, as far as this format can say it: the request that opens it."""
    refused = {"content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}}
    return {
        "operationId": socket.name,
        "tags": ["streams"],
        "summary": socket.summary,
        "parameters": [
            {
                "name": "ticket",
                "in": "query",
                "required": False,
                "description": "in the place of the key, once",
                "schema": {"type": "string"},
            },
            _REQUEST_ID,
        ],
        "responses": {
            "101": {"description": "open"},
            "401": {"description": "UNAUTHORIZED", **refused},
            "429": {"description": "RATE_LIMITED", **refused},
        },
    }


_REQUEST_ID = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "echoed; at most 128 printable characters",
    "schema": {"type": "string", "maxLength": 128},
}


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in operation.parameters
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": False,
            "schema": msgspec.json.schema(field.type),
        }
        for field in msgspec.structs.fields(operation.query)
    ]


def _body_schema(operation: Operation, schemas: dict[Any, Any]) -> Any:
    forms = [schemas[kind] for kind in _bodies(operation)]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _responses(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {"description": "done", "content": _content(operation, schemas)} for status in operation.success
    }
    codes = {*operation.errors, *_EVERYWHERE}
    if operation.access is not Access.PUBLIC:
        codes |= set(_WITH_KEY)
    for code in sorted(codes, key=lambda code: (HTTP_STATUS[code], code)):
        status = str(HTTP_STATUS[code])
        known = responses.get(status)
        words = f"{known['description']} or {code}" if known else code
        responses[status] = {
            "description": words,
            "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}},
        }
    return responses


def _content(operation: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    if operation.reply is bytes:
        return {"*/*": {"schema": {}}}
    if operation.reply is EventText:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    if operation.reply is str:
        return {"text/html": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": schemas[operation.reply]}}
