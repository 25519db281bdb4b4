"""An upload read and checked: the module, the symbols and venues it is for, its limits, parameters and labels."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from seqcli.sandbox.algos.deployments import edges_of
from seqcli.sandbox.algos.modules import NotAModule, check
from seqcli.sandbox.algos.wasm import abi
from seqcli.sandbox.algos.wishes import Limits
from seqcli.sandbox.market.instruments import Instrument, canonical, venue_of
from seqcli.sandbox.problems import invalid
from seqcli.sandbox.serving import Box
from seqcli.wire import algos

_I64 = 1 << 63
_LABEL = 32


def module(text: str, expected: str | None = None) -> tuple[bytes, str]:
    """The bytes and their sha256. Raises `Problem`."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(("wasm_base64", "is not base64")) from None
    if len(raw) > algos.MODULE_LIMIT:
        raise invalid(("wasm_base64", f"larger than {algos.MODULE_LIMIT} bytes"))
    digest = sha256(raw).hexdigest()
    if expected is not None and expected.lower() != digest:
        raise invalid(("sha256", f"the module's is {digest}"))
    try:
        check(raw)
    except NotAModule as error:
        raise invalid(("wasm_base64", str(error))) from None
    return raw, digest


def symbols(box: Box, texts: list[str], field: str) -> list[Instrument]:
    """The instruments meant, of this exchange's market. Raises `Problem`."""
    return known(box.market.instruments(), texts, field)


def known(instruments: Mapping[str, Instrument], texts: list[str], field: str) -> list[Instrument]:
    """The instruments meant. Raises `Problem`."""
    if not texts:
        raise invalid((field, "at least one"))
    rows = []
    for text in texts:
        try:
            name = canonical(text)
        except ValueError as error:
            raise invalid((field, str(error))) from None
        row = instruments.get(name)
        if row is None:
            raise invalid((field, f"unknown symbol {name}"))
        rows.append(row)
    return rows


def venues(texts: list[str] | None) -> list[str] | None:
    """The venues meant; None = every one. Raises `Problem`."""
    if not texts:
        return None
    try:
        return [venue_of(text)[0] for text in texts]
    except ValueError as error:
        raise invalid(("venues", str(error))) from None


def edges(
    rows: list[Instrument], named: list[str] | None, size: int, digest: str, now_ns: int
) -> list[algos.DeploymentEdge]:
    """The instances there will be. Raises `Problem` when there is none."""
    found = edges_of(rows, named, size, digest, now_ns)
    if not found:
        raise invalid(("venues", "none of them trades these symbols"))
    return found


def risk(sent: dict[str, Any] | None) -> dict[str, Any] | None:
    """The deployment's own limits. Raises `Problem`."""
    if sent is None:
        return None
    names = set(Limits.__struct_fields__)
    bad = [(f"risk.{name}", f"is not one of {', '.join(sorted(names))}") for name in sent if name not in names]
    try:
        limits = msgspec.convert({name: sent[name] for name in sent if name in names}, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(*bad, ("risk", str(error))) from None
    bad += [
        (f"risk.{name}", "must be positive")
        for name, value in msgspec.structs.asdict(limits).items()
        if value is not None and value <= 0
    ]
    if bad:
        raise invalid(*bad)
    return sent


def params(sent: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Rows of slot, type and value. Raises `Problem`."""
    bad: list[tuple[str, str]] = []
    used: set[Any] = set()
    for number, row in enumerate(sent or []):
        slot, kind, value = row.get("slot"), row.get("type"), row.get("value")
        path = f"params[{number}]"
        if not isinstance(slot, int) or not 0 <= slot < abi.MAX_PARAMS or slot in used:
            bad.append((f"{path}.slot", f"must be 0 to {abi.MAX_PARAMS - 1}, each once"))
        if kind not in abi.PARAM_TYPES:
            bad.append((f"{path}.type", f"must be one of {', '.join(abi.PARAM_TYPES)}"))
        if not isinstance(value, int) or not -_I64 <= value < _I64:
            bad.append((f"{path}.value", "must be a whole number of 64 bits"))
        used.add(slot)
    if bad:
        raise invalid(*bad)
    return [{"slot": row["slot"], "type": row["type"], "value": int(row["value"])} for row in sent or []]


def mesh(sent: list[dict[str, Any]] | None, rows: list[algos.DeploymentEdge]) -> list[dict[str, Any]]:
    """Labels of instances, put on their edges. Raises `Problem`."""
    bad: list[tuple[str, str]] = []
    seen: set[str] = set()
    for number, each in enumerate(sent or []):
        label, path = each.get("label"), f"mesh[{number}]"
        if not isinstance(label, str) or not 1 <= len(label.encode()) <= _LABEL or label in seen:
            bad.append((f"{path}.label", f"must be 1 to {_LABEL} bytes, each once"))
            continue
        seen.add(label)
        place = (each.get("symbol"), f"venue-edge-{each.get('venue')}")
        edge = next((row for row in rows if (row.symbol, row.edge_id) == place), None)
        if edge is None:
            bad.append((path, "names no edge of this deployment"))
        else:
            edge.instance_label = label
    if bad:
        raise invalid(*bad)
    return list(sent or [])
