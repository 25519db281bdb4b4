"""The shape of a key, and that no text shows one."""

import copy
import json
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.profile.secret import BadKey, Secret, masked, shown
from tests.profile.conftest import CANARY, LIVE, TEST, every_text_of

BODY = st.text("ABCXYZabcxyz0189_-", min_size=1, max_size=200)
GOOD = ["seq_live_a", "seq_test_-", "seq_live_" + "a" * 200, "seq_test_" + "0" * 64, "seq_live_seq_test_", LIVE]
BAD = [
    "",
    "\n",
    "seq_live_",
    "seq_prod_abc",
    "SEQ_LIVE_abc",
    "seq_live_" + "a" * 201,
    "seq_live_a\n\n",
    "seq_live_a\r",
    "seq_live_a b",
    " seq_live_a",
    "seq_live_a ",
    "seq_live_ä",
    "seq_live_a\0",
    "seq_live_a\nX-Evil: 1",
    "seq_live_٣",
    "Bearer seq_live_a",
    '"seq_live_a"',
    "sk_live_abcdef",
    "xseq_live_a",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_key_is_kept_exactly(text: str):
    assert Secret(text).reveal() == text


@pytest.mark.parametrize("text", BAD)
def test_anything_else_is_denied_with_a_sentence(text: str):
    with pytest.raises(BadKey, match=r"^SEQ_API_KEY (is|has) ") as caught:
        Secret(text, source="SEQ_API_KEY")
    assert caught.value.exit_status == 4
    assert caught.value.hint


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_trailing_newline_is_stripped(end: str):
    assert Secret(LIVE + end).reveal() == LIVE
    assert Secret((LIVE + end).encode()).reveal() == LIVE


@given(prefix=st.sampled_from(["seq_live_", "seq_test_"]), body=BODY)
def test_nothing_narrower_than_the_documented_shape(prefix: str, body: str):
    assert Secret(prefix + body).reveal() == prefix + body


def test_bytes_that_are_no_text_are_denied_without_being_shown():
    with pytest.raises(BadKey) as caught:
        Secret(LIVE.encode() + b"\xff")
    assert CANARY not in every_text_of(caught.value)


@pytest.mark.parametrize("fault", [" ", "\n\n", "!", "\x7f", "é", " seq_live_x"])
@pytest.mark.parametrize("key", [LIVE, TEST, LIVE.removeprefix("seq_")])
def test_a_refused_key_is_in_no_text_of_the_failure(key: str, fault: str):
    with pytest.raises(BadKey) as caught:
        Secret(key + fault)
    assert CANARY not in every_text_of(caught.value)
    assert CANARY not in json.dumps(caught.value.as_json())
    assert CANARY not in "".join(traceback.format_exception(caught.value))


class Holder(msgspec.Struct):
    key: Secret


def test_a_key_is_in_no_text_of_itself(live: Secret):
    texts = [
        str(live),
        repr(live),
        f"{live}",
        f"{live!r:>90}",
        "{}".format(live),  # noqa: UP032 -- each way of writing it
        repr([live]),
        repr(Holder(live)),
    ]
    assert [text for text in texts if CANARY in text] == []
    assert str(live) == "seq_live_…1234"
    assert repr(live) == "Secret(seq_live_…1234)"


def test_control_the_canary_would_be_seen(live: Secret):
    assert CANARY in live.reveal()
    assert CANARY in every_text_of(ValueError(live.reveal()))


def test_a_key_is_written_by_no_encoder(live: Secret):
    for write in (json.dumps, pickle.dumps, copy.copy, msgspec.json.encode, msgspec.to_builtins):
        with pytest.raises(TypeError) as caught:
            write(live)
        assert CANARY not in str(caught.value)
    assert not hasattr(live, "__dict__")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("seq_live_abcdefghijkl", "seq_live_…ijkl"),
        ("seq_test_abcdefghijk", "seq_test_…"),
        ("seq_live_a", "seq_live_…"),
    ],
)
def test_a_short_key_shows_its_prefix_alone(key: str, text: str):
    assert masked(key) == text


def test_mode_follows_the_prefix(live: Secret):
    assert live.mode == "live"
    assert Secret(TEST).mode == "sandbox"
    assert Secret("seq_test_live_").mode == "sandbox"


def test_a_fingerprint_tells_keys_apart_and_gives_none_away(live: Secret):
    assert live.fingerprint == Secret(LIVE + "\n").fingerprint != Secret(TEST).fingerprint
    assert len(live.fingerprint) == 16
    assert live.fingerprint not in LIVE


def test_quoted_text_has_its_keys_masked():
    said = shown(f"a {LIVE}, b={TEST} c sk_live_{CANARY}")
    assert CANARY not in said
    assert said.startswith("a seq_live_…")


def test_keys_compare_by_what_they_are(live: Secret):
    assert live == Secret(LIVE)
    assert live != Secret(TEST)
    assert live != LIVE
    assert len({live, Secret(LIVE)}) == 1
