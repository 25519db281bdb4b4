"""Quotes: the NBBO, each venue's touch, the merged book."""

from decimal import Decimal
from typing import Any

from seqcli.views.blocks import Block, Cell, Grid, Line
from seqcli.views.cells import columns, entries, text

_TOUCH = columns("VENUE >BID >ASK >BID_SIZE/2 >ASK_SIZE/2 >AGE(ms)/1")


def one(body: Any) -> list[Block]:
    """One symbol: NBBO, venues best bid first, then the book if it was asked for."""
    blocks: list[Block] = [_best([body | {"nbbo": body["nbbo"]}])]
    venues = body.get("venues") or {}
    ranked = sorted(venues.items(), key=lambda pair: _number(pair[1].get("bid")), reverse=True)
    fields = ("bid", "ask", "bid_size", "ask_size", "age_ms")
    rows: list[list[Cell | str]] = [[name, *(text(touch, field) for field in fields)] for name, touch in ranked]
    blocks.append(Grid(columns=_TOUCH, rows=rows, empty="no venue quotes it"))
    if body.get("source") not in {"edge_nbbo", None}:
        blocks.append(Line(Cell(f"source: {text(body, 'source')}", "warn")))
    return blocks


def with_book(body: Any) -> list[Block]:
    """`one`, and the merged book below it."""
    book = body.get("book") or {}
    sides = [book.get(name) or [] for name in ("bids", "asks")]
    rows: list[list[Cell | str]] = []
    for place in range(max(map(len, sides), default=0)):
        bid, ask = (side[place] if place < len(side) else ["", ""] for side in sides)
        rows.append([_plain(bid[1]), Cell(_plain(bid[0]), "good"), Cell(_plain(ask[0]), "bad"), _plain(ask[1])])
    return [*one(body), Grid(columns=columns(">BID_SIZE >BID >ASK >ASK_SIZE"), rows=rows, empty="no book")]


def many(body: Any) -> list[Block]:
    """Several symbols, a line each."""
    return [_best(entries(body, "quotes"))]


def _best(rows: list[Any]) -> Grid:
    shown: list[list[Cell | str]] = []
    for row in rows:
        best = row.get("nbbo") or {}
        cells: list[Cell | str] = [
            Cell(text(best, "bid"), "good"),
            Cell(text(best, "ask"), "bad"),
            text(best, "mid"),
            text(best, "spread_bps"),
        ]
        shown.append([Cell(text(row, "symbol"), "strong"), *cells, text(row, "error") or text(row, "source")])
    return Grid(columns=columns("NBBO >BID >ASK >MID/2 >SPREAD(bps)/1 SOURCE/3"), rows=shown)


def _number(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _plain(value: Any) -> str:
    return text({"": value}, "")
