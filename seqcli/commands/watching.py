"""A result that is looked at again and again: whenever the stream wakes it, by the clock where there is no stream."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from seqcli.commands.session import Session
from seqcli.errors import Failure, RateLimited, Unreachable
from seqcli.views import Result

if TYPE_CHECKING:
    from seqcli.client.stream import Stream

POLL_S = 1.0
"""Seconds between two looks where nothing wakes us."""
OLDEST_S = 5.0
"""A look is never older than this, even where nothing woke us: time alone changes some things."""
SHORTEST_S = 0.25
"""Seconds between two looks at least, however much happens."""
_TURN_S = 0.05

Ask = Callable[[], Result]


class Waker:
    """Waits for what may have changed something: frames of `topics` that hold the text `mention`.

    Without topics, or once the stream was refused, it is the clock alone; `notes` then says why, once. A wake counts
    for nothing but another look, so frames that were missed are not asked for again.
    """

    def __init__(self, session: Session, topics: Sequence[str], mention: str = "") -> None:
        self._session = session
        self._topics = topics
        self._mention = mention.encode()
        self._stream: Stream | None = None
        self._ending = contextlib.ExitStack()
        self._met = False
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def listen(self, *, near: bool = False) -> None:
        """Open the stream, if it knows what is asked for; with `near`, only where that costs next to nothing."""
        from seqcli.commands import streaming

        topics = [topic for topic in self._topics if streaming.is_topic(topic)]
        if not topics or (near and not streaming.is_near(self._session)):
            return
        try:
            self._stream = self._ending.enter_context(streaming.opened(self._session, topics, ledgers={}))
        except Failure as failure:
            self._refused(failure)

    @property
    def listening(self) -> bool:
        """Whether a stream is there to wake us."""
        return self._stream is not None

    def wait(self, seconds: float) -> bool:
        """Wait until something woke us, at most so long; whether it did. A stream that has just begun wakes, too."""
        clock = self._session.client.clock
        if self._stream is None:
            clock.sleep(seconds)
            return False
        end = clock.monotonic() + seconds
        while (left := end - clock.monotonic()) > 0:
            try:
                items = self._stream.take(left if self._met else min(left, _TURN_S))
            except Failure as failure:
                self._refused(failure)
                return True
            if self._stream.met and not self._met:
                self._met = True
                return True
            if any(not item.topic or self._mention in item.raw for item in items):
                return True
        return False

    def told(self) -> list[str]:
        """What there is to say now."""
        notes, self.notes = self.notes, []
        return notes

    def _refused(self, failure: Failure) -> None:
        self._stream = None
        self._ending.close()
        self.notes.append(f"no stream, looking every {POLL_S:g} s instead: {failure.message}")


def watched(
    session: Session,
    ask: Ask,
    *,
    topics: Sequence[str] = (),
    mention: str = "",
    until: Callable[[Result], bool] = lambda _: False,
) -> Iterator[Result]:
    """What `ask` gives now, and again whenever it has changed; ends after the first one that `until` is true of.

    `topics` are the stream's words for what may change it, `mention` a text that such a frame then holds. Once there
    was something to show, an exchange that does not answer for a while is noted and asked again.
    """
    last: Result | None = None
    silent = False
    with Waker(session, topics, mention) as waker:
        while True:
            result, failure = _look(session, ask, last)
            notes = waker.told()
            if failure is not None and last is not None:
                result = last
                notes += [] if silent else [f"no answer, looking again: {failure.message}"]
            silent = failure is not None
            if last is None or notes or _told(result) != _told(last):
                yield result.but(live=True, notes=[*result.notes, *notes])
            if not silent and until(result):
                return
            if last is None:
                waker.listen()
            last = result
            _pause(session, waker)


def _pause(session: Session, waker: Waker) -> None:
    """Until the next look."""
    clock = session.client.clock
    if not waker.listening:
        waker.wait(POLL_S)
        return
    start = clock.monotonic()
    waker.wait(OLDEST_S)
    rest = SHORTEST_S - (clock.monotonic() - start)
    if rest > 0:
        clock.sleep(rest)


def _told(result: Result) -> tuple[object, str]:
    return result.body, "" if result.failure is None else result.failure.message


def _look(session: Session, ask: Ask, last: Result | None) -> tuple[Result, Failure | None]:
    """A look, or the failure that is no reason to end a watch that has begun."""
    result, failure = session.tried(ask)
    if failure is not None and (last is None or not isinstance(failure, Unreachable | RateLimited)):
        raise failure
    return result, failure
