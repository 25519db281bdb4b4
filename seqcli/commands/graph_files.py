"""A graph in a file: read as JSON or TOML, and judged by the rules the exchange judges it by. No network, no key."""

from pathlib import Path
from typing import Any

from seqcli.commands import words
from seqcli.errors import Refused, Usage
from seqcli.views import Result
from seqcli.views import graphs as tables
from seqcli.wire import graph_rules, shapes, strict
from seqcli.wire.order_rules import Fault
from seqcli.wire.submission import GraphOrder

_EXAMPLE = '{"nodes": […], "edges": […]}'
_MOST = 1 << 20


def read(source: str) -> Any:
    """The value in a file, or on stdin. Raises `Usage` where there is no object with nodes."""
    content = words.content(source, _MOST)
    value = _toml(content, source) if source.endswith(".toml") else _json(content, source)
    if not isinstance(value, dict):
        raise Usage(f"{_name(source)} holds no graph", hint=_EXAMPLE)
    if "nodes" not in value and "symbol" in value:
        raise Usage(f"{_name(source)} is an order in simple words, not a graph", hint="seq order submit FILE")
    return value


def judged(value: Any) -> tuple[GraphOrder | None, list[Fault]]:
    """The graph, and everything that is wrong with it; None where it has not even the shape of one."""
    graph, faults = shapes.typed(value, GraphOrder)
    return graph, faults or graph_rules.violations(graph)


def graph_of(source: str) -> GraphOrder:
    """The graph in a file. Raises `Usage` with every fault."""
    graph, faults = judged(read(source))
    if faults or graph is None:
        raise Usage(_count(_name(source), faults), details=_rows(faults), hint="nothing was sent")
    return graph


def verdict(source: str) -> Result:
    """Whether the exchange would take the graph in a file, as far as that shows without its instruments."""
    value = read(source)
    graph, faults = judged(value)
    counts = _counts(graph) if graph is not None and not faults else {}
    body = {"valid": not faults, "graph_id": value.get("graph_id"), **counts, "violations": _rows(faults)}
    told = Refused(_count(_name(source), faults), code="VALIDATION_ERROR", details=_rows(faults))
    return Result(
        body=body, ids=[] if faults else [_name(source)], table=tables.verdict, failure=told if faults else None
    )


def _counts(graph: GraphOrder) -> dict[str, int]:
    nodes, edges = graph_rules.expanded(graph)
    return {
        "node_count": len(graph.nodes),
        "edge_count": len(graph.edges),
        "expanded_node_count": nodes,
        "expanded_edge_count": edges,
    }


def _count(name: str, faults: list[Fault]) -> str:
    return f"{name}: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}"


def _rows(faults: list[Fault]) -> list[dict[str, str]]:
    return [{"field": field, "message": message} for field, message in faults]


def _name(source: str) -> str:
    return "stdin" if source == "-" else Path(source).name


def _json(content: bytes, source: str) -> Any:
    try:
        return strict.parse(content, shapes.number)
    except strict.BadJson as error:
        raise Usage(f"{_name(source)} is not JSON: {error}", hint="a TOML file's name ends in .toml") from None


def _toml(content: bytes, source: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(content.decode(), parse_float=shapes.number)
    except ValueError as error:  # TOML's, UTF-8's and a number's
        raise Usage(f"{_name(source)} is not TOML: {error}", hint="[[nodes]] and [[edges]]") from None
