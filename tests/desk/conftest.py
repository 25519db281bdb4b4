"""A desk with a real journal, a clock that stands still until it is told, and a scripted client."""

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seqcli.client.client import Reply
from seqcli.client.retry import Budget
from seqcli.desk.desk import Desk
from seqcli.wire import strict, submission
from seqcli.wire.operation import Operation, Request


class Clock:
    """Sleeping moves it on; nothing else does."""

    def __init__(self) -> None:
        self.now = 1_785_240_000.0

    def time_ns(self) -> int:
        return int(self.now * 1e9)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Script:
    """A client that answers what it was told to, in order, and remembers what it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.chance = random.Random(7)
        self.mode = "sandbox"
        self.budget = Budget()
        self.answers: list[Any] = []
        self.asked: list[tuple[str, Any]] = []

    def call(
        self,
        operation: Operation,
        request: Request | None = None,
        *,
        body: bytes | None = None,
        **_options: Any,
    ) -> Reply:
        path = request.path if request else {}
        self.asked.append((operation.name, body if body is not None else path))
        assert self.answers, f"nobody expected {operation.name}"
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = answer(body or (request.body_bytes() if request else None), path)
        return Reply(operation, 200, {}, strict.encode(answer), answer, "r")

    @property
    def sent(self) -> list[bytes]:
        return [what for name, what in self.asked if name == "orders.place"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Script:
    return Script(clock)


@pytest.fixture
def open_desk(client: Script, tmp_path: Path) -> Callable[..., Desk]:
    def make(**options: Any) -> Desk:
        settings = {
            "account": "acc",
            "state_dir": tmp_path / "state",
            "config_dir": tmp_path / "config",
            "deadline_s": 20.0,
        }
        return Desk(client, **(settings | options))  # type: ignore[arg-type]

    return make


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


def order(**changes: Any) -> submission.GraphOrder:
    """A market order to buy 1 ETH."""
    price = changes.pop("price", None)
    kind = "market" if price is None else submission.OrderType(limit=submission.LimitPrice(price_1e9=price))
    node = submission.Node(
        node_id="order",
        instrument=submission.Instrument(symbol=changes.pop("symbol", "ETH-USD"), venue=changes.pop("venue", None)),
        side=changes.pop("side", "buy"),
        order_type=kind,
        quantity=submission.NodeQuantity(fixed=submission.FixedQuantity(qty_1e8=changes.pop("qty", 100_000_000))),
        activation="root",
    )
    return submission.GraphOrder(nodes=[node], **changes)


def placed(body: bytes, _path: Any = None, *, status: str = "FILLED", **changes: Any) -> dict[str, Any]:
    """What the exchange answers to a submission."""
    sent = strict.parse(body)
    graph_id = sent["graph_id"]
    row = {"node_order_id": f"graph:{graph_id}:order:1", "status": status, "filled_qty_1e8": 0, "failure_reason": None}
    row |= changes.pop("order", {})
    return {
        "graph_id": graph_id,
        "status": "COMPLETED",
        "node_order_id": row["node_order_id"],
        "orders": [row],
        **changes,
    }


def graph_of(body: bytes, **changes: Any) -> dict[str, Any]:
    """What a look-up of that submission shows."""
    sent = strict.parse(body)
    nodes = [{"node_id": node["node_id"], "side": node["side"], "quantity": node["quantity"]} for node in sent["nodes"]]
    return placed(body) | {"nodes": nodes} | changes


@pytest.fixture
def make() -> SimpleNamespace:
    """The builders above, for tests."""
    return SimpleNamespace(order=order, placed=placed, graph_of=graph_of)
