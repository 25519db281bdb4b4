"""How far a long run is: a bar on a terminal once it takes a second, gone at its end, and nothing anywhere else."""

import io

from seqcli.views.progress import Share


class Terminal(io.StringIO):
    """Memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds, as told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(stderr: io.StringIO, *moments: tuple[float, int]) -> str:
    clock = Clock()
    with Share("backtest", stderr, clock) as share:
        for clock.now, per_mille in moments:
            share(per_mille)
    return stderr.getvalue()


def test_a_run_of_a_second_has_a_bar_that_is_gone_at_its_end() -> None:
    assert told(Terminal(), (0.5, 100), (1.0, 500), (2.0, 1000)) == (
        f"\rbacktest [{'#' * 12}{'.' * 12}] 50 %\x1b[K\rbacktest [{'#' * 24}] 100 %\x1b[K\r\x1b[K"
    )


def test_a_short_run_and_a_pipe_are_told_nothing() -> None:
    assert told(Terminal(), (0.1, 500), (0.9, 1000)) == ""
    assert told(io.StringIO(), (1.0, 500), (9.0, 1000)) == ""
