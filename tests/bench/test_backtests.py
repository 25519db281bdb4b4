"""How many books a second a backtest shows to a module, beside a bare guest that is handed one book over and over."""

import time

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
    calls, start = 50_000, time.perf_counter()
    for _ in range(calls):
        guest.on_book(BOOK, state)
    return calls / (time.perf_counter() - start)


def rate(market, symbol, venue, hours) -> float:
    """Callbacks a second of a run, without what opening it costs."""
    plan = Plan(
        module=MODULE,
        symbols=[symbol],
        venues=[venue],
        start_ns=START,
        end_ns=START + int(hours * HOUR),
        capital_usd_1e9=10**14,
    )
    test = Backtest(market, plan)
    start = time.perf_counter()
    return test.run().callbacks / (time.perf_counter() - start)


def test_callbacks_a_second_of_the_market_of_a_seed(tell):
    least = bare()
    found = rate(WholeMarket(42), "ETH-USD", "kraken", 0.5)
    tell(
        f"backtest, market of a seed: {found:.0f} callbacks/s; a bare guest, {least / found:.1f} x that: {least:.0f}/s"
    )


def test_callbacks_a_second_of_a_recording(tell, tapes):
    least = bare()
    market = RecordedMarket([str(tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz")], START)
    found = rate(market, "BTC-USDT", "binance", 2)
    tell(f"backtest, a recording: {found:.0f} callbacks/s, {least / found:.1f} x less than a bare guest")
