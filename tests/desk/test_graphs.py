"""Graphs of several nodes through the desk: what became of one, what the policy counts, what a change of a node is."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from seqcli.client.client import Reply
from seqcli.desk import policy, submit
from seqcli.errors import Ambiguous, NotFound, OutcomeUnknown, PolicyRefused, Refused, Usage
from seqcli.wire import orders, strict, submission

UNIT, USD = 10**8, 10**9
RESET = Ambiguous("cut the connection")


def node(name, side="buy", order_type="market", qty=UNIT, symbol="ETH-USD"):
    return submission.Node(
        node_id=name,
        instrument=submission.Instrument(symbol=symbol),
        side=side,
        order_type=order_type,
        quantity=submission.NodeQuantity(fixed=submission.FixedQuantity(qty_1e8=qty)),
    )


def edge(start, end, trigger="on_full_fill"):
    return submission.Edge(edge_id=f"{start}-{end}", from_node=start, to_node=end, trigger=trigger)


def pair(trigger="on_full_fill", **fields):
    graph = submission.GraphOrder(nodes=[node("a"), node("b", "sell")], edges=[edge("a", "b", trigger)])
    return msgspec.structs.replace(graph, **fields)


def answered(body, _path=None, *, status="RUNNING", roots=("WORKING",), **changes):
    sent = strict.parse(body)
    name = sent["graph_id"]
    rows = [
        {"node_order_id": f"graph:{name}:n{at}:1", "status": root, "filled_qty_1e8": 0, "failure_reason": "RISK"}
        for at, root in enumerate(roots)
    ]
    return {"graph_id": name, "status": status, "node_count": len(sent["nodes"]), "orders": rows} | changes


def shown(body, **changes):
    sent = strict.parse(body)
    nodes = [{name: each[name] for name in ("node_id", "side", "quantity")} for each in sent["nodes"]]
    return answered(body) | {"nodes": nodes} | changes


# -- outcomes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "roots", "outcome"),
    [
        ("RUNNING", ("WORKING", "WORKING"), "accepted"),
        ("FAILED", ("REJECTED", "REJECTED"), "rejected"),
        ("COMPLETED", ("REJECTED",), "rejected"),
        ("RUNNING", ("REJECTED", "WORKING"), "accepted"),
        ("RUNNING", ("REJECTED",), "accepted"),
    ],
)
def test_a_graph_is_rejected_only_when_it_has_ended_with_every_order_refused(desk, client, status, roots, outcome):
    client.answers = [lambda body, path: answered(body, path, status=status, roots=roots)]
    assert desk.submit(pair()).outcome == outcome


def test_negative_control_without_that_look_a_graph_that_goes_on_is_called_refused(desk, client, monkeypatch):
    monkeypatch.setattr(submit, "may_go_on", lambda _graph: False)
    client.answers = [lambda body, path: answered(body, path, roots=("REJECTED",))]
    assert desk.submit(pair()).outcome == "rejected"


def test_after_an_unclear_end_a_graph_is_found_by_its_nodes(desk, client):
    client.answers = [RESET, lambda _body, path: shown(client.sent[0], graph_id=path["graph_id"])]
    outcome = desk.submit(pair())
    assert (outcome.outcome, len(client.sent)) == ("accepted", 1)


def test_another_graph_of_that_id_is_not_ours(desk, client):
    other = [{"node_id": "z", "side": "buy", "quantity": {"fixed": {"qty_1e8": UNIT}}}]
    client.answers = [RESET, lambda _body, _path: shown(client.sent[0], nodes=other)] * 10
    assert desk.submit(pair()).outcome == "unknown"


def test_reconcile_settles_a_graph_of_256_nodes(desk, client):
    names = [f"n{at}" for at in range(256)]
    graph = submission.GraphOrder(
        nodes=[node(name) for name in names],
        edges=[edge(one, other) for one, other in pairwise(names)],
    )
    client.answers = [RESET] + [NotFound("not found")] * 20
    assert desk.submit(graph).outcome == "unknown"
    client.answers = [lambda _body, _path: shown(client.sent[0])]
    (row,) = desk.reconcile([])
    assert (row["outcome"], row["found"]) == ("accepted", "found")
    assert desk.pending() == []


def test_a_graph_with_a_fault_is_neither_journaled_nor_sent(desk, client):
    with pytest.raises(Usage) as caught:
        desk.submit(pair(edges=[edge("a", "b"), edge("b", "a")]))
    assert [row["field"] for row in caught.value.details] == ["nodes", "edges[1]"]
    assert (client.asked, desk.pending()) == ([], [])


# -- policy ----------------------------------------------------------------------------------------------------------


def judge(lines, graph):
    quote = policy.Quoted(bid_1e9=2999 * USD, ask_1e9=3001 * USD)
    return policy.Check(policy.Policy(**lines), graph, lambda _symbol: quote, lambda: 0, 0)


def limit(price):
    return submission.OrderType(limit=submission.LimitPrice(price_1e9=price * USD))


def stop(trigger, price=None):
    if price is None:
        return submission.OrderType(stop_market=submission.StopMarket(trigger_price_1e9=trigger * USD))
    inner = submission.StopLimit(trigger_price_1e9=trigger * USD, price_1e9=price * USD)
    return submission.OrderType(stop_limit=inner)


def test_every_node_counts_in_full_whether_or_not_it_will_start():
    nodes = [node("entry"), node("tp", "sell", limit(4000)), node("sl", "sell", stop(2000))]
    graph = submission.GraphOrder(nodes=nodes, edges=[edge("entry", "tp"), edge("entry", "sl")])
    check = judge({"max_order_notional_usd": "10000"}, graph)
    assert check.worth_1e9 == (3001 + 4000 + 2999) * USD
    check.alone()
    with pytest.raises(PolicyRefused, match="max_order_notional_usd: the order is worth 10000 USD, more than 9999"):
        judge({"max_order_notional_usd": "9999"}, graph).alone()


def test_a_stop_is_worth_its_trigger_where_that_is_more():
    assert judge(
        {"max_order_notional_usd": "1"}, submission.GraphOrder(nodes=[node("a", "buy", stop(3500))])
    ).worth_1e9 == (3500 * USD)


def test_an_armed_stop_that_is_open_is_worth_its_trigger(desk, client):
    row: dict[str, Any] = {"node_order_id": "graph:g:sl:1", "status": "NEW"}
    row |= {"limit_price_1e9": None, "arrival_mid_1e9": None}
    row |= {"trigger_price_1e9": 2000 * USD, "remaining_qty_1e8": 2 * UNIT, "notional_usd_1e9": None}
    client.answers = [{"orders": [row], "total": 1, "has_more": False}]
    assert desk._open_usd_1e9() == 4000 * USD


def test_a_list_and_a_size_hold_for_each_node():
    graph = submission.GraphOrder(nodes=[node("a"), node("b", symbol="BTC-USD", qty=2 * UNIT)])
    with pytest.raises(PolicyRefused, match="symbols: BTC-USD is not in the list"):
        judge({"symbols": ["ETH-USD"]}, graph).alone()
    with pytest.raises(PolicyRefused, match="max_qty: 2 is more than 1"):
        judge({"max_qty": "1"}, graph).alone()


@pytest.mark.parametrize(("order_type", "passes"), [(stop(2000, 1990), True), (stop(2000, 1900), False)])
def test_the_collar_of_a_stop_is_laid_round_its_trigger(order_type, passes):
    check = judge({"price_collar_bps": 100}, submission.GraphOrder(nodes=[node("a", "sell", order_type)]))
    if passes:
        check.alone()
    else:
        with pytest.raises(PolicyRefused, match="price_collar_bps"):
            check.alone()


def test_two_graphs_that_begin_alike_are_no_duplicates_and_the_same_graph_is_one(desk, client, tmp_path):
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "policy.toml").write_text("duplicate_guard = true\n")
    client.answers = [answered] * 3
    desk.submit(pair())
    desk.submit(pair(trigger="on_done"))
    desk.submit(submission.GraphOrder(nodes=[node("a")]))
    with pytest.raises(PolicyRefused, match="duplicate_guard"):
        desk.submit(pair())
    assert len(client.sent) == 3


# -- changes of a node -----------------------------------------------------------------------------------------------


class Exchange:
    """A graph of one resting and one waiting node, and amends that are lost or refused as the test says."""

    def __init__(self, client):
        kind = {"limit": {"price_1e9": 10 * USD}}
        order = {"node_order_id": "graph:g:a:1", "symbol": "ETH-USD", "side": "buy", "status": "WORKING"}
        self.order = order | {"qty_1e8": UNIT, "filled_qty_1e8": 0, "limit_price_1e9": 10 * USD}
        shared = {"side": "buy", "order_type": kind, "qty_1e8": UNIT, "instrument": {"symbol": "ETH-USD"}}
        self.nodes = [
            {"node_id": "a", "status": "WORKING", "node_order_id": "graph:g:a:1"} | shared,
            {"node_id": "b", "status": "WAITING", "node_order_id": None} | shared,
        ]
        self.behaviour = []
        self.asked_to = []
        client.call = self.call

    def call(self, operation, request=None, *, body=None, **_options):
        if operation.name == "graphs.show":
            answer = {"graph_id": "g", "nodes": self.nodes, "orders": [self.order]}
            return Reply(operation, 200, {}, b"", answer, "r")
        assert operation.name == "graphs.amend_node"
        assert request is not None
        self.asked_to.append(body)
        how = self.behaviour.pop(0) if self.behaviour else "ok"
        if isinstance(how, BaseException):
            raise how
        wanted = strict.parse(body)
        found = next(row for row in self.nodes if row["node_id"] == request.path["node_id"])
        price = (wanted.get("new_constraints") or {}).get("max_price_1e9")
        if found["status"] == "WAITING":
            found |= {"qty_1e8": wanted.get("new_qty_1e8", found["qty_1e8"])}
            found |= {"order_type": {"limit": {"price_1e9": price}}} if price else {}
        else:
            self.order |= {"qty_1e8": wanted.get("new_qty_1e8", self.order["qty_1e8"])}
            self.order |= {"limit_price_1e9": price} if price else {}
        if how == "applied, no answer":
            raise RESET
        return Reply(operation, 200, {}, b"", found | {"mode": "cancel_replace"}, "r")


TARGET = orders.Amend(new_qty_1e8=3 * UNIT, new_constraints=orders.NewConstraints(max_price_1e9=11 * USD))


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_absolute_target_of_a_node_is_journaled_and_an_unclear_end_is_looked_up(desk, client, name):
    exchange = Exchange(client)
    exchange.behaviour = ["applied, no answer"]
    desk.amend(f"g/{name}", TARGET)
    (intent,) = desk.journal.select("kind = 'amend'")
    assert (intent.target, intent.graph_id, intent.body) == (f"g/{name}", "g", strict.encode(TARGET))
    assert (intent.qty_1e8, intent.price_1e9, intent.outcome) == (3 * UNIT, 11 * USD, "accepted")
    assert len(exchange.asked_to) == 1


def test_a_node_that_does_not_show_the_change_leaves_it_unknown_until_it_does(desk, client):
    exchange = Exchange(client)
    exchange.behaviour = [RESET]
    with pytest.raises(OutcomeUnknown):
        desk.amend("g/b", TARGET)
    with pytest.raises(Refused, match="is not settled"):
        desk.amend("g/b", orders.Amend(new_qty_1e8=UNIT))
    desk.amend("g/b", TARGET)
    assert exchange.asked_to == [strict.encode(TARGET)] * 2
    assert desk.reconcile([]) == []


def test_an_amend_of_a_node_does_not_slip_past_the_policy(desk, client, tmp_path):
    exchange = Exchange(client)
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "policy.toml").write_text('max_qty = "2"\n')
    with pytest.raises(PolicyRefused, match="max_qty: 3 is more than 2"):
        desk.amend("g/b", TARGET)
    assert exchange.asked_to == []
