"""The sockets of prediction markets: bare events, each told once however often the server begins anew."""

import json
import random

import pytest
from websockets.sync.server import ServerConnection

from seqcli.client.client import Client
from seqcli.client.clock import SystemClock
from seqcli.client.dial import Reach
from seqcli.client.lifecycle import LifeCycle
from seqcli.client.mailbox import Mailbox
from seqcli.client.transport import HttpTransport
from seqcli.errors import Unreachable
from seqcli.wire import streams
from tests.client.scripted import KEY, Scripted, cut, scripted, wait


class NoChance(random.Random):
    """No jitter: what comes again comes at once."""

    def random(self) -> float:
        return 0.0


def opened(server: Scripted) -> LifeCycle:
    clock, chance = SystemClock(), NoChance(1)
    client = Client(HttpTransport(), base_url=server.url, key=KEY, mode="sandbox", clock=clock, rng=chance)
    reach = Reach(server.url, KEY)
    return LifeCycle(reach, streams.NEW_MARKETS, Mailbox(), client=client, clock=clock, chance=chance)


def tell(connection: ServerConnection, *slugs: str) -> None:
    for slug in slugs:
        connection.send(json.dumps({"kind": "new_market", "slug": slug}))


def test_what_the_ring_tells_again_is_told_once() -> None:
    def first(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.path == "/v1/ws/new_markets"
        tell(connection, "a", "b")
        cut(connection)

    def second(connection: ServerConnection) -> None:
        tell(connection, "a", "b", "c")
        wait(connection)

    with scripted(first, second) as server, opened(server) as stream:
        lines: list[dict[str, str]] = []
        while not lines or lines[-1].get("slug") != "c":
            lines += [json.loads(item.raw) for item in stream.take(10)]
        assert [line.get("slug") or line["type"] for line in lines] == ["a", "b", "disconnected", "reconnected", "c"]
        assert server.failures == []


@pytest.mark.parametrize("sent", ["[]", '{"kind":1,"kind":2}', "new"])
def test_what_is_no_event_ends_it(sent: str) -> None:
    def script(connection: ServerConnection) -> None:
        connection.send(sent)
        wait(connection)

    with scripted(script) as server, opened(server) as stream:
        with pytest.raises(Unreachable) as caught:
            stream.take(10)
        assert caught.value.stable_code == "BAD_FRAME"
