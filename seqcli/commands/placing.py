"""An order on its way: shown, confirmed, handed to the desk, and waited for."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
import typer

from seqcli import units
from seqcli.commands import watching, words
from seqcli.commands.session import Planned, Session
from seqcli.errors import Failure, Partial, Refused, Unfinished
from seqcli.profile import address
from seqcli.views import Result, forms
from seqcli.views import graphs as trees
from seqcli.views import orders as tables
from seqcli.wire import graphs, order_rules, orders, submission
from seqcli.wire.operation import Request

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_LOOKS = 3


class Waiting(msgspec.Struct):
    """Whether to wait for the end of an order."""

    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; the status says how.")] = False
    wait_timeout: Annotated[
        str, typer.Option("--wait-timeout", metavar="S", help="Seconds to wait; then status 8.")
    ] = "30"

    def seconds(self) -> float | None:
        """How long; None: not at all."""
        return span(self.wait_timeout) if self.wait else None


def span(text: str) -> float:
    """Seconds of ``--wait-timeout``."""
    return int(words.duration(text, "--wait-timeout")) / units.SECOND


def place(session: Session, graph: submission.GraphOrder, waiting: Waiting) -> Result:
    """Submit; the result object, whatever the outcome."""
    seconds = waiting.seconds()
    warn_of_stops(session, [graph])
    if session.options.dry_run:
        return session.planned((orders.PLACE, Request(body=session.dressed(graph))))
    confirm(session, graph)
    outcome = session.desk.submit(graph)
    body, failure = followed(session, outcome, seconds)
    ids = [] if outcome.outcome == "not_sent" else [outcome.graph_id]
    table = tables.placed if len(graph.nodes) == 1 else trees.submitted
    return Result(body=body, ids=ids, table=table, failure=failure)


def warn_of_stops(session: Session, sent: Iterable[submission.GraphOrder]) -> None:
    """Say it once where a stop goes to a service whose documents know none."""
    nodes = (node for graph in sent for node in graph.nodes)
    stops = [node.node_id for node in nodes if order_rules.trigger_of(node.order_type) is not None]
    if stops and not session.account.local and not address.is_local(session.account.base_url):
        session.note(f"stop orders ({', '.join(stops[:3])}) are not in the service's documents; it may refuse them")


def warn_of_changed_stop(session: Session, graph_id: str, node_id: str) -> None:
    """The same before a change to what was sent from here as a stop."""
    here = session.account.local or address.is_local(session.account.base_url)
    sent = None if here else session.desk.journal.find(session.account.fingerprint, graph_id)
    if sent is not None:
        graph = msgspec.json.decode(sent.body, type=submission.GraphOrder)
        graph.nodes = [node for node in graph.nodes if node.node_id == node_id]
        warn_of_stops(session, [graph])


def followed(session: Session, outcome: Any, seconds: float | None) -> tuple[dict[str, Any], Failure | None]:
    """The result object and the failure; of an accepted order at its end when `seconds` says to wait for it."""
    body = placed(outcome)
    if seconds is None or outcome.failure is not None:
        return body, outcome.failure
    return _waited(session, body, seconds)


def placed(outcome: Any) -> dict[str, Any]:
    """What every outcome has, then what the exchange said. `status` is the order's; of several, the graph's."""
    reply = outcome.reply if isinstance(outcome.reply, dict) else {}
    rows = reply.get("orders") or []
    one = len(rows) == 1 and isinstance(rows[0], dict) and reply.get("node_count") in (None, 1)
    return {
        "outcome": outcome.outcome,
        "mode": outcome.mode,
        "graph_id": outcome.graph_id,
        "node_order_id": outcome.node_order_id,
        "status": rows[0].get("status") if one else reply.get("status"),
        "graph_status": reply.get("status"),
        **{name: value for name, value in reply.items() if name not in ("graph_id", "node_order_id", "status")},
    }


def confirm(session: Session, graph: submission.GraphOrder) -> None:
    """A LIVE order asks, showing exactly what will be sent and what it is likely to cost."""
    if session.account.mode != "live" or graph.is_sandbox or session.options.yes:
        return
    lines = []
    if session.terminal:
        prepared = session.client.prepare(orders.PLACE, Request(body=graph)).shown()
        lines = [
            "LIVE order:",
            f"  POST {prepared['url']}",
            f"  {forms.encode(prepared['body'])}",
            _cost(session, graph),
        ]
    session.confirm("Send this LIVE order?", lines)


def _cost(session: Session, graph: submission.GraphOrder) -> str:
    asked = msgspec.structs.replace(graph, graph_id=None)
    reply = session.attempt(lambda: session.client.call(orders.PREVIEW, Request(body=asked)))
    body = reply.body if reply is not None and isinstance(reply.body, dict) else {}
    estimates = [row for row in body.get("nodes") or [body] if isinstance(row, dict)]
    figures = [(row.get("est_notional_usd_1e9"), row.get("est_total_cost_usd_1e9")) for row in estimates]
    known = [(worth, cost) for worth, cost in figures if isinstance(worth, int) and isinstance(cost, int)]
    if not known:
        return "  likely cost: unknown, the exchange gave no estimate"
    worth, cost = (units.decimal_text(sum(column), 9) for column in zip(*known, strict=True))
    several = f" in {len(known)} of {len(graph.nodes)} orders" if len(graph.nodes) > 1 else ""
    return f"  likely: about {worth} USD{several}, of which costs {cost} USD"


def _waited(session: Session, body: dict[str, Any], seconds: float) -> tuple[dict[str, Any], Failure | None]:
    if body.get("node_count", 1) == 1:
        ended = ended_order(session, str(body["node_order_id"]), seconds)
        fresh = {"status": ended.get("status"), "graph_status": _graph_status(session, body), "orders": [ended]}
        return body | fresh, how_it_ended(ended, seconds)
    graph = ended_graph(session, str(body["graph_id"]), seconds)
    status = graph.get("status")
    fresh = {"status": status, "graph_status": status}
    fresh |= {
        name: graph[name] for name in ("nodes", "edges", "orders", "pause_reason", "failure_reason") if name in graph
    }
    return body | fresh, how_they_ended(graph, seconds)


def _graph_status(session: Session, body: dict[str, Any]) -> Any:
    """The graph's own status once its only order has ended; as last seen where there is no answer."""
    if str(body["graph_status"]).upper() in graphs.TERMINAL:
        return body["graph_status"]
    request = Request(path={"graph_id": str(body["graph_id"])})
    reply = session.attempt(lambda: session.client.call(graphs.SHOW, request))
    return reply.body.get("status") if reply is not None and isinstance(reply.body, dict) else body["graph_status"]


def ended_order(session: Session, identity: str, seconds: float) -> dict[str, Any]:
    """The order once it has ended, or as it is when `seconds` have passed."""
    request = Request(path={"node_order_id": identity})
    return _ended(session, identity, (orders.SHOW, request), orders.TERMINAL, seconds)


def ended_graph(session: Session, identity: str, seconds: float) -> dict[str, Any]:
    """The graph once it has ended, or as it is when `seconds` have passed."""
    request = Request(path={"graph_id": identity})
    return _ended(session, identity, (graphs.SHOW, request), graphs.TERMINAL, seconds)


def _ended(session: Session, identity: str, asked: Planned, terminal: frozenset[str], seconds: float) -> dict[str, Any]:
    """Look until it has ended: a few times by the clock, since most end at once, then whenever the stream wakes us.

    The stream saves looks and decides nothing: where it is refused, or says nothing, the clock goes on.
    """
    clock = session.client.clock
    end = clock.monotonic() + seconds
    pause, looks = _FIRST_PAUSE_S, 0
    with watching.Waker(session, ["orders"], identity) as waker:
        while True:
            found: dict[str, Any] = session.client.call(*asked).body
            left = end - clock.monotonic()
            if str(found.get("status")).upper() in terminal or left <= 0:
                return found
            looks += 1
            if looks == _LOOKS:
                waker.listen(near=True)
            waker.wait(min(watching.OLDEST_S if waker.listening else pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def how_it_ended(order: dict[str, Any], seconds: float) -> Failure | None:
    """FILLED is success; anything else has a failure with its own status."""
    status = str(order.get("status")).upper()
    identity = order.get("node_order_id")
    reason = order.get("failure_reason") or order.get("end_reason")
    why = f" ({reason})" if reason else ""
    if status == "FILLED":
        return None
    if status == "PARTIAL":
        return Partial(f"partly filled{why}: {identity}", code="PARTIAL_FILL")
    if status in orders.TERMINAL:
        return Refused(f"{status.lower()} with nothing filled{why}: {identity}", code=str(reason or status).upper())
    return Unfinished(
        f"still {status} after {seconds:g} s",
        hint=f"seq order wait {identity}, or seq order cancel {identity}",
    )


def how_they_ended(graph: dict[str, Any], seconds: float) -> Failure | None:
    """As `how_it_ended`: whole when each node was filled, never needed, or cancelled by the graph itself."""
    status, identity = str(graph.get("status")).upper(), graph.get("graph_id")
    orders_of, nodes = graph.get("orders") or [], graph.get("nodes") or graph.get("orders") or []
    filled = [row for row in [*orders_of, *nodes] if row.get("filled_qty_1e8")]
    if status == "COMPLETED" and filled and all(_as_meant(graph, node) for node in nodes):
        return None
    if status in graphs.TERMINAL:
        reason = graph.get("failure_reason")
        sentence = f"the graph {identity} ended {status}" + (f" ({reason})" if reason else "")
        return Partial(sentence, code="PARTIAL_FILL") if filled else Refused(sentence, code=str(reason or status))
    if status == "PAUSED":
        return Unfinished(
            f"PAUSED ({graph.get('pause_reason')}) after {seconds:g} s",
            hint=f"seq graph resume {identity}, or seq graph cancel {identity}",
        )
    return Unfinished(f"still {status} after {seconds:g} s", hint=f"seq order wait {identity}")


def _as_meant(graph: dict[str, Any], node: dict[str, Any]) -> bool:
    ended = {
        edge.get("to_node") for edge in graph.get("edges") or [] if edge.get("action") == "cancel" and _has_fired(edge)
    }
    return node.get("status") in ("FILLED", "SKIPPED") or node.get("node_id") in ended


def _has_fired(edge: dict[str, Any]) -> bool:
    return bool(edge.get("fired_count"))
