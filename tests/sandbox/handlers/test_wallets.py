"""A trading wallet: made once, ready a little later, needed for orders on a chain, emptied to a connected one only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.exchange import audit
from tests.sandbox.handlers.test_api_keys import Desk

SECOND = 1_000_000_000
ON_CHAIN = {"symbol": "ETH-USDC-ARB", "side": "buy", "qty": 1.0}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def order(desk: Desk, **more: Any) -> dict[str, Any]:
    status, body = desk("POST", "/v1/orders", ON_CHAIN | more)
    assert status == 201
    found: dict[str, Any] = body["orders"][0]
    return found


def ready(desk: Desk) -> str:
    """Make the wallet, let it become ready; the connected wallet's address."""
    desk("POST", "/v1/wallets/trading/create-turnkey")
    desk.now += 5 * SECOND
    rows = desk("GET", "/v1/wallets")[1]["wallets"]
    return next(str(row["address"]) for row in rows if row["role"] == "connected")


def paid(desk: Desk, to: str, **more: Any) -> tuple[int, Any]:
    body = {"asset": "USDC", "qty_1e8": 25 * 10**8, "chain": "arbitrum", "to_address": to}
    return desk("POST", "/v1/wallets/withdraw", body | more)


def balance(desk: Desk, asset: str) -> int:
    rows = desk("GET", "/v1/wallets/default")[1]["balances"]
    return sum(row["qty_1e8"] for row in rows if row["asset"] == asset)


def test_an_order_on_a_chain_needs_a_wallet_that_is_ready(desk: Desk) -> None:
    assert order(desk)["failure_reason"] == "NO_TRADING_WALLET"
    assert desk("GET", "/v1/wallets/trading")[0] == 404
    status, made = desk("POST", "/v1/wallets/trading/create-turnkey")
    assert (status, made["status"], made["can_trade_api"]) == (201, "provisioning", False)
    assert order(desk)["failure_reason"] == "TRADING_WALLET_NOT_READY"
    desk.now += 5 * SECOND
    status, again = desk("POST", "/v1/wallets/trading/create-turnkey")
    assert (status, again["status"], again["wallet_id"]) == (200, "ready", made["wallet_id"])
    assert order(desk)["status"] == "FILLED"


def test_an_order_may_name_the_wallet_and_no_other(desk: Desk) -> None:
    ready(desk)
    mine = desk("GET", "/v1/wallets/trading")[1]["wallet_id"]
    node = {
        "node_id": "order",
        "instrument": {"symbol": "ETH-USDC-ARB"},
        "side": "buy",
        "order_type": "market",
        "quantity": {"fixed": {"qty_1e8": 10**8}},
    }
    ends = []
    for name in (mine, "turnkey:0x00"):
        body = {"nodes": [node | {"execution": {"wallet_id": name}}]}
        ends.append(desk("POST", "/v1/orders", body)[1]["orders"][0])
    assert ends[0]["status"] == "FILLED"
    assert ends[1]["failure_reason"] == "NO_TRADING_WALLET"


def test_what_is_withdrawn_leaves_the_wallet_once_and_the_books_still_add_up(desk: Desk) -> None:
    to = ready(desk)
    before = balance(desk, "USDC")
    status, row = paid(desk, to, client_withdrawal_id="one")
    assert (status, row["status"], row["asset"]) == (201, "submitted", "USDC")
    assert paid(desk, to, client_withdrawal_id="one") == (200, row)
    assert paid(desk, to, client_withdrawal_id="one", qty_1e8=1)[0] == 409
    assert balance(desk, "USDC") == before - 25 * 10**8
    audit.check(desk.box.exchange)


def test_a_bought_asset_can_be_withdrawn_and_its_cost_goes_with_it(desk: Desk) -> None:
    to = ready(desk)
    order(desk)
    assert paid(desk, to, asset="ETH", qty_1e8=10**8 // 3)[0] == 201
    audit.check(desk.box.exchange)
    assert balance(desk, "ETH") == 10**8 - 10**8 // 3
    assert paid(desk, to, asset="ETH", qty_1e8=10**8)[1]["error"]["details"][0]["field"] == "qty_1e8"
    assert paid(desk, to, asset="ETH", qty_1e8=10**8 - 10**8 // 3)[0] == 201
    audit.check(desk.box.exchange)


def test_a_withdrawal_survives_a_restart(desk: Desk) -> None:
    to = ready(desk)
    row = paid(desk, to, client_withdrawal_id="one")[1]
    left = balance(desk, "USDC")
    desk.box.close()
    desk.open()
    assert balance(desk, "USDC") == left
    assert paid(desk, to, client_withdrawal_id="one") == (200, row)


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"to_address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}, 403, None),
        ({"to_address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"}, 400, "to_address"),
        ({"chain": "moon"}, 400, "chain"),
        ({"qty_1e8": 0}, 400, "qty_1e8"),
        ({"qty_1e8": 10**18 + 1}, 400, "qty_1e8"),
        ({"asset": "DOGE"}, 400, "asset"),
        ({"wallet_id": "turnkey:0x00"}, 400, "wallet_id"),
    ],
    ids=str,
)
def test_a_withdrawal_that_cannot_be_moves_nothing(
    desk: Desk, more: dict[str, Any], status: int, field: str | None
) -> None:
    to = ready(desk)
    before = balance(desk, "USDC")
    got, body = paid(desk, to, **more)
    assert got == status
    assert [row["field"] for row in body["error"].get("details", [])] == ([field] if field else [])
    assert balance(desk, "USDC") == before


def test_an_unfunded_wallet_pays_nothing(desk: Desk) -> None:
    to = ready(desk)
    empty = {"positions": [{"venue": "dex", "kind": "crypto", "symbol": "USDC", "qty": 0}]}
    assert desk("POST", "/v1/sandbox/positions", empty)[0] == 200
    status, body = paid(desk, to)
    assert (status, json.dumps(body["error"]["details"])) == (
        400,
        '[{"field": "asset", "message": "the wallet holds no USDC"}]',
    )


def test_the_addresses_belong_to_the_account(tmp_path: Path) -> None:
    one, other = Desk(tmp_path / "one"), Desk(tmp_path / "other")
    assert ready(one) != ready(other)
    for each in (one, other):
        each.box.store.close()
