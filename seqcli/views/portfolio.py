"""Holdings: totals, positions, balances."""

from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Pairs
from seqcli.views.cells import amount, columns, entries, items, scaled, signed, text

_POSITIONS = columns("SYMBOL VENUE/3 KIND/8 >QTY >ENTRY/4 >MARK/5 >VALUE_USD/1 >UNREALISED/2 >REALISED/6 >FEES/7")
_BALANCES = columns("VENUE ASSET >HELD >LOCKED/2 >AVAILABLE/1 >VALUE_USD/3")


def show(body: Any) -> list[Block]:
    """Totals, then every position but untouched cash, then cash in one line an asset."""
    moved = [row for row in entries(body, "positions") if not _is_cash(row)]
    return [_totals(body), _grid(moved, "positions"), _cash(entries(body, "positions"))]


def positions(body: Any) -> list[Block]:
    """Every row."""
    return [_grid(entries(body, "positions"), "")]


def balances(body: Any) -> list[Block]:
    """Cash and crypto by venue."""
    rows: list[list[Cell | str]] = []
    for row in entries(body, "positions" if "positions" in body else "balances"):
        numbers = ("qty_1e8", "locked_qty_1e8", "available_qty_1e8", "current_value_usd_1e9")
        rows.append([text(row, "venue"), _symbol(row), *(scaled(row, name) for name in numbers)])
    return [Grid(columns=_BALANCES, rows=rows, empty="no balances")]


def sync(body: Any) -> list[Block]:
    """Which venues were reconciled."""
    rows: list[tuple[str, Cell | str]] = [
        ("synced", ", ".join(body["synced"])),
        ("failed", ", ".join(f"{text(row, 'venue')}: {text(row, 'error')}" for row in items(body, "failed"))),
        ("changed rows", text(body, "changed_rows")),
    ]
    return [Pairs(rows=rows)]


def _totals(body: Any) -> Pairs:
    totals = body.get("totals") or {}
    plain = (("net asset value", "nav_usd_1e9"), ("cash", "cash_usd_1e9"), ("crypto", "crypto_usd_1e9"))
    rows: list[tuple[str, Cell | str]] = [(title, amount(totals, name)) for title, name in plain]
    for title, name in (
        ("unrealised P&L", "unrealized_pnl_usd_1e9"),
        ("realised P&L", "realized_pnl_usd_1e9"),
    ):
        rows.append((title, signed(totals, name)))
    rows.append(("fees", amount(totals, "fees_usd_1e9")))
    for title, name in (("event contracts", "event_contract_usd_1e9"), ("locked", "locked_usd_1e9")):
        rows += [(title, amount(totals, name))] if totals.get(name) else []
    if totals.get("unpriced_count"):
        rows.append(("without a price", Cell(text(totals, "unpriced_count"), "warn")))
    return Pairs(rows=rows)


def _grid(rows: list[Any], title: str) -> Grid:
    shown: list[list[Cell | str]] = [
        [
            Cell(_symbol(row), "strong"),
            text(row, "venue"),
            text(row.get("instrument"), "kind"),
            *(scaled(row, name) for name in ("qty_1e8", "entry_price_usd_1e9", "current_price_usd_1e9")),
            scaled(row, "current_value_usd_1e9"),
            signed(row, "unrealized_pnl_usd_1e9"),
            signed(row, "realized_pnl_usd_1e9"),
            scaled(row, "fees_usd_1e9"),
        ]
        for row in rows
    ]
    return Grid(columns=_POSITIONS, rows=shown, title=title, empty="no positions")


def _cash(rows: list[Any]) -> Grid:
    by_asset: dict[str, list[int]] = {}
    for row in rows:
        if _is_cash(row):
            sums = by_asset.setdefault(_symbol(row), [0, 0, 0])
            sums[0] += 1
            sums[1] += row.get("qty_1e8") or 0
            sums[2] += row.get("locked_qty_1e8") or 0
    lines: list[list[Cell | str]] = [
        [asset, str(venues), scaled({"q_1e8": held}, "q_1e8"), scaled({"q_1e8": locked}, "q_1e8")]
        for asset, (venues, held, locked) in sorted(by_asset.items())
    ]
    return Grid(columns=columns("CASH >VENUES/1 >HELD >LOCKED/2"), rows=lines, title="cash", empty="no cash")


def _is_cash(row: Any) -> bool:
    instrument = row.get("instrument") or {}
    return instrument.get("kind") == "fiat" or bool(instrument.get("is_stable"))


def _symbol(row: Any) -> str:
    return text(row.get("instrument"), "symbol") or text(row, "asset")
