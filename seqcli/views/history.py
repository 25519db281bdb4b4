"""Prices of the past: a chart and what it comes to, or the rows."""

from typing import Any

from seqcli.units import decimal_text
from seqcli.views.blocks import Block, Candle, Cell, Chart, Grid, Line, Pairs
from seqcli.views.cells import columns, entries, required, scaled, text, when

PRICE = 9


def prices(body: Any, *, chart: str) -> list[Block]:
    """Bars as a picture and its figures, or their rows; prints as rows below a line."""
    points = entries(body, "points")
    title = f"{required(body, 'symbol')}, {body.get('venue') or 'all venues'}"
    if body.get("fidelity_secs") == 0:
        return _prints(points, title, chart)
    if chart == "none" or not points:
        return [_bars(points)]
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


def _bars(points: list[Any]) -> Grid:
    names = ("open_1e9", "high_1e9", "low_1e9", "close_1e9", "volume_1e8")
    rows: list[list[Cell | str]] = [[when(row, "ts_ns")[:19], *(scaled(row, name) for name in names)] for row in points]
    return Grid(columns=columns("START(UTC) >OPEN/2 >HIGH/1 >LOW/1 >CLOSE >VOLUME/3"), rows=rows, empty="no bars")


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
