"""Wallets: shown, made, emptied. Money goes to a connected wallet of the same account only."""

from typing import Any

from seqcli.sandbox.analysis.portfolio import Portfolio
from seqcli.sandbox.exchange import ledger
from seqcli.sandbox.exchange.accounts import Account
from seqcli.sandbox.exchange.execution import ordered_id
from seqcli.sandbox.exchange.wallets import VENUE, Wallet, connected, trading
from seqcli.sandbox.serving import Answer, Box, Call, Problem, conflict, invalid, not_found, serves
from seqcli.wire import ethereum, wallets

_SAME = ("wallet_id", "asset", "chain", "qty_1e8", "to_address")


@serves(wallets.LIST)
def show_all(box: Box, call: Call) -> dict[str, Any]:
    """The trading wallet, if it was made, and the connected one."""
    account = _account(box, call)
    made = trading(account, call.now_ns)
    return {"wallets": [*([made] if made else []), connected(account)]}


@serves(wallets.TRADING)
def show(box: Box, call: Call) -> wallets.Trading:
    """The trading wallet with its balances."""
    account = _account(box, call)
    wallet = _trading(account, call)
    rows = Portfolio(box.exchange, account, call.now_ns).rows(venues=[VENUE])
    balances = [
        {
            "chain": "any",
            "asset": row["instrument"]["symbol"],
            "qty_1e8": row["qty_1e8"],
            "value_usd_1e9": row["current_value_usd_1e9"],
        }
        for row in rows
    ]
    return wallets.Trading(
        wallet_id=wallet.wallet_id,
        address=wallet.address,
        role=wallet.role,
        signer_backend=wallet.signer_backend,
        status=wallet.status,
        can_trade_api=wallet.can_trade_api,
        balances=balances,
        created_ns=account.wallet_since_ns or 0,
    )


@serves(wallets.DEFAULT)
def show_default(box: Box, call: Call) -> wallets.Trading:
    """The same at its other path."""
    return show(box, call)


@serves(wallets.CREATE)
def create(box: Box, call: Call) -> Answer:
    """201 with a new wallet, 200 with the one there is."""
    made = box.exchange.make_wallet(call.caller.client_id, call.now_ns)
    return Answer(_trading(_account(box, call), call), status=201 if made else 200)


@serves(wallets.WITHDRAW)
def withdraw(box: Box, call: Call) -> Answer:
    """Pay out, once for an id of the client's."""
    account, body = _account(box, call), call.body
    wallet = _trading(account, call)
    wanted = {name: getattr(body, name) for name in _SAME} | {"wallet_id": body.wallet_id or wallet.wallet_id}
    wanted["asset"] = body.asset.upper()
    earlier = _earlier(account, body.client_withdrawal_id, wanted)
    if earlier is not None:
        return Answer(earlier, status=200)
    _check(account, wallet, wanted)
    row = wanted | {
        "withdrawal_id": f"wd_{ordered_id(call.now_ns, len(account.withdrawals) + 1)}",
        "status": "submitted",
        "tx_hash": None,
        "client_withdrawal_id": body.client_withdrawal_id,
        "created_ns": call.now_ns,
    }
    box.exchange.withdraw(call.caller.client_id, VENUE, row, call.now_ns)
    return Answer(row, status=201)


def _account(box: Box, call: Call) -> Account:
    return box.exchange.account(call.caller.client_id, call.now_ns)


def _trading(account: Account, call: Call) -> Wallet:
    wallet = trading(account, call.now_ns)
    if wallet is None:
        raise not_found("wallet", "trading")
    return wallet


def _earlier(account: Account, name: str | None, wanted: dict[str, Any]) -> dict[str, Any] | None:
    row = next((row for row in account.withdrawals if name and row["client_withdrawal_id"] == name), None)
    if row is not None and any(row[field] != value for field, value in wanted.items()):
        raise conflict("client_withdrawal_id", "used with different parameters")
    return row


def _check(account: Account, wallet: Wallet, wanted: dict[str, Any]) -> None:
    bad = []
    fault = ethereum.fault_of(wanted["to_address"])
    if fault:
        bad.append(("to_address", fault))
    if wanted["chain"].lower() not in wallets.CHAINS:
        bad.append(("chain", f"must be one of {', '.join(wallets.CHAINS)}"))
    if wanted["qty_1e8"] <= 0:
        bad.append(("qty_1e8", "must be positive"))
    if wanted["wallet_id"] != wallet.wallet_id:
        bad.append(("wallet_id", "is no trading wallet of this account"))
    if bad:
        raise invalid(*bad)
    if wanted["to_address"].lower() != connected(account).address.lower():
        raise Problem("FORBIDDEN", "forbidden: to_address: not a connected wallet of this account")
    if ledger.available(account, VENUE, wanted["asset"]) <= 0:
        raise invalid(("asset", f"the wallet holds no {wanted['asset'][:20]}"))
