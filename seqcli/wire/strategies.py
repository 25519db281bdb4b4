"""Hosted strategies: programs that the exchange runs.

Source: the vendor's SDK and guide name the fields of a creation; what is answered, and the limits, are ours.
"""

from typing import Any

import msgspec

from seqcli.wire.operation import MIB, Access, Operation, Query, Repeat
from seqcli.wire.submission import Strict

ARTIFACT_LIMIT = 8 * MIB
"""Of an archive, in bytes; in base64 it still fits into a request."""
UNPACKED_LIMIT = 64 * MIB
FILES_LIMIT = 2000
RUNTIMES = ("python",)
CPU_MILLIS, MEMORY_MB = 250, 512
"""Where nothing is said: a quarter of a core, half a GiB."""


class CreateStrategy(Strict, kw_only=True):
    """A program: `artifact_base64` is its folder as tar (gzip or plain) or zip, `entrypoint` the file in it that runs.

    `env` is shown again, `secrets` and `sequence_api_key` never. `resources`: cpu_millis (of a core), memory_mb,
    timeout_secs (0 or absent: no limit).
    """

    name: str
    artifact_base64: str
    runtime: str = "python"
    entrypoint: str = "main.py"
    start_immediately: bool = False
    manifest: str | None = None
    placement: dict[str, Any] | None = None
    risk: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    sequence_api_key: str | None = None
    env: dict[str, str] | None = None
    secrets: dict[str, str] | None = None


class Resources(msgspec.Struct, kw_only=True):
    """What a run may use; `timeout_secs` None = as long as it likes."""

    cpu_millis: int
    memory_mb: int
    timeout_secs: int | None


class Strategy(msgspec.Struct, kw_only=True):
    """A strategy; `status` is stopped, starting, running, exited or failed. `version` grows with each other archive."""

    strategy_id: str
    name: str
    version: int
    runtime: str
    entrypoint: str
    status: str
    placement: dict[str, Any] | None
    resources: Resources
    risk: dict[str, Any] | None
    env: dict[str, str]
    secret_names: list[str]
    manifest: str | None
    artifact_sha256: str
    artifact_bytes: int
    run_id: str | None
    exit_code: int | None
    error: str | None
    is_sandbox: bool
    created_ns: int
    updated_ns: int


class Listing(msgspec.Struct, kw_only=True):
    """Newest first."""

    strategies: list[Strategy]
    count: int


class LogsQuery(Query):
    """Lines of a run (else of the latest): the newest `limit`, or those from `since_ns` on."""

    limit: int | None = None
    since_ns: int | None = None
    level: str | None = None
    run_id: str | None = None


class Line(msgspec.Struct, kw_only=True):
    """What a run has printed; `level` is info for stdout, error for stderr."""

    ts_ns: int
    level: str
    stream: str
    run_id: str
    message: str


class Logs(msgspec.Struct, kw_only=True):
    """Oldest first; `next_since_ns` goes on where these end."""

    logs: list[Line]
    count: int
    has_more: bool
    next_since_ns: int | None


CREATE = Operation(
    name="strategies.create",
    method="POST",
    path="/v1/strategies",
    summary="Send a program; under a name that is there, a new version of it",
    body=CreateStrategy,
    reply=Strategy,
    success=(201, 200),
    errors=("VALIDATION_ERROR", "CONFLICT", "FORBIDDEN"),
    repeat=Repeat.NEVER,
    access=Access.TRADE,
    body_limit=16 * MIB,
)
LIST = Operation(
    name="strategies.list",
    method="GET",
    path="/v1/strategies",
    summary="Hosted strategies",
    reply=Listing,
)
SHOW = Operation(
    name="strategies.show",
    method="GET",
    path="/v1/strategies/{id}",
    summary="One hosted strategy",
    reply=Strategy,
    errors=("NOT_FOUND",),
)
START = Operation(
    name="strategies.start",
    method="POST",
    path="/v1/strategies/{id}/start",
    summary="Start a run; one that runs goes on",
    reply=Strategy,
    errors=("NOT_FOUND", "FORBIDDEN", "CONFLICT"),
    access=Access.TRADE,
    body_optional=True,
)
STOP = Operation(
    name="strategies.stop",
    method="POST",
    path="/v1/strategies/{id}/stop",
    summary="End the run; resting orders stay",
    reply=Strategy,
    errors=("NOT_FOUND",),
    access=Access.TRADE,
    body_optional=True,
)
DELETE = Operation(
    name="strategies.delete",
    method="DELETE",
    path="/v1/strategies/{id}",
    summary="End the run and forget the strategy, its secrets and its log",
    errors=("NOT_FOUND",),
    access=Access.TRADE,
)
LOGS = Operation(
    name="strategies.logs",
    method="GET",
    path="/v1/strategies/{id}/logs",
    summary="What a run has printed",
    query=LogsQuery,
    reply=Logs,
    errors=("NOT_FOUND", "VALIDATION_ERROR"),
)
OPERATIONS = (CREATE, LIST, SHOW, START, STOP, DELETE, LOGS)
