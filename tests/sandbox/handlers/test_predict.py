"""Prediction markets through the gate: pages, settlement, and a position from its purchase to its last cent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from seqcli.sandbox.exchange import audit
from seqcli.sandbox.market.prediction.contracts import Contract
from tests.sandbox.handlers.test_api_keys import Desk as Keys

SECOND, ONE = 1_000_000_000, 1_000_000_000
NOW = 1_795_000_120_000_000_000


class Desk(Keys):
    """The gate at an instant shortly after a quarter of an hour has begun."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.now = NOW

    def get(self, target: str) -> Any:
        path, _, query = target.partition("?")
        from seqcli.sandbox.service.gate import Inbound

        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        import json

        reply = self.gate.handle(Inbound("GET", path, query, headers), b"")
        return json.loads(reply.body)

    def contract(self, start: str, venue: str) -> Contract:
        contracts = self.box.contracts
        assert contracts is not None
        rows = (row for event in contracts.listed(venue, self.now) for row in event)
        return next(row for row in rows if row.slug.startswith(start) and row.event.starts_ns <= self.now)

    def cash(self, venue: str) -> int:
        rows = self.get(f"/v1/positions?venues={venue}&kinds=fiat,crypto")["positions"]
        return sum(row["qty_1e8"] for row in rows)

    def held(self, symbol: str) -> dict[str, Any]:
        rows = self.get("/v1/positions?kinds=event_contract&include_closed=true")["positions"]
        found: dict[str, Any] = next(row for row in rows if row["instrument"]["symbol"] == symbol)
        return found

    def buy(self, symbol: str, qty: float, **more: Any) -> dict[str, Any]:
        status, body = self("POST", "/v1/orders", {"symbol": symbol, "side": "buy", "qty": qty, **more})
        assert status == 201, body
        order: dict[str, Any] = body["orders"][0]
        return order


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def fee(price_1e9: int, contracts: int) -> int:
    """0.03 × contracts × p × (1 − p), USD 1e9; exact at these prices."""
    return 3 * contracts * price_1e9 * (ONE - price_1e9) // (100 * ONE)


def test_a_winner_on_polymarket_waits_for_its_redemption_and_pays_to_the_unit(desk: Desk) -> None:
    contract = desk.contract("btc-updown-15m", "polymarket")
    assert desk.box.contracts is not None
    won = desk.box.contracts.odds.winner(contract)
    before = desk.cash("polymarket")
    spent = 0
    for side, name in enumerate((contract.slug, f"{contract.slug}:no")):
        order = desk.buy(name, 40)
        assert (order["status"], order["symbol"]) == ("FILLED", contract.symbols[side])
        for row in desk.get(f"/v1/fills?graph_id={order['graph_id']}")["fills"]:
            count = row["qty_1e8"] // 10**8
            assert row["fee_usd_1e9"] == fee(row["price_1e9"], count)
            spent += row["price_1e9"] * count + row["fee_usd_1e9"]
    assert desk.cash("polymarket") == before - -(-spent // 10)
    path = f"/v1/markets/{contract.slug}/redeem"
    assert desk("POST", path)[0] == 409
    desk.now = contract.event.resolves_ns
    winner, loser = (desk.held(contract.symbols[side]) for side in (won, 1 - won))
    assert winner["lifecycle"]["redeemable"] is True
    assert (winner["lifecycle"]["state"], winner["settled_mark_usd_1e9"]) == ("resolved", ONE)
    assert winner["lifecycle"]["winning_outcome"] == contract.sides[won]
    assert (loser["current_value_usd_1e9"], loser["lifecycle"]["redeemable"]) == (0, False)
    status, body = desk("POST", path)
    assert (status, body["mode"], body["token_ids"]) == (200, "relayer_submitted", list(contract.symbols))
    assert desk.cash("polymarket") == before + (40 * ONE - spent) // 10
    assert desk.held(contract.symbols[won])["lifecycle"]["state"] == "redeemed"
    assert desk("POST", path)[1]["mode"] == "noop"
    audit.check(desk.box.exchange)
    desk.box.close()
    desk.open()
    assert desk.held(contract.symbols[won])["lifecycle"]["state"] == "redeemed"
    assert desk.cash("polymarket") == before + (40 * ONE - spent) // 10


def test_kalshi_pays_by_itself(desk: Desk) -> None:
    contract = desk.contract("KXBTCD", "kalshi")
    assert desk.box.contracts is not None
    rows = desk.box.contracts.contracts(contract.event.series, contract.event.window)
    before = desk.cash("kalshi")
    spent = paid = 0
    for row in rows[3:7]:
        for side, symbol in enumerate(row.symbols):
            order = desk.buy(symbol, 10)
            if order["status"] != "FILLED":
                continue  # nothing is offered at this price
            fills = desk.get(f"/v1/fills?graph_id={order['graph_id']}")["fills"]
            spent += sum(each["notional_usd_1e9"] + each["fee_usd_1e9"] for each in fills)
            paid += 10 * ONE if desk.box.contracts.odds.winner(row) == side else 0
    assert spent > 0
    desk.now = contract.event.resolves_ns + 5 * SECOND
    assert desk.cash("kalshi") == before + (paid - spent) // 10
    states = {
        row["lifecycle"]["state"]
        for row in desk.get("/v1/positions?kinds=event_contract&include_closed=true")["positions"]
    }
    assert states == {"closed"}
    assert desk("POST", f"/v1/markets/{rows[3].slug}/redeem")[1]["mode"] in ("auto_settled", "noop")
    audit.check(desk.box.exchange)


def test_an_order_that_rests_expires_with_its_market(desk: Desk) -> None:
    contract = desk.contract("eth-updown-15m", "polymarket")
    order = desk.buy(contract.slug, 5, price=0.001)
    assert order["status"] == "WORKING"
    desk.now = contract.event.ends_ns
    late = desk.buy(contract.slug, 5)
    assert (late["status"], late["failure_reason"]) == ("REJECTED", "EXCHANGE_REJECT")
    assert "has ended" in late["failure_detail"]
    ended = desk.get(f"/v1/orders/{quote(order['node_order_id'], safe='')}")
    assert (ended["status"], ended["terminal_ns"]) == ("EXPIRED", contract.event.ends_ns)
    audit.check(desk.box.exchange)


def test_sizes_prices_and_holdings_are_checked_in_the_venue_s_terms(desk: Desk) -> None:
    kalshi = desk.contract("KXBTCD", "kalshi").slug
    assert desk.buy(kalshi, 1.5)["failure_reason"] == "INVALID_PARAMS"
    for price in (1, 1.2):
        body = {"symbol": kalshi, "side": "buy", "qty": 1, "price": price}
        status, reply = desk("POST", "/v1/orders", body)
        assert (status, reply["error"]["details"][0]["field"]) == (400, "price")
    status, body = desk("POST", "/v1/orders", {"symbol": f"{kalshi}:YES", "side": "sell", "qty": 1})
    assert body["orders"][0]["failure_reason"] == "INSUFFICIENT_BALANCE"
    assert desk("POST", "/v1/orders", {"symbol": "KXBTCD-26NOV1817-T1", "side": "buy", "qty": 1})[0] == 400


def test_every_form_of_a_name_places_the_same_order(desk: Desk) -> None:
    contract = desk.contract("sol-updown-1h", "polymarket")
    yes, no = contract.symbols
    names = (contract.slug, f"{contract.slug}:yes", yes, f"https://polymarket.com/event/{contract.slug}")
    assert {desk.buy(name, 1)["symbol"] for name in names} == {yes}
    assert {desk.buy(name, 1)["symbol"] for name in (f"{contract.slug}:no", no)} == {no}
    ticker = desk.contract("KXETHD", "kalshi").slug
    for name in (ticker, f"{ticker}:YES"):
        assert desk.buy(name, 1, instrument_type="spot")["symbol"] == f"{ticker}:YES"


def test_a_walk_by_cursors_sees_every_market_once_while_time_goes_on(desk: Desk) -> None:
    whole = desk.get("/v1/markets?venue=kalshi&limit=1000&active=false&closed=false")
    assert whole["has_more"] is False
    slugs: list[str] = []
    query = "limit=37"
    while True:
        page = desk.get(f"/v1/markets?venue=kalshi&active=false&closed=false&{query}")
        slugs += [row["slug"] for row in page["markets"]]
        desk.now += 600 * SECOND
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        query = f"limit=37&cursor={page['next_cursor']}"
    assert slugs == [row["slug"] for row in whole["markets"]]


def test_filters(desk: Desk) -> None:
    seen = desk.get("/v1/markets?venue=kalshi&tag=kxbtcd&limit=1000")["markets"]
    assert {row["slug"].partition("-")[0] for row in seen} == {"KXBTCD"}
    assert {row["status"] for row in seen} == {"open"}
    assert {row["status"] for row in desk.get("/v1/markets?active=false&closed=true&limit=1000")["markets"]} == {
        "resolved"
    }
    assert all(
        "chicago" in row["question"].lower() for row in desk.get("/v1/markets?venue=kalshi&q=CHICAGO")["markets"]
    )
    event = desk.get("/v1/markets?q=storm")["markets"]
    assert len(event[0]["outcomes"]) == len(event[0]["outcome_token_ids"]) == 4
    assert event[0]["neg_risk"] is True
    split = desk.get("/v1/markets?q=box+office&expand=outcomes")["markets"]
    assert [row["is_placeholder_outcome"] for row in split[:4]] == [False, False, False, True]
    token = split[0]["symbol"]
    assert [row["symbol"] for row in desk.get(f"/v1/markets?clob_token_id={token}&active=false")["markets"]] == [token]
    assert desk.get("/v1/markets?slug=nothing-like-it")["markets"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("venue=nasdaq", "venue"),
        ("limit=0", "limit"),
        ("cursor=abc", "cursor"),
        ("cursor=bTE6MTox&offset=1", "cursor"),
        ("offset=-1", "offset"),
        ("expand=prices", "expand"),
    ],
)
def test_a_bad_query_names_its_field(desk: Desk, query: str, field: str) -> None:
    assert desk.get(f"/v1/markets?{query}")["error"]["details"][0]["field"] == field


def test_settlement_tells_each_stage_and_the_underlying(desk: Desk) -> None:
    contract = desk.contract("btc-updown-15m", "polymarket")
    assert desk.box.contracts is not None
    path = f"/v1/settlement/{contract.slug}?underlying=true"
    body = desk.get(path)
    assert (body["status"], body["resolved_outcome"]) == ("open", None)
    assert abs(body["yes_price"] + body["no_price"] - 1) < 1e-9
    assert body["underlying"]["points"][0]["ts_ns"] == contract.event.starts_ns
    desk.now = contract.event.ends_ns
    assert desk.get(path)["status"] == "resolving"
    desk.now = contract.event.resolves_ns
    body = desk.get(path)
    won = desk.box.contracts.odds.winner(contract)
    assert (body["status"], body["resolved_outcome"]) == ("resolved", contract.sides[won])
    assert (body["yes_price"], body["no_price"]) == (1 - won, won)
    first, last = (body["underlying"]["points"][place]["price_1e9"] for place in (0, -1))
    assert (last >= first) == (won == 0)
    assert desk.get("/v1/settlement/nothing")["error"]["code"] == "NOT_FOUND"
    assert desk.get(f"/v1/settlement/{contract.slug}?venue=kalshi")["error"]["code"] == "NOT_FOUND"


def test_rewards_are_those_of_open_races(desk: Desk) -> None:
    body = desk.get("/v1/polymarket/rewards")
    assert body["count"] == len(body["rewards"]) > 5
    one = desk.get(f"/v1/polymarket/rewards/{body['rewards'][0]['token_id']}")
    assert one == body["rewards"][0]
    assert desk.get(f"/v1/polymarket/rewards/{'1' * 70}")["error"]["code"] == "NOT_FOUND"


def test_one_long_step_over_several_outcomes_is_many_short_ones(tmp_path: Path) -> None:
    ends = []
    for step_ns in (4 * 3600 * SECOND, 61 * SECOND):
        desk = Desk(tmp_path / f"box-{step_ns}")
        for start in ("btc-updown-15m", "eth-updown-15m", "sol-updown-1h"):
            contract = desk.contract(start, "polymarket")
            desk.buy(contract.slug, 5)
            desk.buy(f"{contract.slug}:no", 7, price=0.2)
        desk.buy("BTC-USD", 0.1, price=1000, horizon_ms=600_000)
        last = NOW + 4 * 3600 * SECOND
        while desk.now < last:
            desk.now = min(desk.now + step_ns, last)
            desk.get("/v1/account")
            desk.box.catch_up()
        audit.check(desk.box.exchange)
        rows = desk.get("/v1/positions?kinds=event_contract&include_closed=true")["positions"]
        ends.append(
            (desk.cash("polymarket"), [(row["instrument"]["symbol"], row["qty_1e8"], row["lifecycle"]) for row in rows])
        )
        desk.box.store.close()
    assert ends[0] == ends[1]
