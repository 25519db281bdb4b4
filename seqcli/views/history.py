"""Prices of the past: a chart and what it comes to, or the rows."""

from typing import Any

from seqcli.units import decimal_text
from seqcli.views.blocks import Block, Candle, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, names, required, scaled, text, when

PRICE, _BPS = 9, 5


def prices(body: Any, *, chart: str) -> list[Block]:
    """Bars as a picture and its figures, or their rows; prints as rows below a line."""
    points = entries(body, "points")
    title = f"{required(body, 'symbol')}, {body.get('venue') or 'all venues'}"
    if body.get("fidelity_secs") == 0:
        return _prints(points, title, chart)
    if chart == "none" or not points:
        return [_bars(points, {row.get("ts_ns"): row for row in body.get("underlying") or []})]
    title = f"{title}, bars of {_length(body['fidelity_secs'])}"
    return [_picture(points, title, chart), _figures(points), *_more(body)]


def _picture(points: list[Any], title: str, chart: str) -> Chart:
    if chart == "line":
        return Chart(title=title, lines={"close": [(row["ts_ns"], row["price_1e9"]) for row in points]})
    return Chart(
        title=title,
        candles=[
            Candle(
                row["ts_ns"], *(row.get(f"{name}_1e9") or row["price_1e9"] for name in ("open", "high", "low", "close"))
            )
            for row in points
        ],
    )


def _figures(points: list[Any]) -> Pairs:
    first = points[0].get("open_1e9") or points[0]["price_1e9"]
    last = points[-1]["price_1e9"]
    high = max(row.get("high_1e9") or row["price_1e9"] for row in points)
    low = min(row.get("low_1e9") or row["price_1e9"] for row in points)
    volumes = [row.get("volume_1e8") for row in points]
    rows: list[tuple[str, Cell | str]] = [
        ("open", decimal_text(first, PRICE)),
        ("high", decimal_text(high, PRICE)),
        ("low", decimal_text(low, PRICE)),
        ("close", decimal_text(last, PRICE)),
        ("change", _change(first, last)),
    ]
    if None not in volumes:
        rows.append(("volume", decimal_text(sum(volumes), 8)))
    return Pairs(rows=[*rows, ("bars", str(len(points)))])


def _change(first: int, last: int) -> Cell | str:
    """In hundredths of a percent, cut towards zero."""
    if not first:
        return ""
    hundredths = abs(last - first) * 10_000 // abs(first)
    sign = "-" if last < first else "+"
    shown = f"{sign}{hundredths // 100}.{hundredths % 100:02} %"
    return Cell(shown, "bad" if last < first else "good") if hundredths else "0.00 %"


def _more(body: Any) -> list[Block]:
    return [Line(Cell("there is more than one reply holds", "warn"))] if body.get("truncated") else []


def _bars(points: list[Any], underlying: dict[Any, Any]) -> Grid:
    names = ("open_1e9", "high_1e9", "low_1e9", "close_1e9", "volume_1e8")
    rows: list[list[Cell | str]] = []
    for row in points:
        beside = [scaled(underlying.get(row.get("ts_ns")), "price_1e9")] if underlying else []
        rows.append([when(row, "ts_ns")[:19], *(scaled(row, name) for name in names), *beside])
    heads = columns("START(UTC) >OPEN/2 >HIGH/1 >LOW/1 >CLOSE >VOLUME/3")
    return Grid(columns=(*heads, *(columns(">UNDERLYING") if underlying else ())), rows=rows, empty="no bars")


def _prints(points: list[Any], title: str, chart: str) -> list[Block]:
    rows: list[list[Cell | str]] = [
        [
            when(row, "ts_ns"),
            scaled(row, "price_1e9"),
            scaled(row, "qty_1e8"),
            Cell(text(row, "side"), "good" if row.get("side") == "buy" else "bad"),
            text(row, "venue_id"),
        ]
        for row in points
    ]
    grid = Grid(columns=columns("TIME(UTC) >PRICE >QTY SIDE VENUE/1"), rows=rows, empty="no prints")
    if chart == "none" or not points:
        return [grid]
    line = [(row["ts_ns"], row["price_1e9"]) for row in points]
    return [Chart(title=f"{title}, prints", lines={"price": line}), grid]


def _length(seconds: int) -> str:
    """The shortest way to write a bar's length."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def rates(body: Any) -> list[Block]:
    """What perps are funded at."""
    names = ("rate_bps_per_hour", "predicted_rate_bps_per_hour")
    rows: list[list[Cell | str]] = [
        [
            text(row, "venue"),
            Cell(text(row, "symbol"), "strong"),
            *(_tinted(text(row, name)) for name in names),
            scaled(row, "mark_price_1e9"),
            scaled(row, "open_interest_1e8"),
            when(row, "next_settlement_ns")[:16],
        ]
        for row in entries(body, "rates")
    ]
    heads = columns("VENUE SYMBOL >BPS_AN_HOUR >PREDICTED >MARK/2 >OPEN_INTEREST/3 SETTLES(UTC)/1")
    return [Grid(columns=heads, rows=rows, empty="no perps")]


def settled(body: Any, *, chart: str) -> list[Block]:
    """Settlements as a line and what they come to, or their rows."""
    points = entries(body, "points")
    if chart == "none" or not points:
        rows: list[list[Cell | str]] = [
            [when(row, "ts_ns")[:16], _tinted(_bps(row["rate_1e9"])), scaled(row, "mark_price_1e9")] for row in points
        ]
        return [Grid(columns=columns("SETTLED(UTC) >RATE(bps) >MARK/1"), rows=rows, empty="nothing was settled")]
    title = f"{required(body, 'symbol')}, {required(body, 'venue')}, basis points a settlement"
    line = [(row["ts_ns"], row["rate_1e9"]) for row in points]
    found = [rate for _, rate in line]
    figures: list[tuple[str, Cell | str]] = [
        ("last", _tinted(_bps(found[-1]))),
        ("highest", _tinted(_bps(max(found)))),
        ("lowest", _tinted(_bps(min(found)))),
        ("sum", _tinted(_bps(sum(found)))),
        ("settlements", str(len(found))),
    ]
    return [
        Chart(title=title, lines={"rate": line}, digits=_BPS),
        Pairs(rows=figures),
        Line(Cell("above 0 longs pay shorts", "dim")),
    ]


def fair_prices(body: Any) -> list[Block]:
    """One price an asset."""
    rows: list[list[Cell | str]] = [
        [
            Cell(text(row, "underlying"), "strong"),
            scaled(row, "price_1e9"),
            text(row, "quote"),
            *(scaled(row, name) for name in ("bid_vwap_1e9", "ask_vwap_1e9")),
            text(row, "depth_usd"),
            names(row, "venues"),
        ]
        for row in entries(body, "fair_prices")
    ]
    heads = columns("ASSET >PRICE QUOTE >BID_VWAP/1 >ASK_VWAP/2 >DEPTH(USD)/3 VENUES/4")
    return [Grid(columns=heads, rows=rows, empty="no fair prices")]


def _bps(rate_1e9: int) -> str:
    return decimal_text(rate_1e9, _BPS)


def _tinted(shown: str) -> Cell:
    return Cell(shown, "bad" if shown.startswith("-") else "")
