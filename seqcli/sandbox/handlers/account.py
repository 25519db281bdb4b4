"""The account behind the key that calls."""

from seqcli.sandbox.serving import Box, Call, serves
from seqcli.wire import account


@serves(account.SHOW)
def show(box: Box, call: Call) -> account.Account:
    """Limits (0 = none) and the key in use."""
    key = box.keys.get(call.caller.key_id)
    return account.Account(
        client_id=call.caller.client_id,
        tier="free",
        rate_limit_qps=key.qps,
        burst=2 * key.qps,
        environment="sandbox",
        region=box.settings.region,
        key={
            "key_id": key.key_id,
            "label": key.label,
            "prefix": key.prefix,
            "sandbox": key.sandbox,
            "role": key.role,
        },
        kill_switch_engaged=box.exchange.kill_switch(call.caller.client_id).engaged,
        created_ns=box.store.created_ns,
    )
