"""Any other client of the API trades on the served exchange: curl, and the vendor's SDK as it is."""

import asyncio
import json
import shutil
from typing import Any

import pytest


def test_curl_trades_as_the_vendor_s_page_says(serve, shell):
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    server = serve()
    done = shell(
        """
        auth="Authorization: Bearer $KEY"
        order=$(curl -sf -X POST "$URL/v1/orders" -H "$auth" -H 'Content-Type: application/json' \
          -d '{"symbol": "ETH-USD", "side": "buy", "qty": 1.0}')
        id=$(printf %s "$order" | grep -o '"graph_id":"[^"]*"' | head -n 1 | cut -d'"' -f4)
        curl -sf "$URL/v1/quotes/ETH-USD" -H "$auth"; echo
        printf '%s\\n' "$order"
        curl -sf "$URL/v1/execution_graphs/$id" -H "$auth"; echo
        """,
        URL=server["url"],
        KEY=server["api_key"],
    )
    assert done.returncode == 0, done.stderr
    quote, order, graph = map(json.loads, done.stdout.splitlines())
    assert quote["nbbo"]["bid"] < quote["nbbo"]["ask"]
    assert (order["orders"][0]["status"], graph["status"]) == ("FILLED", "COMPLETED")
    assert graph["graph_id"] == order["graph_id"]


def test_a_request_without_the_key_or_from_a_foreign_page_is_refused(serve, shell):
    server = serve()
    ask = 'curl -s -o /dev/null -w "%{http_code} " "$URL/v1/account"'
    good = '-H "Authorization: Bearer $KEY"'
    tries = ["", '-H "Authorization: Bearer seq_live_abc"', f'{good} -H "Host: evil.example"']
    tries += [f'{good} -H "Origin: https://evil.example"', good]
    done = shell("; ".join(f"{ask} {words}" for words in tries), URL=server["url"], KEY=server["api_key"])
    codes = done.stdout.split()
    assert codes[-1] == "200"
    assert all(code in {"400", "401", "403"} for code in codes[:-1]), codes


def test_the_vendor_s_sdk_trades_unchanged(serve):
    sdk = pytest.importorskip("sequence_markets", reason="the vendor's SDK is not installed: pip install '.[test]'")
    server = serve()
    client = sdk.Sequence(api_key=server["api_key"], base_url=server["url"])
    assert client.health()
    assert client.quote("ETH-USD")["nbbo"]["bid"] > 0
    bought = client.buy("ETH-USD", 1.5)
    graph = client.graph_status(bought["graph_id"])
    assert graph["status"] == "COMPLETED"
    assert graph["orders"][0]["filled_qty_1e8"] == 150_000_000
    resting = client.buy("ETH-USD", 1.0, limit_price=900.0, venue="kraken")
    identity = f"graph:{resting['graph_id']}:order:1"
    assert client.order(identity)["status"] == "WORKING"
    assert client.amend(identity, new_price=901.0)["status"] == "WORKING"
    assert client.decrease(identity, 0.25)["order_id"] == identity
    client.graph_cancel(resting["graph_id"])
    assert client.order(identity)["status"] == "CANCELLED"
    assert client.preview("BTC-USD", "buy", 0.1)
    assert client.fills()
    assert client.symbols()
    assert client.fees("BTC-USD")
    assert client.price_history("BTC-USD", range="1h")["count"] == 60
    assert client.price_history("BTC-USD", fidelity_secs=0)["points"][0]["venue_id"]
    assert client.funding_history("BTC-USDT", "binance")["symbol"] == "BTC-USDT"
    assert client.funding_rates(symbol="BTC-USDT")["unit"] == "bps_per_hour"
    assert client.edges()
    assert client.account()
    assert client.risk_limits()
    held = [row for row in client.positions_unified()["positions"] if row["instrument"]["symbol"] == "ETH"]
    assert sum(row["qty_1e8"] for row in held) == 150_000_000
    client.kill_switch_engage("test")
    with pytest.raises(sdk.SequenceError):
        client.buy("ETH-USD", 1.0)
    client.kill_switch_clear()
    assert client.buy("ETH-USD", 0.1)["graph_id"]


def test_the_vendor_s_sdk_asks_what_it_cost(serve):
    sdk = pytest.importorskip("sequence_markets", reason="the vendor's SDK is not installed: pip install '.[test]'")
    server = serve()
    client = sdk.Sequence(api_key=server["api_key"], base_url=server["url"])
    assert client.forecast("ETH-USD", "buy", 0.1 + 0.2)["qty_1e8"] == 30_000_000
    graph_id = client.buy("ETH-USD", 0.5)["graph_id"]
    order = f"graph:{graph_id}:order:1"
    assert client.tca("ETH-USD")["orders"][0]["node_order_id"] == order
    assert client.tca("BTC-USD")["order_count"] == 0
    assert client.execution_live(order)["progress"] == 1
    assert client.execution_review(order)["tca"]["submit_latency_ns"] > 0
    assert client.execution_summary()["completed_orders"] == 1
    assert client.trace(order)["events"][0]["stage"] == "received"


def test_the_vendor_s_sdk_streams_unchanged(serve):
    sdk = pytest.importorskip("sequence_markets", reason="the vendor's SDK is not installed: pip install '.[test]'")
    server = serve()
    client = sdk.Sequence(api_key=server["api_key"], base_url=server["url"])

    async def first(stream, wanted):
        """The first frame of each wanted channel, and an order as soon as something has come."""
        seen: dict[str, Any] = {}
        bought = None
        async for channel, data in stream:
            seen.setdefault(channel, data)
            if bought is None:
                bought = await asyncio.to_thread(client.buy, "ETH-USD", 0.5)
            if wanted <= set(seen):
                break
        await stream.aclose()
        return bought, seen

    wanted = {"orders", "fills", "tca", "prices:BTC-USD", "book:ETH-USD"}
    bought, seen = asyncio.run(first(client.stream(sorted(wanted)), wanted))
    assert seen["fills"]["graph_id"] == seen["orders"]["graph_id"] == seen["tca"]["graph_id"] == bought["graph_id"]
    assert seen["prices:BTC-USD"]["bid"] < seen["prices:BTC-USD"]["ask"]
    assert seen["book:ETH-USD"]["bids"][0][0] < seen["book:ETH-USD"]["asks"][0][0]

    async def newest(stream):
        event = await anext(stream)
        await stream.aclose()
        return event

    assert asyncio.run(newest(client.stream_new_markets()))["kind"] == "new_market"
