"""Settle what a crash or a silent exchange left open: look up, and send again only what may be.

An intent is sent again – the same bytes – when it is young (market or notional: 5 s, others: 30 s) or on request.
Two look-ups that find nothing, 30 s apart, the first later than 30 s after the intent's deadline, settle it as
not_sent; the evidence is kept, and should the order turn up later that is told loudly.
"""

from typing import Any

from seqcli.desk.journal import Intent, Journal
from seqcli.desk.submit import Outcome, Sender
from seqcli.errors import Failure, NotFound, NotSent, Partial, PolicyRefused, Usage
from seqcli.lock import Lock
from seqcli.units import SECOND

YOUNG_MARKET_NS, YOUNG_NS = 5 * SECOND, 30 * SECOND
APART_NS, AFTER_DEADLINE_NS = 30 * SECOND, 30 * SECOND
REMEMBERED_NS = 7 * 86_400 * SECOND
ABSENT = "look-up: no such graph"
_SAID_TO_BE_ABSENT = (
    "account = ? AND kind = 'place' AND outcome NOT IN ('accepted', 'rejected')"
    " AND (status = 'ABSENT' OR abandoned_ns IS NOT NULL) AND created_ns > ? ORDER BY id DESC LIMIT 20"
)


class Reconciler:
    """One resolver at a time, for the intents of one account."""

    def __init__(self, sender: Sender, journal: Journal, account: str, lock: Lock) -> None:
        self._sender = sender
        self._journal = journal
        self._account = account
        self._lock = lock

    def run(self, names: list[str], *, resend: bool = False, abandon: bool = False) -> list[dict[str, Any]]:
        """Settle the named intents, or all unsettled ones; a row each. Raises `Usage` while another resolver runs."""
        if not self._locked():
            raise Usage("another reconcile is running", hint="wait until it is done, then try again")
        try:
            intents = self._chosen(names)
            if abandon:
                return [self._abandon(intent) for intent in intents]
            rows = [self._settle(intent, resend=resend) for intent in intents]
            return rows if names else [*rows, *self._appeared()]
        finally:
            self._lock.close()

    def _locked(self) -> bool:
        try:
            return self._lock.acquire(0.0)
        except OSError as error:
            raise NotSent(f"cannot lock the journal: {error.strerror}", code="JOURNAL") from error

    def _chosen(self, names: list[str]) -> list[Intent]:
        unsettled = [intent for intent in self._journal.unsettled(self._account) if intent.kind == "place"]
        if not names:
            return unsettled
        known = [(name, self._journal.find(self._account, name)) for name in names]
        for name, intent in known:
            if intent is None:
                raise NotFound(f"the journal has no order {name}", hint="see: seq journal list")
        return [intent for _, intent in known if intent is not None]

    def _settle(self, intent: Intent, *, resend: bool) -> dict[str, Any]:
        if intent.outcome in ("accepted", "rejected"):
            return _row(intent, "settled before")
        loud = intent.outcome == "not_sent" or intent.abandoned_ns is not None
        try:
            graph = self._sender.look_up(intent, self._sender.deadline_s)
        except NotFound:
            return _row(intent, "settled before") if loud and not resend else self._absent(intent, resend=resend)
        except Failure as failure:
            self._note(intent, f"look-up: {failure.stable_code}")
            return _row(intent, f"could not be looked up: {failure.message}")
        outcome = self._sender.found(intent, graph)
        outcome = self._sender.settled(intent, outcome, "found by look-up")
        found = "APPEARED after it was settled as not sent" if loud else "found"
        return _row(intent, found if outcome.outcome != "unknown" else str(outcome.failure), outcome)

    def _absent(self, intent: Intent, *, resend: bool) -> dict[str, Any]:
        now_ns = self._sender.client.clock.time_ns()
        limit = YOUNG_NS if intent.price_1e9 is not None and intent.notional_usd_1e9 is None else YOUNG_MARKET_NS
        if resend or 0 <= now_ns - intent.created_ns <= limit:
            try:
                return _row(intent, "sent again", self._sender.send_again(intent))
            except PolicyRefused as refusal:
                return _row(intent, f"not found, and not sent again: {refusal.message}")
        first = self._first_absence(intent)
        self._note(intent, ABSENT)
        if first is not None and now_ns - first >= APART_NS:
            intent.outcome, intent.status = "not_sent", "ABSENT"
            self._journal.settle(intent, now_ns, "not_sent: two look-ups found nothing")
            return _row(intent, "two look-ups found nothing")
        return _row(intent, "not found yet; look again in 30 s, or --resend, or --abandon")

    def _first_absence(self, intent: Intent) -> int | None:
        """When a look-up first found nothing, counted from 30 s after the deadline."""
        earliest = intent.deadline_ns + AFTER_DEADLINE_NS
        times = [
            row["ts_ns"] for row in self._journal.evidence(intent) if row["what"] == ABSENT and row["ts_ns"] > earliest
        ]
        return min(times, default=None)

    def _appeared(self) -> list[dict[str, Any]]:
        """Orders that were settled as absent and exist after all."""
        since_ns = self._sender.client.clock.time_ns() - REMEMBERED_NS
        absent = self._journal.select(_SAID_TO_BE_ABSENT, self._account, since_ns)
        rows = [self._settle(intent, resend=False) for intent in absent]
        return [row for row in rows if str(row["found"]).startswith("APPEARED")]

    def _abandon(self, intent: Intent) -> dict[str, Any]:
        if intent.outcome not in ("pending", "unknown"):
            return _row(intent, "settled before")
        now_ns = self._sender.client.clock.time_ns()
        intent.abandoned_ns = now_ns
        self._journal.settle(intent, now_ns, "abandoned by the user")
        return _row(intent, "abandoned")

    def _note(self, intent: Intent, what: str) -> None:
        self._journal.note(intent, self._sender.client.clock.time_ns(), what)


def _row(intent: Intent, found: str, outcome: Outcome | None = None) -> dict[str, Any]:
    return {
        "graph_id": intent.graph_id,
        "outcome": outcome.outcome if outcome else "unknown" if intent.outcome == "pending" else intent.outcome,
        "status": intent.status,
        "node_order_id": intent.node_order_id,
        "symbol": intent.symbol,
        "side": intent.side,
        "qty_1e8": intent.qty_1e8,
        "price_1e9": intent.price_1e9,
        "mode": intent.mode,
        "created_ns": intent.created_ns,
        "abandoned": intent.abandoned_ns is not None,
        "found": found,
    }


def left_over(rows: list[dict[str, Any]]) -> list[str]:
    """Graph ids whose fate is still not known and that the user has not abandoned."""
    return [row["graph_id"] for row in rows if row["outcome"] == "unknown" and not row["abandoned"]]


def loud(rows: list[dict[str, Any]]) -> Partial | None:
    """The failure that tells of an order which appeared late."""
    late = [row["graph_id"] for row in rows if str(row["found"]).startswith("APPEARED")]
    if not late:
        return None
    return Partial(
        f"settled as not sent, and yet it exists: {', '.join(late)}",
        code="APPEARED",
        hint="seq order show ID",
    )
