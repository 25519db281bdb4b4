"""Durable events → what is told of them in streams: to whom, under which names, and the body, made once for all."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox.analysis.showing import fill_body, order_body
from seqcli.sandbox.exchange import explain
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.orders import Order
from seqcli.wire import strict

_NOT_ASCII = re.compile(r"[^\x00-\x7e]")
_WIDE = 0xFFFF


Report = Callable[[dict[str, Any]], Any]
"""The cost report of an ended order, from its record; None when there is none."""


class News(msgspec.Struct):
    """One thing told to a client: on the socket's `topic` ("" = none) and on the event `stream` ("" = none).

    `about` holds what event streams are filtered by: name → the values that fit. A `body` of None is not told.
    """

    client_id: str
    topic: str
    stream: str
    about: dict[str, tuple[str, ...]]
    body: Callable[[], Any]


def ascii_json(value: Any) -> bytes:
    """JSON in ASCII: whatever splits lines elsewhere is an escape here."""
    text = strict.encode(value)
    return text if text.isascii() else _NOT_ASCII.sub(_escaped, text.decode()).encode()


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= _WIDE:
        return f"\\u{code:04x}"
    code -= _WIDE + 1
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def risk_body(data: dict[str, Any], ts_ns: int) -> dict[str, Any]:
    """A change of the risk state; what `data` does not say is null. Numbers may be kept as decimal text."""
    names = ("engaged", "limit", "value", "threshold", "graph_id", "reason")
    body = {"kind": data["kind"], **{name: data.get(name) for name in names}, "ts_ns": ts_ns}
    for name in ("value", "threshold"):
        if isinstance(body[name], str):
            body[name] = Decimal(body[name])
    return body


def switch_body(switch: dict[str, Any], ts_ns: int) -> dict[str, Any]:
    """The kill switch as a risk event."""
    return risk_body({"kind": "kill_switch", "engaged": switch["engaged"], "reason": switch.get("reason")}, ts_ns)


class Publisher:
    """Turns events into news. Remembers, of what is open, the routing last told and which graphs are paused."""

    def __init__(self, exchange: Machine, report: Report | None = None) -> None:
        self._report = report
        routed = {key: getattr(order, "routing", None) for key, order in exchange.orders.items()}
        self._routed: dict[tuple[str, str], Any] = {key: routing for key, routing in routed.items() if routing}
        self._paused = {key for key, graph in exchange.graphs.items() if graph.status == "PAUSED"}
        self._readers: dict[str, Callable[[Event], Iterator[News]]] = {
            "order": self._order,
            "fill": self._fill,
            "graph": self._graph,
            "kill_switch": self._switch,
            "risk": self._risk,
        }

    def news(self, event: Event) -> Iterator[News]:
        """What `event` tells; nothing for kinds that are the exchange's own affair."""
        read = self._readers.get(event.kind)
        return read(event) if read is not None else iter(())

    def _order(self, event: Event) -> Iterator[News]:
        record = event.data
        client_id, name = record["client_id"], record["node_order_id"]
        about = _about(record, record["venues"])
        yield from self._routing(event, about)
        if record["ended"]:
            self._routed.pop((client_id, name), None)
        if record["is_slice"]:
            return  # its order adds it up: both would count twice
        yield News(client_id, "orders", "orders", about, lambda: order_body(msgspec.convert(record, Order)))
        if record["ended"]:
            report = self._report
            if report is not None:
                yield News(client_id, "tca", "tca", about, lambda: report(record))

    def _routing(self, event: Event, about: dict[str, tuple[str, ...]]) -> Iterator[News]:
        record, routing = event.data, event.data.get("routing")
        key = (record["client_id"], record["node_order_id"])
        if routing and self._routed.get(key) != routing:
            self._routed[key] = routing
            yield News(record["client_id"], "routing", "", about, lambda: _routing_body(record, routing, event.ts_ns))

    @staticmethod
    def _fill(event: Event) -> Iterator[News]:
        record = event.data
        about = _about(record, [record["venue"]])
        yield News(record["client_id"], "fills", "fills", about, lambda: fill_body(record))

    def _graph(self, event: Event) -> Iterator[News]:
        record = event.data
        key, status = (record["client_id"], record["graph_id"]), record["status"]
        kind = {"PAUSED": "graph_paused", "FAILED": "graph_failed"}.get(status)
        if kind is not None and not (status == "PAUSED" and key in self._paused):
            reason = record.get("pause_reason") if status == "PAUSED" else record.get("failure_reason")
            data = {"kind": kind, "graph_id": record["graph_id"], "reason": reason}
            yield _risk_news(record["client_id"], data, event.ts_ns)
        (self._paused.add if status == "PAUSED" else self._paused.discard)(key)

    @staticmethod
    def _switch(event: Event) -> Iterator[News]:
        switch = event.data["switch"]
        yield News(event.data["client_id"], "", "risk", {}, lambda: switch_body(switch, event.ts_ns))

    @staticmethod
    def _risk(event: Event) -> Iterator[News]:
        yield _risk_news(event.data["client_id"], event.data, event.ts_ns)


def _risk_news(client_id: str, data: dict[str, Any], ts_ns: int) -> News:
    graph_id = data.get("graph_id")
    about: dict[str, tuple[str, ...]] = {"graph_id": (graph_id,)} if graph_id else {}
    return News(client_id, "", "risk", about, lambda: risk_body(data, ts_ns))


def _about(record: dict[str, Any], venues: list[str]) -> dict[str, tuple[str, ...]]:
    about = {name: (record[name],) for name in ("node_order_id", "graph_id", "symbol")}
    return {**about, "edge_id": tuple(venues)}


def _routing_body(record: dict[str, Any], written: str | dict[str, Any], ts_ns: int) -> dict[str, Any]:
    routing = explain.shown(written) or {}
    return {
        **{name: record[name] for name in ("node_order_id", "graph_id", "symbol", "side", "qty_1e8")},
        "routing_version": routing["version"],
        "chosen": [leg["venue"] for leg in routing["legs"]],
        **{name: value for name, value in routing.items() if name != "version"},
        "ts_ns": ts_ns,
    }
