"""A sweep file: values for parameters, seeds and symbols, of which every combination is one set."""

import tomllib
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import msgspec

from seqcli.commands import words
from seqcli.errors import Usage

MOST_SETS = 2000
_TYPES = ("i64", "price", "qty", "bps", "bool")
_TOPIC = "seq help sweep-files"


class Span(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """Whole numbers from one to another, the last one too if a step ends on it."""

    first: int
    last: int
    step: int = 1


class Axis(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The values that one parameter takes: `values`, or a `range`."""

    slot: int
    type: str
    values: list[int] | None = None
    range: Span | None = None


class Sweep(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is varied; what is not stands on the command line or in Sequence.toml."""

    params: list[Axis] = []
    seeds: list[int] = []
    symbols: list[str] = []


def read(path: str) -> Sweep:
    """The file. Raises `Usage` that names what is wrong in it."""
    text = words.content(path, 1 << 20).decode("utf-8", "replace")
    try:
        sweep = msgspec.convert(tomllib.loads(text), Sweep)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Usage(f"{path}: {error}", hint=_TOPIC) from None
    for number, axis in enumerate(sweep.params):
        fault = _fault(axis, [other.slot for other in sweep.params[:number]])
        if fault is not None:
            raise Usage(f"{path}: params[{number}]: {fault}", hint=_TOPIC)
    count = 1
    for values in _axes(sweep):
        count *= len(values)
    if count < 2:  # noqa: PLR2004 - one set is no sweep
        raise Usage(f"{path}: nothing is varied", hint=_TOPIC)
    if count > MOST_SETS:
        raise Usage(f"{path}: {count} sets are too many: at most {MOST_SETS}", hint=_TOPIC)
    return sweep


def sets(sweep: Sweep, inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The inputs of each run: parameters vary slowest, in the file's order; then symbols, then seeds."""
    kept = [row for row in inputs["params"] if row.get("slot") not in {axis.slot for axis in sweep.params}]
    for chosen in product(*_axes(sweep)):
        one = dict(inputs)
        given = list(chosen)
        if sweep.seeds:
            one["seed"] = given.pop()
        if sweep.symbols:
            one["symbols"] = [given.pop()]
        varied = [
            {"slot": axis.slot, "type": axis.type, "value": value}
            for axis, value in zip(sweep.params, given, strict=True)
        ]
        yield one | {"params": sorted([*kept, *varied], key=lambda row: int(row["slot"]))}


def _axes(sweep: Sweep) -> list[Sequence[Any]]:
    axes: list[Sequence[Any]] = [_values(axis) for axis in sweep.params]
    if sweep.symbols:
        axes.append([words.symbol(name) for name in sweep.symbols])
    if sweep.seeds:
        axes.append([words.count(str(seed), "seeds", 0, (1 << 63) - 1) for seed in sweep.seeds])
    return axes


def _values(axis: Axis) -> Sequence[int]:
    if axis.range is None:
        return axis.values or []
    return range(axis.range.first, axis.range.last + 1, axis.range.step)


def _fault(axis: Axis, taken: list[int]) -> str | None:
    faults = {
        f"slot {axis.slot} is varied twice": axis.slot in taken,
        f"{axis.type!r} is no type; one of {', '.join(_TYPES)}": axis.type not in _TYPES,
        "either values or range": (axis.values is None) == (axis.range is None),
        "a step is 1 or more": axis.range is not None and axis.range.step < 1,
    }
    found = next((fault for fault, is_so in faults.items() if is_so), None)
    return found or _fault_of_values(_values(axis))


def _fault_of_values(values: Sequence[int]) -> str | None:
    if not values:
        return "has no value"
    if len(values) > MOST_SETS:
        return f"{len(values)} values are too many: at most {MOST_SETS}"
    return "has a value twice" if len(set(values)) < len(values) else None


def told(one: dict[str, Any]) -> str:
    """A set in a line."""
    params = ", ".join(f"slot {row['slot']} = {row['value']} ({row['type']})" for row in one["params"])
    return f"{', '.join(one['symbols'])}, seed {one['seed']}{', ' if params else ''}{params}"
