"""Amend and decrease: the absolute target is journaled first, so that a repeat never shrinks twice.

What is changed is an order, by its id, or a node of a graph: ``GRAPH_ID/NODE_ID``, whose latest order is meant or,
while it waits, the node itself.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import msgspec

from seqcli.client.client import Client
from seqcli.desk.journal import Intent, Journal
from seqcli.errors import Ambiguous, Failure, NotFound, NotSent, OutcomeUnknown, Refused, Usage
from seqcli.units import SECOND, decimal_text
from seqcli.wire import graphs, orders, strict
from seqcli.wire.operation import Operation, Request

DEFINITE = (401, 403, 429)
"""Answered before the order was looked at."""
APART_NS = 30 * SECOND
ABSENT = "look-up: not applied"
_OPEN = (
    "account = ? AND target = ? AND kind IN ('amend', 'decrease') AND outcome IN ('pending', 'unknown')"
    " AND abandoned_ns IS NULL ORDER BY id"
)
NODE = "/"
"""Stands in the name of a node, and in no id."""


class Changes:
    """Changes to open orders of one account."""

    def __init__(self, client: Client, journal: Journal, *, account: str, mode: str, deadline_s: float) -> None:
        self._client = client
        self._journal = journal
        self._account = account
        self._mode = mode
        self._deadline_s = deadline_s

    def amend(self, order_id: str, body: orders.Amend) -> dict[str, Any]:
        """Set a new total, a new limit, or both; the server's answer or, after an unclear one, what a look-up shows."""
        constraints = body.new_constraints
        price = constraints.max_price_1e9 if constraints else None
        if price is not None and price <= 0:
            raise Usage("a limit price must be above 0", hint="--limit PRICE")
        if body.new_qty_1e8 is not None and body.new_qty_1e8 <= 0:
            raise Usage("a quantity must be above 0", hint=f"seq order cancel {order_id}")
        earlier = self._earlier(order_id, lambda intent: intent.kind == "amend" and intent.body == strict.encode(body))
        return self._finish(earlier) if earlier else self._send(self._intend("amend", order_id, body, by=None))

    def decrease(self, order_id: str, by_1e8: int) -> dict[str, Any]:
        """Make the total smaller by `by_1e8`; an unsettled decrease by the same amount is finished, not repeated."""
        if by_1e8 <= 0:
            raise Usage("a decrease must be above 0", hint="--by QTY")
        earlier = self._earlier(order_id, lambda intent: intent.by_1e8 == by_1e8)
        if earlier is not None:
            return self._finish(earlier)
        order = self.order(order_id)
        total, filled = order.get("qty_1e8"), order.get("filled_qty_1e8")
        if not isinstance(total, int) or not isinstance(filled, int):
            raise Ambiguous("the order's quantity can't be read", code="BAD_REPLY")
        if total - by_1e8 <= 0 or total - by_1e8 < filled:
            left = f"{decimal_text(total, 8)} in all, {decimal_text(filled, 8)} filled"
            raise Refused(
                f"cannot decrease by {decimal_text(by_1e8, 8)}: {left}",
                code="TOO_MUCH",
                hint=f"seq order cancel {order_id}",
            )
        return self._send(self._intend("decrease", order_id, orders.Amend(new_qty_1e8=total - by_1e8), by=by_1e8))

    def settle(self, intent: Intent) -> bool:
        """Look an unsettled change up; True when it is settled.

        Two look-ups at least 30 s apart, the first later than 30 s after its deadline, that show the order without
        it settle it as not_sent.
        """
        order = self.order(intent.target)
        if self._is_applied(intent, order):
            self._record(intent, "accepted", order.get("status"), "found by look-up")
            return True
        if str(order.get("status")).upper() in orders.TERMINAL:
            self._record(intent, "rejected", order.get("status"), "the order has ended without it")
            return True
        now_ns = self._client.clock.time_ns()
        earliest = intent.deadline_ns + APART_NS
        seen = [row["ts_ns"] for row in self._journal.evidence(intent) if row["what"] == ABSENT]
        first = min((at for at in seen if at > earliest), default=now_ns)
        if first > earliest and now_ns - first >= APART_NS:
            self._record(intent, "not_sent", order.get("status"), "two look-ups show the order without it")
            return True
        self._journal.note(intent, now_ns, ABSENT)
        return False

    def row(self, intent: Intent, found: str) -> dict[str, Any]:
        """A change as reconcile lists it."""
        now = self._journal.select("id = ?", intent.id)[0]
        return {
            "graph_id": now.graph_id,
            "outcome": "unknown" if now.outcome == "pending" else now.outcome,
            "status": now.status,
            "node_order_id": now.target,
            "symbol": None,
            "side": None,
            "qty_1e8": now.qty_1e8,
            "price_1e9": now.price_1e9,
            "mode": now.mode,
            "created_ns": now.created_ns,
            "abandoned": now.abandoned_ns is not None,
            "found": found,
        }

    def _earlier(self, order_id: str, same: Callable[[Intent], bool]) -> Intent | None:
        """The unsettled change that is asked for once more. Raises `Refused` while another one is unsettled."""
        for intent in self._journal.select(_OPEN, self._account, order_id):
            if same(intent):
                return intent
            if not self.settle(intent):
                raise Refused(
                    f"an earlier {intent.kind} of {order_id} is not settled; it may still be applied",
                    code="UNSETTLED",
                    hint="seq order reconcile; the same words once more finish it",
                )
        return None

    def _intend(self, kind: str, order_id: str, body: orders.Amend, by: int | None) -> Intent:
        now_ns = self._client.clock.time_ns()
        constraints = body.new_constraints
        return self._journal.intend(
            Intent(
                graph_id=graph_of(order_id),
                account=self._account,
                mode=self._mode,
                kind=kind,
                target=order_id,
                body=strict.encode(body),
                qty_1e8=body.new_qty_1e8,
                price_1e9=constraints.max_price_1e9 if constraints else None,
                by_1e8=by,
                created_ns=now_ns,
                deadline_ns=now_ns + int(self._deadline_s * SECOND),
                node_order_id=None if NODE in order_id else order_id,
            )
        )

    def _send(self, intent: Intent, *, again: bool = False) -> dict[str, Any]:
        """Once. `again`: an earlier attempt may have been applied, so that a refusal of this one says nothing."""
        try:
            return self._sent(intent, again=again)
        except KeyboardInterrupt:
            self._record(intent, "unknown", None, "interrupted")
            raise self._unknown(intent, "interrupted") from None

    def _sent(self, intent: Intent, *, again: bool) -> dict[str, Any]:
        operation, path = asked(intent.target)
        try:
            request = Request(path=path)
            reply = self._client.call(operation, request, body=intent.body, deadline_s=self._deadline_s)
        except Failure as failure:
            return self._failed(intent, failure, again=again)
        named = [name for name in ("node_order_id", "node_id") if name in path]
        if not isinstance(reply.body, dict) or any(reply.body.get(name) != path[name] for name in named):
            return self._after_doubt(intent, "the answer does not name our order")
        self._record(intent, "accepted", reply.body.get("status"), f"HTTP {reply.status}")
        return reply.body

    def _failed(self, intent: Intent, failure: Failure, *, again: bool) -> dict[str, Any]:
        """What a failed attempt means; raises it when the change is definitely not there."""
        if again or isinstance(failure, Ambiguous):
            return self._after_doubt(intent, failure.message)
        if isinstance(failure, NotSent) or failure.http_status is None:
            self._record(intent, "not_sent", None, failure.message)
            raise failure
        if not failure.readable:
            return self._after_doubt(intent, failure.message)
        if failure.http_status not in DEFINITE:
            self._confirm(intent, failure)
        self._record(intent, "rejected", None, f"{failure.stable_code}: {failure.message}")
        raise failure

    def _confirm(self, intent: Intent, refusal: Failure) -> None:
        """A first refusal is confirmed by one look-up of the order; one that fails leaves it unknown."""
        try:
            order = self.order(intent.target)
        except Failure as failure:
            if isinstance(failure, NotFound) and failure.readable:
                return
            self._record(intent, "unknown", None, f"{refusal.message}; the look-up failed: {failure.message}")
            raise self._unknown(intent, refusal.message) from None
        if self._is_applied(intent, order):
            self._record(intent, "unknown", order.get("status"), f"{refusal.message}; and yet the order shows it")
            raise self._unknown(intent, f"{refusal.message}; and yet the order shows it")

    def _after_doubt(self, intent: Intent, why: str) -> dict[str, Any]:
        """Re-read, never repeat."""
        try:
            order = self.order(intent.target)
        except Failure as failure:
            self._record(intent, "unknown", None, f"{why}; {failure.message}")
            raise self._unknown(intent, why) from None
        if not self._is_applied(intent, order):
            self._record(intent, "unknown", order.get("status"), f"{why}; not applied when looked up")
            raise self._unknown(intent, why)
        self._record(intent, "accepted", order.get("status"), f"{why}; found by look-up")
        return order

    def _finish(self, intent: Intent) -> dict[str, Any]:
        order = self.order(intent.target)
        if self._is_applied(intent, order):
            self._record(intent, "accepted", order.get("status"), "found by look-up")
            return order
        now_ns = self._client.clock.time_ns()
        intent.deadline_ns = now_ns + int(self._deadline_s * SECOND)
        # A new row, so that look-ups before these bytes prove nothing about them.
        sent = self._journal.intend(msgspec.structs.replace(intent, id=0, created_ns=now_ns, outcome="pending"))
        self._record(intent, "unknown", order.get("status"), "sent again", superseded_ns=now_ns)
        return self._send(sent, again=True)  # the same absolute target

    def _is_applied(self, intent: Intent, order: dict[str, Any]) -> bool:
        wanted = (("qty_1e8", intent.qty_1e8), ("limit_price_1e9", intent.price_1e9))
        return all(order.get(name) == value for name, value in wanted if value is not None)

    def order(self, order_id: str) -> dict[str, Any]:
        """The order as the exchange shows it; of a node its latest one, or the node itself while it waits."""
        if NODE in order_id:
            return self._node(*order_id.split(NODE))
        reply = self._client.call(orders.SHOW, Request(path={"node_order_id": order_id}))
        if not isinstance(reply.body, dict):
            raise Ambiguous("the order can't be read", code="BAD_REPLY")
        return reply.body

    def _node(self, graph_id: str, node_id: str) -> dict[str, Any]:
        graph = self._client.call(graphs.SHOW, Request(path={"graph_id": graph_id})).body
        if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list):
            raise Ambiguous("the graph can't be read", code="BAD_REPLY")
        node = next((row for row in graph["nodes"] if isinstance(row, dict) and row.get("node_id") == node_id), None)
        if node is None:
            missing = NotFound(f"the graph {graph_id} has no node {node_id}", hint=f"seq graph show {graph_id}")
            missing.readable = True
            raise missing
        latest = node.get("node_order_id")
        order = next((row for row in graph.get("orders") or [] if latest and row.get("node_order_id") == latest), None)
        return as_an_order(node) if order is None else order

    def _record(self, intent: Intent, outcome: str, status: Any, what: str, superseded_ns: int | None = None) -> None:
        """A journal that fails now leaves the change unsettled, which is safe: the answer is told all the same."""
        settled = msgspec.structs.replace(
            intent, outcome=outcome, status=str(status) if status else None, abandoned_ns=superseded_ns
        )
        with contextlib.suppress(NotSent):
            self._journal.settle(settled, self._client.clock.time_ns(), what)

    def _unknown(self, intent: Intent, why: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"outcome unknown: the change of {intent.target} may have been applied ({why})",
            hint="seq order reconcile",
        )


def asked(target: str) -> tuple[Operation, dict[str, str]]:
    """The operation that changes a target, and its path."""
    if NODE in target:
        graph_id, node_id = target.split(NODE)
        return graphs.AMEND_NODE, {"graph_id": graph_id, "node_id": node_id}
    return orders.AMEND, {"node_order_id": target}


def graph_of(target: str) -> str:
    """The graph that a target belongs to."""
    return target.split(NODE, maxsplit=1)[0] if NODE in target else target.removeprefix("graph:").rsplit(":", 2)[0]


def as_an_order(node: dict[str, Any]) -> dict[str, Any]:
    """A node that waits, in the fields of an order."""
    kind = node.get("order_type")
    priced = (kind.get("limit") or kind.get("stop_limit")) if isinstance(kind, dict) else None
    instrument = node.get("instrument")
    symbol = instrument.get("symbol") if isinstance(instrument, dict) else None
    return node | {"symbol": symbol, "limit_price_1e9": priced.get("price_1e9") if isinstance(priced, dict) else None}
