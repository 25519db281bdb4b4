"""A backtest: modules trade through the exchange's own matching, in simulated time. No clock is read, so the same
inputs give the same bytes.

An instance is called at every book of its venue. What it wants reaches the venue after a latency, drawn for each order
by the seed between half and one and a half of the venue's own; books and queues have moved on by then. Fills, fees,
queue position and resting orders are those of the exchange.
"""

import heapq
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.algos.counts import Counts
from seqcli.sandbox.algos.instances import Instance, Paused
from seqcli.sandbox.algos.wasm import abi, calls
from seqcli.sandbox.algos.wasm.guest import Guest, Program, Trapped
from seqcli.sandbox.algos.wishes import Limits
from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.exchange import Exchange
from seqcli.sandbox.exchange.paper import cash_or_crypto
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.market.noise import key_of, mix

CLIENT = "cl_backtest"
SAMPLES = 500
"""Points of the equity curve."""
_SECOND_NS = 1_000_000_000


class Plan(msgspec.Struct, kw_only=True):
    """What to run. `venues` None = every venue of a symbol; `capital_usd_1e9` is shared equally among them."""

    module: bytes
    symbols: list[str]
    venues: list[str] | None = None
    start_ns: int
    end_ns: int
    capital_usd_1e9: int
    seed: int = 42
    params: list[dict[str, Any]] = []
    risk: dict[str, Any] | None = None


class Outcome(msgspec.Struct, kw_only=True):
    """What came of it. `equity` rows are (ts_ns, USD 1e9); `fills` those of the exchange, in order.

    `slippage_bps`: what fills cost against the mid at which their orders arrived, by notional; positive = worse.
    """

    callbacks: int
    orders: int
    fills: list[dict[str, Any]]
    equity: list[tuple[int, int]]
    instances: list[dict[str, Any]]
    logs: list[dict[str, Any]]
    slippage_bps: Decimal | None
    trapped: str | None


class _Arrival(NamedTuple):
    """An action on its way to its venue."""

    ts_ns: int
    number: int
    instance: Instance
    action: abi.Action


class _Local:
    """The instances of one module in this process; answers as a child would."""

    def __init__(self, plan: Plan, count: int) -> None:
        program = Program(plan.module)
        self._logs: list[tuple[int, bytes]] = []
        self._guests = [Guest(program, lambda level, text: self._logs.append((level, text))) for _ in range(count)]
        if plan.params:
            rows = [(int(row["slot"]), str(row["type"]), int(row["value"])) for row in plan.params]
            config = abi.config(rows, 0, plan.start_ns)
            if not all(guest.configure(config) for guest in self._guests):
                raise Trapped("takes no parameters: it exports no newer callback, or has no room for them")

    def ask(self, request: calls.Request) -> calls.Reply:
        """One call; `latency_ns` is 0, since no clock is read."""
        guest, self._logs = self._guests[request.instance], []
        try:
            match request.call:
                case calls.BOOK:
                    actions = guest.on_book(request.first, request.second)
                case calls.FILL:
                    actions = []
                    guest.on_fill(request.first, request.second)
                case calls.REJECT:
                    actions = []
                    guest.on_reject(request.first)
                case calls.HEARTBEAT:
                    actions = guest.on_heartbeat(request.first)
                case _:
                    actions = guest.on_shutdown(request.first)
        except Trapped as trap:
            return calls.Reply(logs=self._logs, trap=str(trap))
        return calls.Reply(actions=actions, logs=self._logs)


class Backtest:
    """One run."""

    def __init__(self, market: Market, plan: Plan, tell: Callable[[int], None] = lambda _ns: None) -> None:
        self._market, self._plan, self._tell = market, plan, tell
        self._exchange = Exchange(market)
        self._arrivals: list[_Arrival] = []
        self._fills: list[dict[str, Any]] = []
        self._logs: list[dict[str, Any]] = []
        self._equity: list[tuple[int, int]] = []
        self._mids: dict[str, int | None] = {}
        self._posted = 0
        pairs = [(row, venue) for row in _instruments(market, plan) for venue in _venues(row, plan)]
        local = _Local(plan, len(pairs))
        limits = msgspec.convert(plan.risk or {}, Limits)
        self._instances = [
            Instance(f"bt-{number}", number, CLIENT, row, venue, local.ask, limits)
            for number, (row, venue) in enumerate(pairs)
        ]
        for instance in self._instances:
            instance.post = self._post
            instance.traced = False
        self._open_account(pairs)

    def run(self) -> Outcome:
        """From the first book after the start to the end."""
        plan, exchange = self._plan, self._exchange
        sampled = plan.start_ns
        step = max(1, (plan.end_ns - plan.start_ns) // SAMPLES)
        trapped = None
        instances, account = self._instances, exchange.accounts[CLIENT]
        try:
            for ts_ns, number in self._instants():
                while sampled <= ts_ns:
                    self._sample(sampled)
                    sampled += step
                if self._arrivals and self._arrivals[0].ts_ns <= ts_ns:
                    self._arrive(ts_ns)
                if exchange.orders or account.has_perps or account.contracts:
                    exchange.advance(ts_ns)
                    self._deliver()
                else:
                    exchange.seen_ns = ts_ns  # nothing can happen to an account without orders
                if instances[number].look(exchange, ts_ns):
                    self._keep_logs(instances[number])
            self._arrive(plan.end_ns)
            exchange.advance(plan.end_ns)
            self._deliver()
        except Paused as trap:
            trapped = str(trap)
        while sampled <= plan.end_ns:
            self._sample(sampled)
            sampled += step
        if self._equity[-1][0] != plan.end_ns:
            self._sample(plan.end_ns)
        return Outcome(
            callbacks=sum(instance.counts.updates for instance in self._instances),
            orders=sum(instance.counts.sent for instance in self._instances),
            fills=self._fills,
            equity=self._equity,
            instances=[self._made(instance) for instance in self._instances],
            logs=self._logs,
            slippage_bps=self._slippage_bps(),
            trapped=trapped,
        )

    # -- inside ------------------------------------------------------------------------------------------------------

    def _open_account(self, pairs: list[tuple[Instrument, str]]) -> None:
        """Cash where each pair settles, and nothing else; an odd remainder goes to the first."""
        places = sorted({(venue, ledger.cash_asset(row.kind, row.quote, venue)) for row, venue in pairs})
        share, rest = divmod(self._plan.capital_usd_1e9, len(places))
        self._exchange.open_account(CLIENT, self._plan.start_ns)
        seeds = [cash_or_crypto(venue, asset, 0) for venue, asset in places]
        for number, seed in enumerate(seeds):
            seed.amount = share + (rest if number == 0 else 0)
        self._exchange.seed(CLIENT, seeds, self._plan.start_ns, replace=True)
        self._exchange.pending.clear()

    def _instants(self) -> Iterator[tuple[int, int]]:
        """Every instant at which a venue publishes, with the instance that sees it."""
        first, last = self._plan.start_ns - 1, self._plan.end_ns
        each = [
            _numbered(self._market.stops(instance.instrument.symbol, instance.venue, "buy", 1, first, last), number)
            for number, instance in enumerate(self._instances)
        ]
        return each[0] if len(each) == 1 else heapq.merge(*each)

    def _post(self, instance: Instance, action: abi.Action, now_ns: int) -> None:
        self._posted += 1
        venue = self._market.venues()[instance.venue]
        drawn = mix(key_of(self._plan.seed, "latency"), self._posted) % 1001
        latency = venue.latency_ns * (500 + drawn) // 1000
        heapq.heappush(self._arrivals, _Arrival(now_ns + latency, self._posted, instance, action))

    def _arrive(self, until_ns: int) -> None:
        while self._arrivals and self._arrivals[0].ts_ns <= until_ns:
            arrival = heapq.heappop(self._arrivals)
            self._exchange.advance(arrival.ts_ns)
            self._deliver()
            arrival.instance.arrive(self._exchange, arrival.action, arrival.ts_ns)
            self._deliver()

    def _deliver(self) -> None:
        """Events to the instances; the fills are kept, the rest is let go."""
        while self._exchange.pending:
            events, self._exchange.pending = self._exchange.pending, []
            for event in events:
                if event.kind == "fill":
                    self._fills.append(event.data)
                elif event.kind == "order":
                    self._mids[event.data["graph_id"]] = event.data["arrival_mid_1e9"]
                if event.kind in ("fill", "order"):
                    for instance in self._instances:
                        instance.take(event)
                        self._keep_logs(instance)

    def _keep_logs(self, instance: Instance) -> None:
        if not instance.logs:
            return
        for ts_ns, level, line in instance.logs:
            self._logs.append({"ts_ns": ts_ns, "level": level, "symbol": instance.instrument.symbol, "text": line})
        instance.logs = []

    def _sample(self, ts_ns: int) -> None:
        """Cash and what is held, at mids; the change since the last sample is told."""
        account = self._exchange.accounts[CLIENT]
        worth = sum(row.usd_1e9 for row in account.cash.values())
        for holding in account.holdings.values():
            mid = self._mid(holding.symbol, ts_ns)
            if holding.kind == "perp":
                worth += rounding.notional_usd(mid, holding.qty_1e8) - holding.cost_usd_1e9 if mid else 0
            else:
                worth += rounding.notional_usd(mid or 0, holding.qty_1e8)
        self._equity.append((ts_ns, worth))
        self._tell(ts_ns)

    def _mid(self, symbol: str, ts_ns: int) -> int | None:
        own = (row.instrument for row in self._instances if symbol in (row.instrument.symbol, row.instrument.base))
        named = next(own, None)
        tops = self._market.best(named.symbol, ts_ns).values() if named else ()
        bid = max((top.bid_1e9 for top in tops), default=0)
        ask = min((top.ask_1e9 for top in tops if top.ask_1e9), default=0)
        return rounding.mid_price(bid, ask) if bid and ask else None

    def _slippage_bps(self) -> Decimal | None:
        lost = worth = 0
        for row in self._fills:
            mid, sign = self._mids.get(row["graph_id"]), 1 if row["side"] == "buy" else -1
            if mid:
                lost += sign * (row["price_1e9"] - mid) * row["qty_1e8"]
                worth += mid * row["qty_1e8"]
        return round(Decimal(lost) * 10_000 / worth, 4) if worth else None

    def _made(self, instance: Instance) -> dict[str, Any]:
        standing = instance.standing
        return {
            "symbol": instance.instrument.symbol,
            "venue": instance.venue,
            "position_1e8": standing.position_1e8,
            "realized_usd_1e9": standing.realized_1e9,
            "unrealized_usd_1e9": instance.unrealized_1e9,
            "fees_usd_1e9": standing.fees_1e9,
            "trades": standing.fills,
            "callbacks": instance.counts.updates,
            "orders": instance.counts.sent,
            "rejected": instance.counts.rejected,
            "refusals": _refusals(instance.counts),
        }


def _refusals(counts: Counts) -> list[dict[str, Any]]:
    return [
        {"reason": reason, "count": count, "example": counts.examples.get(reason) or None}
        for reason, count in counts.refusals.most_common()
    ]


def _instruments(market: Market, plan: Plan) -> list[Instrument]:
    found = []
    for name in plan.symbols:
        row = market.instruments().get(name)
        if row is None:
            raise ValueError(f"unknown symbol {name}")
        found.append(row)
    return found


def _venues(row: Instrument, plan: Plan) -> list[str]:
    named = [venue for venue in sorted(row.venues) if plan.venues is None or venue in plan.venues]
    if not named:
        raise ValueError(f"{row.symbol} does not trade on {', '.join(plan.venues or [])}")
    return named


def _numbered(instants: Iterator[int], number: int) -> Iterator[tuple[int, int]]:
    for ts_ns in instants:
        yield ts_ns, number
