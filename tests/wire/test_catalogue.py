"""The API is data: rows that can be found, called and read."""

import re

import msgspec
import pytest

from seqcli.errors import BY_CODE
from seqcli.wire import catalogue
from seqcli.wire.operation import Access, Operation, Query, Repeat, Request, target
from seqcli.wire.quotes import ONE, OneQuery

OPERATIONS = catalogue.all_operations()


def ids(operation: Operation) -> str:
    return operation.name


def test_names_and_routes_are_unique():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    routes = {(operation.method, re.sub(r"{\w+}", "{}", operation.path)) for operation in OPERATIONS}
    assert len(routes) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_an_operation_is_found_at_its_own_path(operation: Operation):
    wanted = {name: f"a/b:{name} é" for name in operation.parameters}
    path = target(operation, Request(path=wanted))
    assert catalogue.match(operation.method, path) == (operation, wanted)


@pytest.mark.parametrize("operation", OPERATIONS, ids=ids)
def test_a_row_is_complete(operation: Operation):
    assert operation.summary
    assert set(operation.errors) <= set(BY_CODE)
    assert operation.query is None or issubclass(operation.query, Query)
    if operation.method in {"GET", "DELETE"}:
        assert operation.body is None
    if operation.method == "GET":
        assert operation.access is not Access.TRADE  # keys are listed to an admin only
        assert operation.repeat is Repeat.SAFE
    other = operation.alternative[1] if operation.alternative else None
    for kind in (operation.query, operation.body, other, operation.reply):
        if kind is not None:
            msgspec.json.schema(kind)


def test_literal_paths_win_over_parameters():
    found = catalogue.match("POST", "/v1/orders/preview")
    assert found is not None
    assert found[0].name == "orders.preview"


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/orders", "/v1/orders/", "/v1/orders/a/b", "/v1/nothing", ""])
def test_an_unknown_path_is_nothing(path):
    assert catalogue.at_path(path) == []


def test_a_target_is_percent_encoded_and_leaves_out_what_is_not_given():
    request = Request(path={"symbol": "BTC/USD"}, query=OneQuery(depth=5))
    assert target(ONE, request) == "/v1/quotes/BTC%2FUSD?depth=5"
