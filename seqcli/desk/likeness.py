"""Is the graph that the exchange shows the one that was sent, and has it ended?"""

from typing import Any

import msgspec

from seqcli.wire import graphs, strict


def another(body: bytes, graph: dict[str, Any]) -> bool:
    """Whether the server's graph can't be ours: other nodes or sides. One that does not show its nodes may be."""
    rows = _nodes(graph)
    return bool(rows) and _sides(rows) != _sides(_nodes(msgspec.json.decode(body)))


def same_size(body: bytes, graph: dict[str, Any]) -> bool:
    """Whether quantities are as sent; one that was amended, or is shown as another kind, is not."""
    rows = _nodes(graph)
    return not rows or _sizes(rows) == _sizes(_nodes(msgspec.json.decode(body)))


def has_several(graph: dict[str, Any]) -> bool:
    """Whether it has more than one node."""
    nodes = graph.get("node_count")
    return isinstance(nodes, int) and nodes > 1


def may_go_on(graph: dict[str, Any]) -> bool:
    """Whether nodes that wait may still start although every order so far was refused."""
    return has_several(graph) and str(graph.get("status")).upper() not in graphs.TERMINAL


def _nodes(graph: dict[str, Any]) -> list[dict[str, Any]]:
    shown = graph.get("nodes")
    return [row for row in shown if isinstance(row, dict)] if isinstance(shown, list) else []


def _sides(nodes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((str(node.get("node_id")), str(node.get("side")).lower()) for node in nodes)


def _sizes(nodes: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return sorted((str(node.get("node_id")), strict.encode(_size(node))) for node in nodes)


def _size(node: dict[str, Any]) -> Any:
    kinds = node.get("quantity")
    return sorted((kind, value) for kind, value in kinds.items() if value) if isinstance(kinds, dict) else kinds
