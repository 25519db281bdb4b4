"""What can still happen in a graph: which nodes may start (again), which are done."""

from seqcli.sandbox.exchange.graphs import ON_FILL, Edge, Graph, Node


class Reach:
    """The possibilities of a graph as it stands. A look at it costs a walk over nodes and edges."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes = {node.node_id: node for node in graph.nodes}
        self._incoming: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            if edge.action == "activate":
                self._incoming.setdefault(edge.to_node, []).append(edge)
        self._held = {row.name for row in graph.held if row.what == "activate"}
        self._may: dict[str, bool] = {}
        for node in self._sorted():
            self._may[node.node_id] = self._can(node)

    def may_start(self, node: Node) -> bool:
        """Whether a node may still become an order."""
        return self._may[node.node_id]

    def done(self, node: Node) -> bool:
        """Whether nothing more comes of a node that has been active."""
        return bool(node.node_order_ids) and not node.live and not self._may[node.node_id]

    def goal_1e8(self, node: Node) -> int:
        """What a node is to fill in all: its quantity, or what was ordered once nothing more will be."""
        return node.qty_1e8 or 0 if self._may[node.node_id] else node.ordered_1e8

    def _can(self, node: Node) -> bool:
        if self._graph.over or node.status == "SKIPPED":
            return False
        if node.node_id in self._held:
            return True
        return node.room_1e8 != 0 and any(self._may_fire(edge) for edge in self._incoming.get(node.node_id, ()))

    def _may_fire(self, edge: Edge) -> bool:
        if edge.fired_count and edge.trigger != ON_FILL:
            return False
        source = self._nodes[edge.from_node]
        if not source.node_order_ids:
            return self._may[source.node_id]
        return edge.trigger == "on_timeout" or source.live > 0 or self._may[source.node_id]

    def _sorted(self) -> list[Node]:
        """Sources before targets."""
        waits = {node.node_id: len(self._incoming.get(node.node_id, ())) for node in self._graph.nodes}
        outgoing: dict[str, list[str]] = {}
        for edges in self._incoming.values():
            for edge in edges:
                outgoing.setdefault(edge.from_node, []).append(edge.to_node)
        ready = [name for name, count in waits.items() if not count]
        for name in ready:
            for target in outgoing.get(name, ()):
                waits[target] -= 1
                if not waits[target]:
                    ready.append(target)
        return [self._nodes[name] for name in ready]
