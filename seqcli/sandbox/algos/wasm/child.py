"""The child: holds the instances of one module and answers calls until its parent hangs up.

Started with ``python -m``; its one argument is the number of the socket.
"""

import socket
import sys
import threading
import time

import msgspec

from seqcli.sandbox.algos.wasm import abi, calls
from seqcli.sandbox.algos.wasm.guest import Guest, Program, Trapped

EPOCH_S = 0.01
DATA_BYTES = 1 << 30
_MOST_LOGS = 64


class Child:
    """One module, several instances; each answers for itself."""

    def __init__(self) -> None:
        self._guests: list[Guest] = []
        self._logs: list[tuple[int, bytes]] = []
        self._sent: list[tuple[bytes, bytes]] = []
        self._labels: frozenset[bytes] = frozenset()

    def answer(self, request: calls.Request) -> calls.Reply:
        """Do one call."""
        self._logs, self._sent = [], []
        began = time.perf_counter_ns()
        reply = calls.Reply()
        try:
            if request.call == calls.LOAD:
                reply.notes = self._load(request)
            else:
                guest = self._guests[request.instance]
                reply.actions = list(self._called(guest, request))
                reply.memory_bytes = guest.memory_bytes
        except Trapped as trap:
            reply.trap = str(trap)
        reply.latency_ns = time.perf_counter_ns() - began
        reply.logs, reply.sent = self._logs, self._sent
        return reply

    def _load(self, request: calls.Request) -> list[str]:
        program = Program(request.first, epochs=True)
        threading.Thread(target=_advance, args=(program,), daemon=True).start()
        self._labels = frozenset(label.encode() for label in request.labels)
        self._guests = [Guest(program, self._log, self._send) for _ in range(request.instance)]
        if request.second and not all(guest.configure(request.second) for guest in self._guests):
            return ["takes no parameters: it exports no newer callback, or its own data lies where they would be"]
        return []

    @staticmethod
    def _called(guest: Guest, request: calls.Request) -> list[abi.Action]:
        match request.call:
            case calls.BOOK:
                return guest.on_book(request.first, request.second)
            case calls.FILL:
                guest.on_fill(request.first, request.second)
            case calls.REJECT:
                guest.on_reject(request.first)
            case calls.HEARTBEAT:
                return guest.on_heartbeat(request.first)
            case calls.MESSAGE:
                return guest.on_message(request.first, request.second, request.third)
            case calls.SHUTDOWN:
                return guest.on_shutdown(request.first)
        return []

    def _log(self, level: int, text: bytes) -> None:
        if len(self._logs) < _MOST_LOGS:
            self._logs.append((level, text))

    def _send(self, label: bytes, payload: bytes) -> int:
        if label not in self._labels:
            return 1
        if len(self._sent) >= abi.MAX_ACTIONS:
            return 3
        self._sent.append((label, payload))
        return 0


def _advance(program: Program) -> None:
    while True:
        time.sleep(EPOCH_S)
        program.engine.increment_epoch()


def confine() -> None:
    """No files, no core dumps, no more memory than a few instances need."""
    import resource

    for name, most in (("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 0), ("RLIMIT_DATA", DATA_BYTES), ("RLIMIT_NOFILE", 64)):
        resource.setrlimit(getattr(resource, name), (most, most))


def main() -> None:
    """Serve the socket that was named."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    if sys.platform != "win32":
        confine()
    child, decode = Child(), msgspec.msgpack.Decoder(calls.Request).decode
    while True:
        message = calls.read(channel)
        if message is None:
            return
        calls.write(channel, child.answer(decode(message)))


if __name__ == "__main__":
    main()
