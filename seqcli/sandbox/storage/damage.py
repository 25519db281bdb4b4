"""What can be wrong with a store."""

from zlib import crc32

from seqcli.errors import Failure, NotSent


class Corrupt(Exception):
    """The file is not a store, or its content does not add up."""


class CannotWrite(NotSent):
    """The store cannot be written: full, read-only or gone."""

    code = "CANNOT_WRITE"


class NewerStore(Failure):
    """The file was written by a later version of this program."""

    code, exit_status = "NEWER_STATE", 2


def checked(data: bytes, crc: int) -> bytes:
    """`data`, if it is what was written. Raises `Corrupt`."""
    if not isinstance(data, bytes) or crc32(data) != crc:
        raise Corrupt("a checksum is wrong")
    return data
