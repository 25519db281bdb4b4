"""The exchange: a plain machine. One command in, events out; no clock, no randomness, no I/O.

Commands take the time of their call, which never goes back, and expect `advance` to have been called with it. Each
leaves its events in `pending`, in order. The same market, commands and times give the same bytes.

Not modelled: venue latency, liquidation, maker protection.
"""

from collections.abc import Sequence
from typing import Any, Self

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import amending, ending, ledger, resting, settlement, settling, steering, triggers
from seqcli.sandbox.exchange.accounts import Account, KillSwitch
from seqcli.sandbox.exchange.activation import start
from seqcli.sandbox.exchange.admission import Admission, Ticket
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.events import Archive, Event
from seqcli.sandbox.exchange.execution import ordered_id, orders_of, parts_of
from seqcli.sandbox.exchange.graphs import Graph, Node
from seqcli.sandbox.exchange.orders import Order
from seqcli.sandbox.exchange.paper import Paper
from seqcli.sandbox.exchange.router import View
from seqcli.sandbox.exchange.rules import Limits
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.problems import conflict, invalid, not_found
from seqcli.wire.graphs import AmendNode
from seqcli.wire.submission import GraphOrder, SimpleOrder


class Placed(msgspec.Struct):
    """What a submission made, or had made before."""

    graph: Graph
    orders: list[Order]
    replayed: bool


class Exchange(Paper):
    """Accounts, open orders and graphs of every client; prices come from the market it is given."""

    @classmethod
    def restore(
        cls,
        market: Market,
        snapshot: bytes | None,
        events: Sequence[Event],
        *,
        archive: Archive | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """The exchange as it was after the last of `events`, which follow `snapshot`."""
        exchange = cls(market, archive=archive, limits=limits)
        if snapshot is not None:
            exchange.load(snapshot)
        for event in events:
            exchange.apply(event)
        exchange.count_live()
        return exchange

    def snapshot(self) -> bytes:
        """The whole state; what is `pending` is part of it."""
        return self.save()

    def advance(self, now_ns: int) -> None:
        """Let resting orders meet the market, horizons end, perps be funded and contracts resolve, until `now_ns`."""
        while (ts_ns := settling.next_ns(self, now_ns)) is not None:
            self._pass(ts_ns, now_ns)
            settling.settle(self, ts_ns)
        self._pass(now_ns, now_ns)

    def _pass(self, until_ns: int, now_ns: int) -> None:
        for ts_ns in settlement.instants(self, until_ns):
            resting.advance(self, ts_ns - 1, now_ns)
            triggers.look_again(self, settlement.settle(self, ts_ns), ts_ns)
        resting.advance(self, until_ns, now_ns)

    # -- submission --------------------------------------------------------------------------------------------------

    def place(self, client_id: str, body: SimpleOrder | GraphOrder, now_ns: int) -> Placed:
        """Accept and run an order. Raises `Problem`: bad values, a used id with other parameters, the kill switch."""
        ticket = self.read(body)
        account = self.account(client_id, now_ns)
        known = self._known(client_id, ticket)
        if known is not None:
            firsts = [node.node_order_ids[0] for node in known.nodes if node.activation == "root"]
            return Placed(known, [self.find_order(client_id, name) for name in firsts], replayed=True)
        if account.switch.engaged:
            raise conflict("kill_switch", "engaged")
        self._admit(account, ticket, now_ns)
        graph = Graph(
            client_id=client_id,
            graph_id=ticket.graph_id or f"graph_{ordered_id(now_ns, self.counters.graphs + 1)}",
            digest=ticket.digest,
            status="ACCEPTED",
            nodes=ticket.nodes,
            edges=ticket.edges,
            risk=ticket.risk,
            bounds=ticket.bounds,
            metadata=ticket.metadata,
            created_ns=now_ns,
            updated_ns=now_ns,
        )
        self.opening = graph
        roots = [start(self, graph, node, now_ns) for node in graph.nodes if node.activation == "root"]
        triggers.settle(self, now_ns)
        self.opening = None
        return Placed(graph, roots, replayed=False)

    def read(self, body: SimpleOrder | GraphOrder) -> Ticket:
        """A body in the exchange's own terms. Raises `Problem` with every violation."""
        return Admission(self.market.instruments(), self.market.venues()).read(body)

    def _known(self, client_id: str, ticket: Ticket) -> Graph | None:
        graph = None if ticket.graph_id is None else self.find_graph(client_id, ticket.graph_id)
        if graph is not None and graph.digest != ticket.digest:
            raise conflict("graph_id", "used with different parameters")
        return graph

    def _admit(self, account: Account, ticket: Ticket, now_ns: int) -> None:
        """The graph's own limit on what all its nodes together are worth."""
        if ticket.max_notional_usd is None:
            return
        view = View(self.market, self.gone, account, now_ns)
        total = 0
        for node in ticket.nodes:
            price = node.limit_price_1e9 or node.trigger_price_1e9 or view.mid(node.symbol) or 0
            total += node.notional_usd_1e9 or rounding.notional_usd(price, node.qty_1e8 or 0)
        if total > ticket.max_notional_usd:
            raise invalid(("risk.admission.max_notional_usd", "the orders are worth more"))

    # -- wallets -----------------------------------------------------------------------------------------------------

    def make_wallet(self, client_id: str, now_ns: int) -> bool:
        """Make the trading wallet; False when there is one."""
        if self.account(client_id, now_ns).wallet_since_ns is not None:
            return False
        self.emit("wallet", {"client_id": client_id, "since_ns": now_ns}, now_ns)
        return True

    def withdraw(self, client_id: str, venue: str, row: dict[str, Any], now_ns: int) -> None:
        """Pay `row` (asset, qty_1e8, …) out of a venue's balance. Raises `Problem` when there is less."""
        free = ledger.available(self.account(client_id, now_ns), venue, row["asset"])
        if row["qty_1e8"] > (free // 10 if row["asset"] in ledger.PEGGED else free):
            raise invalid(("qty_1e8", f"more than the wallet's free {row['asset']}"))
        self.emit("withdrawal", {"client_id": client_id, "venue": venue, "withdrawal": row}, now_ns)

    # -- looking up --------------------------------------------------------------------------------------------------

    def account(self, client_id: str, now_ns: int) -> Account:
        """A client's books; opened, with the default balances, when there are none."""
        if client_id not in self.accounts:
            self.open_account(client_id, now_ns)
        return self.accounts[client_id]

    def find_order(self, client_id: str, name: str) -> Order:
        """An order, open or ended. Raises `Problem` (NOT_FOUND)."""
        order = self.orders.get((client_id, name))
        if order is None:
            data = self.past("order", client_id, name)
            order = None if data is None else msgspec.convert(data, Order)
        if order is None:
            raise not_found("order", name)
        return order

    def find_graph(self, client_id: str, graph_id: str) -> Graph | None:
        """A graph, open or ended; None when there is none."""
        graph = self.graphs.get((client_id, graph_id))
        if graph is None:
            data = self.past("graph", client_id, graph_id)
            graph = None if data is None else msgspec.convert(data, Graph)
        return graph

    def graph(self, client_id: str, graph_id: str) -> tuple[Graph, list[Order]]:
        """A graph and its orders. Raises `Problem` (NOT_FOUND)."""
        graph = self.find_graph(client_id, graph_id)
        if graph is None:
            raise not_found("execution graph", graph_id)
        return graph, orders_of(self, graph)

    def parts(self, orders: list[Order]) -> dict[str, list[Order]]:
        """The slices of orders in slices, by the order's id."""
        return parts_of(self, orders)

    def open_orders(self, client_id: str) -> list[Order]:
        """A client's open orders, oldest first."""
        return [order for (owner, _), order in self.orders.items() if owner == client_id]

    # -- changing and ending -----------------------------------------------------------------------------------------

    def amend(self, client_id: str, name: str, change: Change, now_ns: int) -> Order:
        """Cancel and replace. Raises `Problem`; then nothing has changed."""
        order = self.find_order(client_id, name)
        steering.amend(self, order, change, now_ns)
        return order

    def cancel(self, client_id: str, name: str, now_ns: int) -> tuple[Order, str]:
        """End an order. Returns it and the cancel_state."""
        order = self.find_order(client_id, name)
        state = ending.cancel(self, order, now_ns)
        triggers.settle(self, now_ns)
        return order, state

    def cancel_graph(self, client_id: str, graph_id: str, now_ns: int) -> tuple[Graph, list[Order], int]:
        """End every open order of a graph. Returns it, its orders and how many were open."""
        graph, orders = self.graph(client_id, graph_id)
        return graph, orders, 0 if graph.ended else steering.cancel(self, graph, now_ns)

    def resume_graph(self, client_id: str, graph_id: str, now_ns: int) -> tuple[Graph, bool]:
        """Go on with a paused graph. Returns it and whether it was paused. Raises `Problem`."""
        graph, _ = self.graph(client_id, graph_id)
        return graph, steering.resume(self, graph, now_ns)

    def redefine_node(self, graph: Graph, node: Node, body: AmendNode, now_ns: int) -> None:
        """Change a node that has not started. Raises `Problem`; then nothing has changed."""
        steering.redefine_node(self, graph, node, body, now_ns)

    def cancel_venue(self, client_id: str, venue: str, now_ns: int) -> list[dict[str, Any]]:
        """End every open leg on a venue."""
        rows = amending.cancel_venue(self, client_id, venue, now_ns)
        triggers.settle(self, now_ns)
        return rows

    def edges_changed(self, now_ns: int) -> None:
        """An edge went down or came back at this instant: what lies before it is settled, waiting cancels are tried."""
        resting.mark(self, now_ns)
        self.watch = None
        amending.reconnected(self, now_ns)
        triggers.settle(self, now_ns)

    def kill_switch(self, client_id: str) -> KillSwitch:
        """The switch of a client."""
        account = self.accounts.get(client_id)
        return account.switch if account else KillSwitch()

    def engage(self, client_id: str, key_id: str, reason: str | None, now_ns: int) -> KillSwitch:
        """Stop new submissions; engaging again keeps the time and takes the new reason."""
        switch = self.account(client_id, now_ns).switch
        since = switch.engaged_at_ns if switch.engaged else now_ns
        by = switch.engaged_by if switch.engaged else key_id
        new = KillSwitch(engaged=True, reason=reason, engaged_at_ns=since, engaged_by=by)
        return self._switch(client_id, new, now_ns)

    def clear(self, client_id: str, now_ns: int) -> KillSwitch:
        """Allow submissions again; clearing when not engaged changes nothing."""
        switch = self.account(client_id, now_ns).switch
        if not switch.engaged:
            return switch
        return self._switch(client_id, KillSwitch(cleared_at_ns=now_ns), now_ns)

    def _switch(self, client_id: str, switch: KillSwitch, now_ns: int) -> KillSwitch:
        if self.orders:
            resting.mark(self, now_ns)
        data = {"client_id": client_id, "switch": msgspec.to_builtins(switch)}
        self.emit("kill_switch", data, now_ns)
        return self.accounts[client_id].switch
