"""Paper trading's own settings, reset and seeding. A live key gets 403."""

from decimal import Decimal
from typing import Any

import msgspec

from seqcli.sandbox.exchange.ending import unreachable
from seqcli.sandbox.exchange.ledger import PEGGED, cash_asset
from seqcli.sandbox.exchange.paper import FILL_MODELS, cash_or_crypto
from seqcli.sandbox.exchange.seeding import Seed
from seqcli.sandbox.handlers.orders import venue_name
from seqcli.sandbox.market.instruments import VENUES, canonical
from seqcli.sandbox.rounding import notional_usd
from seqcli.sandbox.serving import Box, Call, Problem, invalid, serves
from seqcli.units import decimal_text
from seqcli.wire import sandbox
from seqcli.wire.order_rules import human

MAX_ROWS, MAX_BPS = 1000, 10_000
LARGEST = (1 << 63) - 1
_Bad = list[tuple[str, str]]


def _only_sandbox(call: Call) -> None:
    if not call.caller.sandbox:
        raise Problem("FORBIDDEN", f"forbidden: {call.operation.name}: needs a seq_test_ key")


@serves(sandbox.SETTINGS_READ)
def read(box: Box, call: Call) -> dict[str, Any]:
    """What a reset seeds, fees, fill model, seed."""
    _only_sandbox(call)
    settings = box.exchange.account(call.caller.client_id, call.now_ns).settings
    return {
        "default_balances": [
            {"venue": venue, "symbol": asset, "qty": Decimal(decimal_text(qty, 8))}
            for venue, asset, qty in settings.default_balances
        ],
        "fees": {"maker_bps": settings.maker_bps, "taker_bps": settings.taker_bps},
        "fill_model": settings.fill_model,
        "seed": box.settings.seed if settings.seed is None else settings.seed,
        "updated_ns": settings.updated_ns,
    }


@serves(sandbox.SETTINGS_WRITE)
def write(box: Box, call: Call) -> dict[str, Any]:
    """A partial update. Balances act at the next reset, a seed at the next start, the rest at once."""
    _only_sandbox(call)
    body, bad = call.body, _Bad()
    old = box.exchange.account(call.caller.client_id, call.now_ns).settings
    new = msgspec.structs.replace(old, updated_ns=call.now_ns)
    if body.default_balances is not None:
        new.default_balances = _balances(box, body.default_balances, bad)
    if body.fees is not None:
        new.maker_bps, new.taker_bps = body.fees.maker_bps, body.fees.taker_bps
        for name in ("maker_bps", "taker_bps"):
            value = getattr(body.fees, name)
            if value is not None and not -MAX_BPS <= value <= MAX_BPS:
                bad.append((f"fees.{name}", f"must be -{MAX_BPS} to {MAX_BPS}"))
    if body.fill_model is not None:
        new.fill_model = body.fill_model.lower()
        if new.fill_model not in FILL_MODELS:
            bad.append(("fill_model", f"must be one of {', '.join(FILL_MODELS)}"))
    if body.seed is not None:
        new.seed = body.seed
    if bad:
        raise invalid(*bad)
    box.exchange.change_settings(call.caller.client_id, new, call.now_ns)
    if new.seed is not None:
        box.store.setting("seed", str(new.seed))
    return read(box, call)


def _balances(box: Box, sent: list[sandbox.DefaultBalance], bad: _Bad) -> list[tuple[str, str, int]]:
    rows = []
    for number, row in enumerate(sent):
        path = f"default_balances[{number}]"
        venue = row.venue if row.venue == "*" else _venue(box, row.venue, f"{path}.venue", bad)
        qty = _scaled(row.qty, 8, f"{path}.qty", bad)
        if qty < 0:
            bad.append((f"{path}.qty", "must not be negative"))
        rows.append((venue, row.symbol.upper(), qty))
    return rows


@serves(sandbox.RESET)
def reset(box: Box, call: Call) -> dict[str, Any]:
    """Cancel everything, wipe positions, seed again; fills, history and the kill switch stay."""
    _only_sandbox(call)
    box.exchange.account(call.caller.client_id, call.now_ns)
    deleted, written, cancelled = box.exchange.reset(call.caller.client_id, call.now_ns)
    return {
        "reset": True,
        "deleted": deleted,
        "written": written,
        "cancelled_orders": cancelled,
        "settings": read(box, call),
        "as_of_ns": call.now_ns,
    }


@serves(sandbox.CONNECT)
def connect(box: Box, call: Call) -> sandbox.Connected:
    """No book, print or fill comes through a dropped edge, and no cancel gets there."""
    _only_sandbox(call)
    edge = call.path["edge"].lower()
    if edge not in VENUES:
        raise invalid(("edge", f"{edge[:32]} is not one of {', '.join(VENUES)}"))
    box.connect(edge, call.now_ns, up=call.body.connected)
    stuck = [order for order in box.exchange.open_orders(call.caller.client_id) if unreachable(box.exchange, order)]
    return sandbox.Connected(edge=edge, connected=edge not in box.down, down=sorted(box.down), open_orders=len(stuck))


@serves(sandbox.SEED_POSITIONS)
def seed(box: Box, call: Call) -> dict[str, int]:
    """Write rows; with `replace` every other row goes. Any bad row, and nothing is written."""
    _only_sandbox(call)
    bad: _Bad = []
    if len(call.body.positions) > MAX_ROWS:
        raise invalid(("positions", f"at most {MAX_ROWS} rows"))
    rows = [_seed(box, row, f"positions[{number}]", bad) for number, row in enumerate(call.body.positions)]
    if bad:
        raise invalid(*bad)
    box.exchange.account(call.caller.client_id, call.now_ns)
    written, deleted = box.exchange.seed(call.caller.client_id, rows, call.now_ns, replace=call.body.replace)
    return {"written": written, "deleted": deleted}


def _seed(box: Box, sent: sandbox.SeedPosition, path: str, bad: _Bad) -> Seed:
    venue = _venue(box, sent.venue, f"{path}.venue", bad)
    kind, symbol = sent.kind.lower(), sent.symbol
    qty = _scaled(sent.qty, 8, f"{path}.qty", bad)
    price = 0 if sent.entry_price_usd is None else _scaled(sent.entry_price_usd, 9, f"{path}.entry_price_usd", bad)
    if qty < 0 and kind != "perp":
        bad.append((f"{path}.qty", "must not be negative"))
    if price < 0:
        bad.append((f"{path}.entry_price_usd", "must not be negative"))
    if kind == "perp":
        found = _perp(box, venue, symbol, qty, notional_usd(price, qty))
        if found is None:
            bad.append((f"{path}.symbol", f"{symbol[:64]} is no perp here; write it as BTC-USD-PERP"))
        return found or Seed(venue=venue, kind=kind, symbol=symbol, amount=qty)
    cost = notional_usd(price, qty)
    if kind == "event_contract":
        name = f"{symbol}:YES" if symbol.upper().startswith("KX") and ":" not in symbol else symbol
        return Seed(venue=venue, kind=kind, symbol=name, amount=qty, cost_usd_1e9=cost)
    symbol = symbol.upper()
    if kind not in ("fiat", "crypto"):
        bad.append((f"{path}.kind", "must be fiat, crypto, event_contract or perp"))
    elif not symbol.isalnum() or len(symbol) > 20:  # noqa: PLR2004 - the longest asset code
        bad.append((f"{path}.symbol", "must be an asset code such as USDC"))
    elif (kind == "fiat") != (symbol == "USD"):
        bad.append((f"{path}.symbol", "fiat is USD, and USD is fiat"))
    row = cash_or_crypto(venue, symbol, qty)
    row.cost_usd_1e9 = 0 if symbol in PEGGED else cost
    return row


def _perp(box: Box, venue: str, symbol: str, qty: int, cost: int) -> Seed | None:
    try:
        instrument = box.market.instruments().get(canonical(symbol, "perp"))
    except ValueError:
        return None
    if instrument is None or instrument.kind != "perp":
        return None
    return Seed(
        venue=venue,
        kind="perp",
        symbol=instrument.symbol,
        amount=qty,
        cost_usd_1e9=cost,
        cash=cash_asset("perp", instrument.quote, venue),
        underlying=instrument.base,
        quote=instrument.quote,
    )


def _venue(box: Box, text: str, field: str, bad: _Bad) -> str:
    try:
        return venue_name(box, text, field) or ""
    except Problem as problem:
        bad.append((field, problem.details[0]["message"]))
        return text


def _scaled(number: Decimal, digits: int, field: str, bad: _Bad) -> int:
    value = human(number, digits) if number.is_finite() and abs(number) < LARGEST else LARGEST + 1
    if abs(value) > LARGEST:
        bad.append((field, "out of range"))
        return 0
    return value
