"""Holdings as people see them; every figure computed by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from seqcli.views import portfolio

Show = Callable[..., Any]

POSITION: dict[str, Any] = {
    "venue": "kraken",
    "instrument": {"kind": "perp", "symbol": "BTC-USD-PERP"},
    "qty_1e8": -50_000_000,
    "entry_price_usd_1e9": 92_000_000_000_000,
    "current_price_usd_1e9": 91_000_000_000_000,
    "current_value_usd_1e9": -45_500_000_000_000,
    "unrealized_pnl_usd_1e9": 500_000_000_000,
    "realized_pnl_usd_1e9": -1,
    "fees_usd_1e9": 2_354_260_000,
}


def cash(venue: str, symbol: str, units: int, locked: int = 0, **more: Any) -> dict[str, Any]:
    amounts = {"qty_1e8": units, "locked_qty_1e8": locked, "available_qty_1e8": units - locked}
    return {
        "venue": venue,
        "instrument": {"kind": "fiat", "symbol": symbol} | more,
        **amounts,
        "current_value_usd_1e9": None,
    }


PORTFOLIO = {
    "positions": [
        POSITION,
        cash("kraken", "USD", 10**17, 5 * 10**7),
        cash("okx", "USD", 1),
        cash("okx", "USDC", 10**8, kind="crypto", is_stable=True),
    ],
    "totals": {
        "nav_usd_1e9": 20_999_999_997_560_740_000_000,
        "cash_usd_1e9": 1,
        "crypto_usd_1e9": 0,
        "event_contract_usd_1e9": 0,
        "unrealized_pnl_usd_1e9": 500_000_000_000,
        "realized_pnl_usd_1e9": -1,
        "fees_usd_1e9": 2_354_260_000,
        "locked_usd_1e9": 500_000_000,
        "unpriced_count": 2,
    },
}


def test_a_portfolio_shows_totals_positions_and_cash(show: Show) -> None:
    assert show(PORTFOLIO, table=portfolio.show).out == (
        "net asset value  20999999997560.74 USD\n"
        "cash             0.000000001 USD\n"
        "crypto           0 USD\n"
        "unrealised P&L   500\n"
        "realised P&L     -0.000000001\n"
        "fees             2.35426 USD\n"
        "locked           0.5 USD\n"
        "without a price  2\n"
        "\n"
        "positions\n"
        "SYMBOL        VENUE   KIND   QTY  ENTRY   MARK  VALUE USD  UNREALISED      REALISED     FEES\n"
        "BTC-USD-PERP  kraken  perp  -0.5  92000  91000     -45500         500  -0.000000001  2.35426\n"
        "\n"
        "cash\n"
        "CASH  VENUES" + " " * 17 + "HELD  LOCKED\n"
        "USD        2  1000000000.00000001     0.5\n"
        "USDC       1" + " " * 20 + "1       0\n"
    )


def test_losses_are_red_gains_green_and_nothing_neither(show: Show) -> None:
    out = show(PORTFOLIO, table=portfolio.show, color="always").out
    assert "\x1b[1;31m-0.000000001" in out
    assert "\x1b[32m500" in out


@pytest.mark.parametrize("width", [40, 80, 200])
def test_positions_fit_the_terminal_and_digits_stay_whole(show: Show, width: int) -> None:
    lines = show(PORTFOLIO, table=portfolio.positions, width=width).lines
    assert all(len(line) <= width for line in lines)
    assert "-0.5" in lines[1]
    assert "-45500" in lines[1]


def test_a_missing_total_is_blank(show: Show) -> None:
    assert show({"positions": [], "totals": {}}, table=portfolio.show).lines[0] == "net asset value"


def test_balances_by_venue(show: Show) -> None:
    assert show({"positions": [cash("kraken", "USD", 10**8, 25 * 10**6)]}, table=portfolio.balances).out == (
        "VENUE   ASSET  HELD  LOCKED  AVAILABLE  VALUE USD\nkraken  USD       1    0.25       0.75\n"
    )


def test_a_sync_says_which_venues_failed(show: Show) -> None:
    body = {"synced": ["kraken"], "failed": [{"venue": "okx", "error": "no credentials"}], "changed_rows": 2}
    assert show(body, table=portfolio.sync).out == (
        "synced        kraken\nfailed        okx: no credentials\nchanged rows  2\n"
    )


TOKEN = "57792192319200206915065184439815878168769613636977845715109342231899688583029"


def contract(outcome: str, **life: Any) -> dict[str, Any]:
    named = {"kind": "event_contract", "symbol": TOKEN, "market": "btc-updown-15m-1", "outcome": outcome}
    return POSITION | {"venue": "polymarket", "instrument": named, "lifecycle": life}


@pytest.mark.parametrize(
    ("life", "said"),
    [
        ({"state": "active"}, "active"),
        ({"state": "resolved", "redeemable": True}, "resolved: redeem it"),
        ({"state": "resolved", "redeemable": False}, "resolved: lost"),
        ({"state": "redeemed"}, "redeemed"),
    ],
)
def test_a_contract_is_called_by_its_market_and_outcome(show: Show, life: dict[str, Any], said: str) -> None:
    body: dict[str, Any] = {"positions": [contract("Up", **life)], "totals": {}, "concentration": None}
    for table in (portfolio.positions, portfolio.show):
        lines = show(body, table=table).lines
        (line,) = (line for line in lines if line.startswith("btc-updown-15m-1 Up  polymarket"))
        assert line.endswith(said)
        assert TOKEN not in "".join(lines)


def test_the_largest_holding_is_called_as_it_is_in_the_table(show: Show) -> None:
    share = {"top_symbol": TOKEN, "top_weight": 1, "top3_weight": 1, "hhi": 1}
    body = {"positions": [contract("Up", state="active")], "totals": {}, "concentration": share}
    assert "100 % btc-updown-15m-1 Up" in show(body, table=portfolio.show).out
