"""`seq market history`: one table out of many pages, streams of rows, charts that fit."""

import csv
import io
from typing import Any

import pytest

from seqcli.wire import history

Seq = Any
"""`seq(*words)` of conftest.py."""
HISTORY = ("--local", "market", "history", "BTC-USD")


def test_a_range_is_a_chart_and_its_figures_or_the_rows(seq: Seq) -> None:
    shown = seq(*HISTORY, "--range", "1h").out
    assert shown.startswith("BTC-USD, all venues, bars of 1m\n")
    assert max(len(line) for line in shown.splitlines()) == 80
    assert "\nclose " in shown
    rows = seq(*HISTORY, "--range", "1h", "--chart", "none").out.splitlines()
    assert rows[0].split() == ["START(UTC)", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"]
    assert len(rows) == 61
    assert seq(*HISTORY, "--range", "1h", "--chart", "line").out != shown


def test_a_window_larger_than_a_page_is_one_body_without_a_gap(seq: Seq) -> None:
    words = (*HISTORY, "--venue", "kraken", "--start", "2026-07-01", "--end", "2026-07-01T21:00", "--every", "1m")
    body = seq(*words, "--json").body
    assert (body["count"], body["truncated"]) == (1260, False)
    instants = [row["ts_ns"] for row in body["points"]]
    assert instants == list(range(instants[0], instants[0] + 1260 * 60 * 10**9, 60 * 10**9))
    for before, row in zip(body["points"], body["points"][1:], strict=False):
        assert row["open_1e9"] == before["close_1e9"]
    rows = list(csv.DictReader(io.StringIO(seq(*words, "-o", "csv").out)))
    assert [row["close"] for row in rows] == [row["close"] for row in body["points"]]
    lines = seq(*words, "-o", "ndjson").rows
    assert lines == body["points"]


def test_a_server_that_holds_less_in_a_reply_is_asked_for_the_rest(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (*HISTORY, "--venue", "kraken", "--start", "1785240000", "--end", "1785312000", "--every", "1m")
    whole = seq(*words, "--json").body
    monkeypatch.setattr(history, "MAX_BARS", 300)
    assert seq(*words, "--json").body == whole
    assert len(seq(*words, "-o", "csv").out.splitlines()) == 1201


def test_prints_are_the_newest_or_all_of_a_window(seq: Seq) -> None:
    assert len(seq(*HISTORY, "--ticks", "--max", "7", "--json").body["points"]) == 7
    words = ("--start", "1785240000", "--end", "1785244000", "--venue", "kraken", "--ticks", "--all")
    every = seq(*HISTORY, *words, "-o", "ndjson").rows
    assert len(every) > 500
    assert [row["ts_ns"] for row in every] == sorted({row["ts_ns"] for row in every})
    assert "SIDE" in seq(*HISTORY, "--ticks", "--chart", "none").out


def test_the_requests_are_shown_before_they_are_sent(seq: Seq) -> None:
    done = seq(*HISTORY, "--range", "1h", "--dry-run", "--json").body
    assert done["url"].endswith("/v1/price_history/BTC-USD?range=1h&fidelity_secs=60")
    window = ("--start", "1785240000", "--end", "1785360000", "--every", "60s", "--venue", "kraken")
    pages = seq(*HISTORY, *window, "--dry-run", "--json").rows
    assert [page["url"].partition("?")[2] for page in pages] == [
        "fidelity_secs=60&start_ts=1785240000&end_ts=1785300000&venue=kraken",
        "fidelity_secs=60&start_ts=1785300000&end_ts=1785360000&venue=kraken",
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("--range", "9d"),
        ("--range", "1d", "--start", "2026-07-01"),
        ("--start", "yesterday"),
        ("--start", "2026-07-02", "--end", "2026-07-01"),
        ("--every", "1500ms"),
        ("--ticks", "--every", "1m"),
        ("--max", "5"),
        ("--chart", "pie"),
    ],
)
def test_words_that_make_no_sense_are_usage(seq: Seq, words: tuple[str, ...]) -> None:
    done = seq(*HISTORY, *words, "--json")
    assert (done.status, done.out) == (2, "")


def test_the_last_day_is_of_all_venues_and_is_said_to_be(seq: Seq) -> None:
    words = (*HISTORY, "--venue", "kraken", "--range")
    day = seq(*words, "1d", "--every", "1h", "--json")
    assert (day.status, day.body["venue"]) == (0, None)
    assert "of all venues, not of kraken alone" in day.err
    week = seq(*words, "1w", "--every", "5m", "--json")
    assert (week.err, week.body["venue"]) == ("", "kraken")
    for before, row in zip(week.body["points"], week.body["points"][1:], strict=False):
        assert row["open_1e9"] == before["close_1e9"]


def test_a_venue_is_asked_for_beyond_a_day(seq: Seq) -> None:
    done = seq(*HISTORY, "--range", "1w", "--json")
    assert done.status == 3
    assert "venue" in done.error["message"]
    assert seq("--local", "market", "history", "NOPE-USD").status == 5


def test_what_a_perp_is_on_stands_beside_it_over_all_pages(seq: Seq) -> None:
    window = ("--start", "2026-07-01", "--end", "2026-07-01T21:00", "--every", "1m", "--venue", "hyperliquid")
    words = ("--local", "market", "history", "BTC-USD-PERP", *window, "--underlying")
    body = seq(*words, "--json").body
    assert [row["ts_ns"] for row in body["underlying"]] == [row["ts_ns"] for row in body["points"]]
    lines = seq(*words, "--chart", "none").out.splitlines()
    assert lines[0].split()[-1] == "UNDERLYING"
    assert lines[1].split()[-1] == body["underlying"][0]["price"]
    assert (
        seq("--local", "market", "history", "BTC-USD", "--range", "1h", "--underlying", "--json").body["underlying"]
        is None
    )
