"""What is on disk is told to readers and to algorithms, and a failure of the one is none of the other."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.algos.fleet import Crew, Fleet
from seqcli.sandbox.running import Running
from seqcli.sandbox.service.gate import Gate
from seqcli.sandbox.serving import Caller
from seqcli.sandbox.streams.hub import Hub
from seqcli.sandbox.streams.rings import Follower
from tests.sandbox.algos.test_algos import GOOD
from tests.sandbox.analysis.test_reporting import Seeded


class Floor(Seeded):
    """A server's parts without its loop: two deployments at work, a reader of orders, what the operator was told."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: list[str] = []
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=self.said.append)
        self.hub = self.box.hub = Hub(self.box, lambda: self.now, lambda: self.now, report=self.box.report)
        self.fleet = self.box.fleet = Fleet(self.box.exchange, self.box.deployments, self.hub.tell, self.gate.report)
        self.running = Running(self.box, self.gate, self.hub, None)
        self.crews = [self._deploy(symbol) for symbol in ("BTC-USD", "ETH-USD")]
        self.fleet.step(self.now)
        self.told()
        caller = Caller(client_id=self.box.store.client_id, key_id="k", role="trader", sandbox=True)
        self.reader: Follower = self.hub.follow(caller, "orders", {}, None, lambda: None)

    def _deploy(self, symbol: str) -> Crew:
        code = base64.b64encode(GOOD).decode()
        status, body = self("POST", "/v1/algos/deploy", {"symbol": symbol, "wasm_base64": code, "venues": ["kraken"]})
        assert status == 201, body
        assert self("POST", f"/v1/algos/{symbol}/start")[0] == 200
        row = next(row for row in self.box.deployments.every() if row.deployment.deployment_id == body["deployment_id"])
        crew = self.fleet.find(row)
        assert crew is not None
        assert crew.process.ready(30)
        return crew

    def told(self) -> None:
        self.box.sequencer.commit()
        self.box.sequencer.publish()

    def statuses(self) -> list[str]:
        rows = (self("GET", f"/v1/deployments/{crew.row.deployment.deployment_id}")[1] for crew in self.crews)
        return [row["edges"][0]["status"] for row in rows]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    floor = Floor(tmp_path / "box")
    yield floor
    floor.fleet.close(floor.now)
    floor.box.store.close()


def broken(*_: Any) -> None:
    raise LookupError("nowhere")


def test_an_algorithm_that_cannot_be_told_is_paused_and_readers_and_the_others_go_on(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert floor.statuses() == ["running", "running"]
    monkeypatch.setattr(floor.crews[0].instances[0][1], "take", broken)
    name = floor.buy()
    floor.told()
    assert name.encode() in floor.reader.take()
    assert floor.reader.ended is None
    assert floor.statuses() == ["paused", "running"]
    failed = floor.crews[0].row.deployment
    assert failed.edges[0].error == "it could not be told of its orders"
    (said,) = floor.said
    assert failed.deployment_id in said
    assert "LookupError: nowhere" in said
    again = floor.buy()
    floor.told()
    assert again.encode() in floor.reader.take()
    assert len(floor.said) == 1


def test_whatever_fails_in_the_fleet_no_reader_is_sent_away(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor.fleet, "take", broken)
    name = floor.buy()
    floor.told()
    assert name.encode() in floor.reader.take()
    assert floor.reader.ended is None
    assert "LookupError: nowhere" in floor.said[0]


def test_readers_who_miss_something_are_sent_away_and_algorithms_go_on(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: what was not told to a reader ends it."""
    seen: list[Any] = []
    monkeypatch.setattr(floor.hub, "publish", broken)
    monkeypatch.setattr(floor.crews[0].instances[0][1], "take", seen.append)
    floor.buy()
    floor.told()
    assert floor.reader.ended == ("", "")
    assert seen
    assert floor.statuses() == ["running", "running"]
