"""What the tests kill: started once, it forks a process for each order, which uses the real desk, client and sockets.

A line of JSON in, two lines out: ``{"pid": N}`` as soon as the child exists (it waits for another line in), and how it
ended. `control` replaces a part of the desk by a wrong one.
"""

import contextlib
import importlib
import json
import os
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from seqcli.client.client import Client
from seqcli.client.clock import SystemClock
from seqcli.client.throttle import Throttle
from seqcli.client.transport import HttpTransport
from seqcli.desk import submit
from seqcli.desk.desk import Desk
from seqcli.desk.journal import Journal
from seqcli.errors import Failure, NotFound, Refused
from seqcli.wire import strict
from seqcli.wire.submission import FixedQuantity, GraphOrder, Instrument, LimitPrice, Node, NodeQuantity, OrderType


class Hurried(random.Random):
    """Waits between attempts are short."""

    def random(self) -> float:
        return super().random() * 0.05


class Moved(SystemClock):
    """The machine's clock, put forward."""

    offset_ns = 0

    def time_ns(self) -> int:
        return super().time_ns() + self.offset_ns


def order(number: int) -> GraphOrder:
    node = Node(
        node_id="order",
        instrument=Instrument(symbol="ETH-USD"),
        side="buy",
        order_type=OrderType(limit=LimitPrice(price_1e9=2_000_000_000_000)),
        quantity=NodeQuantity(fixed=FixedQuantity(qty_1e8=100_000_000 + number)),
        activation="root",
    )
    return GraphOrder(nodes=[node], metadata={"n": number})


def opened(job: dict[str, Any]) -> Desk:
    clock = Moved()
    clock.offset_ns = job.get("offset_s", 0) * 1_000_000_000
    client = Client(
        HttpTransport(),
        base_url=job["url"],
        key="seq_test_chaos",
        mode="sandbox",
        clock=clock,
        throttle=Throttle(clock, qps=1000.0),
        rng=Hurried(f"{job['seed']}/{job.get('n')}/{job['turn']}"),
    )
    state = Path(job["state"])
    return Desk(client, account="acc", state_dir=state, config_dir=state, deadline_s=job["deadline_s"])


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do the job; what the user is told."""
    desk = opened(job)
    if "n" not in job:
        rows = desk.reconcile(job.get("names", []), resend=job.get("resend", False))
        return {"rows": [{name: row[name] for name in ("graph_id", "outcome")} for row in rows]}
    try:
        outcome = desk.submit(order(job["n"]))
    except Failure as failure:
        return {"outcome": "not_sent", "graph_id": None, "why": failure.message}
    return {"outcome": outcome.outcome, "graph_id": outcome.graph_id}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mark(moment: str) -> None:
    """Die at a moment that only this side knows."""
    where = {
        "before the intent": ("intend", 0),
        "after the intent": ("intend", 1),
        "before it is settled": ("settle", 0),
    }
    if moment not in where:
        return
    name, after = where[moment]
    original = getattr(Journal, name)

    def marked(*arguments: Any, **options: Any) -> Any:
        if not after:
            die()
        original(*arguments, **options)
        return die()

    setattr(Journal, name, marked)


def journal_after_send() -> None:
    intend, settle = Journal.intend, Journal.settle

    def later(self: Journal, intent: Any, now_ns: int, what: str) -> None:
        if not intent.id:
            intend(self, intent)
        settle(self, intent, now_ns, what)

    def pretend(_journal: Journal, intent: Any, _allow: Any = None) -> Any:
        return intent

    Journal.intend = pretend  # type: ignore[method-assign, assignment]
    Journal.settle = later  # type: ignore[method-assign]


def new_id_on_a_retry() -> None:
    attempt = submit._Run._attempt

    def renamed(self: Any) -> Any:
        if self._doubtful:
            body = strict.parse(self._intent.body)
            self._intent.graph_id = body["graph_id"] = f"sq-new-{random.Random().getrandbits(64):x}"
            self._intent.body = strict.encode(body)
        return attempt(self)

    submit._Run._attempt = renamed  # type: ignore[method-assign]


def refusal_of_a_repeat_is_rejected() -> None:
    judge = submit._Run._judge

    def hasty(self: Any, failure: Failure) -> Any:
        if isinstance(failure, Refused | NotFound):
            return self._outcome("rejected", failure=failure)
        return judge(self, failure)

    submit._Run._judge = hasty  # type: ignore[method-assign]


def absent_is_not_sent() -> None:
    def hasty(self: Any) -> Any:
        try:
            return self.read(self._sender.look_up(self._intent, self._share()))
        except NotFound as failure:
            return self._outcome("not_sent", failure=failure)
        except Failure:
            return None

    submit._Run._find = hasty  # type: ignore[method-assign]


CONTROLS = {
    control.__name__: control
    for control in (journal_after_send, new_id_on_a_retry, refusal_of_a_repeat_is_rejected, absent_is_not_sent)
}


def child(job: dict[str, Any], told: int) -> None:
    if job.get("control"):
        CONTROLS[job["control"]]()
    mark(job.get("die", ""))
    if "after_s" in job:
        threading.Timer(job["after_s"], die).start()
    os.write(told, json.dumps(work(job)).encode())


def load() -> None:
    """What a child would import, once for all of them."""
    for name in ("httpx", "httpcore", "h11", "anyio", "certifi", "encodings.idna", "tomllib"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    load()
    for line in sys.stdin:
        reader, told = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reader)
            sys.stdin.readline()
            with contextlib.suppress(BrokenPipeError):
                child(json.loads(line), told)
            os._exit(0)
        os.close(told)
        say({"pid": process})
        with os.fdopen(reader, "rb") as stream:
            text = stream.read()
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status)
        say({"killed": killed, "status": status, "told": json.loads(text) if text else None})


if __name__ == "__main__":
    main()
