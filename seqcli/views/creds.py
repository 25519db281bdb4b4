"""The Sequence key, its profiles, and venue credentials."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import columns, entries, items, names, pairs, scaled, state, text, when


def status(body: Any) -> list[Block]:
    """Which key is in use, where it lives; never the key."""
    rows: list[tuple[str, Cell | str]] = [
        (name.replace("_", " "), _mode(body, name) if name == "mode" else text(body, name))
        for name in body
        if name != "account" and text(body, name)
    ]
    return [Pairs(rows=rows), *account(body.get("account"))]


def account(body: Any) -> list[Block]:
    """What the exchange says of a key, if it was asked."""
    return [Pairs(title="account", rows=pairs(body))] if body else []


def profiles(body: Any) -> list[Block]:
    """A line a profile."""
    fields = ("name", "base_url", "kept", "plaintext", "default")
    rows: list[list[Cell | str]] = [[text(row, name) for name in fields] for row in entries(body, "profiles")]
    return [Grid(columns=columns("PROFILE ADDRESS/2 KEPT_IN PLAINTEXT/1 DEFAULT/3"), rows=rows, empty="no profiles")]


def venues(body: Any) -> list[Block]:
    """Venues with saved credentials."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "venue"),
            state(row),
            text(row, "connected"),
            text(row, "api_key_hint"),
            names(row, "extra_keys"),
            when(row, "updated_ns"),
        ]
        for row in entries(body, "credentials")
    ]
    return [
        Grid(
            columns=columns("VENUE STATUS CONNECTED KEY EXTRA/2 UPDATED/1"),
            rows=rows,
            empty="no venue is connected",
        )
    ]


def keys(body: Any) -> list[Block]:
    """A line a key."""
    rows: list[list[Cell | str]] = [
        [
            text(row, "key_id"),
            text(row, "label"),
            text(row, "role"),
            state(row),
            f"{text(row, 'prefix')}…",
            when(row, "created_ns"),
            when(row, "last_used_ns"),
        ]
        for row in entries(body, "api_keys")
    ]
    return [Grid(columns=columns("KEY LABEL ROLE STATUS TEXT/1 CREATED/2 LAST_USED/3"), rows=rows, empty="no keys")]


def new_key(body: Any) -> list[Block]:
    """A new key, its text included where it is shown."""
    return [Pairs(rows=pairs(body))]


def wallets(body: Any) -> list[Block]:
    """A line a wallet."""
    fields = ("wallet_id", "role")
    rows: list[list[Cell | str]] = [
        [*(text(row, name) for name in fields), state(row), text(row, "can_trade_api")]
        for row in entries(body, "wallets")
    ]
    return [Grid(columns=columns("WALLET ROLE STATUS TRADES"), rows=rows, empty="no wallets")]


def wallet(body: Any) -> list[Block]:
    """One wallet with what is in it, or one withdrawal."""
    blocks: list[Block] = [Pairs(rows=pairs(body, "balances"))]
    if "balances" in body:
        rows: list[list[Cell | str]] = [
            [text(row, "asset"), text(row, "chain"), scaled(row, "qty_1e8"), scaled(row, "value_usd_1e9")]
            for row in items(body, "balances")
        ]
        blocks.append(Grid(columns=columns("ASSET CHAIN/1 >QTY >VALUE(USD)"), rows=rows, empty="empty"))
    return blocks


def _mode(row: Any, name: str) -> Cell:
    word = text(row, name)
    return Cell("LIVE", "bad") if word == "live" else Cell(word)
