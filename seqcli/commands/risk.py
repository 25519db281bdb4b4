"""`seq risk`: the exchange's own limits and how much of them is used."""

from collections.abc import Iterator

from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.views import Result
from seqcli.wire import safety, streams
from seqcli.wire.operation import Request

command = Noun("risk", "The exchange's limits and their use.", alone=("limits",), examples=("seq --local risk limits",))


@command.verb("limits", "seq --local risk limits")
def limits(session: Session) -> Result:
    """Limits of the account at the exchange; your own are in policy.toml."""
    return session.read(safety.RISK_LIMITS, Request())


@command.verb("follow", "seq risk follow", "seq risk follow --json")
def follow(session: Session) -> Result | Iterator[Result]:
    """Kill switch, limits near and breached, graphs paused and failed: as it happens, until Ctrl-C."""
    if session.options.dry_run:
        return session.planned((streams.RISK, Request()))
    from seqcli.commands import following

    return following.risk(session)
