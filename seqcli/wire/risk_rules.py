"""The risk part of a graph: its four layers, read from the body and checked. Pure, and the same on both sides."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from seqcli.wire.order_rules import Fault, human, one_of, positive_human

_KEYS = {
    "admission": ("max_notional_usd",),
    "pre_trade": ("max_price_deviation_bps",),
    "runtime": ("max_loss_usd", "max_unhedged_qty"),
    "on_failure": ("on_runtime_breach", "on_reject"),
}
_ON_FAILURE = {"on_runtime_breach": ("cancel_all", "pause", "none"), "on_reject": ("none", "cancel_all")}
_DIGITS = {"max_notional_usd": 9, "max_loss_usd": 9, "max_unhedged_qty": 8}


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one graph; None = no limit. Dollars 1e9, quantities 1e8."""

    max_notional_usd_1e9: int | None = None
    max_price_deviation_bps: int | None = None
    max_loss_usd_1e9: int | None = None
    max_unhedged_qty_1e8: int | None = None
    on_runtime_breach: str = "cancel_all"
    on_reject: str = "none"


def of_risk(sent: dict[str, Any] | None) -> Iterator[Fault]:
    """What is wrong with the risk part of a body."""
    for layer, keys in (sent or {}).items():
        if layer not in _KEYS:
            yield f"risk.{layer}", "unknown key"
        elif keys is not None and not isinstance(keys, dict):
            yield f"risk.{layer}", "must be an object"
        else:
            for name, value in (keys or {}).items():
                yield from _of_key(layer, name, value)


def read(sent: dict[str, Any] | None) -> Risk:
    """The limits of a risk part that has no faults."""
    flat = {name: value for keys in (sent or {}).values() for name, value in (keys or {}).items() if value is not None}

    def scaled(name: str) -> int | None:
        return human(Decimal(flat[name]), _DIGITS[name]) if name in flat else None

    deviation = flat.get("max_price_deviation_bps")
    return Risk(
        max_notional_usd_1e9=scaled("max_notional_usd"),
        max_price_deviation_bps=None if deviation is None else int(deviation),
        max_loss_usd_1e9=scaled("max_loss_usd"),
        max_unhedged_qty_1e8=scaled("max_unhedged_qty"),
        on_runtime_breach=str(flat.get("on_runtime_breach", "cancel_all")).lower(),
        on_reject=str(flat.get("on_reject", "none")).lower(),
    )


def _of_key(layer: str, name: str, value: Any) -> Iterator[Fault]:
    field = f"risk.{layer}.{name}"
    if name not in _KEYS[layer]:
        yield field, "unknown key"
    elif value is None:
        return
    elif layer == "on_failure":
        if not isinstance(value, str) or value.lower() not in _ON_FAILURE[name]:
            yield field, one_of(_ON_FAILURE[name])
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        yield field, "must be a number"
    elif layer == "pre_trade":
        if value < 0 or value != int(value):
            yield field, "must be a whole number, not negative"
    else:
        yield from positive_human(Decimal(value), _DIGITS[name], field)
