"""Positions of every kind with totals; and the older reads."""

from typing import Any

from seqcli.sandbox.handlers.orders import venue_name
from seqcli.sandbox.portfolio import KINDS, Portfolio, totals
from seqcli.sandbox.serving import Answer, Box, Call, invalid, serves
from seqcli.wire import positions

_DEPRECATED = {"Deprecation": "true"}


@serves(positions.LIST)
def listing(box: Box, call: Call) -> dict[str, Any]:
    """Rows and their totals."""
    kinds = words(call.query.kinds)
    for kind in kinds:
        if kind.lower() not in KINDS:
            raise invalid(("kinds", f"{kind[:32]} is not one of {', '.join(KINDS)}"))
    venues = [venue_name(box, name, "venues") or "" for name in words(call.query.venues)]
    rows = portfolio(box, call).rows(
        venues=venues,
        kinds=[kind.lower() for kind in kinds],
        include_closed=bool(call.query.include_closed),
    )
    return {"positions": rows, "totals": totals(rows), "as_of_ns": call.now_ns}


@serves(positions.UNIFIED)
def unified(box: Box, call: Call) -> dict[str, Any]:
    """The same."""
    return listing(box, call)


@serves(positions.PERP)
def perps(box: Box, call: Call) -> Answer:
    """Perp rows."""
    rows = portfolio(box, call).rows(kinds=["perp"])
    return Answer({"positions": rows, "count": len(rows), "as_of_ns": call.now_ns}, headers=_DEPRECATED)


@serves(positions.BALANCES)
def balances(box: Box, call: Call) -> Answer:
    """Fiat and crypto, by venue."""
    rows = [
        {
            "venue": row["venue"],
            "asset": row["instrument"]["symbol"],
            "total_1e8": row["qty_1e8"],
            "available_1e8": row["available_qty_1e8"],
            "locked_1e8": row["locked_qty_1e8"],
            "value_usd_1e9": row["current_value_usd_1e9"],
        }
        for row in portfolio(box, call).rows(kinds=["fiat", "crypto"])
    ]
    return Answer({"balances": rows, "count": len(rows), "as_of_ns": call.now_ns}, headers=_DEPRECATED)


@serves(positions.SYNC)
def sync(box: Box, call: Call) -> dict[str, Any]:
    """Paper positions are always in step with their venues."""
    asked = call.body.venues if call.body is not None else None
    if asked is None:
        names = sorted({row["venue"] for row in portfolio(box, call).rows()})
    else:
        names = [venue_name(box, name, f"venues[{number}]") or "" for number, name in enumerate(asked)]
    return {"requested": names, "synced": names, "failed": [], "changed_rows": 0, "as_of_ns": call.now_ns}


def portfolio(box: Box, call: Call) -> Portfolio:
    """The caller's books now."""
    exchange = box.exchange
    return Portfolio(exchange, exchange.account(call.caller.client_id, call.now_ns), call.now_ns)


def words(text: str | None) -> list[str]:
    """A comma list."""
    return [word for word in (part.strip() for part in (text or "").split(",")) if word]
