r"""Money and time as integers, and their text: exact or refused. No binary float anywhere.

Price 1e9 · Quantity 1e8 · BasisPoints 1 · Nanoseconds 1e9. What an operation yields:

    X + X → X     X - X → X     -X → X     X < X → bool     X + Y, X + float → TypeError
    X * int → int     X // int → int     int(X) → int

Text is `-?[0-9]+(\.[0-9]+)?` in ASCII; a value fits in signed 64 bits.
"""

import re
from functools import lru_cache
from typing import Any, ClassVar, Self

from seqcli.errors import Usage

LARGEST = (1 << 63) - 1
SECOND = 1_000_000_000
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_DURATION = r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h|d)"
_PER_UNIT = {
    "ns": 1,
    "us": 1000,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86400 * SECOND,
}


def parse_scaled(text: str, digits: int, what: str) -> int:
    """`text` × 10**digits, exactly. Raises `Usage` that names the text and the limit."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        shown = text if text.isascii() and text.isprintable() else ascii(text)[1:-1]
        raise Usage(f"{shown!r} is not a number", hint=f"{what}: digits with an optional point, such as 1.5")
    sign, whole, fraction = match.groups()
    fraction = fraction or ""
    if len(fraction) > digits:
        limit = f"at most {digits} decimals" if digits else "a whole number"
        raise Usage(f"{text} as {what}: {limit}")
    value = int(whole + fraction.ljust(digits, "0")) if len(whole) < 30 else LARGEST + 1  # noqa: PLR2004 - digits
    if value > LARGEST:
        raise Usage(f"{text} as {what}: at most {decimal_text(LARGEST, digits)}")
    return -value if sign else value


def decimal_text(value: int, digits: int) -> str:
    """`value` / 10**digits as plain decimal text without trailing zeros or point."""
    if not digits:
        return str(value)
    sign = "-" if value < 0 else ""
    text = str(abs(value)).rjust(digits + 1, "0")
    fraction = text[-digits:].rstrip("0")
    return f"{sign}{text[:-digits]}.{fraction}" if fraction else f"{sign}{text[:-digits]}"


class Fixed(int):
    """An integer at a scale of its own; two scales never meet."""

    digits: ClassVar[int]
    what: ClassVar[str]

    def __new__(cls, value: int) -> Self:
        """From an integer at this scale; anything else, a float above all, is a TypeError."""
        if type(value) is not int and type(value) is not cls:
            raise TypeError(f"{cls.__name__} is made from an integer or parsed from text, not from {value!r}")
        return super().__new__(cls, value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From decimal text, exactly. Raises `Usage`."""
        if not isinstance(text, str):
            raise TypeError(f"{cls.__name__}.parse takes text, not {text!r}")
        return cls(parse_scaled(text, cls.digits, cls.what))

    @property
    def text(self) -> str:
        """Plain decimal."""
        return decimal_text(int(self), self.digits)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"

    def _same(self, other: object) -> Self:
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} do not mix")
        return other

    def __add__(self, other: object) -> Self:
        return type(self)(int(self) + int(self._same(other)))

    def __radd__(self, other: object) -> Self:
        return self + other

    def __sub__(self, other: object) -> Self:
        return type(self)(int(self) - int(self._same(other)))

    def __rsub__(self, other: object) -> Self:
        return self._same(other) - self

    def __neg__(self) -> Self:
        return type(self)(-int(self))

    def __mul__(self, other: object) -> int:
        return self._whole(other, int(self).__mul__)

    __rmul__ = __mul__

    def __floordiv__(self, other: object) -> int:
        return self._whole(other, int(self).__floordiv__)

    def __truediv__(self, other: object) -> float:
        raise TypeError(f"{type(self).__name__} is divided with // by an integer, never into a float")

    def _whole(self, other: object, operation: Any) -> int:
        if not isinstance(other, int):
            raise TypeError(f"{type(self).__name__} and {type(other).__name__} do not mix")
        result: int = operation(int(other))
        return result


class Price(Fixed):
    """Quote currency, 1e9 fixed point."""

    digits, what = 9, "a price"


class Quantity(Fixed):
    """Base units or contracts, 1e8 fixed point."""

    digits, what = 8, "a quantity"


class Usd(Fixed):
    """US dollars, 1e9 fixed point."""

    digits, what = 9, "an amount in USD"


class BasisPoints(Fixed):
    """10 bps = 0.10 %."""

    digits, what = 0, "basis points"


class Nanoseconds(Fixed):
    """A duration, or an instant since the Unix epoch (UTC)."""

    digits, what = 0, "nanoseconds"


def parse_duration(text: str) -> Nanoseconds:
    """``5m``, ``30s``, ``1.5h``, ``250ms``. Raises `Usage`."""
    match = re.fullmatch(_DURATION, text)
    if match is None:
        raise Usage(f"{text!r} is not a duration", hint="a number and a unit: 250ms, 30s, 5m, 2h, 1d")
    number, unit = match.groups()
    per_unit = _PER_UNIT[unit]
    value = parse_scaled(number, 9, "a duration") * per_unit
    if value % SECOND:
        raise Usage(f"{text} is finer than a nanosecond")
    return Nanoseconds(value // SECOND)


def timestamp_text(ns: int) -> str:
    """UTC with nine digits: ``2026-07-28T12:00:00.123456789Z``."""
    seconds, fraction = divmod(ns, SECOND)
    days, second_of_day = divmod(seconds, 86400)
    year, month, day = _civil(days)
    hour, rest = divmod(second_of_day, 3600)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{rest // 60:02}:{rest % 60:02}.{fraction:09}Z"


def _civil(days: int) -> tuple[int, int, int]:
    """Days since 1970-01-01 → year, month, day (proleptic Gregorian, eras of 400 years)."""
    era, day_of_era = divmod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 - the year starts in March here
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1  # noqa: PLR2004


_SPANS = ("latency_ns", "elapsed_ns", "execution_time_ns", "_p50_ns", "_p95_ns", "_p99_ns")
"""Nanoseconds that are no instant."""


def with_twins(value: Any) -> Any:
    """`value` with a decimal twin beside each suffixed integer, at any depth.

    What the server sent is never overwritten:

    ``{"qty_1e8": 50000000}`` → ``{"qty_1e8": 50000000, "qty": "0.5"}``.
    """
    if isinstance(value, dict):
        result: dict[str, Any] = {}
        for name, inner in value.items():
            result[name] = with_twins(inner) if isinstance(inner, dict | list) else inner
            twin = twin_name(name)
            if twin and twin not in value and _can_twin(inner):
                result[twin] = _twin(name, inner)
        return result
    if isinstance(value, list):
        return [with_twins(inner) for inner in value]
    return value


@lru_cache(4096)
def twin_name(name: str) -> str | None:
    """``fee_usd_1e9`` → ``fee_usd``, ``ts_ns`` → ``ts``; None where there is no twin, as with spans of time."""
    if name.endswith(_SPANS):
        return None
    for suffix in ("_1e9", "_1e8", "_ns"):
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return None


def _can_twin(value: Any) -> bool:
    if isinstance(value, list):
        return all(_can_twin(inner) for inner in value)
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _twin(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_twin(name, inner) for inner in value]
    if name.endswith("_ns"):
        return timestamp_text(value)
    return decimal_text(value, 8 if name.endswith("_1e8") else 9)
