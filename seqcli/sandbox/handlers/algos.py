"""Modules are checked and stored, by symbol or as deployments; running them is not this version's, and a
start says so.
"""

import binascii
from base64 import b64decode
from hashlib import sha256
from os import urandom
from typing import Any

import msgspec

from seqcli.sandbox.ids import random_id
from seqcli.sandbox.instruments import canonical, venue_of
from seqcli.sandbox.modules import NotAModule, check
from seqcli.sandbox.serving import Answer, Box, Call, Caller, conflict, invalid, not_found, serves
from seqcli.wire import algos

_SECOND_NS = 1_000_000_000
_NOT_RUN = "modules are checked and stored here, not run yet"


class Stored(msgspec.Struct, kw_only=True):
    """What is kept of a deployment; `by_symbol` ones are those of /v1/algos."""

    deployment: algos.Deployment
    by_symbol: bool


@serves(algos.LIST)
def show_all(box: Box, call: Call) -> dict[str, Any]:
    """One item a symbol."""
    with_edges = call.query.detail == "edge"
    rows = [_item(row.deployment, edges=with_edges) for row in _rows(box, call.caller) if row.by_symbol]
    return {"algos": rows}


@serves(algos.DEPLOY)
def deploy(box: Box, call: Call) -> Answer:
    """Check and store; the same bytes again change nothing, other bytes replace."""
    body = call.body
    symbols = _symbols(box, [body.symbol], "symbol")
    module, digest = _module(body.wasm_base64, body.sha256)
    earlier = _by_symbol(box, call.caller, symbols[0])
    if earlier is not None and earlier.deployment.sha256 == digest:
        return Answer(_deployed(earlier.deployment), status=200)
    deployment = _make(box, call, name=body.name or symbols[0], symbols=symbols, module=module, digest=digest)
    if earlier is not None:
        _remove(box, call.caller, earlier.deployment.deployment_id)
    wanted = body.start_immediately if body.start is None else body.start
    _set_started(deployment, wanted, "not_started", call.now_ns)
    _save(box, call.caller, Stored(deployment=deployment, by_symbol=True), module)
    return Answer(_deployed(deployment))


@serves(algos.SHOW)
def show(box: Box, call: Call) -> dict[str, Any]:
    """The item with its edges."""
    return _item(_found(box, call).deployment, edges=True)


@serves(algos.START)
def start(box: Box, call: Call) -> dict[str, Any]:
    """Accept the start."""
    return _item(_switch(box, call, _found(box, call), started=True), edges=True)


@serves(algos.STOP)
def stop(box: Box, call: Call) -> dict[str, Any]:
    """Stop; resting orders stay."""
    return _item(_switch(box, call, _found(box, call), started=False), edges=True)


@serves(algos.DEPLOYMENTS)
def show_deployments(box: Box, call: Call) -> dict[str, Any]:
    """All deployments, without their edges."""
    rows = [msgspec.to_builtins(row.deployment) for row in _rows(box, call.caller)]
    for row in rows:
        del row["edges"]
    return {"deployments": rows, "count": len(rows)}


@serves(algos.DEPLOYMENT_CREATE)
def create(box: Box, call: Call) -> Answer:
    """Check and store under a name; the same name with the same bytes is the one that exists."""
    body = call.body
    symbols = _symbols(box, body.symbols, "symbols")
    module, digest = _module(body.wasm_base64, body.sha256)
    for row in _rows(box, call.caller):
        if row.deployment.name == body.name and not row.by_symbol:
            if row.deployment.sha256 != digest:
                raise conflict("name", "used with another module")
            return Answer(row.deployment, status=200)
    deployment = _make(box, call, name=body.name, symbols=symbols, module=module, digest=digest)
    deployment.params = body.params or []
    _set_started(deployment, body.start_immediately, "not_started", call.now_ns)
    _save(box, call.caller, Stored(deployment=deployment, by_symbol=False), module)
    return Answer(deployment)


@serves(algos.DEPLOYMENT_SHOW)
def show_deployment(box: Box, call: Call) -> algos.Deployment:
    """One deployment with its edges."""
    return _by_id(box, call).deployment


@serves(algos.DEPLOYMENT_START)
def start_deployment(box: Box, call: Call) -> algos.Deployment:
    """Accept the start."""
    return _switch(box, call, _by_id(box, call), started=True)


@serves(algos.DEPLOYMENT_STOP)
def stop_deployment(box: Box, call: Call) -> algos.Deployment:
    """Stop; resting orders stay."""
    return _switch(box, call, _by_id(box, call), started=False)


def _module(text: str, expected: str | None) -> tuple[bytes, str]:
    try:
        module = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(("wasm_base64", "is not base64")) from None
    if len(module) > algos.MODULE_LIMIT:
        raise invalid(("wasm_base64", f"larger than {algos.MODULE_LIMIT} bytes"))
    digest = sha256(module).hexdigest()
    if expected is not None and expected.lower() != digest:
        raise invalid(("sha256", f"the module's is {digest}"))
    try:
        check(module)
    except NotAModule as error:
        raise invalid(("wasm_base64", str(error))) from None
    return module, digest


def _symbols(box: Box, texts: list[str], field: str) -> list[str]:
    if not texts:
        raise invalid((field, "at least one"))
    symbols = []
    for text in texts:
        try:
            symbols.append(canonical(text))
        except ValueError as error:
            raise invalid((field, str(error))) from None
        if symbols[-1] not in box.market.instruments():
            raise invalid((field, f"unknown symbol {symbols[-1]}"))
    return symbols


def _make(box: Box, call: Call, *, name: str, symbols: list[str], module: bytes, digest: str) -> algos.Deployment:
    venues = _venues(call.body.venues)
    edges = [
        _edge(symbol, venue, len(module), digest, call.now_ns)
        for symbol in symbols
        for venue in sorted(box.market.instruments()[symbol].venues)
        if venues is None or venue in venues
    ]
    if not edges:
        raise invalid(("venues", "none of them trades these symbols"))
    return algos.Deployment(
        deployment_id=f"dep_{urandom(10).hex()}",
        name=name,
        symbols=symbols,
        size_bytes=len(module),
        status="paused",
        pushed_to=len(edges),
        capable_edges=len(edges),
        edges=edges,
        venues=venues,
        labels=call.body.labels or {},
        risk=call.body.risk,
        params=[],
        sha256=digest,
        is_sandbox=call.caller.sandbox,
        created_ns=call.now_ns,
        updated_ns=call.now_ns,
    )


def _venues(texts: list[str] | None) -> list[str] | None:
    if not texts:
        return None
    try:
        return [venue_of(text)[0] for text in texts]
    except ValueError as error:
        raise invalid(("venues", str(error))) from None


def _edge(symbol: str, venue: str, size: int, digest: str, now_ns: int) -> algos.DeploymentEdge:
    return algos.DeploymentEdge(
        symbol=symbol,
        edge_id=f"venue-edge-{venue}",
        deploy_id=random_id(),
        status="paused",
        size_bytes=size,
        sha256=digest,
        deployed_at=now_ns // _SECOND_NS,
        last_heartbeat=None,
        pause_reason="not_started",
        position_1e8=0,
        realized_pnl_1e9=0,
        session_realized_pnl_1e9=0,
        unrealized_pnl_1e9=0,
        callback_latency_ns=0,
        update_count=0,
        instance_label=None,
        error=None,
    )


def _set_started(deployment: algos.Deployment, started: bool, reason: str, now_ns: int) -> None:
    deployment.status = "accepted" if started else "paused"
    deployment.updated_ns = now_ns
    for edge in deployment.edges:
        edge.status = deployment.status
        edge.pause_reason = None if started else reason
        edge.error = _NOT_RUN if started else None


def _switch(box: Box, call: Call, row: Stored, *, started: bool) -> algos.Deployment:
    deployment = row.deployment
    if (deployment.status == "accepted") != started:
        _set_started(deployment, started, "stopped_by_user", call.now_ns)
        box.store.write(
            "UPDATE deployments SET record = ? WHERE client_id = ? AND deployment_id = ?",
            (msgspec.json.encode(row), call.caller.client_id, deployment.deployment_id),
        )
    return deployment


def _item(deployment: algos.Deployment, *, edges: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "symbol": deployment.symbols[0],
        "size_bytes": deployment.size_bytes,
        "modified_at": deployment.updated_ns // _SECOND_NS,
        "status": deployment.status,
        "deployment_id": deployment.deployment_id,
        "sha256": deployment.sha256,
    }
    return item | {"edges": deployment.edges} if edges else item


def _deployed(deployment: algos.Deployment) -> algos.Deployed:
    return algos.Deployed(
        symbol=deployment.symbols[0],
        deploy_id=deployment.edges[0].deploy_id,
        deployment_id=deployment.deployment_id,
        size_bytes=deployment.size_bytes,
        sha256=deployment.sha256,
        status=deployment.status,
        edges=deployment.edges,
    )


def _rows(box: Box, caller: Caller) -> list[Stored]:
    found = box.store.read(
        "SELECT record FROM deployments WHERE client_id = ? AND sandbox = ? ORDER BY rowid DESC",
        (caller.client_id, caller.sandbox),
    )
    return [msgspec.json.decode(row[0], type=Stored) for row in found]


def _by_symbol(box: Box, caller: Caller, symbol: str) -> Stored | None:
    rows = (row for row in _rows(box, caller) if row.by_symbol and row.deployment.symbols == [symbol])
    return next(rows, None)


def _found(box: Box, call: Call) -> Stored:
    try:
        symbol = canonical(call.path["symbol"])
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None
    row = _by_symbol(box, call.caller, symbol)
    if row is None:
        raise not_found("algo", symbol)
    return row


def _by_id(box: Box, call: Call) -> Stored:
    for row in _rows(box, call.caller):
        if row.deployment.deployment_id == call.path["id"]:
            return row
    raise not_found("deployment", call.path["id"])


def _save(box: Box, caller: Caller, row: Stored, module: bytes) -> None:
    deployment = row.deployment
    box.store.write(
        "INSERT INTO deployments VALUES (?, ?, ?, ?, ?, ?)",
        (
            caller.client_id,
            deployment.deployment_id,
            caller.sandbox,
            deployment.created_ns,
            msgspec.json.encode(row),
            module,
        ),
    )


def _remove(box: Box, caller: Caller, deployment_id: str) -> None:
    box.store.write(
        "DELETE FROM deployments WHERE client_id = ? AND deployment_id = ?", (caller.client_id, deployment_id)
    )
