"""A long question pauses: others are answered meanwhile, and what they change does not reach its answer."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.service import http
from seqcli.sandbox.service.gate import Inbound
from seqcli.sandbox.service.sequencer import GroupCommit
from seqcli.sandbox.serving import handler_for
from seqcli.sandbox.streams.hub import Hub
from seqcli.wire import catalogue, strict
from tests.sandbox.analysis.test_reporting import Seeded
from tests.sandbox.handlers.test_trading import SECOND

HISTORY = "/v1/price_history/BTC-USD?venue=kraken&range=1d&fidelity_secs=60"
LONG = {
    "bars": HISTORY,
    "prints and a spot price": "/v1/price_history/BTC-USD-PERP?venue=hyperliquid&underlying=true",
    "reports that are due": "/v1/analytics/tca",
    "legs": "/v1/analytics/venues",
    "a summary": "/v1/execution/summary",
    "the account's past": "/v1/portfolio/snapshots?range=1d",
}
ORDER = {"symbol": "BTC-USD", "side": "buy", "qty": 1}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Seeded]:
    """Forty orders, a minute apart, of which no report is made yet."""
    desk = Seeded(tmp_path / "box")
    for _ in range(40):
        desk.buy()
        desk.now += 60 * SECOND
    desk.box.store.read_apart()
    yield desk
    desk.box.store.close()


class Asking:
    """Requests to one application, all at once; `ended` has their names in the order in which their answers came."""

    def __init__(self, desk: Seeded) -> None:
        self._desk = desk
        self.ended: list[str] = []
        self.bodies: dict[str, Any] = {}

    async def _one(self, application: http.Application, name: str, method: str, target: str, body: Any) -> None:
        path, _, query = target.partition("?")
        raw = json.dumps(body).encode() if body else b""
        headers = {"host": "h", "authorization": f"Bearer {self._desk.key}"}
        if body:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        reply = await application.reply(Inbound(method, path, query, headers), receive)
        assert reply.status in (200, 201), reply.body
        self.ended.append(name)
        self.bodies[name] = strict.parse(reply.body)

    def __call__(self, *asked: tuple[str, str, str, Any]) -> list[str]:
        async def run() -> None:
            with ThreadPoolExecutor(1) as worker:
                commits = GroupCommit(self._desk.box.sequencer, asyncio.get_running_loop(), worker)
                hub = Hub(self._desk.box, lambda: self._desk.now, lambda: self._desk.now)
                application = http.Application(self._desk.gate, commits, hub)
                tasks: list[Awaitable[None]] = [self._one(application, *each) for each in asked]
                await asyncio.gather(*tasks)

        asyncio.run(run())
        return self.ended


@pytest.fixture
def every_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pauses lets others pass, however little was done."""
    monkeypatch.setattr(http, "SLICE_S", -1.0)


@pytest.mark.usefixtures("every_pause")
@pytest.mark.parametrize("target", LONG.values(), ids=LONG)
def test_a_quick_question_is_answered_while_a_long_one_is_under_way(desk: Seeded, target: str) -> None:
    ask = Asking(desk)
    assert ask(("long", "GET", target, None), ("quick", "GET", "/v1/quotes/ETH-USD", None)) == ["quick", "long"]
    alone = Asking(desk)
    alone(("long", "GET", target, None))
    assert alone.bodies["long"] == ask.bodies["long"]


@pytest.mark.parametrize("target", LONG.values(), ids=LONG)
def test_without_a_turn_for_others_the_quick_one_waits(
    desk: Seeded, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(http, "SLICE_S", 1e9)
    ask = Asking(desk)
    assert ask(("long", "GET", target, None), ("quick", "GET", "/v1/quotes/ETH-USD", None)) == ["long", "quick"]


@pytest.mark.usefixtures("every_pause")
def test_an_order_in_the_middle_of_the_question_is_no_part_of_its_answer(desk: Seeded) -> None:
    target, which = LONG["the account's past"], "/v1/analytics/tca"
    before = Asking(desk)
    before(("past", "GET", target, None), ("costs", "GET", which, None))
    ask = Asking(desk)
    names = ask(("past", "GET", target, None), ("costs", "GET", which, None), ("order", "POST", "/v1/orders", ORDER))
    assert names[-1] != "order"
    assert ask.bodies["past"] == before.bodies["past"]
    assert ask.bodies["past"]["count"] > 2
    assert ask.bodies["costs"]["order_count"] == 40
    desk.now += SECOND
    after = Asking(desk)
    after(("past", "GET", target, None), ("costs", "GET", which, None))
    assert after.bodies["past"]["snapshots"][-1] != before.bodies["past"]["snapshots"][-1]
    assert after.bodies["costs"]["order_count"] == 41


def test_only_what_changes_nothing_pauses() -> None:
    paused: list[str] = []
    for operation in catalogue.all_operations():
        handler: Callable[..., Any] = handler_for(operation)
        if inspect.isgeneratorfunction(handler):
            paused.append(operation.name)
            assert operation.method == "GET", operation.name
    assert "history.prices" in paused
