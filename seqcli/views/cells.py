"""A field of a reply as text for people: exact decimals from the integers, blank when it is missing."""

from typing import Any

from seqcli.units import decimal_text, timestamp_text, twin_name
from seqcli.views.blocks import Cell, Column
from seqcli.views.forms import encode

_GOOD = frozenset({"filled", "completed", "accepted", "ok", "active", "running", "good"})
_BAD = frozenset({"rejected", "failed", "unknown", "degraded", "bad", "fail"})
_TOKEN, _ENDS = 40, 6
_WARN = frozenset({"partial", "expired", "cancelled", "not_sent", "paused", "unverified", "warn", "pending"})


def text(row: Any, name: str) -> str:
    """Any value; null and absent are blank."""
    value = row.get(name) if isinstance(row, dict) else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else encode(value)


def symbol(row: Any) -> str:
    """A symbol; a token, whose seventy and more digits nobody reads, by its ends."""
    whole = text(row, "symbol")
    return f"{whole[:_ENDS]}…{whole[-_ENDS:]}" if len(whole) > _TOKEN and whole.isdigit() else whole


def required(row: Any, name: str) -> str:
    """`text` of what must be there. Raises KeyError when it is not: then this is another shape."""
    shown = text(row, name)
    if not shown:
        raise KeyError(name)
    return shown


def scaled(row: Any, name: str) -> str:
    """A ``_1e8`` or ``_1e9`` integer as decimal text; what is no integer is shown as it came."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return text(row, name)
    return decimal_text(value, 8 if name.endswith("_1e8") else 9)


def amount(row: Any, name: str, unit: str = "USD") -> str:
    """`scaled` with its unit; blank when it is missing."""
    shown = scaled(row, name)
    return f"{shown} {unit}" if shown else ""


def signed(row: Any, name: str) -> Cell:
    """A profit or a loss."""
    shown = scaled(row, name)
    return Cell(shown, "bad" if shown.startswith("-") else "good" if shown not in {"", "0"} else "")


def when(row: Any, name: str) -> str:
    """An instant, UTC, to the millisecond; what is no integer is shown as it came."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return text(row, name)
    seconds, _, fraction = timestamp_text(value).partition(".")
    return f"{seconds.replace('T', ' ')}.{fraction[:3]}Z"


def pairs(row: Any, *without: str) -> list[tuple[str, Cell | str]]:
    """Every field that says something, by its suffix; the titles are the names in words."""
    shown: list[tuple[str, Cell | str]] = []
    for name in row:
        twin = twin_name(name)
        value = text(row, name) if twin is None else when(row, name) if name.endswith("_ns") else scaled(row, name)
        if value and name not in without:
            shown.append(((twin or name).replace("_", " "), value))
    return shown


def state(row: Any, name: str = "status") -> Cell:
    """A status word with its mood."""
    word = text(row, name)
    known = word.lower()
    return Cell(word, "good" if known in _GOOD else "bad" if known in _BAD else "warn" if known in _WARN else "")


def side(row: Any) -> Cell:
    """Buy or sell."""
    word = text(row, "side")
    return Cell(word, {"buy": "good", "sell": "bad"}.get(word, ""))


def items(body: Any, name: str) -> list[Any]:
    """The objects of the list called `name`; none when it is missing. Raises TypeError for any other shape."""
    found = body.get(name) if isinstance(body, dict) else body
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise TypeError(f"{name} is no list of objects")
    return found


def entries(body: Any, name: str) -> list[Any]:
    """As `items`, of a body that is this list or must have it: an answer without it is not an empty one.

    Raises KeyError when it is missing.
    """
    if body is None or (isinstance(body, dict) and body.get(name) is None):
        raise KeyError(name)
    return items(body, name)


def order_id(row: Any) -> str:
    """The shortest id that names an order in a command: its graph's when the graph is that order alone."""
    whole, graph = text(row, "node_order_id"), text(row, "graph_id")
    return graph if graph and whole in {"", f"graph:{graph}:order:1"} else whole


def names(row: Any, name: str) -> str:
    """A list of words, comma-separated."""
    found = row.get(name) if isinstance(row, dict) else None
    return (
        ", ".join(word if isinstance(word, str) else encode(word) for word in found)
        if isinstance(found, list)
        else text(row, name)
    )


def columns(spec: str) -> tuple[Column, ...]:
    """Columns from ``SYMBOL >QTY >PRICE/1``: ``>`` aligns right, ``/N`` may be left out, the highest N first, ``=`` is
    one of bars.
    """
    made = []
    for word in spec.split():
        title, _, spare = word.partition("/")
        right = title.startswith(">")
        bars = title.startswith("=")
        made.append(Column(title.lstrip(">=").replace("_", " "), right=right, spare=int(spare or 0), bars=bars))
    return tuple(made)
