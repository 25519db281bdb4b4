"""A cost report is made after the order's end, when it is wanted, and says what was true at the order's arrival."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.analysis.tca import report
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.service.gate import Gate
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.storage import costs
from tests.sandbox.costing import agree, expected
from tests.sandbox.graph_stage import node
from tests.sandbox.handlers.test_trading import SECOND, Desk

TCA = "/v1/analytics/tca"


class Seeded(Desk):
    """A gate over the synthetic market."""

    def open(self) -> None:
        self.box = OpenBox(self.state, Settings(), lambda: self.now)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=print)
        self.key = self.box.api_key

    def crash(self) -> None:
        """Begin again with what is on disk."""
        self.box.store.close()
        self.open()

    def buy(self, **more: Any) -> str:
        status, body = self("POST", "/v1/orders", {"symbol": "BTC-USD", "side": "buy", "qty": 1} | more)
        assert status == 201
        self.box.sequencer.commit()
        name: str = body["orders"][0]["node_order_id"]
        return name

    def made(self) -> int:
        (row,) = self.box.store.read("SELECT count(*) FROM reports")
        return int(row[0])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Seeded]:
    desk = Seeded(tmp_path / "box")
    yield desk
    desk.box.store.close()


def figures(desk: Seeded, name: str, seed: int = 42) -> Any:
    """The report that is served, compared with fills and books."""
    (said,) = (row for row in desk("GET", TCA)[1]["orders"] if row["node_order_id"] == name)
    order = desk.box.exchange.find_order(desk.box.store.client_id, name)
    fills = costs.fills_of_order(desk.box.store.read, order)
    agree(said, expected(SyntheticMarket(seed), order, fills))
    return said


def test_an_order_s_end_writes_no_report_and_the_first_question_makes_it(desk: Seeded) -> None:
    names = [desk.buy() for _ in range(40)]
    assert desk.made() == 0
    desk.now += 3600 * SECOND
    desk.crash()
    said = [figures(desk, name) for name in names]
    assert [row["quality"] for row in said] == ["measured"] * 40
    assert desk.made() == 40
    assert costs.due(desk.box.store.read, 1) == []
    assert desk("GET", f"{TCA}/quality")[1]["measured"] == 40


def test_an_edge_that_went_down_after_the_end_changes_no_figure(desk: Seeded) -> None:
    first, second = desk.buy(), desk.buy()
    before = figures(desk, first)
    third = desk.buy(qty=2)
    assert desk("PUT", "/v1/sandbox/edges/kraken", {"connected": False})[0] == 200
    fourth = desk.buy()
    desk.crash()
    assert desk("PUT", "/v1/sandbox/edges/kraken", {"connected": True})[0] == 200
    assert desk("PUT", "/v1/sandbox/edges/coinbase", {"connected": False})[0] == 200
    said = {row["node_order_id"]: row for row in desk("GET", TCA)[1]["orders"]}
    assert said[first] == before
    assert {said[name]["quality"] for name in (first, second, third, fourth)} == {"measured"}
    figures(desk, third)
    order = desk.box.exchange.find_order(desk.box.store.client_id, fourth)
    fills = costs.fills_of_order(desk.box.store.read, order)
    now = report(desk.box.market, order, fills)  # negative control: read by the edges of now
    assert now is not None
    assert now["quality"] == "estimated"


def test_another_seed_makes_no_report_of_what_was_done_on_the_last(desk: Seeded) -> None:
    name = desk.buy()
    desk.crash()
    desk.box.choose_seed(7)
    assert desk.made() == 1
    other = desk.buy(qty=3)
    assert figures(desk, name)["quality"] == "measured"
    assert figures(desk, other, seed=7)["quality"] == "measured"


def test_slices_and_the_order_they_make_are_reported_from_the_fills_of_the_slices(desk: Seeded) -> None:
    paced = node("a", qty="5", venue=None, pacing={"uniform": {"num_slices": 5, "interval_ms": 1000}})
    status, body = desk("POST", "/v1/orders", {"graph_id": "g", "nodes": [paced], "edges": []})
    assert status == 201, body
    name = "graph:g:a:1"
    for _ in range(6):
        desk.now += SECOND
        desk("GET", "/v1/orders")
    desk.crash()
    said = figures(desk, name)
    assert (said["filled_qty_1e8"], desk.made()) == (5 * 10**8, 6)
