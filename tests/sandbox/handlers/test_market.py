"""Symbols, fees, venues, health: what is listed, filtered and compared."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli import __version__
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.market.instruments import VENUES
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings

NOW = 1_785_240_000_000_000_000


class Desk:
    def __init__(self, folder: Path) -> None:
        state = State(folder)
        state.prepare()
        self.box = OpenBox(state, Settings(started_ns=NOW - 5_000_000_000), lambda: NOW)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: NOW, log=print)

    def __call__(self, target: str) -> Any:
        path, _, query = target.partition("?")
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        return json.loads(self.gate.handle(Inbound("GET", path, query, headers), b"").body)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def bad_field(reply: Any) -> str:
    field: str = reply["error"]["details"][0]["field"]
    return field


def test_symbols_are_a_bare_list_with_every_documented_field(desk: Desk) -> None:
    rows = desk("/v1/symbols")
    assert len(rows) == len(desk.box.market.instruments())
    assert set(rows[0]) == {
        "symbol", "base", "quote", "instrument_type", "venues", "status", "tick_size_1e9", "lot_size_1e8",
        "min_qty_1e8", "min_notional_1e9", "price_precision", "qty_precision",
    }  # fmt: skip


def test_symbols_are_filtered(desk: Desk) -> None:
    assert {row["instrument_type"] for row in desk("/v1/symbols?type=PERP")} == {"perp"}
    assert all("kraken" in row["venues"] for row in desk("/v1/symbols?venue=kraken"))
    assert {row["base"] for row in desk("/v1/symbols?q=doge")} == {"DOGE"}
    perps = desk("/v1/symbols?venue=binance-perp")
    assert perps
    assert {row["instrument_type"] for row in perps} == {"perp"}
    assert bad_field(desk("/v1/symbols?venue=nowhere")) == "venue"
    assert bad_field(desk("/v1/symbols?type=swap")) == "type"


def test_contracts_are_listed_where_they_are_asked_for_and_each_is_quoted(desk: Desk) -> None:
    assert not [row for row in desk("/v1/symbols") if row["instrument_type"] == "prediction"]
    rows = desk("/v1/symbols?type=prediction")
    assert [row for row in rows if row["venues"] == ["kalshi"]] == desk("/v1/symbols?venue=kalshi")
    assert desk("/v1/symbols?venue=kalshi&type=spot") == desk("/v1/symbols?venue=kraken&type=prediction") == []
    names = [row["symbol"] for row in rows]
    assert len(names) == len(set(names)) > 100
    open_ones = {row["slug"] for row in desk("/v1/markets?venue=kalshi&active=true&limit=500")["markets"]}
    assert open_ones <= {name.removesuffix(":NO").removesuffix(":YES") for name in names}
    for name in names[:3] + names[-3:]:
        assert desk(f"/v1/quotes/{name}")["source"] == "edge_nbbo"
    some = desk("/v1/symbols?venue=kalshi&q=kxbtc")
    assert {row["symbol"][:5] for row in some} == {"KXBTC"}


def test_fees_are_integers_or_null_where_there_is_no_trade(desk: Desk) -> None:
    reply = desk("/v1/fees?ticker=btc%2Fusd&venues=kraken,polymarket")
    assert reply == {
        "ticker": "BTC-USD",
        "fees": [
            {"venue": "kraken", "maker_bps": 16, "taker_bps": 26},
            {"venue": "polymarket", "maker_bps": None, "taker_bps": None},
        ],
    }
    assert [row["venue"] for row in desk("/v1/fees?ticker=BTC-USD")["fees"]]
    assert desk("/v1/fees?ticker=NOPE-USD")["fees"] == []
    assert bad_field(desk("/v1/fees")) == "ticker"
    assert bad_field(desk("/v1/fees?ticker=BTC-USD&venues=nowhere")) == "venues"


def test_fees_are_those_of_the_paper_settings_when_they_name_any(desk: Desk) -> None:
    body = b'{"fees":{"maker_bps":-1,"taker_bps":3}}'
    headers = {"host": "h", "authorization": f"Bearer {desk.box.api_key}", "content-type": "application/json"}
    headers["content-length"] = str(len(body))
    assert desk.gate.handle(Inbound("PUT", "/v1/sandbox/settings", "", headers), body).status == 200
    (fee,) = desk("/v1/fees?ticker=BTC-USD&venues=kraken")["fees"]
    assert (fee["maker_bps"], fee["taker_bps"]) == (-1, 3)
    assert {row["taker_bps"] for row in desk("/v1/pairs/BTC-USD/venues")["venues"]} == {3}


def test_the_venues_of_a_pair(desk: Desk) -> None:
    reply = desk("/v1/pairs/BTC-USD/venues")
    assert reply["count"] == len(reply["venues"]) > 1
    kraken = next(row for row in reply["venues"] if row["venue"] == "kraken")
    assert (kraken["region"], kraken["remote"], kraken["taker_bps"]) == ("EU", False, 26)
    names = {row["venue"]: row["venue_symbol"] for row in reply["venues"]}
    assert names == {"binance": "BTCUSD", "coinbase": "BTC-USD", "cryptocom": "BTC_USD", "kraken": "XBT/USD"}
    perp = {row["venue"]: row["venue_symbol"] for row in desk("/v1/pairs/BTC-PERP/venues")["venues"]}
    assert (perp["okx"], perp["hyperliquid"]) == ("BTC-USD-SWAP", "BTC")
    assert desk("/v1/pairs/NOPE-USD/venues")["error"]["code"] == "NOT_FOUND"


def test_a_pair_s_venue_is_connected_as_long_as_its_own_edge_is(desk: Desk) -> None:
    desk.box.connect("binance-perp", NOW, up=False)
    desk.box.connect("kraken", NOW, up=False)
    for symbol, dropped in (("BTC-USD", {"kraken"}), ("BTC-USD-PERP", {"binance"})):
        rows = desk(f"/v1/pairs/{symbol}/venues")["venues"]
        assert {row["venue"] for row in rows if not row["connected"]} == dropped
    desk.box.connect("kraken", NOW, up=True)
    assert all(row["connected"] for row in desk("/v1/pairs/BTC-USD/venues")["venues"])


def test_no_venue_is_missing(desk: Desk) -> None:
    drift = desk("/v1/health/edges")
    assert drift["expected"] == list(VENUES)
    assert drift["connected"] == sorted(VENUES)
    assert (drift["missing"], drift["extra"], drift["drift"]) == ([], [], False)


def test_health_says_who_answers(desk: Desk) -> None:
    assert desk("/v1/health/live") == {"status": "ok"}
    health = desk("/v1/health")
    assert (health["status"], health["version"], health["environment"]) == ("ok", __version__, "sandbox")
    assert (health["time_ns"], health["uptime_s"]) == (NOW, 5)
    assert health["edges"] == {"expected": 15, "connected": 15, "drift": False}


def test_edges_are_one_row_a_process_sorted(desk: Desk) -> None:
    reply = desk("/v1/edges")
    names = [row["edge_id"] for row in reply["edges"]]
    assert names == sorted(f"venue-edge-{name}" for name in VENUES)
    assert reply["count"] == 15
    rows = {row["edge_id"]: row for row in reply["edges"]}
    assert rows["venue-edge-binance"]["instrument_types"] == ["spot"]
    assert rows["venue-edge-binance-perp"]["instrument_types"] == ["perp"]
    assert rows["venue-edge-binance-perp"]["venue"] == "binance"
    for venue in ("kraken", "kalshi", "polymarket"):
        assert rows[f"venue-edge-{venue}"]["symbol_count"] == len(desk(f"/v1/symbols?venue={venue}")) > 0
