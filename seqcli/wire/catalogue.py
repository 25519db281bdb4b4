"""Every operation, found by method and path.

A noun's file is imported only when one of its paths is asked for.
"""

from functools import cache
from importlib import import_module
from urllib.parse import unquote

from seqcli.wire.operation import Operation

NOUNS = (
    "quotes",
    "orders",
    "graphs",
    "fills",
    "positions",
    "safety",
    "market",
    "history",
    "dex",
    "intelligence",
    "account",
    "health",
    "sandbox",
    "credentials",
    "api_keys",
    "wallets",
    "predict",
    "algos",
    "strategies",
    "backtests",
    "streams",
    "analytics",
    "execution",
    "docs",
)
_NOUN_OF_SEGMENT = {
    "quotes": "quotes",
    "quotes_batch": "quotes",
    "orders": "orders",
    "execution_graphs": "graphs",
    "fills": "fills",
    "positions": "positions",
    "balances": "positions",
    "portfolio": "positions",
    "kill_switch": "safety",
    "venue_cancel_all": "safety",
    "risk_limits": "safety",
    "symbols": "market",
    "fees": "market",
    "pairs": "market",
    "price_history": "history",
    "funding_history": "history",
    "market": "history",
    "fair_price": "history",
    "intelligence": "intelligence",
    "dex": "dex",
    "tokens": "dex",
    "account": "account",
    "health": "health",
    "edges": "health",
    "sandbox": "sandbox",
    "credentials": "credentials",
    "venues": "credentials",
    "api_keys": "api_keys",
    "wallets": "wallets",
    "markets": "predict",
    "settlement": "predict",
    "polymarket": "predict",
    "algos": "algos",
    "deployments": "algos",
    "strategies": "strategies",
    "backtest": "backtests",
    "analytics": "analytics",
    "tca": "analytics",
    "execution": "execution",
    "traces": "execution",
    "ws": "streams",
    "openapi.json": "docs",
    "docs": "docs",
}


def operations(noun: str) -> tuple[Operation, ...]:
    """The operations of one noun."""
    rows: tuple[Operation, ...] = import_module(f"seqcli.wire.{noun}").OPERATIONS
    return rows


def all_operations() -> list[Operation]:
    """Every operation."""
    return [operation for noun in NOUNS for operation in operations(noun)]


@cache
def _patterns(noun: str) -> tuple[tuple[tuple[str, ...], Operation], ...]:
    rows = [(tuple(operation.path.split("/")), operation) for operation in operations(noun)]
    return tuple(sorted(rows, key=lambda row: row[1].path.count("{")))


def at_path(path: str) -> list[tuple[Operation, dict[str, str]]]:
    """The operations at `path` (any method) with the path's parameters, literal paths first."""
    segments = path.split("/")
    start = 2 if len(segments) > 2 and segments[1] == "v1" else 1  # noqa: PLR2004 - "", "v1", noun
    noun = _NOUN_OF_SEGMENT.get(segments[start]) if len(segments) > start else None
    if segments[start + 1 :] == ["stream"]:
        noun = "streams"
    if noun is None:
        return []
    found = []
    for pattern, operation in _patterns(noun):
        parameters = _fit(pattern, segments)
        if parameters is not None:
            found.append((operation, parameters))
    return found


def match(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of `method` and `path`, with the path's parameters decoded."""
    for operation, parameters in at_path(path):
        if operation.method == method:
            return operation, parameters
    return None


def _fit(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    parameters = {}
    for expected, given in zip(pattern, segments, strict=True):
        if expected.startswith("{"):
            if not given:
                return None
            parameters[expected[1:-1]] = unquote(given)
        elif expected != given:
            return None
    return parameters
