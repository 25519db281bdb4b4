"""On PYTHONPATH, a process lives at the instant that SEQ_TEST_NOW_NS names; its waits are still real."""

import os
import time

_NOW_NS = int(os.environ.get("SEQ_TEST_NOW_NS", "0"))
if _NOW_NS:
    time.time_ns = lambda: _NOW_NS
    time.time = lambda: _NOW_NS / 1_000_000_000
