"""`seq market book` and `intel`: what is asked, what is missing, and a book that is watched."""

import json
from typing import Any

import pytest

Seq = Any
"""`seq(*words)` of conftest.py."""
MARKET = ("--local", "market")


def test_a_book_of_all_venues_or_of_one(seq: Seq) -> None:
    lines = seq(*MARKET, "book", "ETH-USD").out.splitlines()
    assert [line.split()[0] for line in lines[6:]] == ["ask"] * 8 + [lines[14].split()[0]] + ["bid"] * 8
    assert lines[14].split()[1] == "spread"
    body = seq(*MARKET, "book", "ETH-USD", "--venue", "kraken", "--depth", "3", "--json").body
    assert (list(body["venues"]), len(body["bids"])) == (["kraken"], 3)
    assert seq(*MARKET, "book", "ETH-USD", "-q").out == "ETH-USD\n"


def test_a_book_as_csv_has_a_row_a_level(seq: Seq) -> None:
    head, *rows = seq(*MARKET, "book", "ETH-USD", "--venue", "kraken", "--depth", "3", "-o", "csv").out.splitlines()
    assert head == "symbol,side,price,size"
    cells = [row.split(",") for row in rows]
    assert [row[:2] for row in cells] == [["ETH-USD", "bid"]] * 3 + [["ETH-USD", "ask"]] * 3
    prices = [float(row[2]) for row in cells]
    assert prices[2] < prices[1] < prices[0] < prices[3] < prices[4] < prices[5]
    done = seq(*MARKET, "book", "ETH-USDD", "-o", "csv")
    assert (done.status, done.out) == (5, "")
    fields = seq(*MARKET, "book", "ETH-USD", "--depth", "1", "-o", "csv", "--fields", "side,price").out
    assert fields.splitlines()[0] == "side,price"


def test_a_book_that_is_not_there_is_status_5_with_the_body_on_stdout(seq: Seq) -> None:
    done = seq(*MARKET, "book", "ETH-USDD", "--json")
    assert (done.status, done.body["source"]) == (5, "unavailable")
    assert "ETH-USD" in done.error["hint"]
    done = seq(*MARKET, "book", "ETH-USD", "--venue", "dex", "--json")
    assert (done.status, done.error["message"]) == (5, "dex shows no book of ETH-USD")
    assert seq(*MARKET, "book", "ETH-USD", "--venue", "nowhere").status == 3
    seq("--local", "sandbox", "faults", "venue-down", "kraken")
    assert seq(*MARKET, "book", "ETH-USD", "--venue", "kraken").status == 5


@pytest.mark.parametrize("verb", ["venues", "slippage", "depth"])
def test_intelligence_of_a_symbol_and_of_none(seq: Seq, verb: str) -> None:
    done = seq(*MARKET, "intel", verb, "ETH-USD")
    assert (done.status, done.err) == (0, "")
    assert "VENUE" in done.out or "SIZE(USD)" in done.out
    done = seq(*MARKET, "intel", verb, "ETH-USDD", "--json")
    assert (done.status, done.body["source"]) == (5, "unavailable")
    assert done.error["hint"].startswith("did you mean ETH-USD")


def test_slippage_of_the_sizes_and_the_side_asked_for(seq: Seq) -> None:
    rows = seq(
        *MARKET, "intel", "slippage", "BTC-USD", "--side", "sell", "--sizes", "500, 7000.25", "-o", "ndjson"
    ).rows
    assert [row["size_usd"] for row in rows] == [500, 7000.25]
    assert all(row["fillable"] for row in rows)
    assert seq(*MARKET, "intel", "slippage", "BTC-USD", "-q").out.split() == ["1000", "10000", "100000", "1000000"]


@pytest.mark.parametrize(
    "words",
    [
        ("book",),
        ("book", "E TH"),
        ("book", "ETH-USD", "--depth", "101"),
        ("intel", "slippage", "ETH-USD", "--side", "hold"),
        ("intel", "slippage", "ETH-USD", "--sizes", "1e3"),
        ("intel", "slippage", "ETH-USD", "--sizes", "1,,2"),
        ("intel", "slippage", "ETH-USD", "--sizes", "0"),
        ("intel", "slippage", "ETH-USD", "--sizes", ",".join(["1"] * 21)),
        ("intel", "depth", "ETH-USD", "--depth", "0"),
        ("intel", "nothing"),
    ],
)
def test_words_that_make_no_sense_are_usage(seq: Seq, words: tuple[str, ...]) -> None:
    assert seq(*MARKET, *words, "--json").status == 2


def test_the_requests_are_shown_before_they_are_sent(seq: Seq) -> None:
    for words, target in (
        (("book", "ETH-USD", "--watch"), "depth?symbol=ETH-USD&depth=8"),
        (("book", "ETH-USD", "--venue", "Kraken"), "depth?symbol=ETH-USD&depth=8&venue=kraken"),
        (("intel", "venues", "ETH-USD"), "venues?symbol=ETH-USD"),
        (("intel", "slippage", "ETH-USD", "--sizes", "1, 2.5"), "slippage?symbol=ETH-USD&side=buy&sizes=1,2.5"),
        (("intel", "depth", "ETH-USD"), "depth?symbol=ETH-USD&depth=20"),
    ):
        url = seq(*MARKET, *words, "--dry-run", "--json").body["url"]
        assert url.endswith(f"/v1/intelligence/{target}")


def test_a_wide_csv_of_a_curve_has_its_twins(seq: Seq) -> None:
    out = seq(*MARKET, "intel", "slippage", "ETH-USD", "-o", "csv").out
    assert out.splitlines()[0] == "size_usd,qty,avg_price,slippage_bps,fillable"
    assert json.loads(out.splitlines()[1].split(",")[0]) == 1000
