"""Algorithms by symbol (/v1/algos) and deployments by id (/v1/deployments)."""

from typing import Any

import msgspec

from seqcli.wire.operation import MIB, Access, Operation, Query, Repeat

MODULE_LIMIT = 4 * MIB
"""Largest module, decoded."""


class Deploy(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A module for one symbol; `start` is read as `start_immediately`."""

    symbol: str
    wasm_base64: str
    start_immediately: bool = False
    start: bool | None = None
    venues: list[str] | None = None
    name: str | None = None
    risk: dict[str, Any] | None = None
    labels: dict[str, str] | None = None
    sha256: str | None = None


class CreateDeployment(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A module for several symbols."""

    name: str
    wasm_base64: str
    symbols: list[str]
    start_immediately: bool = False
    venues: list[str] | None = None
    labels: dict[str, str] | None = None
    risk: dict[str, Any] | None = None
    params: list[dict[str, Any]] | None = None
    mesh: list[dict[str, Any]] | None = None
    sha256: str | None = None


class Patch(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What to change of a deployment; other code is swapped in after the old instance's shutdown."""

    name: str | None = None
    symbols: list[str] | None = None
    venues: list[str] | None = None
    labels: dict[str, str] | None = None
    risk: dict[str, Any] | None = None
    params: list[dict[str, Any]] | None = None
    wasm_base64: str | None = None


class LogsQuery(Query):
    """The newest `limit` lines, or those from `since_ns` on."""

    limit: int | None = None
    since_ns: int | None = None
    level: str | None = None
    edge_id: str | None = None


class TracesQuery(Query):
    """The newest `limit`, or those from `since_ns` on."""

    limit: int | None = None
    since_ns: int | None = None


class DeploymentEdge(msgspec.Struct, kw_only=True):
    """One instance on one edge; `pause_reason` says why it does not run."""

    symbol: str
    edge_id: str
    deploy_id: str
    status: str
    size_bytes: int
    sha256: str
    deployed_at: int
    last_heartbeat: int | None
    pause_reason: str | None
    position_1e8: int
    realized_pnl_1e9: int
    session_realized_pnl_1e9: int
    unrealized_pnl_1e9: int
    callback_latency_ns: int
    update_count: int
    instance_label: str | None
    error: str | None


class Deployment(msgspec.Struct, kw_only=True):
    """`pushed_to` below `capable_edges` means that an edge refused."""

    deployment_id: str
    name: str
    symbols: list[str]
    size_bytes: int
    status: str
    pushed_to: int
    capable_edges: int
    edges: list[DeploymentEdge]
    venues: list[str] | None
    labels: dict[str, str]
    risk: dict[str, Any] | None
    params: list[dict[str, Any]]
    sha256: str
    is_sandbox: bool
    created_ns: int
    updated_ns: int


class Deployed(msgspec.Struct, kw_only=True):
    """Reply to a deploy by symbol."""

    symbol: str
    deploy_id: str
    deployment_id: str
    size_bytes: int
    sha256: str
    status: str
    edges: list[DeploymentEdge]


class ListQuery(Query):
    """``detail=edge`` adds the rows of each edge."""

    detail: str | None = None


LIST = Operation(name="algos.list", method="GET", path="/v1/algos", summary="Algorithms by symbol", query=ListQuery)
DEPLOY = Operation(
    name="algos.deploy",
    method="POST",
    path="/v1/algos/deploy",
    summary="Upload a module for a symbol; stopped unless told otherwise",
    body=Deploy,
    reply=Deployed,
    success=(201, 200),
    errors=("VALIDATION_ERROR",),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_limit=16 * MIB,
)
SHOW = Operation(
    name="algos.show",
    method="GET",
    path="/v1/algos/{symbol}",
    summary="One algorithm with its edges",
    errors=("NOT_FOUND",),
)
START = Operation(
    name="algos.start",
    method="POST",
    path="/v1/algos/{symbol}/start",
    summary="Start",
    errors=("NOT_FOUND",),
    access=Access.TRADE,
    body_optional=True,
)
STOP = Operation(
    name="algos.stop",
    method="POST",
    path="/v1/algos/{symbol}/stop",
    summary="Stop; resting orders stay",
    errors=("NOT_FOUND",),
    access=Access.TRADE,
    body_optional=True,
)
DEPLOYMENTS = Operation(name="algos.deployments", method="GET", path="/v1/deployments", summary="Deployments")
DEPLOYMENT_CREATE = Operation(
    name="algos.deployment_create",
    method="POST",
    path="/v1/deployments",
    summary="Upload a module for several symbols; stopped unless told otherwise",
    body=CreateDeployment,
    reply=Deployment,
    success=(201, 200),
    errors=("VALIDATION_ERROR", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_limit=16 * MIB,
)
DEPLOYMENT_SHOW = Operation(
    name="algos.deployment_show",
    method="GET",
    path="/v1/deployments/{id}",
    summary="One deployment with its edges",
    reply=Deployment,
    errors=("NOT_FOUND",),
)
DEPLOYMENT_START = Operation(
    name="algos.deployment_start",
    method="POST",
    path="/v1/deployments/{id}/start",
    summary="Start",
    reply=Deployment,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
    body_optional=True,
)
DEPLOYMENT_STOP = Operation(
    name="algos.deployment_stop",
    method="POST",
    path="/v1/deployments/{id}/stop",
    summary="Stop; resting orders stay",
    reply=Deployment,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
    body_optional=True,
)
UNDEPLOY = Operation(
    name="algos.undeploy",
    method="DELETE",
    path="/v1/algos/{symbol}",
    summary="Stop and forget an algorithm",
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
LOGS = Operation(
    name="algos.logs",
    method="GET",
    path="/v1/algos/{symbol}/logs",
    summary="What an algorithm has logged",
    query=LogsQuery,
    errors=("NOT_FOUND", "VALIDATION_ERROR"),
)
STATS = Operation(
    name="algos.stats",
    method="GET",
    path="/v1/algos/{symbol}/stats",
    summary="Position, profit and counts of an algorithm",
    errors=("NOT_FOUND",),
)
DEPLOYMENT_PATCH = Operation(
    name="algos.deployment_patch",
    method="PATCH",
    path="/v1/deployments/{id}",
    summary="Change a deployment",
    body=Patch,
    reply=Deployment,
    errors=("NOT_FOUND", "VALIDATION_ERROR", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_limit=16 * MIB,
)
DEPLOYMENT_DELETE = Operation(
    name="algos.deployment_delete",
    method="DELETE",
    path="/v1/deployments/{id}",
    summary="Stop and forget a deployment",
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
DEPLOYMENT_LOGS = Operation(
    name="algos.deployment_logs",
    method="GET",
    path="/v1/deployments/{id}/logs",
    summary="What a deployment has logged",
    query=LogsQuery,
    errors=("NOT_FOUND", "VALIDATION_ERROR"),
)
DEPLOYMENT_METRICS = Operation(
    name="algos.deployment_metrics",
    method="GET",
    path="/v1/deployments/{id}/metrics",
    summary="Latencies, counts and profit of each instance",
    errors=("NOT_FOUND",),
)
DEPLOYMENT_TRACES = Operation(
    name="algos.deployment_traces",
    method="GET",
    path="/v1/deployments/{id}/traces",
    summary="The last callbacks and what they wanted",
    query=TracesQuery,
    errors=("NOT_FOUND", "VALIDATION_ERROR"),
)
DEPLOYMENT_MESH = Operation(
    name="algos.deployment_mesh",
    method="GET",
    path="/v1/deployments/{id}/mesh",
    summary="Instances that send messages to each other",
    errors=("NOT_FOUND",),
)
OPERATIONS = (
    LIST,
    DEPLOY,
    SHOW,
    START,
    STOP,
    DEPLOYMENTS,
    DEPLOYMENT_CREATE,
    DEPLOYMENT_SHOW,
    DEPLOYMENT_START,
    DEPLOYMENT_STOP,
    UNDEPLOY,
    LOGS,
    STATS,
    DEPLOYMENT_PATCH,
    DEPLOYMENT_DELETE,
    DEPLOYMENT_LOGS,
    DEPLOYMENT_METRICS,
    DEPLOYMENT_TRACES,
    DEPLOYMENT_MESH,
)
