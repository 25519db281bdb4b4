"""`seq market funding` and `fair-price`: tables, charts, and what is missing."""

from typing import Any

import pytest

Seq = Any
"""`seq(*words)` of conftest.py."""
PERP = "BTC-USD-PERP"
MARKET = ("--local", "market")


def test_rates_are_shown_by_venue(seq: Seq) -> None:
    lines = seq(*MARKET, "funding", PERP).out.splitlines()
    assert lines[0].split()[:3] == ["VENUE", "SYMBOL", "BPS"]
    assert {line.split()[0] for line in lines[1:]} == {"binance", "bybit", "hyperliquid", "okx"}
    body = seq(*MARKET, "funding", "--venue", "okx", "--json").body
    assert body["unit"] == "bps_per_hour"
    assert len(body["rates"]) == 10


def test_history_is_a_line_or_its_rows(seq: Seq) -> None:
    words = (*MARKET, "funding", PERP, "--venue", "binance", "--history", "--range", "1w")
    shown = seq(*words).out
    assert shown.startswith(f"{PERP}, binance, basis points a settlement\n")
    assert "settlements  21\n" in shown
    rows = seq(*words, "--chart", "none").out.splitlines()
    assert len(rows) == 22
    assert len(seq(*words, "-o", "ndjson").rows) == 21


def test_fair_prices_by_asset_and_what_has_none(seq: Seq) -> None:
    done = seq(*MARKET, "fair-price", "btc", "ETH", "--json")
    assert (done.status, [row["underlying"] for row in done.body["fair_prices"]]) == (0, ["BTC", "ETH"])
    assert seq(*MARKET, "fair-price", "BTC", "NOPE").status == 10
    done = seq(*MARKET, "fair-price", "NOPE", "--json")
    assert done.status == 5
    assert "NOPE" in done.error["message"]
    assert "VENUES" in seq(*MARKET, "fair-price").out


@pytest.mark.parametrize(
    "words",
    [
        ("funding", "--history"),
        ("funding", PERP, "--history"),
        ("funding", PERP, "--range", "1w"),
        ("funding", PERP, "--venue", "okx", "--history", "--range", "1h"),
        ("funding", PERP, "--venue", "okx", "--history", "--watch"),
        ("funding", PERP, "--chart", "pie"),
        ("fair-price", "B C"),
    ],
)
def test_words_that_make_no_sense_are_usage(seq: Seq, words: tuple[str, ...]) -> None:
    assert seq(*MARKET, *words, "--json").status == 2


def test_the_requests_are_shown_before_they_are_sent(seq: Seq) -> None:
    for words, target in (
        (("funding", PERP, "--venue", "okx"), f"/v1/market/funding-rates?venue=okx&symbol={PERP}"),
        (
            ("funding", PERP, "--venue", "okx", "--history", "--range", "1y"),
            f"/v1/funding_history/{PERP}?venue=okx&range=1y",
        ),
        (("fair-price", "BTC", "ETH"), "/v1/fair_price?underlying=BTC,ETH"),
    ):
        assert seq(*MARKET, *words, "--dry-run", "--json").body["url"].endswith(target)


def test_a_position_pays_what_the_history_says(seq: Seq) -> None:
    """On the sandbox's own account: a perp bought now has paid nothing yet, and says so."""
    assert seq("--local", "order", "buy", PERP, "0.1", "--venue", "hyperliquid", "--type", "perp", "--wait").status == 0
    rows = seq("--local", "portfolio", "positions", "--json").body["positions"]
    perp = next(row for row in rows if row["instrument"]["kind"] == "perp")
    assert perp["instrument"]["funding_paid_usd_1e9"] == 0
