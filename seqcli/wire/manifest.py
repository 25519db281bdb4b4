"""Sequence.toml: what a project deploys. Unknown keys are an error that names the line.

Source: the vendor's guide names the tables; the keys of an algorithm are ours.
"""

import re
import tomllib
from typing import Any

import msgspec

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS: dict[str, frozenset[str]] = {
    "": frozenset({"algo", "strategy", "hosted", "backtest"}),
    "algo": frozenset({"name", "venues", "symbols", "start_immediately", "labels", "risk", "params", "mesh"}),
    "algo.risk": frozenset({"max_position_1e8", "max_order_notional_1e9", "max_order_rate", "max_daily_loss_usd"}),
    "algo.params": frozenset({"slot", "type", "value"}),
    "algo.mesh": frozenset({"label", "venue", "symbol"}),
    "strategy": frozenset({"name", "runtime"}),
    "hosted": frozenset({"entrypoint", "placement", "resources", "env", "secrets"}),
    "hosted.placement": frozenset({"mode", "latency_target"}),
    "hosted.resources": frozenset({"cpu_millis", "memory_mb", "timeout_secs"}),
    "backtest": frozenset({"capital", "seed"}),
}


class BadManifest(ValueError):
    """The sentence names the line."""


class Algo(msgspec.Struct, kw_only=True):
    """A WASM algorithm; no `venues` = every edge that can run it."""

    name: str
    symbols: list[str]
    venues: list[str] = []
    start_immediately: bool = False
    labels: dict[str, str] = {}
    risk: dict[str, Any] | None = None
    params: list[dict[str, Any]] = []
    mesh: list[dict[str, Any]] = []


class Strategy(msgspec.Struct, kw_only=True):
    """A hosted program."""

    name: str
    runtime: str = "python"


class Hosted(msgspec.Struct, kw_only=True):
    """How a hosted program runs; `secrets` are names of variables that are read where it is deployed."""

    entrypoint: str = "main.py"
    placement: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    env: dict[str, str] = {}
    secrets: list[str] = []


class Backtest(msgspec.Struct, kw_only=True):
    """Defaults of a backtest."""

    capital: float = 100_000.0
    seed: int = 42


class Manifest(msgspec.Struct, kw_only=True):
    """One project: an algorithm or a hosted strategy."""

    algo: Algo | None = None
    strategy: Strategy | None = None
    hosted: Hosted = msgspec.field(default_factory=Hosted)
    backtest: Backtest = msgspec.field(default_factory=Backtest)


def parse(text: str, named: str = "Sequence.toml") -> Manifest:
    """Read a manifest. Raises `BadManifest`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadManifest(f"{named}: {error}") from None
    _known(table, "", text, named)
    try:
        manifest = msgspec.convert(table, Manifest)
    except msgspec.ValidationError as error:
        raise BadManifest(f"{named}: {error}") from None
    for kind in (manifest.algo, manifest.strategy):
        if kind is not None and not NAME.fullmatch(kind.name):
            raise BadManifest(f"{named}, line {_line(text, 'name')}: a name is 1 to 64 of A-Z a-z 0-9 _ -")
    if manifest.algo is not None and not manifest.algo.symbols:
        raise BadManifest(f"{named}, line {_line(text, 'symbols')}: at least one symbol")
    return manifest


def _known(table: dict[str, Any], path: str, text: str, named: str) -> None:
    allowed = _KEYS.get(path)
    for key, value in table.items():
        if allowed is not None and key not in allowed:
            where = f"[{path}]" if path else "the top"
            known = ", ".join(sorted(allowed))
            raise BadManifest(f"{named}, line {_line(text, key)}: {key!r} is not known at {where}; known: {known}")
        inner = f"{path}.{key}" if path else key
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                _known(row, inner, text, named)


def _line(text: str, key: str) -> int:
    """The first line that sets `key` or opens a table that ends in it; 1 when none is found."""
    wanted = re.compile(rf"""\s*(\[+[^\]]*)?["']?{re.escape(key)}["']?\s*(=|\]|\.)""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted.match(line)), 1)
