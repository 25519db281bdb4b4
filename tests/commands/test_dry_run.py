"""--dry-run shows exactly what would be sent, needs neither key nor network, and sends nothing."""

import os
from pathlib import Path
from typing import Any

import pytest

Seq = Any
"""`seq(*words)` of conftest.py."""

KEY = "seq_live_" + "0123456789abcdef" * 4


def planned(seq: Seq, *words: str) -> dict[str, object]:
    done = seq(*words, "--dry-run", "--json")
    assert (done.status, done.err) == (0, "")
    body: dict[str, object] = done.body
    assert set(body) == {"method", "url", "headers", "body"}
    return body


def test_without_an_account_the_hosted_address_and_no_key_are_shown(seq: Seq) -> None:
    request = planned(seq, "order", "buy", "ETH-USD", "1.5", "--limit", "2000.25", "--graph-id", "g1")
    assert request["method"] == "POST"
    assert request["url"] == "https://api.sequencemkts.com/v1/orders"
    assert request["headers"]["Authorization"] == "Bearer <none>"  # type: ignore[index]
    assert request["body"] == {
        "nodes": [
            {
                "node_id": "order",
                "instrument": {"symbol": "ETH-USD"},
                "side": "buy",
                "order_type": {"limit": {"price_1e9": 2000250000000}},
                "quantity": {"fixed": {"qty_1e8": 150000000}},
                "activation": "root",
            }
        ],
        "graph_id": "g1",
    }


def test_every_option_of_an_order_arrives_in_its_place(seq: Seq) -> None:
    words = ("order", "sell", "BTC-USD-PERP", "--notional", "1000.5", "--venue", "hyperliquid", "--type", "perp")
    more = (
        "--tif",
        "IOC",
        "--urgency",
        "high",
        "--policy",
        "sor",
        "--max-slippage-bps",
        "25",
        "--horizon",
        "5m",
        "--sandbox",
    )
    body = planned(seq, *words, *more)["body"]
    node = body["nodes"][0]  # type: ignore[index]
    assert node["instrument"] == {"symbol": "BTC-USD-PERP", "type": "perp", "venue": "hyperliquid"}
    assert node["quantity"] == {"notional": {"notional_usd_1e9": 1000500000000}}
    assert node["execution"] == {
        "policy": "sor",
        "urgency": "high",
        "max_slippage_bps": 25,
        "horizon_ms": 300000,
        "tif": "ioc",
    }
    assert body["is_sandbox"] is True  # type: ignore[index]
    assert str(body["graph_id"]).startswith("sq-")  # type: ignore[index]


def test_the_key_is_masked(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQ_API_KEY", KEY)
    done = seq("quote", "ETH-USD", "-n", "--json")
    assert KEY not in done.out
    assert done.body["headers"]["Authorization"] == "Bearer seq_live_…cdef"


def test_several_requests_are_ndjson_and_what_is_not_known_yet_is_in_brackets(seq: Seq) -> None:
    done = seq("order", "decrease", "g1", "--by", "0.5", "-n", "-o", "ndjson")
    first, second = done.rows
    assert (first["method"], second["method"]) == ("GET", "PATCH")
    assert str(second["body"]["new_qty_1e8"]).startswith("<")
    assert seq("killswitch", "on", "-n", "-o", "ndjson").rows[0]["method"] == "POST"


@pytest.mark.parametrize(
    "words",
    [
        ["quote", "ETH-USD"],
        ["fills"],
        ["portfolio"],
        ["order", "cancel", "g1"],
        ["order", "cancel", "--all"],
        ["order", "amend", "g1", "--limit", "5"],
        ["order", "preview", "buy", "ETH-USD", "1"],
        ["killswitch", "on"],
        ["killswitch", "off"],
        ["sandbox", "reset"],
        ["sandbox", "settings", "--fill-model", "instant"],
        ["algo", "list"],
        ["creds", "venue", "remove", "kraken"],
        ["health"],
    ],
    ids=" ".join,
)
def test_nothing_is_sent_and_nothing_is_written(seq: Seq, words: list[str]) -> None:
    done = seq(*words, "--dry-run", "--json")
    assert (done.status, done.err) == (0, "")
    for name in ("SEQ_STATE_DIR", "SEQ_CONFIG_DIR"):
        assert list(Path(os.environ[name]).iterdir()) == []


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["buy", "ETH-USD"], "how much"),
        (["buy", "ETH-USD", "0"], "0 is not a quantity"),
        (["buy", "ETH-USD", "1e3"], "1e3"),
        (["buy", "ETH-USD", "1,5"], "1,5"),
        (["buy", "ETH-USD", "nan"], "nan"),
        (["buy", "ETH-USD", "0.123456789"], "at most 8 decimals"),
        (["buy", "ETH-USD", "1", "--limit", "0"], "0 is not a limit price"),
        (["buy", "ETH-USD", "1", "--limit", "0.0000000001"], "at most 9 decimals"),
        (["buy", "ETH-USD", "1", "--notional", "5"], "both"),
        (["buy", "ETH-USD", "--notional", "0"], "0 is not an amount"),
        (["buy", "ETH-USD", "1", "--tif", "day"], "'day'"),
        (["buy", "ETH-USD", "1", "--tif", "post_only"], "post_only"),
        (["buy", "ETH-USD", "1", "--type", "future"], "'future'"),
        (["buy", "ETH-USD", "1", "--horizon", "5"], "'5'"),
        (["buy", "ETH-USD", "1", "--horizon", "8d"], "8d"),
        (["buy", "ETH-USD", "1", "--max-slippage-bps", "10001"], "10001"),
        (["buy", "ETH-USD", "1", "--graph-id", "a b"], "a b"),
        (["buy", "ETH-USD", "1", "--graph-id", "graph"], "'graph'"),
        (["buy", "ETH-USD", "1", "--wait", "--wait-timeout", "-1"], "-1"),
        (["buy", "ETH-USD", "-1"], "-1"),
        (["buy", "ETH-USD", "92233720369"], "at most"),
        (["preview", "hold", "ETH-USD", "1"], "'hold'"),
        (["submit", "--symbol", "ETH-USD"], "what to submit"),
        (["submit", "x.json", "--symbol", "ETH-USD"], "both"),
        (["amend", "g1"], "what to change"),
        (["amend", "g1", "--qty", "0"], "0 is not a total quantity"),
        (["decrease", "g1"], "by how much"),
        (["cancel"], "which orders"),
        (["cancel", "g1", "--all"], "which orders"),
        (["cancel", "g1", "--venue", "kraken"], "narrow"),
        (["show", "no spaces"], "no spaces"),
        (["reconcile", "g1", "--resend", "--abandon"], "--resend"),
        (["reconcile", "--abandon"], "which orders"),
    ],
    ids=str,
)
def test_a_bad_order_is_one_sentence_that_names_it_and_leaves_nothing(seq: Seq, words: list[str], named: str) -> None:
    done = seq("--local", "order", *words, "--json")
    assert (done.status, done.out) == (2, "")
    assert named in done.error["message"]
    assert list(Path(os.environ["SEQ_STATE_DIR"]).iterdir()) == []
