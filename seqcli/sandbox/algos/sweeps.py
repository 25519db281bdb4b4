"""Many backtests side by side: in processes of this machine, or on a cluster. What is lost with a process or a worker
is run again; the rows stand in the order of the sets, whichever ended first.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seqcli.errors import Failure, Usage
from seqcli.sandbox.algos.backtests import Inputs, run

_TRIES = 4
Tell = Callable[[int], None]
"""Hears how far it is, in thousandths."""
Row = dict[str, Any]


def row_of(inputs: Inputs) -> Row:
    """One set, run: what was varied, its summary, and what kept it from being run, if something did."""
    try:
        report = run(inputs)
    except Failure as failure:
        return _row(inputs, error=failure.message)
    return _row(inputs, report["summary"], report["trapped"])


def _row(inputs: Inputs, summary: Any = None, trapped: str | None = None, error: str | None = None) -> Row:
    varied = {"symbols": inputs.symbols, "seed": inputs.seed, "params": inputs.params}
    return varied | {"summary": summary, "trapped": trapped, "error": error}


def here(sets: list[Inputs], tell: Tell) -> list[Row]:
    """On the cores of this machine."""
    found: dict[int, Row] = {}
    for _ in range(_TRIES):
        left = [number for number in range(len(sets)) if number not in found]
        if not left:
            break
        for number, row in _pooled({number: sets[number] for number in left}):
            found[number] = row
            tell(len(found) * 1000 // len(sets))
    if len(found) < len(sets):
        raise Usage("its processes were killed again and again", hint="is there enough memory? try fewer at once")
    return [found[number] for number in range(len(sets))]


def _pooled(sets: dict[int, Inputs]) -> Iterator[tuple[int, Row]]:
    """As they end; silent about those that were lost with a process."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(_cores(), len(sets)), mp_context=context, initializer=_quiet)
    asked: dict[Future[Row], int] = {pool.submit(row_of, inputs): number for number, inputs in sets.items()}
    try:
        for done in as_completed(asked):
            try:
                row = done.result()
            except BrokenProcessPool:
                continue
            yield asked[done], row
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()


def _quiet() -> None:
    """Ctrl-C is the parent's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_cluster(sets: list[Inputs], address: str, tell: Tell) -> list[Row]:
    """On the workers of a Dask scheduler; module and recordings travel with the work. Raises `Usage`."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise Usage("a cluster needs Dask, which is not installed", hint="pip install 'seqcli[dask]'") from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Usage(f"no scheduler answers at {address}: {error}", hint="--dask tcp://HOST:8786") from None
    with client, client.as_current():
        tapes = [(Path(path).name, Path(path).read_bytes()) for path in sets[0].tapes]
        shared = client.scatter([sets[0].module, tapes], broadcast=True, hash=False)
        bare = [_without(inputs) for inputs in sets]
        asked = {client.submit(_there, one, *shared, pure=False, retries=_TRIES): n for n, one in enumerate(bare)}
        found: dict[int, Row] = {}
        for done in as_completed(list(asked)):
            try:
                found[asked[done]] = done.result()
            except Exception as error:  # noqa: BLE001 - whatever becomes of one set, the others stand
                found[asked[done]] = _row(sets[asked[done]], error=f"the cluster gave it up: {error}")
            tell(len(found) * 1000 // len(sets))
    return [found[number] for number in range(len(sets))]


def _without(inputs: Inputs) -> dict[str, Any]:
    fields = {name: getattr(inputs, name) for name in inputs.__struct_fields__}
    return fields | {"module": b"", "tapes": []}


def _there(fields: dict[str, Any], module: bytes, tapes: list[tuple[str, bytes]]) -> Row:
    """On a worker: the recordings become files again while it runs."""
    with TemporaryDirectory() as folder:
        paths = []
        for number, (name, content) in enumerate(tapes):
            path = Path(folder) / str(number) / name
            path.parent.mkdir()
            path.write_bytes(content)
            paths.append(str(path))
        return row_of(Inputs(**(fields | {"module": module, "tapes": paths})))
