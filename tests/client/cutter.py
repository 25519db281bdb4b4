"""A way to a server that can be cut after any byte, or carry nothing and not say so.

The server is told that it was asked by its own name.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

NEVER = 1 << 62


class Cutter:
    """A proxy on loopback. `budgets` gives the bytes that the next streams may bring down before they are cut."""

    def __init__(self, url: str, budgets: Iterable[int] = ()) -> None:
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._there = (host, int(port))
        self._budgets = iter(budgets)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._name = self.url.removeprefix("http://").encode()
        self.cuts = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self._frozen: set[int] = set()
        self._open: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._flowing.set()
        for pair in list(self._open.values()):
            for end in pair:
                _reset(end)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def freeze(self, *, open_ones: bool = False) -> None:
        """Carry nothing more: on new connections too, or only on those that are open."""
        if open_ones:
            self._frozen |= set(self._open)
        else:
            self._flowing.clear()

    def thaw(self) -> None:
        """Carry again."""
        self._flowing.set()

    def _start(self, work: Callable[..., None], *words: Any) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(self._there)
                name = here.fileno()
                self._open[name] = (here, there)
                self._start(self._up, name, here, there)

    def _up(self, name: int, here: socket.socket, there: socket.socket) -> None:
        first = True
        with contextlib.suppress(OSError):
            while data := here.recv(1 << 16):
                self._flowing.wait(10)
                if first:
                    budget = next(self._budgets, NEVER) if b"/stream" in data.partition(b"\n")[0] else NEVER
                    self._start(self._down, name, here, there, budget)
                    first = False
                if name not in self._frozen:
                    there.sendall(data.replace(self._name, b"%s:%d" % (self._there[0].encode(), self._there[1])))
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)

    def _down(self, name: int, here: socket.socket, there: socket.socket, budget: int) -> None:
        with contextlib.suppress(OSError):
            while data := there.recv(1 << 16):
                self._flowing.wait(10)
                if name in self._frozen:
                    continue
                here.sendall(data[:budget])
                budget -= len(data)
                if budget <= 0:
                    self.cuts += 1
                    break
        self._open.pop(name, None)
        # The bytes that were let through arrive; what follows is an end without a goodbye.
        for end in (here, there):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
