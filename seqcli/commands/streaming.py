"""A session's streams: where they are, opened and closed with it."""

import sys
import threading
from collections.abc import Sequence
from typing import Any

from seqcli import views
from seqcli.client.client import Client
from seqcli.client.dial import Reach
from seqcli.client.lifecycle import LifeCycle
from seqcli.client.mailbox import Mailbox
from seqcli.client.pump import Find
from seqcli.client.sse import EventStream
from seqcli.client.stream import Stream
from seqcli.commands.session import Session
from seqcli.errors import Denied
from seqcli.profile import settings
from seqcli.views import Result
from seqcli.wire import streams
from seqcli.wire.operation import Operation, Request

_RESTART_S, _PAUSE_S = 1.0, 0.02


def reach(session: Session) -> Reach:
    """Where the account's streams are.

    The exchange in the box is served for as long as the session lasts, unless a server runs it already.
    """
    if session.account.local:
        return Reach(session.box.served(), session.box.api_key())
    if session.account.key is None:
        raise Denied("there is no API key", code="NO_KEY", hint="SEQ_API_KEY, seq creds login, or --local")
    found = settings.values(session.config, profile=session.account.profile_name)
    return Reach(session.account.base_url, session.account.key, found["proxy"].value, found["ca_file"].value)


def elsewhere(session: Session) -> Find | None:
    """Where to look for the server of the exchange in the box, which is whichever process serves it now.

    One that restarts is given a moment before this process serves in its place.
    """
    if not session.account.local:
        return None

    def find() -> Reach:
        clock = session.client.clock
        end = clock.monotonic() + _RESTART_S
        while not session.box.is_served() and clock.monotonic() < end:
            clock.sleep(_PAUSE_S)
        return reach(session)

    return find


def client(session: Session) -> Client:
    """A client for a thread of its own."""
    where = reach(session)
    return session.new_client(session.network(), where.base_url, where.key, session.account.mode)


def opened(session: Session, topics: Sequence[str], **options: Any) -> Stream:
    """The unified stream; `options` as it takes them."""
    asking = client(session)
    options |= {"clock": asking.clock, "chance": asking.chance, "find": elsewhere(session)}
    made = Stream(reach(session), topics, client=asking, **options)
    session.ending(made.close)
    return made


def events(session: Session, operation: Operation, **options: Any) -> EventStream:
    """An event stream without filters; `options` as it takes them."""
    asking = client(session)
    options |= {"clock": asking.clock, "chance": asking.chance, "find": elsewhere(session)}
    made = EventStream(reach(session), operation, Request(), client=asking, **options)
    session.ending(made.close)
    return made


def lifecycle(session: Session, sockets: Sequence[streams.Socket]) -> list[LifeCycle]:
    """Sockets of prediction markets with one mailbox: whatever any of them tells is taken from the first."""
    asking, mailbox, where, find = client(session), Mailbox(), reach(session), elsewhere(session)
    clock, chance = asking.clock, asking.chance
    made = [
        LifeCycle(where, socket, mailbox, client=asking, clock=clock, chance=chance, find=find) for socket in sockets
    ]
    for one in made:
        session.ending(one.close)
    return made


def is_near(session: Session) -> bool:
    """Whether a stream costs next to nothing: a server runs already, so that none has to be started for it.

    Not to one of several threads that wait side by side: a key has ten connections, and some belong to others.
    """
    alone = threading.current_thread() is threading.main_thread()
    return alone and (not session.account.local or session.box.is_served())


def is_topic(text: str) -> bool:
    """Whether the server's grammar knows this topic."""
    try:
        streams.topic_of(text)
    except streams.BadTopic:
        return False
    return True


def planned(session: Session, topics: Sequence[str]) -> Result:
    """What would be sent to subscribe."""
    socket = Operation(name=streams.STREAM.name, method="GET", path=streams.STREAM.path, summary=streams.STREAM.summary)
    asked = Request(body=streams.Ask(subscribe=list(topics)))
    return views.planned([session.client.prepare(socket, asked).shown()])


def is_for_people(session: Session) -> bool:
    """Whether a table is wanted, on a terminal."""
    return session.options.output == "table" and not session.options.quiet and is_watched()


def is_watched() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()
