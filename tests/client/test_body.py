"""A body is read whole, unpacked and bounded."""

import gzip
import tracemalloc
import zlib

import pytest

from seqcli.client.body import BadBody, read

MIB = 1 << 20


def chunks(content: bytes, size: int = 65536):
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_gzip_may_come_in_any_pieces_and_members(size):
    packed = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert read(chunks(packed, size), "gzip", "") == b"one two"


def test_an_empty_body_is_empty_in_every_coding():
    assert [read(iter([]), coding, "") for coding in ("", "identity", "gzip", "GZIP ")] == [b""] * 4


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_the_limit_is_on_what_is_unpacked_and_exact(coding):
    def pack(size: int) -> bytes:
        return gzip.compress(bytes(size)) if coding else bytes(size)

    assert len(read(chunks(pack(1000)), coding, "", limit=1000)) == 1000
    with pytest.raises(BadBody, match="more than"):
        read(chunks(pack(1001)), coding, "", limit=1000)


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


def peak(content: bytes) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(BadBody):
            read(iter([content]), "gzip", "")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_takes_no_more_memory_than_the_limit_and_a_little():
    assert peak(bomb(256 * MIB)) < 40 * MIB


def test_control_unpacking_without_a_bound_would_take_all_of_it(monkeypatch):
    class Unbounded:
        eof, unused_data, unconsumed_tail = False, b"", b""

        def decompress(self, content, _limit):
            return zlib.decompress(content, wbits=31)

    monkeypatch.setattr("seqcli.client.body.zlib.decompressobj", lambda _bits: Unbounded())
    assert peak(bomb(64 * MIB)) > 60 * MIB


@pytest.mark.parametrize("length", ["16777217", "9" * 5000])
def test_a_declared_length_over_the_limit_is_refused_before_the_first_chunk(length):
    with pytest.raises(BadBody, match="more than 16 MiB"):
        read(iter(()), "", length)
