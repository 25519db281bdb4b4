"""One algorithm at one venue and symbol: a customer of the exchange like any other. It sees books and its own fills,
and what it wants becomes orders of its account, within limits of its own.

The same in a served exchange, where a child process answers, and in a backtest, where the module runs beside it.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.algos.counts import Counts, Trace
from seqcli.sandbox.algos.standing import Standing
from seqcli.sandbox.algos.wasm import abi, calls
from seqcli.sandbox.algos.wishes import Limits, Own, graph_of, reason_of, text_of, told
from seqcli.sandbox.exchange.amending import Change
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.problems import Problem

SECOND_NS = 1_000_000_000
_LARGEST = (1 << 63) - 1
_VENUES = {number: venue for venue, number in abi.VENUE_IDS.items()}

Ask = Callable[[calls.Request], calls.Reply]


class Paused(Exception):
    """The module trapped: the instance does nothing more."""


class Instance:
    """`name` begins the ids of its orders; `number` is its place in the child.

    With `post` its actions are handed there, to `arrive` later; without, they are carried out at once. `traced`:
    whether callbacks are kept in `traces`.
    """

    def __init__(  # noqa: PLR0917 - who it is, where it trades, and who answers for it
        self, name: str, number: int, client_id: str, instrument: Instrument, venue: str, ask: Ask, limits: Limits
    ) -> None:
        self.name, self.number, self.client_id = name, number, client_id
        self.instrument, self.venue = instrument, venue
        self.standing, self.counts = Standing(), Counts()
        self.logs: list[tuple[int, int, str]] = []
        self.sent: list[tuple[bytes, bytes]] = []
        self.traces: list[Trace] = []
        self.post: Callable[[Instance, abi.Action, int], None] | None = None
        self.traced = True
        self._ask, self._limits = ask, limits
        self._told: tuple[tuple[Any, ...], bytes] = ((), b"")
        self._open: dict[int, Own] = {}
        self._graphs: dict[str, Own] = {}
        self._version, self._made, self._seen_ns = 0, 0, -1
        self._recent: deque[int] = deque()
        self._touch: tuple[int, int] | None = None
        self._rejects: deque[tuple[int, str]] = deque()

    # -- callbacks ---------------------------------------------------------------------------------------------------

    def look(self, exchange: Exchange, now_ns: int) -> bool:
        """Call the module when its book has changed. False when it has not. Raises `Paused`."""
        book = exchange.market.book(self.instrument.symbol, self.venue, now_ns)
        if book is None or book.ts_ns == self._seen_ns:
            return False
        self._seen_ns = book.ts_ns
        self._touch = (book.bids[0][0], book.asks[0][0]) if book.bids and book.asks else None
        self.standing.begin_day(now_ns)
        seen = abi.book(book.bids, book.asks, self.number + 1, book.ts_ns)
        self.counts.updates += 1
        self._carry_out(exchange, "on_book", calls.Request(calls.BOOK, self.number, seen, self._state()), now_ns)
        return True

    def heartbeat(self, exchange: Exchange, now_ns: int) -> None:
        """A second has passed. Raises `Paused`."""
        request = calls.Request(calls.HEARTBEAT, self.number, self._state())
        self._carry_out(exchange, "on_heartbeat", request, now_ns)

    def receive(self, exchange: Exchange, sender: bytes, payload: bytes, now_ns: int) -> None:
        """A message of another instance. Raises `Paused`."""
        request = calls.Request(calls.MESSAGE, self.number, sender, payload, self._state())
        self._carry_out(exchange, "on_message", request, now_ns)

    def shut_down(self, exchange: Exchange, now_ns: int) -> None:
        """It is stopped; its last wishes are carried out, and its resting orders stay. Raises `Paused`."""
        request = calls.Request(calls.SHUTDOWN, self.number, self._state())
        self._carry_out(exchange, "on_shutdown", request, now_ns)

    def take(self, event: Event) -> None:
        """An event of the exchange: fills and ends of its own orders reach the module. Raises `Paused`."""
        own = self._graphs.get(event.data.get("graph_id", "")) if event.kind in ("fill", "order") else None
        if own is None:
            return
        if event.kind == "fill":
            self._filled(own, event.data)
        else:
            self._changed(own, event.data)

    def _filled(self, own: Own, row: dict[str, Any]) -> None:
        price, qty = row["price_1e9"], row["qty_1e8"]
        self.standing.take(row["side"], price, qty, row["fee_usd_1e9"], row["ts_ns"])
        own.filled_1e8 += qty
        own.status = abi.PARTIAL
        self._version += 1
        told = abi.fill(own.order_id, price, own.side * qty, row["ts_ns"], own.side, self.number + 1)
        self._note("on_fill", self._asked(calls.Request(calls.FILL, self.number, told, self._state())), row["ts_ns"])

    def _changed(self, own: Own, row: dict[str, Any]) -> None:
        self._version += 1
        own.qty_1e8, own.px_1e9 = row["qty_1e8"], row["limit_price_1e9"] or 0
        if row["status"] == "WORKING" and own.status == abi.PENDING:
            own.status = abi.ACKED
        if not row["ended"]:
            return
        self._open.pop(own.order_id, None)
        self._graphs.pop(row["graph_id"], None)
        own.status = abi.DEAD
        if row["failure_reason"] is not None:
            self.counts.examples.setdefault(row["failure_reason"], row["failure_detail"] or "")
            self._refused(own.order_id, row["failure_reason"], row["updated_ns"])

    def _refused(self, order_id: int, reason: str, now_ns: int) -> None:
        self.counts.refusals[reason] += 1
        told = abi.reject(order_id, reason)
        self._note("on_reject", self._asked(calls.Request(calls.REJECT, self.number, told)), now_ns)

    # -- what it wants -----------------------------------------------------------------------------------------------

    def _carry_out(self, exchange: Exchange, callback: str, request: calls.Request, now_ns: int) -> None:
        reply = self._asked(request)
        outcomes = []
        for action in reply.actions:
            if self.post is not None:
                self.post(self, action, now_ns)
                continue
            reason = self._act(exchange, action, now_ns)
            outcomes.append(told(action, reason))
            if reason is not None:
                self._refused(action.order_id, reason, now_ns)
        self._note(callback, reply, now_ns, outcomes)

    def arrive(self, exchange: Exchange, action: abi.Action, now_ns: int) -> None:
        """An action that was posted has reached its venue. Raises `Paused`."""
        reason = self._act(exchange, action, now_ns)
        if reason is not None:
            self._refused(action.order_id, reason, now_ns)

    def _asked(self, request: calls.Request) -> calls.Reply:
        reply = self._ask(request)
        self.counts.latencies.append(reply.latency_ns)
        self.counts.memory_bytes = reply.memory_bytes or self.counts.memory_bytes
        return reply

    def _note(self, callback: str, reply: calls.Reply, ts_ns: int, told: list[dict[str, Any]] | None = None) -> None:
        self.logs += [(ts_ns, level, text_of(text)) for level, text in reply.logs]
        self.sent += reply.sent
        if not self.traced:
            if reply.trap is not None:
                raise Paused(reply.trap)
            return
        trace = Trace(
            callback=callback,
            ts_ns=ts_ns,
            latency_ns=reply.latency_ns,
            actions=told or [],
            error=reply.trap,
            position_1e8=self.standing.position_1e8,
        )
        self.traces.append(trace)
        if reply.trap is not None:
            self.counts.traps += 1
            raise Paused(reply.trap)

    def _act(self, exchange: Exchange, action: abi.Action, now_ns: int) -> str | None:
        """Do one thing; the API's reason when it was refused."""
        own = self._open.get(action.order_id)
        if action.kind == abi.NEW and action.side:
            return self._new(exchange, action, now_ns)
        if action.kind > abi.AMEND or action.order_type >= len(abi.ORDER_TYPES):
            return "INVALID_PARAMS"
        if own is None:  # what has ended need not be cancelled
            return None if action.kind != abi.AMEND else "INVALID_PARAMS"
        try:
            if action.kind != abi.AMEND:
                self.counts.cancels += 1
                exchange.cancel(self.client_id, own.node_order_id, now_ns)
            else:
                change = Change(qty_1e8=abs(action.qty_1e8) or None, limit_price_1e9=action.px_1e9 or None)
                exchange.amend(self.client_id, own.node_order_id, change, now_ns)
        except Problem as problem:
            return reason_of(problem)
        return None

    def _new(self, exchange: Exchange, action: abi.Action, now_ns: int) -> str | None:
        venue = self.venue if not action.venue_id else _VENUES.get(action.venue_id)
        if venue is None or venue not in self.instrument.venues:
            return "BAD_VENUE"
        market = action.order_type < len(abi.ORDER_TYPES) and abi.ORDER_TYPES[action.order_type] == "market"
        wrong = action.order_id in self._open or action.side not in (1, -1) or not 0 < abs(action.qty_1e8) <= _LARGEST
        if wrong or action.order_type >= len(abi.ORDER_TYPES) or not (market or 0 < action.px_1e9 <= _LARGEST):
            return "INVALID_PARAMS"
        refused = self._beyond(action, now_ns)
        if refused is not None:
            return refused
        self._made += 1
        graph_id = f"{self.name}-{now_ns:x}-{self._made}"
        own = Own(
            order_id=action.order_id or self._free_id(),
            node_order_id=f"graph:{graph_id}:order:1",
            side=action.side,
            px_1e9=0 if market else action.px_1e9,
            qty_1e8=abs(action.qty_1e8),
        )
        self._open[own.order_id] = self._graphs[graph_id] = own
        self.counts.sent += 1
        self._version += 1
        self._recent.append(now_ns)
        try:
            exchange.place(self.client_id, graph_of(graph_id, self.instrument, venue, action, own), now_ns)
        except Problem as problem:
            del self._open[own.order_id], self._graphs[graph_id]
            self._version += 1
            return reason_of(problem)
        return None

    def _beyond(self, action: abi.Action, now_ns: int) -> str | None:
        """The deployment's own limits, each under its name."""
        limits, qty = self._limits, abs(action.qty_1e8)
        while self._recent and self._recent[0] <= now_ns - SECOND_NS:
            self._recent.popleft()
        if limits.max_order_rate is not None and len(self._recent) >= limits.max_order_rate:
            return "RATE_LIMIT"
        waiting = sum(own.qty_1e8 - own.filled_1e8 for own in self._open.values() if own.side == action.side)
        after = abs(self.standing.position_1e8 + action.side * (waiting + qty))
        if limits.max_position_1e8 is not None and after > limits.max_position_1e8:
            return "POSITION_LIMIT"
        price = action.px_1e9 or self._mid or 0
        most = limits.max_order_notional_1e9
        if most is not None and rounding.notional_usd(price, qty) > most:
            return "RISK"
        lost = self.standing.session_fees_1e9 - self.standing.session_1e9 - self.standing.unrealized_1e9(self._mid)
        if limits.max_daily_loss_usd is not None and lost > int(limits.max_daily_loss_usd * SECOND_NS):
            return "DAILY_LOSS_LIMIT"
        return None

    def _free_id(self) -> int:
        number = (1 << 62) + self._made
        while number in self._open:
            number += 1
        return number

    def _state(self) -> bytes:
        standing, terms = self.standing, self.instrument
        unrealized = standing.unrealized_1e9(self._mid) if standing.position_1e8 else 0
        key = (self._version, standing.fills, standing.day, unrealized)
        if self._told[0] != key:
            self._told = key, self._packed(standing, terms, unrealized)
        return self._told[1]

    def _packed(self, standing: Standing, terms: Instrument, unrealized: int) -> bytes:
        return abi.state(
            abi.State(
                position_1e8=standing.position_1e8,
                avg_entry_1e9=standing.entry_1e9,
                realized_pnl_1e9=standing.realized_1e9,
                unrealized_pnl_1e9=unrealized,
                session_pnl_1e9=standing.session_1e9,
                total_fill_count=standing.fills,
                tick_size_1e9=terms.tick_size_1e9,
                lot_size_1e8=terms.lot_size_1e8,
                min_qty_1e8=terms.min_qty_1e8,
                min_notional_1e9=terms.min_notional_1e9,
                price_precision=terms.price_precision,
                qty_precision=terms.qty_precision,
                orders=[
                    abi.Open(own.order_id, own.px_1e9, own.side * own.qty_1e8, own.filled_1e8, own.side, own.status)
                    for own in islice(self._open.values(), abi.MAX_ORDERS)
                ],
            )
        )

    @property
    def _mid(self) -> int | None:
        """Worked out only for who holds something: a book changes far more often than a position."""
        return rounding.mid_price(*self._touch) if self._touch else None

    @property
    def unrealized_1e9(self) -> int:
        """Its open position at the last mid it saw."""
        return self.standing.unrealized_1e9(self._mid)

    @property
    def open_orders(self) -> list[Own]:
        """Its orders that are not ended, oldest first."""
        return list(self._open.values())
