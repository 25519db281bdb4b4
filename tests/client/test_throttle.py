"""The bucket before the exchange's own."""

import threading

import pytest

from seqcli.client.throttle import Throttle
from seqcli.errors import RateLimited

FAR = 1e9
FIVE = {"x-ratelimit-limit": "10"}


def test_nothing_known_nothing_waited(still):
    throttle = Throttle(still)
    for _ in range(1_000):
        throttle.acquire(FAR)
    assert (still.slept, throttle.qps) == ([], None)


def test_a_known_rate_allows_a_burst_of_twice_that_and_then_the_rate(still):
    throttle = Throttle(still, qps=5.0)
    for _ in range(10):
        throttle.acquire(FAR)
    assert still.slept == []
    for _ in range(5):
        throttle.acquire(FAR)
    assert sum(still.slept) == pytest.approx(1.0)


def test_idle_time_refills_no_more_than_the_burst(still):
    throttle = Throttle(still, qps=5.0)
    still.now += 3_600
    for _ in range(10):
        throttle.acquire(FAR)
    assert still.slept == []
    throttle.acquire(FAR)
    assert still.slept == [pytest.approx(0.2)]


def test_headers_teach_the_rate_and_what_other_processes_left(still):
    throttle = Throttle(still)
    throttle.learn(200, FIVE | {"x-ratelimit-remaining": "3"})
    assert throttle.qps == 5.0
    for _ in range(3):
        throttle.acquire(FAR)
    assert still.slept == []
    throttle.acquire(FAR)
    assert still.slept == [pytest.approx(0.2)]


@pytest.mark.parametrize("text", ["", "-1", "many", "1e3", "٣", "0"])
def test_headers_that_say_nothing_teach_nothing(still, text):
    throttle = Throttle(still)
    throttle.learn(200, {"x-ratelimit-limit": text, "x-ratelimit-remaining": text})
    assert throttle.qps is None


def test_a_429_without_headers_means_the_free_plan_then_less_then_slowly_more(still):
    throttle = Throttle(still)
    throttle.learn(429, {})
    assert throttle.qps == 5.0
    for _ in range(5):
        throttle.learn(429, {})
    assert throttle.qps == 1.0
    for _ in range(10):
        throttle.learn(200, {})
    assert throttle.qps == pytest.approx(2.0)


def test_a_rate_that_was_told_is_not_guessed_at(still):
    throttle = Throttle(still)
    throttle.learn(429, FIVE | {"x-ratelimit-remaining": "0"})
    throttle.learn(429, {})
    throttle.learn(200, {})
    assert throttle.qps == 5.0


def test_retry_after_closes_the_door_for_all(still):
    throttle = Throttle(still)
    throttle.learn(429, {}, retry_after_s=2.0)
    throttle.acquire(FAR)
    assert still.slept == [pytest.approx(2.0)]


def test_a_wait_past_the_deadline_is_refused_at_once_and_takes_no_token(still):
    throttle = Throttle(still, qps=1.0)
    throttle.acquire(FAR)
    throttle.acquire(FAR)
    for _ in range(5):
        with pytest.raises(RateLimited) as caught:
            throttle.acquire(still.now + 0.5)
        assert caught.value.retry_after_s == pytest.approx(1.0)
    assert still.slept == []
    throttle.acquire(still.now + 5.0)
    assert still.slept == [pytest.approx(1.0)]


def test_threads_share_one_bucket(still):
    waits, lock = [], threading.Lock()

    class Counting:
        monotonic, time_ns = still.monotonic, still.time_ns

        def sleep(self, seconds, /):
            with lock:
                waits.append(seconds)

    throttle = Throttle(Counting(), qps=10.0)

    def work():
        for _ in range(10):
            throttle.acquire(FAR)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 80 - 20
    assert sorted(waits) == pytest.approx([number / 10 for number in range(1, 61)])
