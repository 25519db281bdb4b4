"""Market intelligence, from the books and trades of this moment and of the minutes before it."""

from typing import Any

from seqcli.errors import Usage
from seqcli.sandbox.analysis import liquidity, routes
from seqcli.sandbox.exchange.landed import VERSIONS
from seqcli.sandbox.handlers.execution import asked, wanted_of
from seqcli.sandbox.handlers.orders import symbol_of, venue_name
from seqcli.sandbox.serving import Box, Call, invalid, serves
from seqcli.units import parse_scaled
from seqcli.wire import intelligence
from seqcli.wire.order_rules import URGENCIES

_MOST_DEPTH, _DEPTH = 100, 20


@serves(intelligence.DEPTH)
def depth(box: Box, call: Call) -> intelligence.Depth:
    """The merged book and each venue's."""
    query = call.query
    symbol, venue = _symbol(query.symbol), venue_name(box, query.venue)
    most = _DEPTH if query.depth is None else min(max(query.depth, 1), _MOST_DEPTH)
    return liquidity.depth(box.market, symbol, venue, most, call.now_ns)


@serves(intelligence.SLIPPAGE)
def slippage(box: Box, call: Call) -> intelligence.Slippage:
    """What a market order of each size would get."""
    query = call.query
    symbol = _symbol(query.symbol)
    side = "buy" if query.side is None else query.side.lower()
    if side not in ("buy", "sell"):
        raise invalid(("side", "must be buy or sell"))
    sizes = _sizes(query.sizes)
    instrument = box.market.instruments().get(symbol)
    account = box.exchange.account(call.caller.client_id, call.now_ns)
    mid, rows = (None, []) if instrument is None else liquidity.curve(
        box.market, account, instrument, side, sizes, now_ns=call.now_ns
    )  # fmt: skip
    return intelligence.Slippage(
        symbol=symbol,
        source="unavailable" if mid is None else "edge_nbbo",
        side=side,
        mid_1e9=mid,
        curve=rows,
        as_of_ns=call.now_ns,
    )


@serves(intelligence.VENUES)
def venues(box: Box, call: Call) -> intelligence.Venues:
    """How each venue behaved in the last minutes."""
    symbol = _symbol(call.query.symbol)
    instrument = box.market.instruments().get(symbol)
    rows = [] if instrument is None else liquidity.behaviour(box.market, instrument, call.now_ns)
    return intelligence.Venues(
        symbol=symbol,
        source="edge_nbbo" if rows else "unavailable",
        venues=rows,
        count=len(rows),
        since_ns=call.now_ns - liquidity.WINDOW_NS,
        as_of_ns=call.now_ns,
    )


@serves(intelligence.ROUTING)
def routing(box: Box, call: Call) -> dict[str, Any]:
    """The recommended split."""
    wanted = wanted_of(box, call)
    account = box.exchange.account(call.caller.client_id, call.now_ns)
    version = 1 if call.query.routing_version is None else call.query.routing_version
    if version not in VERSIONS:
        raise invalid(("routing_version", "must be 1, 2 or 3"))
    urgency = (call.query.urgency or "medium").lower()
    if urgency not in URGENCIES:
        raise invalid(("urgency", f"must be one of {', '.join(URGENCIES)}"))
    body = routes.recommended(box.exchange, account, wanted, version, urgency, call.now_ns)
    return {**asked(wanted, body["mid_1e9"]), **body, "as_of_ns": call.now_ns}


def _symbol(text: str | None) -> str:
    symbol = symbol_of(text)
    if symbol is None:
        raise invalid(("symbol", "missing"))
    return symbol


def _sizes(text: str | None) -> list[int]:
    """US dollars, 1e9."""
    if text is None:
        return [size * 1_000_000_000 for size in intelligence.SIZES]
    words = text.split(",")
    if len(words) > intelligence.MOST_SIZES:
        raise invalid(("sizes", f"at most {intelligence.MOST_SIZES}"))
    return [_size(word.strip()) for word in words]


def _size(word: str) -> int:
    try:
        found = parse_scaled(word, 9, "a size")
    except Usage as error:
        raise invalid(("sizes", error.message)) from None
    if found <= 0:
        raise invalid(("sizes", f"{word[:32]} is not above 0"))
    return found
