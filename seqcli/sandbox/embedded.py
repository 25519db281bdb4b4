"""The exchange inside a command: lock, catch up, answer through the gate, commit, unlock. No server, no
event loop.

The box stays open between calls, and is opened again when another process has written meanwhile.
"""

import time
from collections.abc import Callable
from pathlib import Path

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.log import to_stderr
from seqcli.sandbox.service.gate import Gate, Inbound, Outbound
from seqcli.sandbox.service.state import LOCK_WAIT_S, Server, State
from seqcli.sandbox.serving import Settings

HOST = "localhost"
"""What requests to the embedded exchange say as their Host."""
_SNAPSHOT_BYTES = 128 << 10  # a one-shot replays these before it answers


class Embedded:
    """One state folder, opened by this process whenever it is its turn."""

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._state = State(folder)
        self._state.prepare()
        self._clock_ns = clock_ns
        self._box: OpenBox | None = None
        self._gate: Gate | None = None
        self._version: tuple[int, int] | None = None
        self.notes: list[str] = []

    def handle(self, inbound: Inbound, body: bytes, wait_s: float = LOCK_WAIT_S) -> Outbound | Server:
        """The reply, durable; or the server that runs this state and has to be asked instead.

        Raises `state.Busy` when the lock is not free within `wait_s` seconds, `store.CannotWrite` when
        nothing was changed.
        """
        server = self._state.enter(wait_s)
        if server is not None:
            self.close()
            return server
        try:
            gate, box = self._open()
            reply = gate.handle(inbound, body)
            if reply.durable_seq:
                box.sequencer.commit()
            self._version = box.store.version
        except BaseException:
            self.close()  # what is in memory may be ahead of the disk
            raise
        else:
            return reply
        finally:
            self._state.lock.release()

    def api_key(self, wait_s: float = LOCK_WAIT_S) -> str:
        """The first key of this state, made when there is none."""
        key = self._state.known_key()
        if key is None:
            self._state.enter(wait_s)
            try:
                key = self._state.first_key()
            finally:
                self._state.lock.release()
        return key

    def _open(self) -> tuple[Gate, OpenBox]:
        if self._box is not None and self._version != self._box.store.version:
            self.close()
        if self._box is None or self._gate is None:
            self._box = OpenBox(self._state, Settings(), self._clock_ns, snapshot_bytes=_SNAPSHOT_BYTES)
            self._gate = Gate(self._box, hosts=frozenset({HOST}), clock_ns=self._clock_ns, log=to_stderr)
            self.notes += self._box.store.notes
        return self._gate, self._box

    def close(self) -> None:
        """Close the store; everything answered is on disk already."""
        if self._box is not None:
            self._box.store.close()
            self._box = self._gate = self._version = None

    def leave(self) -> None:
        """Close, and let go of the folder's lock: a process may open many."""
        self.close()
        self._state.lock.close()
