"""Alive, whole, and with which venues."""

from seqcli import __version__
from seqcli.sandbox.handlers.market import PREDICTION, open_contracts
from seqcli.sandbox.market.instruments import VENUES, Venue
from seqcli.sandbox.serving import Box, Call, serves
from seqcli.wire import health

_SECOND_NS = 1_000_000_000


@serves(health.LIVE)
def live(_box: Box, _call: Call) -> health.Live:
    """The process answers."""
    return health.Live(status="ok")


@serves(health.EDGES)
def edges(box: Box, _call: Call) -> health.Drift:
    """The fifteen edges that are expected against those of this market that are up."""
    connected = sorted(name for name in box.market.venues() if name not in box.down)
    missing = [name for name in VENUES if name not in connected]
    extra = [name for name in connected if name not in VENUES]
    return health.Drift(expected=list(VENUES), connected=connected, missing=missing, extra=extra, drift=bool(missing))


@serves(health.CHECK)
def check(box: Box, call: Call) -> health.Health:
    """The check that a key works."""
    drift = edges(box, call)
    started_ns = box.settings.started_ns or call.now_ns
    return health.Health(
        status="degraded" if drift.drift else "ok",
        version=__version__,
        region=box.settings.region,
        environment="sandbox",
        time_ns=call.now_ns,
        uptime_s=max(0, call.now_ns - started_ns) // _SECOND_NS,
        edges={
            "expected": len(drift.expected),
            "connected": len(drift.connected),
            "drift": drift.drift,
        },
    )


@serves(health.EDGE_LIST)
def edge_list(box: Box, call: Call) -> health.Edges:
    """One row an edge."""
    counts = {
        (venue, kind): sum(venue in row.venues and row.kind == kind for row in box.market.instruments().values())
        for venue in {edge.parent or edge.id for edge in box.market.venues().values()}
        for kind in ("spot", "perp", "prediction")
    }
    for venue in PREDICTION:
        counts[venue, "prediction"] = sum(1 for _ in open_contracts(box, (venue,), "", call.now_ns))
    rows = [_edge(edge, box, counts, call.now_ns) for edge in box.market.venues().values()]
    rows.sort(key=lambda row: row.edge_id)
    return health.Edges(edges=rows, count=len(rows), as_of_ns=call.now_ns)


def _edge(edge: Venue, box: Box, counts: dict[tuple[str, str], int], now_ns: int) -> health.Edge:
    venue = edge.parent or edge.id
    kinds = [kind for kind in edge.kinds if kind != "perp" or f"{edge.id}-perp" not in box.market.venues()]
    return health.Edge(
        edge_id=f"venue-edge-{edge.id}",
        venue=venue,
        region=edge.region,
        remote=False,
        connected=edge.id not in box.down,
        venues=[edge.id],
        instrument_types=list(kinds),
        symbol_count=sum(counts[venue, kind] for kind in kinds),
        latency_ms=edge.latency_ns / 1_000_000,
        last_heartbeat_ns=now_ns,
    )
