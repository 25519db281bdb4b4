"""The open box: store, keys, market, exchange and vault of one state folder, each made when it is first
asked for.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from seqcli.sandbox.service.sequencer import Sequencer
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.storage.damage import Corrupt
from seqcli.sandbox.storage.keys import Key, digest_of, ensure_first
from seqcli.sandbox.storage.store import SNAPSHOT_BYTES, Store, open_store, set_aside

if TYPE_CHECKING:
    from seqcli.sandbox.algos.deployments import Deployments
    from seqcli.sandbox.algos.fleet import Fleet
    from seqcli.sandbox.algos.jobs import Jobs
    from seqcli.sandbox.algos.runner import Runner
    from seqcli.sandbox.analysis.reporting import Reporter
    from seqcli.sandbox.exchange.exchange import Exchange
    from seqcli.sandbox.market.books import Market
    from seqcli.sandbox.market.outages import Reachable
    from seqcli.sandbox.market.prediction.catalogue import Catalogue
    from seqcli.sandbox.storage.vault import Vault
    from seqcli.sandbox.strategies.kept import Strategies
    from seqcli.sandbox.strategies.runs import Runs
    from seqcli.sandbox.streams.hub import Hub
    from seqcli.sandbox.streams.tickets import Tickets


_DOWN = "edges_down"
_UNREADABLE = (Corrupt, LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What a reload raises when stored events do not fit this exchange (msgspec's own are ValueErrors)."""


class OpenBox:
    """What handlers reach; see `serving.Box`. Only under the state's lock."""

    def __init__(
        self,
        state: State,
        settings: Settings,
        clock_ns: Callable[[], int],
        *,
        market: "Market | None" = None,
        thorough: bool = False,
        snapshot_bytes: int = SNAPSHOT_BYTES,
    ) -> None:
        self.state = state
        self._snapshot_bytes = snapshot_bytes
        self.settings = settings
        self._clock_ns = clock_ns
        self._given = market
        self.fleeting = market is not None
        """Whether a later run can't read this market again: a tape's."""
        self._reporter: Reporter | None = None
        self._market: Reachable | None = None
        self._exchange: Exchange | None = None
        self._vault: Vault | None = None
        self._tickets: Tickets | None = None
        self.hub: Hub | None = None
        self.fleet: Fleet | None = None
        self.runs: Runs | None = None
        self.runner: Runner | None = None
        self.api_key = state.first_key()
        self._use(open_store(state.database, clock_ns(), thorough=thorough))

    def _use(self, store: Store) -> None:
        self.store = store
        store.snapshot_bytes = self._snapshot_bytes
        self._reporter = None
        self.sequencer = Sequencer(store, self._clock_ns)
        self.keys = ensure_first(store, self.api_key, self._clock_ns())
        self.keys.set_rate(self.api_key, self.settings.qps)
        seed = store.setting("seed")
        if seed is not None:
            self.settings.seed = int(seed)

    def choose_seed(self, seed: int) -> None:
        """Use `seed` for the market, in this and in later runs. What was done on another market is reported by it."""
        if seed != self.settings.seed and not self.fleeting:
            self._settle_reports()
            self._given = self._market = None
        self.store.setting("seed", str(seed))
        self.settings.seed = seed

    def keep_key(self, key: Key, *, raw: str | None = None) -> None:
        """Store a key, new or changed, durable at return. When the first key got another text (`raw`), its file
        follows: it must not come back to life at the next start.
        """
        if raw is not None and self.keys.get(key.key_id).digest == digest_of(self.api_key):
            self.state.keep_first_key(raw)
            self.api_key = raw
        self.store.save_key(key)
        known = any(row.key_id == key.key_id for row in self.keys.of(key.client_id))
        self.keys.add(key)
        if known and self.hub is not None:
            self.hub.revoke(key.key_id)

    @property
    def market(self) -> "Reachable":
        """The synthetic market of the seed, unless another was given; without what is behind dropped edges."""
        if self._market is None:
            from seqcli.sandbox.market.outages import Reachable

            if self._given is None:
                from seqcli.sandbox.market.whole import WholeMarket

                self._given = WholeMarket(self.settings.seed)
            self._market = Reachable(self._given, (self.store.setting(_DOWN) or "").split())
        return self._market

    @property
    def contracts(self) -> "Catalogue | None":
        """Prediction markets, where the market has some."""
        return getattr(self.market.market, "contracts", None)

    @cached_property
    def deployments(self) -> "Deployments":
        """Algorithms as they are kept."""
        from seqcli.sandbox.algos.deployments import Deployments

        return Deployments(self.store)

    @cached_property
    def strategies(self) -> "Strategies":
        """Hosted strategies as they are kept. Whoever opens the box is alone: none of them runs yet."""
        from seqcli.sandbox.strategies.kept import Strategies
        from seqcli.sandbox.strategies.runs import interrupted

        kept = Strategies(self.store, self.vault)
        interrupted(kept, self.keys, self.keep_key, self._clock_ns())
        return kept

    @cached_property
    def jobs(self) -> "Jobs":
        """Backtests as they are kept."""
        from seqcli.sandbox.algos.jobs import Jobs

        return Jobs(self.store)

    @property
    def down(self) -> frozenset[str]:
        """Edges that an operator has dropped."""
        return self.market.down

    def connect(self, edge: str, now_ns: int, *, up: bool) -> None:
        """Drop an edge or bring it back, in this and in later runs. What happened until now happened as it was."""
        self.market.down = self.down - {edge} if up else self.down | {edge}
        self.store.setting(_DOWN, " ".join(sorted(self.down)))
        self.exchange.edges_changed(now_ns)

    @property
    def exchange(self) -> "Exchange":
        """The exchange as it stood after the last stored event."""
        if self._exchange is None:
            self._exchange = self._reload()
        return self._exchange

    def _reload(self) -> "Exchange":
        from seqcli.sandbox.exchange.exchange import Exchange

        try:
            loaded = self.store.load()
            exchange = Exchange.restore(self.market, loaded.snapshot, loaded.events, archive=self.store)
        except _UNREADABLE as error:
            self.store.close()
            reason = f"{type(error).__name__}: {error}"
            self._use(set_aside(self.state.database, self._clock_ns(), reason))
            return self._reload()
        exchange.reaches = self.market.reaches
        exchange.contracts_of = lambda: self.contracts
        self.sequencer.attach(exchange, loaded.seq, loaded.ts_ns)
        self.sequencer.beside = self.reporter.due
        return exchange

    @property
    def reporter(self) -> "Reporter":
        """Makes the cost reports of ended orders."""
        if self._reporter is None:
            from seqcli.sandbox.analysis.reporting import Reporter

            self._reporter = Reporter(lambda: self.market, self.store)
        return self._reporter

    def reporting(self) -> Iterator[None]:
        """Make every cost report that is due, with pauses; what is staged is on disk afterwards."""
        return self.reporter.steps()

    def _settle_reports(self) -> None:
        for _ in self.reporting():
            pass

    def report(self, record: dict[str, Any]) -> dict[str, Any] | None:
        """What an ended order cost; its events are on disk."""
        client_id, graph_id = record["client_id"], record["graph_id"]
        body = self.reporter.report(record)
        if body is not None:
            body["submit_latency_ns"] = self.sequencer.took.get((client_id, graph_id, record["created_ns"]))
        return body

    def catch_up(self) -> int:
        """Let resting orders, slices and timers reach now. Returns the stamp of that moment."""
        exchange = self.exchange
        now_ns = self.sequencer.stamp()
        exchange.advance(now_ns)
        self.sequencer.stage()
        return now_ns

    @property
    def vault(self) -> "Vault":
        """Sealed venue credentials."""
        if self._vault is None:
            from seqcli.sandbox.storage.vault import Vault

            self._vault = Vault(self.store, self.state.master_key_file)
        return self._vault

    @property
    def tickets(self) -> "Tickets":
        """Tickets that were given and not used; they do not outlive the process."""
        if self._tickets is None:
            from seqcli.sandbox.streams.tickets import Tickets

            self._tickets = Tickets()
        return self._tickets

    def close(self, *, snapshot: bool = False) -> None:
        """Make everything durable and close; with `snapshot` the next start has no event to replay."""
        try:
            if self.sequencer.halted is None:
                self.sequencer.commit()
                if self.fleeting:
                    self._settle_reports()
                if snapshot:
                    for key in self.keys.used():
                        self.store.save_key(key)
                if snapshot and self.store.event_bytes:
                    self.sequencer.snapshot()
                    self.sequencer.commit()
        finally:
            self.store.close()
