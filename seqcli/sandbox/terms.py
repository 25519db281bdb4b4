"""How a node is worked, how large it is, what its graph risks: read from a body with every violation named."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from seqcli.sandbox.ledger import from_human
from seqcli.wire import strict
from seqcli.wire.submission import Execution

MAX_HORIZON_MS, MAX_SLIPPAGE_BPS = 604_800_000, 10_000
LARGEST = (1 << 63) - 1
LATER = "not served by this exchange yet"
TIFS = ("gtc", "ioc", "fok", "post_only")
POLICIES = ("sor", "aggressive_chase", "passive", "twap")
URGENCIES = ("low", "medium", "high")

Say = Callable[[str, str], None]
"""Names a violation: field, message."""


def execution(sent: Execution, path: str, say: Say, *, is_market: bool) -> tuple[dict[str, Any], str]:
    """How a node is worked, as it is shown; and its time in force."""
    shown: dict[str, Any] = {"policy": _policy(sent, path, say), "urgency": (sent.urgency or "medium").lower()}
    if shown["urgency"] not in URGENCIES:
        say(f"{path}urgency", f"must be one of {', '.join(URGENCIES)}")
    for name, low, high in (("max_slippage_bps", 0, MAX_SLIPPAGE_BPS), ("horizon_ms", 1, MAX_HORIZON_MS)):
        value = getattr(sent, name)
        if value is not None:
            shown[name] = value
            if not low <= value <= high:
                say(f"{path}{name}", f"must be {low} to {high}")
    if sent.wallet_id is not None:
        shown["wallet_id"] = sent.wallet_id
    return shown, _tif(sent, path, say, is_market=is_market)


def _policy(sent: Execution, path: str, say: Say) -> str:
    policy = (sent.policy or "sor").lower()
    if policy not in POLICIES:
        say(f"{path}policy", f"must be one of {', '.join(POLICIES)}")
    elif policy == "twap" and sent.pacing is None:
        say(f"{path}policy", "twap needs pacing")
    elif policy in ("aggressive_chase", "passive"):
        say(f"{path}policy", LATER)
    if sent.pacing is not None:
        say(f"{path}pacing", LATER)
    return policy


def _tif(sent: Execution, path: str, say: Say, *, is_market: bool) -> str:
    tif = (sent.tif or ("ioc" if is_market else "gtc")).lower()
    if tif not in TIFS:
        say(f"{path}tif", f"must be one of {', '.join(TIFS)}")
    elif is_market and tif == "post_only":
        say(f"{path}tif", "a market order cannot be post_only")
    return "ioc" if is_market and tif == "gtc" else tif


def human(number: Decimal | None, digits: int, field: str, say: Say) -> int | None:
    """A decimal of the simple form at a scale; None when there is none or it is out of range."""
    if number is None:
        return None
    if not number.is_finite() or abs(number) > LARGEST:
        say(field, "out of range")
        return None
    return positive(from_human(number, digits), field, say)


def positive(value: int, field: str, say: Say) -> int:
    """A value that has to be positive and fit in 64 bits."""
    if value <= 0:
        say(field, "must be positive")
    elif value > LARGEST:
        say(field, "does not fit in 64 bits")
    return value


_RISK_KEYS = {
    "admission": ("max_notional_usd",),
    "pre_trade": ("max_price_deviation_bps",),
    "runtime": ("max_loss_usd", "max_unhedged_qty"),
    "on_failure": ("on_runtime_breach", "on_reject"),
}
_ON_FAILURE = {"on_runtime_breach": ("cancel_all", "pause", "none"), "on_reject": ("none", "cancel_all")}


def risk(sent: dict[str, Any] | None, say: Say) -> tuple[str, int | None]:
    """The risk part as JSON text, and its admission limit in USD 1e9."""
    limit = None
    for layer, keys in (sent or {}).items():
        if layer not in _RISK_KEYS:
            say(f"risk.{layer}", "unknown key")
        elif keys is not None and not isinstance(keys, dict):
            say(f"risk.{layer}", "must be an object")
        else:
            for name, value in (keys or {}).items():
                found = _risk(layer, name, value, say)
                limit = found if found is not None else limit
    return strict.encode(sent or {}).decode(), limit


def _risk(layer: str, name: str, value: Any, say: Say) -> int | None:
    field = f"risk.{layer}.{name}"
    if name not in _RISK_KEYS[layer]:
        say(field, "unknown key")
    elif value is None:
        return None
    elif layer == "on_failure":
        if value not in _ON_FAILURE[name]:
            say(field, f"must be one of {', '.join(_ON_FAILURE[name])}")
    elif layer == "runtime":
        say(field, LATER)
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        say(field, "must be a number")
    elif layer == "pre_trade" and (value < 0 or value != int(value)):
        say(field, "must be a whole number, not negative")
    elif layer == "admission":
        return human(Decimal(value), 9, field, say)
    return None
