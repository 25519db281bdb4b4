"""Backtests: the same inputs give the same bytes, and the profit follows from the fills."""

from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from seqcli.errors import Usage
from seqcli.sandbox.algos.backtests import TAPE_START_NS, Inputs, drawdown_bps, run, sharpe
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.wire import strict

MINUTE_NS = 60 * 10**9
TAPE = "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"


def taped(module: bytes, tapes: Path, seed: int = 42) -> Inputs:
    return Inputs(
        module=module,
        symbols=["BTC-USDT"],
        tapes=[str(tapes / TAPE)],
        end_ns=TAPE_START_NS + 5 * MINUTE_NS,
        capital_usd_1e9=1_000_000 * 10**9,
        seed=seed,
    )


def test_a_maker_on_a_recording_gives_the_same_bytes_twice(c_maker: bytes, tapes: Path) -> None:
    first, again = (strict.encode(run(taped(c_maker, tapes))) for _ in range(2))
    assert first == again
    assert strict.encode(run(taped(c_maker, tapes, seed=43))) != first, "the seed decides nothing"


def test_profit_follows_from_the_fills(c_maker: bytes, tapes: Path) -> None:
    report = run(taped(c_maker, tapes))
    fills = report["fills"]
    assert len(fills) > 5
    cash, held = Fraction(0), 0
    for row in fills:
        sign = 1 if row["side"] == "buy" else -1
        cash -= sign * Fraction(row["price_1e9"] * row["qty_1e8"], 10**8) + row["fee_usd_1e9"]
        held += sign * row["qty_1e8"]
    end_ns = TAPE_START_NS + 5 * MINUTE_NS
    market = RecordedMarket([str(tapes / TAPE)], TAPE_START_NS, once=True)
    (top,) = market.best("BTC-USDT", end_ns).values()
    worth = cash + Fraction((top.bid_1e9 + top.ask_1e9) * held, 2 * 10**8)
    assert abs(report["summary"]["pnl_usd_1e9"] - worth) <= len(fills) + 1, "each fill rounds to a unit"
    assert report["summary"]["fees_usd_1e9"] == sum(row["fee_usd_1e9"] for row in fills)
    assert report["per_symbol"][0]["position_1e8"] == held
    assert report["equity"][-1]["equity_usd_1e9"] == 1_000_000 * 10**9 + report["summary"]["pnl_usd_1e9"]


def test_the_market_of_a_seed_plays_too(c_maker: bytes) -> None:
    inputs = Inputs(module=c_maker, symbols=["ETH-USD"], venues=["kraken"], start_ns=TAPE_START_NS)
    inputs.end_ns = TAPE_START_NS + MINUTE_NS
    report = run(inputs)
    assert report["summary"]["callbacks"] > 100
    assert report == run(msgspec.structs.replace(inputs))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"symbols": ["NONE-USD"]}, "unknown symbol NONE-USD"),
        ({"module": b"no module"}, "module"),
        ({"end_ns": TAPE_START_NS}, "the start is not before the end"),
        ({"end_ns": None}, "from when to when"),
        ({"venues": ["polymarket"]}, "does not trade on"),
    ],
)
def test_what_cannot_be_run_is_said(c_maker: bytes, change: dict[str, object], sentence: str) -> None:
    inputs = Inputs(module=c_maker, symbols=["ETH-USD"], start_ns=TAPE_START_NS, end_ns=TAPE_START_NS + MINUTE_NS)
    with pytest.raises(Usage, match=sentence):
        run(msgspec.structs.replace(inputs, **change))


def test_drawdown_is_the_deepest_fall_and_sharpe_needs_variance() -> None:
    curve = [(0, 100), (1, 120), (2, 90), (3, 110)]
    assert drawdown_bps(curve) == 2500
    assert sharpe([(0, 100), (1, 100), (2, 100)]) is None
    assert (sharpe([(0, 100), (1, 101), (2, 103)]) or 0) > 0
