"""The words of one order, declared once for buy, sell, preview and submit, and made into a graph of one node."""

import re
from decimal import Decimal
from typing import Annotated

import msgspec
import typer

from seqcli import units
from seqcli.commands import words
from seqcli.errors import Usage
from seqcli.wire import orders, submission

TYPES = ("spot", "perp", "prediction")
TIFS = ("gtc", "ioc", "fok", "post_only")
URGENCIES = ("low", "medium", "high")
POLICIES = ("sor", "aggressive_chase", "passive")
NODE = "order"
"""The node's id; the order's is then ``graph:GRAPH_ID:order:1``."""
_LONGEST_MS = 604_800_000
_GRAPH_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")

Qty = Annotated[str | None, typer.Argument(metavar="[QTY]", help="Base units; or --notional.", show_default=False)]
Side = Annotated[str, typer.Argument(metavar="buy|sell", help="buy or sell.", show_default=False)]


Limit = Annotated[str | None, typer.Option("--limit", "--price", metavar="P", help="Limit price; else market.")]
Venue = Annotated[str | None, typer.Option("--venue", metavar="V", help="Only this venue; else the best of all.")]
Kind = Annotated[str | None, typer.Option("--type", metavar="spot|perp|prediction", help="Of what; else by symbol.")]
Urgency = Annotated[str | None, typer.Option("--urgency", metavar="low|medium|high", help="Patience against speed.")]
Slippage = Annotated[
    str | None,
    typer.Option("--max-slippage-bps", "--slippage-bps", metavar="N", help="Worst price of a market order, from mid."),
]
OnPaper = Annotated[bool, typer.Option("--sandbox", help="On paper, even with a live key.")]
GraphId = Annotated[str | None, typer.Option("--graph-id", metavar="ID", help="Your own id; sending it twice is safe.")]


class Terms(msgspec.Struct):
    """Everything about an order but its symbol, side and quantity."""

    limit: Limit = None
    notional: Annotated[
        str | None, typer.Option("--notional", metavar="USD", help="Size in dollars instead of QTY.")
    ] = None
    venue: Venue = None
    kind: Kind = None
    tif: Annotated[
        str | None,
        typer.Option("--tif", metavar="gtc|ioc|fok|post_only", help="Time in force; gtc with a price, else ioc."),
    ] = None
    urgency: Urgency = None
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy", metavar="sor|aggressive_chase|passive", help="How it is worked; sor is smart routing."
        ),
    ] = None
    max_slippage_bps: Slippage = None
    horizon: Annotated[str | None, typer.Option("--horizon", metavar="5m", help="Cancel what is left after this.")] = (
        None
    )
    sandbox: OnPaper = False
    graph_id: GraphId = None


def graph(side: str, symbol: str, qty: str | None, terms: Terms) -> submission.GraphOrder:
    """The order as a graph of one node, in integers. Raises `Usage` naming the word that is wrong."""
    side = words.one_of(side, ("buy", "sell"), "a side")
    node = submission.Node(
        node_id=NODE,
        instrument=submission.Instrument(
            symbol=words.symbol(symbol),
            type=words.optional_one_of(terms.kind, TYPES, "a type"),
            venue=words.optional(words.venue, terms.venue),
        ),
        side=side,
        order_type=_order_type(terms),
        quantity=_quantity(side, symbol, qty, terms.notional),
        execution=_execution(terms),
        activation="root",
    )
    return submission.GraphOrder(
        nodes=[node],
        graph_id=words.optional(graph_id, terms.graph_id),
        is_sandbox=True if terms.sandbox else None,
    )


def _order_type(terms: Terms) -> str | submission.OrderType:
    if terms.limit is None:
        if terms.tif is not None and terms.tif.lower() == "post_only":
            raise Usage("a post_only order needs a price", hint="add --limit PRICE")
        return "market"
    price = limit_price(terms.limit)
    if (terms.kind or "").lower() == "prediction" and not 0 < int(price) < 10**units.Price.digits:
        raise Usage(f"{terms.limit} as the price of a prediction: between 0 and 1, both excluded")
    return submission.OrderType(limit=submission.LimitPrice(price_1e9=int(price)))


def limit_price(text: str) -> units.Price:
    """A price above zero: 0 is an error, never "market"."""
    price = units.Price.parse(text)
    if int(price) <= 0:
        raise Usage(f"{text} is not a limit price: it must be above 0", hint="leave --limit out for a market order")
    return price


def quantity(text: str, what: str = "quantity") -> units.Quantity:
    """A quantity above zero."""
    size = units.Quantity.parse(text)
    if int(size) <= 0:
        raise Usage(f"{text} is not a {what}: it must be above 0", hint="for example 0.5")
    return size


def _quantity(side: str, symbol: str, qty: str | None, notional: str | None) -> submission.NodeQuantity:
    example = f"for example: seq order {side} {symbol} 0.5"
    if qty is not None and notional is not None:
        raise Usage(f"a quantity ({qty}) and --notional ({notional}) are both given", hint="keep one of them")
    if notional is not None:
        amount = units.Usd.parse(notional)
        if int(amount) <= 0:
            raise Usage(
                f"{notional} is not an amount in USD: it must be above 0",
                hint=f"{example.rpartition(' ')[0]} --notional 100",
            )
        return submission.NodeQuantity(notional=submission.NotionalQuantity(notional_usd_1e9=int(amount)))
    if qty is None:
        raise Usage("how much? a quantity or --notional USD is missing", hint=example)
    return submission.NodeQuantity(fixed=submission.FixedQuantity(qty_1e8=int(quantity(qty))))


def _execution(terms: Terms) -> submission.Execution | None:
    slippage = terms.max_slippage_bps
    execution = submission.Execution(
        policy=words.optional_one_of(terms.policy, POLICIES, "a policy"),
        urgency=words.optional_one_of(terms.urgency, URGENCIES, "an urgency"),
        max_slippage_bps=None if slippage is None else words.count(slippage, "--max-slippage-bps", 0, 10_000),
        horizon_ms=None if terms.horizon is None else milliseconds(terms.horizon, "--horizon"),
        tif=words.optional_one_of(terms.tif, TIFS, "a time in force"),
    )
    return None if execution == submission.Execution() else execution


def milliseconds(text: str, option: str) -> int:
    """A duration such as 5m or 250ms, whole milliseconds, up to a week."""
    whole, rest = divmod(int(units.parse_duration(text)), 1_000_000)
    if rest or not 1 <= whole <= _LONGEST_MS:
        raise Usage(f"{option} {text}: from 1ms to 7d, in whole milliseconds", hint=f"for example {option} 5m")
    return whole


def graph_id(text: str) -> str:
    """A graph id of the user's own."""
    if _GRAPH_ID.fullmatch(text) and text != "graph":
        return text
    raise Usage(f"{text!a} is not a graph id", hint="1 to 128 letters, digits and _ . -")


def simple(side: str, symbol: str, qty: str | None, terms: Terms) -> submission.SimpleOrder:
    """The same order in the API's simple words, as its preview takes them."""
    graph(side, symbol, qty, terms)  # refuses what buy and sell refuse
    horizon, slippage = terms.horizon, terms.max_slippage_bps
    return submission.SimpleOrder(
        symbol=symbol,
        side=side.lower(),
        order_type="market" if terms.limit is None else "limit",
        qty=None if qty is None else Decimal(qty),
        notional=None if terms.notional is None else Decimal(terms.notional),
        price=None if terms.limit is None else Decimal(terms.limit),
        venue=words.optional(words.venue, terms.venue),
        graph_id=words.optional(graph_id, terms.graph_id),
        instrument_type=terms.kind,
        tif=terms.tif,
        urgency=terms.urgency,
        policy=terms.policy,
        max_slippage_bps=None if slippage is None else int(slippage),
        horizon_ms=None if horizon is None else milliseconds(horizon, "--horizon"),
    )


def order_of(identity: str) -> str:
    """The order that an id means: itself, or the one order of a graph made by buy or sell."""
    name = words.identity(identity)
    return name if words.is_order(name) else f"graph:{name}:{NODE}:1"


def change(total: str | None, limit: str | None) -> orders.Amend:
    """A new total, a new limit price, or both."""
    if total is None and limit is None:
        raise Usage("what to change?", hint="--qty TOTAL, --limit P, or both")
    constraints = None if limit is None else orders.NewConstraints(max_price_1e9=int(limit_price(limit)))
    size = None if total is None else int(quantity(total, "total quantity"))
    return orders.Amend(new_qty_1e8=size, new_constraints=constraints)
