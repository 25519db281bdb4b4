"""A stream's server that says what it is told to, connection by connection, with REST beside it."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Script = Callable[[ServerConnection], Any]
Rest = Callable[[str], Any]
KEY = "seq_test_" + "k" * 60 + "1a2b"
NOTHING = {"fills": [], "orders": [], "has_more": False}


def accept(connection: ServerConnection) -> list[str]:
    """Read a subscription and take it."""
    topics: list[str] = json.loads(connection.recv(5))["subscribe"]
    connection.send(json.dumps({"subscribed": topics, "rejected": []}))
    return topics


def say(connection: ServerConnection, channel: str, data: Any, seq: int | None = None) -> None:
    """One event."""
    connection.send(json.dumps({"channel": channel, "data": data} | ({} if seq is None else {"seq": seq})))


def cut(connection: ServerConnection) -> None:
    """End without a goodbye."""
    with contextlib.suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)


def wait(connection: ServerConnection) -> None:
    """Until the other side goes."""
    with contextlib.suppress(Exception):
        connection.recv()


class Scripted:
    """The scripts are played a connection each, the last again and again. `asked` are the paths of REST."""

    def __init__(self, scripts: list[Script], rest: Rest) -> None:
        self._scripts = scripts
        self._rest = rest
        self.connections = 0
        self.asked: list[str] = []
        self.headers: list[Headers] = []
        self.failures: list[BaseException] = []
        self.url = ""

    def play(self, connection: ServerConnection) -> None:
        place = min(self.connections, len(self._scripts) - 1)
        self.connections += 1
        try:
            self._scripts[place](connection)
        except (OSError, EOFError):
            pass
        except BaseException as error:
            self.failures.append(error)
            raise

    def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append(request.headers)
        if request.path.startswith(("/v1/stream", "/v1/ws/new", "/v1/ws/market")):
            return None
        self.asked.append(request.path)
        answer = self._rest(request.path)
        if isinstance(answer, Response):
            return answer
        body = json.dumps(answer).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
        return Response(200, "OK", Headers(headers), body)


@contextmanager
def scripted(*scripts: Script, rest: Rest = lambda _path: NOTHING, **options: Any) -> Iterator[Scripted]:
    """A server on loopback; `options` go to websockets."""
    played = Scripted(list(scripts), rest)
    options.setdefault("process_request", played.answer)
    with serve(played.play, "127.0.0.1", 0, compression=None, ping_interval=None, close_timeout=1, **options) as server:
        played.url = f"http{'s' if 'ssl' in options else ''}://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield played
        finally:
            server.shutdown()
            thread.join(5)
