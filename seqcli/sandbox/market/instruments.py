"""What can be traded, where, and how its name is written: venues, instruments, the one symbol resolver.

Source: the vendor's edge list (15 ids) and venue table; fees are this project's defaults. What is listed:
`listings`.
"""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

Kind = Literal["spot", "perp", "prediction"]

DEFAULT_FEE_BPS = 10
"""Maker and taker, in basis points, of a venue that has no rate of its own."""


class Venue(msgspec.Struct, frozen=True):
    """One edge. Spot and perp of one exchange are two edges (`binance`, `binance-perp`) but one venue of
    the API: `parent`.

    Fees in basis points of the notional. A prediction venue charges takers `rate × contracts × p × (1 − p)`
    with `prediction_rate_1e9` (1e9 = 100 %); its `taker_bps` is that at p = 0.5. `latency_ns`: one way from
    the sandbox.
    """

    id: str
    region: Literal["NA", "EU", "AP"]
    kinds: tuple[Kind, ...]
    maker_bps: int = DEFAULT_FEE_BPS
    taker_bps: int = DEFAULT_FEE_BPS
    latency_ns: int = 20_000_000
    prediction_rate_1e9: int | None = None
    parent: str = ""


class Instrument(msgspec.Struct, frozen=True):
    """One symbol, wherever it trades. Steps and minima are the smallest over its venues; 0 = unknown.

    Prices 1e9 in `quote`, quantities 1e8 in `base`; `anchor_1e9` is the price round which the synthetic
    market walks (0 for a recorded one).
    """

    symbol: str
    base: str
    quote: str
    kind: Kind
    venues: tuple[str, ...]
    tick_size_1e9: int
    lot_size_1e8: int
    min_qty_1e8: int
    min_notional_1e9: int
    price_precision: int
    qty_precision: int
    anchor_1e9: int = 0


def _perp_edge(parent: str, latency_ms: int) -> Venue:
    return Venue(f"{parent}-perp", "AP", ("perp",), latency_ns=latency_ms * 1_000_000, parent=parent)


def _prediction(name: str) -> Venue:
    return Venue(name, "NA", ("prediction",), 0, 150, 30_000_000, prediction_rate_1e9=30_000_000)


VENUES: dict[str, Venue] = {
    venue.id: venue
    for venue in (
        Venue("binance", "AP", ("spot", "perp"), latency_ns=4_000_000),
        Venue("bybit", "AP", ("spot", "perp"), latency_ns=3_000_000),
        Venue("coinbase", "NA", ("spot",), latency_ns=5_000_000),
        Venue("cryptocom", "AP", ("spot",), latency_ns=8_000_000),
        Venue("dex", "NA", ("spot",), latency_ns=400_000_000),
        Venue("hyperliquid", "NA", ("perp",), latency_ns=70_000_000),
        _prediction("kalshi"),
        Venue("kraken", "EU", ("spot",), 16, 26, 6_000_000),
        Venue("okx", "AP", ("spot", "perp"), latency_ns=3_000_000),
        _prediction("polymarket"),
        Venue("solana", "NA", ("spot",), latency_ns=250_000_000),
        _perp_edge("binance", 4),
        _perp_edge("bybit", 3),
        _perp_edge("okx", 3),
        Venue("bitget", "AP", ("spot",), latency_ns=8_000_000),
    )
}
"""The fifteen edges, in the order in which the vendor's health page lists them."""

VENUE_ALIASES = {"dex_ethereum": "dex"}

_LONGEST = 256
_ALLOWED = re.compile(r"[A-Za-z0-9._:/-]+")
_SLUG_URL = re.compile(r"https://polymarket\.com/event/([A-Za-z0-9._-]+)(?:[/?#].*)?")
_MOST_PARTS = 4
_ASSET = re.compile(r"[A-Za-z0-9]{1,20}")
_QUOTES = frozenset({"USD", "USDT", "USDC", "EUR", "GBP", "BTC", "ETH", "PERP"})


def venue_of(text: str, venues: Iterable[str] = VENUES) -> tuple[str, Kind | None]:
    """The API's venue id for what was written, and the kind of instrument the word implies (None: any).

    `dex_ethereum` → dex; `binance-perp` → (binance, perp). Raises ValueError with the sentence for an
    unknown venue.
    """
    known = set(venues)
    name = text.strip().lower()
    name = VENUE_ALIASES.get(name, name)
    edge = VENUES.get(name)
    if edge is not None and edge.parent:
        return edge.parent, "perp"
    if name in known:
        return name, None
    close = _closest(name, sorted(known), 1)
    also = f"; did you mean {close[0]}?" if close else ""
    raise ValueError(f"unknown venue {text[:64]!r}{also}")


def canonical(text: str, kind: Kind | None = None) -> str:
    """The one spelling of a symbol: pairs in capitals, `/` → `-`, `X-PERP` → `X-USD-PERP`.

    With `kind="perp"` a plain pair names its perp (`BTC-USD` → `BTC-USD-PERP`). Slugs, Kalshi tickers and
    token ids pass as written; a Polymarket event URL is cut down to its slug. A symbol that is well formed
    need not exist. Raises ValueError with the reason for a malformed one.
    """
    url = _SLUG_URL.fullmatch(text)
    if url:
        return url[1]
    if len(text) > _LONGEST or not _ALLOWED.fullmatch(text):
        raise ValueError(_malformed(text))
    parts = text.replace("/", "-").split("-")
    if not all(parts):
        raise ValueError(f"{text[:64]!r} has an empty part; a symbol looks like BTC-USD")
    if not _is_pair(parts):
        return text
    return "-".join(_pair([part.upper() for part in parts], kind))


def _malformed(text: str) -> str:
    if not text:
        return "a symbol is missing; it looks like BTC-USD"
    if len(text) > _LONGEST:
        return f"a symbol has at most {_LONGEST} characters, this one {len(text)}"
    odd = next((letter for letter in text if not _ALLOWED.fullmatch(letter)), "")
    return f"{text[:64]!r} is no symbol: {odd!r} is not one of A-Z a-z 0-9 . _ : / -"


def _is_pair(parts: list[str]) -> bool:
    if not all(_ASSET.fullmatch(part) for part in parts):
        return False
    return len(parts) == 1 or (len(parts) <= _MOST_PARTS and parts[1].upper() in _QUOTES)


def _pair(parts: list[str], kind: Kind | None) -> list[str]:
    match parts:
        case [base, "PERP"]:
            return [base, "USD", "PERP"]
        case [base, quote] if kind == "perp":
            return [base, quote, "PERP"]
    return parts


def nearest(symbol: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` of `names` that look like `symbol`, most alike first: for a "did you mean"."""
    return _closest(symbol.upper(), sorted(names), count)


def _closest(word: str, names: list[str], count: int) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(word, names, count, 0.6)


def venue_symbol(instrument: Instrument, venue: str) -> str:
    """The venue's own spelling: `XBT/USD` on Kraken, `BTCUSDT` on Binance, `BTC-USDT-SWAP` on OKX, …"""
    base, quote, perp = instrument.base, instrument.quote, instrument.kind == "perp"
    if venue == "kraken":
        return f"{'XBT' if base == 'BTC' else base}/{quote}"
    if venue == "okx":
        return f"{base}-{quote}-SWAP" if perp else f"{base}-{quote}"
    if venue == "cryptocom":
        return f"{base}_{quote}"
    if venue == "hyperliquid":
        return base
    if venue in ("binance", "bybit", "bitget"):
        return f"{base}{quote}"
    return instrument.symbol
