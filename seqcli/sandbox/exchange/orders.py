"""What the exchange remembers of an order, its legs and its fills, and the bodies the API shows of them.

A record is written whole into an event whenever it changes. Keys the API does not show: who it belongs to, what
it holds back, and its place in the queue.
"""

from typing import Any

import msgspec

TERMINAL = frozenset({"FILLED", "PARTIAL", "CANCELLED", "REJECTED", "EXPIRED"})


class Leg(msgspec.Struct, omit_defaults=True):
    """The part of an order at one venue. `cost` is Σ price × quantity, 1e17.

    While it rests: `held` is what it holds back of the account; `queue_1e8` the quantity before it at its price, and
    `rank` its place among our own orders, since `placed_ns`.
    """

    venue: str
    venue_order_id: str
    maker_bps: int
    taker_bps: int
    qty_1e8: int = 0
    filled_qty_1e8: int = 0
    cost: int = 0
    status: str = "NEW"
    failure_reason: str | None = None
    held: int = 0
    queue_1e8: int = 0
    rank: int = 0
    placed_ns: int = 0

    @property
    def open_qty_1e8(self) -> int:
        """What rests, 0 when nothing does."""
        return self.qty_1e8 - self.filled_qty_1e8 if self.status == "WORKING" else 0


class Order(msgspec.Struct, kw_only=True):
    """One order. `expires_ns` is when its horizon ends; `metadata` is JSON text.

    `arrival_mid_1e9` is the middle at `arrived_ns`, when it met the market: as it was made, or as its stop fired.
    `cancelling`: its cancel waits for a venue that is cut off. `armed`: a stop that waits for its trigger. `peg_1e9`:
    the price it is worked at when that follows the market, since `pegged_ns`. An order in slices adds up those that
    began (`slice_count`), each an order with this one as its `parent`; the next one is due at `next_slice_ns`.
    `routing` is the record of its last plan, as `explain` writes it.
    """

    client_id: str
    node_order_id: str
    graph_id: str
    node_id: str
    seq: int
    symbol: str
    kind: str
    base: str
    quote: str
    pin: str | None
    side: str
    order_type: Any
    limit_price_1e9: int | None
    trigger_price_1e9: int | None = None
    tif: str
    execution: dict[str, Any]
    qty_1e8: int = 0
    notional_usd_1e9: int | None = None
    metadata: str = "null"
    created_ns: int
    updated_ns: int
    status: str = "NEW"
    end_reason: str | None = None
    failure_reason: str | None = None
    failure_detail: str | None = None
    filled_qty_1e8: int = 0
    cost: int = 0
    fees_usd_1e9: int = 0
    arrival_mid_1e9: int | None = None
    arrived_ns: int | None = None
    legs: list[Leg] = []
    fill_count: int = 0
    slice_count: int = 0
    revision: int = 0
    terminal_ns: int | None = None
    expires_ns: int | None = None
    sandbox: bool = True
    is_slice: bool = False
    ended: bool = False
    cancelling: bool = False
    venues: list[str] = []
    routing: str | dict[str, Any] | None = None
    routing_version: int = 1
    armed: bool = False
    peg_1e9: int | None = None
    pegged_ns: int = 0
    parent: str | None = None
    next_slice_ns: int | None = None

    @property
    def price_1e9(self) -> int | None:
        """The price it rests and takes at: what it is pegged to, else its limit."""
        return self.limit_price_1e9 if self.peg_1e9 is None else self.peg_1e9

    @property
    def remaining_1e8(self) -> int:
        """Quantity not filled."""
        return self.qty_1e8 - self.filled_qty_1e8

    def leg(self, venue: str) -> Leg | None:
        """The leg at a venue."""
        return next((leg for leg in self.legs if leg.venue == venue), None)


class Fill(msgspec.Struct, kw_only=True):
    """One execution. `released` is what the leg no longer holds back because of it."""

    fill_id: str
    client_id: str
    node_order_id: str
    graph_id: str
    node_id: str
    symbol: str
    instrument_type: str
    base: str
    quote: str
    venue: str
    side: str
    price_1e9: int
    qty_1e8: int
    notional_usd_1e9: int
    fee_usd_1e9: int
    fee_bps: int
    liquidity: str
    venue_order_id: str
    venue_trade_id: str
    ts_ns: int
    released: int = 0
    sandbox: bool = True


def slice_id(order: Order, number: int) -> str:
    """The id of the `number`-th slice of an order."""
    return order_id(order.graph_id, f"{order.node_id}.s{number}", order.seq)


def order_id(graph_id: str, node_id: str, seq: int) -> str:
    """``graph:<graph_id>:<node_id>:<seq>``; a client can derive it."""
    return f"graph:{graph_id}:{node_id}:{seq}"
