"""Hosted strategies: kept, shown, started and stopped. They run where the server was started for it."""

import binascii
from base64 import b64decode
from hashlib import sha256
from typing import Any

from seqcli import files
from seqcli.sandbox.serving import Answer, Box, Call, Problem, conflict, invalid, not_found, serves
from seqcli.sandbox.storage.vault import Broken
from seqcli.sandbox.strategies import archives
from seqcli.sandbox.strategies.kept import LEVELS, Secrets, Stored, Wanted, fresh
from seqcli.wire import manifest, strategies

_LINES, _MOST_LINES = 200, 1000
_MOST = 50
_BOUNDS = {"cpu_millis": (10, 4000), "memory_mb": (32, 8192), "timeout_secs": (0, 30 * 86_400)}
_OURS = ("SEQ_API_KEY", "SEQ_API_URL", "SEQUENCE_API_KEY", "SEQUENCE_API_URL")
_NAME_LIMIT, _VALUE_LIMIT = 128, 1 << 15


@serves(strategies.CREATE)
def create(box: Box, call: Call) -> Answer:
    """Check and store. Under a known name other bytes or terms are its next version; the same change nothing."""
    body = call.body
    resources = _checked(body)
    artifact = _artifact(body)
    secrets = Secrets(values=body.secrets or {}, api_key=_own_key(box, call))
    facts: dict[str, Any] = {
        "resources": resources,
        "artifact_sha256": sha256(artifact).hexdigest(),
        "artifact_bytes": len(artifact),
        "is_sandbox": call.caller.sandbox,
        "created_ns": call.now_ns,
        "updated_ns": call.now_ns,
    }
    row = fresh(call.caller.client_id, body, **facts)
    rows = _rows(box, call)
    earlier = next((known for known in rows if known.strategy.name == body.name), None)
    if earlier is None and len(rows) >= _MOST:
        raise conflict("strategies", f"there are {_MOST} already")
    if earlier is not None:
        if _same(earlier, row) and box.strategies.opened(earlier)[1] == secrets:
            return Answer(_begun(box, call, earlier).strategy, status=200)
        if box.runs is not None and box.runs.find(earlier) is not None:
            raise conflict("name", "it runs; stop it first")
        for name in ("strategy_id", "created_ns", "run_id"):
            setattr(row.strategy, name, getattr(earlier.strategy, name))
        row.strategy.version = earlier.strategy.version + 1
    try:
        box.strategies.put(row, artifact, secrets)
    except files.Unsafe as unsafe:
        raise conflict("master key", unsafe.message) from None
    return Answer(_begun(box, call, row).strategy, status=201 if earlier is None else 200)


@serves(strategies.LIST)
def show_all(box: Box, call: Call) -> strategies.Listing:
    """Those of the account, newest first."""
    rows = [row.strategy for row in _rows(box, call)]
    return strategies.Listing(strategies=rows, count=len(rows))


@serves(strategies.SHOW)
def show(box: Box, call: Call) -> strategies.Strategy:
    """One of them."""
    return _found(box, call).strategy


@serves(strategies.START)
def start(box: Box, call: Call) -> strategies.Strategy:
    """Start a run."""
    return _started(box, call, _found(box, call)).strategy


@serves(strategies.STOP)
def stop(box: Box, call: Call) -> strategies.Strategy:
    """End the run; resting orders stay."""
    row = _found(box, call)
    return row.strategy if box.runs is None else box.runs.stop(row, call.now_ns).strategy


@serves(strategies.DELETE)
def delete(box: Box, call: Call) -> dict[str, Any]:
    """End the run and forget all of it."""
    row = _found(box, call)
    if box.runs is not None:
        box.runs.forget(row)
    box.strategies.remove(row)
    return {"strategy_id": row.strategy.strategy_id, "deleted": True}


@serves(strategies.LOGS)
def logs(box: Box, call: Call) -> strategies.Logs:
    """Lines of a run."""
    row, query = _found(box, call), call.query
    limit = _LINES if query.limit is None else query.limit
    if limit < 1:
        raise invalid(("limit", f"must be 1 to {_MOST_LINES}"))
    if query.level is not None and query.level not in LEVELS.values():
        raise invalid(("level", f"must be one of {', '.join(LEVELS.values())}"))
    wanted = Wanted(
        limit=min(limit, _MOST_LINES),
        run_id=query.run_id or row.strategy.run_id or "",
        since_ns=query.since_ns,
        level=query.level,
    )
    rows, more = box.strategies.lines(row, wanted)
    after = rows[-1].ts_ns + 1 if rows else query.since_ns
    return strategies.Logs(logs=rows, count=len(rows), has_more=more, next_since_ns=after)


def _rows(box: Box, call: Call) -> list[Stored]:
    return box.strategies.of(call.caller.client_id, sandbox=call.caller.sandbox)


def _found(box: Box, call: Call) -> Stored:
    for row in _rows(box, call):
        if row.strategy.strategy_id == call.path["id"]:
            return (box.runs.find(row) if box.runs else None) or row
    raise not_found("strategy", call.path["id"])


def _begun(box: Box, call: Call, row: Stored) -> Stored:
    return _started(box, call, row) if call.body.start_immediately else row


def _started(box: Box, call: Call, row: Stored) -> Stored:
    if box.runs is None:
        raise Problem("FORBIDDEN", "forbidden: strategies: no program runs here; serve with --allow-strategies")
    try:
        return box.runs.start(row, call.now_ns)
    except Broken:
        raise conflict("master key", "it does not open the secrets of this strategy") from None


def _same(earlier: Stored, row: Stored) -> bool:
    fixed = ("runtime", "entrypoint", "placement", "resources", "risk", "env", "manifest", "artifact_sha256")
    return all(getattr(earlier.strategy, name) == getattr(row.strategy, name) for name in fixed)


def _checked(body: strategies.CreateStrategy) -> strategies.Resources:
    """The limits of its runs. Raises `Problem` with every fault."""
    bad = []
    if not manifest.NAME.fullmatch(body.name):
        bad.append(("name", "must be 1 to 64 of A-Z a-z 0-9 _ -"))
    if body.runtime not in strategies.RUNTIMES:
        bad.append(("runtime", f"must be {', '.join(strategies.RUNTIMES)}"))
    for field in ("env", "secrets"):
        bad += [
            (f"{field}.{name}", fault)
            for name, value in (getattr(body, field) or {}).items()
            if (fault := _variable(name, value))
        ]
    bad += [(f"secrets.{name}", "is in env, too") for name in (body.secrets or {}).keys() & (body.env or {}).keys()]
    given = body.resources or {}
    for name, value in given.items():
        least, most = _BOUNDS.get(name, (0, 0))
        if name not in _BOUNDS:
            bad.append((f"resources.{name}", "unknown key"))
        elif value is not None and (type(value) is not int or not least <= value <= most):
            bad.append((f"resources.{name}", f"must be {least} to {most}"))
    if bad:
        raise invalid(*bad)
    return strategies.Resources(
        cpu_millis=given.get("cpu_millis") or strategies.CPU_MILLIS,
        memory_mb=given.get("memory_mb") or strategies.MEMORY_MB,
        timeout_secs=given.get("timeout_secs") or None,
    )


def _variable(name: str, value: str) -> str | None:
    if not name.isidentifier() or not name.isascii() or len(name) > _NAME_LIMIT:
        return "is no name of a variable"
    if name in _OURS:
        return "is set for each run"
    return "is too long or has a NUL" if len(value) > _VALUE_LIMIT or "\0" in value else None


def _artifact(body: strategies.CreateStrategy) -> bytes:
    try:
        raw = b64decode(body.artifact_base64, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(("artifact_base64", "is not base64")) from None
    if len(raw) > strategies.ARTIFACT_LIMIT:
        raise invalid(("artifact_base64", f"larger than {strategies.ARTIFACT_LIMIT} bytes"))
    try:
        found = archives.read(raw)
    except archives.BadArchive as error:
        raise invalid(("artifact_base64", str(error))) from None
    if body.entrypoint not in found:
        raise invalid(("entrypoint", "is not in the archive"))
    return raw


def _own_key(box: Box, call: Call) -> str | None:
    """The key that its runs shall use, if one was given: an active one of the same account."""
    raw: str | None = call.body.sequence_api_key
    if raw is None:
        return None
    key = box.keys.find(raw)
    if key is None or key.client_id != call.caller.client_id:
        raise invalid(("sequence_api_key", "is no active key of this account"))
    return raw
