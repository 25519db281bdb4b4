"""The other nouns as people see them; every figure computed by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from seqcli.views import algos, config, creds, doctor, fills, health, journal, killswitch, market, sandbox
from seqcli.wire.strict import Number

Show = Callable[..., Any]
NOON = 1705406400000000000
"""2024-01-16 12:00:00 UTC."""


def test_fills_a_line_each(show: Show) -> None:
    fill = {
        "ts_ns": NOON + 1_234_567,
        "symbol": "BTC-USD",
        "side": "sell",
        "qty_1e8": 4_000_000,
        "price_1e9": 49_990_000_000_000,
        "venue": "kraken",
        "fee_usd_1e9": -5_198_960_000,
        "liquidity": "maker",
        "graph_id": "g1",
        "node_order_id": "graph:g1:order:1",
    }
    assert show({"fills": [fill]}, items="fills", table=fills.fills).out == (
        "TIME                      SYMBOL   SIDE   QTY  PRICE  VENUE    FEE USD  LIQUIDITY  ORDER\n"
        "2024-01-16 12:00:00.001Z  BTC-USD  sell  0.04  49990  kraken  -5.19896  maker      g1\n"
    )


SWITCH = {"latched": True, "server": {"engaged": True, "reason": "drill", "engaged_at_ns": NOON, "open_orders": 1}}


def test_a_kill_switch_says_per_venue_what_is_left_and_that_flat_is_not_proven(show: Show) -> None:
    venues = [
        {"venue": "kraken", "cancelled": 3, "open": 1, "error": "busy"},
        {"venue": "okx", "cancelled": 0, "open": 0},
    ]
    body = SWITCH | {"flat": False, "venues": venues}
    assert show(body, items="venues", table=killswitch.engaged).out == (
        "latch on this machine  ENGAGED\n"
        "switch on the server   ENGAGED\n"
        "reason                 drill\n"
        "since                  2024-01-16 12:00:00.000Z\n"
        "open orders            1\n"
        "flat                   NOT PROVEN\n"
        "\n"
        "VENUE   CANCELLED  STILL OPEN  ERROR\n"
        "kraken          3           1  busy\n"
        "okx             0           0\n"
    )


@pytest.mark.parametrize("flat", [False, None, "true", 1, "no"])
def test_only_true_is_flat(show: Show, flat: Any) -> None:
    assert "NOT PROVEN" in show(SWITCH | {"flat": flat, "venues": []}, table=killswitch.engaged).out
    assert "NOT PROVEN" not in show(SWITCH | {"flat": True, "venues": []}, table=killswitch.engaged).out


def test_a_switch_that_could_not_be_read_is_unknown_not_off(show: Show) -> None:
    assert show({"latched": False, "server": None, "problem": "no answer"}, table=killswitch.status).out == (
        "latch on this machine  off\nswitch on the server   unknown\nproblem                no answer\n"
    )


def test_symbols_fees_and_venues(show: Show) -> None:
    symbol = {
        "symbol": "BTC-USD",
        "instrument_type": "spot",
        "status": "trading",
        "tick_size_1e9": 10_000_000,
        "lot_size_1e8": 1,
        "min_qty_1e8": 1000,
        "venues": ["binance", "kraken"],
    }
    assert show([symbol], items="", table=market.symbols).out == (
        "SYMBOL   TYPE  STATUS   TICK         LOT  MIN QTY  VENUES\n"
        "BTC-USD  spot  trading  0.01  0.00000001  0.00001  binance, kraken\n"
    )
    rates = [
        {"venue": "kraken", "maker_bps": 16, "taker_bps": 26},
        {"venue": "x", "maker_bps": None, "taker_bps": None},
    ]
    assert show({"fees": rates}, items="fees", table=market.fees).out == (
        "VENUE   MAKER(bps)  TAKER(bps)\nkraken          16          26\nx\n"
    )
    venue = {
        "venue": "kraken",
        "venue_symbol": "XBT/USD",
        "region": "EU",
        "connected": False,
        "tick_size_1e9": 10**8,
        "min_qty_1e8": 10**4,
        "min_notional_1e9": 5 * 10**9,
        "maker_bps": 16,
        "taker_bps": 26,
    }
    assert show({"venues": [venue]}, items="venues", table=market.venues).out == (
        "VENUE   NAME     REGION  CONNECTED  TICK  MIN QTY  MIN NOTIONAL  MAKER(bps)  TAKER(bps)\n"
        "kraken  XBT/USD  EU      no          0.1   0.0001             5          16          26\n"
    )


def test_health_names_the_missing_edges(show: Show) -> None:
    edges = {"expected": ["a", "b", "c"], "connected": ["a", "x"], "missing": ["b", "c"], "extra": ["x"], "drift": True}
    body = {"live": {"status": "ok"}, "health": {"status": "degraded", "version": "1"}, "edges": edges}
    out = show(body, table=health.check, color="always").out
    assert "\x1b[1;31mdegraded" in out
    assert show(edges, table=health.drift).out == "edges    2 of 3 connected\nmissing  b, c\nextra    x\n"


def test_edges_that_can_not_be_read_are_not_called_connected(show: Show) -> None:
    assert "connected" not in show({"what": "else"}, table=health.drift).out


def test_edges_a_line_each(show: Show) -> None:
    edge = {
        "edge_id": "kraken",
        "region": "EU",
        "connected": True,
        "instrument_types": ["spot"],
        "symbol_count": 40,
        "latency_ms": Number("1.50"),
    }
    assert show({"edges": [edge]}, items="edges", table=health.edges).out == (
        "EDGE    REGION  CONNECTED  TYPES  SYMBOLS  LATENCY(ms)\n"
        "kraken  EU      yes        spot        40         1.50\n"
    )


def test_creds_show_the_account_below_and_live_in_red(show: Show) -> None:
    body = {
        "profile": "main",
        "mode": "live",
        "api_key": "seq_live_…cdef",
        "account": {"client_id": "cl_1", "created_ns": NOON, "burst": 10},
    }
    assert show(body, table=creds.status).out == (
        "profile  main\nmode     LIVE\napi key  seq_live_…cdef\n\n"
        "account\nclient id  cl_1\ncreated    2024-01-16 12:00:00.000Z\nburst      10\n"
    )
    assert "\x1b[1;31mLIVE" in show(body, table=creds.status, color="always").out


def test_venue_credentials_a_line_each(show: Show) -> None:
    row = {
        "venue": "okx",
        "status": "unverified",
        "connected": True,
        "api_key_hint": "…abcd",
        "extra_keys": ["a", "b"],
        "updated_ns": NOON,
    }
    assert show({"credentials": [row]}, table=creds.venues).out == (
        "VENUE  STATUS      CONNECTED  KEY    EXTRA  UPDATED\n"
        "okx    unverified  yes        …abcd  a, b   2024-01-16 12:00:00.000Z\n"
    )


def test_config_shows_where_each_value_came_from(show: Show) -> None:
    rows = [
        {"name": "output", "value": "json", "origin": "SEQ_OUTPUT"},
        {"name": "yes", "value": False, "origin": "built-in"},
    ]
    assert show({"settings": rows}, items="settings", table=config.listed).out == (
        "SETTING  VALUE  FROM\noutput   json   SEQ_OUTPUT\nyes      no     built-in\n"
    )


def test_an_intent_with_its_evidence(show: Show) -> None:
    intent = {
        "id": 7,
        "graph_id": "g1",
        "qty_1e8": 150_000_000,
        "attempts": 2,
        "created_ns": NOON,
        "evidence": [{"ts_ns": NOON, "what": "sent"}],
    }
    assert show(intent, table=journal.one).out == (
        "id        7\ngraph id  g1\nqty       1.5\nattempts  2\ncreated   2024-01-16 12:00:00.000Z\n\n"
        "TIME                      EVIDENCE\n2024-01-16 12:00:00.000Z  sent\n"
    )


def test_intents_a_line_each_and_unknown_in_red(show: Show) -> None:
    row = {
        "graph_id": "g1",
        "outcome": "unknown",
        "status": None,
        "kind": "place",
        "symbol": "ETH-USD",
        "side": "buy",
        "qty_1e8": 10**8,
        "price_1e9": None,
        "mode": "live",
        "created_ns": NOON,
    }
    assert show({"intents": [row]}, items="intents", table=journal.listed).out == (
        "GRAPH  OUTCOME  STATUS  KIND   SYMBOL   SIDE  QTY  PRICE  ACCOUNT  CREATED\n"
        "g1     unknown          place  ETH-USD  buy     1         live     2024-01-16 12:00:00.000Z\n"
    )
    assert "\x1b[1;31munknown" in show({"intents": [row]}, table=journal.listed, color="always").out


def test_sandbox_settings_and_status(show: Show) -> None:
    body = {
        "fill_model": "instant",
        "seed": 42,
        "fees": {"maker_bps": None, "taker_bps": 0},
        "default_balances": [{"venue": "*", "symbol": "USD", "qty": Number("1000000000.0")}],
    }
    assert show(body, table=sandbox.settings).out == (
        "fill model  instant\nseed        42\nmaker bps   each venue's own\ntaker bps   0\n\n"
        "at the next reset\nVENUE  ASSET           QTY\n*      USD    1000000000.0\n"
    )
    assert show({"running": False, "state": "/s"}, table=sandbox.status).out == "running  no\nstate    /s\n"


def test_the_doctor_says_below_what_to_do_however_narrow_it_is(show: Show) -> None:
    rows = [
        {"status": "ok", "check": "version", "found": "1", "hint": None},
        {"status": "fail", "check": "key", "found": "none", "hint": "seq creds login"},
    ]
    assert show({"checks": rows}, items="checks", table=doctor.checks, width=30).out == (
        "RESULT  CHECK    FOUND\nok      version  1\nfail    key      none\n\nkey: seq creds login\n"
    )


def test_a_deployment_with_its_edges(show: Show) -> None:
    body = {
        "deployment_id": "d1",
        "name": "maker",
        "status": "running",
        "symbols": ["A", "B"],
        "pushed_to": 1,
        "capable_edges": 2,
        "size_bytes": 10,
        "sha256": "ab",
        "edges": [{"edge_id": "okx", "symbol": "A", "status": "paused", "pause_reason": "RISK", "error": None}],
    }
    assert show(body, table=algos.one).out == (
        "id       d1\nname     maker\nstatus   running\nsymbols  A, B\nedges    1 of 2\n"
        "size     10 bytes\nsha256   ab\n\n"
        "EDGE  SYMBOL  STATUS  PAUSED  ERROR\nokx   A       paused  RISK\n"
    )


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "1970-01-01 00:00:00.000Z"),
        (-1, "1969-12-31 23:59:59.999Z"),
        (253_402_300_800 * 10**9, "10000-01-01 00:00:00.000Z"),
    ],
)
def test_instants_of_any_year_keep_their_digits(show: Show, ns: int, shown: str) -> None:
    assert shown in show({"fills": [{"ts_ns": ns}]}, table=fills.fills).out
