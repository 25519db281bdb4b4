"""The algorithms that run: one child a deployment, one instance an edge and symbol, called as time passes.

Only in a served exchange. A trap pauses its instance, a child that is stuck pauses its deployment; nothing stops the
exchange. Positions come from the stored fills, so they survive a kill.
"""

from collections import deque
from collections.abc import Callable, Iterable
from traceback import format_exc
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.algos.counts import Trace
from seqcli.sandbox.algos.deployments import Deployments, Line, Stored, set_status
from seqcli.sandbox.algos.instances import Instance, Paused
from seqcli.sandbox.algos.wasm import abi
from seqcli.sandbox.algos.wasm.process import Process
from seqcli.sandbox.algos.wishes import Limits
from seqcli.sandbox.exchange.events import Event
from seqcli.sandbox.log import to_stderr

if TYPE_CHECKING:
    from seqcli.sandbox.exchange.exchange import Exchange
    from seqcli.wire.algos import DeploymentEdge

SECOND_NS = 1_000_000_000
KEPT_TRACES = 1000
MAX_LINE = 512
Tell = Callable[[str, str, Callable[[], Any]], None]
"""Tell an account's stream topic: client, topic, what makes the body."""


class Crew:
    """One deployment at work."""

    def __init__(self, row: Stored, module: bytes, exchange: "Exchange") -> None:
        self.row = row
        self.traces: deque[dict[str, Any]] = deque(maxlen=KEPT_TRACES)
        self.lines: list[Line] = []
        self.running = False
        self.mail: dict[str, dict[str, int]] = {}
        self._sampled_ns: dict[int, int] = {}
        labels = [str(each.get("label", "")) for each in row.mesh]
        self.mail = {label: {"sent": 0, "received": 0, "dropped": 0} for label in labels}
        params = [(int(each["slot"]), str(each["type"]), int(each["value"])) for each in row.deployment.params]
        config = abi.config(params, row.update_seq, row.deployment.updated_ns) if params else b""
        self.process = Process(module, len(row.deployment.edges), labels=labels, config=config)
        limits = msgspec.convert(row.deployment.risk or {}, Limits)
        self.instances: list[tuple[DeploymentEdge, Instance]] = []
        for number, edge in enumerate(row.deployment.edges):
            instrument = exchange.market.instruments()[edge.symbol]
            venue = edge.edge_id.removeprefix("venue-edge-")
            name = prefix_of(row, number)
            made = Instance(name, number, row.client_id, instrument, venue, self.process.ask, limits)
            self.instances.append((edge, made))

    def count(self, label: str, what: str) -> None:
        """One message more, of an instance with a label."""
        if label in self.mail:
            self.mail[label][what] += 1

    def settle(self, edge: "DeploymentEdge", instance: Instance, now_ns: int) -> None:
        """Bring the edge's row up to what its instance is, and take over its logs and traces."""
        standing = instance.standing
        edge.position_1e8, edge.realized_pnl_1e9 = standing.position_1e8, standing.realized_1e9
        edge.session_realized_pnl_1e9 = standing.session_1e9
        edge.unrealized_pnl_1e9 = instance.unrealized_1e9
        edge.update_count = instance.counts.updates
        edge.callback_latency_ns = instance.counts.latencies[-1] if instance.counts.latencies else 0
        edge.last_heartbeat = now_ns // SECOND_NS
        for ts_ns, level, text in instance.logs:
            word = abi.LEVELS[level] if level < len(abi.LEVELS) else "info"
            line = Line(ts_ns=ts_ns, level=word, edge_id=edge.edge_id, symbol=edge.symbol, message=text[:MAX_LINE])
            self.lines.append(line)
        instance.logs = []

    def traced(self, edge: "DeploymentEdge", instance: Instance) -> list[dict[str, Any]]:
        """The traces since the last call; callbacks that wanted nothing are sampled once a second."""
        told = []
        for trace in instance.traces:
            if not trace.actions and trace.error is None and trace.callback == "on_book":
                if trace.ts_ns - self._sampled_ns.get(instance.number, 0) < SECOND_NS:
                    continue
                self._sampled_ns[instance.number] = trace.ts_ns
            told.append(_shown(self.row, edge, instance, trace))
        instance.traces = []
        self.traces += told
        return told


class Fleet:
    """Every deployment that should run. `tell` reaches the streams, `report` the operator."""

    def __init__(
        self, exchange: "Exchange", kept: Deployments, tell: Tell, report: Callable[[str], None] = to_stderr
    ) -> None:
        self._exchange, self._kept, self._tell, self._report = exchange, kept, tell, report
        self._crews: dict[tuple[str, str], Crew] = {}
        self._beat_ns = 0

    def __bool__(self) -> bool:
        return bool(self._crews)

    def begin(self, now_ns: int) -> None:
        """Launch what was running when the exchange was last served."""
        for row in self._kept.every():
            if row.wanted:
                self.launch(row, now_ns)

    def find(self, row: Stored) -> Crew | None:
        """The crew of a deployment, when it runs."""
        return self._crews.get(_key(row))

    def launch(self, row: Stored, now_ns: int) -> None:
        """Start the child; it is `running` once it has answered."""
        self.halt(row, now_ns)
        crew = Crew(row, self._kept.module(row), self._exchange)
        for _, instance in crew.instances:
            for fill in self._kept.fills(row.client_id, f"{instance.name}-"):
                instance.standing.take(
                    fill["side"], fill["price_1e9"], fill["qty_1e8"], fill["fee_usd_1e9"], fill["ts_ns"]
                )
        self._crews[_key(row)] = crew
        set_status(row, "accepted", None, now_ns)
        self._kept.keep(row)
        self._say(row, "started", now_ns)

    def halt(self, row: Stored, now_ns: int) -> None:
        """Let each instance say its last wishes, then end the child. Resting orders stay."""
        crew = self._crews.pop(_key(row), None)
        if crew is None:
            return
        for edge, instance in crew.instances:
            if crew.running and edge.status == "running":
                self._guarded(crew, edge, instance, now_ns, instance.shut_down, self._exchange, now_ns)
        self._flush(crew, now_ns)
        crew.process.close()
        row.deployment.edges = crew.row.deployment.edges

    def step(self, now_ns: int) -> None:
        """Call every instance whose book has changed; once a second, heartbeats and what is kept."""
        beat = now_ns - self._beat_ns >= SECOND_NS
        self._beat_ns = now_ns if beat else self._beat_ns
        for crew in list(self._crews.values()):
            if not crew.running and not self._started(crew, now_ns):
                continue
            for edge, instance in crew.instances:
                if edge.status == "running":
                    self._guarded(crew, edge, instance, now_ns, instance.look, self._exchange, now_ns)
                    self._deliver(crew, edge, instance, now_ns)
                if beat and edge.status == "running":
                    self._guarded(crew, edge, instance, now_ns, instance.heartbeat, self._exchange, now_ns)
            if beat:
                self._flush(crew, now_ns)

    def take(self, events: Iterable[Event], now_ns: int) -> None:
        """Fills and ends of orders, once they are on disk. Who can't be told of them is paused; others go on."""
        for crew in list(self._crews.values()):
            try:
                self._told(crew, events, now_ns)
            except Exception:  # noqa: BLE001 - it does not know what it holds any more, whatever the reason
                name = crew.row.deployment.deployment_id
                self._report(f"the deployment {name} could not be told of its orders\n{format_exc()}")
                crew.process.close()
                self._fell(crew, "it could not be told of its orders", now_ns)

    def close(self, now_ns: int) -> None:
        """The server ends: children end, too; they are launched again with it."""
        for crew in list(self._crews.values()):
            self._flush(crew, now_ns)
            crew.process.close()
        self._crews.clear()

    # -- inside ------------------------------------------------------------------------------------------------------

    def _told(self, crew: Crew, events: Iterable[Event], now_ns: int) -> None:
        for event in events:
            for edge, instance in crew.instances:
                if crew.running and edge.status == "running":
                    self._guarded(crew, edge, instance, now_ns, instance.take, event)

    def _started(self, crew: Crew, now_ns: int) -> bool:
        if crew.process.dead is None and not crew.process.ready():
            return crew.process.dead is not None and self._fell(crew, crew.process.dead, now_ns)
        if crew.process.dead is not None:
            return self._fell(crew, crew.process.dead, now_ns)
        crew.running = True
        set_status(crew.row, "running", None, now_ns)
        for note in crew.process.loaded.notes if crew.process.loaded else ():
            edge = crew.row.deployment.edges[0]
            line = Line(ts_ns=now_ns, level="warn", edge_id=edge.edge_id, symbol=edge.symbol, message=note)
            crew.lines.append(line)
        self._flush(crew, now_ns)
        return True

    def _fell(self, crew: Crew, reason: str, now_ns: int) -> bool:
        """The whole child is gone."""
        self._crews.pop(_key(crew.row), None)
        for edge in crew.row.deployment.edges:
            self._pause(crew, edge, reason, now_ns)
        self._flush(crew, now_ns)
        return False

    def _guarded(
        self,
        crew: Crew,
        edge: "DeploymentEdge",
        instance: Instance,
        now_ns: int,
        call: Callable[..., Any],
        *arguments: Any,
    ) -> None:
        """One call; a trap pauses the instance, and a dead child the deployment."""
        try:
            call(*arguments)
        except Paused as trap:
            self._pause(crew, edge, str(trap), now_ns)
        crew.settle(edge, instance, now_ns)
        topic = f"traces:{crew.row.deployment.deployment_id}"
        for trace in crew.traced(edge, instance):
            self._tell(crew.row.client_id, topic, trace.copy)
        if crew.process.dead is not None and _key(crew.row) in self._crews:
            self._fell(crew, crew.process.dead, now_ns)

    def _pause(self, crew: Crew, edge: "DeploymentEdge", reason: str, now_ns: int) -> None:
        if edge.status == "paused":
            return
        edge.status, edge.pause_reason, edge.error = "paused", "trapped", reason
        crew.lines.append(
            Line(ts_ns=now_ns, level="error", edge_id=edge.edge_id, symbol=edge.symbol, message=f"trapped: {reason}")
        )
        if all(each.status == "paused" for each in crew.row.deployment.edges):
            crew.row.deployment.status, crew.row.wanted = "paused", False
        self._say(crew.row, "trapped", now_ns, edge_id=edge.edge_id, message=reason)

    def _deliver(self, crew: Crew, edge: "DeploymentEdge", sender: Instance, now_ns: int) -> None:
        """Messages to the instances that are called so; what nobody is called is dropped."""
        messages, sender.sent = sender.sent, []
        label = edge.instance_label or ""
        for to, payload in messages:
            name = to.decode("utf-8", "replace")
            crew.count(label, "sent")
            for other, instance in crew.instances:
                if other.instance_label == name:
                    crew.count(name, "received" if other.status == "running" else "dropped")
                if other.instance_label == name and other.status == "running":
                    self._guarded(
                        crew, other, instance, now_ns, instance.receive, self._exchange, label.encode(), payload, now_ns
                    )

    def _flush(self, crew: Crew, now_ns: int) -> None:
        lines, crew.lines = crew.lines, []
        if lines:
            self._kept.log(crew.row, lines)
        crew.row.deployment.updated_ns = max(crew.row.deployment.updated_ns, now_ns)
        self._kept.keep(crew.row)

    def _say(self, row: Stored, event: str, now_ns: int, **more: Any) -> None:
        deployment = row.deployment
        body = {
            "deployment_id": deployment.deployment_id,
            "name": deployment.name,
            "event": event,
            "status": deployment.status,
            "edge_id": None,
            "message": None,
            **more,
            "ts_ns": now_ns,
        }
        self._tell(row.client_id, f"deployment:{deployment.deployment_id}", lambda: body)


def prefix_of(row: Stored, number: int) -> str:
    """How the orders of one instance are called."""
    return f"algo-{row.deployment.deployment_id}-{number}"


def _key(row: Stored) -> tuple[str, str]:
    return row.client_id, row.deployment.deployment_id


def _shown(row: Stored, edge: "DeploymentEdge", instance: Instance, trace: Trace) -> dict[str, Any]:
    return {
        "deployment_id": row.deployment.deployment_id,
        "edge_id": edge.edge_id,
        "symbol": edge.symbol,
        "callback": trace.callback,
        "seq": instance.counts.updates,
        "latency_ns": trace.latency_ns,
        "actions": trace.actions,
        "error": trace.error,
        "position_1e8": trace.position_1e8,
        "ts_ns": trace.ts_ns,
    }
