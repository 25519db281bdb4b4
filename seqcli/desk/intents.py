"""From a checked order to an intent: its id, its exact bytes, and what lists show of it."""

from typing import TYPE_CHECKING

import msgspec

from seqcli.client.clock import Chance, Clock
from seqcli.desk import ids
from seqcli.errors import Usage
from seqcli.units import SECOND
from seqcli.wire import graph_rules, order_rules, strict
from seqcli.wire.submission import GraphOrder, Node

if TYPE_CHECKING:
    from seqcli.desk.journal import Intent


def dressed(graph: GraphOrder, clock: Clock, chance: Chance) -> GraphOrder:
    """`graph` with an id of ours where it has none. Raises `Usage` for one that the exchange would refuse as it is."""
    named = msgspec.structs.replace(graph, graph_id=graph.graph_id or ids.graph_id(clock, chance))
    faults = graph_rules.violations(named)
    if faults:
        rows = [{"field": field, "message": message} for field, message in faults]
        raise Usage("the order can't be sent: " + ": ".join(faults[0]), details=rows, hint="nothing was sent")
    return named


def intent(graph: GraphOrder, *, account: str, mode: str, now_ns: int, deadline_s: float) -> "Intent":
    """The intent of a dressed graph; its first node is what lists show."""
    from seqcli.desk.journal import Intent

    if graph.graph_id is None:
        raise TypeError("a graph is dressed before it is meant")
    node = graph.nodes[0]
    quantity = node.quantity
    return Intent(
        graph_id=graph.graph_id,
        account=account,
        mode=mode,
        kind="place",
        target=graph.graph_id,
        body=strict.encode(graph),
        symbol=node.instrument.symbol,
        side=node.side,
        qty_1e8=quantity.fixed.qty_1e8 if quantity.fixed else None,
        price_1e9=limit_of(node),
        notional_usd_1e9=quantity.notional.notional_usd_1e9 if quantity.notional else None,
        created_ns=now_ns,
        deadline_ns=now_ns + int(deadline_s * SECOND),
        node_order_id=ids.node_order_id(graph.graph_id, node.node_id),
    )


def limit_of(node: Node) -> int | None:
    """The node's limit price, 1e9; None for a market order."""
    return order_rules.limit_of(node.order_type)
