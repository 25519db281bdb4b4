"""Graphs from a shell: builders make the documented bodies, files are judged whole, the end has a status."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seqcli.commands import streaming
from seqcli.wire import edge_rules, order_rules
from tests.wire.bad_graphs import BAD, GOOD, TRIGGERS, edge, graph, node

Seq = Any
FILES = Path(__file__).parents[1] / "stories/graphs"
ETH = "ETH-USD"


def planned(seq: Seq, *words: str) -> Any:
    done = seq("--local", "graph", *words, "--dry-run", "--json")
    assert (done.status, done.err) == (0, "")
    return done.body["body"]


def refused(seq: Seq, *words: str, status: int = 2) -> str:
    done = seq("--local", "graph", *words, "--dry-run", "--json")
    assert (done.status, done.out) == (status, "")
    return str(done.error["message"])


def written(folder: Path, body: Any, name: str = "graph.json") -> str:
    path = folder / name
    path.write_text(json.dumps(body, default=float))
    return str(path)


# -- builders --------------------------------------------------------------------------------------------------------


def test_twap_is_one_node_in_uniform_slices(seq: Seq) -> None:
    body = planned(seq, "twap", ETH, "buy", "1.5", "--slices", "10", "--every", "30s", "--limit", "2500")
    (only,) = body["nodes"]
    assert only["execution"] == {"pacing": {"uniform": {"num_slices": 10, "interval_ms": 30_000}}}
    assert only["quantity"] == {"fixed": {"qty_1e8": 150_000_000}}
    assert only["order_type"] == {"limit": {"price_1e9": 2_500_000_000_000}}
    assert "edges" not in body


def test_a_bracket_is_the_documented_one(seq: Seq) -> None:
    body = planned(seq, "bracket", "BTC-USD", "buy", "0.1", "--take-profit", "55000", "--stop-loss", "48000")
    by_id = {each["node_id"]: each for each in body["nodes"]}
    assert [(name, each["side"], each["activation"]) for name, each in by_id.items()] == [
        ("entry", "buy", "root"),
        ("tp", "sell", "wait"),
        ("sl", "sell", "wait"),
    ]
    assert by_id["tp"]["order_type"] == {"limit": {"price_1e9": 55_000_000_000_000}}
    assert by_id["sl"]["order_type"] == {"stop_market": {"trigger_price_1e9": 48_000_000_000_000}}
    assert {each["quantity"]["fixed"]["qty_1e8"] for each in body["nodes"]} == {10_000_000}
    assert [
        tuple(each.get(name) for name in ("from_node", "to_node", "trigger", "action")) for each in body["edges"]
    ] == [
        ("entry", "tp", "on_full_fill", None),
        ("entry", "sl", "on_full_fill", None),
        ("tp", "sl", "on_first_fill", "cancel"),
        ("sl", "tp", "on_first_fill", "cancel"),
    ]


def test_a_bracket_that_sells_is_mirrored(seq: Seq) -> None:
    words = ("bracket", ETH, "sell", "1", "--entry-limit", "2000", "--take-profit", "1500", "--stop-loss", "2500")
    entry, gain, loss = planned(seq, *words)["nodes"]
    assert [each["side"] for each in (entry, gain, loss)] == ["sell", "buy", "buy"]
    assert entry["order_type"] == {"limit": {"price_1e9": 2_000_000_000_000}}


def test_a_hedge_at_a_ratio_is_the_documented_one(seq: Seq) -> None:
    words = ("hedge", ETH, "buy", "200", "--with", "ETH-USD-PERP", "--venue", "hyperliquid", "--at-ratio", "0.5")
    body = planned(seq, *words)
    spot, hedge = body["nodes"]
    assert (spot["instrument"], hedge["instrument"]) == (
        {"symbol": ETH},
        {"symbol": "ETH-USD-PERP", "venue": "hyperliquid"},
    )
    assert (hedge["side"], hedge["execution"], hedge["activation"]) == ("sell", {"policy": "aggressive_chase"}, "wait")
    (only,) = body["edges"]
    assert (only["trigger"], only["condition"]) == ("on_fill_ratio", {"fill_ratio_gte": 0.5})


def test_a_streaming_hedge_takes_a_share_of_each_fill_and_is_capped(seq: Seq) -> None:
    body = planned(seq, "hedge", ETH, "sell", "2", "--with", "ETH-USD-PERP", "--streaming", "--ratio", "0.75")
    (only,) = body["edges"]
    assert (only["trigger"], only["sizing"]) == ("on_fill", {"fill_ratio": {"ratio": 0.75}})
    assert [each["quantity"]["fixed"]["qty_1e8"] for each in body["nodes"]] == [200_000_000, 150_000_000]
    assert body["nodes"][1]["side"] == "buy"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["twap", ETH, "buy", "1"], "how many slices"),
        (["twap", ETH, "buy", "1", "--slices", "1", "--every", "30s"], "--slices '1'"),
        (["twap", ETH, "buy", "1", "--slices", "201", "--every", "30s"], "--slices '201'"),
        (["twap", ETH, "buy", "1", "--slices", "2", "--every", "99ms"], "--every 99ms: at least 100ms"),
        (["twap", ETH, "buy", "0.00000001", "--slices", "2", "--every", "1s"], "more slices than there are units"),
        (["twap", ETH, "buy", "1", "--slices", "2", "--every", "1s", "--tif", "fok"], "a paced order cannot be fok"),
        (["twap", ETH, "hold", "1", "--slices", "2", "--every", "1s"], "'hold' is not a side"),
        (["bracket", ETH, "buy", "1", "--take-profit", "5"], "where does it end"),
        (["bracket", ETH, "buy", "1", "--take-profit", "5", "--stop-loss", "5"], "--take-profit 5 is not above"),
        (["bracket", ETH, "sell", "1", "--take-profit", "5", "--stop-loss", "4"], "--take-profit 5 is not below"),
        (
            ["bracket", ETH, "buy", "1", "--take-profit", "5", "--stop-loss", "1", "--entry-limit", "6"],
            "--take-profit 5 is not above --entry-limit 6",
        ),
        (["bracket", ETH, "buy", "1", "--take-profit", "5", "--stop-loss", "0"], "above 0"),
        (["hedge", ETH, "buy", "1", "--streaming"], "hedged with what"),
        (["hedge", ETH, "buy", "1", "--with", "X-PERP"], "hedged when"),
        (["hedge", ETH, "buy", "1", "--with", "X-PERP", "--streaming", "--at-ratio", "1"], "hedged when"),
        (["hedge", ETH, "buy", "1", "--with", "X-PERP", "--at-ratio", "1.1"], "above 0 and at most 1"),
        (["hedge", ETH, "buy", "1", "--with", "X-PERP", "--at-ratio", "0"], "must be above 0"),
        (["hedge", ETH, "buy", "0.00000001", "--with", "X-PERP", "--streaming", "--ratio", "0.5"], "8 decimals"),
        (["amend-node", "g", "a"], "what to change"),
        (["amend-node", "g", "a:b", "--qty", "1"], "is not a node's id"),
        (["show", "g", "--mermaid", "--watch"], "both given"),
    ],
)
def test_wrong_words_are_told_before_anything_is_sent(seq: Seq, words: list[str], sentence: str) -> None:
    assert sentence in refused(seq, *words)


def test_a_stop_for_a_service_that_is_not_on_this_machine_is_warned_of(seq: Seq, monkeypatch: Any) -> None:
    words = ("graph", "bracket", ETH, "buy", "1", "--take-profit", "5000", "--stop-loss", "1000", "-n", "--json")
    done = seq(*words)
    assert done.status == 0
    assert done.err == "stop orders (sl) are not in the service's documents; it may refuse them\n"
    assert "may refuse" in seq("order", "submit", str(FILES / "bracket.json"), "-n", "--json").err
    monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "0" * 16)
    monkeypatch.setenv("SEQ_API_URL", "http://127.0.0.1:1")
    assert (seq(*words).status, seq(*words).err) == (0, "")
    monkeypatch.setenv("SEQ_API_URL", "https://127.0.0.1.example.com")
    assert "it may refuse them" in seq(*words).err


# -- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_validated_without_a_key_a_network_or_a_state(seq: Seq, tmp_path: Path) -> None:
    done = seq("graph", "validate", str(FILES / "twap.json"), "--json", "--no-input")
    assert (done.status, done.err) == (0, "")
    assert done.body == {
        "valid": True,
        "graph_id": None,
        "node_count": 1,
        "edge_count": 0,
        "expanded_node_count": 6,
        "expanded_edge_count": 5,
        "violations": [],
    }
    assert not (Path(os.environ["SEQ_STATE_DIR"]) / "sandbox").exists()
    assert seq("graph", "validate", written(tmp_path, GOOD["every trigger"])).out == "valid: 2 nodes, 8 edges\n"


def test_every_fault_is_listed_for_people_and_for_programs(seq: Seq, tmp_path: Path) -> None:
    body, faults = BAD["everything at once"]
    path = written(tmp_path, body)
    rows = [{"field": field, "message": message} for field, message in faults]
    done = seq("graph", "validate", path, "--json")
    assert (done.status, done.body["valid"], done.body["violations"]) == (3, False, rows)
    assert (done.error["code"], done.error["message"]) == ("VALIDATION_ERROR", "graph.json: 7 faults")
    people = seq("graph", "validate", path)
    assert (people.status, people.out) == (3, "")
    assert people.err.splitlines()[1:] == [f"  {field}: {message}" for field, message in faults]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not JSON"),
        ('{"nodes": [], "nodes": []}', "duplicate key"),
        ("[]", "holds no graph"),
        ('{"symbol": "ETH-USD", "side": "buy", "qty": 1}', "an order in simple words"),
        ('{"nodes": [], "metadata": 1e99}', "out of range"),
    ],
)
def test_what_is_no_graph_is_status_2(seq: Seq, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "no.json").write_text(content)
    for verb in ("validate", "submit"):
        done = seq("--local", "graph", verb, str(tmp_path / "no.json"), "--json")
        assert (done.status, done.out) == (2, "")
        assert sentence in done.error["message"]


def test_a_missing_file_and_broken_toml_are_status_2(seq: Seq, tmp_path: Path) -> None:
    assert seq("graph", "validate", str(tmp_path / "none.json")).status == 2
    (tmp_path / "no.toml").write_text("nodes = [")
    assert "is not TOML" in seq("graph", "validate", str(tmp_path / "no.toml"), "--json").error["message"]


def test_toml_and_stdin_are_read_as_json_is(seq: Seq, tmp_path: Path) -> None:
    toml = """
graph_id = "t-1"
[[nodes]]
node_id = "a"
instrument = {symbol = "ETH-USD"}
side = "buy"
order_type = "market"
quantity = {fixed = {qty_1e8 = 100000000}}
[[nodes]]
node_id = "b"
instrument = {symbol = "ETH-USD"}
side = "sell"
order_type = "market"
quantity = {fixed = {qty_1e8 = 100000000}}
[[edges]]
edge_id = "e"
from_node = "a"
to_node = "b"
trigger = "on_fill_ratio"
condition = {fill_ratio_gte = 0.5}
"""
    (tmp_path / "graph.toml").write_text(toml)
    body = planned(seq, "submit", str(tmp_path / "graph.toml"), "--sandbox")
    assert (body["graph_id"], body["is_sandbox"], body["edges"][0]["condition"]) == (
        "t-1",
        True,
        {"fill_ratio_gte": 0.5},
    )
    raw = json.dumps(graph(node())).encode()
    done = seq("--local", "graph", "submit", "-", "--graph-id", "mine", "-n", "--json", stdin=raw)
    assert done.body["body"]["graph_id"] == "mine"


def test_a_bad_graph_is_not_sent_and_every_fault_is_told(seq: Seq, tmp_path: Path) -> None:
    path = written(tmp_path, graph(node("a"), node("b"), edges=[edge(trigger="soon"), edge("b", "a")]))
    done = seq("--local", "graph", "submit", path, "--json")
    assert (done.status, done.out) == (2, "")
    assert [row["field"] for row in done.error["details"]] == ["edges[0].trigger", "nodes", "edges[1]"]
    assert done.error["details"][0]["message"] == TRIGGERS
    assert seq("--local", "journal", "list", "--json").body["intents"] == []


def test_the_help_on_graph_files_is_a_graph_and_names_every_word(seq: Seq, tmp_path: Path) -> None:
    text = seq("help", "graph-files").out
    (tmp_path / "help.json").write_text(text[text.index("\n{") : text.index("\n}") + 2])
    assert seq("graph", "validate", str(tmp_path / "help.json")).out == "valid: 2 nodes, 1 edge\n"
    words = (*edge_rules.PLAIN_TRIGGERS, *edge_rules.ACTIONS, *order_rules.TIFS, *order_rules.ORDER_TYPES)
    assert [word for word in words if word not in text] == []
    assert max(map(len, text.splitlines())) < 80


def test_a_batch_with_a_bad_graph_is_refused_whole(seq: Seq, tmp_path: Path) -> None:
    lines = [graph(node(), graph_id="fine"), graph(node(), node())]
    (tmp_path / "many.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = seq("--local", "order", "submit", str(tmp_path / "many.ndjson"), "--json")
    assert (done.status, done.out) == (2, "")
    assert "line 2: the order can't be sent: nodes[1].node_id: used twice" in done.error["message"]


# -- submitted -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in FILES.glob("*.json")))
def test_each_documented_kind_runs_to_its_end(seq: Seq, name: str) -> None:
    words = ("graph", "submit", str(FILES / f"{name}.json"), "--graph-id", f"g-{name}", "--wait", "--json")
    done = seq("--local", *words)
    assert done.status == 0, done.err
    assert (done.body["outcome"], done.body["graph_status"]) == ("accepted", "COMPLETED")
    again = seq("--local", *words)
    assert (again.status, again.body["node_order_id"]) == (0, done.body["node_order_id"])
    intents = seq("--local", "journal", "list", "--json").body["intents"]
    assert [row["outcome"] for row in intents] == ["accepted"]


def test_a_graph_that_nothing_fills_is_status_3_and_one_that_goes_on_is_8(seq: Seq, tmp_path: Path) -> None:
    far = {"order_type": {"limit": {"price_1e9": 10**10}}, "instrument": {"symbol": ETH}}
    body = graph(
        node("a", **far),
        node("b", **far),
        edges=[edge("a", "b", trigger={"on_timeout": {"ms": 100}}, action="cancel")],
    )
    path = written(tmp_path, body)
    slow = seq("--local", "graph", "submit", path, "--graph-id", "slow", "--wait", "--wait-timeout", "0.1", "--json")
    assert (slow.status, slow.error["code"]) == (8, "UNFINISHED")
    cancelled = seq("--local", "graph", "cancel", "slow", "--json")
    assert (cancelled.status, cancelled.body["status"]) == (0, "CANCELLED")
    ended = seq("--local", "order", "wait", "slow", "--json")
    assert (ended.status, ended.body["status"]) == (3, "CANCELLED")


def test_a_root_that_is_refused_and_nothing_waits_for_is_status_3(seq: Seq, tmp_path: Path) -> None:
    short = {"side": "sell", "instrument": {"symbol": "BTC-USD"}}
    path = written(tmp_path, graph(node("a", **short), node("b", **short), edges=[edge(trigger="on_full_fill")]))
    done = seq("--local", "graph", "submit", path, "--json")
    assert (done.status, done.body["outcome"], done.error["code"]) == (3, "rejected", "INSUFFICIENT_BALANCE")


def test_a_root_that_is_refused_is_no_refusal_of_a_graph_that_goes_on(seq: Seq, tmp_path: Path) -> None:
    body = graph(
        node("a", side="sell"),
        node("b", instrument={"symbol": ETH}, order_type={"limit": {"price_1e9": 10**10}}),
        edges=[edge(trigger="on_reject")],
    )
    done = seq("--local", "graph", "submit", written(tmp_path, body), "--json")
    assert (done.status, done.body["outcome"]) == (0, "accepted")


def test_a_node_that_waits_and_one_that_rests_are_amended_to_an_absolute_target(seq: Seq, tmp_path: Path) -> None:
    far = {"order_type": {"limit": {"price_1e9": 10**10}}, "instrument": {"symbol": ETH}}
    path = written(tmp_path, graph(node("a", **far), node("b", **far), edges=[edge(trigger="on_full_fill")]))
    assert seq("--local", "graph", "submit", path, "--graph-id", "am").status == 0
    for name in ("a", "b"):
        words = ("--local", "graph", "amend-node", "am", name, "--qty", "2.5", "--limit", "11", "--json")
        for _ in range(2):
            done = seq(*words)
            assert (done.status, done.body["node_id"], done.body["qty"]) == (0, name, "2.5"), done.err
    nodes = seq("--local", "graph", "show", "am", "--json").body["nodes"]
    assert [each["qty_1e8"] for each in nodes] == [250_000_000, 250_000_000]
    rows = seq("--local", "journal", "list", "--json").body["intents"]
    assert sorted({(row["kind"], row["outcome"]) for row in rows}) == [("amend", "accepted"), ("place", "accepted")]
    missing = seq("--local", "graph", "amend-node", "am", "c", "--qty", "1", "--json")
    assert (missing.status, missing.error["code"]) == (5, "NOT_FOUND")


def test_a_watch_ends_with_the_graph(seq: Seq) -> None:
    words = ("twap", ETH, "buy", "1", "--slices", "3", "--every", "100ms", "--graph-id", "w")
    assert seq("--local", "graph", *words).status == 0
    done = seq("--local", "graph", "show", "w", "--watch", "-o", "ndjson")
    assert done.status == 0
    assert done.rows[-1]["status"] == "COMPLETED"
    assert all(row["graph_id"] == "w" for row in done.rows)


def test_mermaid_is_text_that_can_be_pasted(seq: Seq) -> None:
    assert seq("--local", "graph", "submit", str(FILES / "bracket.json"), "--graph-id", "m").status == 0
    out = seq("--local", "graph", "show", "m", "--mermaid").out
    assert out.splitlines()[1] == "flowchart TD"
    assert '  n1 -.->|"cancels at the first fill of tp"| n2' in out.splitlines()
    assert seq("--local", "graph", "show", "m", "--mermaid", "--json").body["graph_id"] == "m"


def test_of_a_service_without_a_list_the_graphs_of_its_orders_are_listed(seq: Seq, monkeypatch: Any) -> None:
    from seqcli.client.client import Client
    from seqcli.errors import NotFound
    from seqcli.wire import graphs

    for name in ("bracket", "single"):
        assert seq("--local", "graph", "submit", str(FILES / f"{name}.json"), "--graph-id", name).status == 0
    known = seq("--local", "graph", "--json").body["execution_graphs"]
    call = Client.call

    def without_list(self: Client, operation: Any, *words: Any, **more: Any) -> Any:
        if operation is graphs.LIST:
            raise NotFound("not found")
        return call(self, operation, *words, **more)

    monkeypatch.setattr(Client, "call", without_list)
    done = seq("--local", "graph", "--json")
    assert (done.status, done.err.count("has no list of graphs")) == (0, 1)
    names = ("graph_id", "node_count", "created_ns")
    rows = [tuple(row[name] for name in names) for row in done.body["execution_graphs"]]
    assert rows == [tuple(row[name] for name in names) for row in known]
    assert seq("--local", "graph", "list", "--status", "RUNNING").status == 5


HELD: dict[str, Any] = {
    "far": node("far", instrument={"symbol": ETH}, order_type={"limit": {"price_1e9": 10**10}}),
    "next": node("next", instrument={"symbol": ETH}, order_type={"limit": {"price_1e9": 11 * 10**9}}),
    "now": node("now", instrument={"symbol": ETH}),
}


def held(seq: Seq, folder: Path) -> None:
    """A graph whose end starts another order, one that waits with nothing open, and an order by itself."""
    started = graph(HELD["far"], HELD["next"], edges=[edge("far", "next", trigger="on_done")], graph_id="started")
    later = {"on_timeout": {"ms": 3_600_000}}
    waiting = graph(HELD["now"], HELD["next"], edges=[edge("now", "next", trigger=later)], graph_id="waiting")
    for body in (started, waiting):
        assert seq("--local", "graph", "submit", written(folder, body), "--json").status == 0
    assert seq("--local", "order", "buy", ETH, "1", "--limit", "10", "--graph-id", "alone").status == 0


def test_cancel_all_leaves_nothing_that_would_start_by_itself(seq: Seq, tmp_path: Path) -> None:
    held(seq, tmp_path)
    done = seq("--local", "order", "cancel", "--all", "--json")
    assert (done.status, done.body["failed"]) == (0, 0)
    assert {row["graph_id"] for row in done.body["orders"]} == {"started", "waiting", "alone"}
    assert seq("--local", "order", "--json").body["orders"] == []
    statuses = {row["graph_id"]: row["status"] for row in seq("--local", "graph", "--json").body["execution_graphs"]}
    assert (statuses["started"], statuses["waiting"]) == ("CANCELLED", "CANCELLED")


def test_negative_control_cancelled_order_by_order_the_next_one_starts(
    seq: Seq, tmp_path: Path, monkeypatch: Any
) -> None:
    from seqcli.commands import cancelling

    monkeypatch.setattr(cancelling, "_graphs", lambda _session, _found: [])
    held(seq, tmp_path)
    assert seq("--local", "order", "cancel", "--all").status == 0
    (order,) = seq("--local", "order", "--json").body["orders"]
    assert (order["graph_id"], order["node_id"]) == ("started", "next")


def test_a_graph_of_one_plain_order_is_shown_as_that_order(seq: Seq) -> None:
    assert seq("--local", "order", "buy", ETH, "1", "--graph-id", "one").status == 0
    out = seq("--local", "order", "show", "one").out
    assert "graph          one" in out
    assert "fee " in out


def test_a_watch_of_a_graph_listens_to_topics_that_there_are(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def listening(_session: Any, ask: Any, *, topics: tuple[str, ...], **_rest: Any) -> Any:
        asked.extend(topics)
        yield ask()

    monkeypatch.setattr("seqcli.commands.graph.watched", listening)
    assert (
        seq("--local", "graph", "twap", ETH, "buy", "1", "--slices", "2", "--every", "1h", "--graph-id", "w").status
        == 0
    )
    assert seq("--local", "graph", "show", "w", "--watch").status == 0
    assert asked
    assert all(streaming.is_topic(topic) for topic in asked)
