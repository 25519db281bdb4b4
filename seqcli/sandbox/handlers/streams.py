"""Tickets, and the heads of event streams; what follows a head is the server's affair."""

from typing import Any

from seqcli.sandbox.handlers.orders import symbol_of
from seqcli.sandbox.serving import Answer, Box, Call, Following, Problem, serves
from seqcli.sandbox.streams.tickets import TICKET_NS
from seqcli.wire import streams

_SECOND_NS = 1_000_000_000


@serves(streams.TICKET)
@serves(streams.TICKET_GET)
def ticket(box: Box, call: Call) -> streams.Ticket:
    """A ticket with the caller's rights."""
    raw, expires_ns = box.tickets.give(box.keys.get(call.caller.key_id), call.now_ns)
    return streams.Ticket(ticket=raw, expires_in_s=TICKET_NS // _SECOND_NS, expires_at_ns=expires_ns)


@serves(streams.ORDERS)
@serves(streams.FILLS)
@serves(streams.TCA)
@serves(streams.RISK)
@serves(streams.ALERTS)
def events(box: Box, call: Call) -> Answer:
    """What to follow. Only a running server has somebody to send it."""
    if box.hub is None:
        raise Problem("SERVICE_UNAVAILABLE", "service unavailable: events: only a running server streams them")
    query = call.query
    filters: dict[str, Any] = {
        "node_order_id": query.node_order_id,
        "graph_id": query.graph_id,
        "symbol": symbol_of(query.symbol),
        "edge_id": query.edge_id and query.edge_id.removeprefix("venue-edge-"),
    }
    given = {name: value for name, value in filters.items() if value is not None}
    stream = call.operation.name.partition(".")[2]
    return Answer(Following(stream=stream, caller=call.caller, filters=given, last_id=query.last_event_id))
