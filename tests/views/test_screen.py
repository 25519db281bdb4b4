"""Untrusted text is harmless on a terminal; colour and width are decided in one place."""

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from seqcli.views import screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("hostile", "expected"),
    [
        ("plain BTC-USD", "plain BTC-USD"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", None),
        ("\x9b31m one byte of C1", "\\u009b31m one byte of C1"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("a\rb", "a\\u000db"),
        ("a\nb\tc", "a b c"),
        ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\u0085d"),
        ("\u202eDSU-CTB", "\\u202eDSU-CTB"),
        ("a\u2066b\u2069c\u200ed\u200fe\u061cf", "a\\u2066b\\u2069c\\u200ed\\u200fe\\u061cf"),
        ("B\u200bT\u200cC\u200d-\u2060U\ufeffSD\u00ad", "B\\u200bT\\u200cC\\u200d-\\u2060U\\ufeffSD\\u00ad"),
        ("BTC\u3164\u115f\u2800", "BTC\\u3164\\u115f\\u2800"),
        ("x\U000e0041\U000e0100", "x\\U000e0041\\U000e0100"),
        ("\x7f\x00\x08", "\\u007f\\u0000\\u0008"),
        ("\ud800", "\\ud800"),
        ("BTC[/] [red]x[/red]", "BTC[/] [red]x[/red]"),
        ("Ärger 比特币 ₿", "Ärger 比特币 ₿"),
    ],
)
def test_control_bidi_and_invisible_characters_are_spelled_out(hostile: str, expected: str | None) -> None:
    shown = screen.clean(hostile)
    assert "\x1b" not in shown
    if expected is not None:
        assert shown == expected


@given(st.text())
def test_nothing_that_is_cleaned_acts_hides_or_breaks_the_line(text: str) -> None:
    shown = screen.clean(text)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1
    assert screen.clean(shown) == shown


def test_marks_do_not_climb_over_their_neighbours() -> None:
    assert screen.clean("e\u0301") == "e\u0301"
    assert screen.clean("\u0301e") == "\\u0301e"
    assert screen.clean("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + "\\u0301" * 2


def test_the_selector_behind_a_picture_is_left_out_and_anywhere_else_spelled() -> None:
    assert screen.clean("\u2764\ufe0f") == "\u2764"
    assert screen.clean("\u2764\ufe0f\ufe0f") == "\u2764\\ufe0f"
    assert screen.clean("BTC\ufe0f") == "BTC\\ufe0f"
    assert cell_len(screen.clean("比特")) == 4


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "expected"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
    ],
)
def test_colour_follows_the_option_then_the_environment_then_stdout(
    monkeypatch: pytest.MonkeyPatch, choice: str, environment: dict[str, str], terminal: bool, expected: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert screen.has_colour(Terminal() if terminal else io.StringIO(), choice) is expected


def test_only_a_terminal_has_a_width_and_a_given_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "63")
    assert screen.width(Terminal(), None) == 63
    assert screen.width(io.StringIO(), None) is None
    assert screen.width(io.StringIO(), 40) == 40
    closed = io.StringIO()
    closed.close()
    assert screen.width(closed, None) is None
