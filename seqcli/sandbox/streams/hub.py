"""The hub: what the exchange says, to everybody who listens. Each body is made once for all of them.

The sequencer hands over events when they are on disk (`publish`); a ticker asks the market for what is watched
(`market.steps`). Sockets and event streams join with a way to wake them; nothing here waits, and no I/O is done.

For what comes from elsewhere: `tell` sends a private topic (deployment, traces), `announce` a life-cycle event,
`report` makes the cost report of an ended order, and what a topic of the market sends is a row of `feeds.FEEDS`.
"""

import os
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.problems import Problem
from seqcli.sandbox.streams.alerts import STREAM as ALERTS
from seqcli.sandbox.streams.alerts import Alerts
from seqcli.sandbox.streams.feeds import Feed, MarketData
from seqcli.sandbox.streams.outbox import Outbox
from seqcli.sandbox.streams.publishing import News, Publisher, Report, ascii_json, switch_body
from seqcli.sandbox.streams.rings import Follower, Ring, block_of
from seqcli.wire import streams
from seqcli.wire.streams import BadTopic, Socket, Topic, topic_of

if TYPE_CHECKING:
    from seqcli.sandbox.serving import Box, Caller

REPLAYED = 128
"""Life-cycle events that a new reader of /v1/ws/new_markets is sent first."""
End = Callable[[int, str, str], None]
"""Close a connection: the code, and the API code and message to say before it ("" = nothing)."""


class Member:
    """One socket: who reads, what waits for it, and what it has subscribed to (as written → as we spell it)."""

    def __init__(self, caller: "Caller", socket: Socket, wake: Callable[[], None], end: End) -> None:
        self.caller = caller
        self.socket = socket
        self.outbox = Outbox(wake)
        self.end = end
        self.topics: dict[str, Topic] = {}


class Hub:
    """`clock_ns` never goes back: it dates what is kept for replay. `now_ns` is the exchange's time."""

    def __init__(
        self,
        box: "Box",
        now_ns: Callable[[], int],
        clock_ns: Callable[[], int],
        *,
        feeds: dict[str, Feed] | None = None,
        report: Report | None = None,
    ) -> None:
        self._box = box
        self._now_ns = now_ns
        self._clock_ns = clock_ns
        self.market = MarketData(box.market, feeds)
        self._publisher = Publisher(box.exchange, report)
        self._alerts = Alerts(box.exchange)
        self._boot = _new_boot()
        self._members: dict[int, Member] = {}
        self._private: dict[tuple[str, str], dict[int, Member]] = {}
        self._rings: dict[tuple[str, str], Ring] = {}
        self._followers: dict[int, tuple[str, Follower]] = {}
        self._listed: deque[bytes] = deque(maxlen=REPLAYED)
        self._seen: dict[Hashable, None] = {}

    @property
    def listened(self) -> bool:
        """Whether anybody is connected; what happens by itself is then to be looked for often."""
        return bool(self._members or self._followers)

    # -- sockets ----------------------------------------------------------------------------------------------------

    def enter(self, caller: "Caller", socket: Socket, wake: Callable[[], None], end: End) -> Member:
        """A new connection. Raises `Problem` (RATE_LIMITED) when its key has too many."""
        held = sum(member.caller.key_id == caller.key_id for member in self._members.values())
        if held >= streams.MAX_CONNECTIONS:
            raise _too_many("sockets")
        member = Member(caller, socket, wake, end)
        self._members[id(member)] = member
        if socket is streams.NEW_MARKETS:
            for event in self._listed:
                member.outbox.keep("", event)
        return member

    def leave(self, member: Member) -> None:
        """The connection has ended."""
        self._members.pop(id(member), None)
        for channel in list(member.topics):
            self._drop(member, channel)

    def ask(self, member: Member, asked: streams.Ask) -> None:
        """Unsubscribe, then subscribe; each with its answer, after which the state as it is follows."""
        if asked.unsubscribe is not None:
            dropped = list(dict.fromkeys(asked.unsubscribe))
            for channel in dropped:
                self._drop(member, channel)
            member.outbox.keep("", ascii_json(streams.Unsubscribed(unsubscribed=dropped)))
        if asked.subscribe is not None:
            self._subscribe(member, list(dict.fromkeys(asked.subscribe)))

    def _subscribe(self, member: Member, channels: list[str]) -> None:
        accepted: dict[str, Topic] = {}
        reasons: dict[str, str] = {}
        for channel in channels:
            try:
                accepted[channel] = self._topic(member, channel, len(accepted.keys() - member.topics.keys()))
            except BadTopic as bad:
                reasons[channel] = str(bad)
        answer = streams.Subscribed(subscribed=list(accepted), rejected=list(reasons), reasons=reasons)
        member.outbox.keep("", ascii_json(answer))
        now_ns = self._now_ns()
        for channel, topic in accepted.items():
            if channel in member.topics:
                continue
            member.topics[channel] = topic
            if topic.conflated:
                self.market.watch(topic, channel, member.outbox, now_ns)
            else:
                self._private.setdefault((member.caller.client_id, channel), {})[id(member)] = member

    def _topic(self, member: Member, channel: str, more: int) -> Topic:
        topic = topic_of(channel)
        if topic.conflated:
            topic = self.market.canonical(topic)
        if topic.kind in streams.OF_DEPLOYMENT and not self._has(member.caller.client_id, topic.scope):
            raise BadTopic(streams.UNKNOWN)
        if channel not in member.topics and len(member.topics) + more >= streams.MAX_TOPICS:
            raise BadTopic(streams.TOO_MANY_TOPICS)
        return topic

    def _has(self, client_id: str, deployment_id: str) -> bool:
        words = "SELECT 1 FROM deployments WHERE client_id = ? AND deployment_id = ?"
        return bool(self._box.store.read(words, (client_id, deployment_id)))

    def _drop(self, member: Member, channel: str) -> None:
        topic = member.topics.pop(channel, None)
        if topic is None:
            return
        if topic.conflated:
            self.market.leave(topic, channel, member.outbox)
        else:
            key = (member.caller.client_id, channel)
            readers = self._private.get(key, {})
            readers.pop(id(member), None)
            if not readers:
                self._private.pop(key, None)
        member.outbox.forget(channel)

    # -- event streams ----------------------------------------------------------------------------------------------

    def follow(
        self, caller: "Caller", stream: str, filters: dict[str, str], last_id: str | None, wake: Callable[[], None]
    ) -> Follower:
        """A new reader of an event stream. Raises `Problem` (RATE_LIMITED) when its key has too many."""
        held = sum(key_id == caller.key_id for key_id, _ in self._followers.values())
        if held >= streams.MAX_CONNECTIONS:
            raise _too_many("event streams")
        key = (caller.client_id, stream)
        ring = self._rings.get(key)
        if ring is None:
            ring = self._rings[key] = Ring(self._boot, streams.EVENT_NAMES[stream])
        follower = Follower(filters, wake)
        ring.join(follower, last_id, self._clock_ns())
        if stream == "risk":
            switch = self._box.exchange.kill_switch(caller.client_id)
            state = switch_body({"engaged": switch.engaged, "reason": switch.reason}, self._now_ns())
            follower.put(block_of("risk", ascii_json(state)))
        self._followers[id(follower)] = (caller.key_id, follower)
        return follower

    def unfollow(self, caller: "Caller", stream: str, follower: Follower) -> None:
        """The reader has gone; what it was sent is kept for its return."""
        self._followers.pop(id(follower), None)
        ring = self._rings.get((caller.client_id, stream))
        if ring is not None:
            ring.leave(follower)

    # -- what is said -----------------------------------------------------------------------------------------------

    def publish(self, events: Iterable[Event]) -> None:
        """Tell of events, which are on disk."""
        for event in events:
            for news in self._publisher.news(event):
                self._tell_of(news)
            for news in self._alerts.news(event):
                self._tell_of(news)

    def look(self, now_ns: int) -> None:
        """Tell of edges that were dropped or have come back."""
        readers = [client_id for client_id, stream in self._rings if stream == ALERTS]
        for news in self._alerts.edges(self._box.down, readers, now_ns):
            self._tell_of(news)

    def _tell_of(self, news: News) -> None:
        readers = self._private.get((news.client_id, news.topic))
        ring = self._rings.get((news.client_id, news.stream))
        if not readers and ring is None:
            return
        body = news.body()
        if body is None:
            return
        text = ascii_json(body)
        self._send(readers, news.topic, text)
        if ring is not None:
            ring.add(news.about, text, self._clock_ns())

    def tell(self, client_id: str, topic: str, body: Callable[[], Any]) -> None:
        """Send one account's topic to whoever has subscribed to it; `body` is asked for only then."""
        readers = self._private.get((client_id, topic))
        if readers:
            self._send(readers, topic, ascii_json(body()))

    @staticmethod
    def _send(readers: dict[int, Member] | None, topic: str, body: bytes) -> None:
        for member in list((readers or {}).values()):
            member.outbox.keep(topic, body)

    def announce(self, socket: Socket, identity: Hashable, event: dict[str, Any]) -> None:
        """A life-cycle event, for everybody; one `identity` is told once, whichever region it comes from."""
        if (socket.name, identity) in self._seen:
            return
        self._seen[socket.name, identity] = None
        if len(self._seen) > 8 * REPLAYED:
            del self._seen[next(iter(self._seen))]
        text = ascii_json(event)
        if socket is streams.NEW_MARKETS:
            self._listed.append(text)
        for member in list(self._members.values()):
            if member.socket is socket:
                member.outbox.keep("", text)

    # -- ends -------------------------------------------------------------------------------------------------------

    def revoke(self, key_id: str) -> None:
        """A key was revoked or has another text: whoever came with it has to go."""
        message = "unauthorized: key: revoked or rotated"
        for member in list(self._members.values()):
            if member.caller.key_id == key_id:
                member.end(streams.KEY_REVOKED, "UNAUTHORIZED", message)
        for held, follower in list(self._followers.values()):
            if held == key_id:
                follower.end("UNAUTHORIZED", message)

    def close(self) -> None:
        """Everybody has to go: the server ends, or can no longer say what happens."""
        for member in list(self._members.values()):
            member.end(streams.GOING_AWAY, "", "")
        for _, follower in list(self._followers.values()):
            follower.end()

    def begin_anew(self) -> None:
        """Something was not told: send everybody away, and let no id of before be taken for one of what follows."""
        self.close()
        self._rings.clear()
        self._boot = _new_boot()


def _new_boot() -> str:
    return os.urandom(4).hex()


def _too_many(what: str) -> Problem:
    reason = f"rate limit exceeded: more than {streams.MAX_CONNECTIONS} {what} of one key"
    return Problem("RATE_LIMITED", reason, headers={"Retry-After": "1"})
