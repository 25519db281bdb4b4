"""Addresses of Ethereum-like chains: Keccak-256 and the mixed-case checksum (EIP-55).

The standard library's SHA-3 pads differently, and no package of ours has the original; one permutation is not worth
another package.
"""

import re

_ADDRESS = re.compile(r"0[xX]([0-9a-fA-F]{40})")
_LANES, _RATE, _MASK = 25, 136, (1 << 64) - 1
_ROUNDS = 24


def _turn(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK if by else lane


def _constants() -> tuple[list[int], list[tuple[int, int]]]:
    """The round constants by the standard's shift register, and where each lane goes and how far it turns."""
    register, constants = 1, []
    for _ in range(_ROUNDS):
        value = 0
        for step in range(7):
            value |= (register & 1) << ((1 << step) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(value)
    moves, x, y = [], 1, 0
    for step in range(_ROUNDS):
        x, y = y, (2 * x + 3 * y) % 5
        moves.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64))
    return constants, moves


def _permuted(lanes: list[int]) -> list[int]:
    constants, moves = _constants()
    for constant in constants:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        mixed = [columns[(x - 1) % 5] ^ _turn(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ mixed[at % 5] for at, lane in enumerate(lanes)]
        carried = lanes[1]
        for to, by in moves:
            lanes[to], carried = _turn(carried, by), lanes[to]
        lanes = [
            lanes[at] ^ (~lanes[at - at % 5 + (at + 1) % 5] & lanes[at - at % 5 + (at + 2) % 5]) for at in range(_LANES)
        ]
        lanes[0] ^= constant
    return lanes


def keccak256(message: bytes) -> bytes:
    """The 32-byte digest of the original Keccak submission."""
    padded = bytearray(message + b"\x01" + bytes(-(len(message) + 1) % _RATE))
    padded[-1] |= 0x80
    lanes = [0] * _LANES
    for start in range(0, len(padded), _RATE):
        for at in range(_RATE // 8):
            lanes[at] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def checksummed(digits: str) -> str:
    """An address whose letters' case is its checksum; `digits` are its forty hexadecimal ones, in any case."""
    digest = keccak256(digits.lower().encode()).hex()
    return "0x" + "".join(
        each.upper() if int(mark, 16) >= 8 else each  # noqa: PLR2004 - the high bit of a hexadecimal digit
        for each, mark in zip(digits.lower(), digest, strict=False)
    )


def fault_of(text: str) -> str | None:
    """What is wrong with an address: its form, or the checksum that a mixed case claims. None = nothing."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return "must be 0x and 40 hexadecimal digits"
    digits = found[1]
    if digits in (digits.lower(), digits.upper()) or checksummed(digits) == f"0x{digits}":
        return None
    return "the address's checksum (the case of its letters) is wrong; a digit may be mistyped"
