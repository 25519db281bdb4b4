"""The algorithm ABI, version 0.1, to the byte offset. Little-endian; prices u64 1e9, quantities i64 1e8.

Source: the vendor's public algorithm crate. Books are laid out in 656 bytes and given 688, states are written up to
byte 1376 and given 1440; the rest is nought, so every version reads what it expects.
"""

import struct
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

BOOK_BYTES, STATE_BYTES, FILL_BYTES, REJECT_BYTES, ACTIONS_BYTES = 688, 1440, 40, 16, 520
FEATURES_BYTES = 256
REGIONS_AT, REGIONS_END, CONFIG_AT = 0x14000, 0x25000, 0x24000
"""Where newer modules keep room for what the host writes: parameters, of what is known, and nothing else."""
MAX_PARAMS = 31
PARAM_TYPES = {"i64": 1, "price": 2, "qty": 3, "bps": 4, "bool": 5}
DEPTH, MAX_ORDERS, MAX_ACTIONS = 20, 32, 16
PENDING, ACKED, PARTIAL, DEAD = range(4)
"""Status of an open order; acked and partial ones are live."""
NEW, CANCEL, AMEND = range(3)
"""Byte 25 of an action."""
ORDER_TYPES = ("limit", "market", "ioc", "fok", "post_only")
REJECTS = {
    "UNKNOWN": 0,
    "INSUFFICIENT_BALANCE": 1,
    "INVALID_PARAMS": 2,
    "RATE_LIMIT": 3,
    "EXCHANGE_BUSY": 4,
    "NETWORK": 5,
    "AUTH": 6,
    "RISK": 100,
    "POSITION_LIMIT": 101,
    "KILL_SWITCH": 102,
    "PRICE_DEVIATION": 103,
    "DAILY_LOSS_LIMIT": 104,
    "BAD_VENUE": 105,
    "STALE_VENUE": 106,
}
"""Numbers of the API's reasons; the last two are ours."""
VENUE_IDS = {
    "kraken": 1,
    "coinbase": 2,
    "binance": 3,
    "bitget": 4,
    "cryptocom": 5,
    "dex": 7,
    "okx": 8,
    "bybit": 9,
}
LEVELS = ("trace", "debug", "info", "warn", "error")

_BOOK = struct.Struct("<80QBBHIQ32x")
_ORDER = struct.Struct("<QQqqbB6x")
_HEAD = struct.Struct("<qQqq")
_TAIL = struct.Struct("<qQQQQQBB6x")
_FILL = struct.Struct("<QQqQbH5x")
_REJECT = struct.Struct("<QB7x")
_CONFIG = struct.Struct("<BBH4xQ")
_SLOT = struct.Struct("<qB7x")
_COUNT = struct.Struct("<I4x")
_ACTION = struct.Struct("<QQqbBBB4x")
_NO_LEVELS = (0,) * (2 * DEPTH)


class Open(msgspec.Struct):
    """An order as the module sees it: `qty` is signed, `side` 1 or -1."""

    order_id: int
    px_1e9: int
    qty_1e8: int
    filled_1e8: int
    side: int
    status: int


class State(msgspec.Struct, kw_only=True):
    """What a module is told of itself; the last fields are the instrument's steps, 0 = unknown."""

    position_1e8: int = 0
    avg_entry_1e9: int = 0
    realized_pnl_1e9: int = 0
    unrealized_pnl_1e9: int = 0
    session_pnl_1e9: int = 0
    total_fill_count: int = 0
    tick_size_1e9: int = 0
    lot_size_1e8: int = 0
    min_qty_1e8: int = 0
    min_notional_1e9: int = 0
    price_precision: int = 0
    qty_precision: int = 0
    orders: list[Open] = []


class Action(NamedTuple):
    """What a module wants. `kind` and `order_type` may be out of range: that is the host's to refuse."""

    order_id: int
    px_1e9: int
    qty_1e8: int
    side: int
    kind: int
    order_type: int
    venue_id: int


class TooMany(ValueError):
    """A count beyond what fits."""


def book(bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]], symbol_id: int, recv_ns: int) -> bytes:
    """An L2Book: up to twenty levels a side, best first."""
    bid_levels, ask_levels = [*chain.from_iterable(bids[:DEPTH])], [*chain.from_iterable(asks[:DEPTH])]
    depths = len(bid_levels) // 2, len(ask_levels) // 2
    bid_levels += _NO_LEVELS[len(bid_levels) :]
    ask_levels += _NO_LEVELS[len(ask_levels) :]
    return _BOOK.pack(*bid_levels, *ask_levels, *depths, symbol_id, 0, recv_ns)


def state(now: State) -> bytes:
    """An AlgoState with up to 32 orders, the oldest first."""
    rows = now.orders[:MAX_ORDERS]
    packed = b"".join(
        _ORDER.pack(row.order_id, row.px_1e9, row.qty_1e8, row.filled_1e8, row.side, row.status) for row in rows
    )
    text = b"".join(
        (
            _HEAD.pack(now.position_1e8, now.avg_entry_1e9, now.realized_pnl_1e9, now.unrealized_pnl_1e9),
            packed.ljust(MAX_ORDERS * _ORDER.size, b"\0"),
            bytes((len(rows),)).ljust(8, b"\0"),
            _TAIL.pack(
                now.session_pnl_1e9,
                now.total_fill_count,
                now.tick_size_1e9,
                now.lot_size_1e8,
                now.min_qty_1e8,
                now.min_notional_1e9,
                now.price_precision,
                now.qty_precision,
            ),
        )
    )
    return text.ljust(STATE_BYTES, b"\0")


def config(params: Sequence[tuple[int, str, int]], update_seq: int, ts_ns: int) -> bytes:
    """The parameters of a module: (slot, type, value) rows."""
    slots = [(0, 0)] * (MAX_PARAMS + 1)
    for slot, kind, value in params:
        slots[slot] = value, PARAM_TYPES[kind]
    head = _CONFIG.pack(1, len(params), update_seq & 0xFFFF, ts_ns)
    return head + b"".join(_SLOT.pack(*slot) for slot in slots[:MAX_PARAMS])


def fill(order_id: int, px_1e9: int, qty_1e8: int, recv_ns: int, side: int, symbol_id: int) -> bytes:  # noqa: PLR0917 - its fields
    """A Fill; the quantity is signed."""
    return _FILL.pack(order_id, px_1e9, qty_1e8, recv_ns, side, symbol_id)


def reject(order_id: int, reason: str) -> bytes:
    """A Reject by the API's reason; one without a number is UNKNOWN."""
    return _REJECT.pack(order_id, REJECTS.get(reason, 0))


def actions(raw: bytes) -> list[Action]:
    """Read WasmActions; all-nought ones are left out. Raises `TooMany`."""
    (count,) = _COUNT.unpack_from(raw)
    if not count:
        return []
    if count > MAX_ACTIONS:
        raise TooMany(f"{count} actions: at most {MAX_ACTIONS}")
    found = [Action(*_ACTION.unpack_from(raw, 8 + _ACTION.size * number)) for number in range(count)]
    return [each for each in found if any(each)]
