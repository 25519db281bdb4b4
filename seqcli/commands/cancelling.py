"""Several orders at once: cancelled or reconciled, each with its own outcome, and the status of the whole."""

from collections.abc import Callable
from typing import Any

from seqcli.commands import words
from seqcli.commands.ordering import NODE
from seqcli.commands.session import Planned, Session
from seqcli.errors import Failure, NotFound, OutcomeUnknown, Partial
from seqcli.views import Result
from seqcli.views import orders as tables
from seqcli.wire import graphs, orders, safety
from seqcli.wire.operation import Request

_PAGE = 500


def these(session: Session, names: list[str]) -> Result:
    """Cancel orders and graphs by id."""
    if session.options.dry_run:
        return session.planned(*map(request, names))
    if len(names) == 1:
        body = session.changed(*request(names[0])).body
        return session.seen(body, ids=_ids(body), table=tables.changed)
    return _each(session, names)


def every(session: Session, symbol: str | None, venue: str | None) -> Result:
    """Cancel every open order of a symbol, of a venue, of both; or of all, and then what graphs hold back, too."""
    whole = symbol is None and venue is None
    if session.options.dry_run:
        listed = orders.LIST, Request(query=orders.ListQuery(status="open", symbol=symbol, venue=venue, limit=_PAGE))
        live = [
            (graphs.LIST, Request(query=_live(0))),
            (graphs.CANCEL, Request(path={"graph_id": "<each live graph>"})),
        ]
        return session.planned(*(live if whole else []), listed, request("<each open order>"))
    if venue is not None and symbol is None:
        reply = session.changed(safety.VENUE_CANCEL_ALL, Request(path={"venue": venue}))
        return session.seen(
            reply.body,
            raw=reply.raw,
            items="orders",
            ids="node_order_id",
            table=tables.cancelled,
            failure=_left(reply.body),
        )
    from seqcli.desk.killswitch import open_orders

    found = [row for row in open_orders(session.client) if _is_meant(row, symbol, venue)]
    several = _graphs(session, found) if whole else []
    rest = [str(row["node_order_id"]) for row in found if row.get("graph_id") not in several]
    return _each(session, [*several, *rest])


def _graphs(session: Session, found: list[dict[str, Any]]) -> list[str]:
    """Live graphs of several nodes: cancelled whole, or the end of one order would start the next one."""
    names = dict.fromkeys(str(row.get("graph_id")) for row in found if row.get("node_id") not in (None, NODE))
    offset, more = 0, True
    while more:
        body, failure = session.tried(
            lambda at=offset: session.client.call(graphs.LIST, Request(query=_live(at))).body  # type: ignore[misc]
        )
        if isinstance(failure, NotFound):  # a service may have no list of graphs
            break
        if failure is not None:
            raise failure
        rows = body.get("execution_graphs") or []
        names |= dict.fromkeys(
            str(row["graph_id"])
            for row in rows
            if str(row.get("status")).upper() not in graphs.TERMINAL and row.get("node_count") != 1
        )
        offset, more = offset + len(rows), bool(rows) and bool(body.get("has_more"))
    return list(names)


def _live(offset: int) -> graphs.ListQuery:
    return graphs.ListQuery(status="ACCEPTED,RUNNING,PAUSED", limit=_PAGE, offset=offset or None)


def _is_meant(row: Any, symbol: str | None, venue: str | None) -> bool:
    """The filters again: the hosted service may not know them."""
    if str(row.get("status")).upper() in orders.TERMINAL:
        return False
    if symbol is not None and str(row.get("symbol")).upper() != symbol.upper():
        return False
    return venue is None or venue in [leg.get("venue") for leg in row.get("legs") or []]


def request(name: str) -> Planned:
    """The cancel of an order or of a graph."""
    if words.is_order(name) or name.startswith("<"):
        return orders.CANCEL, Request(path={"node_order_id": name})
    return graphs.CANCEL, Request(path={"graph_id": name})


def _each(session: Session, names: list[str]) -> Result:
    rows = [_tried(name, lambda name=name: session.changed(*request(name)).body, session) for name in names]  # type: ignore[misc]
    failed = [row for row in rows if row.get("error")]
    body = {
        "requested": len(rows),
        "cancelled": len(rows) - len(failed),
        "failed": len(failed),
        "orders": rows,
    }
    failure = _sum(failed, len(rows))
    return session.seen(body, items="orders", ids="node_order_id", table=tables.cancelled, failure=failure)


def _tried(name: str, ask: Callable[[], Any], session: Session) -> dict[str, Any]:
    body, failure = session.tried(ask)
    if failure is None:
        return dict(body)
    key = "node_order_id" if words.is_order(name) else "graph_id"
    return {
        key: name,
        "status": None,
        "cancel_state": None,
        "error": failure.message,
        "failure": failure.as_json()["error"],
    }


def _sum(failed: list[dict[str, Any]], total: int) -> Failure | None:
    if not failed:
        return None
    sentence = f"{len(failed)} of {total} were not cancelled: {failed[0]['error']}"
    return Partial(sentence, hint="run it again; cancelling what has ended is not an error")


def _left(body: Any) -> Failure | None:
    failed = body.get("failed") if isinstance(body, dict) else None
    return Partial(f"{failed} orders were not cancelled", hint="run it again") if failed else None


def _ids(body: Any) -> list[str]:
    name = body.get("node_order_id") or body.get("graph_id") if isinstance(body, dict) else None
    return [str(name)] if name else []


def reconciled(session: Session, names: list[str], *, resend: bool, abandon: bool) -> Result:
    """Look up, send again, or give up: what the desk found of each, status 9 while one is unknown."""
    from seqcli.desk.reconcile import left_over, loud

    if session.options.dry_run:
        return session.planned((graphs.SHOW, Request(path={"graph_id": "<each unsettled graph>"})))
    rows = session.desk.reconcile(names, resend=resend, abandon=abandon)
    unknown = left_over(rows)
    failure: Failure | None = loud(rows)
    if unknown:
        failure = OutcomeUnknown(
            f"still unknown: {', '.join(unknown)}",
            hint="seq order reconcile, or with --resend to send the same bytes again",
        )
    return session.seen(
        {"intents": rows, "count": len(rows), "unknown": len(unknown)},
        items="intents",
        ids="graph_id",
        table=_table(),
        failure=failure,
    )


def _table() -> Any:
    from seqcli.views import journal

    return journal.listed
