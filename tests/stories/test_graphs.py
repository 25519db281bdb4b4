"""Execution graphs from a shell, against a served exchange: each documented kind of file, a pause, a bad file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "graphs"
PAUSING = {
    "nodes": [
        {
            "node_id": name,
            "instrument": {"symbol": symbol},
            "side": side,
            "order_type": "market",
            "quantity": {"fixed": {"qty_1e8": 200_000_000}},
        }
        for name, symbol, side in (("spot", "ETH-USD", "buy"), ("hedge", "ETH-USD-PERP", "sell"))
    ],
    "edges": [{"edge_id": "e", "from_node": "spot", "to_node": "hedge", "trigger": {"on_timeout": {"ms": 100}}}],
    "risk": {"runtime": {"max_unhedged_qty": 0.5}, "on_failure": {"on_runtime_breach": "pause"}},
}


def account(serve: Callable[..., dict[str, Any]]) -> dict[str, str]:
    served = serve()
    return {"SEQ_API_URL": served["url"], "SEQ_API_KEY": served["api_key"]}


def test_each_documented_kind_of_graph_runs_to_its_end(serve: Callable[..., dict[str, Any]], shell: Any) -> None:
    script = f"""
for file in {FILES}/*.json; do
  name=$(basename "$file" .json)
  seq graph validate "$file" >/dev/null
  seq graph submit "$file" --graph-id "$name" --wait -q
done
seq graph list --json --fields graph_id,status -o ndjson
"""
    done = shell(script, **account(serve))
    assert (done.returncode, done.stderr) == (0, "")
    kinds = sorted(path.stem for path in FILES.glob("*.json"))
    assert kinds == ["bracket", "cancel-on-done", "hedge", "ladder", "single", "streaming", "twap"]
    lines = done.stdout.splitlines()
    assert lines[: len(kinds)] == kinds
    listed = [json.loads(line) for line in lines[len(kinds) :]]
    assert {row["graph_id"]: row["status"] for row in listed} == dict.fromkeys(kinds, "COMPLETED")


def test_a_pause_is_told_and_gone_on_with(serve: Callable[..., dict[str, Any]], shell: Any, tmp_path: Path) -> None:
    (tmp_path / "pause.json").write_text(json.dumps(PAUSING))
    script = """
seq graph submit pause.json --graph-id p --wait --wait-timeout 1 && exit 1 || echo "status $?"
seq graph resume p --json --fields resumed
seq order wait p --json --fields status
"""
    done = shell(script, **account(serve))
    assert done.returncode == 0, done.stderr
    assert "paused   RISK; go on with: seq graph resume p" in done.stdout
    assert "hedge  WAITING" in done.stdout
    assert "status 8" in done.stdout
    assert '"resumed": true' in done.stdout
    assert '"status": "COMPLETED"' in done.stdout


def test_a_bad_file_is_status_3_offline_and_2_when_it_should_be_sent(shell: Any, tmp_path: Path) -> None:
    bad = PAUSING | {"edges": [{"edge_id": "e", "from_node": "spot", "to_node": "hegde", "trigger": "soon"}]}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    done = shell("seq graph validate bad.json || echo $?; seq --local graph submit bad.json || echo $?")
    assert done.stdout.splitlines() == ["3", "2"]
    assert done.stderr.count("  edges[0].to_node: no node 'hegde'; did you mean hedge?\n") == 2
