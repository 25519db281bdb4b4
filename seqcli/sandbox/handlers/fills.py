"""Fills."""

from typing import Any

from seqcli.sandbox.analysis.showing import fill_body
from seqcli.sandbox.handlers.orders import page_of, paged, sandbox_rows, symbol_of, venue_name
from seqcli.sandbox.serving import Box, Call, serves
from seqcli.sandbox.storage.records import Wanted
from seqcli.wire import fills


@serves(fills.LIST)
def listing(box: Box, call: Call) -> dict[str, Any]:
    """A page, newest first."""
    query = call.query
    wanted = Wanted(
        client_id=call.caller.client_id,
        sandbox=sandbox_rows(call),
        symbol=symbol_of(query.symbol),
        venue=venue_name(box, query.venue),
        graph_id=query.graph_id,
        node_order_id=query.node_order_id,
        since_ns=query.since_ns,
        until_ns=query.until_ns,
    )
    page_of(call, wanted)
    page = box.store.fills(wanted)
    return paged("fills", [fill_body(row) for row in page.rows], page.total, wanted)
