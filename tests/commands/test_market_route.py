"""`seq market route`: a table, JSON, venues alone, bad words, the request."""

from typing import Any

import pytest

Seq = Any
"""`seq(*words)` of conftest.py."""
MARKET = ("--local", "market")


def test_a_route_is_a_table_or_json_or_the_venues_alone(seq: Seq) -> None:
    lines = seq(*MARKET, "route", "eth-usd", "buy", "100").out.splitlines()
    assert lines[0] == "buy 100 ETH-USD"
    assert any(line.split()[:2] == ["VENUE", "QTY"] for line in lines)
    body = seq(*MARKET, "route", "ETH-USD", "buy", "0.5", "--json").body
    assert sum(leg["qty_1e8"] for leg in body["legs"]) == 50_000_000 - body["left_1e8"]
    assert body["legs"][0]["est_avg_price"]
    named = seq(*MARKET, "route", "ETH-USD", "buy", "0.5", "-q").out.split()
    assert set(named) <= {"binance", "coinbase", "cryptocom", "kraken"}


def test_a_symbol_without_a_book_says_so(seq: Seq) -> None:
    done = seq(*MARKET, "route", "NOPE-USD", "buy", "1")
    assert (done.status, done.out) == (0, "buy 1 NOPE-USD\n\nno venue shows a book of it\n")


@pytest.mark.parametrize(
    "words",
    [
        ("ETH-USD", "hold", "1"),
        ("ETH-USD", "buy", "1e3"),
        ("ETH-USD", "buy"),
        ("ETH-USD", "buy", "1", "--routing-version", "4"),
        ("ETH-USD", "buy", "1", "--urgency", "now"),
    ],
)
def test_words_that_make_no_sense_are_usage(seq: Seq, words: tuple[str, ...]) -> None:
    assert seq(*MARKET, "route", *words, "--json").status == 2


def test_the_version_and_the_urgency_that_rank_can_be_chosen(seq: Seq) -> None:
    words = ("route", "ETH-USD", "buy", "100", "--routing-version", "3", "--urgency", "HIGH")
    body = seq(*MARKET, *words, "--json").body
    assert (body["routing_version"], body["urgency"]) == (3, "high")
    assert any(row["impact_bps"] for row in body["candidates"])
    lines = seq(*MARKET, *words).out.splitlines()
    at = lines.index("ranked by version 3, urgency high, in basis points")
    assert lines[at + 1].split()[:4] == ["VENUE", "PRICE", "FEE", "LATENCY"]


def test_the_request_is_shown_before_it_is_sent(seq: Seq) -> None:
    done = seq(*MARKET, "route", "ETH-USD", "buy", "1.5", "--dry-run", "--json")
    assert done.body["url"].endswith("/v1/intelligence/routing?symbol=ETH-USD&side=buy&qty=1.50000000")
