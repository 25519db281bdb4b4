"""Pools and tokens of the market of this moment."""

from collections.abc import Mapping
from typing import Any

from seqcli.sandbox.handlers.orders import page_of, symbol_of
from seqcli.sandbox.market import pools, tokens
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.serving import Box, Call, invalid, not_found, serves
from seqcli.sandbox.storage.records import Wanted
from seqcli.wire import dex

_known: dict[int, tuple[Mapping[str, Instrument], list[pools.Deployed]]] = {}
"""By the identity of what a market lists: its pools, which are dear to name."""


@serves(dex.POOLS)
def listing(box: Box, call: Call) -> dex.Pools:
    """A page of the pools that fit."""
    query = call.query
    chain = _one_of(query.chain, dex.CHAINS, "chain")
    protocol = _one_of(query.protocol, dex.PROTOCOLS, "protocol")
    symbol = symbol_of(query.symbol)
    paged = Wanted(client_id=call.caller.client_id)
    page_of(call, paged)
    found = [
        row
        for row in _deployed(box)
        if chain in (None, row.chain)
        and protocol in (None, row.protocol)
        and symbol in (None, row.symbol, "-".join(row.symbol.split("-")[:2]))
    ]
    shown = found[paged.offset : paged.offset + paged.limit]
    return dex.Pools(
        pools=list(pools.states(box.market, shown, box.settings.region, call.now_ns)),
        total=len(found),
        limit=paged.limit,
        offset=paged.offset,
        has_more=paged.offset + len(shown) < len(found),
    )


@serves(dex.TOKEN)
def token(box: Box, call: Call) -> dex.Token:
    """One token; WETH is ETH."""
    asset = pools.plain_asset(call.path["symbol"])
    found = tokens.token(box.market, asset, _deployed(box), call.now_ns)
    if found is None:
        raise not_found("token", call.path["symbol"])
    return found


def _deployed(box: Box) -> list[pools.Deployed]:
    instruments = box.market.instruments()
    kept = _known.get(id(instruments))
    if kept is None or kept[0] is not instruments:
        _known.clear()
        kept = _known[id(instruments)] = (instruments, pools.deployed(instruments))
    return kept[1]


def _one_of(text: Any, known: tuple[str, ...], field: str) -> str | None:
    word = None if text is None else str(text).lower()
    if word is not None and word not in known:
        raise invalid((field, f"must be one of {', '.join(known)}"))
    return word
