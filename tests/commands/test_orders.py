"""The main job on the embedded exchange: quote, order, fill, position; each end with its status and its words."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.stories.echoing_exchange import accepting, listening

Seq = Any
ETH = "ETH-USD"


def trade(seq: Seq, *words: str, status: int = 0) -> Any:
    done = seq("--local", "--json", "order", *words)
    assert done.status == status, done.err
    return done


def rest(seq: Seq, graph_id: str, *words: str) -> Any:
    """A buy order far below the market."""
    return trade(seq, "buy", ETH, "1", "--limit", "10", "--graph-id", graph_id, *words)


def test_a_market_buy_fills_and_becomes_a_position(seq: Seq) -> None:
    body = trade(seq, "buy", ETH, "1.0", "--wait").body
    assert (body["outcome"], body["mode"], body["status"]) == ("accepted", "local", "FILLED")
    assert body["node_order_id"] == f"graph:{body['graph_id']}:order:1"
    order = body["orders"][0]
    assert (order["filled_qty"], order["fees_usd_1e9"] > 0, order["avg_fill_price_1e9"] > 0) == ("1", True, True)
    assert sum(leg["filled_qty_1e8"] for leg in order["legs"]) == 100_000_000
    fills = seq("--local", "fills", "--order", body["node_order_id"], "--json").body["fills"]
    assert sum(fill["qty_1e8"] for fill in fills) == 100_000_000
    assert sum(fill["fee_usd_1e9"] for fill in fills) == order["fees_usd_1e9"]
    rows = seq("--local", "portfolio", "--kind", "crypto", "--json").body["positions"]
    assert sum(row["qty_1e8"] for row in rows if row["instrument"]["symbol"] == "ETH") == 100_000_000


def test_people_see_price_fee_and_venues(seq: Seq) -> None:
    out = seq("--local", "order", "buy", ETH, "1", "--wait").out
    for word in ("FILLED", "average price", "fee", "venues", "USD"):
        assert word in out


def test_quiet_prints_the_graph_id_alone(seq: Seq) -> None:
    done = seq("--local", "-q", "order", "buy", ETH, "1", "--graph-id", "mine-1")
    assert (done.status, done.out, done.err) == (0, "mine-1\n", "")


def test_a_rejected_order_is_status_3_with_the_object_and_the_error(seq: Seq) -> None:
    done = trade(seq, "sell", "BTC-USD", "1", status=3)
    assert (done.body["outcome"], done.body["status"]) == ("rejected", "REJECTED")
    assert done.error["code"] == "INSUFFICIENT_BALANCE"


def test_a_resting_order_is_listed_shown_amended_decreased_and_cancelled(seq: Seq) -> None:
    identity = rest(seq, "rest-1").body["node_order_id"]
    listed = seq("--local", "order", "--json").body["orders"]
    assert [row["node_order_id"] for row in listed] == [identity]
    assert trade(seq, "show", identity).body["limit_price"] == "10"
    assert trade(seq, "show", "rest-1").body["nodes"][0]["status"] in {"NEW", "WORKING"}
    assert trade(seq, "amend", "rest-1", "--limit", "11", "--qty", "2").body["qty"] == "2"
    assert trade(seq, "decrease", identity, "--by", "0.5").body["qty"] == "1.5"
    after = trade(seq, "show", identity).body
    assert (after["qty"], after["limit_price"]) == ("1.5", "11")
    assert trade(seq, "cancel", identity).body["cancel_state"] in {"done", "requested"}
    assert trade(seq, "cancel", "rest-1").body["cancel_state"] in {"done", "already_terminal"}
    assert seq("--local", "order", "--json").body["orders"] == []


def test_waiting_for_an_order_that_does_not_end_is_status_8(seq: Seq) -> None:
    done = rest(seq, "slow-1")
    assert done.body["outcome"] == "accepted"
    late = trade(seq, "wait", "slow-1", "--wait-timeout", "0.1", status=8)
    assert late.error["code"] == "UNFINISHED"
    again = trade(
        seq, "buy", ETH, "1", "--limit", "9", "--wait", "--wait-timeout", "0.1", "--graph-id", "slow-2", status=8
    )
    assert again.body["graph_id"] == "slow-2"


def test_an_order_that_ends_unfilled_under_wait_is_status_3(seq: Seq) -> None:
    done = trade(seq, "buy", ETH, "1", "--limit", "10", "--tif", "ioc", "--wait", status=3)
    assert done.body["status"] in {"EXPIRED", "CANCELLED"}


def test_a_partial_fill_under_wait_is_status_10(seq: Seq) -> None:
    book = seq("--local", "quote", ETH, "--json", "--depth", "100").body["book"]
    limit = str(int(book["asks"][0][0]) + 25)
    done = trade(seq, "buy", ETH, "100000", "--limit", limit, "--tif", "ioc", "--wait", status=10)
    assert done.body["status"] == "PARTIAL"


def test_the_same_id_and_words_again_change_nothing_and_other_words_are_refused(seq: Seq) -> None:
    first = trade(seq, "buy", ETH, "1", "--graph-id", "once").body
    again = trade(seq, "buy", ETH, "1", "--graph-id", "once").body
    assert again["node_order_id"] == first["node_order_id"]
    assert len(seq("--local", "fills", "--json").body["fills"]) == first["orders"][0]["fill_count"]
    other = trade(seq, "buy", ETH, "2", "--graph-id", "once", status=2)
    assert "once" in other.error["message"]


def test_a_preview_estimates_and_submits_nothing(seq: Seq) -> None:
    body = trade(seq, "preview", "buy", ETH, "1").body
    assert body["est_total_cost_usd_1e9"] > 0
    assert seq("--local", "order", "list", "--json").body["orders"] == []


def test_cancel_all_takes_a_symbol(seq: Seq) -> None:
    rest(seq, "a-1")
    rest(seq, "a-2")
    trade(seq, "buy", "BTC-USD", "1", "--limit", "10", "--graph-id", "b-1")
    body = trade(seq, "cancel", "--all", "--symbol", ETH).body
    assert (body["requested"], body["failed"]) == (2, 0)
    assert [row["graph_id"] for row in seq("--local", "order", "--json").body["orders"]] == ["b-1"]
    assert trade(seq, "cancel", "--all").body["requested"] == 1


def test_cancelling_what_does_not_exist_is_status_5_and_among_others_10(seq: Seq) -> None:
    assert trade(seq, "cancel", "nothing", status=5).error["code"] == "NOT_FOUND"
    rest(seq, "c-1")
    body = trade(seq, "cancel", "c-1", "nothing", status=10).body
    assert (body["requested"], body["cancelled"], body["failed"]) == (2, 1, 1)


def test_a_file_of_orders_is_answered_line_by_line_in_order(seq: Seq, tmp_path: Path) -> None:
    lines = [
        {"symbol": ETH, "side": "buy", "qty": "0.5", "graph_id": "l-1"},
        {"symbol": ETH, "side": "buy", "qty": 1.25, "price": 10.5, "graph_id": "l-2"},
        {"symbol": ETH, "side": "sell", "qty": "999"},
        {"cancel": "l-2"},
        {"symbol": "BTC-USD", "side": "sell", "notional": "100"},
        {"cancel": "nothing"},
    ]
    path = tmp_path / "orders.ndjson"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    done = seq("--local", "order", "submit", str(path), "-o", "ndjson")
    assert done.status == 10
    assert [(row["line"], row["outcome"]) for row in done.rows] == [
        (1, "accepted"),
        (2, "accepted"),
        (3, "rejected"),
        (4, "cancelled"),
        (5, "rejected"),
        (6, "not_sent"),
    ]
    assert all("graph_id" in row for row in done.rows)
    table = seq("--local", "order", "submit", str(path))
    assert table.status == 10
    assert "l-1" in table.out


def test_orders_come_from_stdin_from_json_and_from_toml(seq: Seq, tmp_path: Path) -> None:
    order = {"symbol": ETH, "side": "buy", "qty": "0.1"}
    whole = json.dumps({"orders": [order, order]}, indent=1).encode()
    assert seq("--local", "order", "submit", "-", "--json", stdin=whole).body["count"] == 2
    path = tmp_path / "orders.toml"
    path.write_text(f'[[orders]]\nsymbol = "{ETH}"\nside = "sell"\nqty = 0.1\n')
    assert seq("--local", "order", "submit", str(path), "--json").body["results"][0]["outcome"] == "accepted"


def test_the_kill_switch_stops_orders_cancels_what_is_open_and_proves_it(seq: Seq) -> None:
    rest(seq, "k-1")
    done = seq("--local", "killswitch", "on", "--reason", "drill", "--json")
    assert done.status == 0, done.err
    assert done.body["flat"] is True
    assert trade(seq, "buy", ETH, "1", status=3).error["code"] == "KILL_SWITCH"
    assert seq("--local", "killswitch", "--json").body["latched"] is True
    assert seq("--local", "killswitch", "off", "--json").body["latched"] is False
    assert trade(seq, "buy", ETH, "1").body["outcome"] == "accepted"


def test_what_was_sent_is_in_the_journal_and_settled(seq: Seq) -> None:
    trade(seq, "buy", ETH, "1", "--graph-id", "j-1")
    assert trade(seq, "pending").body["intents"] == []
    assert trade(seq, "reconcile").body["unknown"] == 0
    row = seq("journal", "list", "--json").body["intents"][0]
    assert (row["graph_id"], row["outcome"]) == ("j-1", "accepted")
    shown = seq("journal", "show", "j-1", "--json").body
    assert json.loads(shown["body"])["graph_id"] == "j-1"
    assert seq("journal", "verify", "--json").body["sound"] is True
    assert seq("journal", "show", "j-2").status == 5


def test_an_order_through_api_is_journaled_like_any_other(seq: Seq) -> None:
    words = (
        "api",
        "POST",
        "/v1/orders",
        "-F",
        f"symbol={ETH}",
        "-F",
        "side=buy",
        "-F",
        "qty=0.10",
        "-F",
        "graph_id=api-1",
    )
    assert seq("--local", *words, "--json").body["outcome"] == "accepted"
    assert seq("journal", "show", "api-1", "--json").body["qty"] == "0.1"


def test_the_sandbox_is_reset_seeded_and_set(seq: Seq) -> None:
    trade(seq, "buy", ETH, "1")
    refused = seq("--local", "sandbox", "reset", "--json")
    assert refused.status == 2
    assert "--yes" in refused.error["hint"]
    assert seq("sandbox", "reset", "--yes", "--json").body["reset"] is True
    seeded = seq(
        "sandbox", "seed", "--venue", "kraken", "--kind", "crypto", "--symbol", "BTC", "--qty", "2.5", "--json"
    )
    assert seeded.body["written"] == 1
    rows = seq("--local", "portfolio", "positions", "--venue", "kraken", "--kind", "crypto", "--json").body["positions"]
    assert [row["qty"] for row in rows if row["instrument"]["symbol"] == "BTC"] == ["2.5"]
    assert seq("sandbox", "settings", "--fill-model", "instant", "--json").body["fill_model"] == "instant"
    assert seq("sandbox", "settings", "--json").body["fill_model"] == "instant"


@pytest.mark.parametrize("words", [["balances"], ["positions"], ["show"], []], ids=str)
def test_every_view_of_the_portfolio_is_drawn(seq: Seq, words: list[str]) -> None:
    done = seq("--local", "portfolio", *words)
    assert (done.status, done.err) == (0, "")
    assert "USD" in done.out


def test_the_vendors_words_work(seq: Seq) -> None:
    assert seq("--local", "buy", ETH, "1", "--json").body["outcome"] == "accepted"
    assert seq("--local", "positions", "--json").status == 0
    assert seq("--local", "orders", "--json").body["orders"][0]["symbol"] == ETH
    assert seq("--local", "symbols", "-q").out.count("\n") > 40
    assert "order buy" in seq("help", "aliases").out


def test_the_kill_switch_latches_every_account_when_none_can_be_read(seq: Seq) -> None:
    done = seq("killswitch", "on", "--json")
    assert done.status == 10
    assert (done.body["latched"], done.body["flat"]) == (True, False)
    assert trade(seq, "buy", ETH, "1", status=3).error["code"] == "KILL_SWITCH"
    assert seq("--local", "killswitch", "off").status == 0
    assert trade(seq, "buy", ETH, "1").body["outcome"] == "accepted"


def test_the_kill_switch_works_with_a_broken_settings_file(seq: Seq) -> None:
    path = Path(os.environ["SEQ_CONFIG_DIR"]) / "config.toml"
    path.write_text("broken = [\n")
    path.chmod(0o600)
    assert trade(seq, "buy", ETH, "1", status=2).out == ""
    done = seq("--local", "killswitch", "on", "--json")
    assert (done.status, done.body["flat"]) == (0, True)


def test_a_long_list_is_read_page_by_page(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    from seqcli.commands import pages

    monkeypatch.setattr(pages, "PAGE", 2)
    for place in range(5):
        rest(seq, f"p-{place}")
    everything = seq("--local", "order", "list", "--all", "--json").body
    assert [row["graph_id"] for row in everything["orders"]] == [f"p-{place}" for place in (4, 3, 2, 1, 0)]
    assert everything["has_more"] is False
    some = seq("--local", "order", "list", "--max", "3", "--json").body
    assert [row["graph_id"] for row in some["orders"]] == ["p-4", "p-3", "p-2"]
    assert some["has_more"] is True
    assert seq("--local", "order", "list", "--status", "filled", "--json").body["orders"] == []


def test_a_file_that_was_not_sent_to_its_end_goes_on_and_sends_nothing_twice(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    good = '{"symbol": "ETH-USD", "side": "buy", "qty": "1"}'
    path.write_text(f'{good}\n{good}\n{{"cancel": "nothing"}}\n')
    words = ("--local", "order", "submit", str(path), "--json")
    first = seq(*words)
    assert first.status == 10
    path.write_text(f"{good}\n{good}\n{good.replace('buy', 'sell')}\n")
    second = seq(*words)
    assert second.status == 0
    assert "going on" in second.err
    sent = [row["graph_id"] for row in second.body["results"]]
    assert sent[:2] == [row["graph_id"] for row in first.body["results"]][:2]
    assert len(set(sent)) == 3
    assert seq("--local", "order", "list", "--json").body["total"] == 3
    third = seq(*words)
    assert "going on" not in third.err
    assert seq("--local", "order", "list", "--json").body["total"] == 6


def test_a_file_is_begun_anew_on_request(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text('{"symbol": "ETH-USD", "side": "buy", "qty": "1"}\n{"cancel": "nothing"}\n')
    words = ("--local", "order", "submit", str(path), "--json")
    for flags in ([], ["--anew"], []):
        assert seq(*words, *flags).status == 10
    assert seq("--local", "order", "list", "--json").body["total"] == 2


def test_a_file_stops_where_the_exchange_can_not_be_reached(
    seq: Seq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "0" * 64)
    monkeypatch.setenv("SEQ_API_URL", "http://127.0.0.1:1")
    path = tmp_path / "orders.ndjson"
    path.write_text('{"symbol": "ETH-USD", "side": "buy", "qty": "1"}\n' * 50)
    done = seq("order", "submit", str(path), "-o", "ndjson", "--timeout", "0.5")
    assert done.status == 7
    assert len(done.rows) == 50
    assert "not tried after line 1" in done.rows[-1]["error"]


def test_the_policy_that_the_settings_name_is_obeyed(seq: Seq, tmp_path: Path) -> None:
    policy = tmp_path / "limits.toml"
    policy.write_text("max_qty = 1\n")
    assert seq("config", "set", "policy", str(policy)).status == 0
    done = seq("--local", "order", "buy", "ETH-USD", "1.5", "--json")
    assert (done.status, done.out) == (3, "")
    assert "max_qty" in done.error["message"]
    policy.unlink()
    assert seq("--local", "order", "buy", "ETH-USD", "0.5", "--json").status == 2


def test_a_stop_of_a_service_that_documents_none_is_warned_of_when_sent_and_when_changed(
    seq: Seq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqcli.profile.address.is_local", lambda _url: False)
    monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "0" * 64)
    with listening(accepting) as exchange:
        monkeypatch.setenv("SEQ_API_URL", exchange.url)
        exits = ("--take-profit", "9000", "--stop-loss", "500", "--graph-id", "g1", "--yes")
        warned = "stop orders (sl) are not in the service's documents"
        assert warned in seq("graph", "bracket", "ETH-USD", "buy", "1", *exits).err
        assert warned in seq("order", "amend", "graph:g1:sl:1", "--qty", "0.5").err
        assert warned in seq("graph", "amend-node", "g1", "sl", "--qty", "0.4").err
        for name in ("graph:g1:entry:1", "graph:g1:tp:1", "graph:another:sl:1"):
            assert "stop orders" not in seq("order", "amend", name, "--qty", "0.5").err
