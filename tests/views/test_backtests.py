"""The page of a backtest: falls from the peak, fills as far as a browser likes them, and what gives them again."""

from typing import Any

from seqcli.views import backtests
from seqcli.views.blocks import Chart, Grid, Line, Pairs

USD = 10**9


def report(*equity: int, fills: int = 0) -> dict[str, Any]:
    fill = {
        "ts_ns": 0,
        "symbol": "ETH-USD",
        "venue": "kraken",
        "side": "buy",
        "price_1e9": 3000 * USD,
        "qty_1e8": 10**8,
    }
    return {
        "inputs": {"symbols": ["ETH-USD"], "venues": None, "tapes": [], "wasm_sha256": "ab", "seed": 42}
        | {"params": [{"slot": 0, "type": "i64", "value": 5}]},
        "summary": {"final_equity_usd_1e9": equity[-1] * USD, "pnl_usd_1e9": (equity[-1] - equity[0]) * USD},
        "per_symbol": [],
        "equity": [{"ts_ns": place, "equity_usd_1e9": worth * USD} for place, worth in enumerate(equity)],
        "fills": [fill | {"fee_usd_1e9": place, "liquidity": "maker"} for place in range(fills)],
        "trapped": None,
    }


def parts(body: Any) -> dict[str, list[Any]]:
    return {title: list(blocks) for title, blocks in backtests.sections(body)}


def test_a_drawdown_is_how_far_below_the_peak_so_far() -> None:
    (chart,) = parts(report(100, 120, 90, 130, 125))["Drawdown"]
    assert isinstance(chart, Chart)
    assert [value // USD for _, value in chart.lines["drawdown"]] == [0, 0, -30, 0, -5]


def test_a_page_has_all_fills_or_says_how_many_more() -> None:
    (few,) = parts(report(100, fills=3))["Fills"]
    assert isinstance(few, Grid)
    assert len(few.rows) == 3
    many, more = parts(report(100, fills=backtests.PAGE_FILLS + 7))["Fills"]
    assert len(many.rows) == backtests.PAGE_FILLS
    assert isinstance(more, Line)
    assert more.cell.text == "and 7 more; all of them: -o csv"  # type: ignore[union-attr]


def test_a_page_names_what_gives_the_same_figures_again() -> None:
    (inputs,) = parts(report(100, 99))["Inputs"]
    assert isinstance(inputs, Pairs)
    rows = dict(inputs.rows)
    assert (rows["module, SHA-256"], rows["seed"], rows["parameter 0"]) == ("ab", "42", "5")
    figures = dict(parts(report(100, 99))["Summary"][0].rows)
    assert (figures["profit"].text, figures["profit"].mood) == ("-1 USD", "bad")


def test_a_page_says_why_orders_were_rejected() -> None:
    low = {"reason": "EXCHANGE_REJECT", "count": 7, "example": "below the least worth"}
    refusals = [low, {"reason": "RATE_LIMIT", "count": 2, "example": None}]
    row = {"symbol": "DENT-USDT", "venue": "binance", "rejected": 9, "refusals": refusals}
    *_, first, second = parts(report(100) | {"per_symbol": [row]})["Summary"]
    assert first.cell.text == "DENT-USDT on binance: 7 × EXCHANGE_REJECT, as in: below the least worth"
    assert second.cell.text == "DENT-USDT on binance: 2 × RATE_LIMIT"
    assert isinstance(parts(report(100) | {"per_symbol": [row | {"refusals": []}]})["Summary"][-1], Grid)
