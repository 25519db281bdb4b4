"""Whatever the server sends, a table is drawn: no traceback, no live control character, no false "nothing"."""

import io
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.views import (
    Options,
    Result,
    algos,
    backtests,
    config,
    creds,
    dex,
    doctor,
    fills,
    graphs,
    health,
    history,
    intelligence,
    journal,
    killswitch,
    market,
    mermaid,
    orders,
    portfolio,
    quotes,
    render,
    routes,
    sandbox,
)
from seqcli.wire.strict import Number

LISTS: dict[str, Callable[[Any], Any]] = {
    "orders": orders.listed,
    "cancelled": orders.cancelled,
    "results": orders.submitted,
    "fills": fills.fills,
    "quotes": quotes.many,
    "positions": portfolio.positions,
    "balances": portfolio.balances,
    "symbols": market.symbols,
    "fees": market.fees,
    "rates": history.rates,
    "fair_prices": history.fair_prices,
    "venues": market.venues,
    "edges": health.edges,
    "pools": dex.pools,
    "curve": intelligence.slippage,
    "profiles": creds.profiles,
    "credentials": creds.venues,
    "settings": config.listed,
    "intents": journal.listed,
    "series": sandbox.tape,
    "checks": doctor.checks,
    "deployments": algos.deployments,
    "killswitch": killswitch.engaged,
    "execution_graphs": graphs.listed,
    "legs": routes.route,
}
OBJECTS = (
    orders.placed,
    orders.one,
    orders.preview,
    orders.changed,
    graphs.drawn(),
    graphs.drawn(unfolded=True),
    graphs.verdict,
    graphs.submitted,
    graphs.of_order,
    mermaid.flowchart,
    *(partial(history.prices, chart=kind) for kind in ("candles", "line", "none")),
    *(partial(history.settled, chart=kind) for kind in ("line", "none")),
    quotes.one,
    quotes.with_book,
    partial(intelligence.book, venue="kraken"),
    intelligence.book,
    intelligence.depth,
    intelligence.venues,
    market.every_venue,
    dex.token,
    portfolio.show,
    portfolio.sync,
    health.check,
    health.live,
    health.drift,
    killswitch.status,
    creds.status,
    config.one,
    config.changed,
    config.path,
    journal.one,
    journal.verified,
    sandbox.ready,
    sandbox.status,
    sandbox.stopped,
    sandbox.settings,
    sandbox.reset,
    sandbox.seeded,
    algos.one,
    backtests.report,
)
VIEWS = (*LISTS.values(), *OBJECTS)

NAMES = st.sampled_from(
    [
        *LISTS,
        *("bids", "asks", "kraken", "market_share", "slippage_bps", "fillable", "fee_ppm", "chains"),
        *("points", "fidelity_secs", "open_1e9", "high_1e9", "low_1e9", "close_1e9", "rate_1e9", "venue_id"),
        *("nodes", "legs", "warnings", "venue", "venues", "symbol", "status", "side", "order_type", "nbbo", "book"),
        *("bids", "asks", "bid", "ask", "totals", "instrument", "qty_1e8", "filled_qty_1e8", "price_1e9", "ts_ns"),
        *(
            "created_ns",
            "fees_usd_1e9",
            "node_order_id",
            "graph_id",
            "server",
            "flat",
            "expected",
            "connected",
            "drift",
        ),
        *("missing", "synced", "failed", "evidence", "live", "health", "account", "mode", "source", "error", "kind"),
        *("unrealized_pnl_usd_1e9", "nav_usd_1e9", "is_stable", "selected", "default_balances", "outcome", "age_ms"),
        *(
            "edges",
            "slices",
            "node_id",
            "from_node",
            "to_node",
            "trigger",
            "condition",
            "sizing",
            "action",
            "fired_count",
        ),
        *("summary", "inputs", "equity", "per_symbol", "trapped", "equity_usd_1e9", "final_equity_usd_1e9"),
        *("scheduled_ns", "on_timeout", "ms", "fill_ratio", "fill_ratio_gte", "quantity", "fixed", "node_count"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**25), 10**25)
    | st.sampled_from([Number("1.50"), Number("-0.0"), Number("1E400"), Number("1e-400")])
    | st.text(max_size=8)
    | st.sampled_from(["\x1b]0;x\x07", "BTC[/]", "[red]", "\u202e", "\ud800", "buy", "FILLED"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6),
    max_leaves=25,
)


def drawn(body: Any, table: Any, **words: Any) -> str:
    stdout = io.StringIO()
    assert render(Result(body=body, table=table, **words), Options(width=80), stdout, io.StringIO()) == 0
    return stdout.getvalue()


def assert_harmless(text: str) -> None:
    alive = {letter for letter in text if letter != "\n" and unicodedata.category(letter) in {"Cc", "Cf", "Cs"}}
    assert not alive, alive


@settings(max_examples=40, deadline=None, derandomize=True)
@given(body=JSON | st.dictionaries(NAMES, JSON, max_size=8))
def test_any_json_through_every_view_is_a_harmless_table(body: Any) -> None:
    for view in VIEWS:
        assert_harmless(drawn(body, view))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(body=JSON, items=st.none() | st.just("") | NAMES)
def test_any_json_without_a_view_is_a_harmless_table(body: Any, items: str | None) -> None:
    assert_harmless(drawn(body, None, items=items))


@pytest.mark.parametrize("output", ["json", "ndjson", "csv", "raw"])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(body=JSON, items=st.none() | st.just("") | NAMES)
def test_any_json_has_every_machine_form(output: str, body: Any, items: str | None) -> None:
    stdout = io.StringIO(newline="")
    assert render(Result(body=body, items=items), Options(output=output), stdout, io.StringIO()) == 0


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("odd", [{"other": "shown-all-the-same"}, ["shown-all-the-same"], "shown-all-the-same"])
def test_an_answer_of_another_shape_is_never_shown_as_an_empty_list(name: str, odd: Any) -> None:
    assert "shown-all-the-same" in drawn(odd, LISTS[name], items=name)
    assert "shown-all-the-same" in drawn({name: odd}, LISTS[name], items=name)


def test_a_list_without_a_view_has_numbers_right_and_objects_below_their_own_title() -> None:
    body = {"count": 2, "rows": [{"a": "x", "qty_1e8": 150000000}, {"a": "yy", "qty_1e8": 1000000000}]}
    assert drawn(body, None) == "count  2\n\nrows\nA   QTY\nx   1.5\nyy   10\n"


def test_nothing_is_drawn_of_no_body() -> None:
    assert drawn(None, None) == ""
