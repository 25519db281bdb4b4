"""A symbol's market and an account's worth, summed up."""

from decimal import Decimal
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.analysis.portfolio import totals
from seqcli.sandbox.market.books import Book, Market

_CASH = ("USD", "USDC", "USDT")


def market(market: Market, symbol: str, now_ns: int) -> dict[str, Any]:
    """Touch, depth and imbalance of a symbol over all venues."""
    books = {name: book for name, book in market.books(symbol, now_ns).items() if book.bids or book.asks}
    bids = [level for book in books.values() for level in book.bids]
    asks = [level for book in books.values() for level in book.asks]
    bid, ask = max((price for price, _ in bids), default=None), min((price for price, _ in asks), default=None)
    deep, high = (sum(rounding.notional_usd(*level) for level in side) for side in (bids, asks))
    mid = None if bid is None or ask is None else rounding.mid_price(bid, ask)
    return {
        "symbol": symbol,
        "nbbo": {
            "bid": _price(bid),
            "ask": _price(ask),
            "mid": _price(mid),
            "spread_bps": None if not mid or bid is None or ask is None else rounding.measured_bps(ask - bid, mid),
        },
        "bid_depth_usd": rounding.plain_decimal(deep, 9),
        "ask_depth_usd": rounding.plain_decimal(high, 9),
        "imbalance": rounding.measured_share(deep - high, deep + high),
        "venues": {name: _touch(book, now_ns) for name, book in sorted(books.items())},
        "source": "edge_nbbo" if books else "unavailable",
    }


def _touch(book: Book, now_ns: int) -> dict[str, Any]:
    (bid, bid_size), (ask, ask_size) = (side[0] if side else (None, None) for side in (book.bids, book.asks))
    return {
        "bid": _price(bid),
        "ask": _price(ask),
        "bid_size": None if bid_size is None else rounding.plain_decimal(bid_size, 8),
        "ask_size": None if ask_size is None else rounding.plain_decimal(ask_size, 8),
        "age_ms": (now_ns - book.ts_ns) // 1_000_000,
    }


def _price(value: int | None) -> Decimal | None:
    return None if value is None else rounding.plain_decimal(value, 9)


def worth(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Worth and results of a portfolio's rows; concentration over what is no cash, by its gross value."""
    sums = totals(rows)
    symbols: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["instrument"]["kind"], row["instrument"]["symbol"])
        held = symbols.setdefault(key, dict.fromkeys(_SUMMED, 0))
        for name, of in _SUMMED.items():
            held[name] += row[of] or 0
    gross = sum(abs(held["value_usd_1e9"]) for key, held in symbols.items() if key[1] not in _CASH)
    listed = [
        {"symbol": symbol, "kind": kind, **held, "weight": _weight(symbol, held, gross)}
        for (kind, symbol), held in symbols.items()
    ]
    listed.sort(key=lambda row: (-(row["weight"] or 0), row["symbol"]))
    made = {name: sum(row[name] for row in listed) for name in list(_SUMMED)[2:]}
    return {
        "total_value_usd_1e9": sums["nav_usd_1e9"],
        **made,
        "net_pnl_usd_1e9": made["realized_pnl_usd_1e9"] + made["unrealized_pnl_usd_1e9"] - made["fees_usd_1e9"],
        "concentration": _concentration([row for row in listed if row["weight"]]),
        "symbols": listed,
    }


_SUMMED = {
    "qty_1e8": "qty_1e8",
    "value_usd_1e9": "current_value_usd_1e9",
    "unrealized_pnl_usd_1e9": "unrealized_pnl_usd_1e9",
    "realized_pnl_usd_1e9": "realized_pnl_usd_1e9",
    "fees_usd_1e9": "fees_usd_1e9",
}


def _weight(symbol: str, held: dict[str, Any], gross: int) -> Decimal | None:
    return None if symbol in _CASH else rounding.measured_share(abs(held["value_usd_1e9"]), gross)


def _concentration(rows: list[dict[str, Any]]) -> dict[str, Any]:
    weights = [row["weight"] for row in rows]
    return {
        "top_symbol": rows[0]["symbol"] if rows else None,
        "top_weight": weights[0] if rows else None,
        "top3_weight": sum(weights[:3]) if rows else None,
        "hhi": sum((each * each for each in weights), Decimal(0)).quantize(Decimal("0.000001")) if rows else None,
    }
