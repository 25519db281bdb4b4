"""What the instances of a deployment have done, as the API shows it."""

from typing import TYPE_CHECKING, Any

from seqcli.sandbox.algos.counts import Counts
from seqcli.sandbox.algos.deployments import Stored

if TYPE_CHECKING:
    from seqcli.sandbox.algos.fleet import Crew

_SUMMED = (
    *("update_count", "orders_sent", "orders_rejected", "cancels_sent", "fills", "position_1e8", "realized_pnl_1e9"),
    *("session_realized_pnl_1e9", "unrealized_pnl_1e9", "traps", "memory_bytes"),
)


def metrics_of(row: Stored, crew: "Crew | None", now_ns: int) -> dict[str, Any]:
    """Each instance, and their sums; latencies are of the last thousand callbacks."""
    counts = [instance.counts for _, instance in crew.instances] if crew else []
    fills = [instance.standing.fills for _, instance in crew.instances] if crew else []
    rows: list[dict[str, Any]] = []
    for number, edge in enumerate(row.deployment.edges):
        known = counts[number] if counts else Counts()
        rows.append(
            {
                "edge_id": edge.edge_id,
                "symbol": edge.symbol,
                "callback_latency_p50_ns": _percentile(known, 50),
                "callback_latency_p99_ns": _percentile(known, 99),
                "callback_latency_ns": edge.callback_latency_ns,
                "update_count": edge.update_count,
                "orders_sent": known.sent,
                "orders_rejected": known.rejected,
                "cancels_sent": known.cancels,
                "fills": fills[number] if fills else 0,
                "position_1e8": edge.position_1e8,
                "realized_pnl_1e9": edge.realized_pnl_1e9,
                "session_realized_pnl_1e9": edge.session_realized_pnl_1e9,
                "unrealized_pnl_1e9": edge.unrealized_pnl_1e9,
                "traps": known.traps,
                "memory_bytes": known.memory_bytes,
                "last_heartbeat": edge.last_heartbeat,
            }
        )
    totals = {name: sum(int(each[name]) for each in rows) for name in _SUMMED}
    return {"deployment_id": row.deployment.deployment_id, "edges": rows, "totals": totals, "as_of_ns": now_ns}


def stats_of(row: Stored, crew: "Crew | None", now_ns: int) -> dict[str, Any]:
    """The sums of an algorithm; its latency is the largest."""
    body = metrics_of(row, crew, now_ns)
    totals, edges = body["totals"], row.deployment.edges
    return {
        "symbol": row.deployment.symbols[0],
        "status": row.deployment.status,
        "position_1e8": totals["position_1e8"],
        "realized_pnl_1e9": totals["realized_pnl_1e9"],
        "session_realized_pnl_1e9": totals["session_realized_pnl_1e9"],
        "unrealized_pnl_1e9": totals["unrealized_pnl_1e9"],
        "total_fill_count": totals["fills"],
        "callback_latency_ns": max((edge.callback_latency_ns for edge in edges), default=0),
        "update_count": totals["update_count"],
        "edges": edges,
        "as_of_ns": now_ns,
    }


def _percentile(counts: Counts, percent: int) -> int:
    """The nearest rank; 0 without a callback."""
    found = sorted(counts.latencies)
    return found[max(0, -(-len(found) * percent // 100) - 1)] if found else 0
