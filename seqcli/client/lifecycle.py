"""The sockets of prediction markets: connecting subscribes, each message is one event, bare.

The server tells the last events again after every connect; what was told already is told once.
"""

from collections import OrderedDict

from seqcli.client.client import Client
from seqcli.client.clock import Chance, Clock
from seqcli.client.dial import Patience, Reach
from seqcli.client.link import Link, bad_frame
from seqcli.client.mailbox import Item, Mailbox
from seqcli.client.pump import Find, Pump, one_line
from seqcli.wire import streams, strict

REMEMBERED = 4096


class LifeCycle(Pump):
    """One of these sockets; several may share a mailbox."""

    def __init__(
        self,
        reach: Reach,
        socket: streams.Socket,
        mailbox: Mailbox,
        *,
        client: Client,
        clock: Clock,
        chance: Chance,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        find: Find | None = None,
    ) -> None:
        self._topic = socket.name.rpartition(".")[2]
        super().__init__([self._topic], reach, mailbox, client=client, clock=clock, chance=chance, find=find)
        self._path = socket.path
        self._patience = patience
        self._link: Link | None = None
        self._told: OrderedDict[bytes, None] = OrderedDict()

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.stop()

    def _visit(self) -> None:
        self._link = link = Link(self._reach, self._path, self._patience, self._reach.headers())
        try:
            self._ready()
            while not self._closing.is_set():
                fresh = [raw for raw in link.receive() if self._is_news(raw)]
                self._put([Item(self._topic, one_line(self._reach.masked(raw))) for raw in fresh])
        finally:
            link.close()

    def _is_news(self, raw: bytes) -> bool:
        try:
            event = strict.parse(raw)
        except strict.BadJson as error:
            raise bad_frame(self._name, f"what is no event: {error}") from None
        if not isinstance(event, dict):
            raise bad_frame(self._name, "what is no event")
        if raw in self._told:
            return False
        self._told[raw] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True
