"""The ladder, the cost of size and the venues as people see them: aligned, every digit, at any width."""

import io
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from seqcli.views import Options, draw, intelligence
from seqcli.views.report.page import Section, page
from seqcli.wire.strict import Number

Show = Callable[..., Any]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
BIDS = [[Number("2327.83"), Number("2.5")], [Number("2327.8"), 1], [2327, Number("0.00000001")]]
ASKS = [[Number("2328.48"), Number("1.25")], [Number("2329.0"), Number("3.75")]]
BOOK: dict[str, Any] = {
    "symbol": "ETH-USD",
    "source": "edge_nbbo",
    "bids": BIDS,
    "asks": ASKS,
    "venues": {"kraken": {"bids": BIDS[:1], "asks": ASKS[:1]}, "okx": {"bids": BIDS[1:], "asks": []}},
    "bid_depth_usd": Number("8147.37502327"),
    "ask_depth_usd": Number("11644.35"),
}
LADDER = """\
ETH-USD
middle     2328.155
spread     2.792 bps
imbalance  -17.6 %, more asks

SIDE    PRICE        SIZE       TOTAL  DEPTH
ask   2329.00  3.75000000  5.00000000  ██████████████████████████████
ask   2328.48  1.25000000  1.25000000  ███████▌
         0.65      spread
bid   2327.83  2.50000000  2.50000000  ███████████████
bid   2327.80  1.00000000  3.50000000  █████████████████████
bid   2327.00  0.00000001  3.50000001  █████████████████████
"""


def test_a_book_is_a_ladder_with_totals_from_the_middle_outwards(show: Show) -> None:
    assert show(BOOK, table=intelligence.book).out == LADDER


def test_a_venue_s_own_ladder(show: Show) -> None:
    lines = show(BOOK, table=partial(intelligence.book, venue="kraken")).lines
    assert lines[0] == "ETH-USD  kraken"
    assert [line.split()[1:3] for line in lines[-3:]] == [["2328.48", "1.25"], ["spread"], ["2327.83", "2.50"]]
    one_sided = show(BOOK, table=partial(intelligence.book, venue="okx")).lines
    assert [line.split()[0] for line in one_sided[-2:]] == ["bid", "bid"]
    assert "imbalance  100.0 %, more bids" in one_sided
    assert show(BOOK, table=partial(intelligence.book, venue="nowhere")).lines[-1] == "no book"


@pytest.mark.parametrize("width", [30, 60, 80, 120, 200])
@pytest.mark.parametrize("color", ["always", "never"])
def test_a_ladder_fits_and_its_bars_take_what_is_left(show: Show, width: int, color: str) -> None:
    shown = show(BOOK, table=intelligence.book, width=width, color=color)
    assert ("\x1b" in shown.out) is (color == "always")
    lines = [ESCAPE.sub("", line) for line in shown.lines]
    assert all(len(line) <= width for line in lines)
    assert sum("2329.00  3.75000000" in line for line in lines) == 1
    if color == "never" or width == 30:
        full = max(line.count("█") for line in lines)
        assert full == (0 if width < 50 else min(width - 39, 60))


def test_a_terminal_without_blocks_gets_plain_bars() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    draw.draw(intelligence.book(BOOK), Options(width=60), stream)
    assert isinstance(stream.buffer, io.BytesIO)
    text = stream.buffer.getvalue().decode("ascii")
    assert f"  {'#' * 21}\n" in text


def test_an_empty_and_a_crossed_book(show: Show) -> None:
    empty = {"symbol": "X-USD", "bids": [], "asks": [], "venues": {}}
    assert show(empty, table=intelligence.book).out == "X-USD\n\nno book\n"
    crossed = {"symbol": "X-USD", "bids": [[3, 1]], "asks": [[2, 1]]}
    lines = show(crossed, table=intelligence.book).lines
    assert lines[1] == "imbalance  0.0 %, even"
    assert lines[-2].split() == ["-1", "spread"]


def test_another_shape_is_shown_as_it_came(show: Show) -> None:
    for body in ({"symbol": "X", "bids": [["a", "b"]], "asks": []}, {"what": "else"}, {"symbol": "X", "bids": 5}):
        assert "Traceback" not in show(body, table=intelligence.book).out


def test_depth_by_venue(show: Show) -> None:
    assert show(BOOK, table=intelligence.depth, width=80).out == (
        "ETH-USD\nbid depth  8147.37502327 USD\nask depth  11644.35 USD\n\n"
        "VENUE       BID      ASK   BID DEPTH  ASK DEPTH  HELD\n"
        f"kraken  2327.83  2328.48         2.5       1.25  {'█' * 31}\n"
        "okx      2327.8           1.00000001          0  ████████▏\n"
    )


CURVE = {
    "symbol": "ETH-USD",
    "side": "buy",
    "mid_1e9": 2_328_125_000_000,
    "curve": [
        {
            "size_usd": 1000,
            "qty_1e8": 42_947_578,
            "avg_price_1e9": 2_328_420_000_000,
            "slippage_bps": Number("1.267"),
            "fillable": True,
        },
        {"size_usd": 3, "qty_1e8": 0, "avg_price_1e9": None, "slippage_bps": None, "fillable": False},
    ],
}


def test_slippage_is_a_table_and_a_picture(show: Show) -> None:
    assert show(CURVE, items="curve", table=intelligence.slippage, width=60).out == (
        "buy ETH-USD\nmiddle  2328.125\n\n"
        "SIZE(USD)         QTY  AVERAGE  SLIPPAGE(bps)  FILLABLE\n"
        "     1000  0.42947578  2328.42          1.267  yes\n"
        "        3           0                          no\n\n"
        "slippage by size, basis points\n"
        f"1000 USD  1.267  {'█' * 43}\n"
        "where not fillable, as far as the visible books go\n"
    )
    nothing = CURVE | {"curve": [], "mid_1e9": None}
    assert (
        show(nothing, items="curve", table=intelligence.slippage).out == "buy ETH-USD\n\nno venue shows a book of it\n"
    )


def test_venues_are_ranked_by_their_share_and_unknown_is_blank(show: Show) -> None:
    rows = [
        {"venue": "okx", "market_share": None, "spread_bps": None, "spread_regime": None},
        {"venue": "kraken", "market_share": Number("0.132572"), "spread_bps": Number("3.952"), "spread_regime": "wide"},
        {
            "venue": "binance",
            "market_share": Number("0.867428"),
            "spread_bps": Number("5.068"),
            "spread_regime": "tight",
            "toxicity_score": Number("0.337379"),
            "quote_to_trade_ratio": Number("7.101"),
        },
    ]
    assert show({"symbol": "ETH-USD", "venues": rows}, items="venues", table=intelligence.venues).out == (
        "ETH-USD\n"
        "VENUE        SHARE  SPREAD(bps)  REGIME  TOXICITY  BOOKS A TRADE\n"
        "binance  86.7428 %        5.068  tight   0.337379          7.101\n"
        "kraken   13.2572 %        3.952  wide\n"
        "okx\n"
    )


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_table_fits(show: Show, width: int) -> None:
    for body, table in ((BOOK, intelligence.depth), (CURVE, intelligence.slippage)):
        assert all(len(line) <= width for line in show(body, table=table, width=width).lines)


def test_a_report_page_leaves_bars_out() -> None:
    text = page("t", [Section("s", intelligence.book(BOOK))]).decode()
    assert "2327.83" in text
    assert "DEPTH" not in text
