"""How a node is worked, with defaults filled in, as bodies show it."""

from collections.abc import Callable
from typing import Any

from seqcli.wire.submission import Execution

LATER = "not served by this exchange yet"

Say = Callable[[str, str], None]
"""Names a violation: field, message."""


def execution(sent: Execution) -> dict[str, Any]:
    """How a node is worked, as it is shown."""
    shown: dict[str, Any] = {"policy": (sent.policy or "sor").lower(), "urgency": (sent.urgency or "medium").lower()}
    for name in ("max_slippage_bps", "horizon_ms", "wallet_id"):
        value = getattr(sent, name)
        if value is not None:
            shown[name] = value
    return shown
