"""Every field stands at its documented byte."""

import struct

import pytest

from seqcli.sandbox.algos.wasm import abi


def u64(raw: bytes, at: int) -> int:
    return int(struct.unpack_from("<Q", raw, at)[0])


def i64(raw: bytes, at: int) -> int:
    return int(struct.unpack_from("<q", raw, at)[0])


def test_a_book():
    bids, asks = [(100 - n, 10 + n) for n in range(25)], [(101, 7)]
    raw = abi.book(bids, asks, 513, 1 << 60)
    assert len(raw) == 688
    for number, (price, size) in enumerate(bids[:20]):
        assert (u64(raw, 16 * number), u64(raw, 16 * number + 8)) == (price, size)
    assert (u64(raw, 320), u64(raw, 328), u64(raw, 336)) == (101, 7, 0)
    assert (raw[640], raw[641]) == (20, 1)
    assert struct.unpack_from("<H", raw, 642)[0] == 513
    assert u64(raw, 648) == 1 << 60
    assert raw[656:] == bytes(32)


def test_a_state():
    orders = [abi.Open(n, 1000 + n, -5 - n, n, -1, abi.PARTIAL) for n in range(40)]
    raw = abi.state(
        abi.State(
            position_1e8=-3,
            avg_entry_1e9=4,
            realized_pnl_1e9=-5,
            unrealized_pnl_1e9=6,
            session_pnl_1e9=-7,
            total_fill_count=8,
            tick_size_1e9=9,
            lot_size_1e8=10,
            min_qty_1e8=11,
            min_notional_1e9=12,
            price_precision=2,
            qty_precision=8,
            orders=orders,
        )
    )
    assert len(raw) == 1440
    assert (i64(raw, 0), u64(raw, 8), i64(raw, 16), i64(raw, 24)) == (-3, 4, -5, 6)
    for number in range(32):
        at = 32 + 40 * number
        assert (u64(raw, at), u64(raw, at + 8), i64(raw, at + 16), i64(raw, at + 24)) == (
            number,
            1000 + number,
            -5 - number,
            number,
        )
        assert struct.unpack_from("<bB", raw, at + 32) == (-1, 2)
    assert raw[1312] == 32
    assert (i64(raw, 1320), u64(raw, 1328)) == (-7, 8)
    assert [u64(raw, 1336 + 8 * n) for n in range(4)] == [9, 10, 11, 12]
    assert (raw[1368], raw[1369]) == (2, 8)
    assert raw[1376:] == bytes(64)


def test_a_fill_and_a_reject():
    raw = abi.fill(7, 8, -9, 10, -1, 258)
    assert len(raw) == 40
    assert (u64(raw, 0), u64(raw, 8), i64(raw, 16), u64(raw, 24)) == (7, 8, -9, 10)
    assert struct.unpack_from("<bH", raw, 32) == (-1, 258)
    raw = abi.reject(7, "PRICE_DEVIATION")
    assert (len(raw), u64(raw, 0), raw[8]) == (16, 7, 103)
    assert abi.reject(7, "EXCHANGE_REJECT")[8] == 0


def test_actions_are_read_at_their_bytes_and_empty_ones_left_out():
    raw = bytearray(520)
    struct.pack_into("<I", raw, 0, 3)
    for number, fields in enumerate(((1, 2, -3, -1, 0, 4, 5), (0, 0, 0, 0, 0, 0, 0), (9, 0, 0, 0, 1, 0, 0))):
        at = 8 + 32 * number
        struct.pack_into("<QQqbBBB", raw, at, *fields)
    assert abi.actions(bytes(raw)) == [(1, 2, -3, -1, 0, 4, 5), (9, 0, 0, 0, 1, 0, 0)]
    struct.pack_into("<I", raw, 0, 17)
    with pytest.raises(abi.TooMany, match="17 actions"):
        abi.actions(bytes(raw))


def test_parameters_stand_in_their_slots():
    raw = abi.config([(0, "bps", 5), (30, "price", -7)], 65_537, 99)
    assert len(raw) == 16 + 16 * 31
    assert struct.unpack_from("<BBH", raw) == (1, 2, 1)
    assert u64(raw, 8) == 99
    assert (i64(raw, 16), raw[24]) == (5, 4)
    assert (i64(raw, 16 + 16 * 30), raw[16 + 16 * 30 + 8]) == (-7, 2)
