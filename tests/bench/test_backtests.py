"""How many books a backtest shows to a module in a second of one core, beside a bare guest that is handed one book over
and over: to a module that does nothing, and to a maker that quotes both sides.
"""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
import wasmtime

from seqcli.sandbox.algos.backtest import Backtest, Plan
from seqcli.sandbox.algos.backtests import TAPE_START_NS as START
from seqcli.sandbox.algos.wasm import abi
from seqcli.sandbox.algos.wasm.guest import Guest, Program
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.sandbox.market.whole import WholeMarket

HOUR = 3_600 * 10**9
BOOK = abi.book(((99 * 10**9, 10**8),), ((101 * 10**9, 10**8),), 1, START)
MODULE = bytes(
    wasmtime.wat2wasm("""(module (memory (export "memory") 2) (global $at (mut i32) (i32.const 1024))
  (func (export "algo_alloc") (param i32) (result i32)
    global.get $at global.get $at local.get 0 i32.const 15 i32.add i32.const -8 i32.and i32.add global.set $at)
  (func (export "algo_on_book") (param i32 i32) (result i32) i32.const 512)
  (func (export "algo_on_fill") (param i32 i32)) (func (export "algo_on_reject") (param i32))
  (func (export "algo_on_shutdown") (param i32) (result i32) i32.const 512))""")
)


def bare() -> float:
    """Calls a second of a guest without an exchange around it."""
    guest, state = Guest(Program(MODULE), lambda _level, _text: None), abi.state(abi.State())
    calls, start = 50_000, time.process_time()
    for _ in range(calls):
        guest.on_book(BOOK, state)
    return calls / (time.process_time() - start)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The market maker in C."""
    if shutil.which("clang") is None or shutil.which("wasm-ld") is None:
        pytest.skip("no clang with wasm-ld: apt install clang lld")
    made = tmp_path_factory.mktemp("c") / "maker.wasm"
    words = ["clang", "--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-o", str(made)]
    subprocess.run([*words, str(Path(__file__).parents[1] / "algos" / "maker.c")], check=True)
    return made.read_bytes()


def rate(market, symbol, venue, hours, module=MODULE) -> float:
    """Callbacks a second of a run, without what opening it costs."""
    plan = Plan(
        module=module,
        symbols=[symbol],
        venues=[venue],
        start_ns=START,
        end_ns=START + int(hours * HOUR),
        capital_usd_1e9=10**14,
    )
    test = Backtest(market, plan)
    start = time.process_time()
    return test.run().callbacks / (time.process_time() - start)


@pytest.mark.parametrize("kind", ["idle", "maker"])
def test_callbacks_a_second_of_the_market_of_a_seed(tell, request, kind):
    module = MODULE if kind == "idle" else request.getfixturevalue("maker")
    least, found = bare(), rate(WholeMarket(42), "ETH-USD", "kraken", 0.5, module)
    tell(f"backtest, {kind}, a seed: {found:.0f} callbacks/s; a bare guest {least:.0f}, {least / found:.1f} x")


@pytest.mark.parametrize("kind", ["idle", "maker"])
def test_callbacks_a_second_of_a_recording(tell, tapes, request, kind):
    module = MODULE if kind == "idle" else request.getfixturevalue("maker")
    market = RecordedMarket([str(tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz")], START)
    least, found = bare(), rate(market, "BTC-USDT", "binance", 2 if kind == "idle" else 0.2, module)
    tell(f"backtest, {kind}, a recording: {found:.0f} callbacks/s; a bare guest {least:.0f}, {least / found:.1f} x")
