"""Assets of the market: their names, their dollar prices, and where they are."""

from collections.abc import Mapping, Sequence

from seqcli.sandbox.market.bars import mid
from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.market.pools import STABLE, Deployed, decimals_of, deployments, holds
from seqcli.wire.dex import Token

_UNIT = 1_000_000_000
_DOLLARS = ("USD", "USDC", "USDT")
_NAMES = {
    "BTC": "Bitcoin",
    "ETH": "Ether",
    "SOL": "Solana",
    "DOGE": "Dogecoin",
    "ADA": "Cardano",
    "AVAX": "Avalanche",
    "LINK": "Chainlink",
    "LTC": "Litecoin",
    "BCH": "Bitcoin Cash",
    "DOT": "Polkadot",
    "UNI": "Uniswap",
    "ATOM": "Cosmos",
    "ARB": "Arbitrum",
    "OP": "Optimism",
    "AAVE": "Aave",
    "SHIB": "Shiba Inu",
    "PEPE": "Pepe",
    "WIF": "dogwifhat",
    "BONK": "Bonk",
    "JUP": "Jupiter",
    "AERO": "Aerodrome",
    "USDC": "USD Coin",
    "USDT": "Tether USD",
    "USD": "US dollar",
}


def token(market: Market, asset: str, pools: Sequence[Deployed], now_ns: int) -> Token | None:
    """An asset that something trades, else None."""
    trading = [row for row in market.instruments().values() if asset in (row.base, row.quote)]
    if not trading:
        return None
    fiat = asset == "USD"
    return Token(
        symbol=asset,
        name=_NAMES.get(asset, asset),
        kind="fiat" if fiat else "crypto",
        decimals=2 if fiat else decimals_of(asset),
        is_stable=asset in STABLE,
        is_usd_pegged=fiat or asset in STABLE,
        usd_price_1e9=_UNIT if fiat else _price(market, asset, trading, now_ns),
        chains=deployments(pools, asset),
        venues=sorted({venue for row in trading for venue in row.venues}),
        pool_count=sum(holds(row, asset) for row in pools),
        as_of_ns=now_ns,
    )


def _price(market: Market, asset: str, trading: Sequence[Instrument], now_ns: int) -> int | None:
    """The middle of its first dollar pair with both sides: USD before the coins, exchanges before chains."""
    spot = {row.symbol: row for row in trading if row.kind == "spot" and row.base == asset and row.quote in _DOLLARS}
    for row in _ranked(spot):
        price = mid(market, row.symbol, row.venues, now_ns)
        if price is not None:
            return price
    return None


def _ranked(spot: Mapping[str, Instrument]) -> list[Instrument]:
    return sorted(spot.values(), key=lambda row: (row.symbol.count("-"), _DOLLARS.index(row.quote), row.symbol))
