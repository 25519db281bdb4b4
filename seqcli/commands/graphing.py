"""Words → graphs of several nodes: slices over time, a bracket, a hedge. Exact integers, or refused."""

from itertools import pairwise
from typing import Annotated

import msgspec
import typer

from seqcli import units
from seqcli.commands import ordering, words
from seqcli.commands.ordering import GraphId, Kind, OnPaper, Slippage, Terms, Urgency, Venue
from seqcli.errors import Usage
from seqcli.wire import order_rules
from seqcli.wire.submission import (
    Edge,
    Execution,
    FixedQuantity,
    GraphOrder,
    Instrument,
    LimitPrice,
    Node,
    NodeQuantity,
    OrderType,
    Pacing,
    StopMarket,
    UniformPacing,
)

PRICE = units.Price.digits
Qty = Annotated[str, typer.Argument(metavar="QTY", help="Base units.", show_default=False)]


class Manner(msgspec.Struct):
    """How a graph of several orders is worked."""

    venue: Venue = None
    kind: Kind = None
    urgency: Urgency = None
    max_slippage_bps: Slippage = None
    sandbox: OnPaper = False
    graph_id: GraphId = None


class Slices(msgspec.Struct):
    """How many equal parts, and how far apart."""

    slices: Annotated[str | None, typer.Option("--slices", metavar="N", help="Equal parts, 2 to 200.")] = None
    every: Annotated[str | None, typer.Option("--every", metavar="30s", help="From one part to the next.")] = None


class Exits(msgspec.Struct):
    """Where a bracket is left, and where it is entered."""

    take_profit: Annotated[str | None, typer.Option("--take-profit", metavar="P", help="Limit price of the gain.")] = (
        None
    )
    stop_loss: Annotated[str | None, typer.Option("--stop-loss", metavar="P", help="Stop price of the loss.")] = None
    entry_limit: Annotated[
        str | None, typer.Option("--entry-limit", metavar="P", help="Limit price of the entry; else market.")
    ] = None


class Cover(msgspec.Struct):
    """What a hedge is made with, and when."""

    other: Annotated[str | None, typer.Option("--with", metavar="SYMBOL", help="What the hedge trades.")] = None
    venue: Annotated[str | None, typer.Option("--venue", metavar="V", help="Where the hedge trades.")] = None
    at_ratio: Annotated[
        str | None, typer.Option("--at-ratio", metavar="R", help="At once when this part is filled: 0.5 is half.")
    ] = None
    streaming: Annotated[bool, typer.Option("--streaming", help="With each fill, as much as was filled.")] = False
    ratio: Annotated[str, typer.Option("--ratio", metavar="R", help="Hedge so much of the quantity.")] = "1"
    limit: ordering.Limit = None
    urgency: Urgency = None
    max_slippage_bps: Slippage = None
    sandbox: OnPaper = False
    graph_id: GraphId = None


def twap(side: str, symbol: str, qty: str | None, slices: Slices, terms: Terms) -> GraphOrder:
    """One node in equal slices."""
    if slices.slices is None or slices.every is None:
        raise Usage("how many slices, and how far apart?", hint="for example --slices 10 --every 30s")
    number = words.count(slices.slices, "--slices", order_rules.MIN_SLICES, order_rules.MAX_SLICES)
    interval = ordering.milliseconds(slices.every, "--every")
    if interval < order_rules.MIN_INTERVAL_MS:
        raise Usage(f"--every {slices.every}: at least {order_rules.MIN_INTERVAL_MS}ms")
    graph = ordering.graph(side, symbol, qty, terms)
    (node,) = graph.nodes
    pacing = Pacing(uniform=UniformPacing(num_slices=number, interval_ms=interval))
    node.execution = msgspec.structs.replace(node.execution or Execution(), pacing=pacing)
    return graph


def bracket(side: str, symbol: str, qty: str, exits: Exits, manner: Manner) -> GraphOrder:
    """An entry; once it is filled a take-profit and a stop-loss, of which the first to fill cancels the other."""
    side = words.one_of(side, order_rules.SIDES, "a side")
    if exits.take_profit is None or exits.stop_loss is None:
        raise Usage("where does it end?", hint="both --take-profit P and --stop-loss P")
    gain, loss = ordering.limit_price(exits.take_profit), ordering.limit_price(exits.stop_loss)
    entry = None if exits.entry_limit is None else ordering.limit_price(exits.entry_limit)
    _in_order(side, [("--stop-loss", loss), ("--entry-limit", entry), ("--take-profit", gain)])
    out, size = _opposite(side), int(ordering.quantity(qty))
    instrument = _instrument(symbol, manner.venue, manner.kind)
    worked = _worked(manner.urgency, manner.max_slippage_bps)
    entered = "market" if entry is None else OrderType(limit=LimitPrice(price_1e9=int(entry)))
    return GraphOrder(
        nodes=[
            _node("entry", instrument, (side, size, entered), worked, root=True),
            _node("tp", instrument, (out, size, OrderType(limit=LimitPrice(price_1e9=int(gain))))),
            _node("sl", instrument, (out, size, OrderType(stop_market=StopMarket(trigger_price_1e9=int(loss))))),
        ],
        edges=[
            _edge("entry", "tp", "on_full_fill"),
            _edge("entry", "sl", "on_full_fill"),
            _edge("tp", "sl", "on_first_fill", action="cancel"),
            _edge("sl", "tp", "on_first_fill", action="cancel"),
        ],
        graph_id=words.optional(ordering.graph_id, manner.graph_id),
        is_sandbox=True if manner.sandbox else None,
    )


def hedge(side: str, symbol: str, qty: str, cover: Cover) -> GraphOrder:
    """An order, and one the other way once a part of it is filled, or with each of its fills."""
    side = words.one_of(side, order_rules.SIDES, "a side")
    if cover.other is None:
        raise Usage("hedged with what?", hint="for example --with ETH-USD-PERP")
    if (cover.at_ratio is None) != cover.streaming:
        raise Usage("hedged when?", hint="one of --at-ratio 0.5 and --streaming")
    size, share = int(ordering.quantity(qty)), _share(cover.ratio, "--ratio")
    covered, rest = divmod(size * share, 10**PRICE)
    if rest or not covered:
        raise Usage(f"{cover.ratio} of {qty} has more than 8 decimals, or is nothing", hint="choose another --ratio")
    entered = OrderType(limit=LimitPrice(price_1e9=int(ordering.limit_price(cover.limit)))) if cover.limit else "market"
    first = _node(
        "spot",
        _instrument(symbol, None, None),
        (side, size, entered),
        _worked(cover.urgency, cover.max_slippage_bps),
        root=True,
    )
    second = _node(
        "hedge",
        _instrument(cover.other, cover.venue, None),
        (_opposite(side), covered, "market"),
        Execution(policy="aggressive_chase"),
    )
    return GraphOrder(
        nodes=[first, second],
        edges=[_cover_edge(cover, share)],
        graph_id=words.optional(ordering.graph_id, cover.graph_id),
        is_sandbox=True if cover.sandbox else None,
    )


def _cover_edge(cover: Cover, share: int) -> Edge:
    if cover.at_ratio is None:
        return _edge("spot", "hedge", "on_fill", sizing={"fill_ratio": {"ratio": _number(share)}})
    part = _share(cover.at_ratio, "--at-ratio")
    if part > 10**PRICE:
        raise Usage(f"--at-ratio {cover.at_ratio}: above 0 and at most 1", hint="for example --at-ratio 0.5")
    return _edge("spot", "hedge", "on_fill_ratio", condition={"fill_ratio_gte": _number(part)})


def _share(text: str, option: str) -> int:
    share = units.parse_scaled(text, PRICE, "a ratio")
    if share <= 0:
        raise Usage(f"{option} {text}: must be above 0", hint=f"for example {option} 0.5")
    return share


def _number(share_1e9: int) -> object:
    return words.decimal(units.decimal_text(share_1e9, PRICE), "a ratio")


def _in_order(side: str, prices: list[tuple[str, units.Price | None]]) -> None:
    """Stop, entry and gain rise for a buy and fall for a sale."""
    given = [(name, price) for name, price in prices if price is not None]
    for (lower, low), (upper, high) in pairwise(given):
        if (low >= high) if side == "buy" else (low <= high):
            word = "above" if side == "buy" else "below"
            raise Usage(f"{upper} {high} is not {word} {lower} {low}", hint=f"to {side}: stop, entry and gain in order")


def _opposite(side: str) -> str:
    return "sell" if side == "buy" else "buy"


def _instrument(symbol: str, venue: str | None, kind: str | None) -> Instrument:
    return Instrument(
        symbol=words.symbol(symbol),
        type=words.optional_one_of(kind, order_rules.KINDS, "a type"),
        venue=words.optional(words.venue, venue),
    )


def _worked(urgency: str | None, slippage: str | None) -> Execution | None:
    execution = Execution(
        urgency=words.optional_one_of(urgency, order_rules.URGENCIES, "an urgency"),
        max_slippage_bps=None if slippage is None else words.count(slippage, "--max-slippage-bps", 0, 10_000),
    )
    return None if execution == Execution() else execution


def _node(
    name: str,
    instrument: Instrument,
    order: tuple[str, int, str | OrderType],
    execution: Execution | None = None,
    *,
    root: bool = False,
) -> Node:
    side, size, order_type = order
    return Node(
        node_id=name,
        instrument=instrument,
        side=side,
        order_type=order_type,
        quantity=NodeQuantity(fixed=FixedQuantity(qty_1e8=size)),
        execution=execution,
        activation="root" if root else "wait",
    )


def _edge(start: str, end: str, trigger: str, **fields: object) -> Edge:
    return Edge(edge_id=f"e_{start}_{end}", from_node=start, to_node=end, trigger=trigger, **fields)  # type: ignore[arg-type]
