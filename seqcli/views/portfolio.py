"""Holdings: totals, positions, balances."""

from decimal import Decimal
from typing import Any

from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import amount, columns, entries, items, scaled, signed, symbol, text

_POSITIONS = columns("SYMBOL VENUE/3 KIND/8 >QTY >ENTRY/4 >MARK/5 >VALUE_USD/1 >UNREALISED/2 >REALISED/6 >FEES/7")
_BALANCES = columns("VENUE ASSET >HELD >LOCKED/2 >AVAILABLE/1 >VALUE_USD/3")
_CONTRACT = "event_contract"


def show(body: Any) -> list[Block]:
    """Totals, exposure, then every position but untouched cash, then cash in one line an asset."""
    rows = entries(body, "positions")
    blocks: list[Block] = [_totals(body)]
    for name in ("asset", "venue"):
        blocks += _exposed(body, name)
    return [*blocks, _grid([row for row in rows if not _is_cash(row)], "positions"), _cash(rows)]


def history(body: Any) -> list[Block]:
    """A line of net asset value and its figures."""
    known = [row for row in entries(body, "snapshots") if isinstance(row.get("nav_usd_1e9"), int)]
    if not known:
        return [Line("the account's worth is not known at any instant of this range")]
    title = f"net asset value, {text(body, 'range')}, every {text(body, 'interval_secs')} s"
    first, last = known[0], known[-1]
    low, high = (choose(known, key=lambda row: row["nav_usd_1e9"]) for choose in (min, max))
    change = {"nav_usd_1e9": last["nav_usd_1e9"] - first["nav_usd_1e9"]}
    rows: list[tuple[str, Cell | str]] = [
        (name, amount(row, "nav_usd_1e9")) for name, row in (("first", first), ("low", low), ("high", high))
    ]
    rows += [("last", amount(last, "nav_usd_1e9")), ("change", signed(change, "nav_usd_1e9"))]
    rows.append(("points", str(len(known))))
    line = [(row["ts_ns"], row["nav_usd_1e9"]) for row in known]
    return [Chart(title=title, lines={"nav": line}), Pairs(rows=rows)]


def _exposed(body: Any, name: str) -> list[Block]:
    found = (body.get("exposure") or {}).get(f"by_{name}") or []
    rows: list[list[Cell | str]] = [
        [text(row, name), signed(row, "net_usd_1e9"), amount(row, "gross_usd_1e9")] for row in found
    ]
    grid = Grid(columns=columns(f"{name.upper()} >NET_USD >GROSS_USD/1"), rows=rows, title=f"exposure by {name}")
    return [grid] if rows else []


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
    if "pnl_today_usd_1e9" in body:
        known = body["pnl_today_usd_1e9"] is not None
        today = signed(body, "pnl_today_usd_1e9") if known else "unknown"
        rows.insert(1, ("P&L since 00:00 UTC", today))
    if body.get("open_orders") is not None:
        rows.append(("open orders", text(body, "open_orders")))
    rows += _together(body.get("concentration") or {}, entries(body, "positions"))
    if totals.get("unpriced_count"):
        rows.append(("without a price", Cell(text(totals, "unpriced_count"), "warn")))
    return Pairs(rows=rows)


def _percent(share: Any) -> str:
    return f"{format((Decimal(share) * 100).normalize(), 'f')} %"


def _together(found: Any, positions: list[Any]) -> list[tuple[str, Cell | str]]:
    if found.get("top_weight") is None:
        return []
    named = {text(row.get("instrument"), "symbol"): _symbol(row) for row in positions}
    top = f"{_percent(found['top_weight'])} {named.get(text(found, 'top_symbol'), text(found, 'top_symbol'))}"
    return [
        ("largest", top),
        ("three largest", _percent(found["top3_weight"])),
        ("concentration (HHI)", str(found["hhi"])),
    ]


def _grid(rows: list[Any], title: str) -> Grid:
    lives = any(text(row.get("instrument"), "kind") == _CONTRACT for row in rows)
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
            *([_life(row)] if lives else []),
        ]
        for row in rows
    ]
    heads = (*_POSITIONS, *(columns("LIFE/1") if lives else ()))
    return Grid(columns=heads, rows=shown, title=title, empty="no positions")


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
    """What is held; of a contract its market and its outcome, since its token says nothing to people."""
    instrument = row.get("instrument")
    if text(instrument, "kind") == _CONTRACT and text(instrument, "market"):
        return f"{text(instrument, 'market')} {text(instrument, 'outcome')}".strip()
    return symbol(instrument) or text(row, "asset")


def _life(row: Any) -> Cell:
    """Where a contract is in its life: ``active``, ``resolved: redeem it``, ``resolved: lost``, ``redeemed``."""
    life = row.get("lifecycle") or {}
    word = text(life, "state")
    if word == "resolved" and life.get("redeemable") is not None:
        return Cell("resolved: redeem it", "good") if life["redeemable"] else Cell("resolved: lost", "bad")
    return Cell(word)
