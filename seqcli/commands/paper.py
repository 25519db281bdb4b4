"""Paper trading's own settings, balances and positions, through the API like everybody's."""

from typing import Annotated

import msgspec
import typer

from seqcli.commands import words
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import sandbox as tables
from seqcli.wire import sandbox
from seqcli.wire.operation import Request

KINDS = ("fiat", "crypto", "perp", "event_contract")
MODELS = ("adversarial", "instant", "none")


def reset(session: Session) -> Result:
    """Cancel everything, wipe positions, seed the default balances again. Fills and history stay."""
    session.default_to_local()
    if not session.options.dry_run:
        session.confirm("Wipe every paper position and cancel every paper order?")
    return session.change(sandbox.RESET, Request(), table=tables.reset)


class Changes(msgspec.Struct):
    """New paper defaults."""

    fill_model: Annotated[
        str | None, typer.Option("--fill-model", metavar="adversarial|instant|none", help="How orders fill.")
    ] = None
    maker_bps: Annotated[str | None, typer.Option("--maker-bps", metavar="N", help="For every venue.")] = None
    taker_bps: Annotated[str | None, typer.Option("--taker-bps", metavar="N", help="For every venue.")] = None
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help="Seed of prices and fills.")] = None
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            metavar="VENUE:ASSET=QTY",
            help="Given at the next reset; * is every venue.",
            show_default=False,
        ),
    ] = None


def settings(session: Session, changes: Changes) -> Result:
    """Show the paper defaults, or change some of them."""
    session.default_to_local()
    change = _change(changes)
    if change == sandbox.SettingsChange():
        return session.read(sandbox.SETTINGS_READ, Request(), table=tables.settings)
    return session.change(sandbox.SETTINGS_WRITE, Request(body=change), table=tables.settings)


class Row(msgspec.Struct):
    """One paper position."""

    venue: Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="Where.")] = None
    kind: Annotated[str | None, typer.Option("--kind", metavar="fiat|crypto|perp|event_contract", help="What.")] = None
    symbol: Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="An asset, or a contract.")] = None
    qty: Annotated[str | None, typer.Option("--qty", metavar="QTY", help="0 deletes the row.")] = None
    entry_price: Annotated[str | None, typer.Option("--entry-price", metavar="USD", help="Average cost.")] = None


File = Annotated[str | None, typer.Argument(metavar="[FILE|-]", help="Rows as JSON.", show_default=False)]
Replace = Annotated[bool, typer.Option("--replace", help="Delete every other row first.")]


def seed(session: Session, row: Row, file: File = None, replace: Replace = False) -> Result:
    """Write paper positions: one by options, or many from a file."""
    session.default_to_local()
    rows = _rows_of(file) if file is not None else [_row(row)]
    body = sandbox.SeedPositions(positions=rows, replace=replace)
    return session.change(sandbox.SEED_POSITIONS, Request(body=body), table=tables.seeded)


def _change(changes: Changes) -> sandbox.SettingsChange:
    maker, taker = changes.maker_bps, changes.taker_bps
    fees = None
    if maker is not None or taker is not None:
        fees = sandbox.FeeOverride(
            maker_bps=None if maker is None else words.count(maker, "--maker-bps", 0, 10_000),
            taker_bps=None if taker is None else words.count(taker, "--taker-bps", 0, 10_000),
        )
    return sandbox.SettingsChange(
        default_balances=[_balance(text) for text in changes.balance] if changes.balance else None,
        fees=fees,
        fill_model=words.optional_one_of(changes.fill_model, MODELS, "a fill model"),
        seed=None if changes.seed is None else words.count(changes.seed, "--seed", 0, (1 << 63) - 1),
    )


def _balance(text: str) -> sandbox.DefaultBalance:
    where, equals, qty = text.partition("=")
    venue, colon, asset = where.partition(":")
    if not (equals and colon and venue and asset):
        raise Usage(f"--balance {text!r} is not VENUE:ASSET=QTY", hint="for example --balance '*:USD=100000'")
    return sandbox.DefaultBalance(
        venue=venue if venue == "*" else words.venue(venue), symbol=asset, qty=words.decimal(qty, "a balance")
    )


def _row(row: Row) -> sandbox.SeedPosition:
    if row.venue is None or row.kind is None or row.symbol is None or row.qty is None:
        raise Usage(
            "a position needs --venue, --kind, --symbol and --qty",
            hint="or a file of them: seq sandbox seed FILE",
        )
    return sandbox.SeedPosition(
        venue=words.venue(row.venue),
        kind=words.one_of(row.kind, KINDS, "a kind"),
        symbol=words.symbol(row.symbol),
        qty=words.decimal(row.qty, "a quantity"),
        entry_price_usd=None if row.entry_price is None else words.decimal(row.entry_price, "a price"),
    )


def _rows_of(file: str) -> list[sandbox.SeedPosition]:
    value = words.json(words.content(file), file)
    found = value.get("positions") if isinstance(value, dict) else value
    rows: list[sandbox.SeedPosition] = words.typed(found, list[sandbox.SeedPosition], file)
    return rows
