"""What an algorithm wishes: its actions as orders, the orders it has open, the limits it was given."""

from typing import Any

import msgspec

from seqcli.sandbox.algos.wasm import abi
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.problems import Problem
from seqcli.wire import submission


class Limits(msgspec.Struct, kw_only=True):
    """A deployment's own limits; None = none. Source: the deployment's `risk`."""

    max_position_1e8: int | None = None
    max_order_notional_1e9: int | None = None
    max_order_rate: int | None = None
    max_daily_loss_usd: float | None = None


class Own(msgspec.Struct):
    """An order of the instance: under which id the module knows it, and how it stands."""

    order_id: int
    node_order_id: str
    side: int
    px_1e9: int
    qty_1e8: int
    filled_1e8: int = 0
    status: int = abi.PENDING


def graph_of(graph_id: str, instrument: Instrument, venue: str, action: abi.Action, own: Own) -> submission.GraphOrder:
    """The order that an action asks for, pinned to its venue."""
    word = abi.ORDER_TYPES[action.order_type]
    price = submission.OrderType(limit=submission.LimitPrice(price_1e9=own.px_1e9))
    tif = {"limit": "gtc", "market": "ioc"}.get(word, word)
    node = submission.Node(
        node_id="order",
        instrument=submission.Instrument(symbol=instrument.symbol, venue=venue),
        side="buy" if action.side > 0 else "sell",
        order_type="market" if word == "market" else price,
        quantity=submission.NodeQuantity(fixed=submission.FixedQuantity(qty_1e8=own.qty_1e8)),
        execution=submission.Execution(tif=tif),
    )
    return submission.GraphOrder(nodes=[node], graph_id=graph_id)


def reason_of(problem: Problem) -> str:
    """The reason that a module is told for what the exchange would not take."""
    if problem.code == "CONFLICT" and "kill_switch" in problem.message:
        return "KILL_SWITCH"
    return "INVALID_PARAMS"


def told(action: abi.Action, reason: str | None) -> dict[str, Any]:
    """An action and what became of it, as traces show it."""
    kinds = ("new", "cancel", "amend")
    return {
        "type": kinds[action.kind] if action.kind < len(kinds) else str(action.kind),
        "order_id": action.order_id,
        "side": {1: "buy", -1: "sell"}.get(action.side),
        "price_1e9": action.px_1e9,
        "qty_1e8": action.qty_1e8,
        "order_type": abi.ORDER_TYPES[action.order_type] if action.order_type < len(abi.ORDER_TYPES) else None,
        "venue_id": action.venue_id,
        "accepted": reason is None,
        "reject_code": None if reason is None else abi.REJECTS.get(reason, 0),
    }


def text_of(raw: bytes) -> str:
    """A line of a log."""
    return raw.decode("utf-8", "replace")
