"""Deployments found, made, started and stopped for a call: what the handlers of algorithms share."""

from collections.abc import Iterable
from typing import Any

from seqcli.sandbox.algos import uploads
from seqcli.sandbox.algos.deployments import NOT_SERVED, SECOND_NS, Stored, new_id, set_status
from seqcli.sandbox.market.instruments import canonical
from seqcli.sandbox.serving import Box, Call, invalid, not_found
from seqcli.wire import algos


def made(box: Box, call: Call, name: str, symbols: list[str], module: tuple[bytes, str], *, by_symbol: bool) -> Stored:
    """A new deployment of what was uploaded; not kept yet."""
    raw, digest = module
    rows, venues = uploads.symbols(box, symbols, "symbols"), uploads.venues(call.body.venues)
    edges = uploads.edges(rows, venues, len(raw), digest, call.now_ns)
    deployment = algos.Deployment(
        deployment_id=new_id(),
        name=name,
        symbols=[row.symbol for row in rows],
        size_bytes=len(raw),
        status="paused",
        pushed_to=len(edges),
        capable_edges=len(edges),
        edges=edges,
        venues=venues,
        labels=call.body.labels or {},
        risk=uploads.risk(call.body.risk),
        params=[],
        sha256=digest,
        is_sandbox=call.caller.sandbox,
        created_ns=call.now_ns,
        updated_ns=call.now_ns,
    )
    return Stored(client_id=call.caller.client_id, deployment=deployment, by_symbol=by_symbol)


def start(box: Box, call: Call, row: Stored) -> Stored:
    """Launch it, or say that it runs once the exchange is served."""
    running = box.fleet.find(row) if box.fleet else None
    if running is not None:
        return running.row
    row.wanted = True
    box.exchange.account(row.client_id, call.now_ns)
    if box.fleet is not None:
        box.fleet.launch(row, call.now_ns)
    else:
        set_status(row, "accepted", "heartbeat_lost", call.now_ns, error=NOT_SERVED)
        box.deployments.keep(row)
    return row


def stop(box: Box, call: Call, row: Stored) -> Stored:
    """Stop it; resting orders stay."""
    if not row.wanted and row.deployment.status == "paused":
        return row
    if box.fleet is not None:
        box.fleet.halt(row, call.now_ns)
    row.wanted = False
    set_status(row, "paused", "stopped_by_user", call.now_ns)
    box.deployments.keep(row)
    return row


def forget(box: Box, call: Call, row: Stored) -> None:
    """Stop it and forget it."""
    if box.fleet is not None:
        box.fleet.halt(row, call.now_ns)
    box.deployments.remove(row)


def item(row: Stored, *, edges: bool) -> dict[str, Any]:
    """The item of a symbol."""
    deployment = row.deployment
    item: dict[str, Any] = {
        "symbol": deployment.symbols[0],
        "size_bytes": deployment.size_bytes,
        "modified_at": deployment.updated_ns // SECOND_NS,
        "status": deployment.status,
        "deployment_id": deployment.deployment_id,
        "sha256": deployment.sha256,
    }
    return item | {"edges": deployment.edges} if edges else item


def deployed(deployment: algos.Deployment) -> algos.Deployed:
    """The reply to a deploy by symbol."""
    return algos.Deployed(
        symbol=deployment.symbols[0],
        deploy_id=deployment.edges[0].deploy_id,
        deployment_id=deployment.deployment_id,
        size_bytes=deployment.size_bytes,
        sha256=deployment.sha256,
        status=deployment.status,
        edges=deployment.edges,
    )


def rows(box: Box, call: Call) -> Iterable[Stored]:
    """As they are now: what runs is known better by the fleet than by the store."""
    rows = box.deployments.of(call.caller.client_id, sandbox=call.caller.sandbox)
    crews = [box.fleet.find(row) if box.fleet else None for row in rows]
    return [crew.row if crew else row for row, crew in zip(rows, crews, strict=True)]


def by_symbol(box: Box, call: Call, symbol: str) -> Stored | None:
    """The algorithm of a symbol; None when there is none."""
    own = (row for row in rows(box, call) if row.by_symbol and row.deployment.symbols == [symbol])
    return next(own, None)


def found(box: Box, call: Call) -> Stored:
    """The algorithm that the path names. Raises `Problem`."""
    try:
        symbol = canonical(call.path["symbol"])
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None
    row = by_symbol(box, call, symbol)
    if row is None:
        raise not_found("algo", symbol)
    return row


def by_id(box: Box, call: Call) -> Stored:
    """The deployment that the path names. Raises `Problem`."""
    for row in rows(box, call):
        if row.deployment.deployment_id == call.path["id"]:
            return row
    raise not_found("deployment", call.path["id"])
