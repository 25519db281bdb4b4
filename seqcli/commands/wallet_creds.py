"""`seq creds wallet`: the wallet that trades on chains. A withdrawal asks, shows everything, and is sent once."""

from typing import Annotated

import typer

from seqcli import units
from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import creds as tables
from seqcli.wire import ethereum, wallets
from seqcli.wire.operation import Request

command = Noun(
    "wallet",
    "Wallets that trade on chains.",
    alone=("list",),
    examples=("seq --local creds wallet list",),
)

Asset = Annotated[str, typer.Argument(metavar="ASSET", help="Such as USDC.", show_default=False)]
Quantity = Annotated[str, typer.Argument(metavar="QTY", help="How much of it.", show_default=False)]
To = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="A connected wallet of the account.")]
Chain = Annotated[str, typer.Option("--chain", metavar="CHAIN", help="Such as arbitrum.")]
WalletId = Annotated[str | None, typer.Option("--wallet", metavar="ID", help="From; else the trading wallet.")]
Once = Annotated[str | None, typer.Option("--id", metavar="ID", help="Names the withdrawal: the same id pays once.")]


@command.verb("list", "seq --local creds wallet list")
def listed(session: Session) -> Result:
    """Every wallet, its role and whether it can trade."""
    return session.read(wallets.LIST, Request(), items="wallets", ids="wallet_id", table=tables.wallets)


@command.verb("show", "seq creds wallet show")
def show(session: Session) -> Result:
    """The trading wallet with its balances."""
    return session.read(wallets.TRADING, Request(), ids="wallet_id", table=tables.wallet)


@command.verb("create", "seq --local creds wallet create")
def create(session: Session) -> Result:
    """Make the trading wallet; one that exists is shown. It is ready within seconds."""
    return session.change(wallets.CREATE, Request(), ids="wallet_id", table=tables.wallet)


@command.verb(
    "withdraw",
    "seq creds wallet withdraw USDC 100 --to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed --chain arbitrum --dry-run",
)
def withdraw(
    session: Session,
    asset: Asset,
    qty: Quantity,
    *,
    to: To,
    chain: Chain,
    wallet: WalletId = None,
    once: Once = None,
) -> Result:
    """Withdraw to a connected wallet. Asks first, and is never sent a second time by itself."""
    amount = units.parse_scaled(qty, units.Quantity.digits, "QTY")
    if amount <= 0:
        raise Usage(f"QTY {qty}: more than 0 is wanted")
    fault = ethereum.fault_of(to)
    if fault:
        raise Usage(f"--to {to[:64]!a}: {fault}")
    name = words.identity(once) if once else session.new_id()
    body = wallets.Withdraw(
        asset=words.symbol(asset).upper(),
        qty_1e8=amount,
        chain=words.one_of(chain, wallets.CHAINS, "a chain"),
        to_address=to,
        wallet_id=wallet,
        client_withdrawal_id=name,
    )
    request = Request(body=body)
    if session.options.dry_run:
        return session.planned((wallets.WITHDRAW, request))
    session.confirm(
        f"Withdraw {units.decimal_text(amount, 8)} {body.asset} on {body.chain} to {to}?",
        [f"  from  {wallet or 'the trading wallet'}", f"  id    {name}"],
    )
    look = f"the same words with --id {name} ask again and pay once"
    return session.seen(
        session.changed(wallets.WITHDRAW, request, look=look).body, ids="withdrawal_id", table=tables.wallet
    )
