"""A session's streams: where they are, opened and closed with it."""

import sys
from collections.abc import Sequence

from seqcli import views
from seqcli.client.dial import Reach
from seqcli.client.pump import Tap
from seqcli.client.stream import Stream
from seqcli.commands.session import Session
from seqcli.errors import Denied
from seqcli.profile import settings
from seqcli.views import Result
from seqcli.wire import streams
from seqcli.wire.operation import Operation, Request


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


def opened(session: Session, topics: Sequence[str], *, tap: Tap | None = None, by_ticket: bool = False) -> Stream:
    """The unified stream; it has a client of its own, since it asks from a thread of its own."""
    where = reach(session)
    client = session.new_client(session.network(), where.base_url, where.key, session.account.mode)
    made = Stream(where, topics, client=client, clock=client.clock, chance=client.chance, tap=tap, by_ticket=by_ticket)
    session.ending(made.close)
    return made


def planned(session: Session, topics: Sequence[str]) -> Result:
    """What would be sent to subscribe."""
    socket = Operation(name=streams.STREAM.name, method="GET", path=streams.STREAM.path, summary=streams.STREAM.summary)
    asked = Request(body=streams.Ask(subscribe=list(topics)))
    return views.planned([session.client.prepare(socket, asked).shown()])


def is_watched() -> bool:
    """Whether a person looks at stdout."""
    return sys.stdout.isatty()
