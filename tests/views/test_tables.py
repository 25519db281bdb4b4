"""Tables: whole numbers, safe text, columns that give way to digits."""

import importlib
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.views import Options, Result, render, screen
from seqcli.views.blocks import Column, Grid
from seqcli.views.cells import columns
from seqcli.views.draw import draw, fitting

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\u061c]")


def table(noun, name):
    return getattr(importlib.import_module(f"seqcli.views.{noun}"), name)


def text_of(blocks, width=None, **options):
    out = io.StringIO()
    draw(blocks, Options(width=width, **options), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("hostile", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("\x1b]8;;http://evil\x07link", "\\u001b]8;;http://evil\\u0007link"),
        ("a\u202eb", "a\\u202eb"),
        ("BTC[/]", "BTC[/]"),
        ("[red]x[/red]", "[red]x[/red]"),
        (":smile:", ":smile:"),
        ("two\nlines", "two lines"),
        ("\x9b31m", "\\u009b31m"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\U000e0041", "\\U000e0041"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 4 + "\\u0301" * 46),
        ("naïve – 日本 👍", "naïve – 日本 👍"),
    ],
)
def test_untrusted_text_is_shown_and_never_alive(hostile, seen):
    assert screen.clean(hostile) == seen
    assert seen in text_of([Grid(columns=columns("A"), rows=[[hostile]])])


@given(st.text())
def test_cleaning_leaves_nothing_alive(value):
    assert CONTROL.search(screen.clean(value)) is None


GRID = Grid(
    columns=columns("SYMBOL >QTY >PRICE/1 VENUE/2 ORDER/3"),
    rows=[["ETH-USD", "123456789.12345678", "2353.123456789", "kraken", "graph:sq-0123:order:1"]],
)


@pytest.mark.parametrize(("width", "kept"), [(200, 5), (80, 5), (60, 4), (45, 3), (30, 2), (10, 2)])
def test_a_narrow_terminal_drops_columns_never_digits(width, kept):
    assert fitting(GRID, width) == list(range(kept))
    text = text_of([GRID], width=width)
    assert "123456789.12345678" in text
    assert ("2353.123456789" in text) is (kept > 2)
    assert all(len(line.rstrip()) <= max(width, 27) for line in text.splitlines())


def test_numbers_align_right():
    grid = Grid(columns=(Column("N", right=True),), rows=[["1"], ["123.5"]])
    assert [line.rstrip("\n")[:5] for line in text_of([grid]).splitlines()] == ["    N", "    1", "123.5"]


@pytest.mark.parametrize(
    ("choice", "variables", "colour"),
    [
        ("auto", {}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True),
    ],
)
def test_who_decides_about_colour(choice, variables, colour, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    mood = table("orders", "listed")({"orders": [{"node_order_id": "g", "status": "REJECTED", "symbol": "ETH-USD"}]})
    assert ("\x1b[" in text_of(mood, color=choice)) is colour


def test_an_empty_list_says_so_and_is_success():
    out = io.StringIO()
    assert (
        render(Result(body={"orders": []}, items="orders", table=table("orders", "listed")), Options(), out, out) == 0
    )
    assert out.getvalue().strip() == "no orders"


def test_a_portfolio_shows_exact_decimals():
    body = {
        "totals": {"nav_usd_1e9": 10**25 + 1, "cash_usd_1e9": 5, "unrealized_pnl_usd_1e9": -1},
        "positions": [{"instrument": {"kind": "crypto", "symbol": "ETH"}, "venue": "kraken", "qty_1e8": 100_000_001}],
    }
    text = text_of(table("portfolio", "show")(body))
    assert "10000000000000000.000000001 USD" in text
    assert "-0.000000001" in text
    assert "1.00000001" in text


def test_a_live_order_is_marked():
    assert "LIVE" in text_of(table("orders", "placed")({"outcome": "accepted", "mode": "live", "graph_id": "g"}))
