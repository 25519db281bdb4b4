"""Charts: they fit to the letter, with and without colour, and say exact values at round places."""

import io
import itertools
import re
from collections.abc import Sequence

import pytest

from seqcli.units import SECOND
from seqcli.views import Options, charts, draw, ticks
from seqcli.views.blocks import Block, Candle, Chart, Line
from seqcli.views.charts import Frame

MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
START = 1_764_201_600 * SECOND  # 2025-11-27T00:00:00Z
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def wave(count: int, step: int = MINUTE) -> list[Candle]:
    """Candles that rise and fall, without chance: each opens at the last one's close."""
    closes = [74_000_000_000_000 + (place * 37 % 101 - 50) * 10**10 for place in range(count + 1)]
    return [
        Candle(START + place * step, was, max(was, now) + 10**9, min(was, now) - 10**9, now)
        for place, (was, now) in enumerate(itertools.pairwise(closes))
    ]


def closes(count: int, step: int = MINUTE) -> list[tuple[int, int]]:
    return [(bar.ts_ns, bar.close) for bar in wave(count, step)]


def plain(lines: Sequence[str]) -> list[str]:
    return [ESCAPE.sub("", line) for line in lines]


def drawn(*blocks: Block, **options: object) -> str:
    stream = options.pop("stdout", None) or io.StringIO()
    assert isinstance(stream, io.StringIO)
    draw.draw(blocks, Options(**options), stream)  # type: ignore[arg-type]
    return stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("height", [8, 16, 30])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("plainly", [False, True])
def test_a_picture_is_as_wide_and_as_high_as_asked(width: int, height: int, colour: bool, plainly: bool) -> None:
    frame = Frame(width=width, height=height, colour=colour, ascii=plainly)
    for count in (1, 2, 59, 500):
        pictures = [
            charts.candles(wave(count), frame),
            charts.line({"mid": closes(count)}, frame),
            charts.line({"binance": closes(count), "okx": closes(count // 2 + 1)}, frame),
        ]
        for picture in pictures:
            assert len(picture) == height
            assert {len(line) for line in plain(picture)} == {width}
            assert any("\x1b" in line for line in picture) == colour
            assert not plainly or all(line.isascii() for line in picture)


def test_the_same_values_give_the_same_letters_whatever_was_drawn_before() -> None:
    frame = Frame(width=80, colour=True)
    first = charts.candles(wave(40), frame)
    charts.bars([("x", 1)], frame)
    assert charts.candles(wave(40), frame) == first
    assert charts.candles(wave(41), frame) != first


def test_a_candle_has_a_body_from_open_to_close_and_wicks_beyond_it() -> None:
    rising = Candle(START, 2 * 10**9, 9 * 10**9, 10**9, 6 * 10**9)
    falling = Candle(START + MINUTE, 6 * 10**9, 9 * 10**9, 10**9, 2 * 10**9)
    rows = charts.candles([rising, falling], Frame(width=60, height=13, ascii=True))
    columns = ["".join(row[place] for row in rows[1:10]) for place in range(2, 59)]
    assert [column for column in columns if column.strip()] == ["|||ooooo|", "|||#####|"]


def test_candles_too_many_for_the_width_are_put_together_and_lose_no_extreme() -> None:
    many = wave(1000)
    many[777] = Candle(many[777].ts_ns, many[777].open, 80_000 * 10**9, 70_000 * 10**9, many[777].close)
    rows = charts.candles(many, Frame(width=60, height=20))
    assert rows[1].startswith("80000")
    assert rows[1].count("│") == 2
    spike = rows[1].index("│", 7)
    assert all(row[spike] in "│█▒" for row in rows[1:17])
    assert rows[-1].rstrip().endswith(" UTC, 19 bars a candle")
    assert "candle" not in charts.candles(wave(20), Frame(width=60))[-1]


def test_a_candle_that_contradicts_itself_stays_inside_the_picture() -> None:
    """A body far beyond the wicks must not be drawn across rows that are not there."""
    frame = Frame(width=60, height=10)
    odd = [Candle(START + MINUTE, 10**25, 2, 1, -(10**25)), Candle(START, 1, 2, 1, 2)]
    rows = charts.candles(odd, frame)
    assert [len(row) for row in rows] == [60] * 10
    assert rows == charts.candles(odd[::-1], frame)


def test_bars_left_out_are_a_gap_of_their_length() -> None:
    bars = wave(30)
    rows = charts.candles(bars[:10] + bars[20:], Frame(width=80, height=12))
    first, last = rows[0].index("┌") + 1, rows[0].index("┐")
    used = [any(row[place] in "│█▒" for row in rows[1:9]) for place in range(first, last)]
    assert [place for place, seen in enumerate(used) if seen] == [*range(1, 20, 2), *range(41, 60, 2)]


def test_a_line_keeps_a_peak_between_ten_thousand_points() -> None:
    points = [(START + place * SECOND, 100 * 10**9) for place in range(10_000)]
    points[5_432] = (points[5_432][0], 200 * 10**9)
    rows = charts.line({"mid": points}, Frame(width=80, height=12))
    assert rows[1].startswith("200┤")
    assert rows[1][4:].strip(" │") != ""


def test_lines_are_told_apart_without_colour_too() -> None:
    lines = {"binance": closes(50), "okx": [(at, value + 10**12) for at, value in closes(50)]}
    picture = charts.line(lines, Frame(width=80))
    assert picture[-1].strip() == "** binance  ++ okx"
    assert any("*" in row for row in picture[:-1])
    assert any("+" in row for row in picture[:-1])
    assert charts.line(lines, Frame(width=80, colour=True))[-1].count("──") == 2


def test_bars_say_their_exact_value_and_start_at_zero() -> None:
    rows = charts.bars([("kraken", 4 * 10**9), ("okx", -(10**9)), ("比特", 0)], Frame(width=40))
    assert rows == [
        "kraken   4       ███████████████████████",
        "okx     -1  ██████                      ",
        "比特     0                              ",
    ]


def test_of_too_many_bars_the_rest_is_counted() -> None:
    rows = charts.bars([(f"v{place}", place) for place in range(9)], Frame(width=60, height=4))
    assert len(rows) == 4
    assert rows[-1].strip() == "6 more"


@pytest.mark.parametrize(
    ("low", "high", "most", "digits", "texts"),
    [
        (0, 10, 5, 0, ["0", "5", "10"]),
        (73_984_120_000_000, 73_984_960_000_000, 5, 9, ["73984.2", "73984.4", "73984.6", "73984.8"]),
        (-125_000_000, 125_000_000, 6, 9, ["-0.10", "-0.05", "0.00", "0.05", "0.10"]),
        (1, 2, 2, 9, ["0.000000001", "0.000000002"]),
        (9_007_199_254_740_992, 9_007_199_254_740_995, 4, 9, [f"9007199.25474099{last}" for last in (2, 3, 4, 5)]),
    ],
)
def test_marks_are_round_and_exact(low: int, high: int, most: int, digits: int, texts: list[str]) -> None:
    marks = ticks.values(low, high, most, digits)
    assert [text for _, text in marks] == texts
    assert all(low <= value <= high for value, _ in marks)


@pytest.mark.parametrize(
    ("length", "texts"),
    [
        (500_000_000, ["00:00:00.100", "00:00:00.200", "00:00:00.300", "00:00:00.400", "00:00:00.500"]),
        (4 * MINUTE, ["00:01", "00:02", "00:03", "00:04"]),
        (DAY, ["06:00", "12:00", "18:00", "11-28"]),
        (40 * DAY, ["12-04", "12-11", "12-18", "12-25", "01-01"]),
        (366 * DAY, ["2026-01", "2026-04", "2026-07", "2026-10"]),
        (1830 * DAY, [f"{year}-01" for year in range(2026, 2031)]),
    ],
)
def test_times_are_round_in_utc(length: int, texts: list[str]) -> None:
    assert [text for _, text in ticks.times(START + 1, START + length, 5)] == texts


def test_a_block_fits_the_terminal_and_a_pipe_gets_eighty_columns() -> None:
    chart = Chart(title="BTC-USD", candles=wave(30), height=12)
    for width in (60, 80, 200):
        lines = drawn(chart, width=width).splitlines()
        assert len(lines) == 13
        assert max(len(line) for line in lines) == width
    assert max(len(line) for line in drawn(chart).splitlines()) == 80
    coloured = drawn(chart, width=80, color="always")
    assert "\x1b[32m█" in coloured
    assert len(ESCAPE.sub("", coloured).splitlines()) == 13


def test_a_narrow_terminal_drops_the_chart_and_says_so() -> None:
    chart = Chart(title="BTC-USD", candles=wave(30))
    assert drawn(chart, width=59) == "BTC-USD\nno chart below 60 columns\n"
    assert drawn(Chart(lines={"mid": []})) == "nothing to draw\n"


@pytest.mark.parametrize(
    "chart",
    [
        Chart(candles=[Candle("x", 1, 1, 1, 1)]),  # type: ignore[arg-type]
        Chart(candles=[Candle(START, 1, 2, 1, 2), Candle(START, 1, 2, 1, 2)]),
        Chart(lines={"mid": [(10**30, 1), (10**31, 2)]}),
        Chart(lines={"mid": [(START, None)]}),  # type: ignore[list-item]
    ],
)
def test_what_cannot_be_drawn_is_said_and_stops_nothing(chart: Chart) -> None:
    assert drawn(chart, Line("below")) == "no chart: these are no values over time\nbelow\n"


def test_an_encoding_without_blocks_gets_ascii() -> None:
    class Latin(io.StringIO):
        encoding = "latin-1"

    text = drawn(Chart(candles=wave(30)), stdout=Latin())
    assert text.isascii()
    assert "#" in text
    assert not drawn(Chart(candles=wave(30))).isascii()


def test_a_hostile_name_is_harmless() -> None:
    evil = "\x1b]0;x\x07\u202e"
    lines = {evil: closes(3), "okx": closes(3)}
    text = drawn(Chart(bars=[(evil, 1)]), Chart(lines=lines), color="never")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("\\u001b]0;x\\u0007\\u202e") == 2


def test_a_value_that_never_changes_lies_in_the_middle_of_round_marks() -> None:
    assert ticks.room(100_000, 100_000) == (99_900, 100_100)
    assert ticks.room(0, 0) == (-1, 1)
    assert ticks.room(-5_000, -5_000) == (-5_005, -4_995)
    assert ticks.room(1, 2) == (1, 2)
