"""What the exchange says happened, and what it may ask about what it has let go of."""

from typing import Any, Protocol

import msgspec


class Event(msgspec.Struct, array_like=True):
    """One thing that happened. `seq` counts from 1 without gaps; `ts_ns` never goes back.

    `data` is plain JSON (builtins). Three kinds are also kept for queries, the last one of an id standing:

    ``order``  the whole order record, with at least ``node_order_id graph_id client_id sandbox symbol
    status created_ns``
               and ``venues`` (list of ids); ``ended`` true when it is terminal
    ``graph``  the whole graph record, with at least ``graph_id client_id sandbox status created_ns``;
    ``ended`` as above
    ``fill``   the whole fill, with at least ``fill_id node_order_id graph_id client_id sandbox symbol venue
    ts_ns``

    All other kinds (``ledger kill_switch settings reset credential deployment key`` …) are only replayed.
    """

    seq: int
    ts_ns: int
    kind: str
    data: dict[str, Any]


class Archive(Protocol):
    """Records the exchange no longer holds; rows that are not on disk yet are seen as well. None when there
    is none.
    """

    def find_graph(self, client_id: str, graph_id: str) -> dict[str, Any] | None:
        """The last record of a graph of this client."""

    def find_order(self, client_id: str, node_order_id: str) -> dict[str, Any] | None:
        """The last record of an order of this client."""
