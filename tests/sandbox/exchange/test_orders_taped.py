"""On a recorded book a market order gets what a hand computation from the file gets."""

import gzip
import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from seqcli.sandbox.analysis.showing import order_body
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.market.tape import RecordedMarket
from seqcli.wire.submission import SimpleOrder
from tests.sandbox.stage import ME, START


@pytest.mark.parametrize("qty", ["0.001", "0.5", "3.2"])
def test_a_market_order_gets_the_recorded_levels_to_the_digit(tapes: Path, qty: str):
    path = tapes / "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"
    with gzip.open(path, "rt") as lines:
        asks = next(frame["data"]["asks"] for frame in map(json.loads, lines) if frame["channel"].startswith("book"))
    left, paid, fees = Decimal(qty), Decimal(0), Decimal(0)
    for price, size in ((Decimal(price), Decimal(size)) for price, size in asks):
        taken = min(left, size)
        paid += price * taken
        fees += (price * taken * 10 / 10_000).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)
        left -= taken
    assert left == 0
    exchange = Exchange(RecordedMarket([str(path)], START))
    placed = exchange.place(ME, SimpleOrder(symbol="BTC-USDT", side="buy", qty=Decimal(qty)), START)
    body = order_body(placed.orders[0])
    average = (paid / Decimal(qty)).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)
    assert body["status"] == "FILLED"
    assert Decimal(body["avg_fill_price_1e9"]).scaleb(-9) == average
    assert Decimal(body["fees_usd_1e9"]).scaleb(-9) == fees
