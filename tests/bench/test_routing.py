"""What ranking and explaining cost of placing an order, in this process, version by version, in turn."""

import statistics
import time
from decimal import Decimal

from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.execution import explained, routed
from seqcli.sandbox.exchange.landed import VERSIONS, version_of
from seqcli.sandbox.exchange.router import View
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.wire.submission import SimpleOrder

START, STEP_NS = 1_790_000_000_000_000_000, 20_000_000
ORDERS = 1_500


def test_the_router_s_part_of_placing(tell):
    exchange = Exchange(SyntheticMarket(42))
    spent: dict[int, dict[str, list[int]]] = {version: {} for version in VERSIONS}
    for number in range(ORDERS):
        now, name = START + number * STEP_NS, f"g{number}"
        exchange.advance(now)
        exchange.market.books("ETH-USD", now)
        side = "sell" if number % 2 else "buy"
        body = SimpleOrder(symbol="ETH-USD", side=side, qty=Decimal("0.5"), graph_id=name)
        rows = spent[version_of(name)]
        start = time.perf_counter_ns()
        order = exchange.place("cl", body, now).orders[0]
        rows.setdefault("placing", []).append(time.perf_counter_ns() - start)
        order.filled_qty_1e8, order.legs = 0, []
        view = View(exchange.market, exchange.gone, exchange.accounts["cl"], now)
        start = time.perf_counter_ns()
        plan = routed(exchange, view, order)
        rows.setdefault("planning", []).append(time.perf_counter_ns() - start)
        start = time.perf_counter_ns()
        explained(exchange, view, order, plan)
        rows.setdefault("explaining", []).append(time.perf_counter_ns() - start)
        exchange.pending = []
    for version, rows in spent.items():
        whole = statistics.median(rows.pop("placing"))
        parts = ", ".join(f"{name} {statistics.median(ns) / whole:.3f}" for name, ns in rows.items())
        tell(f"router version {version}, of placing: {parts}")
