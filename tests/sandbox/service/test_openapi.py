"""The document is derived: every operation is in it, with its parameters, bodies, replies and errors."""

import json
import re
from typing import Any

import pytest

from seqcli.sandbox.service.openapi import document
from seqcli.wire import catalogue, strict
from seqcli.wire.envelope import HTTP_STATUS
from seqcli.wire.operation import Access, Operation
from seqcli.wire.streams import SOCKETS, Socket


@pytest.fixture(scope="module")
def described() -> Any:
    return json.loads(strict.encode(document("/")))


def test_it_says_which_openapi_it_is(described: Any) -> None:
    assert described["openapi"] == "3.1.0"


@pytest.mark.parametrize("operation", catalogue.all_operations(), ids=lambda operation: operation.name)
def test_every_operation_has_an_entry(described: Any, operation: Operation) -> None:
    entry = described["paths"][operation.path][operation.method.lower()]
    assert entry["operationId"] == operation.name
    named = {(row["in"], row["name"]) for row in entry["parameters"]}
    assert {("path", name) for name in operation.parameters} <= named
    query = operation.query.__struct_encode_fields__ if operation.query else ()
    assert {("query", name) for name in query} <= named
    assert ("requestBody" in entry) == (operation.body is not None)
    statuses = {str(status) for status in operation.success}
    statuses |= {str(HTTP_STATUS[code]) for code in operation.errors}
    assert statuses <= set(entry["responses"])
    assert ("401" in entry["responses"]) == (operation.access is not Access.PUBLIC)
    assert (entry.get("security") == []) == (operation.access is Access.PUBLIC)


def test_every_reference_leads_somewhere(described: Any) -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(described)))
    assert names
    assert names <= set(described["components"]["schemas"])


def test_both_forms_of_a_submission_are_described(described: Any) -> None:
    schema = described["paths"]["/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert [row["$ref"].rpartition("/")[2] for row in schema["anyOf"]] == ["SimpleOrder", "GraphOrder"]


def test_operation_ids_are_unique(described: Any) -> None:
    names = [entry["operationId"] for path in described["paths"].values() for entry in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("socket", SOCKETS.values(), ids=lambda socket: socket.name)
def test_every_socket_has_an_entry(described: Any, socket: Socket) -> None:
    entry = described["paths"][socket.path]["get"]
    assert entry["operationId"] == socket.name
    assert {"101", "401", "429"} <= set(entry["responses"])


def test_an_event_stream_is_described_as_one(described: Any) -> None:
    content = described["paths"]["/v1/orders/stream"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]
