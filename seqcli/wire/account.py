"""The account behind a key. API: /v1/account."""

from typing import Any

import msgspec

from seqcli.wire.operation import Operation


class Account(msgspec.Struct, kw_only=True):
    """Who we are; `burst` is twice the sustained requests a second."""

    client_id: str
    tier: str
    rate_limit_qps: int
    burst: int
    environment: str
    region: str
    key: dict[str, Any]
    kill_switch_engaged: bool
    created_ns: int


SHOW = Operation(
    name="account.show",
    method="GET",
    path="/v1/account",
    summary="Tier, limits and the key in use",
    reply=Account,
)
OPERATIONS = (SHOW,)
