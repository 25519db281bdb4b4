"""Ids of ours: time-ordered, unique, with a prefix."""

from seqcli.client.clock import Chance, Clock

PREFIX = "sq-"


def graph_id(clock: Clock, chance: Chance) -> str:
    """``sq-`` and a UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 of chance."""
    stamp = (clock.time_ns() // 1_000_000).to_bytes(6, "big")
    noise = chance.randbytes(10)
    digits = (stamp + bytes([0x70 | noise[0] & 0x0F, noise[1], 0x80 | noise[2] & 0x3F]) + noise[3:]).hex()
    return f"{PREFIX}{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def node_order_id(graph: str, node: str) -> str:
    """The id of a node's first order."""
    return f"graph:{graph}:{node}:1"
