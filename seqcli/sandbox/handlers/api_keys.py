"""Keys of an account: made, listed, replaced, revoked. What is kept is a hash; the text is in one reply."""

from seqcli.sandbox.serving import Box, Call, Problem, conflict, invalid, not_found, serves
from seqcli.sandbox.storage.keys import FREE_QPS, SHOWN, Key, digest_of, make_id, make_raw
from seqcli.wire import api_keys


@serves(api_keys.CREATE)
def create(box: Box, call: Call) -> api_keys.Created:
    """A key of the free tier's rate, never for live trading, never above the caller's role."""
    wanted = call.body
    role = (wanted.role or "trader").lower()
    fault = api_keys.label_fault(wanted.label)
    bad = [("label", fault)] if fault else []
    if role not in api_keys.ROLES:
        bad.append(("role", f"must be one of {', '.join(api_keys.ROLES)}"))
    if bad:
        raise invalid(*bad)
    if not wanted.sandbox:
        raise Problem("FORBIDDEN", "forbidden: api_keys.create: a sandbox key makes sandbox keys only")
    raw = make_raw()
    key = Key(
        key_id=make_id(),
        client_id=call.caller.client_id,
        label=wanted.label,
        prefix=raw[:SHOWN],
        role=role,
        sandbox=True,
        digest=digest_of(raw),
        qps=FREE_QPS,
        created_ns=call.now_ns,
    )
    box.keep_key(key)
    return _created(key, raw)


@serves(api_keys.LIST)
def show_all(box: Box, call: Call) -> api_keys.Listing:
    """Every key of the account, oldest first."""
    rows = [_row(key) for key in box.keys.of(call.caller.client_id)]
    return api_keys.Listing(api_keys=rows, count=len(rows))


@serves(api_keys.ROTATE)
def rotate(box: Box, call: Call) -> api_keys.Created:
    """Another text under the same id."""
    key = _find(box, call)
    if key.revoked_ns is not None:
        raise conflict("api key", "revoked")
    raw = make_raw()
    box.keep_key(key.rotated(raw, call.now_ns), raw=raw)
    return _created(box.keys.get(key.key_id), raw)


@serves(api_keys.REVOKE)
def revoke(box: Box, call: Call) -> api_keys.Revoked:
    """Refused from now on. The last admin key stays: nobody could make another."""
    key = _find(box, call)
    if key.revoked_ns is None:
        others = [row for row in box.keys.of(key.client_id) if row.key_id != key.key_id and row.revoked_ns is None]
        if key.role == "admin" and not any(row.role == "admin" for row in others):
            raise conflict("api key", "the last admin key")
        box.keep_key(key.revoked(call.now_ns))
        key = box.keys.get(key.key_id)
    return api_keys.Revoked(key_id=key.key_id, revoked=True, revoked_ns=key.revoked_ns or 0)


def _find(box: Box, call: Call) -> Key:
    for key in box.keys.of(call.caller.client_id):
        if key.key_id == call.path["key_id"]:
            return key
    raise not_found("api key", call.path["key_id"])


def _created(key: Key, raw: str) -> api_keys.Created:
    return api_keys.Created(
        key_id=key.key_id,
        label=key.label,
        sandbox=key.sandbox,
        role=key.role,
        api_key=raw,
        prefix=key.prefix,
        created_ns=key.created_ns,
        rotated_ns=key.rotated_ns,
    )


def _row(key: Key) -> api_keys.Row:
    return api_keys.Row(
        key_id=key.key_id,
        label=key.label,
        prefix=key.prefix,
        sandbox=key.sandbox,
        role=key.role,
        status="active" if key.revoked_ns is None else "revoked",
        created_ns=key.created_ns,
        rotated_ns=key.rotated_ns,
        last_used_ns=key.last_used_ns,
        revoked_ns=key.revoked_ns,
    )
