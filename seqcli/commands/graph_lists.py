"""The list of graphs; of a service that has none, the graphs that its orders name."""

from typing import Any

from seqcli.commands import pages
from seqcli.commands.session import Session
from seqcli.errors import NotFound
from seqcli.views import Result
from seqcli.views import graphs as tables
from seqcli.views import orders as order_tables
from seqcli.wire import graphs, orders


def read(session: Session, status: str | None, most: int | None) -> Result:
    """Graphs, newest first."""
    query = graphs.ListQuery(status=status)
    result, failure = session.tried(
        lambda: pages.read(
            session, graphs.LIST, query, "execution_graphs", most=most, ids="graph_id", table=tables.listed
        )
    )
    if failure is None:
        found: Result = result
        return found
    if not isinstance(failure, NotFound) or status is not None:
        raise failure
    return _of_orders(session, most)


def _of_orders(session: Session, most: int | None) -> Result:
    looked = None if most is None else pages.PAGE
    query = orders.ListQuery()
    page = pages.read(
        session, orders.LIST, query, "orders", most=looked, ids="node_order_id", table=order_tables.listed
    )
    where = "its orders" if looked is None else f"its newest {looked} orders"
    session.note(f"this service has no list of graphs; these are the graphs of {where}, without their status")
    rows = _grouped(page.body.get("orders") or [])
    shown = rows if most is None else rows[:most]
    return session.seen(
        {"execution_graphs": shown, "count": len(shown)},
        items="execution_graphs",
        ids="graph_id",
        table=tables.listed,
    )


def _grouped(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a graph, in the order in which the orders name them."""
    by_graph: dict[str, list[dict[str, Any]]] = {}
    for order in found:
        by_graph.setdefault(str(order.get("graph_id")), []).append(order)
    return [
        {
            "graph_id": name,
            "status": None,
            "is_sandbox": members[0].get("is_sandbox"),
            "node_count": len({order.get("node_id") for order in members}),
            "created_ns": min((order["created_ns"] for order in members if "created_ns" in order), default=None),
        }
        for name, members in by_graph.items()
    ]
