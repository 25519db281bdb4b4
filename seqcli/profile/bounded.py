"""A call that may hang, given a limit: it runs in a daemon thread, which is left behind when it is late."""

from collections.abc import Callable
from typing import Any


class Late(Exception):
    """The call had not ended in time."""


def within(seconds: float, call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """The call's result and None, or None and what it raised (`Late` when it didn't end).

    Nothing is raised here, so that the failure a caller makes of it drags no foreign exception along, which may
    hold a key.
    """
    import threading

    outcome: list[tuple[Any, BaseException | None]] = []
    ended = threading.Event()

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:  # noqa: BLE001 -- told to the caller
            outcome.append((None, error))
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    ended.wait(seconds)
    return outcome[0] if outcome else (None, Late())
