"""Positions, what they were worth over time, and the older reads: recomputed from raw rows, fills and quotes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange.router import mid_of
from tests.sandbox.handlers.test_trading import SECOND, Desk
from tests.sandbox.stage import START

MINUTE = 60 * SECOND


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "box")
    yield made
    made.box.close()


def trade(desk: Desk, side: str, qty: str) -> None:
    status, body = desk("POST", "/v1/orders", {"symbol": "BTC-USD", "side": side, "qty": float(qty)})
    assert (status, body["status"]) == (201, "COMPLETED")


def totals(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk("GET", "/v1/positions?include_closed=true")[1]["totals"]
    return found


def snapshots(desk: Desk, query: str = "") -> list[dict[str, Any]]:
    status, body = desk("GET", f"/v1/portfolio/snapshots{query}")
    assert status == 200
    assert body["count"] == len(body["snapshots"])
    rows: list[dict[str, Any]] = body["snapshots"]
    return rows


SHOWN = ("nav_usd_1e9", "cash_usd_1e9", "unrealized_pnl_usd_1e9", "realized_pnl_usd_1e9", "fees_usd_1e9")


def test_totals_are_the_sums_of_raw_rows_at_the_mids(desk: Desk) -> None:
    trade(desk, "buy", "2")
    trade(desk, "sell", "0.5")
    rows = desk("GET", "/v1/positions")[1]["positions"]
    mid = mid_of(desk.box.market, "BTC-USD", desk.now)
    assert mid is not None
    cash = value = gain = 0
    for row in rows:
        if row["instrument"]["kind"] == "fiat" or row["instrument"]["is_stable"]:
            cash += row["qty_1e8"] * 10
        else:
            value += row["qty_1e8"] * mid // 10**8
            gain += row["qty_1e8"] * (mid - row["entry_price_usd_1e9"]) // 10**8
    sums = totals(desk)
    assert sums["cash_usd_1e9"] == cash
    assert sums["nav_usd_1e9"] - cash == pytest.approx(value, abs=len(rows))
    assert sums["unrealized_pnl_usd_1e9"] == pytest.approx(gain, abs=len(rows))


def test_a_snapshot_is_what_the_totals_were_at_its_instant(desk: Desk) -> None:
    """Asked at the time, and asked for later."""
    asked = {}
    for side, qty in (("buy", "2"), ("sell", "1"), ("buy", "0.25"), ("sell", "1.25"), ("buy", "1")):
        desk.now += MINUTE - desk.now % MINUTE
        asked[desk.now] = totals(desk)
        desk.now += SECOND
        trade(desk, side, qty)
    desk.now += 3 * MINUTE
    asked[desk.now] = totals(desk)
    told = {row["ts_ns"]: row for row in snapshots(desk, "?range=1h&interval_secs=60")}
    for ts_ns, sums in asked.items():
        assert {name: told[ts_ns][name] for name in SHOWN} == {name: sums[name] for name in SHOWN}, ts_ns
    assert len({row["realized_pnl_usd_1e9"] for row in told.values()}) > 1
    assert list(told) == sorted(told)


def test_the_past_outlives_the_events_and_a_restart(desk: Desk) -> None:
    trade(desk, "buy", "2")
    desk.now += 5 * MINUTE
    trade(desk, "sell", "1")
    before = snapshots(desk, "?range=1h&interval_secs=60")
    desk.box.sequencer.snapshot()
    desk.box.sequencer.commit()
    desk.reopen()
    assert snapshots(desk, "?range=1h&interval_secs=60") == before
    assert len(before) > 3


def test_without_the_beginning_only_the_present_is_told(desk: Desk) -> None:
    trade(desk, "buy", "2")
    desk.now += 5 * MINUTE
    trade(desk, "buy", "1")
    assert len(snapshots(desk, "?range=1h&interval_secs=60")) > 3
    desk.box.store.write("DELETE FROM postings")
    rows = snapshots(desk, "?range=1h&interval_secs=60")
    assert [row["ts_ns"] for row in rows] == [desk.now]
    assert rows[0]["nav_usd_1e9"] == totals(desk)["nav_usd_1e9"]


def test_a_reset_and_a_seeding_are_part_of_it(desk: Desk) -> None:
    trade(desk, "buy", "2")
    desk.now += 2 * MINUTE
    row = {"venue": "kraken", "kind": "crypto", "symbol": "BTC", "qty": 7.0, "entry_price_usd": 1000.0}
    assert desk("POST", "/v1/sandbox/positions", {"positions": [row]})[0] == 200
    desk.now += 2 * MINUTE
    assert desk("POST", "/v1/sandbox/reset")[0] == 200
    desk.now += 2 * MINUTE
    rows = snapshots(desk, "?range=1h&interval_secs=60")
    assert {name: rows[-1][name] for name in SHOWN} == {name: totals(desk)[name] for name in SHOWN}
    assert len({each["unrealized_pnl_usd_1e9"] for each in rows}) > 2


def test_a_fine_interval_is_widened_and_a_wrong_one_refused(desk: Desk) -> None:
    desk("GET", "/v1/positions")
    desk.now = START + 86_400 * SECOND
    body = desk("GET", "/v1/portfolio/snapshots?range=1d&interval_secs=1")[1]
    assert body["count"] <= 2_000, body
    assert body["interval_secs"] == 44
    for query in ("range=2d", "interval_secs=0", "range=1h&interval_secs=3601"):
        assert desk("GET", f"/v1/portfolio/snapshots?{query}")[0] == 400


def test_older_reads_agree_and_say_that_they_are(desk: Desk) -> None:
    trade(desk, "buy", "2")
    current = desk("GET", "/v1/positions")[1]
    assert "Deprecation" not in desk.headers
    for path in ("/v1/portfolio/unified", "/v1/portfolio/summary", "/v1/balances", "/v1/positions/perp"):
        status, body = desk("GET", path)
        assert (status, desk.headers["Deprecation"]) == (200, "true"), path
    assert desk("GET", "/v1/portfolio/unified")[1] == current
    body = desk("GET", "/v1/portfolio/summary")[1]
    assert body["totals"] == current["totals"]
    for rows in (body["by_kind"], body["by_venue"]):
        assert sum(row["value_usd_1e9"] for row in rows) == sum(
            row["current_value_usd_1e9"] for row in current["positions"]
        )
        assert sum(row["position_count"] for row in rows) == current["totals"]["position_count"]
