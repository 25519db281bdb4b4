"""No secret passes the filter; nothing else is touched."""

import json

import pytest

from seqcli.client.redact import hidden, masked, redact, redact_bytes

KEY = "seq_live_" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (KEY, "seq_live_…cdef"),
        (f"x{KEY}\n{KEY}", "xseq_live_…cdef\nseq_live_…cdef"),
        (f'{{"a":"{KEY}"}}', '{"a":"seq_live_…cdef"}'),
        ("seq_test_short", "seq_test_…"),
        ("sk_live_aaaaaaaaaaaaaaaa", "sk_live_…aaaa"),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer seq_live_…cdef"),
        ("authorization: bearer eyJhbGciOi.x.y", "authorization: bearer …"),
        ("Bearer <none>", "Bearer <none>"),
        ("the bearer of this note", "the bearer … this note"),
        ("graph_01HZX, seqcli, seq_lively", "graph_01HZX, seqcli, seq_lively"),
        ("", ""),
    ],
)
def test_keys_and_bearers_are_masked_in_text(text, shown):
    assert redact(text) == shown


def test_bytes_that_are_not_text_pass_and_their_keys_do_not():
    raw = b"\xff\xfe" + KEY.encode() + b"\x00"
    assert redact_bytes(raw) == b"\xff\xfe" + "seq_live_…cdef".encode() + b"\x00"


def test_secret_fields_of_json_are_masked_by_name_and_the_value_given_is_left_alone():
    given = {
        "venue": "okx",
        "api_key": "abc",
        "passphrase": None,
        "extra_json": {"signer_private_key": "0x1", "rows": [{"any": 5}], "chain": "base"},
        "rows": [{"secret": 5, "note": f"use {KEY}"}],
        "qty_1e8": 1,
    }
    shown = masked(given)
    assert shown == {
        "venue": "okx",
        "api_key": "…",
        "passphrase": None,
        "extra_json": {"signer_private_key": "…", "rows": "…", "chain": "base"},
        "rows": [{"secret": "…", "note": "use seq_live_…cdef"}],
        "qty_1e8": 1,
    }
    assert given["api_key"] == "abc"


def test_what_a_reply_must_not_repeat_are_the_lines_of_the_secrets_sent():
    pem = "-----BEGIN X-----\nMIIEvAIB\n-----END X-----\n"
    more = {"signer_private_key": "0x12345678", "rpc": {"token": "abcdefgh"}, "proxy_address": "0x5aAeb605"}
    body = {"api_key": "short", "api_secret": pem, "extra_json": more, "note": "not a secret"}
    found = hidden(json.dumps(body).encode())
    assert set(found) == {b"-----BEGIN X-----", b"MIIEvAIB", b"-----END X-----", b"0x12345678", b"abcdefgh"}
    assert found[0] == b"-----BEGIN X-----"  # the longest first: no part of it is masked before it
    assert hidden(b'{"symbol":"ETH-USD"}') == hidden(None) == []
