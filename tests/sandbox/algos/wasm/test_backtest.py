"""Backtests: the same inputs give the same bytes, and the profit follows from the fills."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
import wasmtime

from seqcli.errors import Usage
from seqcli.sandbox.algos.backtests import TAPE_START_NS, Inputs, drawdown_bps, run, sharpe
from seqcli.sandbox.algos.wasm import abi
from seqcli.sandbox.market.recordings import read
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.wire import strict

MINUTE_NS = 60 * 10**9
TAPE = "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"
PERP_TAPE = "BYBIT-ETH-USDT-2021-04-17.ndjson.gz"


def taped(module: bytes, tape: Path, seed: int = 42) -> Inputs:
    """Five minutes of the one symbol of a recording."""
    (series,) = read(str(tape)).series
    return Inputs(
        module=module,
        symbols=[series.symbol],
        tapes=[str(tape)],
        end_ns=TAPE_START_NS + 5 * MINUTE_NS,
        capital_usd_1e9=1_000_000 * 10**9,
        seed=seed,
    )


@pytest.fixture(scope="session")
def played(tapes: Path, full: bool) -> list[Path]:
    """The recordings to run on: a spot pair and a perpetual, in the long form all."""
    return sorted(tapes.glob("*.ndjson.gz")) if full else [tapes / TAPE, tapes / PERP_TAPE]


def worth_1e9(report: Any, tape: Path) -> Fraction:
    """What the fills made, at the last mid of the recording; from nothing of the report but its fills."""
    cash, held = Fraction(0), 0
    for row in report["fills"]:
        sign = 1 if row["side"] == "buy" else -1
        cash -= sign * Fraction(row["price_1e9"] * row["qty_1e8"], 10**8) + row["fee_usd_1e9"]
        held += sign * row["qty_1e8"]
    (symbol,) = report["inputs"]["symbols"]
    market = RecordedMarket([str(tape)], TAPE_START_NS, once=True)
    (top,) = market.best(symbol, report["inputs"]["end_ns"]).values()
    assert report["per_symbol"][0]["position_1e8"] == held
    return cash + Fraction((top.bid_1e9 + top.ask_1e9) * held, 2 * 10**8)


def test_a_maker_on_a_recording_gives_the_same_bytes_twice(c_maker: bytes, played: list[Path]) -> None:
    for tape in played:
        first, again = (strict.encode(run(taped(c_maker, tape))) for _ in range(2))
        assert first == again, tape.name
    tape = played[0].with_name(TAPE)
    seeds = [strict.encode(run(taped(c_maker, tape, seed))) for seed in (42, 43)]
    assert seeds[0] != seeds[1], "the seed decides nothing"


def test_profit_follows_from_the_fills(c_maker: bytes, played: list[Path]) -> None:
    filled = {}
    for tape in played:
        report = run(taped(c_maker, tape))
        fills, summary = report["fills"], report["summary"]
        filled[tape.name] = len(fills)
        difference = abs(summary["pnl_usd_1e9"] - worth_1e9(report, tape))
        assert difference <= len(fills) + 1, f"{tape.name}: each fill rounds to a unit"
        assert summary["fees_usd_1e9"] == sum(row["fee_usd_1e9"] for row in fills)
        assert report["equity"][-1]["equity_usd_1e9"] == 1_000_000 * 10**9 + summary["pnl_usd_1e9"]
    assert filled[TAPE] > 5


def test_the_market_of_a_seed_plays_too(c_maker: bytes) -> None:
    inputs = Inputs(module=c_maker, symbols=["ETH-USD"], venues=["kraken"], start_ns=TAPE_START_NS)
    inputs.end_ns = TAPE_START_NS + MINUTE_NS
    report = run(inputs)
    assert report["summary"]["callbacks"] > 100
    assert report == run(msgspec.structs.replace(inputs))


def wanting(*actions: bytes) -> Inputs:
    """Ten seconds of a module that wants the same at each book."""
    wanted = "".join(f"\\{byte:02x}" for byte in struct.pack("<II", len(actions), 0) + b"".join(actions))
    module = bytes(
        wasmtime.wat2wasm(f"""(module (memory (export "memory") 2) (data (i32.const 512) "{wanted}")
          (func (export "algo_alloc") (param i32) (result i32) i32.const 4096)
          (func (export "algo_on_book") (param i32 i32) (result i32) i32.const 512)
          (func (export "algo_on_fill") (param i32 i32)) (func (export "algo_on_reject") (param i32))
          (func (export "algo_on_shutdown") (param i32) (result i32) i32.const 0))""")
    )
    inputs = Inputs(module=module, symbols=["ETH-USD"], venues=["kraken"], start_ns=TAPE_START_NS)
    inputs.end_ns = TAPE_START_NS + 10**10
    return inputs


def new(side: int, qty_1e8: int, word: str, price_1e9: int = 0) -> bytes:
    """An action as it lies in a module's memory."""
    return struct.pack("<QQqbBBB4x", 0, price_1e9, qty_1e8, side, abi.NEW, abi.ORDER_TYPES.index(word), 0)


def test_what_was_rejected_is_counted_by_its_reason_with_an_example() -> None:
    small, large = new(1, 1, "limit", 10**9), new(1, 10**14, "limit", 2000 * 10**9)
    (row,) = run(wanting(small, large))["per_symbol"]
    refused = {each["reason"]: each for each in row["refusals"]}
    assert refused.keys() == {"EXCHANGE_REJECT", "INSUFFICIENT_BALANCE"}
    assert sum(each["count"] for each in row["refusals"]) == row["rejected"] == row["orders"] > 20
    assert "is below the minimum" in refused["EXCHANGE_REJECT"]["example"]
    assert "USD available on kraken" in refused["INSUFFICIENT_BALANCE"]["example"]


def test_the_daily_loss_of_an_algorithm_counts_its_fees() -> None:
    inputs = wanting(new(1, 10**8, "market"), new(-1, 10**8, "market"))
    inputs.risk = {"max_daily_loss_usd": 15}
    report = run(inputs)
    (row,) = report["per_symbol"]
    fees = [fill["fee_usd_1e9"] for fill in report["fills"]]
    lost_apart_from_fees = -row["realized_usd_1e9"] - row["unrealized_usd_1e9"]
    assert row["refusals"][0]["reason"] == "DAILY_LOSS_LIMIT"
    assert lost_apart_from_fees < 15 * 10**9 < lost_apart_from_fees + sum(fees)
    assert sum(fees[:-2]) < 15 * 10**9


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
