"""Alerts: made of the exchange's own events, each once, to the account that they are about."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.streams.alerts import Alerts
from seqcli.sandbox.streams.publishing import News
from tests.sandbox.exchange.test_graph_limits import losing
from tests.sandbox.stage import ME, Stage
from tests.sandbox.streaming import exchange

SECOND = 1_000_000_000


class Listening:
    """A stage, and the alerts that everything on it gives."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.stage = Stage(limits=limits)
        self.alerts = Alerts(self.stage.exchange)
        self._heard = 0

    def told(self) -> list[dict[str, Any]]:
        """Those since the last time."""
        news = [news for event in self.stage.events[self._heard :] for news in self.alerts.news(event)]
        self._heard = len(self.stage.events)
        return bodies(news)


def bodies(news: list[News], stream: str = "alerts") -> list[dict[str, Any]]:
    assert {(each.client_id, each.topic) for each in news} <= {(ME, "")}
    return [each.body() for each in news if each.stream == stream]


def names(rows: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    return [(row["name"], row["value"], row["threshold"]) for row in rows]


@pytest.mark.parametrize(
    ("limits", "words", "name", "condition"),
    [
        (Limits(max_order_notional_usd=100), {}, "limit_breach", "RISK: more than 100 USD in one order"),
        (Limits(max_position_notional_usd=100), {}, "limit_breach", "POSITION_LIMIT: a position of more than 100 USD"),
        (Limits(max_daily_loss_usd=0), {}, "loss_stop", "DAILY_LOSS_LIMIT: lost 0 USD today"),
    ],
    ids=["order", "position", "loss"],
)
def test_an_order_refused_for_a_limit_is_an_alert(
    limits: Limits, words: dict[str, Any], name: str, condition: str
) -> None:
    here = Listening(limits)
    order = here.stage.order("buy", "1", **words)
    rows = [row for row in here.told() if row["name"] != "limit_near"]
    assert rows == [
        {
            "alert_id": f"{name}-{order.node_order_id}-{here.stage.now}",
            "name": name,
            "symbol": "BTC-USD",
            "condition": condition,
            "value": None,
            "threshold": None,
            "ts_ns": here.stage.now,
        }
    ]


def test_an_order_that_fills_and_one_refused_by_its_venue_are_none() -> None:
    here = Listening()
    here.stage.order("buy", "1")
    here.stage.order("buy", "0.00000001")
    assert here.told() == []


def test_a_limit_is_nearly_used_up_once_until_it_is_less_again() -> None:
    here = Listening(Limits(max_open_orders=5))
    resting = []
    for _ in range(5):
        resting.append(here.stage.order("buy", "0.1", price=Decimal(40_000)).node_order_id)
        told = here.told()
        assert names(told) == ([("limit_near", 4, 5)] if len(resting) == 4 else [])
    for name in resting[:2]:
        here.stage.exchange.cancel(ME, name, here.stage.now)
    here.stage.settle()
    assert here.told() == []
    here.stage.order("buy", "0.1", price=Decimal(40_000))
    assert names(here.told()) == [("limit_near", 4, 5)]


def test_a_day_s_loss_is_told_before_it_stops_anything() -> None:
    here = Listening(Limits(max_daily_loss_usd=160))
    here.stage.order("buy", "1", venue="kraken")  # 130 dollars of fees
    ((name, value, threshold),) = names(here.told())
    assert (name, 128 <= value < 160, threshold) == ("limit_near", True, 160)


def test_what_is_nearly_used_up_is_a_warning_of_the_risk_stream_too() -> None:
    here = Listening(Limits(max_open_orders=1))
    here.stage.order("buy", "0.1", price=Decimal(40_000))
    news = [news for event in here.stage.events for news in here.alerts.news(event)]
    (row,) = bodies(news, "risk")
    assert (row["kind"], row["limit"], row["value"], row["threshold"]) == ("limit_warning", "max_open_orders", 1, 1)


def test_a_graph_that_loses_too_much_is_a_stopped_loss() -> None:
    here = Listening()
    losing(here.stage, "pause", max_loss_usd=220)
    here.stage.pass_time(12 * SECOND)
    (row,) = here.told()
    assert names([row]) == [("loss_stop", 230, 220)]
    assert row["condition"] == "max_loss_usd of graph g: pause"


def test_edges_are_told_as_they_change_to_everybody_who_listens() -> None:
    alerts = Alerts(Stage().exchange)
    assert bodies(list(alerts.edges(frozenset({"okx"}), [ME], 1))) == []
    down = bodies(list(alerts.edges(frozenset({"kraken"}), [ME], 2)))
    assert [(row["name"], row["condition"]) for row in down] == [
        ("venue_down", "kraken is not connected"),
        ("venue_up", "okx is connected again"),
    ]
    assert list(alerts.edges(frozenset({"kraken"}), [ME], 3)) == []


def test_the_stream_tells_of_the_kill_switch_and_of_an_edge_and_starts_silent(tmp_path: Path) -> None:
    with exchange(tmp_path / "box") as box, box.events("/v1/alerts/stream") as events:
        assert events.block() == b"retry: 3000\n\n"
        box.call("POST", "/v1/kill_switch", {"reason": "drill"})
        number, name, data = events.event()
        assert (name, data["name"], data["condition"]) == ("alert", "kill_switch", "engaged: drill")
        assert number is not None
        box.call("POST", "/v1/kill_switch/clear")
        assert events.event()[2]["condition"] == "cleared"
        assert box.call("PUT", "/v1/sandbox/edges/kraken", {"connected": False})[0] == 200
        _, _, data = events.event()
        assert (data["name"], data["condition"]) == ("venue_down", "kraken is not connected")
        assert json.dumps(data)
