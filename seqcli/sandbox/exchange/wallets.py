"""Wallets of an account: a connected one, there from the start, and a trading one, made on request, soon ready.

Addresses follow from the account's id. One balance an asset stands for every chain: chains are not modelled apart.
"""

from hashlib import sha256
from typing import Any

import msgspec

from seqcli.sandbox.exchange.accounts import Account
from seqcli.wire.ethereum import checksummed

VENUE = "dex"
"""Where the trading wallet's money is booked."""
READY_AFTER_NS = 3_000_000_000
"""From made to ready; the vendor promises five seconds."""


class Wallet(msgspec.Struct, kw_only=True):
    """A wallet as the API shows it."""

    wallet_id: str
    address: str
    role: str
    signer_backend: str
    status: str
    can_trade_api: bool


def address_of(client_id: str, role: str) -> str:
    """Twenty bytes of a hash, with the checksum in their letters."""
    return checksummed(sha256(f"wallet/{role}/{client_id}".encode()).hexdigest()[:40])


def connected(account: Account) -> Wallet:
    """The wallet that money came from and may go back to."""
    address = address_of(account.client_id, "connected")
    return Wallet(
        wallet_id=f"connected:{address}",
        address=address,
        role="connected",
        signer_backend="connected",
        status="ready",
        can_trade_api=False,
    )


def trading(account: Account, now_ns: int) -> Wallet | None:
    """The wallet that trades on chains; None before it was made."""
    if account.wallet_since_ns is None:
        return None
    address = address_of(account.client_id, "trading")
    ready = now_ns >= account.wallet_since_ns + READY_AFTER_NS
    return Wallet(
        wallet_id=f"turnkey:{address}",
        address=address,
        role="trading",
        signer_backend="turnkey",
        status="ready" if ready else "provisioning",
        can_trade_api=ready,
    )


def missing(account: Account, execution: dict[str, Any], now_ns: int) -> tuple[str, str] | None:
    """Why an order on a chain can't be signed: the API's reason and a sentence; None when it can."""
    wallet = trading(account, now_ns)
    named = execution.get("wallet_id")
    if wallet is None:
        return "NO_TRADING_WALLET", "no trading wallet; make one with: seq creds wallet create"
    if named not in (None, wallet.wallet_id):
        return "NO_TRADING_WALLET", f"{str(named)[:80]} is no trading wallet of this account"
    if wallet.status != "ready":
        return "TRADING_WALLET_NOT_READY", "the trading wallet is still being made; try again in a few seconds"
    return None
