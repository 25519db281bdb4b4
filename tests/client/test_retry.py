"""When again, and after how long."""

import random

import pytest

from seqcli.client import retry
from seqcli.errors import Ambiguous, Denied, NotSent, RateLimited, Refused
from seqcli.wire.operation import Operation, Repeat


def operation(repeat: Repeat) -> Operation:
    return Operation(name="x.y", method="POST", path="/v1/x", summary="", repeat=repeat)


ALL = set(Repeat)
REPEATABLE = {Repeat.SAFE, Repeat.SAME_BYTES}


@pytest.mark.parametrize(
    ("failure", "allowed"),
    [
        (NotSent("x"), ALL),
        (NotSent("x", code="BAD_CERTIFICATE"), set()),
        (NotSent("x", code="NO_TIME"), set()),
        (RateLimited("x", http_status=429), ALL),
        (Ambiguous("x"), REPEATABLE),
        *((Ambiguous("x", http_status=status), REPEATABLE) for status in (500, 502, 503, 504)),
        (Ambiguous("x", http_status=200, code="BAD_REPLY"), set()),
        (Ambiguous("x", http_status=302, code="REDIRECT"), set()),
        (Ambiguous("x", http_status=501), set()),
        (Refused("x", http_status=409), set()),
        (Denied("x", http_status=401), set()),
    ],
)
def test_the_table_of_repeats(failure, allowed):
    assert {repeat for repeat in Repeat if retry.may_repeat(operation(repeat), failure)} == allowed


def test_waits_have_full_jitter_from_a_quarter_second_to_eight():
    chance = random.Random(1)
    for attempt in range(1, 12):
        longest = min(8.0, 0.25 * 2 ** (attempt - 1))
        waits = [retry.wait_s(attempt, chance) for _ in range(500)]
        assert 0.0 <= min(waits) < 0.1 * longest
        assert 0.9 * longest < max(waits) <= longest


def test_a_wait_is_no_shorter_than_retry_after():
    assert retry.wait_s(1, random.Random(1), 3.0) == 3.0


NOW_NS = 1_785_240_000_000_000_000  # Tue, 28 Jul 2026 12:00:00 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Tue, 28 Jul 2026 12:00:30 GMT", 30.0),
        ("Tue, 28 Jul 2026 11:00:00 GMT", 0.0),
        ("9" * 400, 999_999_999.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("٣", None),
        ("Tue, 99 Jul 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(header, seconds):
    assert retry.retry_after_s(header, NOW_NS) == seconds


def test_the_budget_runs_out_and_is_earned_back():
    budget = retry.Budget(capacity=2.0, refund=0.5)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    budget.earn()
    assert not budget.take()
    budget.earn()
    assert budget.take()
    for _ in range(100):
        budget.earn()
    assert [budget.take() for _ in range(3)] == [True, True, False]
