"""Quotes as people see them, with the digits of the server."""

from collections.abc import Callable
from typing import Any

import pytest

from seqcli.views import quotes
from seqcli.wire.strict import Number

Show = Callable[..., Any]


def touch(bid: str, ask: str, age: int) -> dict[str, Any]:
    return {
        "bid": Number(bid),
        "ask": Number(ask),
        "bid_size": Number("1.62"),
        "ask_size": Number("0.940"),
        "age_ms": age,
    }


QUOTE: dict[str, Any] = {
    "symbol": "BTC-USD",
    "nbbo": {
        "bid": Number("73984.12"),
        "ask": Number("73985.03"),
        "mid": Number("73984.575"),
        "spread_bps": Number("0.123"),
    },
    "venues": {"coinbase": touch("73983.91", "73985.40", 121), "kraken": touch("73984.12", "73985.03", 35)},
    "book": {
        "bids": [[Number("73984.12"), Number("1.62")], [Number("73983.91"), Number("0.5")]],
        "asks": [[Number("73985.03"), 2]],
    },
    "source": "edge_nbbo",
}
ONE = """\
NBBO          BID       ASK        MID  SPREAD(bps)  SOURCE
BTC-USD  73984.12  73985.03  73984.575        0.123  edge_nbbo

VENUE          BID       ASK  BID SIZE  ASK SIZE  AGE(ms)
kraken    73984.12  73985.03      1.62     0.940       35
coinbase  73983.91  73985.40      1.62     0.940      121
"""


def test_a_quote_shows_the_nbbo_and_each_venue_with_the_digits_of_the_server(show: Show) -> None:
    assert show(QUOTE, table=quotes.one).out == ONE


def test_a_quote_with_its_book(show: Show) -> None:
    assert show(QUOTE, table=quotes.with_book).out == ONE + (
        "\nBID SIZE       BID       ASK  ASK SIZE\n    1.62  73984.12  73985.03         2\n     0.5  73983.91\n"
    )


def test_a_quote_that_is_not_live_says_where_it_came_from(show: Show) -> None:
    assert show(QUOTE | {"source": "venue_public_api"}, table=quotes.one).lines[-1] == "source: venue_public_api"


def test_several_quotes_a_line_each(show: Show) -> None:
    body = {"quotes": [QUOTE, {"symbol": "NOPE", "error": "unknown \x1b symbol"}]}
    assert show(body, items="quotes", table=quotes.many).out == (
        "NBBO          BID       ASK        MID  SPREAD(bps)  SOURCE\n"
        "BTC-USD  73984.12  73985.03  73984.575        0.123  edge_nbbo\n"
        "NOPE                                                 unknown \\u001b symbol\n"
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_quote_fits_the_terminal(show: Show, width: int) -> None:
    lines = show(QUOTE, table=quotes.with_book, width=width).lines
    assert all(len(line) <= width for line in lines)
    assert lines[1].startswith("BTC-USD  73984.12  73985.03")
    assert lines[4].startswith("kraken    73984.12  73985.03")
