"""Several writers, one transaction: what threads want written at the same moment goes to the disk once."""

import contextlib
import sqlite3
from collections.abc import Callable


class Wish:
    """What one thread wants written; `error` is what became of it when it is not there."""

    def __init__(self, work: Callable[[sqlite3.Connection], object], *, durable: bool) -> None:
        self.work = work
        self.durable = durable
        self.done = False
        self.error: BaseException | None = None


def grant(connection: sqlite3.Connection, wishes: list[Wish]) -> None:
    """Commit all of `wishes`, fsynced when one of them is durable; a wish that fails leaves nothing of itself.

    Raises where nothing at all was written.
    """
    durable = any(wish.durable for wish in wishes)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for wish in wishes:
            _try(connection, wish)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _try(connection: sqlite3.Connection, wish: Wish) -> None:
    connection.execute("SAVEPOINT wish")
    try:
        wish.work(connection)
    except Exception as error:  # told to the thread that wished for it; the others go on
        if not connection.in_transaction:  # a full disk takes everyone's back
            raise
        wish.error = error
        connection.execute("ROLLBACK TO wish")
    connection.execute("RELEASE wish")
