"""How many bars a second are read from the market, and settlements of funding."""

import time

from seqcli.sandbox.market.bars import Window
from seqcli.sandbox.market.references import settled
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.serving import whole

NOW, HOUR = 1_785_240_000_000_000_000, 3_600_000_000_000
PERP = "BTC-USD-PERP"


def test_bars_a_second(tell):
    market = SyntheticMarket()
    every = market.instruments()["BTC-USD"].venues
    for name, venues, span, step in (
        ("minutes of a day, all venues", every, 24 * HOUR, HOUR // 60),
        ("minutes of a day, one venue, with volumes", ("kraken",), 24 * HOUR, HOUR // 60),
        ("hours of a year, one venue", ("kraken",), 8_760 * HOUR, HOUR),
    ):
        start = time.perf_counter()
        bars, _ = whole(Window(market, "BTC-USD", venues, NOW).bars(NOW - span, NOW, step, 10_000))
        tell(f"bars, {name}: {len(bars) / (time.perf_counter() - start):.0f}/s")


def test_settlements_a_second(tell):
    for days in (400, 3_650):
        start = time.perf_counter()
        points = settled(SyntheticMarket(), PERP, "hyperliquid", NOW - days * 24 * HOUR, NOW)
        tell(f"hourly settlements of {days} days: {len(points) / (time.perf_counter() - start):.0f}/s")
