"""The router's three versions at work: orders from a file, each by its id's version, then compared."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

ORDERS = 120


def version_of(graph_id: str) -> int:
    """As the API documents it."""
    return 1 + int.from_bytes(sha256(graph_id.encode()).digest()[:8], "big") % 3


def test_real_orders_are_served_by_three_versions_and_the_report_compares_them(inside: Any, tmp_path: Path) -> None:
    names = [f"ab-{number}" for number in range(ORDERS)]
    file = tmp_path / "orders.ndjson"
    rows = [{"symbol": "ETH-USD", "side": "buy", "qty": "2", "graph_id": name} for name in names]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert inside("--local", "order", "submit", str(file), "-q").status == 0
    wanted = Counter(map(version_of, names))
    assert min(wanted.values()) >= 30

    orders = inside("--local", "order", "list", "--all", "--json").body["orders"]
    assert {order["graph_id"]: order["routing_version"] for order in orders} == {
        name: version_of(name) for name in names
    }
    report = inside("--local", "analytics", "ab", "--json").body
    assert {row["routing_version"]: row["order_count"] for row in report["versions"]} == wanted
    assert report["baseline"] == 1
    best = min(report["versions"][1:], key=lambda row: (row["avg_total_cost_bps"], row["routing_version"]))
    assert report["candidate"] == best["routing_version"]
    assert report["recommendation"] in ("promote", "hold")
    for version, count in wanted.items():
        words = ("analytics", "tca", "--routing-version", str(version), "--all", "--json")
        mine = inside("--local", *words).body["orders"]
        assert {version_of(row["graph_id"]) for row in mine} == {version}
        assert len(mine) == count
    table = inside("--local", "analytics", "ab").out.splitlines()
    assert [line.split()[:2] for line in table[1:4]] == [[str(version), str(wanted[version])] for version in (1, 2, 3)]


def test_a_preview_names_the_version_that_then_serves_the_order(inside: Any) -> None:
    for name in ("g3", "g1", "g0"):
        told = inside("--local", "order", "preview", "buy", "ETH-USD", "1", "--graph-id", name, "--json").body
        placed = inside("--local", "order", "buy", "ETH-USD", "1", "--graph-id", name, "--json").body
        assert told["routing_version"] == told["routing"]["version"] == version_of(name)
        assert placed["orders"][0]["routing_version"] == version_of(name)
        steps = inside("--local", "execution", "trace", name, "--json").body["events"]
        detail = next(step["detail"] for step in steps if step["stage"] == "routed")
        assert (detail["version"], detail["urgency"]) == (version_of(name), "medium")
        assert {row["venue"] for row in detail["candidates"]} == {row["venue"] for row in told["routing"]["candidates"]}
