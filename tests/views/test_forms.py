"""json, ndjson, csv: ASCII, exact, and harmless in a spreadsheet."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.errors import Usage
from seqcli.views import forms
from seqcli.wire.strict import Number, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 2]))
def test_any_json_is_read_back_as_it_was_and_is_ascii_without_controls(value: Any, indent: int | None) -> None:
    text = forms.encode(value, indent)
    assert json.loads(text) == value
    assert all(" " <= letter <= "~" or letter == "\n" for letter in text)
    assert indent is not None or "\n" not in text


@pytest.mark.parametrize(
    "literal", ["0.1", "1.50", "-0.0", "2.548647", "1E5", "1.0e-9", "123456789012345678.123456789"]
)
def test_floats_keep_the_digits_they_came_with(literal: str) -> None:
    assert forms.encode(parse(literal.encode(), number=Number)) == literal


def test_integers_of_any_length_are_exact() -> None:
    assert forms.encode(9_223_372_036_854_775_809 * 10**30) == "9223372036854775809" + "0" * 30


def test_pretty_json_is_indented_by_two() -> None:
    value = {"a": [1, {"b": None}], "c": {}, "d": [], "e": "ü"}
    assert forms.encode(value, 2) == (
        '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": [],\n  "e": "\\u00fc"\n}'
    )
    assert forms.encode(value) == '{"a":[1,{"b":null}],"c":{},"d":[],"e":"\\u00fc"}'


def read_back(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-0.25", "-0.25"),
        ("-7", "-7"),
        ("BTC-USD", "BTC-USD"),
        ("", ""),
        ('say "hi", twice\r\nplease', 'say "hi", twice\r\nplease'),
    ],
)
def test_text_a_spreadsheet_would_run_is_guarded_and_a_number_is_not(text: str, expected: str) -> None:
    assert read_back(forms.csv_text([{"cell": text, "next": 1}])) == [{"cell": expected, "next": "1"}]


def test_headings_are_guarded_too() -> None:
    assert forms.csv_text([{"=evil": -1}]) == "'=evil\r\n-1\r\n"


def test_csv_has_crlf_a_heading_one_row_an_item_and_twins_for_raw_integers() -> None:
    rows = [
        {"symbol": "ETH-USD", "qty_1e8": -25000000, "qty": "-0.25", "instrument": {"type": "spot"}, "legs": [{"v": 1}]},
        {"symbol": None, "qty_1e8": None, "qty": None, "ok": True, "mid": Number("2.50")},
    ]
    assert forms.csv_text(rows) == (
        'symbol,qty,instrument.type,legs,ok,mid\r\nETH-USD,-0.25,spot,"[{""v"":1}]",,\r\n,,,,true,2.50\r\n'
    )


def test_without_rows_csv_says_nothing_but_the_fields_asked_for() -> None:
    assert forms.csv_text([]) == ""
    assert forms.csv_text([], ("a", "b")) == "a,b\r\n"


def test_fields_are_picked_in_order_dotted_ones_reach_inside_and_a_missing_one_is_null() -> None:
    row = {"a": 1, "b": {"c": {"d": 2}}, "x.y": 3}
    assert list(forms.pick(row, ("x.y", "b.c.d", "a", "b.c", "no", "b.no")).items()) == [
        ("x.y", 3),
        ("b.c.d", 2),
        ("a", 1),
        ("b.c", {"d": 2}),
        ("no", None),
        ("b.no", None),
    ]


def test_a_field_that_no_row_has_is_refused_with_the_valid_ones() -> None:
    rows = [{"a": 1}, {"b": {"c": 2}}]
    forms.check_fields(("b.c", "a"), rows)
    forms.check_fields(("anything",), [])
    with pytest.raises(Usage, match="'d'") as caught:
        forms.check_fields(("a", "d"), rows)
    assert caught.value.hint == "fields: a, b, b.c"
    assert caught.value.exit_status == 2
