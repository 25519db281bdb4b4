"""What a submitted order may say, judged from its own words alone: no instrument, price or account is looked at.

Pure, and the same on both sides. A fault is ``(field path, message)``; every one is named, not just the first.
"""

import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from seqcli.units import LARGEST
from seqcli.wire import strict
from seqcli.wire.submission import Execution, GraphOrder, Instrument, Node, NodeQuantity, OrderType, SimpleOrder

Fault = tuple[str, str]
KindOf = Callable[[Instrument], str | None]
"""What kind an instrument is (spot, perp, prediction); None where that is not known."""

MAX_METADATA = 8192
MAX_MS, MAX_SLIPPAGE_BPS = 604_800_000, 10_000
MIN_SLICES, MAX_SLICES, MIN_INTERVAL_MS = 2, 200, 100
SIDES = ("buy", "sell")
KINDS = ("spot", "perp", "prediction")
TIFS = ("gtc", "ioc", "fok", "post_only")
POLICIES = ("sor", "aggressive_chase", "passive", "twap")
FOLLOWING = {"passive": "post_only", "aggressive_chase": "gtc"}
"""Policies whose price follows the market, and the time in force that goes with each."""
URGENCIES = ("low", "medium", "high")
ORDER_TYPES = ("limit", "stop_market", "stop_limit")
ONE_USD_1E9 = 10**9
_GRAPH_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Fields(msgspec.Struct, frozen=True):
    """How the fields of one order are called in the body that holds it."""

    path: str
    execution: str
    kind: str
    price: str


def of_node(number: int) -> Fields:
    """Names inside ``nodes[number]``."""
    path = f"nodes[{number}]."
    return Fields(path, f"{path}execution.", f"{path}instrument.type", f"{path}order_type.limit.price_1e9")


def human(number: Decimal, digits: int) -> int:
    """A human decimal at a scale, half-even, as servers read the simple form."""
    return int(number.scaleb(digits).to_integral_value(ROUND_HALF_EVEN))


def one_of(known: tuple[str, ...]) -> str:
    """The sentence for a word that is not one of the known ones."""
    return f"must be one of {', '.join(known)}"


def is_market(kind: str | OrderType) -> bool:
    """Whether an order takes any price once it starts."""
    return not isinstance(kind, OrderType) or (kind.limit is None and kind.stop_limit is None)


def limit_of(kind: str | OrderType) -> int | None:
    """The limit price, 1e9."""
    if not isinstance(kind, OrderType):
        return None
    priced = kind.limit or kind.stop_limit
    return None if priced is None else priced.price_1e9


def trigger_of(kind: str | OrderType) -> int | None:
    """The price at which a stop is armed, 1e9; None for an order that starts at once."""
    if not isinstance(kind, OrderType):
        return None
    stop = kind.stop_market or kind.stop_limit
    return None if stop is None else stop.trigger_price_1e9


def tif_of(execution: Execution | None, *, market: bool) -> str:
    """The time in force that holds: a market order's gtc is ioc."""
    given = execution.tif if execution is not None else None
    tif = (given or ("ioc" if market else "gtc")).lower()
    return "ioc" if market and tif == "gtc" else tif


# -- both forms ------------------------------------------------------------------------------------------------------


def of_whole(body: SimpleOrder | GraphOrder) -> Iterator[Fault]:
    """What concerns the submission, not one of its orders."""
    if body.graph_id is not None:
        if not _GRAPH_ID.fullmatch(body.graph_id):
            yield "graph_id", "must be 1 to 128 of A-Z a-z 0-9 _ . : -"
        elif body.graph_id == "graph":
            yield "graph_id", "the word graph alone is no id"
    if body.sandbox is not None and body.is_sandbox is not None and body.sandbox != body.is_sandbox:
        yield "is_sandbox", "sandbox and is_sandbox differ"
    if body.metadata is not None and len(strict.encode(body.metadata)) > MAX_METADATA:
        yield "metadata", f"more than {MAX_METADATA} bytes"


def of_side(side: str, fields: Fields) -> Iterator[Fault]:
    """Buy or sell."""
    if side.lower() not in SIDES:
        yield f"{fields.path}side", "must be buy or sell"


def of_kind(word: str | None, fields: Fields) -> Iterator[Fault]:
    """The kind of instrument, where it is said."""
    if word is not None and word.lower() not in KINDS:
        yield fields.kind, "must be spot, perp or prediction"


def of_price(price: int | None, kind: str | None, field: str) -> Iterator[Fault]:
    """A price, 1e9; that of a prediction lies between 0 and 1."""
    if price is None:
        return
    if kind == "prediction" and not 0 < price < ONE_USD_1E9:
        yield field, "must lie between 0 and 1"
    else:
        yield from positive(price, field)


def positive(value: int, field: str) -> Iterator[Fault]:
    """A value that has to be positive and fit in 64 bits."""
    if value <= 0:
        yield field, "must be positive"
    elif value > LARGEST:
        yield field, "does not fit in 64 bits"


def positive_human(number: Decimal, digits: int, field: str) -> Iterator[Fault]:
    """A human decimal that has to be positive at its scale and fit in 64 bits there."""
    if not number.is_finite() or abs(number) > LARGEST:
        yield field, "out of range"
    else:
        yield from positive(human(number, digits), field)


def of_execution(sent: Execution, fields: Fields, *, market: bool) -> Iterator[Fault]:
    """How an order is worked."""
    path = fields.execution
    yield from _of_policy(sent, path)
    if (sent.urgency or "medium").lower() not in URGENCIES:
        yield f"{path}urgency", one_of(URGENCIES)
    for name, low, high in (("max_slippage_bps", 0, MAX_SLIPPAGE_BPS), ("horizon_ms", 1, MAX_MS)):
        value = getattr(sent, name)
        if value is not None and not low <= value <= high:
            yield f"{path}{name}", f"must be {low} to {high}"
    yield from _of_tif(sent, path, market=market)


def _of_policy(sent: Execution, path: str) -> Iterator[Fault]:
    policy = (sent.policy or "sor").lower()
    if policy not in POLICIES:
        yield f"{path}policy", one_of(POLICIES)
    elif policy == "twap" and sent.pacing is None:
        yield f"{path}policy", "twap needs pacing"


def _of_tif(sent: Execution, path: str, *, market: bool) -> Iterator[Fault]:
    tif = tif_of(sent, market=market)
    follows = FOLLOWING.get((sent.policy or "").lower())
    if tif not in TIFS:
        yield f"{path}tif", one_of(TIFS)
    elif follows is not None:
        if sent.tif is not None and sent.tif.lower() not in ("gtc", follows):
            yield f"{path}tif", f"an order that follows the market is {follows}"
    elif market and tif == "post_only":
        yield f"{path}tif", "a market order cannot be post_only"
    elif sent.pacing is not None and tif in ("fok", "post_only"):
        yield f"{path}tif", f"a paced order cannot be {tif}"


# -- a node of a graph -----------------------------------------------------------------------------------------------


def of_node_terms(node: Node, fields: Fields, kind_of: KindOf) -> Iterator[Fault]:
    """Everything about a node but its name and its edges."""
    yield from of_quantity(node.quantity, f"{fields.path}quantity")
    yield from of_order_type(node.order_type, f"{fields.path}order_type", kind_of(node.instrument))
    yield from of_side(node.side, fields)
    yield from of_kind(node.instrument.type, fields)
    execution = node.execution or Execution()
    yield from of_execution(execution, fields, market=is_market(node.order_type))
    yield from _of_pacing(node, execution, f"{fields.execution}pacing")


def of_quantity(quantity: NodeQuantity, path: str) -> Iterator[Fault]:
    """A fixed number of units, or dollars."""
    fixed, notional = quantity.fixed, quantity.notional
    if (fixed is None) == (notional is None):
        yield path, "give exactly one of fixed and notional"
    if fixed is not None:
        yield from positive(fixed.qty_1e8, f"{path}.fixed.qty_1e8")
    if notional is not None:
        yield from positive(notional.notional_usd_1e9, f"{path}.notional.notional_usd_1e9")


def of_order_type(order_type: str | OrderType, path: str, kind: str | None) -> Iterator[Fault]:
    """Market, limit or a stop, with positive prices."""
    if not isinstance(order_type, OrderType):
        if order_type.lower() != "market":
            yield path, 'must be "market" or {"limit":{"price_1e9":…}}'
        return
    given = [name for name in ORDER_TYPES if getattr(order_type, name) is not None]
    if len(given) != 1:
        yield path, "give exactly one of limit, stop_market and stop_limit"
        return
    yield from of_price(trigger_of(order_type), kind, f"{path}.{given[0]}.trigger_price_1e9")
    yield from of_price(limit_of(order_type), kind, f"{path}.{given[0]}.price_1e9")


def _of_pacing(node: Node, execution: Execution, path: str) -> Iterator[Fault]:
    if execution.pacing is None:
        return
    uniform = execution.pacing.uniform
    if uniform is None:
        yield path, 'must be {"uniform":{"num_slices":…,"interval_ms":…}}'
        return
    if not MIN_SLICES <= uniform.num_slices <= MAX_SLICES:
        yield f"{path}.uniform.num_slices", f"must be {MIN_SLICES} to {MAX_SLICES}"
    elif node.quantity.fixed is not None and 0 < node.quantity.fixed.qty_1e8 < uniform.num_slices:
        yield f"{path}.uniform.num_slices", "more slices than there are units of 1e-8"
    if not MIN_INTERVAL_MS <= uniform.interval_ms <= MAX_MS:
        yield f"{path}.uniform.interval_ms", f"must be {MIN_INTERVAL_MS} to {MAX_MS}"
    if trigger_of(node.order_type) is not None:
        yield path, "a stop order is not paced"


# -- the simple form -------------------------------------------------------------------------------------------------


def of_simple(body: SimpleOrder, kind_of: KindOf) -> Iterator[Fault]:
    """An order in simple words."""
    fields = Fields("", "", "instrument_type", "price")
    if (body.qty is None) == (body.notional is None):
        yield "qty", "give exactly one of qty and notional"
    for number, digits, name in ((body.qty, 8, "qty"), (body.notional, 9, "notional")):
        if number is not None:
            yield from positive_human(number, digits, name)
    instrument = Instrument(symbol=body.symbol, type=body.instrument_type, venue=body.venue)
    yield from _of_simple_price(body, kind_of(instrument))
    yield from of_side(body.side, fields)
    yield from of_kind(body.instrument_type, fields)
    yield from of_execution(worked(body), fields, market=simple_price(body) is None)


def simple_price(body: SimpleOrder) -> Decimal | None:
    """The limit price, under either of its names."""
    return body.limit_price if body.price is None else body.price


def worked(body: SimpleOrder) -> Execution:
    """How an order in simple words is worked."""
    return Execution(
        policy=body.policy,
        urgency=body.urgency,
        max_slippage_bps=body.max_slippage_bps,
        horizon_ms=body.horizon_ms,
        tif=body.tif,
    )


def _of_simple_price(body: SimpleOrder, kind: str | None) -> Iterator[Fault]:
    price = simple_price(body)
    if body.price is not None and body.limit_price is not None and body.price != body.limit_price:
        yield "price", "price and limit_price differ"
    if price is not None:
        name = "limit_price" if body.price is None else "price"
        faults = list(positive_human(price, 9, name))
        yield from faults or of_price(human(price, 9), kind, name)
    order_type = (body.order_type or ("market" if price is None else "limit")).lower()
    if order_type not in ("market", "limit"):
        yield "order_type", "must be market or limit"
    elif order_type == "limit" and price is None:
        yield "price", "missing: a limit order has one"
    elif order_type == "market" and price is not None:
        yield "order_type", "a market order has no price"
