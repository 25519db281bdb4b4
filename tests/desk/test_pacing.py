"""Many orders under a key of 5 requests a second: all of them arrive, at that rate, by waiting and not by asking."""

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from seqcli.client import retry
from seqcli.client.client import Client
from seqcli.client.throttle import Throttle
from seqcli.desk.desk import Desk
from seqcli.sandbox.service.limiter import Limiter

QPS, ORDERS = 5, 60


class SharedClock:
    """Time for several threads: whoever sleeps moves it on to when its sleep ends."""

    def __init__(self):
        self.now = 1_785_240_000.0
        self.slept = []
        self._lock = threading.Lock()

    def time_ns(self):
        return int(self.now * 1e9)

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        end = self.now + seconds
        with self._lock:
            self.slept.append(seconds)
            self.now = max(self.now, end)


class Exchange:
    """Admits what its bucket allows; `told` says whether its headers tell of it."""

    def __init__(self, clock, make, *, told):
        self._limiter = Limiter(clock.time_ns)
        self._clock, self._make, self._told = clock, make, told
        self._lock = threading.Lock()
        self.admitted = []
        self.refused = 0

    def send(self, _method, _url, _headers, body, _deadline_s):
        with self._lock:
            verdict = self._limiter.take("key", QPS)
            assert verdict is not None
            headers = {"content-type": "application/json"}
            if self._told:
                headers |= {"x-ratelimit-limit": str(verdict.limit), "x-ratelimit-remaining": str(verdict.remaining)}
            if verdict.wait_s:
                self.refused += 1
                error = {"error": {"code": "RATE_LIMITED", "message": "slower", "request_id": "r"}}
                return 429, headers | {"retry-after": str(verdict.wait_s)}, json.dumps(error).encode()
            self.admitted.append(self._clock.now)
            return 201, headers, json.dumps(self._make.placed(body)).encode()

    def close(self):
        pass


def submitted(exchange, clock, make, tmp_path, hands, throttle=None):
    """Every order's outcome, and the seconds that all of them took."""
    client = Client(
        exchange,
        base_url="http://127.0.0.1:1",
        key="seq_test_" + "0" * 64,
        mode="sandbox",
        clock=clock,
        rng=random.Random(7),
        throttle=throttle,
        budget=retry.Budget(),
    )
    desk = Desk(client, account="acc", state_dir=tmp_path / "s", config_dir=tmp_path / "c", deadline_s=20.0)
    start = clock.now
    with ThreadPoolExecutor(hands) as pool:
        graphs = [make.order(graph_id=f"p-{place}") for place in range(ORDERS)]
        ends = list(pool.map(lambda graph: desk.submit(graph, listed=True), graphs))
    desk.close()
    return [end.outcome for end in ends], clock.now - start


@pytest.mark.parametrize("hands", [1, 8])
def test_headers_pace_a_list_to_the_rate_without_a_refusal(make, tmp_path, hands):
    clock = SharedClock()
    exchange = Exchange(clock, make, told=True)
    outcomes, seconds = submitted(exchange, clock, make, tmp_path, hands)
    assert outcomes == ["accepted"] * ORDERS
    assert (ORDERS - 2 * QPS) / QPS - 1 <= seconds <= ORDERS / QPS + 2
    assert exchange.refused <= hands
    assert len(clock.slept) <= ORDERS + 2 * exchange.refused  # one wait a request: nobody asks again and again
    assert min(clock.slept) > 0


def test_without_headers_a_429_and_its_retry_after_pace_it(make, tmp_path):
    clock = SharedClock()
    exchange = Exchange(clock, make, told=False)
    outcomes, _ = submitted(exchange, clock, make, tmp_path, 1)
    assert outcomes == ["accepted"] * ORDERS
    assert exchange.refused <= 6


def test_control_without_pacing_the_exchange_refuses_most(make, tmp_path):
    class Unpaced(Throttle):
        def acquire(self, end):
            pass

    clock = SharedClock()
    exchange = Exchange(clock, make, told=True)
    submitted(exchange, clock, make, tmp_path, 1, Unpaced(clock))
    assert exchange.refused >= 2 * QPS
