"""Backtest jobs at work: each in a child process of its own, a few at once, the others wait their turn.

A job that ran when the exchange ended is run again from its inputs, which gives the same report; one that was there at
two violent ends is `failed`.
"""

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import msgspec

from seqcli.sandbox.algos.jobs import Jobs, StoredJob, Told
from seqcli.sandbox.algos.wasm import calls
from seqcli.sandbox.algos.wasm.process import spawn
from seqcli.sandbox.storage.damage import CannotWrite

if TYPE_CHECKING:
    import subprocess

AT_ONCE = 2
MOST_STARTS = 2
_decode = msgspec.msgpack.Decoder(Told).decode


class Work:
    """One job's child, listened to by a thread: `told` is the last it said, `ended` when it has said its last."""

    def __init__(self, job: StoredJob, inputs: bytes) -> None:
        self.job = job
        self.told = Told()
        self.ended = False
        ours, theirs = socket.socketpair()
        self._channel = ours
        try:
            with theirs:
                self._child: subprocess.Popen[bytes] = spawn("seqcli.sandbox.algos.worker", theirs)
        except OSError:
            ours.close()
            raise
        self._listener = threading.Thread(target=self._listen, args=(inputs,), name=job.job_id, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    def wait(self) -> None:
        """Until it has ended."""
        self._listener.join()

    def close(self) -> None:
        """End the child, if it has not."""
        self._child.kill()
        self._child.wait()
        self._listener.join()
        self._channel.close()

    def _listen(self, inputs: bytes) -> None:
        told = Told(error="its process ended before it had a result")
        try:
            calls.write(self._channel, msgspec.Raw(inputs))
            while (message := calls.read(self._channel)) is not None:
                said = _decode(message)
                if said.report is not None or said.error is not None:
                    told = said
                    break
                self.told = said
        except (OSError, ValueError):  # it is gone, or spoke nonsense
            pass
        self.told, self.ended = told, True


class Runner:
    """Every job that waits or runs. Not for several threads."""

    def __init__(self, kept: Jobs) -> None:
        self._kept = kept
        self._waiting: list[StoredJob] = []
        self._working: dict[str, Work] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting or self._working)

    def begin(self, now_ns: int) -> None:
        """Take up what was left when the exchange last ended."""
        for job in self._kept.unfinished():
            if job.starts >= MOST_STARTS:
                self._end(job, Told(error="the exchange ended twice while it ran; submit it again"), now_ns)
            else:
                job.status, job.started_ns, job.error = "queued", None, None
                self._kept.keep(job)
                self._waiting.append(job)
        self.step(now_ns)

    def add(self, job: StoredJob, now_ns: int) -> None:
        """A new one, kept already."""
        self._waiting.append(job)
        self.step(now_ns)

    def find(self, job_id: str) -> tuple[StoredJob, int] | None:
        """A job that waits or runs, and how far it is in thousandths."""
        work = self._working.get(job_id)
        if work is not None:
            return work.job, work.told.per_mille
        return next(((job, 0) for job in self._waiting if job.job_id == job_id), None)

    def step(self, now_ns: int) -> None:
        """Keep what has ended, and start what there is room for: first of those who have the fewest at work."""
        for work in [work for work in self._working.values() if work.ended]:
            del self._working[work.job.job_id]
            work.close()
            self._end(work.job, work.told, now_ns)
        while self._waiting and len(self._working) < AT_ONCE:
            busy = [work.job.client_id for work in self._working.values()]
            job = min(self._waiting, key=lambda job: busy.count(job.client_id))
            self._waiting.remove(job)
            job.status, job.started_ns, job.starts = "running", now_ns, job.starts + 1
            self._kept.keep(job)
            self._launch(job, now_ns)

    def wait(self, now_ns: int) -> None:
        """Until nothing waits or runs."""
        while self:
            for work in list(self._working.values()):
                work.wait()
            self.step(now_ns)

    def cancel(self, job_id: str, now_ns: int) -> StoredJob | None:
        """End one; None where none of that id waits or runs."""
        found = self.find(job_id)
        if found is None:
            return None
        job, _ = found
        work = self._working.pop(job_id, None)
        if work is None:
            self._waiting.remove(job)
        else:
            work.close()
        job.status, job.finished_ns = "cancelled", now_ns
        self._kept.keep(job)
        self.step(now_ns)
        return job

    def close(self) -> None:
        """The exchange ends: children end, too; their jobs wait for its next start, which knows them as unfinished
        where this can't be written any more.
        """
        ending, self._working = list(self._working.values()), {}
        for work in ending:
            work.close()
        with contextlib.suppress(CannotWrite):
            for work in ending:
                work.job.status, work.job.started_ns, work.job.starts = "queued", None, work.job.starts - 1
                self._kept.keep(work.job)

    def _launch(self, job: StoredJob, now_ns: int) -> None:
        inputs = self._kept.inputs(job)
        try:
            self._working[job.job_id] = Work(job, inputs)
        except OSError as error:  # no process or no descriptor left: the job's affair, not the exchange's
            self._end(job, Told(error=f"its process could not be started: {error.strerror or error}"), now_ns)

    def _end(self, job: StoredJob, told: Told, now_ns: int) -> None:
        job.status, job.error, job.finished_ns = "failed" if told.error else "succeeded", told.error, now_ns
        self._kept.keep(job, told.report)
