"""Orders, graphs, fills, positions, safety and paper money through the gate, with every key the API promises."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.exchange.explain import shown
from seqcli.sandbox.exchange.landed import version_of
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.storage.keys import Key, digest_of, make_raw
from seqcli.wire import catalogue, orders, strict
from seqcli.wire.operation import Operation
from tests.sandbox.stage import START, two_venues

SECOND = 1_000_000_000
Reply = tuple[int, Any]


class Desk:
    """A gate over a fresh folder and a market written by hand; each good reply is compared with its type."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.state = State(folder)
        self.state.prepare()
        self.open()

    def open(self) -> None:
        self.box = OpenBox(self.state, Settings(), lambda: self.now, market=two_venues())
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=print)
        self.key = self.box.api_key

    def reopen(self) -> None:
        self.box.close()
        self.open()

    def __call__(self, method: str, target: str, body: Any = None, *, key: str | None = None) -> Reply:
        raw = b"" if body is None else json.dumps(body).encode()
        path, _, query = target.partition("?")
        headers = {"host": "h", "authorization": f"Bearer {key or self.key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        reply = self.gate.handle(Inbound(method, path, query, headers), raw)
        self.headers = reply.headers
        value = strict.parse(reply.body)
        found = catalogue.match(method, path)
        if reply.status < 300 and found is not None:
            promised(found[0], value)
        return reply.status, value

    def add_key(self, role: str) -> str:
        raw = make_raw()
        key = Key(
            key_id=f"key_{role}",
            client_id=self.box.store.client_id,
            label=role,
            prefix=raw[:17],
            role=role,
            sandbox=True,
            digest=digest_of(raw),
            qps=0,
            created_ns=START,
        )
        self.box.store.save_key(key)
        self.box.keys.add(key)
        return raw


def promised(operation: Operation, value: Any) -> None:
    """Every key of the operation's reply type is there, and no other."""
    if operation is orders.PREVIEW and "nodes" in value:
        return
    if operation is orders.LIST and set(value) == {"orders"}:
        return
    if isinstance(operation.reply, type) and issubclass(operation.reply, msgspec.Struct):
        extra = {"mode"} if operation.name == "graphs.amend_node" else set()
        assert set(value) == set(operation.reply.__struct_fields__) | extra, operation.name
        msgspec.convert(value, operation.reply)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


BUY = {"symbol": "BTC-USD", "side": "buy", "qty": 0.5}
REST = BUY | {"price": 49000, "venue": "kraken"}


def test_a_submission_is_answered_201_and_its_repeat_200_also_after_a_reload(desk):
    body = BUY | {"graph_id": "mine", "metadata": {"note": "ü", "rate": 0.10}}
    status, first = desk("POST", "/v1/orders", body)
    assert (status, first["replayed"], first["status"]) == (201, False, "COMPLETED")
    desk.reopen()
    status, again = desk("POST", "/v1/orders", body)
    assert (status, again["replayed"]) == (200, True)
    assert again["orders"] == first["orders"]
    status, error = desk("POST", "/v1/orders", body | {"qty": 0.6})
    assert (status, error["error"]["code"]) == (409, "CONFLICT")


def test_an_order_is_read_by_path_by_query_and_in_lists(desk):
    _, placed = desk("POST", "/v1/orders", BUY)
    _, waiting = desk("POST", "/v1/orders", REST | {"graph_id": "with:colon"})
    name = waiting["node_order_id"]
    assert name == "graph:with:colon:order:1"
    _, shown = desk("GET", f"/v1/orders/{quote(name, safe='')}")
    assert shown == waiting["orders"][0]
    assert desk("GET", f"/v1/orders?node_order_id={quote(name, safe='')}")[1]["orders"] == [shown]
    assert desk("GET", "/v1/orders?node_order_id=nope")[1]["orders"] == []
    assert desk("GET", "/v1/orders/nope")[0] == 404
    assert [row["node_order_id"] for row in desk("GET", "/v1/orders?status=open")[1]["orders"]] == [name]
    assert desk("GET", "/v1/orders?status=filled,expired")[1]["orders"] == placed["orders"]
    page = desk("GET", "/v1/orders?limit=1&offset=1&symbol=btc/usd&venue=kraken")[1]
    assert (page["total"], page["orders"], page["has_more"]) == (1, [], False)
    assert desk("GET", "/v1/orders?limit=1")[1]["has_more"] is True
    for path in ("orders", "fills", "execution_graphs", "analytics/tca"):
        assert desk("GET", f"/v1/{path}?limit=1000000")[1]["limit"] == 1000, path
    for query in ("limit=0", "limit=-1", "limit=x", "offset=-1", "status=odd", "venue=nowhere", "symbol=%20"):
        status, error = desk("GET", f"/v1/orders?{query}")
        assert (status, error["error"]["details"][0]["field"]) == (400, query.partition("=")[0])


def test_fills_are_listed_newest_first_with_filters(desk):
    _, first = desk("POST", "/v1/orders", BUY | {"qty": 4})
    desk.now += 5 * SECOND
    desk("POST", "/v1/orders", BUY | {"venue": "kraken"})
    _, page = desk("GET", "/v1/fills")
    assert (page["total"], page["fills"][0]["venue"]) == (4, "kraken")
    assert len({row["fill_id"] for row in page["fills"]}) == 4
    assert desk("GET", f"/v1/fills?graph_id={first['graph_id']}")[1]["total"] == 3
    assert desk("GET", f"/v1/fills?since_ns={desk.now}")[1]["total"] == 1
    from seqcli.wire.fills import Fill

    assert set(page["fills"][0]) == set(Fill.__struct_fields__)


def test_an_amend_a_cancel_and_a_second_cancel(desk):
    _, placed = desk("POST", "/v1/orders", REST)
    name = placed["node_order_id"]
    change = {"new_qty_1e8": 30_000_000, "new_constraints": {"max_price_1e9": 48_000 * 10**9}}
    status, amended = desk("PATCH", f"/v1/orders/{name}", change)
    assert (status, amended["qty_1e8"], amended["limit_price_1e9"]) == (200, 30_000_000, 48_000 * 10**9)
    assert desk("PATCH", f"/v1/orders/{name}", {})[0] == 400
    assert desk("DELETE", f"/v1/orders/{name}")[1]["cancel_state"] == "done"
    assert desk("DELETE", f"/v1/orders/{name}")[1]["cancel_state"] == "already_terminal"
    assert desk("PATCH", f"/v1/orders/{name}", change)[0] == 409
    assert desk("DELETE", "/v1/orders/nope")[0] == 404


def test_a_graph_is_shown_listed_amended_resumed_and_cancelled(desk):
    _, placed = desk("POST", "/v1/orders", REST | {"graph_id": "g"})
    _, shown = desk("GET", "/v1/execution_graphs/g")
    assert (shown["status"], shown["nodes"][0]["status"]) == ("RUNNING", "WORKING")
    assert shown["orders"] == placed["orders"]
    assert desk("GET", "/v1/execution_graphs?status=running")[1]["total"] == 1
    _, node = desk("PATCH", "/v1/execution_graphs/g/nodes/order", {"new_qty_1e8": 40_000_000})
    assert (node["qty_1e8"], node["mode"]) == (40_000_000, "cancel_replace")
    assert desk("POST", "/v1/execution_graphs/g/resume")[1]["resumed"] is False
    _, done = desk("DELETE", "/v1/execution_graphs/g")
    assert (done["status"], done["cancel_state"], done["cancel_requested_count"]) == ("CANCELLED", "done", 1)
    assert desk("DELETE", "/v1/execution_graphs/g")[1]["cancel_state"] == "already_terminal"
    assert desk("POST", "/v1/execution_graphs/g/resume")[0] == 409
    assert desk("DELETE", "/v1/execution_graphs/graph")[0] == 404


def test_the_graph_path_takes_an_encoded_order_id_and_cancels_that_order(desk):
    _, placed = desk("POST", "/v1/orders", REST)
    _, done = desk("DELETE", f"/v1/execution_graphs/{quote(placed['node_order_id'], safe='')}")
    assert [row["status"] for row in done["orders"]] == ["CANCELLED"]


def test_a_preview_is_what_then_happens_and_sends_nothing(desk):
    _, told = desk("POST", "/v1/orders/preview", {**BUY, "order_type": "market", "qty": 5.5})
    assert desk("GET", "/v1/orders")[1]["total"] == 0
    _, placed = desk("POST", "/v1/orders", BUY | {"qty": 5.5})
    order = placed["orders"][0]
    assert told["est_avg_price_1e9"] == order["avg_fill_price_1e9"]
    assert told["est_fee_usd_1e9"] == order["fees_usd_1e9"]
    assert [(row["venue"], row["selected"]) for row in told["venues"]] == [("coinbase", True), ("kraken", True)]
    rates = [(row["venue"], row["fee_bps"]) for row in told["routing"]["legs"]]
    assert rates == [(leg["venue"], 26 if leg["venue"] == "kraken" else 10) for leg in order["legs"]]
    _, short = desk("POST", "/v1/orders/preview", BUY | {"side": "sell", "qty": 100})
    assert (short["fillable"], short["warnings"][0].partition(":")[0]) == (False, "INSUFFICIENT_BALANCE")
    node = {
        "node_id": "a",
        "instrument": {"symbol": "BTC-USD"},
        "side": "buy",
        "order_type": "market",
        "quantity": {"notional": {"notional_usd_1e9": 10**12}},
    }
    _, graph = desk("POST", "/v1/orders/preview", {"nodes": [node]})
    assert [row["node_id"] for row in graph["nodes"]] == ["a"]


@pytest.mark.parametrize(
    "more",
    [
        {"qty": 5.5},
        {"qty": 0.5, "urgency": "high", "order_type": "market"},
        {"qty": 2, "price": 49900},
        {"notional": 30_000},
        {"qty": 1, "policy": "aggressive_chase", "max_slippage_bps": 50},
    ],
)
def test_a_preview_explains_itself_as_the_order_of_the_same_id_does(desk, more):
    for name in ("g3", "g1", "g0"):
        order = {"symbol": "BTC-USD", "side": "buy", "graph_id": name, **more}
        desk.now += 2 * SECOND
        _, told = desk("POST", "/v1/orders/preview", order)
        _, placed = desk("POST", "/v1/orders", order)
        kept = desk.box.exchange.find_order(desk.box.store.client_id, f"graph:{name}:order:1")
        assert told["routing"] == shown(kept.routing)
        assert told["routing_version"] == placed["orders"][0]["routing_version"] == version_of(name)
        passed = [(row["venue"], row["reason"]) for row in told["venues"] if not row["selected"]]
        assert passed == [(row["venue"], row["reason"]) for row in told["routing"]["rejected"]]
    _, unnamed = desk("POST", "/v1/orders/preview", {**order, "graph_id": None})
    assert unnamed["routing_version"] == 1


def test_a_preview_of_what_would_be_refused_says_why_of_each_venue(desk):
    desk("PUT", "/v1/sandbox/edges/kraken", {"connected": False})
    _, told = desk("POST", "/v1/orders/preview", {"symbol": "BTC-USD", "side": "sell", "qty": 1})
    reasons = {row["venue"]: (row["reason"], row["est_fee_bps"]) for row in told["venues"]}
    assert reasons == {"coinbase": ("insufficient_balance", 10), "kraken": ("stale", None)}
    assert told["routing"]["legs"] == []


def test_positions_add_up_and_every_value_is_quantity_times_price(desk):
    desk("POST", "/v1/orders", BUY | {"venue": "kraken", "qty": 1})
    desk("POST", "/v1/orders", {"symbol": "BTC-USD-PERP", "side": "sell", "qty": 0.5})
    desk("POST", "/v1/orders", REST)
    _, body = desk("GET", "/v1/positions?venues=kraken,hyperliquid")
    rows = {(row["venue"], row["instrument"]["symbol"]): row for row in body["positions"]}
    from seqcli.wire.positions import Position, Totals

    for row in body["positions"]:
        assert set(row) == set(Position.__struct_fields__)
        assert row["available_qty_1e8"] == row["qty_1e8"] - row["locked_qty_1e8"]
        assert row["current_value_usd_1e9"] * 10**8 == row["qty_1e8"] * row["current_price_usd_1e9"]
    btc, cash = rows["kraken", "BTC"], rows["kraken", "USD"]
    assert (btc["entry_price_usd_1e9"], btc["current_price_usd_1e9"]) == (50_000 * 10**9, 49_995 * 10**9)
    assert (btc["unrealized_pnl_usd_1e9"], btc["fees_usd_1e9"]) == (-5 * 10**9, 130 * 10**9)
    assert cash["qty_1e8"] == (10**9 - 50_000 - 130) * 10**8
    assert cash["locked_qty_1e8"] == 2_456_370_001_000  # 0.5 × 49000, its fee of 63.70, the slack of roundings
    perp, margin = rows["hyperliquid", "BTC-USD-PERP"], rows["hyperliquid", "USDC"]
    assert (perp["qty_1e8"], perp["instrument"]["side"]) == (-50_000_000, "short")
    assert margin["locked_qty_1e8"] == 5_000 * 10**8
    totals = body["totals"]
    assert set(totals) == set(Totals.__struct_fields__)
    assert totals["cash_usd_1e9"] == cash["current_value_usd_1e9"] + margin["current_value_usd_1e9"]
    nav = totals["cash_usd_1e9"] + btc["current_value_usd_1e9"] + perp["unrealized_pnl_usd_1e9"]
    assert totals["nav_usd_1e9"] == nav
    assert {row["instrument"]["kind"] for row in desk("GET", "/v1/positions?kinds=perp")[1]["positions"]} == {"perp"}
    assert desk("GET", "/v1/positions/unified?kinds=odd")[0] == 400


def test_a_row_that_was_sold_is_closed_and_shown_only_on_request(desk):
    for side in ("buy", "sell"):
        desk("POST", "/v1/orders", BUY | {"side": side, "venue": "kraken"})
        desk.now += 2 * SECOND
    assert [
        row["instrument"]["symbol"] for row in desk("GET", "/v1/positions?venues=kraken&kinds=crypto")[1]["positions"]
    ] == []
    _, body = desk("GET", "/v1/positions?venues=kraken&kinds=crypto&include_closed=true")
    (row,) = body["positions"]
    assert (row["qty_1e8"], row["lifecycle"]["state"], row["realized_pnl_usd_1e9"]) == (0, "closed", -5 * 10**9)


def test_older_reads_say_that_they_are_deprecated(desk):
    _, body = desk("GET", "/v1/balances")
    assert desk.headers["Deprecation"] == "true"
    assert body["count"] == len(body["balances"]) == 6
    desk("POST", "/v1/orders", BUY)
    assert desk("GET", "/v1/positions/perp")[1]["count"] == 0
    assert desk("POST", "/v1/positions/sync", {"venues": ["kraken"]})[1]["synced"] == ["kraken"]


def test_the_kill_switch_by_role_and_by_either_verb(desk):
    desk("POST", "/v1/orders", REST)
    trader, reader = desk.add_key("trader"), desk.add_key("read")
    assert desk("POST", "/v1/kill_switch", {"reason": "x"}, key=reader)[0] == 403
    _, first = desk("POST", "/v1/kill_switch", {"reason": "first"}, key=trader)
    desk.now += SECOND
    _, again = desk("PUT", "/v1/kill_switch", {"active": True, "reason": "second"}, key=trader)
    assert (again["engaged_at_ns"], again["reason"], again["open_orders"]) == (first["engaged_at_ns"], "second", 1)
    status, refused = desk("POST", "/v1/orders", BUY)
    assert (status, refused["error"]["message"]) == (409, "conflict: kill_switch: engaged")
    assert desk("GET", "/v1/kill_switch", key=reader)[1]["engaged"] is True
    assert desk("POST", "/v1/kill_switch/clear", key=trader)[0] == 403
    assert desk("PUT", "/v1/kill_switch", {"engaged": False}, key=trader)[0] == 403
    assert desk("PUT", "/v1/kill_switch", {})[0] == 400
    desk.reopen()
    assert desk("GET", "/v1/kill_switch")[1]["engaged"] is True
    assert desk("POST", "/v1/kill_switch/clear")[1]["engaged"] is False
    assert desk("POST", "/v1/venue_cancel_all/kraken")[1]["cancelled"] == 1
    assert desk("POST", "/v1/venue_cancel_all/nowhere")[0] == 400
    assert desk("GET", "/v1/risk_limits")[1]["usage"]["open_orders"] == 0


def test_paper_settings_reset_and_seeding(desk):
    change = {"default_balances": [{"venue": "kraken", "symbol": "USD", "qty": 100.5}], "fees": {"taker_bps": 0}}
    _, settings = desk("PUT", "/v1/sandbox/settings", change)
    assert (settings["fees"]["taker_bps"], settings["fill_model"], settings["seed"]) == (0, "adversarial", 42)
    assert desk("PUT", "/v1/sandbox/settings", {"fill_model": "magic"})[0] == 400
    _, done = desk("POST", "/v1/sandbox/reset")
    assert (done["written"], done["settings"]) == (1, settings)
    (row,) = desk("GET", "/v1/positions")[1]["positions"]
    assert row["qty_1e8"] == 10_050_000_000
    rows = [
        {"venue": "polymarket", "kind": "crypto", "symbol": "USDC", "qty": 10000.0},
        {"venue": "kalshi", "kind": "event_contract", "symbol": "KXMARKET-FOO", "qty": 100, "entry_price_usd": 0.4},
        {"venue": "hyperliquid", "kind": "perp", "symbol": "BTC-USD-PERP", "qty": -0.5, "entry_price_usd": 92000.0},
    ]
    assert desk("POST", "/v1/sandbox/positions", {"positions": rows, "replace": True})[1] == {
        "written": 3,
        "deleted": 1,
    }
    shown = desk("GET", "/v1/positions")[1]["positions"]
    assert [row["instrument"]["symbol"] for row in shown] == ["BTC-USD-PERP", "KXMARKET-FOO:YES", "USDC"]
    assert (shown[1]["entry_price_usd_1e9"], shown[1]["current_value_usd_1e9"]) == (400_000_000, None)
    bad = [{"venue": "x", "kind": "fiat", "symbol": "BTC", "qty": -1}]
    status, error = desk("POST", "/v1/sandbox/positions", {"positions": bad})
    fields = [row["field"] for row in error["error"]["details"]]
    assert (status, fields) == (400, ["positions[0].venue", "positions[0].qty", "positions[0].symbol"])
    zero = [{"venue": "polymarket", "kind": "crypto", "symbol": "USDC", "qty": 0}]
    assert desk("POST", "/v1/sandbox/positions", {"positions": zero})[1] == {"written": 0, "deleted": 1}
