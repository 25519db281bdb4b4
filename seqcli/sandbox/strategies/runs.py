"""The strategies that run: each with a key of its own, watched by the server between two requests."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from seqcli.sandbox.problems import conflict
from seqcli.sandbox.storage.keys import SHOWN, Key, Keys, digest_of, make_id, make_raw
from seqcli.sandbox.strategies import archives
from seqcli.sandbox.strategies.kept import Stored, Strategies, new_id
from seqcli.sandbox.strategies.run import Run
from seqcli.sandbox.strategies.warden import Orders
from seqcli.sandbox.waiting import readable

MOST_AT_ONCE = 8
GRACE_S = 5.0
"""For a program to end when it is asked to."""
_INTERRUPTED = "the exchange ended while it ran"
Keep = Callable[[Key], None]


def interrupted(kept: Strategies, keys: Keys, keep_key: Keep, now_ns: int) -> None:
    """Settle what an exchange before this one left open: its programs ended with it."""
    for row in kept.every():
        if row.run_key_id is not None or row.strategy.status == "running":
            strategy = row.strategy
            strategy.status, strategy.error, strategy.updated_ns = "failed", _INTERRUPTED, now_ns
            _revoke(row, keys, keep_key, now_ns)
            kept.keep(row)


class Runs:
    """Those of one served exchange, all accounts. `keep_key` stores a key, new or changed."""

    def __init__(self, kept: Strategies, keys: Keys, keep_key: Keep, *, url: str, folder: Path) -> None:
        self._kept, self._keys, self._keep_key = kept, keys, keep_key
        self._url, self._folder = url, folder
        self._running: dict[str, tuple[Stored, Run]] = {}
        shutil.rmtree(folder, ignore_errors=True)

    def find(self, row: Stored) -> Stored | None:
        """The strategy as it runs, None when it does not."""
        found = self._running.get(row.strategy.strategy_id)
        return found[0] if found else None

    def start(self, row: Stored, now_ns: int) -> Stored:
        """Launch it; one that runs goes on. Raises `Problem`."""
        running = self.find(row)
        if running is not None:
            if running.strategy.status == "stopped":
                raise conflict("strategy", "its last run is still ending")
            return running
        if len(self._running) >= MOST_AT_ONCE:
            raise conflict("strategies", f"{MOST_AT_ONCE} run already")
        artifact, secrets = self._kept.opened(row)
        raw = secrets.api_key
        if raw is None:
            raw = make_raw()
            key = _key(row, raw, now_ns)
            self._keep_key(key)
            row.run_key_id = key.key_id
        strategy, limits = row.strategy, row.strategy.resources
        access = {"SEQ_API_KEY": raw, "SEQ_API_URL": self._url, "SEQUENCE_API_KEY": raw, "SEQUENCE_API_URL": self._url}
        orders = Orders(env=strategy.env | secrets.values | access, **msgspec.structs.asdict(limits), grace_s=GRACE_S)
        strategy.run_id, strategy.status, strategy.updated_ns = new_id("run"), "running", now_ns
        strategy.exit_code = strategy.error = None
        self._kept.keep(row)
        hidden = [*secrets.values.values(), raw]
        run = Run(strategy.run_id, self._folder, archives.read(artifact), strategy.entrypoint, orders, hidden)
        self._running[strategy.strategy_id] = row, run
        return row

    def stop(self, row: Stored, now_ns: int) -> Stored:
        """Ask it to end: told as stopped at once, while it may still say its last and cancel what it has open."""
        found = self._running.get(row.strategy.strategy_id)
        if found is None:
            return row
        row, run = found
        run.stop()
        row.strategy.status, row.strategy.updated_ns = "stopped", now_ns
        self._kept.keep(row)
        return row

    def forget(self, row: Stored) -> None:
        """End it at once."""
        found = self._running.pop(row.strategy.strategy_id, None)
        if found is not None:
            found[1].close()
            _revoke(found[0], self._keys, self._keep_key, found[0].strategy.updated_ns)

    def step(self, now_ns: int, wait_s: float = 0.0) -> None:
        """Keep what was printed, settle what has ended; waits so long for anything to happen."""
        if self._running and wait_s:
            numbers = [number for _, run in self._running.values() for number in run.numbers()]
            readable(numbers, wait_s)
        for name, (row, run) in list(self._running.items()):
            ended = run.ended()
            lines = run.printed()
            if lines:
                self._kept.log(row, run.run_id, [(now_ns + place, *line) for place, line in enumerate(lines)])
            if ended and not lines:
                self._finish(name, row, run, now_ns)

    def _finish(self, name: str, row: Stored, run: Run, now_ns: int) -> None:
        del self._running[name]
        run.close()
        verdict = run.verdict
        if verdict is None or row.strategy.status == "stopped":
            self._settle(row, row.strategy.status, now_ns)
        elif verdict.code == 0 and verdict.why is None:
            self._settle(row, "exited", now_ns, code=0)
        else:
            how = f"ended by signal {-verdict.code}" if verdict.code < 0 else f"ended with status {verdict.code}"
            self._settle(row, "failed", now_ns, code=verdict.code, error=verdict.why or how)

    def _settle(
        self, row: Stored, status: str, now_ns: int, *, code: int | None = None, error: str | None = None
    ) -> None:
        strategy = row.strategy
        strategy.status, strategy.exit_code, strategy.error, strategy.updated_ns = status, code, error, now_ns
        _revoke(row, self._keys, self._keep_key, now_ns)
        self._kept.keep(row)

    def close(self, now_ns: int) -> None:
        """Ask all to end, wait for that a little longer than they may take, and end the rest."""
        for row, _ in list(self._running.values()):
            self.stop(row, now_ns)
        waits = int((GRACE_S + 1) / 0.1)
        while self._running and waits:
            self.step(now_ns, 0.1)
            waits -= 1
        for row, _ in list(self._running.values()):
            self.forget(row)
            self._kept.keep(row)


def _revoke(row: Stored, keys: Keys, keep_key: Keep, now_ns: int) -> None:
    key = next((key for key in keys.of(row.client_id) if key.key_id == row.run_key_id), None)
    if key is not None and key.revoked_ns is None:
        keep_key(key.revoked(now_ns))
    row.run_key_id = None


def _key(row: Stored, raw: str, now_ns: int) -> Key:
    return Key(
        key_id=make_id(),
        client_id=row.client_id,
        label=f"strategy {row.strategy.name}",
        prefix=raw[:SHOWN],
        role="trader",
        sandbox=row.strategy.is_sandbox,
        digest=digest_of(raw),
        qps=0,
        created_ns=now_ns,
    )
