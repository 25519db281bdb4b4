"""A position in a prediction market, in a shell: bought, resolved by the clock, redeemed, cash exact to the unit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories.conftest import Shell

ONE, SECOND = 1_000_000_000, 1_000_000_000
BEGAN, ENDS = 1_794_999_600, 1_795_000_500
"""A quarter of an hour whose markets have a winner that is the same on every machine."""
NOW = BEGAN + 520
UP, DOWN = f"eth-updown-15m-{BEGAN}", f"btc-updown-15m-{BEGAN}"
TICKER, TICKER_ENDS = "KXBTCD-26NOV1817-T79000", 1_795_021_200
At = Callable[[int, str], Any]


@pytest.fixture
def at(shell: Shell) -> At:
    """Run a script in a shell whose time is so many seconds since 1970; its stdout as JSON, and its status."""

    def run(second: int, script: str) -> Any:
        clock = str(Path(__file__).parent / "held_clock")
        done = shell(script, PYTHONPATH=clock, SEQ_TEST_NOW_NS=str(second * SECOND), SEQ_PROFILE="local")
        assert "Traceback" not in done.stderr
        return done

    return run


def cash(at: At, second: int, venue: str) -> int:
    """1e8 units of a dollar."""
    rows = json.loads(at(second, f"seq portfolio balances --venue {venue} --json").stdout)["positions"]
    return sum(row["qty_1e8"] for row in rows if row["instrument"]["kind"] != "event_contract")


def spent(at: At, second: int, graph: str) -> int:
    """What an order took, 1e9 units of a dollar: price × contracts, and a fee of 0.03 × p × (1 − p) a contract."""
    rows = json.loads(at(second, f"seq fills --order {graph} --json").stdout)["fills"]
    assert rows
    total = 0
    for row in rows:
        contracts, rest = divmod(row["qty_1e8"], 10**8)
        assert rest == 0
        price = row["price_1e9"]
        assert row["fee_usd_1e9"] == 3 * contracts * price * (ONE - price) // (100 * ONE)
        total += price * contracts + row["fee_usd_1e9"]
    return total


def life(at: At, second: int, market: str) -> tuple[str, str, Any]:
    """Outcome, state and whether it may be redeemed, of the one position in a market."""
    script = "seq portfolio positions --kind event_contract --closed --json"
    rows = json.loads(at(second, script).stdout)["positions"]
    (row,) = (row for row in rows if row["instrument"]["market"] == market)
    return row["instrument"]["outcome"], row["lifecycle"]["state"], row["lifecycle"].get("redeemable")


def test_a_winner_is_bought_resolved_and_redeemed_to_the_unit(at: At) -> None:
    before = cash(at, NOW, "polymarket")
    bought = at(NOW, f"seq order buy {UP} 40 --type prediction --wait --json")
    assert bought.returncode == 0, bought.stderr
    order = json.loads(bought.stdout)
    assert (order["outcome"], order["status"]) == ("accepted", "FILLED")
    paid = spent(at, NOW, order["graph_id"])
    assert cash(at, NOW, "polymarket") == before - -(-paid // 10)
    assert life(at, NOW, UP) == ("Up", "active", None)
    shown = at(NOW, "seq portfolio positions --kind event_contract").stdout.splitlines()
    assert shown[1].startswith(f"{UP} Up ")
    assert shown[1].endswith("active")

    early = at(NOW, f"seq predict redeem {UP} --json")
    assert (early.returncode, json.loads(early.stderr)["error"]["message"]) == (3, "conflict: market: not resolved")
    waiting = json.loads(at(ENDS + 5, f"seq predict settlement {UP} --json").stdout)
    assert (waiting["status"], waiting["resolved_outcome"]) == ("resolving", None)
    late = at(ENDS + 5, f"seq order buy {UP} 1 --json")
    assert late.returncode == 3
    assert "has ended" in json.loads(late.stderr)["error"]["message"]

    after = ENDS + 61
    settled = json.loads(at(after, f"seq predict settlement {UP} --json").stdout)
    assert (settled["status"], settled["resolved_outcome"], settled["yes_price"]) == ("resolved", "Up", 1)
    assert life(at, after, UP) == ("Up", "resolved", True)
    assert "resolved: redeem it" in at(after, "seq portfolio positions --kind event_contract").stdout
    assert cash(at, after, "polymarket") == before - -(-paid // 10)
    redeemed = json.loads(at(after, f"seq predict redeem {UP} --json").stdout)
    assert (redeemed["mode"], redeemed["slug"]) == ("relayer_submitted", UP)
    assert cash(at, after + 1, "polymarket") == before + 40 * 10**8 - -(-paid // 10)
    assert life(at, after + 1, UP) == ("Up", "redeemed", None)
    assert json.loads(at(after + 2, f"seq predict redeem {UP} --json").stdout)["mode"] == "noop"
    assert cash(at, after + 3, "polymarket") == before + 40 * 10**8 - -(-paid // 10)


def test_a_loser_owes_nothing(at: At) -> None:
    before = cash(at, NOW, "polymarket")
    order = json.loads(at(NOW, f"seq order buy {DOWN}:yes 10 --wait --json").stdout)
    paid = spent(at, NOW, order["graph_id"])
    after = ENDS + 61
    assert life(at, after, DOWN) == ("Up", "resolved", False)
    assert "resolved: lost" in at(after, "seq portfolio").stdout
    assert json.loads(at(after, f"seq predict redeem {DOWN} --json").stdout)["mode"] == "noop"
    assert cash(at, after, "polymarket") == before - -(-paid // 10)


def test_kalshi_pays_by_itself_and_a_ticker_is_a_symbol(at: At) -> None:
    before = cash(at, NOW, "kalshi")
    orders = [
        json.loads(at(NOW, f"seq order buy {name} 10 --type prediction --wait --json").stdout)
        for name in (TICKER, f"{TICKER}:NO")
    ]
    paid = sum(spent(at, NOW, order["graph_id"]) for order in orders)
    shown = at(NOW, "seq portfolio positions --kind event_contract").stdout
    assert f"{TICKER} YES" in shown
    assert f"{TICKER} NO" in shown
    after = TICKER_ENDS + 3600
    assert json.loads(at(after, f"seq predict settlement {TICKER} --json").stdout)["status"] == "resolved"
    assert cash(at, after, "kalshi") == before + 10 * 10**8 - -(-paid // 10)
    assert json.loads(at(after, f"seq predict redeem {TICKER} --json").stdout)["mode"] in ("auto_settled", "noop")
    assert cash(at, after, "kalshi") == before + 10 * 10**8 - -(-paid // 10)
