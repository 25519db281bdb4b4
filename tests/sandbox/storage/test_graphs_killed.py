"""kill -9 in the middle of graphs: each goes on where it was, and does nothing a second time."""

import http.client
import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.graph_stage import edge, node
from tests.sandbox.storage import test_durability
from tests.sandbox.storage.test_durability import SERVE, Sandbox, check_money

SLICES, EACH_MS = 5, 150
SECOND_TIME = """
from seqcli.sandbox.exchange import machine
keep = machine.Machine.apply
def forget(self, event):
    if event.kind != "graph_step":
        keep(self, event)
    else:
        self.counters.seq, self.counters.ts_ns = event.seq, event.ts_ns
machine.Machine.apply = forget
"""


def a_graph(graph_id: str) -> dict[str, Any]:
    """In slices; on its half and its end others begin, and one some time after those: each of them once."""
    pacing = {"uniform": {"num_slices": SLICES, "interval_ms": EACH_MS}}
    words: dict[str, Any] = {"symbol": "ETH-USD", "venue": None}
    nodes = [node("paced", qty="0.5", pacing=pacing, **words)]
    nodes += [node(name, qty="0.1", **words) for name in ("half", "end", "late")]
    edges = [
        edge("paced", "half", "on_fill_ratio", gte=0.5),
        edge("paced", "end", "on_full_fill"),
        edge("half", "late", "on_timeout", ms=2 * EACH_MS),
    ]
    return {"graph_id": graph_id, "nodes": nodes, "edges": edges}


class Talk:
    """One connection to one server."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.connection: http.client.HTTPConnection = sandbox.connect()

    def place(self, graph_id: str) -> None:
        status, reply = self.sandbox.call(self.connection, "POST", "/v1/orders", json.dumps(a_graph(graph_id)))
        assert status == 201, reply

    def show(self, graph_id: str) -> dict[str, Any]:
        status, body = self.sandbox.call(self.connection, "GET", f"/v1/execution_graphs/{graph_id}")
        assert status == 200, body
        shown: dict[str, Any] = body
        return shown

    def watch(self, graph_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until it is so; the exchange's own time passes meanwhile."""
        while not until(body := self.show(graph_id)):
            assert body["status"] in ("RUNNING", "COMPLETED")
        return body

    def kill(self) -> None:
        self.sandbox.end(signal.SIGKILL)
        self.connection.close()


def filled(body: dict[str, Any]) -> int:
    return sum(row["filled_qty_1e8"] > 0 for row in body["nodes"][0]["slices"])


def ended(body: dict[str, Any]) -> bool:
    return bool(body["status"] == "COMPLETED")


def check_once(body: dict[str, Any]) -> None:
    """Every node has one order, filled to its quantity; every edge has fired once; each slice was sent once."""
    assert {row["node_id"]: (row["status"], len(row["node_order_ids"])) for row in body["nodes"]} == dict.fromkeys(
        ("paced", "half", "end", "late"), ("FILLED", 1)
    )
    assert all(row["filled_qty_1e8"] == row["qty_1e8"] for row in body["nodes"])
    assert [row["fired_count"] for row in body["edges"]] == [1, 1, 1]
    slices = body["nodes"][0]["slices"]
    assert [(row["node_id"], row["filled_qty_1e8"]) for row in slices] == [
        (f"paced.s{number}", 10**7) for number in range(1, SLICES + 1)
    ]


def check_fills(talk: Talk, graphs: list[str]) -> None:
    """Each graph has filled what it was to fill, and the money is that of the fills."""
    sums: Counter[str] = Counter()
    for fill in check_money(talk.sandbox, talk.connection):
        sums[fill["graph_id"]] += fill["qty_1e8"]
    assert sums == dict.fromkeys(graphs, 8 * 10**7)


@pytest.mark.parametrize("moment", range(1, SLICES))
def test_a_graph_that_was_killed_in_its_middle_goes_on_and_repeats_nothing(
    tmp_path: Path, moment: int, *, full: bool
) -> None:
    if moment not in (2, 4) and not full:
        pytest.skip("the other moments are in the long form")
    graphs = [f"g{number}" for number in range(12 if full else 3)]
    talk = Talk(Sandbox(tmp_path / "box"))
    for name in graphs:
        talk.place(name)
    before = talk.watch(graphs[-1], lambda body: filled(body) >= moment)
    assert not ended(before)
    talk.kill()
    for _ in range(3 if full else 1):  # and again while it is catching up
        talk = Talk(Sandbox(tmp_path / "box"))
        assert filled(talk.show(graphs[-1])) >= filled(before)
        talk.kill()
    talk = Talk(Sandbox(tmp_path / "box"))
    for name in graphs:
        check_once(talk.watch(name, ended))
    check_fills(talk, graphs)
    talk.kill()
    assert not list((tmp_path / "box").glob("*.corrupt-*"))


def test_an_exchange_that_forgets_what_a_graph_did_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: after the kill the steps of graphs are not replayed, so they are taken a second time."""
    talk = Talk(Sandbox(tmp_path / "box"))
    talk.place("g0")
    talk.watch("g0", lambda body: filled(body) >= 4)
    talk.kill()
    monkeypatch.setattr(test_durability, "SERVE", SECOND_TIME + SERVE)
    talk = Talk(Sandbox(tmp_path / "box"))
    try:
        check_once(talk.watch("g0", ended))  # it looks whole
        with pytest.raises(AssertionError):
            check_fills(talk, ["g0"])
    finally:
        talk.kill()
