"""What is shown of a thing that is watched: its first look, and every change."""

from collections.abc import Callable
from typing import Any, Self

import pytest

from seqcli.client.mailbox import Item
from seqcli.client.stream import Stream
from seqcli.commands import streaming
from seqcli.commands.session import Session
from seqcli.commands.watching import SHORTEST_S, watched
from seqcli.errors import NotFound, NotSent
from seqcli.views import Result


class Clock:
    """Nobody sleeps; how often is counted, and time passes by as much."""

    slept = 0
    now = 0.0

    def sleep(self, seconds: float, /) -> None:
        self.slept += 1
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


class Watching(Session):
    """A session whose client is a clock."""

    def __init__(self) -> None:
        super().__init__({})
        self.clock = Clock()
        self.__dict__["client"] = self

    def watch(self, *answers: Any, until: Callable[[Result], bool] = lambda result: result.body == "end") -> list[Any]:
        left = iter(answers)

        def ask() -> Result:
            answer = next(left)
            if isinstance(answer, Exception):
                raise answer
            return Result(body=answer)

        return [(result.body, result.notes) for result in watched(self, ask, until=until) if result.live]


@pytest.fixture
def session() -> Watching:
    return Watching()


def test_a_change_is_shown_and_an_equal_look_is_not(session: Watching) -> None:
    assert session.watch(1, 1, 2, 2, 2, 1, "end") == [(1, []), (2, []), (1, []), ("end", [])]
    assert session.clock.slept == 6


def test_it_ends_where_there_is_nothing_left_to_wait_for(session: Watching) -> None:
    assert session.watch("end") == [("end", [])]
    assert session.clock.slept == 0


def test_an_exchange_that_is_silent_for_a_while_is_said_once_and_asked_again(session: Watching) -> None:
    shown = session.watch(1, NotSent("nothing listens"), NotSent("nothing listens"), 1, NotSent("again"), "end")
    note, again = "no answer, looking again: nothing listens", "no answer, looking again: again"
    assert shown == [(1, []), (1, [note]), (1, [again]), ("end", [])]


def test_a_first_look_that_fails_ends_it_and_so_does_a_definite_no(session: Watching) -> None:
    with pytest.raises(NotSent):
        session.watch(NotSent("nothing listens"))
    with pytest.raises(NotFound):
        session.watch(1, NotFound("gone"))


class Restless(Stream):
    """Wakes at once, whenever it is asked."""

    def __init__(self) -> None:
        """Nothing is opened."""
        self._met = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def take(self, wait_s: float) -> list[Item]:
        assert wait_s > 0
        return [Item("prices:A", b"{}")]


def test_however_much_happens_it_looks_four_times_a_second(session: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "opened", lambda *_, **__: Restless())
    looks = iter(range(41))
    shown = list(
        watched(
            session,
            lambda: Result(body=next(looks)),
            topics=["prices:A"],
            until=lambda result: bool(result.body == 40),
        )
    )
    assert len(shown) == 41
    assert session.clock.now == pytest.approx(40 * SHORTEST_S)
