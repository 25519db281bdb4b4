"""A submitted body → the nodes the exchange would run, with every violation named; and what makes two bodies the same.

What a body may say by itself: `wire.graph_rules`. Here it meets the list of instruments and venues.
"""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from seqcli.sandbox.exchange import terms
from seqcli.sandbox.exchange.graphs import Bounds, Edge, Node
from seqcli.sandbox.exchange.terms import Say
from seqcli.sandbox.market.instruments import Instrument, Kind, canonical, nearest, venue_of
from seqcli.sandbox.problems import invalid
from seqcli.wire import graph_rules, order_rules, risk_rules, strict
from seqcli.wire.graphs import AmendNode
from seqcli.wire.order_rules import Fault, human
from seqcli.wire.submission import (
    Execution,
    FixedQuantity,
    GraphOrder,
    LimitPrice,
    NodeQuantity,
    NotionalQuantity,
    OrderType,
    SimpleOrder,
)
from seqcli.wire.submission import Instrument as SentInstrument
from seqcli.wire.submission import Node as SentNode


class Ticket(msgspec.Struct, kw_only=True):
    """What is asked for, in the exchange's own terms. `risk` and `metadata` are JSON text."""

    graph_id: str | None
    nodes: list[Node]
    edges: list[Edge]
    risk: str
    bounds: Bounds
    metadata: str
    digest: str
    max_notional_usd: int | None = None


Resolved = tuple[Instrument, str | None]
"""An instrument, and the venue it is pinned to."""


_NO_LIMITS = risk_rules.Risk()


class Admission:
    """Reads bodies against a market's instruments and venues."""

    def __init__(self, instruments: Mapping[str, Instrument], venues: Mapping[str, Any]) -> None:
        self._instruments = instruments
        self._venues = venues
        self._known: dict[tuple[str, str | None, str | None], tuple[Resolved | None, list[tuple[int, str]]]] = {}

    def read(self, body: SimpleOrder | GraphOrder) -> Ticket:
        """The ticket of a body. Raises `Problem` (VALIDATION_ERROR) with every violation."""
        bad: list[Fault] = graph_rules.violations(body, self._kind_of)
        say: Say = lambda field, message: bad.append((field, message))  # noqa: E731 - two lists would be no clearer
        graph = _as_graph(body)
        found = [
            self._instrument(node.instrument, _instrument_fields(body, number), say)
            for number, node in enumerate(graph.nodes[: graph_rules.MAX_NODES])
        ]
        if bad:
            raise invalid(*bad)
        nodes = [_node(node, *row) for node, row in zip(graph.nodes, found, strict=True) if row is not None]
        edges = [terms.edge(edge) for edge in graph.edges]
        started = {edge.to_node for edge in edges if edge.action == "activate"}
        for node in nodes:
            node.activation = "wait" if node.node_id in started else "root"
        limits = risk_rules.read(graph.risk) if graph.risk else _NO_LIMITS
        risk = _json(graph.risk) if graph.risk else "{}"
        metadata = "null" if body.metadata is None else _json(body.metadata)
        form = "simple" if isinstance(body, SimpleOrder) else "graph"
        return Ticket(
            graph_id=body.graph_id,
            nodes=nodes,
            edges=edges,
            risk=risk,
            bounds=terms.bounds(limits),
            metadata=metadata,
            digest=_digest([form, nodes, edges], risk, metadata),
            max_notional_usd=limits.max_notional_usd_1e9,
        )

    def _kind_of(self, sent: SentInstrument) -> str | None:
        """What the instrument is, whatever the body calls it; None where there is none."""
        found, _ = self._resolved(sent)
        return None if found is None else found[0].kind

    def _instrument(self, sent: SentInstrument, fields: tuple[str, str, str], say: Say) -> Resolved | None:
        """The instrument and the pinned venue; None (and said why) when there is none."""
        found, faults = self._resolved(sent)
        for which, message in faults:
            say(fields[which], message)
        return found

    def _resolved(self, sent: SentInstrument) -> tuple[Resolved | None, list[tuple[int, str]]]:
        """Looked up once a body; faults name the symbol (0), the type (1) or the venue (2)."""
        key = (sent.symbol, sent.type, sent.venue)
        known = self._known.get(key)
        if known is None:
            faults: list[tuple[int, str]] = []
            known = self._known[key] = (self._find(sent, faults), faults)
        return known

    def _find(self, sent: SentInstrument, faults: list[tuple[int, str]]) -> Resolved | None:
        pin, implied = None, None
        if sent.venue is not None:
            try:
                pin, implied = venue_of(sent.venue, self._venues)
            except ValueError as error:
                faults.append((2, str(error)))
        wanted = None if sent.type is None else sent.type.lower()
        if wanted not in (None, *order_rules.KINDS):
            return None
        try:
            name = canonical(sent.symbol, _kind(wanted or implied))
        except ValueError as error:
            faults.append((0, str(error)))
            return None
        row = self._instruments.get(name)
        if row is None:
            close = nearest(name, self._instruments, 1)
            faults.append((0, f"unknown symbol {name}" + (f"; did you mean {close[0]}?" if close else "")))
            return None
        fits = row.kind == wanted or (row.kind == "prediction" and wanted == "spot")
        if wanted is not None and not fits:
            faults.append((1, f"{row.symbol} is {row.kind}"))
        return row, pin


def _instrument_fields(body: SimpleOrder | GraphOrder, number: int) -> tuple[str, str, str]:
    if isinstance(body, SimpleOrder):
        return "symbol", "instrument_type", "venue"
    path = f"nodes[{number}].instrument."
    return f"{path}symbol", f"{path}type", f"{path}venue"


def _as_graph(body: SimpleOrder | GraphOrder) -> GraphOrder:
    """An order in simple words as the one-node graph that it is. Numbers may still be out of range."""
    if isinstance(body, GraphOrder):
        return body
    price = order_rules.simple_price(body)
    return GraphOrder(
        nodes=[
            SentNode(
                node_id="order",
                instrument=SentInstrument(symbol=body.symbol, type=body.instrument_type, venue=body.venue),
                side=body.side,
                order_type="market" if price is None else OrderType(limit=LimitPrice(price_1e9=_scaled(price, 9))),
                quantity=NodeQuantity(
                    fixed=None if body.qty is None else FixedQuantity(qty_1e8=_scaled(body.qty, 8)),
                    notional=None
                    if body.notional is None
                    else NotionalQuantity(notional_usd_1e9=_scaled(body.notional, 9)),
                ),
                execution=order_rules.worked(body),
            )
        ]
    )


def _scaled(number: Decimal, digits: int) -> int:
    return human(number, digits) if number.is_finite() else 0


def _node(sent: SentNode, row: Instrument, pin: str | None) -> Node:
    quantity, worked = sent.quantity, sent.execution or Execution()
    return Node(
        node_id=sent.node_id,
        symbol=row.symbol,
        kind=row.kind,
        base=row.base,
        quote=row.quote,
        pin=pin,
        side=sent.side.lower(),
        order_type=terms.order_type(sent.order_type),
        limit_price_1e9=order_rules.limit_of(sent.order_type),
        trigger_price_1e9=order_rules.trigger_of(sent.order_type),
        tif=terms.tif(worked, sent.order_type),
        execution=terms.execution(worked),
        qty_1e8=None if quantity.fixed is None else quantity.fixed.qty_1e8,
        notional_usd_1e9=None if quantity.notional is None else quantity.notional.notional_usd_1e9,
    )


def redefine(node: Node, change: AmendNode) -> None:
    """Give a node that waits another quantity, order type or execution. Raises `Problem`; then nothing has changed."""
    kind = _sent_type(node) if change.order_type is None else change.order_type
    worked = change.execution
    sent = SentNode(
        node_id=node.node_id,
        instrument=SentInstrument(symbol=node.symbol),
        side=node.side,
        order_type=kind,
        quantity=change.quantity or NodeQuantity(fixed=FixedQuantity(qty_1e8=node.qty_1e8 or 1)),
        execution=worked or msgspec.convert({**node.execution, "tif": node.tif}, Execution),
    )
    bad = list(order_rules.of_node_terms(sent, order_rules.Fields("", "execution.", "", ""), lambda _: node.kind))
    if bad:
        raise invalid(*bad)
    if change.quantity is not None:
        fixed, notional = change.quantity.fixed, change.quantity.notional
        node.qty_1e8 = None if fixed is None else fixed.qty_1e8
        node.notional_usd_1e9 = None if notional is None else notional.notional_usd_1e9
    node.order_type = terms.order_type(kind)
    node.limit_price_1e9, node.trigger_price_1e9 = order_rules.limit_of(kind), order_rules.trigger_of(kind)
    if worked is not None:
        node.execution = terms.execution(worked)
    if worked is not None or change.order_type is not None:
        node.tif = terms.tif(worked or Execution(policy=node.execution["policy"]), kind)


def _sent_type(node: Node) -> str | OrderType:
    return node.order_type if isinstance(node.order_type, str) else msgspec.convert(node.order_type, OrderType)


def _kind(word: str | None) -> Kind | None:
    return "perp" if word == "perp" else None


def _json(value: Any) -> str:
    return strict.encode(value).decode()


def _digest(what: list[Any], risk: str, metadata: str) -> str:
    """The same for the same values, however they were written."""
    values = [*what, _values(risk), _values(metadata)]
    return sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:32]


_EMPTY: dict[str, Any] = {"null": None, "{}": {}}


def _values(text: str) -> Any:
    return _plain(strict.parse(text.encode())) if text not in _EMPTY else _EMPTY[text]


def _plain(value: Any) -> Any:
    """JSON in which 50.0 is 50."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
