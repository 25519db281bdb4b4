"""Pools of decentralised exchanges, and tokens. API: /v1/dex/pools, /v1/tokens/{symbol}.

Their shapes are ours: the hosted service documents neither path, and may answer 404 to both.
"""

from decimal import Decimal

import msgspec

from seqcli.wire.operation import Operation, Query

CHAINS = ("ethereum", "arbitrum", "base", "optimism", "polygon", "solana")
PROTOCOLS = (
    *("uniswap_v2", "uniswap_v3", "curve", "balancer_v2", "aerodrome", "velodrome", "camelot", "raydium_clmm"),
    *("orca", "unknown"),
)


class PoolToken(msgspec.Struct, kw_only=True):
    """One side of a pool: base58 on Solana, else mixed-case hexadecimal; `decimals` of its smallest unit."""

    symbol: str
    address: str
    decimals: int


class Pool(msgspec.Struct, kw_only=True):
    """One pool. `price_1e9` is that of `symbol`'s pair, whatever the order of its tokens; null where it is not known.

    Integers of 128 bits are decimal strings. `sqrt_price_x64` (64.64 fixed point) and `tick` are of the smallest units
    of token1 for one of token0; a v2 pool has no tick. `fee_ppm` in millionths, reserves in smallest units.
    """

    pool_id: str
    chain: str
    address: str
    protocol: str
    pool_type: str
    symbol: str
    token0: PoolToken
    token1: PoolToken
    fee_ppm: int
    price_1e9: int | None
    tvl_usd: Decimal | None
    reserve0: str | None
    reserve1: str | None
    liquidity: str
    sqrt_price_x64: str | None
    tick: int | None
    tick_spacing: int | None
    last_block: int | None
    last_update_ns: int | None
    region: str
    remote: bool


class Pools(msgspec.Struct, kw_only=True):
    """A page."""

    pools: list[Pool]
    total: int
    limit: int
    offset: int
    has_more: bool


class PoolsQuery(Query):
    """`symbol` is a pool's own (ETH-USDC-ARB) or a pair on any chain (ETH-USDC)."""

    symbol: str | None = None
    chain: str | None = None
    protocol: str | None = None
    limit: int | None = None
    offset: int | None = None


class TokenChain(msgspec.Struct, kw_only=True):
    """A token where it is deployed."""

    chain: str
    address: str
    decimals: int


class Token(msgspec.Struct, kw_only=True):
    """An asset: `kind` crypto or fiat; `usd_price_1e9` null where nothing quotes it."""

    symbol: str
    name: str
    kind: str
    decimals: int
    is_stable: bool
    is_usd_pegged: bool
    usd_price_1e9: int | None
    chains: list[TokenChain]
    venues: list[str]
    pool_count: int
    as_of_ns: int


POOLS = Operation(
    name="dex.pools",
    method="GET",
    path="/v1/dex/pools",
    summary="Pools of decentralised exchanges, with price, liquidity and fee",
    query=PoolsQuery,
    reply=Pools,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
TOKEN = Operation(
    name="dex.token",
    method="GET",
    path="/v1/tokens/{symbol}",
    summary="A token: price, chains, venues and pools",
    reply=Token,
    errors=("VALIDATION_ERROR", "NOT_FOUND"),
)
OPERATIONS = (POOLS, TOKEN)
