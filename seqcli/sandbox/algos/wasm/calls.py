"""What passes between the exchange and the child that holds a module: one request, one reply, each with its length."""

import socket
import struct
from typing import Any

import msgspec

from seqcli.sandbox.algos.wasm import abi

LOAD, BOOK, FILL, REJECT, HEARTBEAT, MESSAGE, SHUTDOWN = range(7)
MAX_BYTES = 32 << 20
_LENGTH = struct.Struct("<I")


class Request(msgspec.Struct, array_like=True):
    """`first` and `second` are what the callback takes; for LOAD the module, with its `labels` and parameters."""

    call: int
    instance: int = 0
    first: bytes = b""
    second: bytes = b""
    third: bytes = b""
    labels: list[str] = []


class Reply(msgspec.Struct, array_like=True):
    """`trap` ends the instance. `sent` are (label, payload) messages; `logs` (level, text)."""

    actions: list[abi.Action] = []
    logs: list[tuple[int, bytes]] = []
    sent: list[tuple[bytes, bytes]] = []
    latency_ns: int = 0
    memory_bytes: int = 0
    trap: str | None = None
    notes: list[str] = []


_encode = msgspec.msgpack.Encoder().encode


def write(channel: socket.socket, message: Any) -> None:
    """Send one message."""
    body = _encode(message)
    channel.sendall(_LENGTH.pack(len(body)) + body)


def read(channel: socket.socket) -> bytes | None:
    """One message; None when the other side is gone. Raises TimeoutError, ValueError for one that is too long."""
    head = _exactly(channel, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_BYTES:
        raise ValueError("a message of more than is ever sent")
    return _exactly(channel, length)


def _exactly(channel: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
