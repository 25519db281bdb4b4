"""The API is data: each operation has a handler, an entry in the document, and a command or a reason for none."""

import importlib
from pathlib import Path

import msgspec
import pytest

from seqcli.sandbox.service.openapi import document
from seqcli.sandbox.serving import handler_for
from seqcli.wire import catalogue, strict
from seqcli.wire.operation import Operation
from seqcli.wire.orders import PLACE
from seqcli.wire.submission import GraphOrder, SimpleOrder

PACKAGE = Path(__file__).parents[2] / "seqcli"
SOURCES = "\n".join(
    path.read_text() for room in ("commands", "desk", "profile") for path in PACKAGE.glob(f"{room}/*.py")
)
WITHOUT_A_COMMAND = {
    "positions.unified": "the path of the vendor's SDK; ours is positions.list",
    "positions.perp": "replaced by positions.list",
    "positions.balances": "replaced by positions.list",
    "positions.portfolio": "replaced by positions.list",
    "positions.summary": "replaced by positions.list",
    "safety.kill_switch_set": "the other form of engage and clear",
    "credentials.list_venues": "an alias of credentials.list",
    "credentials.save_post": "an alias of credentials.save",
    "wallets.default": "an alias of wallets.trading",
    "algos.list": "ours go by deployment; a symbol is looked up there",
    "algos.undeploy": "ours go by deployment",
    "algos.logs": "ours go by deployment",
    "algos.stats": "ours go by deployment: algos.deployment_metrics",
    "algos.show": "ours go by deployment",
    "algos.start": "ours go by deployment",
    "algos.stop": "ours go by deployment",
    "streams.ticket": "for pages, which cannot send a key; commands send theirs",
    "streams.ticket_get": "the other form of the same",
    "streams.orders": "event streams are for programs; commands take the socket",
    "streams.tca": "as above",
    "analytics.tca_alias": "the path of the vendor's SDK; ours is analytics.tca",
    "analytics.report": "an alias of analytics.tca",
    "docs.document": "for a browser",
    "docs.page": "for a browser",
    "docs.asset": "for a browser",
}
OPERATIONS = catalogue.all_operations()
PATHS = document("http://localhost")["paths"]


def constant(operation: Operation) -> str:
    module = importlib.import_module(f"seqcli.wire.{operation.noun}")
    return next(f"{operation.noun}.{name}" for name, value in vars(module).items() if value is operation)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_has_a_handler_an_entry_and_a_command(operation: Operation) -> None:
    assert callable(handler_for(operation))
    assert operation.method.lower() in PATHS[operation.path]
    has_a_command = constant(operation) in SOURCES
    assert has_a_command is not (operation.name in WITHOUT_A_COMMAND), "a command, or a reason; not both"


def test_a_forgotten_operation_would_be_noticed() -> None:
    forgotten = msgspec.structs.replace(PLACE, name="orders.forgotten", path="/v1/orders/forgotten")
    with pytest.raises(LookupError):
        handler_for(forgotten)
    assert forgotten.path not in PATHS


SIMPLE = b'{"symbol": "ETH-USD", "side": "buy", "qty": 1.0}'
GRAPH = b"""{"nodes":[{"node_id":"order","instrument":{"symbol":"ETH-USD","type":"spot","venue":null},"side":"buy",
"order_type":{"limit":{"price_1e9":50000000000000}},"quantity":{"fixed":{"qty_1e8":20000000000}},"execution":{},
"activation":"root"}],"edges":[],"is_sandbox":false}"""


@pytest.mark.parametrize(("body", "kind"), [(SIMPLE, SimpleOrder), (GRAPH, GraphOrder)])
def test_bodies_of_the_vendor_s_documentation_are_read(body: bytes, kind: type) -> None:
    value = strict.parse(body)
    assert PLACE.body_type(value) is kind
    read = msgspec.convert(value, kind)
    assert msgspec.convert(strict.parse(strict.encode(read)), kind) == read
