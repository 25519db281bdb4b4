"""Waiting for bytes, however many files the process has open: `select.select` knows only the first 1024."""

import selectors
from collections.abc import Iterable
from socket import socket


def readable(sources: "Iterable[socket | int]", wait_s: float) -> bool:
    """Whether any has something to read, or has ended; waits so long for it."""
    with selectors.DefaultSelector() as waiting:
        for source in sources:
            waiting.register(source, selectors.EVENT_READ)
        return bool(waiting.select(wait_s))
