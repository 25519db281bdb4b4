"""Text and integers, against a Decimal oracle; twins by suffix."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli import units
from seqcli.errors import Usage
from seqcli.units import BasisPoints, Nanoseconds, Price, Quantity, Usd

KINDS = [Price, Quantity, Usd, BasisPoints, Nanoseconds]
INT64 = st.integers(-units.LARGEST, units.LARGEST)


@pytest.mark.parametrize("kind", KINDS)
@given(value=INT64)
def test_text_and_back_is_the_same_integer(kind, value):
    text = kind(value).text
    assert int(kind.parse(text)) == value
    assert Decimal(text) == Decimal(value).scaleb(-kind.digits)
    assert not (("." in text) and text.endswith(("0", ".")))


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.from_regex(r"\A-?[0-9]{1,22}(\.[0-9]{1,12})?\Z"))
def test_parsing_agrees_with_decimal_or_refuses(kind, text):
    exact = Fraction(text) * 10**kind.digits
    fits = len(text.partition(".")[2]) <= kind.digits and abs(exact) <= units.LARGEST
    if fits:
        assert int(kind.parse(text)) == exact
    else:
        with pytest.raises(Usage):
            kind.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1e3", "1E3", "1_000", "1,000", " 1", "1 ", "+1", ".5", "1.", "--1", "-", "NaN", "nan", "inf"),
        *("Infinity", "0x10", "١", "１", "1.2.3", "1\n", "\x001", "½", "1e", "−1", "1d"),
    ],
)
def test_anything_but_plain_digits_is_refused(text):
    with pytest.raises(Usage, match="is not a number"):
        Quantity.parse(text)


@given(st.text())
def test_no_text_gets_through_that_decimal_reads_otherwise(text):
    try:
        value = Quantity.parse(text)
    except Usage:
        return
    assert Decimal(text) * 10**8 == int(value)


def test_the_limit_is_named():
    with pytest.raises(Usage, match=r"0.123456789 as a quantity: at most 8 decimals"):
        Quantity.parse("0.123456789")
    with pytest.raises(Usage, match=r"99999999999 as a price: at most 9223372036.854775807"):
        Price.parse("99999999999")
    with pytest.raises(Usage, match=r"1.5 as basis points: a whole number"):
        BasisPoints.parse("1.5")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [1.0, 0.1, Decimal(1), "1", None, True])
def test_only_an_integer_makes_a_value(kind, value):
    with pytest.raises(TypeError):
        kind(value)


def test_scales_do_not_mix_and_floats_do_not_enter():
    price, quantity = Price(10), Quantity(3)
    for broken in (
        lambda: price + quantity,
        lambda: price - 1,
        lambda: price + 0.5,
        lambda: 1 + price,
        lambda: 1 - price,
        lambda: price * 0.5,
        lambda: price // 0.5,
        lambda: price / 2,
        lambda: sum([price, price]),
    ):
        with pytest.raises(TypeError):
            broken()
    assert (price + price, price - price, -price) == (Price(20), Price(0), Price(-10))
    assert (price * 2, 2 * price, price // 3, price * quantity) == (20, 20, 3, 30)
    assert repr(price) == "Price(10)"


def test_products_do_not_overflow():
    assert Price(units.LARGEST) * Quantity(units.LARGEST) == units.LARGEST**2


@given(st.integers(-(10**17), 4 * 10**18))
def test_timestamps_agree_with_the_calendar(ns):
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // units.SECOND)
    assert units.timestamp_text(ns) == f"{instant:%Y-%m-%dT%H:%M:%S}.{ns % units.SECOND:09}Z"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("250ms", 250 * 10**6),
        ("30s", 30 * 10**9),
        ("5m", 300 * 10**9),
        ("1.5h", 5400 * 10**9),
        ("1d", 86400 * 10**9),
    ],
)
def test_durations(text, ns):
    assert units.parse_duration(text) == Nanoseconds(ns)


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5m", "5mm", "1e3s", "0.5ns", "m"])
def test_other_durations_are_refused(text):
    with pytest.raises(Usage):
        units.parse_duration(text)


def test_twins_stand_beside_their_integers_in_the_order_sent():
    sent = {
        "qty_1e8": 50_000_000,
        "price_1e9": -250_000_000,
        "fee_usd_1e9": 0,
        "ts_ns": 1785240000123456789,
        "spread_bps": 12,
        "avg_1e9": None,
        "sizes_1e8": [100_000_000, None, [1]],
        "new_field_1e9": 1,
        "deep": [{"x_1e8": 1}],
    }
    twins = units.with_twins(sent)
    assert list(twins)[:4] == ["qty_1e8", "qty", "price_1e9", "price"]
    assert {name: twins[name] for name in twins if name not in sent} == {
        "qty": "0.5",
        "price": "-0.25",
        "fee_usd": "0",
        "ts": "2026-07-28T12:00:00.123456789Z",
        "avg": None,
        "sizes": ["1", None, ["0.00000001"]],
        "new_field": "0.000000001",
    }
    assert twins["deep"] == [{"x_1e8": 1, "x": "0.00000001"}]


def test_a_twin_never_overwrites_what_the_server_sent():
    assert units.with_twins({"qty": 1.5, "qty_1e8": 50}) == {"qty": 1.5, "qty_1e8": 50}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["a_1e8", "b_1e9", "c_ns", "a", "d_usd_1e9", "_1e8", ""]), inner)
    ),
)


@given(JSON)
def test_any_json_keeps_every_field_it_had(value):
    def same(before, after):
        if isinstance(before, dict):
            return all(same(inner, after[name]) for name, inner in before.items())
        if isinstance(before, list):
            return len(before) == len(after) and all(map(same, before, after))
        return before == after

    assert same(value, units.with_twins(value))
