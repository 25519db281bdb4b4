"""Alerts: what somebody should look at, made of events that others are told as what they are.

    kill_switch   engaged or cleared
    limit_near    four fifths of a limit of the account are used; again only after it was less. The risk stream tells
                  it, too: limit_warning
    limit_breach  a limit of a graph was broken, or an order refused for one of the account
    loss_stop     the same for what may be lost
    venue_down    an edge is not connected; venue_up: it is again

No way to define alerts is documented: these are the exchange's own, told on /v1/alerts/stream.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.streams.publishing import News, risk_body

STREAM = "alerts"
_NEAR_PERCENT = 80
_REFUSALS = {
    "RISK": "limit_breach",
    "POSITION_LIMIT": "limit_breach",
    "PRICE_DEVIATION": "limit_breach",
    "DAILY_LOSS_LIMIT": "loss_stop",
}
_LOSSES = ("max_loss_usd", "max_daily_loss_usd")


class Alerts:
    """Remembers which limits are nearly used up, and which edges were down: the first look only learns it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._near: set[tuple[str, str]] = set()
        self._down: frozenset[str] | None = None

    def news(self, event: Event) -> Iterator[News]:
        """What is to be looked at because of `event`."""
        if event.kind == "kill_switch":
            switch = event.data["switch"]
            said = f"engaged: {switch['reason']}" if switch.get("reason") else "engaged"
            yield _news(event, "kill_switch", said if switch["engaged"] else "cleared")
        elif event.kind == "risk":
            yield _of_graph(event)
        elif event.kind == "order" and event.data["status"] == "REJECTED":
            name = _REFUSALS.get(event.data["failure_reason"] or "")
            if name is not None and not event.data["is_slice"]:
                yield _of_order(event, name)
        if event.kind in ("order", "fill", "funding"):
            yield from self._nearly(event)

    def edges(self, down: frozenset[str], clients: Iterable[str], ts_ns: int) -> Iterator[News]:
        """What is to be looked at because edges went down or came back, for each of `clients`."""
        before, self._down = down if self._down is None else self._down, down
        changed = [("venue_down", edge, "is not connected") for edge in sorted(down - before)]
        changed += [("venue_up", edge, "is connected again") for edge in sorted(before - down)]
        for client_id in clients if changed else ():
            event = Event(0, ts_ns, "edge", {"client_id": client_id})
            for name, edge, said in changed:
                yield _news(event, name, f"{edge} {said}", about=edge)

    def _nearly(self, event: Event) -> Iterator[News]:
        client_id = event.data["client_id"]
        account = self._machine.accounts.get(client_id)
        if account is None:
            return
        for limit, used, most in self._used(account, event.ts_ns):
            key = (client_id, limit)
            if used * 100 < most * _NEAR_PERCENT:
                self._near.discard(key)
            elif key not in self._near and used <= most:
                self._near.add(key)
                yield _news(event, "limit_near", f"{limit} is nearly used up", figures=(used, most), about=limit)
                warning = {"kind": "limit_warning", "limit": limit, "value": used, "threshold": most}
                yield News(client_id, "", "risk", {}, partial(risk_body, warning, event.ts_ns))

    def _used(self, account: Account, ts_ns: int) -> Iterator[tuple[str, Decimal, Decimal]]:
        limits = self._machine.limits
        if limits.max_open_orders is not None:
            yield "max_open_orders", Decimal(account.open_orders), Decimal(limits.max_open_orders)
        if limits.max_daily_loss_usd is not None:
            lost = rounding.plain_decimal(-account.earned_today(ts_ns), 9)
            yield "max_daily_loss_usd", lost, Decimal(limits.max_daily_loss_usd)


def _of_graph(event: Event) -> News:
    data = event.data
    name = "loss_stop" if data.get("limit") in _LOSSES else "limit_breach"
    said = f"{data.get('limit')} of graph {data.get('graph_id')}: {data.get('reason')}"
    value, threshold = (None if data.get(name) is None else Decimal(data[name]) for name in ("value", "threshold"))
    return _news(event, name, said, figures=(value, threshold), about=str(data.get("graph_id")))


def _of_order(event: Event, name: str) -> News:
    data = event.data
    said = f"{data['failure_reason']}: {data['failure_detail'] or 'an order was refused'}"
    return _news(event, name, said, symbol=data["symbol"], about=data["node_order_id"])


def _news(
    event: Event,
    name: str,
    said: str,
    *,
    symbol: str | None = None,
    figures: tuple[Decimal | None, Decimal | None] = (None, None),
    about: str = "account",
) -> News:
    body: dict[str, Any] = {
        "alert_id": f"{name}-{about}-{event.ts_ns}",
        "name": name,
        "symbol": symbol,
        "condition": said,
        "value": figures[0],
        "threshold": figures[1],
        "ts_ns": event.ts_ns,
    }
    filters: dict[str, tuple[str, ...]] = {"symbol": (symbol,)} if symbol else {}
    return News(event.data["client_id"], "", STREAM, filters, lambda: body)
