"""Pools and tokens as people see them: every digit, at any width."""

from collections.abc import Callable
from typing import Any

import pytest

from seqcli.views import dex
from seqcli.wire.strict import Number

Show = Callable[..., Any]
POOL = {
    "symbol": "ETH-USDC-ARB",
    "chain": "arbitrum",
    "protocol": "uniswap_v3",
    "fee_ppm": 500,
    "price_1e9": 2_328_450_000_000,
    "tvl_usd": Number("11573647.38"),
    "tick": -198_791,
    "last_update_ns": 1_785_240_000_000_000_000,
    "address": "0x9cD3b987dCA79E74B7549aFe326b8b2701D32344",
}
TOKEN = {
    "symbol": "ETH",
    "name": "Ether",
    "usd_price_1e9": 2_328_785_000_000,
    "is_stable": False,
    "chains": [{"chain": "base", "address": "0x2f42d6ecAEe542d0855932d9eBeED90767e66ab8", "decimals": 18}],
}


def test_a_pool_a_line(show: Show) -> None:
    odd = POOL | {"fee_ppm": 2_505, "price_1e9": None, "tvl_usd": None, "tick": None, "last_update_ns": None}
    assert show({"pools": [POOL, odd]}, items="pools", table=dex.pools, width=100).out == (
        "SYMBOL        CHAIN     PROTOCOL    FEE(bps)    PRICE     TVL(USD)     TICK\n"
        "ETH-USDC-ARB  arbitrum  uniswap_v3         5  2328.45  11573647.38  -198791\n"
        "ETH-USDC-ARB  arbitrum  uniswap_v3     25.05\n"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("color", ["always", "never"])
def test_a_narrow_terminal_drops_columns_and_never_digits(show: Show, width: int, color: str) -> None:
    shown = show({"pools": [POOL]}, items="pools", table=dex.pools, width=width, color=color)
    assert "2328.45" in shown.out
    assert ("\x1b" in shown.out) is (color == "always")
    plain = show({"pools": [POOL]}, items="pools", table=dex.pools, width=width).lines
    assert all(len(line) <= width for line in plain)
    assert plain[1].startswith("ETH-USDC-ARB")
    assert (POOL["address"] in plain[1]) is (width >= 120)


def test_a_token_and_what_is_none(show: Show) -> None:
    assert show(TOKEN, table=dex.token).out == (
        "ETH  Ether\nprice        2328.785 USD\ndollar coin  no\n\n"
        "CHAIN  ADDRESS                                     DECIMALS\n"
        "base   0x2f42d6ecAEe542d0855932d9eBeED90767e66ab8        18\n"
    )
    assert "what" in show({"what": "else"}, table=dex.token).out
