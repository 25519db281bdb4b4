"""The desk of one account: everything that changes the market goes through here."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from seqcli.client.client import Client, Reply
from seqcli.desk import intents, policy
from seqcli.desk.changes import Changes
from seqcli.desk.journal import Intent, Journal, Taken
from seqcli.desk.killswitch import open_orders
from seqcli.desk.latch import Latch
from seqcli.desk.reconcile import Reconciler
from seqcli.desk.submit import Outcome, Sender, known
from seqcli.errors import Ambiguous, Failure, NotFound, NotSent, OutcomeUnknown, PolicyRefused, Usage
from seqcli.lock import Lock
from seqcli.wire import graphs, orders, quotes, strict
from seqcli.wire.operation import Operation, Request
from seqcli.wire.submission import FixedQuantity, GraphOrder, Instrument, LimitPrice, Node, NodeQuantity, OrderType

JOURNAL, LATCH, RESOLVER, POLICY = "journal.sqlite3", "latch", "resolver.lock", "policy.toml"
Ask = Callable[[str], bool]
NEW_RISK = frozenset(
    {
        "algos.deploy",
        "algos.deployment_create",
        "algos.deployment_start",
        "algos.start",
        "graphs.amend_node",
        "graphs.resume",
        "orders.amend",
        "strategies.create",
        "strategies.start",
    }
)
"""Operations beside orders that the latch stops: what they start would trade."""


class _Twin(Exception):
    """The same order is in the journal, a moment old."""


class Desk:
    """`account` is the key's fingerprint; `ask` puts a question to a person, None where nobody can be asked.

    `policy_file` was named by the settings and must be there; else it is policy.toml, if there is one.
    """

    def __init__(
        self,
        client: Client,
        *,
        account: str,
        state_dir: Path,
        config_dir: Path,
        deadline_s: float,
        ask: Ask | None = None,
        policy_file: Path | None = None,
    ) -> None:
        self._client = client
        self._account = account
        self._policy_file = policy_file or config_dir / POLICY
        self._policy_named = policy_file is not None
        self._ask = ask
        self._deadline_s = deadline_s
        self.journal = Journal(state_dir / JOURNAL)
        self.latch = Latch(state_dir / LATCH)
        self._sender = Sender(
            client, self.journal, deadline_s, gate=lambda: self.latch.check(account), review=self._echoed
        )
        self._lock_file = state_dir / RESOLVER

    def dressed(self, graph: GraphOrder) -> GraphOrder:
        """`graph` as it would be sent: with an id."""
        return intents.dressed(graph, self._client.clock, self._client.chance)

    def submit(self, graph: GraphOrder, *, listed: bool = False) -> Outcome:
        """Journal, then send until the fate is known.

        `listed`: one of a list somebody wrote, so nobody is asked whether like orders in it are meant, and one whose
        end the journal knows is told from there.

        Raises `PolicyRefused`, `Usage` (a repeated order that was not wanted) and `NotSent` (no journal) before
        anything is sent; afterwards every end is an `Outcome`.
        """
        self.latch.check(self._account)
        graph = self.dressed(graph)
        meant = intents.intent(
            graph,
            account=self._account,
            mode=self._client.mode,
            now_ns=self._client.clock.time_ns(),
            deadline_s=self._deadline_s,
        )
        lines = policy.load(self._policy_file, must_exist=self._policy_named)
        # A policy does not judge again what was sent before; without one, the journal tells in the same breath.
        earlier = self.journal.find(self._account, meant.graph_id) if lines != policy.Policy() else None
        try:
            if earlier is None:
                self._intend(lines, graph, meant, listed=listed)
                return self._sender.send(meant)
        except Taken as taken:
            earlier = taken.earlier
        return self._again(earlier, meant, listed=listed)

    def send(self, operation: Operation, request: Request, *, look: str | None = None) -> Reply:
        """Any other change: cancels, switches, settings. An unclear end raises `OutcomeUnknown`, hinting `look`."""
        if operation.name == orders.PLACE.name:
            raise TypeError("an order is submitted, never just sent")
        if operation.name in NEW_RISK:
            self.latch.check(self._account)
        try:
            return self._client.call(operation, request)
        except (Ambiguous, KeyboardInterrupt) as failure:
            why = failure.message if isinstance(failure, Ambiguous) else "interrupted"
            raise OutcomeUnknown(
                f"outcome unknown: {operation.summary.lower()} may have been done ({why})",
                hint=look or "look before you repeat it",
                request_id=failure.request_id if isinstance(failure, Ambiguous) else None,
            ) from failure
        except NotFound as failure:
            self._may_still_come(operation, request, failure)
            raise

    def amend(self, order_id: str, body: orders.Amend) -> dict[str, Any]:
        """A new total, a new limit, or both; what the policy says of an order of that size and price holds for it."""
        lines = policy.load(self._policy_file, must_exist=self._policy_named)
        if self.latch.record(self._account) is not None or lines != policy.Policy():
            self._judge_change(order_id, body, lines)
        return self._changes().amend(order_id, body)

    def decrease(self, order_id: str, by_1e8: int) -> dict[str, Any]:
        """A smaller total."""
        return self._changes().decrease(order_id, by_1e8)

    def pending(self) -> list[dict[str, Any]]:
        """What is not settled, oldest first."""
        return [intent.shown() for intent in self.journal.unsettled(self._account)]

    def reconcile(self, names: list[str], *, resend: bool = False, abandon: bool = False) -> list[dict[str, Any]]:
        """Look up, and settle, what is not settled; a row each."""
        reconciler = Reconciler(self._sender, self.journal, self._account, Lock(self._lock_file))
        rows = reconciler.run(names, resend=resend, abandon=abandon)
        return rows if names or abandon else [*rows, *self._settle_changes()]

    def close(self) -> None:
        """Let go of the journal."""
        self.journal.close()

    def _again(self, earlier: Intent, meant: Intent, *, listed: bool) -> Outcome:
        """The same graph id once more: the same bytes go out again, other ones never."""
        if earlier.body != meant.body:
            raise Usage(
                f"the id {meant.graph_id} was used for another order",
                hint="leave --graph-id out, or choose another one",
            )
        if listed and (earlier.outcome == "accepted" or earlier.status == "REJECTED"):
            return known(earlier)
        if earlier.outcome == "accepted":
            return self._sender.confirm(earlier)
        return self._sender.send_again(earlier, doubtful=earlier.outcome not in ("not_sent", "rejected"))

    def _intend(self, lines: policy.Policy, graph: GraphOrder, meant: Intent, *, listed: bool) -> None:
        check = policy.Check(lines, graph, self._quote, self._open_usd_1e9, self._client.clock.time_ns())
        check.alone()
        meant.worth_usd_1e9 = check.worth_1e9
        guarded = not listed and self._ask is not None and lines.duplicate_guard is None

        def allow(journal: Journal) -> None:
            check.among(journal, meant)
            if guarded and policy.duplicates(journal, meant):
                raise _Twin

        try:
            self.journal.intend(meant, allow)
        except _Twin:  # asked outside the transaction: a person is slow, and other processes wait for it
            if self._ask is None or not self._ask("The same order was sent within the last 10 s. Send it again?"):
                raise PolicyRefused(
                    "not sent: duplicate_guard: the same order was sent within the last 10 s",
                    code="DUPLICATE",
                    hint="duplicate_guard = false in policy.toml asks no more",
                ) from None
            self.journal.intend(meant, lambda journal: check.among(journal, meant))

    def _quote(self, symbol: str) -> policy.Quoted:
        body = self._client.call(quotes.ONE, Request(path={"symbol": symbol})).body
        return policy.quoted(body, self._client.clock.time_ns(), symbol)

    def _open_usd_1e9(self) -> int:
        total = 0
        for order in open_orders(self._client):
            prices = (order.get(name) for name in ("limit_price_1e9", "trigger_price_1e9", "arrival_mid_1e9"))
            price, left = next(filter(None, prices), None), order.get("remaining_qty_1e8")
            notional = order.get("notional_usd_1e9")
            if isinstance(price, int) and isinstance(left, int):
                total += -(-price * left // 10**8)
            elif isinstance(notional, int):
                total += notional
            else:
                name = order.get("node_order_id")
                raise PolicyRefused(
                    f"your policy refuses it: max_open_notional_usd: {name} is open, and its worth is not known",
                    hint="the line max_open_notional_usd in policy.toml; nothing was sent",
                )
        return total

    def _echoed(self, intent: Intent, outcome: Outcome) -> Outcome:
        """A paper order on a live key must come back as one; else it is cancelled, loudly."""
        if self._client.mode != "live" or outcome.outcome != "accepted" or outcome.reply is None:
            return outcome
        sent = strict.parse(intent.body)
        if not (sent.get("is_sandbox") or sent.get("sandbox")) or outcome.reply.get("is_sandbox") is True:
            return outcome
        try:
            self._client.call(graphs.CANCEL, Request(path={"graph_id": outcome.graph_id}))
            end = "a cancel was sent"
        except Failure as failure:
            end = f"and the cancel failed: {failure.message}"
        told = f"the exchange did NOT confirm that {outcome.graph_id} is on paper; it may be LIVE; {end}"
        doubt = OutcomeUnknown(told, code="NOT_ON_PAPER", hint=f"seq order show {outcome.graph_id}")
        return msgspec.structs.replace(outcome, outcome="unknown", failure=doubt)

    def _changes(self) -> Changes:
        return Changes(
            self._client,
            self.journal,
            account=self._account,
            mode=self._client.mode,
            deadline_s=self._deadline_s,
        )

    def _settle_changes(self) -> list[dict[str, Any]]:
        changes, rows = self._changes(), []
        for intent in self.journal.unsettled(self._account):
            if intent.kind == "place":
                continue
            found = f"the {intent.kind} is not applied yet; the same words once more finish it"
            try:
                if changes.settle(intent):
                    found = f"the {intent.kind} is settled"
            except Failure as failure:
                self.journal.note(intent, self._client.clock.time_ns(), f"look-up: {failure.stable_code}")
                found = f"could not be looked up: {failure.message}"
            rows.append(changes.row(intent, found))
        return rows

    def _judge_change(self, order_id: str, body: orders.Amend, lines: policy.Policy) -> None:
        """A pure reduction always passes; the rest is new risk: not while the latch is on, nor past the policy."""
        order = self._changes().order(order_id)
        total, size, price = order.get("qty_1e8"), body.new_qty_1e8, None
        if body.new_constraints is not None:
            price = body.new_constraints.max_price_1e9
        if body.new_constraints is None and isinstance(total, int) and size is not None and size < total:
            return
        self.latch.check(self._account)
        graph = _as_if_new(order, size or total, price or order.get("limit_price_1e9"))
        alone = msgspec.structs.replace(lines, max_day_notional_usd=None, max_open_notional_usd=None)
        policy.Check(alone, graph, self._quote, self._open_usd_1e9, self._client.clock.time_ns()).alone()

    def _may_still_come(self, operation: Operation, request: Request, failure: NotFound) -> None:
        """A cancel that finds nothing says nothing of an order that is still on its way."""
        if operation.name not in (graphs.CANCEL.name, orders.CANCEL.name):
            return
        name = (
            request.path.get("graph_id")
            or request.path.get("node_order_id", "").removeprefix("graph:").rsplit(":", 2)[0]
        )
        with contextlib.suppress(NotSent):  # a cancel does not need the journal
            meant = self.journal.find(self._account, name)
            if meant is not None and meant.outcome in ("pending", "unknown"):
                raise OutcomeUnknown(
                    f"{name} is not on the exchange yet, and it may still arrive",
                    hint=f"seq order reconcile {name}",
                    request_id=failure.request_id,
                ) from failure


def _as_if_new(order: dict[str, Any], size: Any, price: Any) -> GraphOrder:
    """An order after its amend, as the policy would see it were it new. Raises Ambiguous where it can't be read."""
    symbol, side = order.get("symbol"), order.get("side")
    if not (isinstance(symbol, str) and isinstance(side, str) and isinstance(size, int)):
        raise Ambiguous("the order can't be read, and so not be judged by your policy", code="BAD_REPLY")
    instrument = order.get("instrument")
    venue = instrument.get("venue") if isinstance(instrument, dict) else None
    kind = OrderType(limit=LimitPrice(price_1e9=price)) if isinstance(price, int) else "market"
    node = Node(
        node_id="order",
        instrument=Instrument(symbol=symbol, venue=venue if isinstance(venue, str) else None),
        side=side.lower(),
        order_type=kind,
        quantity=NodeQuantity(fixed=FixedQuantity(qty_1e8=size)),
    )
    return GraphOrder(nodes=[node])
