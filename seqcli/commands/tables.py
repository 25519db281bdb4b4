"""Orders as a table: CSV whose first line names its columns, in the API's simple words; an empty cell says nothing."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from seqcli.errors import Usage

SIMPLE = frozenset(
    (
        *("symbol", "side", "qty", "notional", "price", "venue", "type", "tif", "urgency", "policy"),
        *("max_slippage_bps", "horizon_ms", "graph_id"),
    )
)
"""What a simple order may say."""
COLUMNS = SIMPLE | {"cancel"}
_HINT = "the first line names the columns: symbol,side,qty"


def is_header(line: bytes) -> bool:
    """Whether a first line names columns of ours and is no JSON."""
    names = _names(line.decode("utf-8-sig", "replace").split(","))
    return line.lstrip()[:1] not in (b"{", b"[") and not COLUMNS.isdisjoint(names)


def read(content: bytes) -> Iterator[tuple[int, Any]]:
    """Each row with the number of its line: an object of text, or the `Usage` that says why there is none."""
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    try:
        header = _names(next(reader, []))
        unknown = [name for name in header if name not in COLUMNS]
        if unknown or not header or len(set(header)) < len(header):
            what = f"there is no column {unknown[0]!r}" if unknown else "the columns are not named once each"
            raise Usage(f"not a table of orders: {what}", hint=_HINT)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _row(header, cells)
    except csv.Error as error:
        raise Usage(f"not CSV: line {reader.line_num}: {error}", hint=_HINT) from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Usage(f"not CSV: it is not UTF-8: {error.reason}", hint=_HINT) from None


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in cells]


def _row(header: list[str], cells: list[str]) -> Any:
    if len(cells) != len(header):
        return Usage(f"{len(cells)} cells under {len(header)} columns", hint=_HINT)
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
