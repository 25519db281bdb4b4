"""A submitted body → the nodes the exchange would run, with every violation named; and what makes two bodies the same.

Pure: it looks at names, numbers and the list of instruments, not at prices or accounts.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from seqcli.sandbox.graphs import Node
from seqcli.sandbox.instruments import Instrument, Kind, canonical, nearest, venue_of
from seqcli.sandbox.ledger import UNIT_1E9
from seqcli.sandbox.problems import invalid
from seqcli.sandbox.terms import LATER, Say, execution, human, positive
from seqcli.sandbox.terms import risk as read_risk
from seqcli.wire import strict
from seqcli.wire.submission import Execution, GraphOrder, OrderType, SimpleOrder
from seqcli.wire.submission import Node as SentNode

MAX_NODES, MAX_METADATA = 256, 8192
_GRAPH_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_NODE_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SLICE_ID = re.compile(r"\.s[0-9]+$")


class Ticket(msgspec.Struct, kw_only=True):
    """What is asked for, in the exchange's own terms. `risk` and `metadata` are JSON text."""

    graph_id: str | None
    nodes: list[Node]
    risk: str
    metadata: str
    digest: str
    max_notional_usd: int | None = None


class _Sizes(msgspec.Struct, kw_only=True):
    """A node's numbers with the names of their fields."""

    path: str
    qty: int | None = None
    notional: int | None = None
    limit: int | None = None


class Admission:
    """Reads bodies against a market's instruments and venues."""

    def __init__(self, instruments: Mapping[str, Instrument], venues: Mapping[str, Any]) -> None:
        self._instruments = instruments
        self._venues = venues

    def read(self, body: SimpleOrder | GraphOrder) -> Ticket:
        """The ticket of a body. Raises `Problem` (VALIDATION_ERROR) with every violation."""
        bad: list[tuple[str, str]] = []
        say: Say = lambda field, message: bad.append((field, message))  # noqa: E731 - two lists would be no clearer
        _shared(body, say)
        if isinstance(body, SimpleOrder):
            nodes, risk, form = [self._simple(body, say)], "{}", "simple"
            limit = None
        else:
            nodes, form = self._nodes(body, say), "graph"
            risk, limit = read_risk(body.risk, say)
        if bad:
            raise invalid(*bad)
        metadata = _json(body.metadata)
        ready = [node for node in nodes if node is not None]
        return Ticket(
            graph_id=body.graph_id,
            nodes=ready,
            risk=risk,
            metadata=metadata,
            digest=_digest(form, ready, risk, metadata),
            max_notional_usd=limit,
        )

    # -- the simple form ---------------------------------------------------------------------------------------------

    def _simple(self, body: SimpleOrder, say: Say) -> Node | None:
        sizes = _Sizes(path="")
        if (body.qty is None) == (body.notional is None):
            say("qty", "give exactly one of qty and notional")
        sizes.qty = human(body.qty, 8, "qty", say)
        sizes.notional = human(body.notional, 9, "notional", say)
        prices = [price for price in (body.price, body.limit_price) if price is not None]
        if len(prices) == 2 and prices[0] != prices[1]:  # noqa: PLR2004 - both are given
            say("price", "price and limit_price differ")
        name = "price" if body.price is not None else "limit_price"
        sizes.limit = human(prices[0], 9, name, say) if prices else None
        kind = (body.order_type or ("limit" if prices else "market")).lower()
        if kind not in ("market", "limit"):
            say("order_type", "must be market or limit")
        elif kind == "limit" and not prices:
            say("price", "missing: a limit order has one")
        elif kind == "market" and prices:
            say("order_type", "a market order has no price")
        worked = Execution(
            policy=body.policy,
            urgency=body.urgency,
            max_slippage_bps=body.max_slippage_bps,
            horizon_ms=body.horizon_ms,
            tif=body.tif,
        )
        names = (body.symbol, body.instrument_type, body.venue)
        fields = ("symbol", "instrument_type", "venue")
        return self._node(("order", body.side, names, fields), sizes, worked, say)

    # -- the graph form ----------------------------------------------------------------------------------------------

    def _nodes(self, body: GraphOrder, say: Say) -> list[Node | None]:
        if not 1 <= len(body.nodes) <= MAX_NODES:
            say("nodes", f"must be 1 to {MAX_NODES}")
        if body.edges:
            say("edges", LATER)
        seen: set[str] = set()
        nodes = []
        for number, sent in enumerate(body.nodes[:MAX_NODES]):
            path = f"nodes[{number}]."
            if sent.node_id in seen:
                say(f"{path}node_id", "used twice")
            seen.add(sent.node_id)
            nodes.append(self._sent(sent, path, say))
        return nodes

    def _sent(self, sent: SentNode, path: str, say: Say) -> Node | None:
        if not _NODE_ID.fullmatch(sent.node_id):
            say(f"{path}node_id", "must be 1 to 64 of A-Z a-z 0-9 _ . -")
        elif _SLICE_ID.search(sent.node_id):
            say(f"{path}node_id", "may not end like a slice (.s1)")
        activation = (sent.activation or "root").lower()
        if activation not in ("root", "wait"):
            say(f"{path}activation", "must be root or wait")
        elif activation == "wait":
            say(f"{path}activation", "a waiting node needs an incoming edge")
        sizes = _Sizes(path=path)
        self._sizes(sent, sizes, say)
        names = (sent.instrument.symbol, sent.instrument.type, sent.instrument.venue)
        fields = (f"{path}instrument.symbol", f"{path}instrument.type", f"{path}instrument.venue")
        worked = sent.execution or Execution()
        return self._node((sent.node_id, sent.side, names, fields), sizes, worked, say)

    def _sizes(self, sent: SentNode, sizes: _Sizes, say: Say) -> None:
        fixed, notional = sent.quantity.fixed, sent.quantity.notional
        if (fixed is None) == (notional is None):
            say(f"{sizes.path}quantity", "give exactly one of fixed and notional")
        if fixed is not None:
            sizes.qty = positive(fixed.qty_1e8, f"{sizes.path}quantity.fixed.qty_1e8", say)
        if notional is not None:
            field = f"{sizes.path}quantity.notional.notional_usd_1e9"
            sizes.notional = positive(notional.notional_usd_1e9, field, say)
        field = f"{sizes.path}order_type"
        kind = sent.order_type
        if isinstance(kind, OrderType):
            given = [name for name in ("limit", "stop_market", "stop_limit") if getattr(kind, name) is not None]
            if len(given) != 1:
                say(field, "give exactly one of limit, stop_market and stop_limit")
            elif kind.limit is None:
                say(f"{field}.{given[0]}", LATER)
            else:
                sizes.limit = positive(kind.limit.price_1e9, f"{field}.limit.price_1e9", say)
        elif kind.lower() != "market":
            say(field, 'must be "market" or {"limit":{"price_1e9":…}}')

    # -- both forms --------------------------------------------------------------------------------------------------

    def _node(
        self,
        what: tuple[str, str, tuple[str, str | None, str | None], tuple[str, str, str]],
        sizes: _Sizes,
        worked: Execution,
        say: Say,
    ) -> Node | None:
        node_id, side, names, fields = what
        side = side.lower()
        if side not in ("buy", "sell"):
            say(f"{sizes.path}side", "must be buy or sell")
        found = self._instrument(names, fields, say)
        path = f"{sizes.path}execution." if sizes.path else ""
        shown, tif = execution(worked, path, say, is_market=sizes.limit is None)
        if found is None:
            return None
        row, pin = found
        if row.kind == "prediction" and sizes.limit is not None and not 0 < sizes.limit < UNIT_1E9:
            say(f"{sizes.path}order_type.limit.price_1e9" if sizes.path else "price", "must lie between 0 and 1")
        return Node(
            node_id=node_id,
            symbol=row.symbol,
            kind=row.kind,
            base=row.base,
            quote=row.quote,
            pin=pin,
            side=side,
            order_type="market" if sizes.limit is None else {"limit": {"price_1e9": sizes.limit}},
            limit_price_1e9=sizes.limit,
            tif=tif,
            execution=shown,
            qty_1e8=sizes.qty,
            notional_usd_1e9=sizes.notional,
        )

    def _instrument(
        self, names: tuple[str, str | None, str | None], fields: tuple[str, str, str], say: Say
    ) -> tuple[Instrument, str | None] | None:
        """The instrument and the pinned venue; None (and said why) when there is none."""
        symbol, kind, venue = names
        pin, implied = None, None
        if venue is not None:
            try:
                pin, implied = venue_of(venue, self._venues)
            except ValueError as error:
                say(fields[2], str(error))
        wanted = None if kind is None else kind.lower()
        if wanted not in (None, "spot", "perp", "prediction"):
            say(fields[1], "must be spot, perp or prediction")
            return None
        try:
            name = canonical(symbol, _kind(wanted or implied))
        except ValueError as error:
            say(fields[0], str(error))
            return None
        row = self._instruments.get(name)
        if row is None:
            close = nearest(name, self._instruments, 1)
            say(fields[0], f"unknown symbol {name}" + (f"; did you mean {close[0]}?" if close else ""))
            return None
        fits = row.kind == wanted or (row.kind == "prediction" and wanted == "spot")
        if wanted is not None and not fits:
            say(fields[1], f"{row.symbol} is {row.kind}")
        return row, pin


def _kind(word: str | None) -> Kind | None:
    return "perp" if word == "perp" else None


def _shared(body: SimpleOrder | GraphOrder, say: Say) -> None:
    if body.graph_id is not None:
        if not _GRAPH_ID.fullmatch(body.graph_id):
            say("graph_id", "must be 1 to 128 of A-Z a-z 0-9 _ . : -")
        elif body.graph_id == "graph":
            say("graph_id", "the word graph alone is no id")
    if body.sandbox is not None and body.is_sandbox is not None and body.sandbox != body.is_sandbox:
        say("is_sandbox", "sandbox and is_sandbox differ")
    if body.metadata is not None and len(_json(body.metadata)) > MAX_METADATA:
        say("metadata", f"more than {MAX_METADATA} bytes")


def _json(value: Any) -> str:
    return strict.encode(value).decode()


def _digest(form: str, nodes: list[Node], risk: str, metadata: str) -> str:
    """The same for the same values, however they were written."""
    values = [form, nodes, _values(risk), _values(metadata)]
    return sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:32]


def _values(text: str) -> Any:
    return None if text == "null" else _plain(strict.parse(text.encode()))


def _plain(value: Any) -> Any:
    """JSON in which 50.0 is 50."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
