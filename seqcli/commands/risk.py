"""`seq risk`: the exchange's own limits and how much of them is used."""

from collections.abc import Iterator

from seqcli import units
from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.commands.stream import For, MaxEvents
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


@command.verb("alerts", "seq risk alerts", "seq --local risk alerts --for 1s")
def alerts(session: Session, max_events: MaxEvents = None, duration: For = None) -> Result | Iterator[Result]:
    """What to look at: kill switch, limits nearly used up and broken, losses stopped, edges down. Until Ctrl-C."""
    most = None if max_events is None else words.count(max_events, "--max-events")
    seconds = None if duration is None else int(words.duration(duration, "--for")) / units.SECOND
    if session.options.dry_run:
        return session.planned((streams.ALERTS, Request()))
    from seqcli.commands import following

    return following.alerts(session, (most, seconds))
