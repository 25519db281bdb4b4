"""Algorithms by symbol and deployments by id: uploaded, started, looked at, removed.

They run while the exchange is served.
"""

from typing import Any

from seqcli.sandbox.algos import uploads
from seqcli.sandbox.algos.deployments import Stored, Wanted
from seqcli.sandbox.algos.measures import metrics_of, stats_of
from seqcli.sandbox.handlers import algo_rows as kept
from seqcli.sandbox.serving import Answer, Box, Call, conflict, invalid, serves
from seqcli.wire import algos

_LINES, _MOST_LINES = 200, 1000
_LEVELS = ("trace", "debug", "info", "warn", "error")


@serves(algos.LIST)
def show_all(box: Box, call: Call) -> dict[str, Any]:
    """One item a symbol."""
    with_edges = call.query.detail == "edge"
    return {"algos": [kept.item(row, edges=with_edges) for row in kept.rows(box, call) if row.by_symbol]}


@serves(algos.DEPLOY)
def deploy(box: Box, call: Call) -> Answer:
    """Check and store; the same bytes again change nothing, other bytes replace."""
    body = call.body
    (instrument,) = uploads.symbols(box, [body.symbol], "symbol")
    earlier = kept.by_symbol(box, call, instrument.symbol)
    raw, digest = uploads.module(body.wasm_base64, body.sha256)
    if earlier is not None and earlier.deployment.sha256 == digest:
        return Answer(kept.deployed(earlier.deployment), status=200)
    row = kept.made(box, call, body.name or instrument.symbol, [body.symbol], (raw, digest), by_symbol=True)
    if earlier is not None:
        kept.forget(box, call, earlier)
    box.deployments.add(row, raw)
    if body.start_immediately if body.start is None else body.start:
        kept.start(box, call, row)
    return Answer(kept.deployed(row.deployment))


@serves(algos.SHOW)
def show(box: Box, call: Call) -> dict[str, Any]:
    """The item with its edges."""
    return kept.item(kept.found(box, call), edges=True)


@serves(algos.START)
def start(box: Box, call: Call) -> dict[str, Any]:
    """Start it."""
    return kept.item(kept.start(box, call, kept.found(box, call)), edges=True)


@serves(algos.STOP)
def stop(box: Box, call: Call) -> dict[str, Any]:
    """Stop; resting orders stay."""
    return kept.item(kept.stop(box, call, kept.found(box, call)), edges=True)


@serves(algos.UNDEPLOY)
def undeploy(box: Box, call: Call) -> dict[str, Any]:
    """Stop and forget."""
    row = kept.found(box, call)
    kept.forget(box, call, row)
    return {"symbol": row.deployment.symbols[0], "deleted": True}


@serves(algos.LOGS)
def logs(box: Box, call: Call) -> dict[str, Any]:
    """Its lines."""
    return _lines(box, call, kept.found(box, call))


@serves(algos.STATS)
def stats(box: Box, call: Call) -> dict[str, Any]:
    """Sums over its edges."""
    row = kept.found(box, call)
    return stats_of(row, box.fleet.find(row) if box.fleet else None, call.now_ns)


@serves(algos.DEPLOYMENTS)
def show_deployments(box: Box, call: Call) -> dict[str, Any]:
    """All deployments, without their edges."""
    import msgspec

    rows = [msgspec.to_builtins(row.deployment) for row in kept.rows(box, call)]
    for row in rows:
        del row["edges"]
    return {"deployments": rows, "count": len(rows)}


@serves(algos.DEPLOYMENT_CREATE)
def create(box: Box, call: Call) -> Answer:
    """Check and store under a name; the same name with the same bytes is the one that exists."""
    body = call.body
    raw, digest = uploads.module(body.wasm_base64, body.sha256)
    for known in kept.rows(box, call):
        if known.deployment.name == body.name and not known.by_symbol:
            if known.deployment.sha256 != digest:
                raise conflict("name", "used with another module")
            return Answer(known.deployment, status=200)
    row = kept.made(box, call, body.name, body.symbols, (raw, digest), by_symbol=False)
    row.deployment.params = uploads.params(body.params)
    row.mesh = uploads.mesh(body.mesh, row.deployment.edges)
    box.deployments.add(row, raw)
    if body.start_immediately:
        kept.start(box, call, row)
    return Answer(row.deployment)


@serves(algos.DEPLOYMENT_SHOW)
def show_deployment(box: Box, call: Call) -> algos.Deployment:
    """One deployment with its edges."""
    return kept.by_id(box, call).deployment


@serves(algos.DEPLOYMENT_START)
def start_deployment(box: Box, call: Call) -> algos.Deployment:
    """Start it."""
    return kept.start(box, call, kept.by_id(box, call)).deployment


@serves(algos.DEPLOYMENT_STOP)
def stop_deployment(box: Box, call: Call) -> algos.Deployment:
    """Stop; resting orders stay."""
    return kept.stop(box, call, kept.by_id(box, call)).deployment


@serves(algos.DEPLOYMENT_PATCH)
def patch(box: Box, call: Call) -> algos.Deployment:
    """Change it; one that runs is stopped first and started again with what is new."""
    row, body = kept.by_id(box, call), call.body
    if body.name is not None and any(
        other.deployment.name == body.name and other.deployment.deployment_id != row.deployment.deployment_id
        for other in kept.rows(box, call)
    ):
        raise conflict("name", "used by another deployment")
    deployment, raw = row.deployment, None
    digest, size = deployment.sha256, deployment.size_bytes
    if body.wasm_base64 is not None:
        raw, digest = uploads.module(body.wasm_base64)
        size = len(raw)
    rows = uploads.symbols(box, body.symbols or deployment.symbols, "symbols")
    venues = deployment.venues if body.venues is None else uploads.venues(body.venues)
    edges = uploads.edges(rows, venues, size, digest, call.now_ns)
    risk = deployment.risk if body.risk is None else uploads.risk(body.risk)
    params = deployment.params if body.params is None else uploads.params(body.params)
    if box.fleet is not None:
        box.fleet.halt(row, call.now_ns)
    deployment.name, deployment.labels = body.name or deployment.name, body.labels or deployment.labels
    deployment.symbols, deployment.venues = [each.symbol for each in rows], venues
    deployment.sha256, deployment.size_bytes = digest, size
    deployment.edges, deployment.risk, deployment.params = edges, risk, params
    deployment.pushed_to = deployment.capable_edges = len(edges)
    row.update_seq += 1
    box.deployments.keep(row, raw)
    return (kept.start(box, call, row) if row.wanted else row).deployment


@serves(algos.DEPLOYMENT_DELETE)
def delete(box: Box, call: Call) -> dict[str, Any]:
    """Stop and forget."""
    row = kept.by_id(box, call)
    kept.forget(box, call, row)
    return {"deployment_id": row.deployment.deployment_id, "deleted": True}


@serves(algos.DEPLOYMENT_LOGS)
def deployment_logs(box: Box, call: Call) -> dict[str, Any]:
    """Its lines."""
    return _lines(box, call, kept.by_id(box, call))


@serves(algos.DEPLOYMENT_METRICS)
def metrics(box: Box, call: Call) -> dict[str, Any]:
    """What each instance has done."""
    row = kept.by_id(box, call)
    return metrics_of(row, box.fleet.find(row) if box.fleet else None, call.now_ns)


@serves(algos.DEPLOYMENT_TRACES)
def traces(box: Box, call: Call) -> dict[str, Any]:
    """The last callbacks, oldest first."""
    row, limit = kept.by_id(box, call), _limit(call)
    crew = box.fleet.find(row) if box.fleet else None
    found = list(crew.traces) if crew else []
    since = call.query.since_ns
    shown = found[-limit:] if since is None else [each for each in found if each["ts_ns"] >= since][:limit]
    return {"traces": shown, "count": len(shown)}


@serves(algos.DEPLOYMENT_MESH)
def mesh(box: Box, call: Call) -> dict[str, Any]:
    """Its labelled instances."""
    row = kept.by_id(box, call)
    crew = box.fleet.find(row) if box.fleet else None
    instances = [
        {
            "label": edge.instance_label,
            "mesh_id": f"{row.deployment.deployment_id}/{edge.instance_label}",
            "edge_id": edge.edge_id,
            "symbol": edge.symbol,
            "connected": edge.status == "running",
            **(crew.mail[edge.instance_label] if crew else {"sent": 0, "received": 0, "dropped": 0}),
        }
        for edge in row.deployment.edges
        if edge.instance_label
    ]
    return {"deployment_id": row.deployment.deployment_id, "instances": instances, "as_of_ns": call.now_ns}


def _lines(box: Box, call: Call, row: Stored) -> dict[str, Any]:
    query = call.query
    if query.level is not None and query.level not in _LEVELS:
        raise invalid(("level", f"must be one of {', '.join(_LEVELS)}"))
    wanted = Wanted(limit=_limit(call), since_ns=query.since_ns, level=query.level, edge_id=query.edge_id)
    rows, more = box.deployments.lines(row, wanted)
    after = rows[-1].ts_ns + 1 if rows else query.since_ns
    return {"logs": rows, "count": len(rows), "has_more": more, "next_since_ns": after}


def _limit(call: Call) -> int:
    limit = _LINES if call.query.limit is None else call.query.limit
    if not limit >= 1:
        raise invalid(("limit", f"must be 1 to {_MOST_LINES}"))
    return min(limit, _MOST_LINES)
