"""How many a second: orders from one process, and what the served exchange answers against an empty handler."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

ORDERS = int(os.environ.get("SEQ_BENCH_ORDERS", "2000"))
SECONDS = os.environ.get("SEQ_BENCH_SECONDS", "4")
EMPTY = """
import sys, uvicorn
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send(START)
        await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False)
"""
SENDER = """
import sys, time, pathlib
from seqcli.client.client import Client
from seqcli.client.clock import SystemChance, SystemClock
from seqcli.client.transport import HttpTransport
from seqcli.commands import ordering
from seqcli.desk.desk import Desk
url, key, folder, count = sys.argv[1:]
client = Client(HttpTransport(), base_url=url, key=key, mode="sandbox", clock=SystemClock(), rng=SystemChance())
desk = Desk(client, account="bench", state_dir=pathlib.Path(folder), config_dir=pathlib.Path(folder), deadline_s=20)
terms = ordering.Terms()
desk.submit(ordering.graph("buy", "ETH-USD", "0.01", terms))
start = time.perf_counter()
for _ in range(int(count)):
    assert desk.submit(ordering.graph("buy", "ETH-USD", "0.01", terms)).outcome == "accepted"
print(int(count) / (time.perf_counter() - start))
"""


def rate(wrk, url, *options):
    command = [wrk, "-t1", "-c32", f"-d{SECONDS}s", *options, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in text, text
    return float(text.partition("Requests/sec:")[2].split()[0])


def test_orders_from_one_process(tell, served, tmp_path, environment):
    command = [sys.executable, "-c", SENDER, served["url"], served["api_key"], str(tmp_path / "desk"), str(ORDERS)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    tell(f"orders from one process, journaled: {float(done.stdout):.0f}/s   (aim ≥ 400)")


def test_the_served_exchange_against_an_empty_handler(tell, served, wrk, tmp_path):
    port = "50971"
    empty = subprocess.Popen([sys.executable, "-c", EMPTY, port])
    try:
        for _ in range(200):
            if (
                subprocess.run(
                    ["curl", "-sf", f"http://127.0.0.1:{port}/"], capture_output=True, check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.05)
        script = tmp_path / "order.lua"
        body = json.dumps({"symbol": "ETH-USD", "side": "buy", "qty": 0.01})
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        )
        bearer = ["-H", f"Authorization: Bearer {served['api_key']}"]
        nothing = rate(wrk, f"http://127.0.0.1:{port}/")
        quotes = rate(wrk, f"{served['url']}/v1/quotes/ETH-USD", *bearer)
        orders = rate(wrk, f"{served['url']}/v1/orders", *bearer, "-s", str(script))
    finally:
        empty.terminate()
        empty.wait(10)
    tell(f"an empty handler on the same server: {nothing:.0f}/s")
    tell(f"served quotes: {quotes:.0f}/s, {quotes / nothing:.2f} × the empty handler   (aim ≥ 0.4)")
    tell(f"durable orders: {orders:.0f}/s, {orders / nothing:.2f} × the empty handler   (aim ≥ 0.2)")


def resident(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_memory_over_many_orders(tell, served, wrk, tmp_path):
    script = tmp_path / "order.lua"
    script.write_text(
        textwrap.dedent("""
        local n = 0
        request = function()
          n = n + 1
          local side = n % 2 == 0 and "sell" or "buy"
          local body = '{"symbol":"BTC-USD","side":"' .. side .. '","qty":0.001,"venue":"kraken"}'
          return wrk.format("POST", nil, {["Content-Type"]="application/json",
            ["Authorization"]="Bearer KEY"}, body)
        end
        """).replace("KEY", served["api_key"])
    )
    wanted = int(os.environ.get("SEQ_BENCH_MANY", "200000"))
    sent, samples = 0, []
    while sent < wanted:
        start = rate(wrk, f"{served['url']}/v1/orders", "-s", str(script))
        sent += int(start * float(SECONDS))
        samples.append((sent, resident(served["pid"]) // 1024))
    shown = ", ".join(f"{megabytes} MiB at {count}" for count, megabytes in samples[:: max(1, len(samples) // 8)])
    tell(f"memory of the served exchange over {sent} orders: {shown}, {samples[-1][1]} MiB at the end")
