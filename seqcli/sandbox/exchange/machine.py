"""The exchange's state, and how events change it. Nothing here decides anything.

`emit` changes the state and keeps the event in `pending`; `apply` changes it by an event that was kept elsewhere.
Both go the same way, so a replay ends in the same bytes.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ledger, seeding, tallies
from seqcli.sandbox.exchange.accounts import Account, KillSwitch, PaperSettings, place
from seqcli.sandbox.exchange.events import Archive, Event
from seqcli.sandbox.exchange.graphs import Graph, Touched, take_step
from seqcli.sandbox.exchange.landed import REFUSED_THERE
from seqcli.sandbox.exchange.matching import Gone
from seqcli.sandbox.exchange.orders import Fill, Order
from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.market.books import Market

if TYPE_CHECKING:
    from seqcli.sandbox.market.prediction.catalogue import Catalogue

DEFAULT_QUANTITY_1E8 = 10**9 * 10**8
"""A billion of each cash asset."""
Key = tuple[str, str]


class Counters(msgspec.Struct):
    """Numbers from which ids are made; they never go back."""

    seq: int = 0
    ts_ns: int = 0
    cursor_ns: int = 0
    graphs: int = 0
    orders: int = 0
    fills: int = 0


class Saved(msgspec.Struct):
    """A snapshot."""

    counters: Counters
    accounts: list[Account]
    orders: list[Order]
    graphs: list[Graph]
    gone: dict[str, list[tuple[int, int, int]]]


class Signal(NamedTuple):
    """What a graph may have to answer to: an order was ``accepted``, ``filled`` (by a quantity) or ``ended``."""

    what: str
    order: Order
    qty_1e8: int = 0


class Machine:
    """State and its changes. `orders` and `graphs` hold what is open, by (client, id).

    Not state: `pending` events, `seen_ns` (how far time was let pass), what is watched for next, and `reaches`: whether
    the edge of a symbol at a venue is up; `contracts_of`. Between commands these are empty, too: `signals` that no
    graph has answered yet, what was `touched` of graphs and not told, orders in slices whose fills are `untold`, the
    graph that is `opening`.
    """

    def __init__(self, market: Market, *, archive: Archive | None = None, limits: Limits | None = None) -> None:
        self.market = market
        self.archive = archive
        self.limits = limits or Limits()
        self.counters = Counters()
        self.accounts: dict[str, Account] = {}
        self.orders: dict[Key, Order] = {}
        self.graphs: dict[Key, Graph] = {}
        self.gone = Gone()
        self.pending: list[Event] = []
        self.seen_ns = 0
        self.watch: object | None = None
        self.unwatched: dict[Key, Order] = {}
        self.contracts_of: Callable[[], Catalogue | None] = lambda: None
        self.unwatched_graphs: dict[Key, Graph] = {}
        self.signals: deque[Signal] = deque()
        self.touched: dict[Key, Touched] = {}
        self.untold: set[Key] = set()
        self.opening: Graph | None = None
        self.reaches: Callable[[str, str], bool] = lambda _symbol, _venue: True
        self._evolve: dict[str, Callable[[Any, int], None]] = {
            "order": self._order,
            "fill": self._fill,
            "graph": self._graph,
            "graph_step": self._graph_step,
            "ledger": self._ledger,
            "kill_switch": self._kill_switch,
            "settings": self._settings,
            "progress": self._progress,
            "resolution": self._resolution,
            "redemption": self._redemption,
            "funding": self._funding,
            "wallet": self._wallet,
            "withdrawal": self._withdrawal,
        }

    @property
    def contracts(self) -> "Catalogue | None":
        """Prediction markets, where the market has some; opened at the first question."""
        return self.contracts_of()

    # -- events ------------------------------------------------------------------------------------------------------

    def emit(self, kind: str, record: Any, ts_ns: int) -> None:
        """Something happened: change the state by it and keep it for the store. `record` is a struct or plain JSON."""
        counters = self.counters
        counters.seq += 1
        counters.ts_ns = max(counters.ts_ns, ts_ns)
        data = record if isinstance(record, dict) else msgspec.to_builtins(record)
        self.pending.append(Event(counters.seq, counters.ts_ns, kind, data))
        evolve = self._evolve.get(kind)
        if evolve is not None:
            evolve(record, counters.ts_ns)

    def apply(self, event: Event) -> None:
        """Replay an event. Kinds that are not the exchange's own only count."""
        self.counters.seq, self.counters.ts_ns = event.seq, event.ts_ns
        evolve = self._evolve.get(event.kind)
        if evolve is not None:
            kind = _RECORDS.get(event.kind)
            evolve(msgspec.convert(event.data, kind) if kind else event.data, event.ts_ns)

    def past(self, kind: str, client_id: str, name: str) -> dict[str, Any] | None:
        """The record of what is no longer open: in the events still pending, else in the archive."""
        identity = "node_order_id" if kind == "order" else "graph_id"
        for event in reversed(self.pending):
            if event.kind == kind and event.data[identity] == name and event.data["client_id"] == client_id:
                return event.data
        if self.archive is None:
            return None
        return (self.archive.find_order if kind == "order" else self.archive.find_graph)(client_id, name)

    def graph_of(self, client_id: str, graph_id: str) -> Graph | None:
        """An open graph, also while it is being placed."""
        graph = self.graphs.get((client_id, graph_id))
        if graph is None and self.opening is not None:
            is_opening = (self.opening.client_id, self.opening.graph_id) == (client_id, graph_id)
            return self.opening if is_opening else None
        return graph

    def save(self) -> bytes:
        """The state as bytes."""
        saved = Saved(
            self.counters,
            list(self.accounts.values()),
            list(self.orders.values()),
            list(self.graphs.values()),
            self.gone.rows(),
        )
        return msgspec.json.encode(saved)

    def load(self, data: bytes) -> None:
        """The state from bytes."""
        saved = msgspec.json.decode(data, type=Saved)
        self.counters = saved.counters
        self.accounts = {row.client_id: row for row in saved.accounts}
        self.orders = {(row.client_id, row.node_order_id): row for row in saved.orders}
        self.graphs = {(row.client_id, row.graph_id): row for row in saved.graphs}
        self.gone = Gone(saved.gone)

    def count_live(self) -> None:
        """Count the open orders of every node: records from before graphs had edges do not say."""
        for graph in self.graphs.values():
            for node in graph.nodes:
                node.live = sum((graph.client_id, name) in self.orders for name in node.node_order_ids)

    # -- changes -----------------------------------------------------------------------------------------------------

    def _order(self, order: Order, _ts_ns: int) -> None:
        account = self.accounts[order.client_id]
        key = (order.client_id, order.node_order_id)
        name = order.node_order_id
        before = account.holds.get(name, {})
        after = {leg.venue: leg.held for leg in order.legs if leg.held}
        for venue in {**before, **after}:
            change = after.get(venue, 0) - before.get(venue, 0)
            if change:
                account.hold(place(venue, ledger.held_asset(order, venue)), change)
        if after:
            account.holds[name] = after
        else:
            account.holds.pop(name, None)
        if key not in self.orders:
            account.open_orders += 1
            self.counters.orders += 1
        if order.ended:
            self.orders.pop(key, None)
            account.open_orders -= 1
            if order.pin and not order.slice_count and order.failure_reason in REFUSED_THERE:
                account.meets(order.pin, fill=False)
            self.unwatched.pop(key, None)
        else:
            self.orders[key] = order
            self.unwatched[key] = order

    def _fill(self, fill: Fill, ts_ns: int) -> None:
        account = self.accounts[fill.client_id]
        self.counters.fills += 1
        account.meets(fill.venue, fill=True)
        ledger.post(account, fill)
        ledger.count(account, fill)
        order = self.orders[fill.client_id, fill.node_order_id]
        tallies.fills(order, fill)
        leg = order.leg(fill.venue)
        if leg is not None:
            leg.held -= fill.released
        if fill.released:
            account.hold(place(fill.venue, ledger.held_asset(order, fill.venue)), -fill.released)
            account.holds[fill.node_order_id][fill.venue] -= fill.released
        if order.parent is not None:
            tallies.add_up(self.orders[fill.client_id, order.parent], fill)
        graph = self.graph_of(fill.client_id, fill.graph_id)
        if graph is not None:
            tallies.count_in(graph, order, fill, ts_ns)
            if graph.bounds.kept:
                self.unwatched_graphs[fill.client_id, fill.graph_id] = graph
        if fill.liquidity == "taker":
            taken = (ts_ns, fill.price_1e9, fill.qty_1e8)
            self.gone.take(fill.symbol, fill.venue, fill.side, taken)

    def _graph(self, graph: Graph, _ts_ns: int) -> None:
        key = (graph.client_id, graph.graph_id)
        if key not in self.graphs:
            self.counters.graphs += 1
        if graph.ended:
            self.graphs.pop(key, None)
            self.unwatched_graphs.pop(key, None)
        else:
            self.graphs[key] = graph
            if graph.edges or graph.bounds.kept:
                self.unwatched_graphs[key] = graph

    def _graph_step(self, data: dict[str, Any], ts_ns: int) -> None:
        key = (data["client_id"], data["graph_id"])
        graph = self.unwatched_graphs[key] = self.graphs[key]
        take_step(graph, data, ts_ns)

    def _ledger(self, data: dict[str, Any], ts_ns: int) -> None:
        account = self.accounts.get(data["client_id"])
        if account is None:
            account = Account(client_id=data["client_id"])
            account.settings.default_balances = [("*", asset, DEFAULT_QUANTITY_1E8) for asset in sorted(ledger.PEGGED)]
            self.accounts[account.client_id] = account
        if data["wipe"]:
            seeding.wipe(account)
        for row in data["rows"]:
            seeding.write(account, msgspec.convert(row, seeding.Seed), ts_ns)

    def _kill_switch(self, data: dict[str, Any], _ts_ns: int) -> None:
        self.watch = None
        self.accounts[data["client_id"]].switch = msgspec.convert(data["switch"], KillSwitch)

    def _settings(self, data: dict[str, Any], _ts_ns: int) -> None:
        self.watch = None
        self.accounts[data["client_id"]].settings = msgspec.convert(data["settings"], PaperSettings)

    def _resolution(self, data: dict[str, Any], _ts_ns: int) -> None:
        account = self.accounts[data["client_id"]]
        ledger.resolve(account, data["row"], won=data["won"], ts_ns=data["resolved_ns"])
        if data["paid"]:
            ledger.pay(account, data["row"], data["resolved_ns"])

    def _redemption(self, data: dict[str, Any], ts_ns: int) -> None:
        account = self.accounts[data["client_id"]]
        ledger.pay(account, data["row"], ts_ns)
        account.holdings[data["row"]].redeemed_ns = ts_ns

    def _funding(self, data: dict[str, Any], _ts_ns: int) -> None:
        account = self.accounts[data["client_id"]]
        account.funds(data["row"], data["paid_usd_1e9"], data["ts_ns"])
        row = account.holdings[data["row"]]
        for graph in self.graphs.values():
            if graph.client_id == account.client_id:
                held = tallies.held_at(graph, row.symbol, row.venue)
                graph.funding_usd_1e9 += rounding.funding_usd(data["mark_price_1e9"], held, data["rate_1e9"])

    def _wallet(self, data: dict[str, Any], _ts_ns: int) -> None:
        self.accounts[data["client_id"]].wallet_since_ns = data["since_ns"]

    def _withdrawal(self, data: dict[str, Any], ts_ns: int) -> None:
        account = self.accounts[data["client_id"]]
        row = data["withdrawal"]
        ledger.take_out(account, data["venue"], row["asset"], row["qty_1e8"], ts_ns)
        account.withdrawals.append(row)

    def _progress(self, data: dict[str, Any], _ts_ns: int) -> None:
        self.counters.cursor_ns = data["upto_ns"]
        for client_id, name, venue, queue in data["queues"]:
            order = self.orders.get((client_id, name))
            leg = order.leg(venue) if order else None
            if leg is not None:
                leg.queue_1e8 = queue


_RECORDS: dict[str, Any] = {"order": Order, "fill": Fill, "graph": Graph}
