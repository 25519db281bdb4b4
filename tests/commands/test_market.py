"""`seq market`: symbols, venues and fees as they are asked for."""

from typing import Any

import pytest

Seq = Any
"""`seq(*words)` of conftest.py."""
MARKET = ("--local", "market")


def test_symbols_are_searched_and_filtered_together(seq: Seq) -> None:
    assert seq(*MARKET, "symbols", "doge", "--venue", "okx", "--type", "perp", "-q").out == "DOGE-USD-PERP\n"
    assert seq(*MARKET, "symbols", "nothing-like-it", "--json").body == []
    done = seq(*MARKET, "symbols", "--venue", "nowhere", "--json")
    assert (done.status, done.error["details"][0]["field"]) == (3, "venue")
    assert seq(*MARKET, "symbols", "--type", "swap").status == 2


def test_venues_alone_are_all_of_them_and_a_dropped_one_says_so(seq: Seq) -> None:
    names = seq(*MARKET, "venues", "-q").out.split()
    assert len(names) == len(set(names)) == 12
    assert "kraken" in names
    assert seq("--local", "sandbox", "faults", "venue-down", "kraken").status == 0
    lines = {line.split()[0]: line.split() for line in seq(*MARKET, "venues").out.splitlines()}
    assert (lines["kraken"][3], lines["coinbase"][3]) == ("no", "yes")
    rows = seq(*MARKET, "venues", "BTC-USD", "--json").body["venues"]
    assert {row["venue"]: (row["venue_symbol"], row["connected"]) for row in rows}["kraken"] == ("XBT/USD", False)


@pytest.mark.parametrize("colour", ["always", "never"])
def test_a_venue_that_is_not_connected_stands_out(seq: Seq, colour: str) -> None:
    seq("--local", "sandbox", "faults", "venue-down", "kraken")
    out = seq(*MARKET, "venues", "ETH-USD", "--color", colour).out
    assert ("\x1b[1;31mno" in out) is (colour == "always")


def test_fees_of_several_venues_are_in_the_order_asked_for(seq: Seq) -> None:
    rows = seq(*MARKET, "fees", "ETH-USD", "--venue", "kraken,polymarket,binance", "-o", "ndjson").rows
    assert [(row["venue"], row["taker_bps"]) for row in rows] == [("kraken", 26), ("polymarket", None), ("binance", 10)]


def test_the_requests_are_shown_before_they_are_sent(seq: Seq) -> None:
    for words, target in (
        (("symbols", "eth", "--venue", "okx", "--type", "perp"), "/v1/symbols?venue=okx&type=perp&q=eth"),
        (("venues",), "/v1/edges"),
        (("venues", "XBT/USD"), "/v1/pairs/XBT%2FUSD/venues"),
        (("fees", "BTC-USD", "--venue", "kraken,okx"), "/v1/fees?ticker=BTC-USD&venues=kraken,okx"),
    ):
        assert seq(*MARKET, *words, "--dry-run", "--json").body["url"].endswith(target)
