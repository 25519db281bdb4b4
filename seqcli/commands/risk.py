"""`seq risk`: the exchange's own limits and how much of them is used."""

from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.views import Result
from seqcli.wire import safety
from seqcli.wire.operation import Request

command = Noun("risk", "The exchange's limits and their use.", alone=("limits",), examples=("seq --local risk limits",))


@command.verb("limits", "seq --local risk limits")
def limits(session: Session) -> Result:
    """Limits of the account at the exchange; your own are in policy.toml."""
    return session.read(safety.RISK_LIMITS, Request())
