"""How a node is worked and what its graph keeps to, in the exchange's own terms, with defaults filled in."""

from collections.abc import Callable
from typing import Any

from seqcli.sandbox.exchange.graphs import Bounds, Edge
from seqcli.wire import edge_rules, order_rules
from seqcli.wire.risk_rules import Risk
from seqcli.wire.submission import Edge as SentEdge
from seqcli.wire.submission import Execution, OrderType

Say = Callable[[str, str], None]
"""Names a violation: field, message."""


def execution(sent: Execution) -> dict[str, Any]:
    """How a node is worked, as it is shown; a TWAP is the policy sor, paced."""
    policy = (sent.policy or "sor").lower()
    shown: dict[str, Any] = {
        "policy": "sor" if policy == "twap" else policy,
        "urgency": (sent.urgency or "medium").lower(),
    }
    for name in ("max_slippage_bps", "horizon_ms", "wallet_id"):
        value = getattr(sent, name)
        if value is not None:
            shown[name] = value
    uniform = sent.pacing.uniform if sent.pacing is not None else None
    if uniform is not None:
        shown["pacing"] = {"uniform": {"num_slices": uniform.num_slices, "interval_ms": uniform.interval_ms}}
    return shown


def tif(sent: Execution, kind: str | OrderType) -> str:
    """The time in force; an order that follows the market keeps working."""
    own = order_rules.FOLLOWING.get((sent.policy or "").lower())
    return own or order_rules.tif_of(sent, market=order_rules.is_market(kind))


def order_type(kind: str | OrderType) -> Any:
    """An order type as it is shown."""
    limit, trigger = order_rules.limit_of(kind), order_rules.trigger_of(kind)
    if trigger is None:
        return "market" if limit is None else {"limit": {"price_1e9": limit}}
    if limit is None:
        return {"stop_market": {"trigger_price_1e9": trigger}}
    return {"stop_limit": {"trigger_price_1e9": trigger, "price_1e9": limit}}


def edge(sent: SentEdge) -> Edge:
    """An edge without faults."""
    link = edge_rules.link(sent)
    return Edge(
        edge_id=sent.edge_id,
        from_node=sent.from_node,
        to_node=sent.to_node,
        trigger=link.trigger,
        after_ms=link.ms,
        ratio=None if link.ratio is None else str(link.ratio),
        sizing=link.sizing,
        size_ratio=None if link.share is None else str(link.share),
        size_1e8=link.qty_1e8,
        action=link.action,
    )


def bounds(risk: Risk) -> Bounds:
    """What is kept while the graph lives."""
    return Bounds(
        max_deviation_bps=risk.max_price_deviation_bps,
        max_loss_usd_1e9=risk.max_loss_usd_1e9,
        max_unhedged_1e8=risk.max_unhedged_qty_1e8,
        on_breach=risk.on_runtime_breach,
        on_reject=risk.on_reject,
    )
