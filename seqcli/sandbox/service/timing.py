"""How long the server took with a request that changes orders, by its own monotonic clock.

Measured beside the exchange, which knows no clock: when the request's head was read, when its body had been checked,
when the exchange had applied it, and when that was on disk and the reply could leave. The exchange's stamp dates the
second; the others lie before or after it by what was measured.
"""

from collections.abc import Callable
from typing import Any

from seqcli.sandbox.serving import Answer, Call
from seqcli.sandbox.storage import costs

WHAT = {
    "orders.place": "place",
    "orders.amend": "amend",
    "orders.cancel": "cancel",
    "graphs.cancel": "cancel",
    "graphs.resume": "resume",
    "graphs.amend_node": "amend",
}
"""Operations that are timed."""


def step(
    call: Call, result: Any, ticks: tuple[int, int, int], clock: Callable[[], int]
) -> Callable[[], costs.Row] | None:
    """What makes the row of a request at the moment it is on disk; None for one that changed nothing.

    `ticks`: received, validated, applied.
    """
    body = result.body if isinstance(result, Answer) else result
    if not isinstance(body, dict) or body.get("replayed"):
        return None
    what = WHAT[call.operation.name]
    graph_id = body.get("graph_id") or call.path.get("graph_id")
    if graph_id is None:
        return None
    order = "" if what == "place" else body.get("node_order_id") or ""
    received, validated, applied = ticks

    def row() -> costs.Row:
        ahead = call.now_ns - validated
        times = (ahead + received, call.now_ns, ahead + applied, ahead + clock())
        return costs.STEP, (call.caller.client_id, graph_id, order, what, *times)

    return row
