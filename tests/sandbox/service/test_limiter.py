"""The bucket: twice the rate, refilled continuously, no token lost to rounding."""

from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.service.limiter import Limiter

SECOND = 1_000_000_000


class Clock:
    now = 0

    def __call__(self) -> int:
        return self.now


@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 20)), max_size=30),
)
def test_never_more_than_burst_plus_rate_times_time_and_never_less_than_owed(
    qps: int, steps: list[tuple[int, int]]
) -> None:
    clock = Clock()
    limiter = Limiter(clock)
    taken = 0
    for pause, asked in steps:
        clock.now += pause
        for _ in range(asked):
            verdict = limiter.take("key", qps)
            assert verdict is not None
            assert 0 <= verdict.remaining <= verdict.limit == 2 * qps
            taken += not verdict.wait_s
            if verdict.wait_s:
                clock.now += verdict.wait_s * SECOND
                again = limiter.take("key", qps)
                assert again is not None
                assert not again.wait_s
                taken += 1
    assert taken <= 2 * qps + (qps + 1) * clock.now / SECOND + 1


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    clock.now = 10 * SECOND
    assert limiter.take("key", 1) is not None
    clock.now = 0
    verdict = limiter.take("key", 1)
    assert verdict is not None
    assert (verdict.remaining, verdict.wait_s) == (0, 0)
