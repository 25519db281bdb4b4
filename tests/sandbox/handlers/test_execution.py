"""Before, while and after an order: forecasts and simulations from standing books, by hand; traces by a clock."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.service.gate import Gate
from tests.sandbox.handlers.test_trading import SECOND, Desk
from tests.sandbox.stage import HandMarket, px

MINUTE = 60 * SECOND
ORDER = "graph:g1:order:1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The books have stood for more than the minute that a forecast looks back."""
    desk = Desk(tmp_path / "box")
    desk.now += 2 * MINUTE
    yield desk
    desk.box.store.close()


def read(desk: Desk, target: str) -> Any:
    status, body = desk("GET", target)
    assert status == 200, body
    return body


def buy(desk: Desk, qty: float, **more: Any) -> Any:
    status, body = desk("POST", "/v1/orders", {"symbol": "BTC-USD", "side": "buy", "qty": qty, "graph_id": "g1"} | more)
    assert status == 201
    desk.box.sequencer.commit()
    return body


def test_a_forecast_of_standing_books(desk: Desk) -> None:
    body = read(desk, "/v1/execution/forecast?symbol=BTC-USD&side=buy&qty=1")
    assert (body["qty_1e8"], body["mid_1e9"], body["source"]) == (100_000_000, px("49995"), "edge_nbbo")
    # coinbase: 50020, 25 from 49995 = 5.0005 bps, and 10
    assert body["expected_cost_bps"] == body["downside_cost_bps"] == Decimal("15.001")
    assert body["expected_slippage_bps"] == Decimal("5.001")
    assert body["fill_confidence"] == [{"cost_bps": Decimal("15.001"), "probability": 1}]
    assert [row["qty_1e8"] for row in body["capacity_curve"]] == [
        10**7 * size // 10 for size in (10, 25, 50, 100, 200, 500, 1000)
    ]
    # 2: one at 50020 and one at 50040 = 35 from 49995
    assert [row["cost_bps"] for row in body["capacity_curve"]][3:5] == [Decimal("15.001"), Decimal("17.001")]
    rows = [(row["rank"], row["venue"], row["landed_cost_bps"], row["share"]) for row in body["venues"]]
    assert rows == [(1, "coinbase", Decimal("15.001"), 1), (2, "kraken", Decimal("27.000"), 0)]
    assert [row["urgency"] for row in body["urgency"]] == ["medium", "high"]  # nobody sells to who waits


def test_confidence_is_the_share_of_recent_instants_that_held_the_quantity(desk: Desk) -> None:
    market: Any = desk.box.market.market
    assert isinstance(market, HandMarket)
    market.set_book("BTC-USD", "coinbase", "49985*1", "50020*50", desk.now - 15 * SECOND)  # ten instants and now
    body = read(desk, "/v1/execution/forecast?symbol=BTC-USD&side=buy&qty=20")
    assert body["fill_confidence"] == [{"cost_bps": Decimal("15.001"), "probability": Decimal("0.268293")}]  # 11 / 41
    none = read(desk, "/v1/execution/forecast?symbol=BTC-USD&side=sell&qty=1000")
    assert (none["expected_cost_bps"], none["fill_confidence"], none["venues"]) == (None, [], [])


def test_three_ways_are_run_with_the_exchange_s_own_matching(desk: Desk) -> None:
    body = read(desk, "/v1/execution/simulate?symbol=BTC-USD&side=buy&qty=2")
    rows = {row["name"]: row for row in body["strategies"]}
    # at once: one at 50020, one at 50040; in parts: each part finds the level at 50020 again
    assert rows["aggressive"] == {
        "name": "aggressive", "est_cost_bps": Decimal("17.001"), "est_cost_usd": Decimal("170.06"), "fill_rate": 1,
        "venue_count": 1, "time_to_completion_ms": 0, "legs": [{"venue": "coinbase", "qty_1e8": 200_000_000}],
    }  # fmt: skip
    assert (rows["split"]["est_cost_bps"], rows["split"]["time_to_completion_ms"]) == (Decimal("15.001"), 24_000)
    assert (rows["passive"]["fill_rate"], rows["passive"]["est_cost_bps"]) == (0, None)
    assert body["recommended"] == "split"
    assert read(desk, "/v1/orders")["orders"] == []


def test_who_waits_at_the_touch_fills_when_somebody_sells(desk: Desk) -> None:
    market: Any = desk.box.market.market
    market.add_print("BTC-USD", "kraken", desk.now - 5 * SECOND, "49980", "9", "sell")
    market.add_print("BTC-USD", "coinbase", desk.now - 5 * SECOND, "49980", "9", "sell")
    body = read(desk, "/v1/execution/simulate?symbol=BTC-USD&side=buy&qty=2&urgency=high")
    passive = next(row for row in body["strategies"] if row["name"] == "passive")
    assert (passive["fill_rate"], passive["time_to_completion_ms"], body["recommended"]) == (1, 5000, "passive")


def test_a_sale_is_simulated_without_holding_anything(desk: Desk) -> None:
    body = read(desk, "/v1/execution/simulate?symbol=BTC-USD&side=sell&qty=1")
    assert {row["name"]: row["fill_rate"] for row in body["strategies"]}["aggressive"] == 1


@pytest.mark.parametrize(
    ("query", "fields"),
    [("symbol=BTC-USD&side=buy", ["qty"]), ("side=up&symbol=BTC-USD&qty=1", ["side"]), ("", ["symbol", "side", "qty"]),
     ("symbol=BTC-USD&side=buy&qty=0", ["qty"]), ("symbol=BTC-USD&side=buy&qty=-1", ["qty"]),
     ("symbol=BTC-USD&side=buy&qty=0.000000001", ["qty"])],
)  # fmt: skip
def test_what_cannot_be_forecast_is_named(desk: Desk, query: str, fields: list[str]) -> None:
    status, body = desk("GET", f"/v1/execution/forecast?{query}")
    assert (status, [row["field"] for row in body["error"]["details"]]) == (400, fields)


def test_an_unknown_symbol_has_no_forecast_and_that_is_no_error(desk: Desk) -> None:
    body = read(desk, "/v1/execution/forecast?symbol=NOPE-USD&side=buy&qty=1")
    assert (body["source"], body["mid"], body["expected_cost_bps"], body["urgency"]) == ("unavailable", None, None, [])


def test_an_order_at_work_and_afterwards(desk: Desk) -> None:
    buy(desk, 2, price=50000, venue="kraken")
    desk.now += 10 * SECOND
    body = read(desk, f"/v1/execution/live/{ORDER}")
    assert (body["progress"], body["elapsed_ms"], body["eta_ms"]) == (Decimal("0.5"), 10_000, 10_000)
    assert (body["running_vwap_1e9"], body["running_slippage_bps"]) == (px("50000"), Decimal("1.000"))
    assert (body["expected_cost_bps"], body["on_track"]) == (Decimal("28.000"), True)  # 1 at 50000, 1 at 50010; 26
    assert desk("GET", f"/v1/execution/review/{ORDER}")[0] == 409
    assert desk("DELETE", f"/v1/orders/{ORDER}")[0] == 200
    assert read(desk, f"/v1/execution/live/{ORDER}")["eta_ms"] == 0
    review = read(desk, f"/v1/execution/review/{ORDER}")
    assert review["tca"] == read(desk, "/v1/analytics/tca")["orders"][0]
    assert review["forecast_error_bps"] == Decimal("27.000") - Decimal("28.000")
    assert len(review["fills"]) == 1
    assert any("50.0 %" in note for note in review["notes"])
    assert desk("GET", "/v1/execution/review/graph:none:order:1")[0] == 404


def test_a_summary_adds_up(desk: Desk) -> None:
    buy(desk, 1)
    buy(desk, 0.5, venue="kraken", graph_id="g2")
    buy(desk, 1, price=40000, graph_id="g3")
    body = read(desk, "/v1/execution/summary")
    assert (body["open_orders"], body["completed_orders"]) == (1, 2)
    assert (body["best_venue"], body["worst_venue"]) == ("coinbase", "kraken")
    assert [row["symbol"] for row in body["by_symbol"]] == ["BTC-USD"]
    assert body["by_symbol"][0]["volume_usd_1e9"] == body["volume_usd_1e9"] == px("75020")


def test_a_trace_has_what_the_server_measured_to_the_nanosecond(desk: Desk) -> None:
    ticks = count(1_000_007, 13)  # each look at the clock is 13 ns after the one before
    desk.gate = Gate(desk.box, hosts=frozenset({"h"}), clock_ns=lambda: next(ticks), log=print)
    buy(desk, 1)
    body = read(desk, f"/v1/traces?node_order_id={ORDER}")
    assert [row["stage"] for row in body["events"]] == ["received", "validated", "routed", "fill", "terminal", "acked"]
    elapsed = [row["elapsed_ns"] for row in body["events"]]
    assert elapsed == sorted(elapsed)
    acked = body["events"][-1]
    parts = [acked["detail"][name] for name in ("checked_ns", "applied_ns", "written_ns")]
    assert all(part > 0 and part % 13 == 0 for part in parts)
    assert sum(parts) == acked["elapsed_ns"]
    assert body["events"][1]["ts_ns"] == desk.now
    routed = body["events"][2]["detail"]
    assert routed["legs"] == [{"venue": "coinbase", "qty_1e8": 100_000_000}]
    assert routed["rejected"] == [{"venue": "kraken", "reason": "not_competitive"}]
    assert read(desk, "/v1/analytics/tca")["orders"][0]["submit_latency_ns"] == acked["elapsed_ns"]
    cut = read(desk, f"/v1/traces?node_order_id={ORDER}&limit=2")
    assert (cut["count"], cut["truncated"]) == (2, True)


def test_amends_cancels_and_refusals_are_steps(desk: Desk) -> None:
    buy(desk, 1, price=40000)
    desk.now += SECOND
    assert desk("PATCH", f"/v1/orders/{ORDER}", {"new_qty_1e8": 200_000_000})[0] == 200
    desk.now += SECOND
    assert desk("DELETE", f"/v1/orders/{ORDER}")[0] == 200
    desk.box.sequencer.commit()
    stages = [row["stage"] for row in read(desk, f"/v1/traces?node_order_id={ORDER}")["events"]]
    assert [stage for stage in stages if stage != "acked"] == [
        "received", "validated", "routed", "amend", "cancel_requested", "terminal",
    ]  # fmt: skip
    buy(desk, 1, venue="binance", graph_id="g9")
    refused = read(desk, "/v1/traces?node_order_id=graph:g9:order:1")["events"]
    assert [row["stage"] for row in refused] == ["received", "validated", "rejected", "terminal", "acked"]
    assert refused[2]["detail"]["reason"] == "BAD_VENUE"
    assert desk("GET", "/v1/traces")[0] == 400
    assert desk("GET", "/v1/traces?node_order_id=graph:none:order:1")[0] == 404
