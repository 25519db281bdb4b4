"""Wallets that trade on chains: list, show, make, withdraw. API: /v1/wallets."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation, Repeat
from seqcli.wire.submission import Strict

CHAINS = ("ethereum", "arbitrum", "base", "optimism", "polygon")
"""Chains that a withdrawal may name."""


class Wallet(msgspec.Struct, kw_only=True):
    """`role` is trading or connected; `status` provisioning, ready, failed or disabled."""

    wallet_id: str
    address: str
    role: str
    signer_backend: str
    status: str
    can_trade_api: bool


class Trading(Wallet, kw_only=True):
    """The trading wallet with what is in it; a balance is ``{chain, asset, qty_1e8, value_usd_1e9}``."""

    balances: list[dict[str, Any]]
    created_ns: int


class Listing(msgspec.Struct, kw_only=True):
    """Every wallet."""

    wallets: list[Wallet]


class Withdraw(Strict):
    """To a connected wallet of the account. The same `client_withdrawal_id` and body pays once."""

    asset: str
    qty_1e8: int
    chain: str
    to_address: str
    wallet_id: str | None = None
    client_withdrawal_id: str | None = None


class Withdrawal(msgspec.Struct, kw_only=True):
    """`status` is submitted, confirmed or failed."""

    withdrawal_id: str
    wallet_id: str
    asset: str
    chain: str
    qty_1e8: int
    to_address: str
    status: str
    tx_hash: str | None
    client_withdrawal_id: str | None
    created_ns: int


LIST = Operation(name="wallets.list", method="GET", path="/v1/wallets", summary="Wallets", reply=Listing)
TRADING = Operation(
    name="wallets.trading",
    method="GET",
    path="/v1/wallets/trading",
    summary="The trading wallet with its balances",
    reply=Trading,
    errors=("NOT_FOUND",),
)
DEFAULT = Operation(
    name="wallets.default",
    method="GET",
    path="/v1/wallets/default",
    summary="The same as /v1/wallets/trading",
    reply=Trading,
    errors=("NOT_FOUND",),
)
CREATE = Operation(
    name="wallets.create",
    method="POST",
    path="/v1/wallets/trading/create-turnkey",
    summary="Make the trading wallet; one that exists is answered",
    reply=Wallet,
    success=(201, 200),
    access=Access.TRADE,
    body_optional=True,
)
WITHDRAW = Operation(
    name="wallets.withdraw",
    method="POST",
    path="/v1/wallets/withdraw",
    summary="Withdraw to a connected wallet",
    body=Withdraw,
    reply=Withdrawal,
    success=(201, 200),
    errors=("VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
)
OPERATIONS = (LIST, TRADING, DEFAULT, CREATE, WITHDRAW)
