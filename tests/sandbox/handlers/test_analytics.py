"""Aggregates over ended orders: each recomputed from the reports, legs and fills that the same server shows."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.analysis.statistics import differ, mean, percentiles
from seqcli.sandbox.exchange.landed import version_of
from seqcli.sandbox.storage import costs
from seqcli.sandbox.storage.costs import Costs
from tests.sandbox.handlers.test_trading import SECOND, Desk

DAY = 86_400 * SECOND


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def read(desk: Desk, target: str) -> Any:
    status, body = desk("GET", target)
    assert status == 200, body
    return body


def buy(desk: Desk, qty: float, **more: Any) -> None:
    order = {"symbol": "BTC-USD", "side": "buy", "qty": qty, **more}
    assert desk("POST", "/v1/orders", order)[0] == 201
    desk.box.sequencer.commit()


@pytest.fixture
def traded(desk: Desk) -> Desk:
    """Four that filled, on two venues and two symbols, a day apart; one refused, one cancelled, one open."""
    buy(desk, 1)
    desk.now += 2 * SECOND
    buy(desk, 4)
    desk.now += DAY
    buy(desk, 0.5, venue="kraken")
    buy(desk, 1, symbol="BTC-USDT")
    buy(desk, 1, venue="binance")  # BTC-USD does not trade there
    buy(desk, 1, price=40000)
    order = {"symbol": "BTC-USD", "side": "buy", "qty": 1, "price": 41000, "graph_id": "g1"}
    assert desk("POST", "/v1/orders", order)[0] == 201
    assert desk("DELETE", "/v1/orders/graph:g1:order:1")[0] == 200
    desk.box.sequencer.commit()
    desk.now += SECOND
    return desk


def weighted(rows: list[Any], name: str) -> Decimal:
    notional = [row["achieved_vwap_1e9"] * row["filled_qty_1e8"] for row in rows]
    total = Decimal(sum(weight * row[name] for weight, row in zip(notional, rows, strict=True))) / sum(notional)
    rounded: Decimal = total.quantize(Decimal("0.001"), ROUND_HALF_EVEN)
    return rounded


def test_without_orders_there_are_noughts_and_nulls(desk: Desk) -> None:
    body = read(desk, "/v1/analytics/tca")
    assert (body["order_count"], body["orders"], body["total_savings_usd"], body["win_rate"]) == (0, [], 0, None)
    assert set(body["weighted_avg"].values()) | set(body["percentiles"]["total_cost_bps"].values()) == {None}
    assert body["until_ns"] - body["since_ns"] == 30 * DAY
    for path in ("execution", "venues", "tca/timeseries", "tca/venues", "tca/quality", "ab_report"):
        assert desk("GET", f"/v1/analytics/{path}")[0] == 200
    assert read(desk, "/v1/analytics/ab_report")["recommendation"] == "insufficient_data"


def test_aggregates_are_those_of_the_reports(traded: Desk) -> None:
    body = read(traded, "/v1/analytics/tca")
    rows = body["orders"]
    assert [row["filled_qty_1e8"] for row in rows] == [100_000_000, 50_000_000, 400_000_000, 100_000_000]
    assert (body["order_count"], body["total"], body["has_more"]) == (4, 4, False)
    for name, said in body["weighted_avg"].items():
        if name != "savings_vs_benchmark_bps":
            assert said == weighted(rows, name), name
    there = [row for row in rows if row["savings_usd"] is not None]
    assert body["total_savings_usd"] == sum(row["savings_usd"] for row in there)
    won = Decimal(sum(row["savings_usd"] > 0 for row in there)) / len(there)
    assert body["win_rate"] == won.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)
    assert body["quality"] == {"measured": 4, "estimated": 0, "missing": 0}
    assert read(traded, "/v1/tca") == body == read(traded, "/v1/analytics/tca/report")


def test_a_filter_leaves_the_rest_out_and_a_page_does_not_change_the_sums(traded: Desk) -> None:
    everything = read(traded, "/v1/analytics/tca")
    page = read(traded, "/v1/analytics/tca?limit=1&offset=1")
    assert (page["orders"], page["has_more"]) == (everything["orders"][1:2], True)
    assert page["weighted_avg"] == everything["weighted_avg"]
    counts = {
        "symbol=BTC-USDT": 1, "venue=kraken": 2, "venue=binance": 1,
        f"since={traded.now - 3600 * SECOND}": 2, f"until={traded.now - 3600 * SECOND}": 2, "since=2100-01-01": 0,
    }  # fmt: skip
    for query, count in counts.items():
        assert read(traded, f"/v1/analytics/tca?{query}")["order_count"] == count, query
    for version in (1, 2, 3):
        rows = read(traded, f"/v1/analytics/tca?routing_version={version}")["orders"]
        assert rows == [row for row in everything["orders"] if version_of(row["graph_id"]) == version]
        assert {row["routing_version"] for row in rows} <= {version}


@pytest.mark.parametrize(
    ("query", "field"),
    [("since=yesterday", "since"), ("until=x", "until"), ("routing_version=4", "routing_version"), ("limit=0", "limit"),
     ("venue=nowhere", "venue")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(desk: Desk, query: str, field: str) -> None:
    status, body = desk("GET", f"/v1/analytics/tca?{query}")
    assert (status, body["error"]["details"][0]["field"]) == (400, field)


def test_time_and_venues_add_up_to_the_whole(traded: Desk) -> None:
    whole = read(traded, "/v1/analytics/tca")
    days = read(traded, "/v1/analytics/tca/timeseries?interval=1d")["points"]
    assert [row["order_count"] for row in days] == [2, 2]
    assert sum(row["notional_usd_1e9"] for row in days) == whole["notional_usd_1e9"]
    venues = read(traded, "/v1/analytics/tca/venues")["venues"]
    fills = read(traded, "/v1/fills")["fills"]
    assert {row["venue"]: row["fill_count"] for row in venues} == {
        name: sum(fill["venue"] == name for fill in fills) for name in ("coinbase", "kraken", "binance")
    }
    assert sum(row["notional_usd_1e9"] for row in venues) == whole["notional_usd_1e9"]
    assert sum(row["weight"] for row in venues) == 1
    kraken = next(row for row in venues if row["venue"] == "kraken")
    # 1 at 50000 (of four), and 0.5 at 50000: each 1 bps from 49995, and 26 bps
    assert (kraken["avg_cost_bps"], kraken["avg_fee_bps"]) == (Decimal("27.000"), Decimal("26.000"))


def test_execution_counts_orders_by_their_end(traded: Desk) -> None:
    body = read(traded, "/v1/analytics/execution")
    orders = body["orders"]
    assert {name: orders[name] for name in ("submitted", "filled", "partial", "rejected", "cancelled", "expired")} == {
        "submitted": 7, "filled": 4, "partial": 0, "rejected": 1, "cancelled": 1, "expired": 0,
    }  # fmt: skip
    fills = read(traded, "/v1/fills")["fills"]
    assert body["fills"] == {"count": len(fills), "volume_usd_1e9": sum(fill["notional_usd_1e9"] for fill in fills)}
    assert body["latency"]["submit_p50_ns"] == 0  # the clock of this test stands


def test_latencies_are_those_of_the_venue_asked_for(traded: Desk) -> None:
    for venue, p50 in (("kraken", 0), ("okx", None)):
        body = read(traded, f"/v1/analytics/execution?venue={venue}")
        assert (body["latency"]["submit_p50_ns"], body["orders"]["submitted"] > 0) == (p50, p50 == 0)


def test_venues_say_what_was_sent_filled_and_refused(traded: Desk) -> None:
    rows = {row["venue"]: row for row in read(traded, "/v1/analytics/venues")["venues"]}
    assert {name: (row["sent"], row["filled"], row["rejected"]) for name, row in rows.items()} == {
        "coinbase": (3, 2, 0), "kraken": (2, 2, 0), "binance": (1, 1, 0),
    }  # fmt: skip
    assert [rows["kraken"]["size_buckets"][size]["count"] for size in ("small", "medium", "large")] == [0, 2, 0]


def served_by(desk: Desk, template: Any, version: int, costs_bps: list[int]) -> None:
    """Reports as if the router's `version` had served orders at these costs."""
    rows = []
    for place, bps in enumerate(costs_bps):
        body = template | {
            "node_order_id": f"graph:v{version}n{place}:order:1", "routing_version": version,
            "total_cost_bps": Decimal(bps), "savings_usd": Decimal(0),
        }  # fmt: skip
        rows.append((costs.REPORT, costs.report_row(client_of(desk), body, 10**12, is_slice=False)))
    desk.box.store.stage_rows(rows)


def client_of(desk: Desk) -> str:
    return desk.box.store.client_id


@pytest.mark.parametrize(
    ("others", "advice"),
    [
        ([10] * 29, "insufficient_data"),
        ([8, 9] * 20, "promote"),  # 3.5 cheaper, deviation 0.5
        ([11, 13] * 20, "hold"),  # as dear
        ([2, 21] * 20, "hold"),  # half a point cheaper, and far too noisy to say so
    ],
)
def test_a_version_is_promoted_when_it_is_cheaper_beyond_its_noise(desk: Desk, others: list[int], advice: str) -> None:
    buy(desk, 1)
    (template,) = read(desk, "/v1/analytics/tca")["orders"]
    served_by(desk, template, 1, [11, 13] * 20)
    served_by(desk, template, 2, others)
    body = read(desk, "/v1/analytics/ab_report")
    assert body["recommendation"] == advice
    assert [row["routing_version"] for row in body["versions"]] == [1, 2]
    assert (body["candidate"] is None) == (advice == "insufficient_data")
    assert (body["significant"] is True) == (advice == "promote")


def test_the_market_now(desk: Desk) -> None:
    body = read(desk, "/v1/analytics/market/BTC-USD")
    assert body["nbbo"] == {"bid": 49990, "ask": 50000, "mid": 49995, "spread_bps": Decimal("2.000")}
    bids = 49990 + 2 * 49980 + 49985 + 3 * 49970
    asks = 50000 + 2 * 50010 + 5 * 50100 + 50020 + 2 * 50040
    assert (body["bid_depth_usd"], body["ask_depth_usd"]) == (bids, asks)
    assert body["imbalance"] == (Decimal(bids - asks) / (bids + asks)).quantize(Decimal("0.000001"))
    assert read(desk, "/v1/analytics/market/NOPE-USD")["source"] == "unavailable"


def test_the_portfolio_s_sums_are_those_of_its_rows(traded: Desk) -> None:
    body = read(traded, "/v1/analytics/portfolio")
    positions = read(traded, "/v1/positions?include_closed=true")
    assert body["total_value_usd_1e9"] == positions["totals"]["nav_usd_1e9"]
    assert body["fees_usd_1e9"] == sum(row["fees_usd_1e9"] for row in positions["positions"])
    made = body["realized_pnl_usd_1e9"] + body["unrealized_pnl_usd_1e9"]
    assert body["net_pnl_usd_1e9"] == made - body["fees_usd_1e9"]
    assert body["concentration"]["top_symbol"] == "BTC"
    assert (body["concentration"]["top_weight"], body["concentration"]["hhi"]) == (1, 1)


def test_reports_outlive_a_restart_and_an_order_open_across_it_keeps_all_its_fills(desk: Desk) -> None:
    order = {"symbol": "BTC-USD", "side": "buy", "qty": 2, "price": 50000, "graph_id": "g2", "venue": "kraken"}
    assert desk("POST", "/v1/orders", order)[1]["orders"][0]["filled_qty_1e8"] == 100_000_000
    desk.reopen()
    assert desk("DELETE", "/v1/orders/graph:g2:order:1")[0] == 200
    desk.reopen()
    (row,) = read(desk, "/v1/analytics/tca")["orders"]
    assert (row["status"], row["filled_qty_1e8"], row["fees_bps"]) == ("PARTIAL", 100_000_000, 26)


def test_an_order_is_done_even_where_no_report_of_it_can_be_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> None:
        raise LookupError("kraken")

    monkeypatch.setattr("seqcli.sandbox.analysis.reporting.report", broken)
    buy(desk, 1, graph_id="g7")
    assert read(desk, "/v1/analytics/tca")["order_count"] == 0
    assert "no cost report of graph:g7:order:1: LookupError" in capsys.readouterr().err
    desk.reopen()
    assert read(desk, "/v1/orders/graph:g7:order:1")["status"] == "FILLED"
    assert read(desk, "/v1/analytics/tca")["order_count"] == 0


def test_a_mean_and_its_percentiles_weigh_by_notional() -> None:
    values, weights = [1000, None, 3000, 9000], [1, 50, 2, 1]
    assert mean(values, weights) == Decimal("4.000")
    assert percentiles(values, weights) == {"p50": 3, "p75": 3, "p95": 9, "p99": 9}
    assert mean([], []) is None


def test_samples_differ_when_their_means_are_further_apart_than_their_noise() -> None:
    noisy = [(place * 7919) % 1000 for place in range(100)]  # about even over 0 to 999: deviation 289
    assert differ(noisy, [value + 30 for value in noisy]) is False  # 30 / 40.8 = 0.7
    assert differ(noisy, [value + 120 for value in noisy]) is True  # 120 / 40.8 = 2.9
    assert differ(noisy[:29], noisy) is None
    assert len(Costs()) == 0


def test_an_order_in_slices_adds_up_and_its_slices_count_nowhere_else(desk: Desk) -> None:
    node = {
        "node_id": "order", "instrument": {"symbol": "BTC-USD", "type": "spot"}, "side": "buy",
        "order_type": "market", "quantity": {"fixed": {"qty_1e8": 400_000_000}}, "activation": "root",
        "execution": {"pacing": {"uniform": {"num_slices": 4, "interval_ms": 2000}}},
    }  # fmt: skip
    status, placed = desk("POST", "/v1/orders", {"graph_id": "t1", "nodes": [node], "edges": []})
    assert status == 201, placed
    for _ in range(4):
        desk.now += 2 * SECOND
        read(desk, "/v1/orders")
    body = read(desk, "/v1/analytics/tca")
    (row,) = body["orders"]
    fills = [fill for fill in read(desk, "/v1/fills")["fills"] if fill["graph_id"] == "t1"]
    assert len({fill["node_order_id"] for fill in fills}) == 4
    assert row["node_order_id"] == "graph:t1:order:1"
    assert row["filled_qty_1e8"] == sum(fill["qty_1e8"] for fill in fills) == 400_000_000
    assert row["fees_usd_1e9"] == sum(fill["fee_usd_1e9"] for fill in fills)
    assert row["achieved_vwap_1e9"] == sum(fill["price_1e9"] * fill["qty_1e8"] for fill in fills) // 400_000_000
    assert row["execution_time_ns"] == 6 * SECOND
    # four times one at 50020: 25 from 49995, and 10 bps; at once it would have been dearer
    assert (row["total_cost_bps"], row["benchmark_vwap_1e9"]) == (Decimal("15.001"), 50_030_000_000_000)
    review = read(desk, "/v1/execution/review/graph:t1:order:1")
    assert [fill["fill_id"] for fill in review["fills"]] == [fill["fill_id"] for fill in reversed(fills)]
    assert len(read(desk, "/v1/execution/review/graph:t1:order.s2:1")["fills"]) == 1
    (venue,) = read(desk, "/v1/analytics/venues")["venues"]
    assert (venue["sent"], venue["filled"]) == (4, 4)
    (venue,) = read(desk, "/v1/analytics/tca/venues")["venues"]
    assert venue["notional_usd_1e9"] == body["notional_usd_1e9"]
