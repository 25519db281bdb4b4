"""A result that is looked at again and again: at each wake, until Ctrl-C."""

from collections.abc import Callable, Iterator, Sequence

from seqcli.commands.session import Session
from seqcli.errors import Failure, RateLimited, Unreachable
from seqcli.views import Result

POLL_S = 1.0
"""Seconds between two looks where nothing wakes us."""

Ask = Callable[[], Result]


def watched(
    session: Session,
    ask: Ask,
    *,
    topics: Sequence[str] = (),  # noqa: ARG001 - the stream that wakes by them comes next
    until: Callable[[Result], bool] = lambda _: False,
) -> Iterator[Result]:
    """What `ask` gives now, and again whenever it has changed; ends after the first one that `until` is true of.

    `topics` are the stream's words for what may change it. Once there was something to show, an exchange that does
    not answer for a while is noted and asked again.
    """
    last: Result | None = None
    silent = False
    while True:
        result, failure = _look(session, ask, last)
        if failure is not None and last is not None:
            result = last.but(notes=[] if silent else [f"no answer, looking again: {failure.message}"])
        silent = failure is not None
        if last is None or result.notes or _told(result) != _told(last):
            yield result.but(live=True)
        last = result.but(notes=[])
        if not silent and until(result):
            return
        session.client.clock.sleep(POLL_S)


def _told(result: Result) -> tuple[object, str]:
    return result.body, "" if result.failure is None else result.failure.message


def _look(session: Session, ask: Ask, last: Result | None) -> tuple[Result, Failure | None]:
    """A look, or the failure that is no reason to end a watch that has begun."""
    result, failure = session.tried(ask)
    if failure is not None and (last is None or not isinstance(failure, Unreachable | RateLimited)):
        raise failure
    return result, failure
