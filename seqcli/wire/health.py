"""Health, venue drift and edges. API: /v1/health, /v1/health/live, /v1/health/edges, /v1/edges."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation


class Health(msgspec.Struct, kw_only=True):
    """`status` is ok, or degraded while a venue is missing."""

    status: str
    version: str
    region: str
    environment: str
    time_ns: int
    uptime_s: int
    edges: dict[str, Any]


class Live(msgspec.Struct, kw_only=True):
    """200 means alive."""

    status: str


class Drift(msgspec.Struct, kw_only=True):
    """Expected venues against connected ones; `drift` is true exactly when one is missing."""

    expected: list[str]
    connected: list[str]
    missing: list[str]
    extra: list[str]
    drift: bool


class Edge(msgspec.Struct, kw_only=True):
    """One venue's edge."""

    edge_id: str
    venue: str
    region: str
    remote: bool
    connected: bool
    venues: list[str]
    instrument_types: list[str]
    symbol_count: int
    latency_ms: float
    last_heartbeat_ns: int


class Edges(msgspec.Struct, kw_only=True):
    """Sorted by `edge_id`."""

    edges: list[Edge]
    count: int
    as_of_ns: int


CHECK = Operation(
    name="health.check",
    method="GET",
    path="/v1/health",
    summary="Health with a key: the check that a key works",
    reply=Health,
    errors=("SERVICE_UNAVAILABLE",),
)
LIVE = Operation(
    name="health.live",
    method="GET",
    path="/v1/health/live",
    summary="Liveness, no key",
    reply=Live,
    errors=("SERVICE_UNAVAILABLE",),
    access=Access.PUBLIC,
)
EDGES = Operation(
    name="health.edges",
    method="GET",
    path="/v1/health/edges",
    summary="Venue drift, no key",
    reply=Drift,
    access=Access.PUBLIC,
)
EDGE_LIST = Operation(
    name="health.edge_list",
    method="GET",
    path="/v1/edges",
    summary="Each edge's region, venues and symbol count",
    reply=Edges,
)
OPERATIONS = (CHECK, LIVE, EDGES, EDGE_LIST)
