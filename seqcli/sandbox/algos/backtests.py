"""Backtests as they are asked for and answered: which market, which modules, and the report. Sums are exact; ratios are
decimals, rounded half-even at the end.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from seqcli.errors import Usage
from seqcli.sandbox.algos.backtest import Backtest, Outcome, Plan
from seqcli.sandbox.algos.modules import NotAModule, check
from seqcli.sandbox.algos.wasm.guest import Trapped
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.instruments import canonical, venue_of

YEAR_NS = 365 * 86_400 * 1_000_000_000
TAPE_START_NS = 1_600_000_000_000_000_000
"""When a tape plays if no start is named: any instant does, and one that is always the same gives the same bytes."""


class Inputs(msgspec.Struct, kw_only=True):
    """What decides a run. `tapes` are files; without one the market of the seed plays from `start_ns` to `end_ns`."""

    module: bytes
    symbols: list[str]
    venues: list[str] | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    capital_usd_1e9: int = 100_000 * 10**9
    seed: int = 42
    tapes: list[str] = []
    params: list[dict[str, Any]] = []
    risk: dict[str, Any] | None = None


def run(inputs: Inputs, tell: Callable[[int], None] = lambda _per_mille: None) -> dict[str, Any]:
    """Run and report. `tell` hears how far it is, in thousandths. Raises `Usage` for what can't be run."""
    try:
        check(inputs.module)
        market, start_ns, end_ns, data = _market(inputs)
        plan = Plan(
            module=inputs.module,
            symbols=[canonical(symbol) for symbol in inputs.symbols],
            venues=[venue_of(venue)[0] for venue in inputs.venues] if inputs.venues else None,
            start_ns=start_ns,
            end_ns=end_ns,
            capital_usd_1e9=inputs.capital_usd_1e9,
            seed=inputs.seed,
            params=inputs.params,
            risk=inputs.risk,
        )
        span = max(1, end_ns - start_ns)
        outcome = Backtest(market, plan, lambda ts_ns: tell((ts_ns - start_ns) * 1000 // span)).run()
    except (NotAModule, Trapped, ValueError) as error:
        raise Usage(str(error), hint="see: seq algo backtest --help") from None
    return report(inputs, plan, outcome, data)


def _market(inputs: Inputs) -> tuple[Market, int, int, str]:
    """The market, its span, and the hash of its data."""
    if inputs.tapes:
        return _taped(inputs)
    if inputs.start_ns is None or inputs.end_ns is None:
        raise Usage("from when to when?", hint="--start 2026-01-01 --end 2026-01-02, or --tape FILE")
    if inputs.start_ns >= inputs.end_ns:
        raise Usage("the start is not before the end", hint="--start 2026-01-01 --end 2026-01-02")
    from seqcli.sandbox.market.whole import WholeMarket

    data = sha256(f"synthetic market of seed {inputs.seed}".encode()).hexdigest()
    return WholeMarket(inputs.seed), inputs.start_ns, inputs.end_ns, data


def _taped(inputs: Inputs) -> tuple[Market, int, int, str]:
    from seqcli.sandbox.market.recordings import read
    from seqcli.sandbox.market.tape import RecordedMarket

    digest = sha256()
    for path in inputs.tapes:
        digest.update(sha256(Path(path).read_bytes()).digest())
    start_ns = inputs.start_ns or TAPE_START_NS
    longest = max(found.last_ns - found.first_ns for found in map(read, inputs.tapes))
    market = RecordedMarket(inputs.tapes, start_ns, once=True)
    return market, start_ns, inputs.end_ns or start_ns + longest, digest.hexdigest()


def report(inputs: Inputs, plan: Plan, outcome: Outcome, data_sha256: str) -> dict[str, Any]:
    """The results: inputs, summary, a row an instance, the equity curve and the fills."""
    final = outcome.equity[-1][1]
    pnl = final - plan.capital_usd_1e9
    fees = sum(row["fee_usd_1e9"] for row in outcome.fills)
    traded = sum(row["notional_usd_1e9"] for row in outcome.fills)
    makers = sum(row["liquidity"] == "maker" for row in outcome.fills)
    filled = len({row["graph_id"] for row in outcome.fills})
    return {
        "inputs": {
            "symbols": plan.symbols,
            "venues": plan.venues,
            "start_ns": plan.start_ns,
            "end_ns": plan.end_ns,
            "capital_usd_1e9": plan.capital_usd_1e9,
            "seed": plan.seed,
            "params": plan.params,
            "tapes": [Path(path).name for path in inputs.tapes],
            "wasm_sha256": sha256(plan.module).hexdigest(),
            "data_sha256": data_sha256,
        },
        "summary": {
            "final_equity_usd_1e9": final,
            "pnl_usd_1e9": pnl,
            "fees_usd_1e9": fees,
            "return_bps": _bps(pnl, plan.capital_usd_1e9),
            "max_drawdown_bps": drawdown_bps(outcome.equity),
            "sharpe": sharpe(outcome.equity),
            "turnover_usd_1e9": traded,
            "slippage_bps": outcome.slippage_bps,
            "trades": len(outcome.fills),
            "orders": outcome.orders,
            "callbacks": outcome.callbacks,
            "fill_ratio": _ratio(filled, outcome.orders),
            "maker_ratio": _ratio(makers, len(outcome.fills)),
        },
        "per_symbol": outcome.instances,
        "equity": [{"ts_ns": ts_ns, "equity_usd_1e9": worth} for ts_ns, worth in outcome.equity],
        "fills": [_fill(row) for row in outcome.fills],
        "logs": outcome.logs[-1000:],
        "trapped": outcome.trapped,
        "truncated": False,
    }


def drawdown_bps(equity: Sequence[tuple[int, int]]) -> Decimal:
    """The deepest fall from a peak, of the peak."""
    peak, deepest = equity[0][1], Decimal(0)
    for _, worth in equity:
        peak = max(peak, worth)
        deepest = max(deepest, _bps(peak - worth, peak))
    return deepest


def sharpe(equity: Sequence[tuple[int, int]]) -> Decimal | None:
    """Mean over standard deviation of the returns between samples, for a year; None where nothing varies."""
    with localcontext() as context:
        context.prec = 40
        returns = [Decimal(b - a) / a for (_, a), (_, b) in pairwise(equity) if a > 0]
        if len(returns) < 2:  # noqa: PLR2004 - a deviation needs two
            return None
        mean = sum(returns, Decimal(0)) / len(returns)
        variance = sum(((each - mean) ** 2 for each in returns), Decimal(0)) / (len(returns) - 1)
        if not variance:
            return None
        a_year = Decimal(YEAR_NS) * len(returns) / (equity[-1][0] - equity[0][0])
        return round(mean / variance.sqrt() * a_year.sqrt(), 4)


def _bps(part: int, whole: int) -> Decimal:
    return round(Decimal(part) * 10_000 / whole, 4) if whole > 0 else Decimal(0)


def _ratio(part: int, whole: int) -> Decimal | None:
    return round(Decimal(part) / whole, 6) if whole else None


def _fill(row: dict[str, Any]) -> dict[str, Any]:
    names = ("ts_ns", "symbol", "venue", "side", "price_1e9", "qty_1e8", "fee_usd_1e9", "liquidity")
    return {name: row[name] for name in names}
