"""A dropped edge: its books, fills and cancels do not come through; what waited is done when it is back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange import audit
from seqcli.sandbox.market.outages import Reachable, edge_of
from seqcli.sandbox.market.synthetic import SyntheticMarket
from tests.sandbox.handlers.test_trading import BUY, REST, SECOND, Desk

AT = 1_790_000_000_000_000_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def drop(desk: Desk, edge: str, *, up: bool = False) -> dict[str, Any]:
    status, body = desk("PUT", f"/v1/sandbox/edges/{edge}", {"connected": up})
    assert status == 200
    found: dict[str, Any] = body
    return found


def test_edges_quotes_and_orders_agree_on_what_is_down(desk: Desk) -> None:
    whole = desk("GET", "/v1/quotes/BTC-USD")[1]["venues"]
    assert drop(desk, "kraken") == {"edge": "kraken", "connected": False, "down": ["kraken"], "open_orders": 0}
    drift = desk("GET", "/v1/health/edges")[1]
    assert "kraken" in drift["missing"]
    assert drift["drift"] is True
    assert desk("GET", "/v1/health")[1]["status"] == "degraded"
    rows = {row["venue"]: row["connected"] for row in desk("GET", "/v1/edges")[1]["edges"]}
    assert rows["kraken"] is False
    assert set(desk("GET", "/v1/quotes/BTC-USD")[1]["venues"]) == set(whole) - {"kraken"}
    order = desk("POST", "/v1/orders", BUY)[1]["orders"][0]
    assert [leg["venue"] for leg in order["legs"]] == ["coinbase"]
    refused = desk("POST", "/v1/orders", BUY | {"venue": "kraken"})[1]["orders"][0]
    assert (refused["status"], refused["failure_reason"]) == ("REJECTED", "STALE_VENUE")
    drop(desk, "kraken", up=True)
    assert desk("GET", "/v1/quotes/BTC-USD")[1]["venues"] == whole


def test_a_cancel_waits_for_its_venue_and_is_carried_out_once_it_is_back(desk: Desk) -> None:
    name = desk("POST", "/v1/orders", REST | {"graph_id": "g"})[1]["node_order_id"]
    drop(desk, "kraken")
    status, asked = desk("DELETE", f"/v1/orders/{name}")
    assert (status, asked["status"], asked["cancel_state"]) == (200, "WORKING", "requested")
    assert desk("PATCH", f"/v1/orders/{name}", {"new_qty_1e8": 10**6})[0] == 409
    swept = desk("POST", "/v1/venue_cancel_all/kraken")[1]
    assert (swept["requested"], swept["cancelled"], swept["failed"]) == (1, 0, 1)
    assert swept["orders"][0]["error"] == "kraken is not connected"
    desk.reopen()
    assert desk("GET", f"/v1/orders/{name}")[1]["status"] == "WORKING"
    drop(desk, "kraken", up=True)
    assert desk("GET", f"/v1/orders/{name}")[1]["status"] == "CANCELLED"
    audit.check(desk.box.exchange)


def test_a_cancelled_graph_ends_cancelled_after_its_venue_is_back(desk: Desk) -> None:
    desk("POST", "/v1/orders", REST | {"graph_id": "g"})
    drop(desk, "kraken")
    assert desk("DELETE", "/v1/execution_graphs/g")[1]["cancel_state"] == "requested"
    desk.reopen()
    drop(desk, "kraken", up=True)
    assert desk("GET", "/v1/execution_graphs/g")[1]["status"] == "CANCELLED"


@pytest.mark.parametrize("restarted", [False, True])
def test_what_the_market_did_behind_a_dropped_edge_is_not_made_up_for(tmp_path: Path, *, restarted: bool) -> None:
    """A bid that the ask went through meanwhile has not filled; without the outage it would have."""
    ends = []
    for outage in (True, False):
        desk = Desk(tmp_path / f"box-{outage}")
        desk.now = AT
        desk.box._given = SyntheticMarket(7)
        desk.box._market = None
        ask = min(venue["ask"] for venue in desk("GET", "/v1/quotes/ETH-USD")[1]["venues"].values())
        body = {"symbol": "ETH-USD", "side": "buy", "qty": 0.5, "price": round(float(ask) * 0.9999, 2)}
        order = desk("POST", "/v1/orders", body | {"venue": "kraken"})[1]
        assert order["orders"][0]["status"] == "WORKING"
        if outage:
            drop(desk, "kraken")
        desk.now += 12 * 3600 * SECOND
        if restarted:
            desk.box.close()
            given = desk.box._given
            desk.open()
            desk.box._given = given
        if outage:
            drop(desk, "kraken", up=True)
        ends.append(desk("GET", f"/v1/orders/{order['node_order_id']}")[1]["filled_qty_1e8"])
        desk.box.store.close()
    assert ends == [0, 50_000_000]


def test_the_kill_switch_needs_the_venue_to_be_flat(desk: Desk) -> None:
    desk("POST", "/v1/orders", REST)
    drop(desk, "kraken")
    assert drop(desk, "kraken")["open_orders"] == 1
    assert desk("GET", "/v1/orders?status=open")[1]["total"] == 1


def test_an_unknown_edge_is_named(desk: Desk) -> None:
    status, body = desk("PUT", "/v1/sandbox/edges/krakn", {"connected": False})
    assert (status, body["error"]["details"][0]["field"]) == (400, "edge")


def test_spot_and_perp_of_one_exchange_drop_apart() -> None:
    market = Reachable(SyntheticMarket(7), {"binance-perp"})
    assert edge_of("perp", "hyperliquid") == "hyperliquid"
    assert "binance" in market.books("BTC-USD", AT)
    assert "binance" not in market.books("BTC-USD-PERP", AT)
    assert market.book("BTC-USD-PERP", "binance", AT) is None
    assert list(market.prints("BTC-USD-PERP", "binance", AT, AT + 60 * SECOND)) == []
    assert set(market.best("BTC-USD-PERP", AT)) == set(market.books("BTC-USD-PERP", AT))


def test_the_same_books_are_handed_out_until_one_changes() -> None:
    market = Reachable(SyntheticMarket(7), {"kraken"})
    assert market.books("BTC-USD", AT) is market.books("BTC-USD", AT)
    market.down = frozenset()
    assert "kraken" in market.books("BTC-USD", AT)
