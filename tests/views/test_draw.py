"""Tables: right-aligned whole numbers; a narrow terminal loses columns, never digits."""

import io
from typing import Any

import pytest

from seqcli.views import Options, draw
from seqcli.views.blocks import Block, Cell, Column, Grid, Line, Pairs
from seqcli.views.cells import columns


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(*blocks: Block, stdout: io.StringIO | None = None, **options: Any) -> str:
    stream = stdout or io.StringIO()
    draw.draw(blocks, Options(**options), stream)
    return stream.getvalue()


GRID = Grid(
    columns=columns("NAME >QTY >PRICE/1 NOTE/3 >FEE/2"),
    rows=[["BTC-USD", "0.5", "73984.125", "x" * 30, "1.25"], ["ETH", "123456789.12345678", "7", "", ""]],
)


def test_numbers_are_aligned_right_and_nothing_ends_in_blanks() -> None:
    assert drawn(GRID) == (
        "NAME                    QTY      PRICE  NOTE                             FEE\n"
        "BTC-USD                 0.5  73984.125  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  1.25\n"
        "ETH      123456789.12345678          7\n"
    )


@pytest.mark.parametrize(
    ("width", "kept"), [(200, [0, 1, 2, 3, 4]), (75, [0, 1, 2, 4]), (44, [0, 1, 2, 4]), (40, [0, 1, 2]), (32, [0, 1])]
)
def test_columns_are_left_out_whole_the_least_important_first(width: int, kept: list[int]) -> None:
    """7 + 18 + 9 + 30 + 4 wide, 2 between: 27 for the first two, 38 with the price, 44 with the fee, 76 with all."""
    assert draw.fitting(GRID, width) == kept
    assert all(len(line) <= width for line in drawn(GRID, width=width).splitlines())


def test_a_column_too_wide_does_not_take_smaller_ones_with_it() -> None:
    grid = Grid(columns=columns("A LONG/1 >B/2"), rows=[["a", "x" * 50, "1"]])
    assert draw.fitting(grid, 10) == [0, 2]


@pytest.mark.parametrize("width", [1, 5, 10, 40])
@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_digits_are_never_cut(monkeypatch: pytest.MonkeyPatch, width: int, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    number = "98765432101234567890.123456789" * 5
    grid = Grid(columns=columns(">QTY >OTHER"), rows=[[number, number]])
    for color in ("never", "always"):
        text = drawn(grid, Pairs(rows=[("value", number)]), Line(number), width=width, color=color)
        assert text.count(number) == 4


def test_a_pipe_gets_plain_lines_of_any_length() -> None:
    text = drawn(Grid(columns=columns("A B/1"), rows=[["x" * 300, "y" * 300]]))
    assert text.splitlines()[1] == "x" * 300 + "  " + "y" * 300
    assert text.isascii()


def test_wide_letters_count_as_two_columns() -> None:
    text = drawn(Grid(columns=columns("NAME >N"), rows=[["比特币", "1"], ["BTC", "22"]]))
    assert text == "NAME     N\n比特币   1\nBTC     22\n"


def test_colour_is_asked_for_and_does_not_follow_the_environment_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(Cell("REJECTED", "bad"))
    assert drawn(line) == "REJECTED\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert drawn(line, color="always") == "\x1b[1;31mREJECTED\x1b[0m\n"
    assert drawn(line, stdout=Terminal()) == "REJECTED\n"


def test_hostile_text_is_harmless_in_every_place_of_a_table() -> None:
    evil = "\x1b]8;;http://e\x07BTC[/][red]\u202e"
    safe = "\\u001b]8;;http://e\\u0007BTC[/][red]\\u202e"
    grid = Grid(columns=(*columns("A"),), rows=[[Cell(evil, "good")]], title=evil)
    named = Grid(columns=(Column(evil),), rows=[[evil]])
    empty = Grid(columns=(), rows=[], empty=evil)
    text = drawn(grid, named, empty, Pairs(title=evil, rows=[(evil, evil)]), Line(evil))
    assert text.count(safe) == 2 + 2 + 1 + 3 + 1
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_sentence_is_broken_at_the_terminal_even_beside_what_is_wider() -> None:
    wide = Grid(columns=columns("NAME"), rows=[["x" * 50]])
    words = "a sentence of some words that are to be read"
    lines = drawn(wide, Line(words), width=30).splitlines()
    assert lines[2:] == ["a sentence of some words that", "are to be read"]
    assert drawn(wide, Line(words, whole=True), width=30).splitlines()[2:] == [words]


def test_blocks_are_parted_by_a_blank_line_and_an_empty_one_says_so() -> None:
    assert drawn(
        Pairs(title="t", rows=[("a", "1"), ("bb", "2")]), Grid(columns=columns("A"), rows=[], empty="none")
    ) == ("t\na   1\nbb  2\n\nnone\n")
