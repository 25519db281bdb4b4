"""Pools of the market's on-chain venues: which there are, and how each stands at a price.

Every pool of a symbol has the price of its venue's quote at the same instant; only fee, depth and form differ. A pool's
liquidity L never changes, so its reserves follow the price as those of a real one do: x·y = L² for a whole-range (v2)
pool, the range formulas for a concentrated (v3) one, whose liquidity lies between a quarter and four times the price
that the symbol walks round. All integers; square roots are rounded down.

Every address is made up, from the hash of a name: nothing stands there on a real chain.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from functools import cache
from hashlib import sha256
from math import isqrt

import msgspec

from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.instruments import Instrument
from seqcli.sandbox.rounding import mid_price, plain_decimal
from seqcli.wire.dex import Pool, PoolToken, TokenChain
from seqcli.wire.ethereum import checksummed

ON_CHAIN = ("dex", "solana")
"""Venues whose instruments have pools."""
STABLE = frozenset({"USDC", "USDT"})
_CHAIN_OF = {"ARB": "arbitrum", "BASE": "base", "ETH": "ethereum", "OP": "optimism"}
_BLOCK_NS = {
    "ethereum": 12_000_000_000,
    "arbitrum": 250_000_000,
    "base": 2_000_000_000,
    "optimism": 2_000_000_000,
    "solana": 400_000_000,
}
_GENESIS_NS = 1_500_000_000_000_000_000
_DECIMALS = {"BTC": 8, "USDC": 6, "USDT": 6, "SOL": 9, "JUP": 6, "WIF": 6, "BONK": 5}
_USUAL_DECIMALS = 18
_WRAPPED = {"ETH": "WETH", "BTC": "WBTC"}
_Kind = tuple[str, str, int, int | None, int]
_UNISWAP: tuple[_Kind, ...] = (("uniswap_v3", "v3", 500, 10, 12_000_000), ("uniswap_v3", "v3", 3_000, 60, 4_000_000))
_KINDS: dict[str, tuple[_Kind, ...]] = {
    "ethereum": (*_UNISWAP, ("uniswap_v2", "v2", 3_000, None, 6_000_000), ("balancer_v2", "v2", 1_000, None, 900_000)),
    "arbitrum": (*_UNISWAP, ("camelot", "v2", 3_000, None, 800_000)),
    "base": (*_UNISWAP, ("aerodrome", "v2", 3_000, None, 2_500_000)),
    "optimism": (*_UNISWAP, ("velodrome", "v2", 3_000, None, 1_200_000)),
    "solana": (("orca", "v3", 3_000, 64, 5_000_000), ("raydium_clmm", "v3", 2_500, 60, 3_000_000)),
}
"""By chain: protocol, form, fee in millionths, tick spacing, and the money in the pool at the symbol's own price."""
_EXACT = Context(prec=60)
_LOG_STEP = Decimal("1.0001").ln(_EXACT)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Deployed(msgspec.Struct, frozen=True):
    """A pool without its state.

    `flipped`: the quote asset is token0. `low` and `high`: the square roots, 64.64, between which its liquidity lies;
    None = everywhere.
    """

    symbol: str
    venue: str
    chain: str
    address: str
    protocol: str
    pool_type: str
    fee_ppm: int
    tick_spacing: int | None
    token0: PoolToken
    token1: PoolToken
    flipped: bool
    liquidity: int
    low: int | None
    high: int | None


def deployed(instruments: Mapping[str, Instrument]) -> list[Deployed]:
    """Every pool, by chain, symbol and fee."""
    rows = [
        _pool(instrument, venue, kind)
        for instrument in instruments.values()
        for venue in instrument.venues
        if venue in ON_CHAIN and instrument.kind == "spot" and instrument.anchor_1e9
        for kind in _KINDS[_chain(instrument, venue)]
    ]
    return sorted(rows, key=lambda row: (row.chain, row.symbol, row.fee_ppm, row.protocol))


def states(market: Market, rows: Iterable[Deployed], region: str, now_ns: int) -> Iterator[Pool]:
    """Each pool at the price of its venue; without one where the venue is not reached."""
    for row in rows:
        top = market.best(row.symbol, now_ns).get(row.venue)
        known = top is not None and top.bid_1e9 and top.ask_1e9
        price = mid_price(top.bid_1e9, top.ask_1e9) if known and top else None
        yield _state(row, price, top.ts_ns if known and top else None, region)


def deployments(rows: Iterable[Deployed], asset: str) -> list[TokenChain]:
    """Where an asset is deployed: once a chain."""
    names = (asset, _WRAPPED.get(asset, asset))
    found = {
        row.chain: TokenChain(chain=row.chain, address=token.address, decimals=token.decimals)
        for row in rows
        for token in (row.token0, row.token1)
        if token.symbol in names
    }
    return [found[chain] for chain in sorted(found)]


def holds(row: Deployed, asset: str) -> bool:
    """Whether an asset is one of a pool's two."""
    return asset in row.symbol.split("-")[:2]


def plain_asset(text: str) -> str:
    """The asset of a token's name: WETH → ETH."""
    name = text.upper()
    return next((asset for asset, wrapped in _WRAPPED.items() if wrapped == name), name)


def decimals_of(asset: str) -> int:
    """Decimals of an asset's smallest unit."""
    return _DECIMALS.get(asset, _USUAL_DECIMALS)


# -- what a pool is made of ------------------------------------------------------------------------------------------


def _chain(instrument: Instrument, venue: str) -> str:
    return "solana" if venue == "solana" else _CHAIN_OF[instrument.symbol.rpartition("-")[2]]


def _pool(instrument: Instrument, venue: str, kind: _Kind) -> Deployed:
    protocol, pool_type, fee_ppm, spacing, tvl_usd = kind
    chain = _chain(instrument, venue)
    base, quote = _token(chain, instrument.base), _token(chain, instrument.quote)
    flipped = _bytes_of(chain, quote.symbol) < _bytes_of(chain, base.symbol)
    token0, token1 = (quote, base) if flipped else (base, quote)
    root = _root(instrument.anchor_1e9, token0, token1, flipped=flipped)
    money = tvl_usd * 10**quote.decimals
    whole = (money * root >> 64) if flipped else (money << 64) // root
    ranged = pool_type == "v3"
    return Deployed(
        symbol=instrument.symbol,
        venue=venue,
        chain=chain,
        address=_address(chain, f"{instrument.symbol} {protocol} {fee_ppm}"),
        protocol=protocol,
        pool_type=pool_type,
        fee_ppm=fee_ppm,
        tick_spacing=spacing,
        token0=token0,
        token1=token1,
        flipped=flipped,
        liquidity=whole if ranged else whole // 2,
        low=root // 2 if ranged else None,
        high=root * 2 if ranged else None,
    )


def _token(chain: str, asset: str) -> PoolToken:
    name = asset if chain == "solana" else _WRAPPED.get(asset, asset)
    return PoolToken(symbol=name, address=_address(chain, name), decimals=decimals_of(asset))


def _bytes_of(chain: str, name: str) -> bytes:
    """The account or contract of a name, as its chain orders them."""
    found = sha256(f"seqcli sandbox {chain} {name}".encode()).digest()
    return found if chain == "solana" else found[-20:]


@cache
def _address(chain: str, name: str) -> str:
    found = _bytes_of(chain, name)
    return _base58(found) if chain == "solana" else checksummed(found.hex())


def _base58(content: bytes) -> str:
    number, text = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + text


# -- how it stands at a price ----------------------------------------------------------------------------------------


def _raw_price(price_1e9: int, token0: PoolToken, token1: PoolToken, *, flipped: bool) -> tuple[int, int]:
    """Smallest units of token1 for one of token0, as a fraction."""
    over, under = (10**9, price_1e9) if flipped else (price_1e9, 10**9)
    return over * 10**token1.decimals, under * 10**token0.decimals


def _root(price_1e9: int, token0: PoolToken, token1: PoolToken, *, flipped: bool) -> int:
    over, under = _raw_price(price_1e9, token0, token1, flipped=flipped)
    return isqrt((over << 128) // under)


def _tick(price_1e9: int, row: Deployed) -> int:
    """The last n with 1.0001ⁿ ≤ the raw price."""
    over, under = _raw_price(price_1e9, row.token0, row.token1, flipped=row.flipped)
    log = _EXACT.divide(_EXACT.ln(_EXACT.divide(Decimal(over), Decimal(under))), _LOG_STEP)
    return int(log.to_integral_value(ROUND_FLOOR))


def _reserves(row: Deployed, root: int) -> tuple[int, int]:
    """Smallest units of token0 and of token1 in the pool while the root of its price is `root`."""
    liquidity = row.liquidity
    if row.low is None or row.high is None:
        return (liquidity << 64) // root, liquidity * root >> 64
    at = min(max(root, row.low), row.high)
    return (liquidity * (row.high - at) << 64) // (at * row.high), liquidity * (at - row.low) >> 64


def _worth(row: Deployed, reserves: tuple[int, int], price_1e9: int) -> Decimal:
    """Both reserves in the quote asset, to the cent; a dollar coin is a dollar."""
    base, quote = (row.token1, row.token0) if row.flipped else (row.token0, row.token1)
    held, cash = reversed(reserves) if row.flipped else reserves
    cents = 100 * (held * price_1e9 // 10 ** (9 + base.decimals - quote.decimals) + cash) // 10**quote.decimals
    return plain_decimal(cents, 2)


def _state(row: Deployed, price_1e9: int | None, ts_ns: int | None, region: str) -> Pool:
    root = None if price_1e9 is None else _root(price_1e9, row.token0, row.token1, flipped=row.flipped)
    reserves = None if root is None else _reserves(row, root)
    return Pool(
        pool_id=f"{row.chain}:{row.address}",
        chain=row.chain,
        address=row.address,
        protocol=row.protocol,
        pool_type=row.pool_type,
        symbol=row.symbol,
        token0=row.token0,
        token1=row.token1,
        fee_ppm=row.fee_ppm,
        price_1e9=price_1e9,
        tvl_usd=None if reserves is None or price_1e9 is None else _worth(row, reserves, price_1e9),
        reserve0=None if reserves is None else str(reserves[0]),
        reserve1=None if reserves is None else str(reserves[1]),
        liquidity=str(row.liquidity),
        sqrt_price_x64=None if root is None else str(root),
        tick=None if price_1e9 is None or row.tick_spacing is None else _tick(price_1e9, row),
        tick_spacing=row.tick_spacing,
        last_block=None if ts_ns is None else (ts_ns - _GENESIS_NS) // _BLOCK_NS[row.chain],
        last_update_ns=ts_ns,
        region=region,
        remote=False,
    )
