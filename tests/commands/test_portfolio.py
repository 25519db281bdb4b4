"""`seq portfolio` against the embedded exchange: the page, its parts, and how it fits a terminal."""

from types import SimpleNamespace
from typing import Any

import pytest

from seqcli.commands.portfolio import Past
from seqcli.wire.holdings import DAY_NS
from tests.commands.conftest import Seq


@pytest.fixture
def traded(seq: Seq) -> Seq:
    assert seq("--local", "order", "buy", "BTC-USD", "0.01", "--venue", "coinbase", "-q").status == 0
    assert seq("--local", "order", "buy", "ETH-USD", "0.1", "--venue", "coinbase", "-q").status == 0
    assert seq("--local", "order", "buy", "ETH-USD", "1", "--limit", "900", "-q").status == 0
    return seq


def test_the_page_adds_up(traded: Seq) -> None:
    body = traded("--local", "portfolio", "show", "--json").body
    rows = [row for row in body["positions"] if row["instrument"]["symbol"] in ("BTC", "ETH")]
    worth = {row["instrument"]["symbol"]: row["current_value_usd_1e9"] for row in rows}
    assert body["totals"]["crypto_usd_1e9"] == sum(worth.values())
    assert {row["asset"]: row["net_usd_1e9"] for row in body["exposure"]["by_asset"]} == worth
    assert body["concentration"]["top_weight"] == pytest.approx(max(worth.values()) / sum(worth.values()), abs=1e-6)
    there = traded("--local", "analytics", "portfolio", "--json").body["concentration"]
    assert there["top_symbol"] == body["concentration"]["top_symbol"]
    assert set(there) == set(body["concentration"])
    assert body["open_orders"] == 1
    totals = body["totals"]
    earned = totals["realized_pnl_usd_1e9"] + totals["unrealized_pnl_usd_1e9"] - totals["fees_usd_1e9"]
    assert body["pnl_today_usd_1e9"] == earned  # the books were opened a moment ago


def test_of_a_part_no_profit_of_the_day_is_told(traded: Seq) -> None:
    body = traded("--local", "portfolio", "show", "--kind", "crypto", "--json").body
    assert body["pnl_today_usd_1e9"] is None
    assert {row["instrument"]["kind"] for row in body["positions"]} == {"crypto"}
    assert "unknown" in traded("--local", "portfolio", "show", "--kind", "crypto").out


def test_closed_positions_come_on_request(traded: Seq) -> None:
    sold = traded("--local", "order", "sell", "BTC-USD", "0.01", "--venue", "coinbase", "--wait", "-q")
    assert sold.status == 0
    for verb in ("positions", "show"):
        for words, states in (((), {"active"}), (("--closed",), {"active", "closed"})):
            found = traded("--local", "portfolio", verb, "--kind", "crypto", *words, "--json").body["positions"]
            assert {row["lifecycle"]["state"] for row in found} == states


def test_history_is_a_row_a_point_that_ends_with_now(traded: Seq) -> None:
    body = traded("--local", "portfolio", "history", "--range", "1h", "--every", "1m", "--json").body
    assert (body["range"], body["interval_secs"], body["count"]) == ("1h", 60, len(body["snapshots"]))
    assert body["count"] >= 2
    out = traded("--local", "portfolio", "history", "--range", "1h", "-o", "csv").out
    assert out.splitlines()[0] == "ts,nav_usd,cash_usd,unrealized_pnl_usd,realized_pnl_usd,fees_usd"
    assert "net asset value" in traded("--local", "portfolio", "history").out
    assert traded("--local", "portfolio", "history", "--range", "2d").status == 2


def test_while_watching_the_past_is_asked_for_once_a_day_and_after_a_reset() -> None:
    asked: list[str] = []

    def call(operation: Any, _request: Any) -> Any:
        asked.append(operation.name)
        return SimpleNamespace(body={"snapshots": len(asked)})

    session: Any = SimpleNamespace(client=SimpleNamespace(call=call), attempt=lambda ask: ask())
    past = Past(session)

    def look(ts_ns: int, fees: int) -> Any:
        return past.of({"as_of_ns": ts_ns, "totals": {"fees_usd_1e9": fees}})["snapshots"]

    assert [look(DAY_NS + 1, 5), look(DAY_NS + 2, 5), look(DAY_NS + 3, 9)] == [1, 1, 1]
    assert [look(DAY_NS + 4, 0), look(DAY_NS + 5, 0)] == [2, 2]
    assert look(2 * DAY_NS, 0) == 3
