"""Pools and tokens agree with the quotes of their instant, to the unit."""

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.market import pools
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.wire import ethereum
from seqcli.wire.venue_keys import base58
from tests.sandbox.handlers.test_market import NOW, Desk, bad_field


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def every(desk: Desk, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = desk(f"/v1/dex/pools?limit=1000{query}")["pools"]
    return rows


def raw_price(row: dict[str, Any]) -> Fraction:
    """Smallest units of token1 for one of token0, from the pair's price."""
    base = row["symbol"].split("-")[0]
    price = Fraction(row["price_1e9"], 10**9)
    if base not in row["token0"]["symbol"]:
        price = 1 / price
    return price * Fraction(10) ** int(row["token1"]["decimals"] - row["token0"]["decimals"])


def test_a_pool_s_price_is_the_middle_of_its_venue_s_quote(desk: Desk) -> None:
    for row in every(desk):
        venue = "solana" if row["chain"] == "solana" else "dex"
        touch = desk(f"/v1/quotes/{row['symbol']}")["venues"][venue]
        twice = Fraction(str(touch["bid"])) + Fraction(str(touch["ask"]))
        assert Fraction(row["price_1e9"], 10**9) * 2 == twice
        assert 0 <= NOW - row["last_update_ns"] < 250_000_000


def test_root_tick_and_reserves_follow_from_the_price_exactly(desk: Desk) -> None:
    for row in every(desk):
        price, root, liquidity = raw_price(row), int(row["sqrt_price_x64"]), int(row["liquidity"])
        assert root == isqrt(int(price * 2**128))
        reserves = int(row["reserve0"]), int(row["reserve1"])
        if row["pool_type"] == "v2":
            assert row["tick"] is row["tick_spacing"] is None
            product = reserves[0] * reserves[1]
            assert 0 <= liquidity**2 - product <= reserves[0] + reserves[1] + 1 + (liquidity**2 >> 60)
        else:
            assert min(reserves) > 0


@pytest.mark.parametrize("symbol", ["ETH-USDC-ARB", "ETH-USDC-ETH", "BONK-USDC", "BTC-USDC-ARB"])
def test_a_tick_is_the_last_power_of_1_0001_below_the_price(desk: Desk, symbol: str) -> None:
    """By whole powers, which no rounding touches; both orders of the tokens are among them."""
    row = next(row for row in every(desk, f"&symbol={symbol}") if row["tick"] is not None)
    price, tick = raw_price(row), row["tick"]
    over, under = price.numerator, price.denominator
    if tick < 0:
        over, under, tick = under, over, -tick - 1  # 1.0001^n <= p < 1.0001^(n+1), read upside down
    low, high = 10_001**tick * under, 10_000**tick * over
    assert low <= high
    assert low * 10_001 >= high * 10_000


def test_a_pool_s_reserves_move_along_its_curve_with_the_price() -> None:
    """Two instants, one liquidity: what one side gains in value the other pays for."""
    market = SyntheticMarket()
    rows = [row for row in pools.deployed(market.instruments()) if row.symbol == "ETH-USDC-ARB"]
    for before, after in zip(
        pools.states(market, rows, "NA", NOW), pools.states(market, rows, "NA", NOW + 3_600 * 10**9), strict=True
    ):
        assert before.liquidity == after.liquidity
        assert before.price_1e9 != after.price_1e9
        rises = raw_price_of(after) > raw_price_of(before)
        assert (int(after.reserve0 or 0) < int(before.reserve0 or 0)) is rises
        assert (int(after.reserve1 or 0) > int(before.reserve1 or 0)) is rises


def raw_price_of(pool: Any) -> int:
    return int(pool.sqrt_price_x64)


def test_money_inside_is_what_both_reserves_are_worth(desk: Desk) -> None:
    for row in every(desk):
        sides = [
            (Fraction(int(row[f"reserve{place}"]), 10 ** row[f"token{place}"]["decimals"]), row[f"token{place}"])
            for place in (0, 1)
        ]
        price = Fraction(row["price_1e9"], 10**9)
        worth = sum(amount * (1 if token["symbol"] in pools.STABLE else price) for amount, token in sides)
        assert 0 <= worth - Fraction(str(row["tvl_usd"])) < Fraction(3, 100)


def test_addresses_are_well_formed_and_each_is_one_pool_or_token(desk: Desk) -> None:
    rows = every(desk)
    check = base58(32, "a 32-byte address")
    for row in rows:
        assert row["pool_id"] == f"{row['chain']}:{row['address']}"
        for address in (row["address"], row["token0"]["address"], row["token1"]["address"]):
            fault = check(address) if row["chain"] == "solana" else ethereum.fault_of(address)
            assert fault is None, address
            assert row["chain"] == "solana" or ethereum.checksummed(address[2:]) == address
        if row["chain"] != "solana":
            assert int(row["token0"]["address"], 16) < int(row["token1"]["address"], 16)
    assert len({row["pool_id"] for row in rows}) == len(rows) == 49


def test_each_chain_pair_and_nothing_else_has_pools(desk: Desk) -> None:
    instruments = desk.box.market.instruments().values()
    listed = {row.symbol for row in instruments if set(row.venues) & set(pools.ON_CHAIN)}
    assert {row["symbol"] for row in every(desk)} == listed


def test_pages_filters_and_what_is_wrong(desk: Desk) -> None:
    first = desk("/v1/dex/pools?limit=20")
    second = desk("/v1/dex/pools?limit=40&offset=20")
    assert (first["total"], first["has_more"], second["has_more"]) == (49, True, False)
    assert [row["pool_id"] for row in first["pools"] + second["pools"]] == [row["pool_id"] for row in every(desk)]
    assert {row["chain"] for row in every(desk, "&symbol=eth-usdc")} == {"arbitrum", "base", "ethereum", "optimism"}
    assert {row["symbol"] for row in every(desk, "&symbol=SOL-USDC&protocol=ORCA")} == {"SOL-USDC"}
    assert every(desk, "&chain=polygon") == every(desk, "&symbol=NOPE-USD") == []
    for query, field in (
        ("chain=tron", "chain"),
        ("protocol=x", "protocol"),
        ("limit=0", "limit"),
        ("offset=-1", "offset"),
    ):
        assert bad_field(desk(f"/v1/dex/pools?{query}")) == field


def test_a_pool_of_a_venue_that_is_not_reached_has_no_state(desk: Desk) -> None:
    desk.box.connect("dex", NOW, up=False)
    by_chain = {row["chain"]: row for row in every(desk)}
    for name in ("price_1e9", "tvl_usd", "reserve0", "sqrt_price_x64", "tick", "last_block", "last_update_ns"):
        assert by_chain["ethereum"][name] is None
        assert by_chain["solana"][name] is not None
    assert by_chain["ethereum"]["liquidity"] != "0"


def test_a_token_s_price_is_the_middle_of_its_dollar_quote(desk: Desk) -> None:
    for asset, symbol in (("ETH", "ETH-USD"), ("USDC", "USDC-USD"), ("AERO", "AERO-USDC-BASE"), ("WIF", "WIF-USDC")):
        found = desk(f"/v1/tokens/{asset}")
        mid = Fraction(str(desk(f"/v1/quotes/{symbol}")["nbbo"]["mid"]))
        assert abs(Fraction(found["usd_price_1e9"], 10**9) - mid) <= Fraction(1, 2 * 10**9)
        assert found["pool_count"] == sum(asset in row["symbol"].split("-")[:2] for row in every(desk))
        tokens = {row["chain"]: row[side]["address"] for row in every(desk) for side in ("token0", "token1")
                  if row[side]["symbol"].removeprefix("W") == asset.removeprefix("W")}  # fmt: skip
        assert {each["chain"]: each["address"] for each in found["chains"]} == tokens


def test_a_token_by_any_of_its_names_or_none(desk: Desk) -> None:
    assert desk("/v1/tokens/weth") == desk("/v1/tokens/ETH")
    dollar = desk("/v1/tokens/USD")
    assert (dollar["kind"], dollar["usd_price_1e9"], dollar["chains"]) == ("fiat", 10**9, [])
    assert desk("/v1/tokens/NOPE")["error"]["message"] == "not found: token: NOPE"
    kraken = desk("/v1/symbols?venue=kraken")
    assert "kraken" in desk(f"/v1/tokens/{kraken[0]['base']}")["venues"]
