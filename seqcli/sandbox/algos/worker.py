"""The child of one backtest job: reads the inputs, runs them, says how far it is, and hands the report over.

Started with ``python -m``; its one argument is the number of the socket. When the parent is gone, so is the child.
"""

import os
import socket
import sys
from typing import Any

import msgspec

from seqcli.errors import Usage
from seqcli.sandbox.algos.backtests import Inputs, run
from seqcli.sandbox.algos.jobs import Told
from seqcli.sandbox.algos.wasm import calls
from seqcli.sandbox.algos.wasm.child import confine
from seqcli.wire import strict

CPU_S = 4 * 3600
MOST_FILLS = 20_000
MOST_BYTES = 12 << 20
"""A report has to fit into a reply: of more fills the first are told, and that there were more."""


def encoded(report: dict[str, Any]) -> bytes:
    """The report as it is stored and answered."""
    if len(report["fills"]) > MOST_FILLS:
        report |= {"fills": report["fills"][:MOST_FILLS], "truncated": True}
    body = strict.encode(report)
    return body if len(body) <= MOST_BYTES else strict.encode(report | {"logs": [], "truncated": True})


def result(inputs: Inputs, channel: socket.socket) -> Told:
    """How it ended."""
    heard = 0

    def tell(per_mille: int) -> None:
        nonlocal heard
        if per_mille > heard:
            heard = per_mille
            calls.write(channel, Told(per_mille=per_mille))

    try:
        return Told(per_mille=1000, report=encoded(run(inputs, tell)))
    except Usage as refused:
        return Told(error=refused.message)
    except MemoryError:
        return Told(error="it needed more memory than a job may have")
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the job has failed and says so
        return Told(error=f"it could not be run: {type(error).__name__}: {error}")


def main() -> None:
    """Run the job that the socket brings."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    if sys.platform != "win32":
        import resource

        confine()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        os.nice(10)
    message = calls.read(channel)
    if message is not None:
        calls.write(channel, result(msgspec.msgpack.decode(message, type=Inputs), channel))


if __name__ == "__main__":
    try:
        main()
    except OSError:  # nobody waits for the result any more
        sys.exit(1)
