"""What one edge of a graph may say: its trigger, condition, sizing and action. Pure, and the same on both sides.

`of_edge` names the faults of an edge; `link` reads one that has none.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire import order_rules
from seqcli.wire.order_rules import MAX_MS, Fault, one_of
from seqcli.wire.submission import Edge

PLAIN_TRIGGERS = (
    "on_accepted",
    "on_first_fill",
    "on_fill",
    "on_full_fill",
    "on_fill_ratio",
    "on_cancel",
    "on_done",
    "on_reject",
)
ACTIONS = ("activate", "cancel")
_TIMEOUT = '{"on_timeout":{"ms":30000}}'
_RATIO = '{"fill_ratio_gte":0.5}'
_SIZING = '"node", {"fill_ratio":{"ratio":1}} or {"fixed":{"qty_1e8":…}}'


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An edge in plain values, defaults filled in.

    `ms` only with on_timeout, `ratio` only with on_fill_ratio; `sizing` is node, fill_ratio (then `share`) or fixed
    (then `qty_1e8`); `action` is activate or cancel.
    """

    trigger: str
    ms: int | None = None
    ratio: Decimal | None = None
    sizing: str = "node"
    share: Decimal | None = None
    qty_1e8: int | None = None
    action: str = "activate"


def activates(edge: Edge) -> bool:
    """Whether the edge starts its target; else it cancels it."""
    return (edge.action or "activate").lower() != "cancel"


def link(edge: Edge) -> Link:
    """An edge without faults, in plain values."""
    if isinstance(edge.trigger, str):
        trigger, ms = edge.trigger.lower(), None
    else:
        trigger, ms = "on_timeout", edge.trigger["on_timeout"]["ms"]
    ratio = (edge.condition or {}).get("fill_ratio_gte")
    action = (edge.action or "activate").lower()
    sizing, share, qty = _sizing(edge.sizing, "fill_ratio" if trigger == "on_fill" and action == "activate" else "node")
    return Link(
        trigger=trigger,
        ms=ms,
        ratio=None if ratio is None else Decimal(ratio),
        sizing=sizing,
        share=share,
        qty_1e8=qty,
        action=action,
    )


def _sizing(sent: Any, default: str) -> tuple[str, Decimal | None, int | None]:
    if isinstance(sent, dict):
        if "fixed" in sent:
            return "fixed", None, sent["fixed"]["qty_1e8"]
        return "fill_ratio", Decimal(sent["fill_ratio"]["ratio"]), None
    sizing = default if sent is None else sent.lower()
    return sizing, Decimal(1) if sizing == "fill_ratio" else None, None


def of_edge(edge: Edge, path: str) -> Iterator[Fault]:
    """Everything about an edge but its name and its ends."""
    yield from _of_trigger(edge, path)
    yield from _of_action(edge, path)


def _of_trigger(edge: Edge, path: str) -> Iterator[Fault]:
    trigger = edge.trigger
    if isinstance(trigger, str):
        if trigger.lower() == "on_timeout":
            yield f"{path}trigger", f"a timeout has its milliseconds: {_TIMEOUT}"
        elif trigger.lower() not in PLAIN_TRIGGERS:
            yield f"{path}trigger", f"{one_of(PLAIN_TRIGGERS)} or {_TIMEOUT}"
    elif set(trigger) != {"on_timeout"}:
        yield f"{path}trigger", f"{one_of(PLAIN_TRIGGERS)} or {_TIMEOUT}"
    else:
        inner = trigger["on_timeout"]
        ms = inner.get("ms") if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or set(inner) != {"ms"}:
            yield f"{path}trigger.on_timeout", f"must be as in {_TIMEOUT}"
        elif type(ms) is not int or not 1 <= ms <= MAX_MS:
            yield f"{path}trigger.on_timeout.ms", f"must be 1 to {MAX_MS}"
    yield from _of_condition(edge, path, by_ratio=isinstance(trigger, str) and trigger.lower() == "on_fill_ratio")


def _of_condition(edge: Edge, path: str, *, by_ratio: bool) -> Iterator[Fault]:
    field = f"{path}condition"
    if not by_ratio:
        if edge.condition is not None:
            yield field, "only on_fill_ratio has a condition"
        return
    if edge.condition is None:
        yield field, f"missing: on_fill_ratio needs {_RATIO}"
        return
    for name in edge.condition:
        if name != "fill_ratio_gte":
            yield f"{field}.{name}", "unknown key"
    ratio = edge.condition.get("fill_ratio_gte")
    if ratio is None:
        yield f"{field}.fill_ratio_gte", "missing"
    elif not _is_number(ratio) or not 0 < ratio <= 1:
        yield f"{field}.fill_ratio_gte", "must be a number above 0 and at most 1"


def _of_action(edge: Edge, path: str) -> Iterator[Fault]:
    if edge.action is not None and edge.action.lower() not in ACTIONS:
        yield f"{path}action", one_of(ACTIONS)
    field, sizing = f"{path}sizing", edge.sizing
    if isinstance(sizing, str):
        if sizing.lower() != "node":
            yield field, f"must be {_SIZING}"
    elif sizing is not None:
        if not activates(edge):
            yield field, "an edge that cancels sizes nothing"
        yield from _of_sizing(sizing, field)


def _of_sizing(sizing: dict[str, Any], field: str) -> Iterator[Fault]:
    key = next(iter(sizing), "")
    inner, name = sizing.get(key), {"fill_ratio": "ratio", "fixed": "qty_1e8"}.get(key, "")
    if len(sizing) != 1 or not isinstance(inner, dict) or set(inner) != {name}:
        yield field, f"must be {_SIZING}"
        return
    value = inner[name]
    field = f"{field}.{key}.{name}"
    if key == "fixed":
        if type(value) is not int:
            yield field, "must be an integer"
        else:
            yield from order_rules.positive(value, field)
    elif not _is_number(value):
        yield field, "must be a number"
    else:
        yield from order_rules.positive_human(Decimal(value), 9, field)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
