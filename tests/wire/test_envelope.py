"""What a client makes of an error: the envelope, the flat form, and nonsense."""

import json

import pytest

from seqcli import errors
from seqcli.wire.envelope import HTTP_STATUS, envelope, failure_from_reply


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_what_the_server_builds_the_client_reads(code):
    raw = json.dumps(
        envelope(code, "a sentence", "req-1", [{"field": "qty_1e8", "message": "must be positive"}])
    ).encode()
    failure = failure_from_reply(HTTP_STATUS[code], raw, {})
    assert type(failure) is errors.BY_CODE[code]
    assert (failure.stable_code, failure.message, failure.request_id) == (code, "a sentence", "req-1")
    assert bool(failure.details) is (code == "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("status", "raw", "kind", "message"),
    [
        (429, b'{"error":"Rate limit exceeded"}', errors.RateLimited, "Rate limit exceeded"),
        (502, b"<html>bad gateway</html>", errors.Ambiguous, "the server answered HTTP 502"),
        (418, b"", errors.Refused, "the server answered HTTP 418"),
        (
            404,
            b'{"error":{"code":7,"message":["x"],"details":"y"}}',
            errors.NotFound,
            "the server answered HTTP 404",
        ),
        (422, b'{"error":{"code":"NEW_CODE","message":"m"}}', errors.Refused, "m"),
        (500, b"[1,2", errors.Ambiguous, "the server answered HTTP 500"),
    ],
)
def test_other_forms_fall_back_to_the_status(status, raw, kind, message):
    failure = failure_from_reply(status, raw, {"x-request-id": "r"})
    assert (type(failure), failure.message, failure.request_id) == (kind, message, "r")


def test_every_failure_has_a_documented_status():
    def tree(kind):
        yield kind
        for child in kind.__subclasses__():
            yield from tree(child)

    assert {kind.exit_status for kind in tree(errors.Failure)} <= {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130}
