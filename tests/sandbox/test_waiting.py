"""Bytes are waited for by files of any number."""

import os
import resource
import socket

import pytest

from seqcli.sandbox.waiting import readable


def test_a_number_beyond_those_of_select_is_waited_for() -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1100:
        pytest.skip("this process may not open so many files")
    ours, theirs = socket.socketpair()
    high = os.dup2(ours.fileno(), 1090)
    with ours, theirs:
        assert not readable([high], 0)
        theirs.send(b"x")
        assert readable([high], 0)
        assert readable([high, theirs], 0)
    os.close(high)
