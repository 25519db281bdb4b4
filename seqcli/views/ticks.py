"""Marks of an axis: round values and round times, exact, and what is written beside them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from seqcli.units import SECOND, decimal_text

_MINUTE, _HOUR, _DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
_STEPS = (
    *(times * 10**power for power in range(6, 9) for times in (1, 2, 5)),
    *(times * SECOND for times in (1, 2, 5, 10, 15, 30)),
    *(times * _MINUTE for times in (1, 2, 5, 10, 15, 30)),
    *(times * _HOUR for times in (1, 2, 3, 6, 12)),
    *(times * _DAY for times in (1, 2, 4, 7, 14)),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_DAYS_A_MONTH = 31


def step_of(low: int, high: int, most: int) -> int:
    """The smallest of 1, 2, 5 × 10**n that marks [low, high] no more than `most` times."""
    step, times = 1, (2, 5, 10)
    while (high // step) - (-(-low // step)) + 1 > max(most, 2):
        power = 10 ** (len(str(step)) - 1)
        step = next(power * each for each in times if power * each > step)
    return step


def room(low: int, high: int) -> tuple[int, int]:
    """The ends of an axis: a value that never changes gets a thousandth of itself on either side."""
    beside = max(1, abs(low) // 1000) if low == high else 0
    return low - beside, high + beside


def values(low: int, high: int, most: int, digits: int) -> list[tuple[int, str]]:
    """Round values of [low, high] at a scale of `digits` decimals, and their texts, all with the same decimals."""
    step = step_of(low, high, most)
    decimals = len(decimal_text(step, digits).partition(".")[2])
    marks = range(-(-low // step) * step, high + 1, step)
    return [(mark, padded(mark, digits, decimals)) for mark in marks]


def padded(value: int, digits: int, decimals: int) -> str:
    """`value` / 10**digits with at least so many decimals."""
    whole, _, fraction = decimal_text(value, digits).partition(".")
    fraction = fraction.ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def times(first_ns: int, last_ns: int, most: int) -> list[tuple[int, str]]:
    """Round instants of [first, last], UTC, and their texts; a midnight is written as its date."""
    most = max(most, 1)
    for step in _STEPS:
        if last_ns // step - -(-first_ns // step) + 1 <= most:
            marks = range(-(-first_ns // step) * step, last_ns + 1, step)
            return [(mark, _instant(mark, step)) for mark in marks]
    for months in _MONTHS:
        if (last_ns - first_ns) // (months * _DAYS_A_MONTH * _DAY) < most:
            return [(mark, f"{_date(mark):%Y-%m}") for mark in _beginnings(first_ns, last_ns, months)][:most]
    return []


def span(first_ns: int, last_ns: int) -> str:
    """From when to when, in full."""
    form = "%Y-%m-%d %H:%M:%S" if last_ns - first_ns < 10 * _MINUTE else "%Y-%m-%d %H:%M"
    return f"{_date(first_ns):{form}} to {_date(last_ns):{form}} UTC"


def _beginnings(first_ns: int, last_ns: int, months: int) -> Iterator[int]:
    """Beginnings of every so many months, counted from a January."""
    start = _date(first_ns)
    month = (start.year * 12 + start.month - 1) // months * months
    while True:
        mark = int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * SECOND
        if mark > last_ns:
            return
        if mark >= first_ns:
            yield mark
        month += months


def _instant(mark: int, step: int) -> str:
    at = _date(mark)
    if step < SECOND:
        return f"{at:%H:%M:%S}.{mark % SECOND // 10**6:03d}"
    if mark % _DAY == 0:
        return f"{at:%m-%d}"
    return f"{at:%H:%M:%S}" if step < _MINUTE else f"{at:%H:%M}"


def _date(ts_ns: int) -> datetime:
    return datetime.fromtimestamp(ts_ns // SECOND, UTC)
