"""`seq killswitch`: stop new risk, cancel everything, and prove that nothing is open. Asks nothing."""

from typing import Annotated

import typer

from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Partial
from seqcli.views import Result
from seqcli.views import killswitch as tables
from seqcli.wire import algos, orders, safety
from seqcli.wire.operation import Request

command = Noun(
    "killswitch",
    "Stop new risk, cancel everything, prove it flat. Cancels and reads always pass.",
    alone=("status",),
    examples=("seq --local killswitch", "seq --local killswitch on --reason 'lost the feed'"),
)
command.lenient = True

Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Kept with the switch.")]


@command.verb("on", "seq --local killswitch on --reason drill")
def on(session: Session, reason: Reason = None) -> Result:
    """Latch here, engage there, stop deployments, cancel on every venue, and look twice. Status 0 only when flat."""
    if session.options.dry_run:
        return session.planned(
            (safety.KILL_SWITCH_ENGAGE, Request(body=safety.Engage(reason=reason))),
            (algos.DEPLOYMENTS, Request()),
            (algos.DEPLOYMENT_STOP, Request(path={"id": "<each running deployment>"})),
            (safety.VENUE_CANCEL_ALL, Request(path={"venue": "<each venue>"})),
            (orders.LIST, Request(query=orders.ListQuery(status="open"))),
        )
    body, failure = session.killswitch.on(reason)
    return session.seen(body, items="venues", ids="venue", table=tables.engaged, failure=failure)


@command.verb("off", "seq --local killswitch off")
def off(session: Session) -> Result:
    """Clear the server's switch, then the latch: new orders pass again."""
    if session.options.dry_run:
        return session.planned((safety.KILL_SWITCH_CLEAR, Request()))
    return session.seen(session.killswitch.off(), table=tables.status)


@command.verb("status", "seq --local killswitch status")
def status(session: Session) -> Result:
    """The latch on this machine and the switch on the server."""
    if session.options.dry_run:
        return session.planned((safety.KILL_SWITCH_READ, Request()))
    body = session.killswitch.status()
    failure = Partial(f"the server's switch is unknown: {body['problem']}") if body["problem"] else None
    return session.seen(body, table=tables.status, failure=failure)
