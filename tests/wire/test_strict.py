"""JSON is read as strictly as money needs."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.wire import strict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_whatever_json_holds_comes_through(value):
    assert strict.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a":1,"a":2}', "duplicate key 'a'"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1] x", "Extra data"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64"),
        (b"[" * 100_000, "nested deeper than 64"),
        (b"1" * 5000, "an integer of 5000 digits"),
        (b'"\xff"', "not UTF-8"),
        (b"", "Expecting value"),
        (b'{"a":', "Expecting value"),
    ],
)
def test_doubtful_json_is_refused_with_the_reason(text, reason):
    with pytest.raises(strict.BadJson, match=reason):
        strict.parse(text)


def test_depth_counts_brackets_and_not_text():
    assert strict.parse(b'["' + b"[" * 200 + b'"]') == ["[" * 200]
    assert strict.parse(b"[" * 64 + b"]" * 64)


def test_floats_are_decimals_and_keep_their_digits():
    value = strict.parse(b"[0.1, 1.50, 1e5, 0.00000001]", number=strict.Number)
    assert [number.literal for number in value] == ["0.1", "1.50", "1e5", "0.00000001"]
    assert value[0] == Decimal("0.1")


def test_a_decimal_is_written_as_a_number():
    assert strict.encode({"qty": Decimal("0.10")}) == b'{"qty":0.10}'
