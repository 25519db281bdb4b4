"""The book as a ladder, the cost of size, and how venues behave."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any

from seqcli.views.analytics import percent, thousandths
from seqcli.views.blocks import Block, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, required, scaled, text

_LADDER = columns("SIDE >PRICE >SIZE >TOTAL/1 =DEPTH/2")
_VENUES = columns("VENUE >SHARE >SPREAD(bps) REGIME/1 >TOXICITY/2 >BOOKS_A_TRADE/3")
_CURVE = columns(">SIZE(USD) >QTY/2 >AVERAGE >SLIPPAGE(bps) FILLABLE/1")
_DEPTH = columns("VENUE >BID >ASK >BID_DEPTH/2 >ASK_DEPTH/2 =HELD/3")
_MOODS = {"ask": "bad", "bid": "good"}
_Levels = list[tuple[Decimal, Decimal]]


# -- the ladder ------------------------------------------------------------------------------------------------------


def book(body: Any, venue: str | None = None) -> list[Block]:
    """Asks above bids, the best ones meeting; totals from there outwards, and how much that is as a bar."""
    found = body if venue is None else (body.get("venues") or {}).get(venue) or {}
    bids, asks = (_levels(found.get(side)) for side in ("bids", "asks"))
    title = required(body, "symbol") + ("" if venue is None else f"  {venue}")
    rows = _ladder(bids, asks)
    if bids and asks:
        gap = _aligned([asks[0][0] - bids[0][0], *(price for price, _ in (*bids, *asks))])[0]
        rows.insert(len(asks), ["", Cell(gap, "dim"), Cell("spread", "dim"), "", ""])
    meeting = min(len(asks), len(rows) - 1) if rows else None
    return [_figures(title, bids, asks), Grid(columns=_LADDER, rows=rows, empty="no book", around=meeting)]


def _levels(side: Any) -> _Levels:
    """Prices and sizes. Raises TypeError or ValueError for what is no list of them."""
    found = []
    for price, size in side or []:
        if not isinstance(price, int | Decimal) or not isinstance(size, int | Decimal):
            raise TypeError("a level is a price and a size")
        found.append((Decimal(price), Decimal(size)))
    return found


def _ladder(bids: _Levels, asks: _Levels) -> list[list[Cell | str]]:
    """Both sides, the highest price first; the decimals of a column stand below each other."""
    sides = [("ask", price, size, total) for (price, size), total in reversed([*_totalled(asks)])]
    sides += [("bid", price, size, total) for (price, size), total in _totalled(bids)]
    most = max((total for *_, total in sides), default=Decimal(0)) or Decimal(1)
    prices, sizes, totals = (_aligned([row[place] for row in sides]) for place in (1, 2, 3))  # type: ignore[misc]
    return [
        [
            Cell(side, mood := _MOODS[side]),
            Cell(prices[place], mood),
            sizes[place],
            totals[place],
            Cell("", mood, share=int(total * 1000 / most)),
        ]
        for place, (side, _, _, total) in enumerate(sides)
    ]


def _totalled(levels: _Levels) -> Iterator[tuple[tuple[Decimal, Decimal], Decimal]]:
    return zip(levels, accumulate(size for _, size in levels), strict=True)


def _aligned(values: Sequence[Decimal]) -> list[str]:
    """Plain decimals with as many digits behind the point as the longest of them."""
    shown = [_plain(value) for value in values]
    digits = max((len(text.partition(".")[2]) for text in shown), default=0)
    return [format(value, f".{digits}f") for value in values]


def _figures(title: str, bids: _Levels, asks: _Levels) -> Pairs:
    """What is said above the ladder."""
    rows: list[tuple[str, Cell | str]] = []
    if bids and asks:
        bid, ask = bids[0][0], asks[0][0]
        if 0 < bid <= ask:
            rows.append(("middle", _plain((bid + ask) / 2)))
            rows.append(("spread", f"{_rounded((ask - bid) * 20_000 / (bid + ask), 3)} bps"))
    deep, high = (sum((size for _, size in side), Decimal(0)) for side in (bids, asks))
    if deep + high:
        share = _rounded((deep - high) * 100 / (deep + high), 1)
        more = "more bids" if deep > high else "more asks" if high > deep else "even"
        mood = "good" if deep > high else "bad" if high > deep else ""
        rows.append(("imbalance", Cell(f"{share} %, {more}", mood)))
    return Pairs(rows=rows, title=title)


def _rounded(value: Decimal, digits: int) -> str:
    return format(value.quantize(Decimal(1).scaleb(-digits)), "f")


def _plain(value: Decimal) -> str:
    shown = format(value, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


# -- intelligence ----------------------------------------------------------------------------------------------------


def depth(body: Any) -> list[Block]:
    """A line a venue: its best prices, what its shown levels hold, and its part of all that is shown."""
    venues = body["venues"]
    sides = {name: (_levels(row.get("bids")), _levels(row.get("asks"))) for name, row in venues.items()}
    sums = {name: [sum((size for _, size in side), Decimal(0)) for side in each] for name, each in sides.items()}
    most = max((sum(each) for each in sums.values()), default=Decimal(0))
    rows: list[list[Cell | str]] = [
        [
            Cell(name, "strong"),
            *(Cell(_plain(side[0][0]) if side else "", mood) for side, mood in zip(each, ("good", "bad"), strict=True)),
            *map(_plain, sums[name]),
            Cell("", "", share=int(sum(sums[name]) * 1000 / most) if most else 0),
        ]
        for name, each in sides.items()
    ]
    figures: list[tuple[str, Cell | str]] = [
        (name, f"{shown} USD")
        for name, field in (("bid depth", "bid_depth_usd"), ("ask depth", "ask_depth_usd"))
        if (shown := text(body, field))
    ]
    grid = Grid(columns=_DEPTH, rows=rows, empty="no venue shows a book of it")
    return [Pairs(rows=figures, title=required(body, "symbol")), grid]


def slippage(body: Any) -> list[Block]:
    """A line a size, and the curve as bars."""
    rows = entries(body, "curve")
    cells: list[list[Cell | str]] = [
        [
            text(row, "size_usd"),
            scaled(row, "qty_1e8"),
            scaled(row, "avg_price_1e9"),
            text(row, "slippage_bps"),
            Cell(text(row, "fillable"), "" if row.get("fillable") else "warn"),
        ]
        for row in rows
    ]
    middle: list[tuple[str, Cell | str]] = [("middle", shown)] if (shown := scaled(body, "mid_1e9")) else []
    blocks: list[Block] = [
        Pairs(rows=middle, title=f"{text(body, 'side')} {required(body, 'symbol')}"),
        Grid(columns=_CURVE, rows=cells, empty="no venue shows a book of it"),
    ]
    curve = [
        (f"{text(row, 'size_usd')} USD", cost)
        for row in rows
        if (cost := thousandths(row.get("slippage_bps"))) is not None
    ]
    if curve:
        blocks.append(Chart(title="slippage by size, basis points", bars=curve, digits=3))
    if any(row.get("fillable") is False for row in rows):
        blocks.append(Line(Cell("where not fillable, as far as the visible books go", "dim")))
    return blocks


def venues(body: Any) -> list[Block]:
    """A line a venue, the largest first."""
    rows = entries(body, "venues")
    cells: list[list[Cell | str]] = [
        [
            Cell(text(row, "venue"), "strong"),
            percent(row.get("market_share")),
            text(row, "spread_bps"),
            Cell(text(row, "spread_regime"), {"tight": "good", "wide": "warn"}.get(text(row, "spread_regime"), "")),
            text(row, "toxicity_score"),
            text(row, "quote_to_trade_ratio"),
        ]
        for row in _by_share(rows)
    ]
    title = required(body, "symbol")
    return [Grid(columns=_VENUES, rows=cells, title=title, empty="no venue trades it")]


def _by_share(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (-Decimal(row.get("market_share") or 0), text(row, "venue")))
