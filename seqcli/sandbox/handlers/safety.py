"""Kill switch, venue cancel-all, risk limits."""

from typing import Any

from seqcli.sandbox.analysis.portfolio import Portfolio
from seqcli.sandbox.exchange.accounts import DAY_NS
from seqcli.sandbox.handlers.orders import venue_name
from seqcli.sandbox.serving import Box, Call, Problem, invalid, serves
from seqcli.units import decimal_text
from seqcli.wire import safety

MAX_REASON = 256


@serves(safety.KILL_SWITCH_READ)
def read(box: Box, call: Call) -> dict[str, Any]:
    """The switch of the caller's account."""
    exchange, client_id = box.exchange, call.caller.client_id
    switch = exchange.kill_switch(client_id)
    return {
        "engaged": switch.engaged,
        "reason": switch.reason,
        "scope": "client",
        "client_id": client_id,
        "engaged_at_ns": switch.engaged_at_ns,
        "engaged_by": switch.engaged_by,
        "cleared_at_ns": switch.cleared_at_ns,
        "open_orders": len(exchange.open_orders(client_id)),
    }


@serves(safety.KILL_SWITCH_ENGAGE)
def engage(box: Box, call: Call) -> dict[str, Any]:
    """Stop new submissions."""
    return _engage(box, call, call.body.reason if call.body is not None else None)


@serves(safety.KILL_SWITCH_SET)
def set_switch(box: Box, call: Call) -> dict[str, Any]:
    """Engage or clear."""
    given = [value for value in (call.body.engaged, call.body.active, call.body.enabled) if value is not None]
    if not given or len(set(given)) > 1:
        raise invalid(("engaged", "missing" if not given else "engaged, active and enabled differ"))
    return _engage(box, call, call.body.reason) if given[0] else clear(box, call)


@serves(safety.KILL_SWITCH_CLEAR)
def clear(box: Box, call: Call) -> dict[str, Any]:
    """Allow submissions again; admin keys only."""
    if call.caller.role != "admin":
        raise Problem("FORBIDDEN", "forbidden: kill_switch: only an admin key may clear it")
    box.exchange.clear(call.caller.client_id, call.now_ns)
    return read(box, call)


def _engage(box: Box, call: Call, reason: str | None) -> dict[str, Any]:
    if reason is not None and len(reason) > MAX_REASON:
        raise invalid(("reason", f"more than {MAX_REASON} characters"))
    box.exchange.engage(call.caller.client_id, call.caller.key_id, reason, call.now_ns)
    return read(box, call)


@serves(safety.VENUE_CANCEL_ALL)
def venue_cancel_all(box: Box, call: Call) -> dict[str, Any]:
    """End every open leg on a venue."""
    venue = venue_name(box, call.path["venue"]) or ""
    rows = box.exchange.cancel_venue(call.caller.client_id, venue, call.now_ns)
    failed = sum(row["error"] is not None for row in rows)
    return {
        "venue": venue,
        "requested": len(rows),
        "cancelled": len(rows) - failed,
        "failed": failed,
        "orders": rows,
        "as_of_ns": call.now_ns,
    }


@serves(safety.RISK_LIMITS)
def risk_limits(box: Box, call: Call) -> dict[str, Any]:
    """The account's limits and their use; null = no limit."""
    exchange, client_id = box.exchange, call.caller.client_id
    account = exchange.account(client_id, call.now_ns)
    limits = exchange.limits
    rows = Portfolio(exchange, account, call.now_ns).rows()
    held = sum(
        abs(row["current_value_usd_1e9"] or 0)
        for row in rows
        if row["instrument"]["kind"] != "fiat" and not row["instrument"].get("is_stable")
    )
    return {
        "limits": {
            "max_order_notional_usd": limits.max_order_notional_usd,
            "max_position_notional_usd": limits.max_position_notional_usd,
            "max_daily_loss_usd": limits.max_daily_loss_usd,
            "max_price_deviation_bps": limits.max_price_deviation_bps,
            "max_open_orders": limits.max_open_orders,
            "rate_limit_qps": box.keys.get(call.caller.key_id).qps,
        },
        "usage": {
            "open_orders": len(exchange.open_orders(client_id)),
            "position_notional_usd": _dollars(held),
            "daily_pnl_usd": _dollars(account.earned_today(call.now_ns)),
            "daily_reset_ns": (call.now_ns // DAY_NS + 1) * DAY_NS,
        },
        "kill_switch_engaged": account.switch.engaged,
        "as_of_ns": call.now_ns,
    }


def _dollars(usd_1e9: int) -> Any:
    from decimal import Decimal

    return Decimal(decimal_text(usd_1e9, 9))
