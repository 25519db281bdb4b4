"""What an execution graph may say: names, counts, activations, cycles. Pure, and the same on both sides.

`violations` names every fault of a body as ``(field path, message)``. Of one order: `order_rules`; of one edge:
`edge_rules`, whose `link` reads an edge without faults; of the risk part: `risk_rules`, whose `read` reads it.
"""

import re
from collections.abc import Iterator

from seqcli.wire import order_rules
from seqcli.wire.edge_rules import activates, of_edge
from seqcli.wire.order_rules import Fault, KindOf
from seqcli.wire.risk_rules import of_risk
from seqcli.wire.submission import GraphOrder, Instrument, Node, SimpleOrder

MAX_NODES, MAX_EDGES, MAX_EXPANDED_NODES = 256, 1024, 2048
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SLICE = re.compile(r"\.s[0-9]+$")
_LONGEST_NAMED = 12


def said_kind(instrument: Instrument) -> str | None:
    """The kind as the body says it: all that is known of an instrument offline."""
    return None if instrument.type is None else instrument.type.lower()


def violations(body: SimpleOrder | GraphOrder, kind_of: KindOf = said_kind) -> list[Fault]:
    """Every fault of a body, in the order of its fields; an empty list for a body that is fine by itself."""
    faults = list(order_rules.of_whole(body))
    if isinstance(body, SimpleOrder):
        return [*faults, *order_rules.of_simple(body, kind_of)]
    return [*faults, *_of_nodes(body, kind_of), *_of_edges(body), *of_risk(body.risk)]


def expanded(graph: GraphOrder) -> tuple[int, int]:
    """Nodes and edges once paced nodes have become slices: one more node and one more edge a slice."""
    slices = sum(_slices(node) for node in graph.nodes)
    return len(graph.nodes) + slices, len(graph.edges) + slices


def _slices(node: Node) -> int:
    pacing = node.execution.pacing if node.execution is not None else None
    return pacing.uniform.num_slices if pacing is not None and pacing.uniform is not None else 0


# -- nodes -----------------------------------------------------------------------------------------------------------


def _of_nodes(graph: GraphOrder, kind_of: KindOf) -> Iterator[Fault]:
    if not 1 <= len(graph.nodes) <= MAX_NODES:
        yield "nodes", f"must be 1 to {MAX_NODES}"
    elif expanded(graph)[0] > MAX_EXPANDED_NODES:
        yield "nodes", f"with their slices {expanded(graph)[0]}; at most {MAX_EXPANDED_NODES}"
    entered = {edge.to_node for edge in graph.edges if activates(edge)}
    started = {edge.to_node for edge in graph.edges if activates(edge) and edge.from_node != edge.to_node}
    seen: set[str] = set()
    for number, node in enumerate(graph.nodes[:MAX_NODES]):
        path = f"nodes[{number}]."
        if node.node_id in seen:
            yield f"{path}node_id", "used twice"
        seen.add(node.node_id)
        yield from _of_node_id(node.node_id, f"{path}node_id")
        yield from _of_activation(node, f"{path}activation", entered, started)
        yield from order_rules.of_node_terms(node, order_rules.of_node(number), kind_of)


def _of_node_id(name: str, field: str) -> Iterator[Fault]:
    if not _ID.fullmatch(name):
        yield field, "must be 1 to 64 of A-Z a-z 0-9 _ . -"
    elif _SLICE.search(name):
        yield field, "may not end like a slice (.s1)"


def _of_activation(node: Node, field: str, entered: set[str], started: set[str]) -> Iterator[Fault]:
    """`entered`: targets of any activate edge, a faulty one too; `started`: of those that come from elsewhere."""
    if node.activation is None:
        return
    activation = node.activation.lower()
    if activation not in ("root", "wait"):
        yield field, "must be root or wait"
    elif activation == "wait" and node.node_id not in entered:
        yield field, "a waiting node needs an incoming edge that activates it; one without is a root"
    elif activation == "root" and node.node_id in started:
        yield field, "a root has no incoming edge that activates it; this one waits"


# -- edges -----------------------------------------------------------------------------------------------------------


def _of_edges(graph: GraphOrder) -> Iterator[Fault]:
    if len(graph.edges) > MAX_EDGES:
        yield "edges", f"must be 0 to {MAX_EDGES}"
    names = {node.node_id for node in graph.nodes}
    seen: set[str] = set()
    for number, edge in enumerate(graph.edges[:MAX_EDGES]):
        path = f"edges[{number}]."
        if not _ID.fullmatch(edge.edge_id):
            yield f"{path}edge_id", "must be 1 to 64 of A-Z a-z 0-9 _ . -"
        elif edge.edge_id in seen:
            yield f"{path}edge_id", "used twice"
        seen.add(edge.edge_id)
        for field in ("from_node", "to_node"):
            if getattr(edge, field) not in names:
                yield f"{path}{field}", _unknown(getattr(edge, field), names)
        if edge.from_node == edge.to_node and edge.to_node in names:
            yield f"{path}to_node", f"an edge from {edge.to_node} to itself"
        yield from of_edge(edge, path)
    yield from _of_cycles(graph, names)


def _unknown(name: str, names: set[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:64], sorted(names), 1, 0.6)
    return f"no node {name[:64]!a}" + (f"; did you mean {close[0]}?" if close else "")


# -- cycles ----------------------------------------------------------------------------------------------------------


def _of_cycles(graph: GraphOrder, names: set[str]) -> Iterator[Fault]:
    """Each edge that closes a cycle of activate edges; without those edges there is none left."""
    leaving: dict[str, list[tuple[int, str]]] = {}
    for number, edge in enumerate(graph.edges[:MAX_EDGES]):
        if activates(edge) and edge.from_node != edge.to_node and {edge.from_node, edge.to_node} <= names:
            leaving.setdefault(edge.from_node, []).append((number, edge.to_node))
    entered = {target for edges in leaving.values() for _, target in edges}
    if names and entered == names:
        yield "nodes", "no root: every node waits for another, so nothing would start"
    closing: list[tuple[int, list[str]]] = []
    done: set[str] = set()
    for node in sorted(names - entered) + [node.node_id for node in graph.nodes]:
        if node not in done:
            closing += _closing(node, leaving, done)
    for number, cycle in sorted(closing):
        yield f"edges[{number}]", f"cycle: {_arrows(cycle)}"


def _closing(start: str, leaving: dict[str, list[tuple[int, str]]], done: set[str]) -> Iterator[tuple[int, list[str]]]:
    """Depth first from `start`: edges back to a node that is on the way, with that way."""
    way = [start]
    left = [iter(leaving.get(start, ()))]
    done.add(start)
    while way:
        number, target = next(left[-1], (-1, ""))
        if number < 0:
            way.pop()
            left.pop()
        elif target in way:
            yield number, [*way[way.index(target) :], target]
        elif target not in done:
            done.add(target)
            way.append(target)
            left.append(iter(leaving.get(target, ())))


def _arrows(cycle: list[str]) -> str:
    if len(cycle) > _LONGEST_NAMED:
        more = len(cycle) - _LONGEST_NAMED
        cycle = [*cycle[: _LONGEST_NAMED - 2], f"({more} more)", *cycle[-2:]]
    return " → ".join(cycle)
