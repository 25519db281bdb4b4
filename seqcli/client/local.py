"""The transport that ends in this process: the embedded exchange, or the server that already runs its state
folder.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcli.errors import NotSent
from seqcli.sandbox.embedded import HOST, Embedded
from seqcli.sandbox.service.gate import Inbound
from seqcli.sandbox.service.state import Server, State

if TYPE_CHECKING:
    from seqcli.client.roundtrip import Raw
    from seqcli.client.transport import HttpTransport

_PAUSE_S = 0.01
BASE_URL = f"http://{HOST}"
"""What a client of the embedded exchange is given as its base URL."""


class LocalTransport:
    """Carries a request to the exchange of one state folder. One thread at a time.

    `notes` are sentences for people, a state that had to be set aside for one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._embedded = Embedded(folder)
        self._serving = ExitStack()
        self._starting = threading.Lock()
        self._http: HttpTransport | None = None

    @property
    def notes(self) -> list[str]:
        """What had to be said so far."""
        return self._embedded.notes

    def api_key(self) -> str:
        """The key to call with, made at the first use of the folder."""
        return self._embedded.api_key()

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline_s: float) -> "Raw":
        """See `transport.Transport.send`."""
        end = time.monotonic() + deadline_s
        path, query = _target(url)
        told = {"host": HOST} | {name.lower(): value for name, value in headers.items()}
        if body:
            told["content-length"] = str(len(body))
        inbound = Inbound(method, path, query, told)
        while True:
            left_s = max(0.0, end - time.monotonic())
            reply = self._embedded.handle(inbound, body or b"", left_s)
            if not isinstance(reply, Server):
                told = {name.lower(): value for name, value in reply.headers.items()}
                return reply.status, told, reply.body
            try:
                target = reply.url + url.removeprefix(BASE_URL)
                return self._over_http().send(method, target, headers, body, max(left_s, _PAUSE_S))
            except NotSent:
                if time.monotonic() >= end:
                    raise
                time.sleep(_PAUSE_S)  # it is stopping: its lock will be ours

    def _over_http(self) -> "HttpTransport":
        if self._http is None:
            from seqcli.client.transport import HttpTransport

            self._http = HttpTransport()
        return self._http

    def is_served(self) -> bool:
        """Whether a server runs this folder."""
        return State(self._folder).server() is not None

    def served(self) -> str:
        """The address of the server that runs this folder; one in this process, until `close`, where there is none.

        Any thread may ask.
        """
        with self._starting:
            running = State(self._folder).server()
            if running is not None:
                return running.url
            from seqcli.sandbox import server

            try:
                return self._serving.enter_context(server.served(server.Serving(folder=self._folder, port=0))).url
            except server.AlreadyServed as other:
                return other.server.url

    def close(self) -> None:
        """Close the store and the connection to a server, and end the one in this process."""
        self._serving.close()
        self._embedded.leave()
        if self._http is not None:
            self._http.close()


def module_shape(content: bytes) -> tuple[list[str], str | None]:
    """The callbacks that an algorithm exports; and what keeps it from being one, None when nothing does."""
    from seqcli.sandbox.algos.modules import NotAModule, check

    try:
        shape = check(content)
    except NotAModule as error:
        return [], str(error)
    return sorted(name for name in shape.exports if name.startswith("algo_on_")), None


def backtest(inputs: dict[str, Any], tell: Callable[[int], None]) -> dict[str, Any]:
    """Run one; the report. Raises `Usage`."""
    from seqcli.sandbox.algos.backtests import Inputs, run

    return run(Inputs(**inputs), tell)


def sweep(sets: list[dict[str, Any]], cluster: str | None, tell: Callable[[int], None]) -> list[dict[str, Any]]:
    """Run many, here or on a cluster; a row each, in their order. Raises `Usage`."""
    from seqcli.sandbox.algos import sweeps
    from seqcli.sandbox.algos.backtests import Inputs

    wanted = [Inputs(**inputs) for inputs in sets]
    return sweeps.here(wanted, tell) if cluster is None else sweeps.on_cluster(wanted, cluster, tell)


def _target(url: str) -> tuple[str, str]:
    if not url.startswith(f"{BASE_URL}/"):
        raise NotSent(f"{url} is not an address of the embedded exchange")
    path, _, query = url.removeprefix(BASE_URL).partition("?")
    return path, query
