"""Orders as people see them; every figure computed by hand from the integers."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from seqcli.views import orders

Show = Callable[..., Any]

ORDER: dict[str, Any] = {
    "node_order_id": "graph:g1:order:1",
    "graph_id": "g1",
    "node_id": "order",
    "symbol": "BTC-USD",
    "side": "buy",
    "order_type": {"limit": {"price_1e9": 50_000_500_000_000}},
    "limit_price_1e9": 50_000_500_000_000,
    "tif": "gtc",
    "status": "WORKING",
    "end_reason": None,
    "failure_reason": None,
    "failure_detail": None,
    "qty_1e8": 10_000_000,
    "filled_qty_1e8": 4_000_000,
    "avg_fill_price_1e9": 49_990_000_000_001,
    "fees_usd_1e9": 5_198_960_000,
    "legs": [
        {
            "venue": "kraken",
            "qty_1e8": 6_000_000,
            "filled_qty_1e8": 4_000_000,
            "avg_fill_price_1e9": 49_990_000_000_001,
            "status": "WORKING",
            "failure_reason": None,
        },
        {
            "venue": "okx",
            "qty_1e8": 4_000_000,
            "filled_qty_1e8": 0,
            "avg_fill_price_1e9": None,
            "status": "REJECTED",
            "failure_reason": "EXCHANGE_BUSY",
        },
    ],
    "created_ns": 1705406400000000000,
    "updated_ns": 1705406401123456789,
}
SHOWN = """\
order          graph:g1:order:1
graph          g1
symbol         BTC-USD
side           buy
type           limit gtc
limit          50000.5
status         WORKING
filled         0.04 of 0.1 BTC-USD
average price  49990.000000001
fee            5.19896 USD
venues         kraken
created        2024-01-16 12:00:00.000Z
updated        2024-01-16 12:00:01.123Z

VENUE   STATUS     QTY  FILLED        AVG PRICE  REASON
kraken  WORKING   0.06    0.04  49990.000000001
okx     REJECTED  0.04       0                   EXCHANGE_BUSY
"""


def test_an_order_in_full(show: Show) -> None:
    assert show(ORDER, table=orders.one).out == SHOWN


def test_what_an_order_does_not_have_is_left_out(show: Show) -> None:
    assert (
        show({"node_order_id": "x", "status": "NEW"}, table=orders.one).out == "order   x\nstatus  NEW\n\nat no venue\n"
    )


PLACED = {
    "outcome": "accepted",
    "mode": "local",
    "graph_id": "g1",
    "node_order_id": "graph:g1:order:1",
    "status": "WORKING",
}


def test_the_outcome_of_a_submission(show: Show) -> None:
    assert show(PLACED | {"orders": [ORDER]}, table=orders.placed).out == (
        "outcome        accepted\n"
        "status         WORKING\n"
        "order          graph:g1:order:1\n"
        "graph          g1\n"
        "account        local\n"
        "filled         0.04 of 0.1 BTC-USD\n"
        "average price  49990.000000001\n"
        "fee            5.19896 USD\n"
        "venues         kraken\n"
        "\n"
        "VENUE   STATUS     QTY  FILLED        AVG PRICE  REASON\n"
        "kraken  WORKING   0.06    0.04  49990.000000001\n"
        "okx     REJECTED  0.04       0                   EXCHANGE_BUSY\n"
    )


def test_an_unknown_outcome_still_names_the_graph(show: Show) -> None:
    body = {"outcome": "unknown", "mode": "sandbox", "graph_id": "g1", "node_order_id": None, "status": None}
    assert show(body, table=orders.placed).out == "outcome  unknown\ngraph    g1\naccount  sandbox\n"


def test_live_is_red_and_the_others_are_not(show: Show) -> None:
    live = show(PLACED | {"mode": "live"}, table=orders.placed, color="always").out
    assert "\x1b[1;31mLIVE" in live
    assert "LIVE" not in show(PLACED, table=orders.placed, color="always").out


def test_a_rejection_says_why(show: Show) -> None:
    refused = ORDER | {"status": "REJECTED", "failure_reason": "INSUFFICIENT_BALANCE", "failure_detail": "have 1 USD"}
    lines = show(PLACED | {"orders": [refused]}, table=orders.placed).lines
    assert "reason         INSUFFICIENT_BALANCE – have 1 USD" in lines


def test_a_graph_of_several_orders_lists_them_and_shows_the_status_of_the_graph(show: Show) -> None:
    other = ORDER | {"node_order_id": "graph:g1:hedge:2", "status": "FILLED"}
    body = PLACED | {"status": "RUNNING", "orders": [ORDER, other]}
    out = show(body, table=orders.placed, fields=None).out
    assert "status   RUNNING" in out
    assert "graph:g1:hedge:2  FILLED" in out
    assert "average price" not in out


def test_orders_a_line_each_and_the_shortest_id_that_commands_take(show: Show) -> None:
    other = ORDER | {
        "node_order_id": "graph:g1:order:2",
        "side": "sell",
        "order_type": "market",
        "limit_price_1e9": None,
    }
    assert show({"orders": [ORDER, other]}, table=orders.listed, items="orders").out == (
        "ORDER             STATUS   SYMBOL   SIDE  TYPE    QTY  FILLED    LIMIT        AVG PRICE     FEES  CREATED\n"
        "g1                WORKING  BTC-USD  buy   limit   0.1    0.04  50000.5  49990.000000001  5.19896"
        "  2024-01-16 12:00:00.000Z\n"
        "graph:g1:order:2  WORKING  BTC-USD  sell  market  0.1    0.04           49990.000000001  5.19896"
        "  2024-01-16 12:00:00.000Z\n"
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_list_fits_the_terminal_and_keeps_what_matters(show: Show, width: int) -> None:
    long = ORDER | {
        "graph_id": "sq-0" * 9,
        "node_order_id": f"graph:{'sq-0' * 9}:order:1",
        "qty_1e8": 12_345_678_901_234,
    }
    lines = show({"orders": [long]}, table=orders.listed, width=width).lines
    assert all(len(line) <= width for line in lines)
    assert all(word in lines[1] for word in ("WORKING", "BTC-USD", "buy", "123456.78901234"))
    assert ("sq-0" * 9 in lines[1]) is (width >= 80)
    assert ("49990.000000001" in lines[1]) is (width >= 200)


def test_a_preview_shows_cost_and_where_it_would_go(show: Show) -> None:
    body = {
        "symbol": "BTC-USD",
        "side": "buy",
        "order_type": "market",
        "qty_1e8": 10_000_000,
        "est_avg_price_1e9": 50_001_000_000_000,
        "est_worst_price_1e9": 50_010_000_000_000,
        "est_notional_usd_1e9": 5_000_100_000_000,
        "est_fee_usd_1e9": 13_000_260_000,
        "est_slippage_bps": 1.2,
        "est_total_cost_usd_1e9": 13_600_260_000,
        "est_total_cost_bps": None,
        "fillable": True,
        "venues": [
            {
                "venue": "kraken",
                "selected": True,
                "qty_1e8": 10_000_000,
                "est_avg_price_1e9": 50_001_000_000_000,
                "est_fee_bps": 26,
                "est_cost_bps": 27,
                "reason": None,
            },
            {"venue": "okx", "selected": False, "qty_1e8": 0, "est_fee_bps": 10, "reason": "stale"},
        ],
        "warnings": ["thin \x1b[31mbook"],
    }
    assert show(body, table=orders.preview).out == (
        "order          buy 0.1 BTC-USD market\n"
        "average price  50001\n"
        "worst price    50010\n"
        "worth          5000.1 USD\n"
        "fee            13.00026 USD\n"
        "slippage       1.2 bps\n"
        "whole cost     13.60026 USD\n"
        "can be filled  yes\n"
        "\n"
        "VENUE   QTY  AVG PRICE  FEE(bps)  COST(bps)  PASSED OVER\n"
        "kraken  0.1      50001        26         27\n"
        "okx                           10             stale\n"
        "thin \\u001b[31mbook\n"
    )


def test_a_preview_of_a_graph_shows_every_node(show: Show) -> None:
    nodes: list[dict[str, Any]] = [{"node_id": name, "symbol": "A-USD", "venues": []} for name in ("spot", "hedge")]
    out = show({"nodes": nodes, "warnings": []}, table=orders.preview).out
    assert out.count("node   ") == 2


def test_an_amended_order_shows_counts_as_counts_and_instants_as_instants(show: Show) -> None:
    body = {
        "node_order_id": "graph:g1:order:1",
        "status": "WORKING",
        "mode": "cancel_replace",
        "qty_1e8": 300_000_000,
        "filled_qty_1e8": 0,
        "limit_price_1e9": 550_000_000,
        "revision": 3,
        "updated_ns": 1705406400000000000,
    }
    assert show(body, table=orders.changed).out == (
        "node order id  graph:g1:order:1\n"
        "status         WORKING\n"
        "mode           cancel_replace\n"
        "qty            3\n"
        "filled qty     0\n"
        "limit price    0.55\n"
        "revision       3\n"
        "updated        2024-01-16 12:00:00.000Z\n"
    )


def test_a_cancelled_graph_lists_its_orders(show: Show) -> None:
    body = {
        "graph_id": "g1",
        "cancel_state": "done",
        "cancel_requested_count": 2,
        "orders": [{"node_order_id": "graph:g1:a:1", "status": "CANCELLED"}],
    }
    assert show(body, table=orders.changed).out == (
        "graph id                g1\ncancel state            done\ncancel requested count  2\n\n"
        "ORDER         STATUS     CANCEL  ERROR\ngraph:g1:a:1  CANCELLED\n"
    )


def test_cancels_say_which_failed(show: Show) -> None:
    rows = [
        {"graph_id": "g1", "node_order_id": "graph:g1:order:1", "status": "WORKING", "cancel_state": "requested"},
        {"graph_id": "g2", "status": None, "cancel_state": None, "error": "not found"},
    ]
    assert show({"orders": rows}, table=orders.cancelled).out == (
        "ORDER  STATUS   CANCEL     ERROR\ng1     WORKING  requested\ng2                         not found\n"
    )


def test_a_file_of_orders_line_by_line(show: Show) -> None:
    rows = [
        {"line": 1, "outcome": "accepted", "status": "FILLED", "graph_id": "a"},
        {"line": 12, "outcome": "not_sent", "error": "bad qty"},
    ]
    assert show({"results": rows}, table=orders.submitted).out == (
        "LINE  OUTCOME   STATUS  GRAPH  ERROR\n   1  accepted  FILLED  a\n  12  not_sent                 bad qty\n"
    )


def test_a_figure_of_an_unexpected_type_is_shown_as_it_came(show: Show) -> None:
    odd = ORDER | {"qty_1e8": "10000000", "created_ns": "yesterday"}
    out = show({"orders": [odd]}, table=orders.listed).out
    assert "10000000" in out
    assert "yesterday" in out


def test_the_table_and_json_agree_on_every_digit(show: Show) -> None:
    twins = json.loads(show(ORDER, output="json").out)
    out = show(ORDER, table=orders.one).out
    assert all(twins[name] in out for name in ("limit_price", "filled_qty", "qty", "avg_fill_price", "fees_usd"))
