"""Keys of the account itself: create, list, rotate, revoke. API: /v1/api_keys. A raw key is in one reply, once."""

from typing import Any

import msgspec

from seqcli.wire.operation import Access, Operation, Repeat
from seqcli.wire.submission import Strict

ROLES = ("read", "trader", "admin")
"""What a key may do, the least first: read; trade; also manage keys."""
MAX_LABEL = 64


class Create(Strict):
    """`label` is 1 to 64 printable characters; `sandbox` makes a ``seq_test_`` key; `role` is trader when absent."""

    label: str
    sandbox: bool = True
    role: str | None = None


class Created(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The only reply that holds `api_key`; `rotated_ns` when an older one was replaced."""

    key_id: str
    label: str
    sandbox: bool
    role: str
    api_key: str
    prefix: str
    created_ns: int
    rotated_ns: int | None = None


class Row(msgspec.Struct, kw_only=True):
    """One key without its text; `status` is active or revoked."""

    key_id: str
    label: str
    prefix: str
    sandbox: bool
    role: str
    status: str
    created_ns: int
    rotated_ns: int | None
    last_used_ns: int | None
    revoked_ns: int | None


class Listing(msgspec.Struct, kw_only=True):
    """Every key, revoked ones too."""

    api_keys: list[Row]
    count: int


class Revoked(msgspec.Struct, kw_only=True):
    """It is refused from now on."""

    key_id: str
    revoked: bool
    revoked_ns: int


CREATE = Operation(
    name="api_keys.create",
    method="POST",
    path="/v1/api_keys",
    summary="Make a key; its text is shown once",
    body=Create,
    reply=Created,
    success=(201,),
    errors=("VALIDATION_ERROR",),
    repeat=Repeat.NEVER,
    access=Access.ADMIN,
)
LIST = Operation(
    name="api_keys.list",
    method="GET",
    path="/v1/api_keys",
    summary="Keys without their text",
    reply=Listing,
    access=Access.ADMIN,
)
ROTATE = Operation(
    name="api_keys.rotate",
    method="POST",
    path="/v1/api_keys/{key_id}/rotate",
    summary="Replace a key's text; the old one stops working at once",
    reply=Created,
    errors=("NOT_FOUND", "CONFLICT"),
    repeat=Repeat.NEVER,
    access=Access.ADMIN,
    body_optional=True,
)
REVOKE = Operation(
    name="api_keys.revoke",
    method="DELETE",
    path="/v1/api_keys/{key_id}",
    summary="Revoke a key; again is not an error",
    reply=Revoked,
    errors=("NOT_FOUND", "CONFLICT"),
    access=Access.ADMIN,
)
OPERATIONS = (CREATE, LIST, ROTATE, REVOKE)


def label_fault(label: Any) -> str | None:
    """What is wrong with a label, None when nothing is."""
    if not isinstance(label, str) or not 1 <= len(label) <= MAX_LABEL or not label.isprintable():
        return f"must be 1 to {MAX_LABEL} printable characters"
    return None
