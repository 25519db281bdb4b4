"""Frames on a screen of their own; the last one, its notes and its failure stay behind."""

import io
import os
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from seqcli.errors import NotFound
from seqcli.views import Live, Options, Result, intelligence
from seqcli.views.blocks import Line

fcntl = pytest.importorskip("fcntl", reason="no pseudo-terminals on this system")
pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")


class Terminal(io.StringIO):
    """Memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def frame(*lines: str, **more: Any) -> Result:
    return Result(body={"lines": lines}, table=lambda body: [Line(line) for line in body["lines"]], live=True, **more)


@pytest.fixture(autouse=True)
def moving_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_frames_are_drawn_over_one_another_and_the_last_one_stays() -> None:
    out, err = Terminal(), io.StringIO()
    live = Live(Options(color="never"), out, err)
    assert live.show(frame("one", "two")) == 0
    assert live.show(frame("three")) == 0
    live.close()
    live.close()
    assert out.getvalue() == (
        "\x1b[?1049h\x1b[?25l\x1b[Hone\x1b[K\ntwo\x1b[K\x1b[J\x1b[Hthree\x1b[K\x1b[J\x1b[?25h\x1b[?1049lthree\n"
    )
    assert err.getvalue() == ""


def test_what_went_wrong_is_on_the_screen_and_told_once_it_is_left() -> None:
    out, err = Terminal(), io.StringIO()
    live = Live(Options(color="never"), out, err)
    assert live.show(frame("one", failure=NotFound("gone"), notes=["said once"])) == 5
    assert "gone\x1b[K\nsaid once\x1b[K" in out.getvalue()
    assert err.getvalue() == ""
    live.close()
    assert err.getvalue() == "said once\nseq: gone\n"


@pytest.mark.parametrize(
    ("options", "shown"),
    [(Options(), '{"lines":["one"]}\n'), (Options(output="ndjson"), '{"lines":["one"]}\n'), (Options(quiet=True), "")],
)
def test_a_program_gets_lines_and_no_escape(options: Options, shown: str) -> None:
    out = io.StringIO()
    live = Live(options, out, io.StringIO())
    live.show(frame("one"))
    live.close()
    assert out.getvalue() == shown


@pytest.fixture
def small() -> Iterator[Callable[[int], io.TextIOWrapper]]:
    """A real terminal of so many lines."""
    opened = []

    def make(lines: int) -> io.TextIOWrapper:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
        stream = open(slave, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - closed below
        opened.append((master, stream))
        return stream

    yield make
    for master, stream in opened:
        stream.close()
        os.close(master)


def rows_of(drawn: str) -> list[str]:
    return [line.partition("\x1b[K")[0].removeprefix("\x1b[H") for line in drawn.splitlines()]


def test_a_screen_too_small_says_how_much_is_missing(small: Callable[[int], io.TextIOWrapper]) -> None:
    live = Live(Options(color="never"), small(5), io.StringIO())
    drawn = live._frame(frame(*(f"line {number}" for number in range(9))))
    assert rows_of(drawn) == ["line 0", "line 1", "line 2", "line 3", "… 5 more lines"]


def test_what_went_wrong_is_never_what_is_cut(small: Callable[[int], io.TextIOWrapper]) -> None:
    live = Live(Options(color="never"), small(5), io.StringIO())
    drawn = live._frame(frame(*(f"line {number}" for number in range(9)), failure=NotFound("gone")))
    assert rows_of(drawn) == ["line 0", "line 1", "line 2", "… 6 more lines", "gone"]


def test_a_line_too_long_counts_as_the_rows_it_takes(small: Callable[[int], io.TextIOWrapper]) -> None:
    live = Live(Options(color="always", width=200), small(4), io.StringIO())
    drawn = live._frame(frame("x" * 100, "one", "two", "three"))
    assert rows_of(drawn) == ["x" * 100, "one", "… 2 more lines"]


def book(bids: int, asks: int) -> Result:
    levels = {
        "bids": [[Decimal(100 - place), Decimal(1)] for place in range(bids)],
        "asks": [[Decimal(101 + place), Decimal(1)] for place in range(asks)],
    }
    return Result(body={"symbol": "BTC-USD", **levels}, table=intelligence.book, live=True)


@pytest.mark.parametrize(
    ("bids", "asks", "shown"),
    [(20, 20, (7, 8)), (20, 3, (12, 3)), (2, 20, (2, 13)), (5, 5, (5, 5))],
    ids=["both sides", "few asks", "few bids", "all fit"],
)
def test_a_low_screen_shows_both_sides_of_a_book(
    small: Callable[[int], io.TextIOWrapper], bids: int, asks: int, shown: tuple[int, int]
) -> None:
    live = Live(Options(color="never"), small(23), io.StringIO())
    lines = rows_of(live._frame(book(bids, asks)))
    assert len(lines) <= 23
    sides = [line.split()[0] for line in lines if line.startswith(("ask", "bid"))]
    assert (sides.count("bid"), sides.count("ask")) == shown
    prices = [line.split()[1] for line in lines if line.startswith(("ask", "bid"))]
    assert {"100", "101"} <= set(prices)
    left_out = bids + asks - sum(shown)
    assert (lines[-1] == f"… {left_out} more lines") == (left_out > 0)


def test_a_screen_of_three_lines_has_still_something(small: Callable[[int], io.TextIOWrapper]) -> None:
    live = Live(Options(color="never"), small(3), io.StringIO())
    assert len(rows_of(live._frame(book(20, 20)))) == 3
