"""Where an order would go, and by which terms venues were ranked."""

from typing import Any

from seqcli.views.analytics import percent
from seqcli.views.blocks import Block, Cell, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, items, scaled, symbol, text

_LEGS = columns("VENUE >QTY >SHARE/1 >AVG_PRICE >FEE(bps)/2 >COST(bps)")
_RANKED = columns("VENUE >PRICE >FEE >LATENCY/3 >FRESHNESS/4 >ADVERSE/5 >REJECT/6 >IMPACT/7 >LANDED_AT/1 PASSED_OVER/2")
_TERMS = ("fee_bps", "latency_bps", "freshness_bps", "adverse_bps", "reject_bps", "impact_bps")


def route(body: Any) -> list[Block]:
    """The parts, what they cost, how venues were ranked, and who was passed over."""
    legs: list[list[Cell | str]] = [
        [
            Cell(text(row, "venue"), "strong"),
            scaled(row, "qty_1e8"),
            percent(row.get("weight")),
            scaled(row, "est_avg_price_1e9"),
            text(row, "fee_bps"),
            text(row, "est_cost_bps"),
        ]
        for row in entries(body, "legs")
    ]
    blocks: list[Block] = [_figures(body), Grid(columns=_LEGS, rows=legs, empty="no venue shows a book of it")]
    if legs:
        blocks.append(ranked(body, "routing_version"))
    left = scaled(body, "left_1e8")
    if legs and left not in ("", "0"):
        blocks.append(Line(Cell(f"the visible books do not hold {left} of it", "warn")))
    return blocks


def ranked(routing: Any, version: str = "version") -> Grid:
    """Every venue: its best price, the terms in basis points, what that lands at. `version` is the key of the version.

    Those with a part come first, those that were no candidates last.
    """
    reasons = {text(row, "venue"): text(row, "reason") for row in items(routing, "rejected")}
    candidates = sorted(items(routing, "candidates"), key=lambda row: text(row, "venue") in reasons)
    names = [text(row, "venue") for row in candidates]
    rows: list[list[Cell | str]] = [
        [
            Cell(name, "" if name in reasons else "strong"),
            scaled(row, "price_1e9"),
            *(text(row, term) for term in _TERMS),
            scaled(row, "landed_price_1e9"),
            reasons.get(name, ""),
        ]
        for name, row in zip(names, candidates, strict=True)
    ]
    rows += [[name, *[""] * (len(_TERMS) + 2), why] for name, why in reasons.items() if name not in names]
    title = f"ranked by version {text(routing, version)}, urgency {text(routing, 'urgency')}, in basis points"
    return Grid(columns=_RANKED, rows=rows, title=title, empty="no candidate")


def _figures(body: Any) -> Pairs:
    single = " at ".join(filter(None, (text(body, "single_venue"), _bps(body, "single_venue_cost_bps"))))
    rows: list[tuple[str, Cell | str]] = [
        ("middle", scaled(body, "mid_1e9")),
        ("expected cost", _bps(body, "est_cost_bps")),
        ("best venue alone", single),
        ("saved by routing", _bps(body, "savings_bps")),
    ]
    words = (text(body, "side"), scaled(body, "qty_1e8"), symbol(body))
    return Pairs(rows=[row for row in rows if row[1]], title=" ".join(filter(None, words)))


def _bps(row: Any, name: str) -> str:
    shown = text(row, name)
    return f"{shown} bps" if shown else ""
