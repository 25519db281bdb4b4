"""Send one journaled order until its fate is known: accepted, rejected, unknown or not_sent.

accepted   a parseable 2xx that names our graph id, or a look-up that finds our graph
rejected   a definite refusal with no ambiguous attempt before it: a first 401, 403 or 429 as it is, any other
           first refusal confirmed by one look-up that finds no graph; or an order that shows REJECTED, nothing filled;
           or a graph that has ended with each of its orders so
not_sent   no byte of any attempt left
unknown    everything else: time-out, reset, 5xx, an unreadable 2xx, any refusal of a repeat, a look-up that fails,
           a refusal or a 404 that is not in the API's own words: some proxy's page
"""

from collections.abc import Callable
from typing import Any

import msgspec

from seqcli.client import retry
from seqcli.client.client import Client, Reply
from seqcli.desk.journal import Intent, Journal
from seqcli.desk.likeness import another, has_several, may_go_on, same_size
from seqcli.errors import (
    Ambiguous,
    Denied,
    Failure,
    Interrupted,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from seqcli.units import SECOND
from seqcli.wire import graphs, orders
from seqcli.wire.operation import Request


class Outcome(msgspec.Struct, kw_only=True):
    """The fate of an order. `reply` is the server's JSON, of the submission or of the look-up; None without one."""

    outcome: str
    mode: str
    graph_id: str
    node_order_id: str | None
    status: str | None = None
    reply: Any = None
    failure: Failure | None = None


def known(intent: Intent) -> Outcome:
    """What the journal knows of an intent's end, without asking anybody."""
    outcome = Outcome(
        outcome=intent.outcome,
        mode=intent.mode,
        graph_id=intent.graph_id,
        node_order_id=intent.node_order_id,
        status=intent.status,
    )
    if intent.outcome == "rejected":
        hint = f"seq order show {intent.graph_id}"
        outcome.failure = Refused("rejected when it was sent", code="REJECTED", hint=hint)
    return outcome


class Sender:
    """Sends intents of one account.

    `gate` is asked before each attempt and raises to stop it; `review` has the last word on an outcome before it is
    recorded.
    """

    def __init__(
        self,
        client: Client,
        journal: Journal,
        deadline_s: float,
        *,
        gate: Callable[[], None] = lambda: None,
        review: "Callable[[Intent, Outcome], Outcome]" = lambda _intent, outcome: outcome,
    ) -> None:
        self.client = client
        self.journal = journal
        self.deadline_s = deadline_s
        self.gate = gate
        self._review = review

    def send(self, intent: Intent, *, doubtful: bool = False) -> Outcome:
        """Send the stored bytes; `doubtful` when an earlier attempt may have been applied."""
        run = _Run(self, intent, doubtful=doubtful)
        try:
            outcome = run.go()
        except KeyboardInterrupt:
            outcome = run.stopped("interrupted", Interrupted("interrupted; nothing was sent"))
        except Exception as error:  # noqa: BLE001 - whatever breaks while bytes may be out must not end as a plain bug
            kind = type(error).__name__
            outcome = run.stopped(f"{kind} on the way", NotSent(f"nothing was sent: {kind}: {error}", code="BUG"))
        return self.settled(intent, outcome, run.last)

    def send_again(self, intent: Intent, *, doubtful: bool = True) -> Outcome:
        """Send a journaled intent's bytes once more, and let the journal know that before they leave."""
        self.gate()
        now_ns = self.client.clock.time_ns()
        self.journal.reopen(intent, now_ns, now_ns + int(self.deadline_s * SECOND))
        return self.send(intent, doubtful=doubtful)

    def confirm(self, intent: Intent) -> Outcome:
        """What became of an accepted intent: looked up and never sent again, since an exchange may forget an id."""
        try:
            return self.found(intent, self.look_up(intent, self.deadline_s))
        except Failure:
            return known(intent)

    def look_up(self, intent: Intent, deadline_s: float) -> Any:
        """The graph as the server has it, with its orders; raises NotFound when it has none, Failure otherwise."""
        request = Request(path={"graph_id": intent.graph_id})
        try:
            reply = self.client.call(graphs.SHOW, request, once=True, deadline_s=deadline_s)
        except NotFound as failure:
            if failure.readable:
                raise
            raise Ambiguous(failure.message, code="BAD_REPLY", http_status=failure.http_status) from failure
        if not isinstance(reply.body, dict) or reply.body.get("graph_id") != intent.graph_id:
            raise Ambiguous("the look-up answered with another graph", code="BAD_REPLY")
        return reply.body

    def settled(self, intent: Intent, outcome: Outcome, what: str) -> Outcome:
        """Record `outcome`; it is told even when the journal can't be written any more."""
        outcome = self._review(intent, outcome)
        intent.outcome, intent.status, intent.node_order_id = (
            outcome.outcome,
            outcome.status,
            outcome.node_order_id,
        )
        try:
            self.journal.settle(intent, self.client.clock.time_ns(), f"{outcome.outcome}: {what}")
        except NotSent as failure:
            outcome.failure = outcome.failure or OutcomeUnknown(
                f"{outcome.outcome}, but {failure.message}",
                hint=f"seq order show {intent.graph_id}",
                code="JOURNAL",
            )
        return outcome

    def found(self, intent: Intent, graph: Any) -> Outcome:
        """What a looked-up graph says of its intent."""
        run = _Run(self, intent, doubtful=True)
        return run.unknown("there is another order of that id") if another(intent.body, graph) else run.read(graph)

    def may_retry(self) -> bool:
        """Take one from the process's allowance of retries."""
        return self.client.budget.take()


class _Run:
    """The attempts of one intent inside one deadline."""

    def __init__(self, sender: Sender, intent: Intent, *, doubtful: bool) -> None:
        self._sender = sender
        self._client = sender.client
        self._intent = intent
        self._end = self._client.clock.monotonic() + sender.deadline_s
        self._doubtful = doubtful
        self._in_flight = False
        self.last = "no attempt was made"

    def go(self) -> Outcome:
        """Attempt, look up, attempt again."""
        failure: Failure | None = None
        for attempt in range(1, retry.ATTEMPTS + 1):
            if attempt > 1 and not self._wait(attempt - 1, failure):
                break
            if self._doubtful:
                found = self._find()
                if found is not None:
                    return found
                if self._left() <= 0:
                    break
            try:
                return self._attempt()
            except Failure as error:
                failure = error
                done = self._judge(error)
                if done is not None:
                    return done
        return self._give_up(failure)

    def stopped(self, why: str, failure: Failure) -> Outcome:
        """Ctrl-C, SIGTERM or a bug in the middle: what is known now. `failure` is for when nothing had left."""
        self.last = why
        if self._doubtful or self._in_flight:
            return self.unknown(f"{why}, before the answer came")
        return self._outcome("not_sent", failure=failure)

    def _attempt(self) -> Outcome:
        self._sender.gate()
        self._in_flight = True
        reply = self._client.call(orders.PLACE, once=True, deadline_s=self._share(), body=self._intent.body)
        self.last = f"HTTP {reply.status}"
        return self._accepted(reply)

    def _accepted(self, reply: Reply) -> Outcome:
        body = reply.body
        if not isinstance(body, dict) or body.get("graph_id") != self._intent.graph_id:
            raise Ambiguous("the answer does not name our graph", code="BAD_REPLY", http_status=reply.status)
        return self.read(body)

    def read(self, body: dict[str, Any]) -> Outcome:
        """A graph that the server has: accepted, unless its order was refused with nothing filled."""
        shown = body.get("orders")
        rows = [row for row in shown if isinstance(row, dict)] if isinstance(shown, list) else []
        status = rows[0].get("status") if len(rows) == 1 and not has_several(body) else body.get("status")
        refused = [row for row in rows if row.get("status") == "REJECTED" and not row.get("filled_qty_1e8")]
        identity = body.get("node_order_id") or (rows[0].get("node_order_id") if rows else None)
        outcome = self._outcome("accepted", reply=body, status=str(status) if status else None, identity=identity)
        if rows and len(refused) == len(rows) and not may_go_on(body):
            reason = rows[0].get("failure_reason") or "REJECTED"
            detail = rows[0].get("failure_detail")
            sentence = f"rejected: {reason}" + (f" – {detail}" if detail else "")
            outcome.outcome, outcome.failure = "rejected", Refused(sentence, code=str(reason))
        return outcome

    def _judge(self, failure: Failure) -> Outcome | None:
        """What a failed attempt means; None: go on."""
        self.last = f"{failure.stable_code}: {failure.message}"
        if failure.http_status is None and not isinstance(failure, Ambiguous):  # no byte of it left
            self._in_flight = False
            again = isinstance(failure, NotSent | RateLimited) and retry.may_repeat(orders.PLACE, failure)
            return None if again else self._give_up(failure)
        if isinstance(failure, Ambiguous) or not failure.readable:
            self._doubtful = True
            return None
        if self._doubtful:
            return None  # a refusal of a repeat says nothing about the first
        if isinstance(failure, RateLimited):
            self._in_flight = False
            return None
        if isinstance(failure, Denied):
            return self._outcome("rejected", failure=failure)
        return self._confirmed(failure)

    def _confirmed(self, refusal: Failure) -> Outcome:
        """A first refusal, confirmed by one look-up."""
        try:
            graph = self._sender.look_up(self._intent, self._share())
        except NotFound:
            return self._outcome("rejected", failure=refusal)
        except Failure as failure:
            self.last += f"; the look-up failed: {failure.message}"
            return self.unknown(f"{refusal.message}; and it could not be looked up")
        if another(self._intent.body, graph):
            return self._outcome("rejected", failure=refusal)  # the id belongs to another order
        if same_size(self._intent.body, graph):
            return self.read(graph)
        return self.unknown(f"{refusal.message}; yet there is a graph of that id, of another size")

    def _find(self) -> Outcome | None:
        try:
            graph = self._sender.look_up(self._intent, self._share())
        except Failure as failure:
            self.last += f"; look-up: {failure.stable_code}"
            return None
        if another(self._intent.body, graph):
            self.last += "; look-up: another order of that id"
            return None
        self.last += "; found by look-up"
        return self.read(graph)

    def _left(self) -> float:
        return self._end - self._client.clock.monotonic()

    def _share(self) -> float:
        """Half of what is left: a silent attempt leaves time for the look-up that follows it."""
        return max(self._left() / 2, 0.0)

    def _wait(self, attempt: int, failure: Failure | None) -> bool:
        wait = retry.wait_s(attempt, self._client.chance, failure.retry_after_s if failure else None)
        if self._client.clock.monotonic() + wait >= self._end or not self._sender.may_retry():
            return False
        self._client.clock.sleep(wait)
        return True

    def _give_up(self, failure: Failure | None) -> Outcome:
        if self._doubtful:
            found = self._find() if self._left() > 0 else None
            return found or self.unknown(failure.message if failure else "no answer")
        if isinstance(failure, RateLimited) and failure.http_status is not None:
            return self._outcome("rejected", failure=failure)
        return self._outcome("not_sent", failure=failure or NotSent("the deadline had passed before anything was sent"))

    def unknown(self, why: str) -> Outcome:
        """It may exist, and nothing more is known."""
        graph_id = self._intent.graph_id
        sentence = f"outcome unknown: the order {graph_id} may exist ({why})"
        return self._outcome("unknown", failure=OutcomeUnknown(sentence, hint=f"seq order reconcile {graph_id}"))

    def _outcome(
        self,
        outcome: str,
        *,
        failure: Failure | None = None,
        reply: Any = None,
        status: str | None = None,
        identity: Any = None,
    ) -> Outcome:
        expected = self._intent.node_order_id if outcome in {"accepted", "unknown"} else None
        return Outcome(
            outcome=outcome,
            mode=self._intent.mode,
            graph_id=self._intent.graph_id,
            node_order_id=str(identity) if identity else expected,
            status=status,
            reply=reply,
            failure=failure,
        )
