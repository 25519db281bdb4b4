"""What the synthetic market lists: spot pairs, DEX pairs with a chain, perpetuals; no predictions yet."""

import msgspec

from seqcli.sandbox.market.instruments import Instrument, Kind

UNIT = 1_000_000_000
"""One unit of quote currency, 1e9 fixed point."""


class Asset(msgspec.Struct, frozen=True):
    """A base asset: the price it walks round, how it is written, how wildly it walks.

    `wildness_ppm`: the largest excursion of its slowest octave, in millionths of the anchor; all octaves
    together stay below 3.42 times as much. `level_usd`: the money a venue shows at its best level, on
    average.
    """

    anchor_1e9: int
    price_precision: int
    qty_precision: int
    wildness_ppm: int
    level_usd: int


ASSETS: dict[str, Asset] = {
    "BTC": Asset(75_000 * UNIT, 2, 8, 120_000, 60_000),
    "ETH": Asset(2_500 * UNIT, 2, 8, 150_000, 50_000),
    "SOL": Asset(150 * UNIT, 3, 6, 180_000, 30_000),
    "XRP": Asset(UNIT * 22 // 10, 5, 4, 180_000, 25_000),
    "DOGE": Asset(UNIT * 18 // 100, 6, 2, 190_000, 15_000),
    "ADA": Asset(UNIT * 7 // 10, 5, 4, 190_000, 12_000),
    "AVAX": Asset(24 * UNIT, 3, 6, 190_000, 12_000),
    "LINK": Asset(15 * UNIT, 3, 6, 190_000, 12_000),
    "LTC": Asset(90 * UNIT, 3, 6, 170_000, 12_000),
    "BCH": Asset(420 * UNIT, 2, 6, 170_000, 10_000),
    "DOT": Asset(4 * UNIT, 4, 5, 190_000, 10_000),
    "UNI": Asset(8 * UNIT, 4, 5, 190_000, 8_000),
    "ATOM": Asset(5 * UNIT, 4, 5, 190_000, 8_000),
    "ARB": Asset(UNIT * 4 // 10, 5, 3, 195_000, 8_000),
    "OP": Asset(UNIT * 7 // 10, 5, 3, 195_000, 8_000),
    "SUI": Asset(UNIT * 3, 4, 4, 195_000, 10_000),
    "NEAR": Asset(UNIT * 25 // 10, 4, 4, 195_000, 8_000),
    "AAVE": Asset(250 * UNIT, 2, 6, 190_000, 8_000),
    "SHIB": Asset(12_500, 9, 0, 195_000, 6_000),
    "PEPE": Asset(10_500, 9, 0, 195_000, 6_000),
    "WIF": Asset(UNIT * 9 // 10, 5, 3, 195_000, 5_000),
    "BONK": Asset(18_000, 9, 0, 195_000, 5_000),
    "JUP": Asset(UNIT * 5 // 10, 5, 3, 195_000, 5_000),
    "AERO": Asset(UNIT * 8 // 10, 5, 3, 195_000, 5_000),
    "USDC": Asset(UNIT, 5, 4, 300, 150_000),
    "USDT": Asset(UNIT, 5, 4, 300, 150_000),
}

_MAJORS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "AVAX", "LINK", "LTC", "BCH")
_OTHERS = ("DOT", "UNI", "ATOM", "ARB", "OP", "SUI", "NEAR", "AAVE", "SHIB", "PEPE")
_PERPS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "AVAX", "LINK", "ARB", "OP", "SUI")
_ON_CHAIN = (
    *("ETH-USDC-ARB", "ETH-USDC-BASE", "ETH-USDC-ETH", "ETH-USDC-OP", "ETH-USDT-ETH", "BTC-USDC-ARB"),
    *("ARB-USDC-ARB", "OP-USDC-OP", "AERO-USDC-BASE", "UNI-USDC-ETH", "LINK-USDC-ETH", "AAVE-USDC-ETH"),
)

_USD = ("binance", "coinbase", "cryptocom", "kraken")
_USDT = ("binance", "bitget", "bybit", "cryptocom", "kraken", "okx")
_USDC = ("binance", "bybit", "coinbase", "kraken", "okx")
_PERP_VENUES = ("binance", "bybit", "hyperliquid", "okx")


def listed() -> dict[str, Instrument]:
    """Every instrument of the synthetic market by its canonical symbol."""
    pairs = [
        *(_instrument(f"{base}-USD", _USD) for base in (*_MAJORS, *_OTHERS, "USDT", "USDC")),
        *(_instrument(f"{base}-USDT", _USDT) for base in (*_MAJORS, *_OTHERS)),
        *(_instrument(f"{base}-USDC", _USDC) for base in _MAJORS if base != "SOL"),
        _instrument("SOL-USDC", (*_USDC, "solana")),
        *(_instrument(f"{base}-USDC", ("solana",)) for base in ("JUP", "WIF", "BONK")),
        *(_instrument(symbol, ("dex",)) for symbol in _ON_CHAIN),
        *(_instrument(f"{base}-USD-PERP", _PERP_VENUES, "perp") for base in _PERPS),
    ]
    return {instrument.symbol: instrument for instrument in pairs}


def _instrument(symbol: str, venues: tuple[str, ...], kind: Kind = "spot") -> Instrument:
    base, quote = symbol.split("-")[:2]
    asset = ASSETS[base]
    lot = 10 ** (8 - asset.qty_precision)
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        kind=kind,
        venues=venues,
        tick_size_1e9=10 ** (9 - asset.price_precision),
        lot_size_1e8=lot,
        min_qty_1e8=max(lot, _smallest(asset.anchor_1e9)),
        min_notional_1e9=5 * UNIT,
        price_precision=asset.price_precision,
        qty_precision=asset.qty_precision,
        anchor_1e9=asset.anchor_1e9,
    )


def _smallest(anchor_1e9: int) -> int:
    """The power of ten, as a quantity 1e8, that is worth up to one unit of quote currency at the anchor."""
    quantity = 1
    while quantity * 10 * anchor_1e9 <= UNIT * 10**8:
        quantity *= 10
    return quantity
