"""Streams: tickets, sockets and event streams as data, and the grammar of topics that both sides use.

API: /v1/stream, /v1/ws/*, /v1/orders/stream and its kin.
"""

import re
from typing import Any

import msgspec

from seqcli.wire.operation import Operation, Query

PING_S = 15
SILENCE_S = 45
"""Seconds without a byte from the other side after which a link is dead."""
MAX_TOPICS = 500
MAX_CONNECTIONS = 10
"""Sockets of one key, and as many event streams."""
MAX_FRAME = 64 << 10
"""Bytes of one message from a client."""
TICKET_S = 30

NORMAL, GOING_AWAY, POLICY, TOO_BIG = 1000, 1001, 1008, 1009
KEY_REVOKED, SLOW_CONSUMER, TOO_MANY = 4001, 4008, 4029
"""Close codes. After 1001 a client connects again; after 4001 it does not."""

# -- topics ---------------------------------------------------------------------------------------------------------

PRIVATE = frozenset({"orders", "fills", "routing", "tca"})
OF_SYMBOL = frozenset({"prices", "book"})
OF_DEPLOYMENT = frozenset({"traces", "deployment"})
SCOPED = frozenset({"fair_price", "funding"})
CONFLATED = OF_SYMBOL | SCOPED
"""Only the newest frame waits for a slow reader; of every other topic none is dropped."""

_SYMBOL = re.compile(r"[A-Za-z0-9._:/-]{1,256}|https://polymarket\.com/event/[A-Za-z0-9._-]+(?:[/?#][!#-\[\]-~]*)?")
_WORD = re.compile(r"[A-Za-z0-9._-]{1,128}")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_LONGEST = 512

UNKNOWN, BAD_SYMBOL, FORBIDDEN, TOO_MANY_TOPICS = "unknown topic", "bad symbol", "forbidden", "too many topics"
"""Reasons for which a topic is rejected."""


class BadTopic(ValueError):
    """A topic that nothing is sent for; its text is one of the reasons above."""


class Topic(msgspec.Struct, frozen=True):
    """What a topic names. `symbol` for prices, book and funding; `scope` is the underlying of fair_price, the venue
    of funding, or a deployment.
    """

    kind: str
    scope: str = ""
    symbol: str = ""

    @property
    def conflated(self) -> bool:
        """Whether a newer frame may take the place of one that waits."""
        return self.kind in CONFLATED


def topic_of(text: str) -> Topic:
    """Read a topic: ``orders``, ``prices:BTC-USD``, ``funding:binance:BTC-USDT``. Raises `BadTopic`."""
    kind, colon, rest = text.partition(":")
    if len(text) > _LONGEST or (colon and not rest and kind not in OF_SYMBOL):
        raise BadTopic(UNKNOWN)
    if kind in OF_SYMBOL and colon:
        return Topic(kind, symbol=_symbol(rest))
    if kind in PRIVATE and not colon:
        return Topic(kind)
    if kind in OF_DEPLOYMENT and _ID.fullmatch(rest):
        return Topic(kind, scope=rest)
    if kind == "fair_price" and (not colon or _WORD.fullmatch(rest)):
        return Topic(kind, scope=rest)
    if kind == "funding":
        return _funding(rest)
    raise BadTopic(UNKNOWN)


def _funding(rest: str) -> Topic:
    venue, colon, symbol = rest.partition(":")
    if rest and not _WORD.fullmatch(venue):
        raise BadTopic(UNKNOWN)
    return Topic("funding", scope=venue, symbol=_symbol(symbol) if colon else "")


def _symbol(text: str) -> str:
    if not _SYMBOL.fullmatch(text):
        raise BadTopic(BAD_SYMBOL)
    return text


# -- frames of /v1/stream ------------------------------------------------------------------------------------------


class Ask(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a client sends; `unsubscribe` is done first."""

    subscribe: list[str] | None = None
    unsubscribe: list[str] | None = None


class Subscribed(msgspec.Struct, omit_defaults=True):
    """The answer to `subscribe`; `reasons` has a word for each rejected topic."""

    subscribed: list[str]
    rejected: list[str]
    reasons: dict[str, str] = {}


class Unsubscribed(msgspec.Struct):
    """The answer to `unsubscribe`."""

    unsubscribed: list[str]


class Event(msgspec.Struct):
    """An event of the topic `channel`, as it was subscribed; `seq` counts per topic and connection, from 1, without
    gaps unless something was lost.
    """

    channel: str
    data: Any
    seq: int | None = None


class Socket(msgspec.Struct, frozen=True, kw_only=True):
    """A WebSocket of the API: what a client may send (None: nothing is read) and what it is sent."""

    name: str
    path: str
    summary: str
    takes: Any = None
    sends: tuple[Any, ...] = ()


STREAM = Socket(
    name="streams.unified",
    path="/v1/stream",
    summary="WebSocket: subscribe to topics, receive their events",
    takes=Ask,
    sends=(Subscribed, Unsubscribed, Event),
)
NEW_MARKETS = Socket(
    name="streams.new_markets",
    path="/v1/ws/new_markets",
    summary="WebSocket: prediction markets as they are listed, the last 128 first",
)
MARKET_RESOLVED = Socket(
    name="streams.market_resolved",
    path="/v1/ws/market_resolved",
    summary="WebSocket: prediction markets as they are resolved",
)
SOCKETS = {socket.path: socket for socket in (STREAM, NEW_MARKETS, MARKET_RESOLVED)}

# -- tickets and event streams --------------------------------------------------------------------------------------


class Ticket(msgspec.Struct, kw_only=True):
    """Opens one connection as ``?ticket=``, once, within `expires_in_s` seconds."""

    ticket: str
    expires_in_s: int
    expires_at_ns: int


class TicketBody(msgspec.Struct):
    """Nothing."""


class EventText(msgspec.Struct):
    """The reply of an event stream: ``text/event-stream`` without end."""


class EventQuery(Query):
    """Filters; `last_event_id` stands in for the header of that name, `ticket` for the key."""

    node_order_id: str | None = None
    edge_id: str | None = None
    symbol: str | None = None
    graph_id: str | None = None
    last_event_id: str | None = None
    ticket: str | None = None


TICKET = Operation(
    name="streams.ticket",
    method="POST",
    path="/v1/ws/ticket",
    summary="A ticket that opens one stream, once, within 30 seconds",
    body=TicketBody,
    body_optional=True,
    reply=Ticket,
)
TICKET_GET = Operation(
    name="streams.ticket_get",
    method="GET",
    path="/v1/ws/ticket",
    summary="The same as POST",
    reply=Ticket,
)


def _events(name: str, summary: str) -> Operation:
    return Operation(
        name=f"streams.{name}",
        method="GET",
        path=f"/v1/{name}/stream",
        summary=summary,
        query=EventQuery,
        reply=EventText,
        errors=("VALIDATION_ERROR",),
    )


ORDERS = _events("orders", "Event stream: each change of the account's orders")
FILLS = _events("fills", "Event stream: the account's fills")
TCA = _events("tca", "Event stream: a cost report after each order")
RISK = _events("risk", "Event stream: kill switch, limits, paused and failed graphs")
ALERTS = _events("alerts", "Event stream: kill switch, limits near and broken, losses stopped, edges down")
EVENT_NAMES = {"orders": "order", "fills": "fill", "tca": "tca", "risk": "risk", "alerts": "alert"}
"""The ``event:`` of each event stream, besides ``reset`` and ``error``."""
OPERATIONS = (TICKET, TICKET_GET, ORDERS, FILLS, TCA, RISK, ALERTS)
