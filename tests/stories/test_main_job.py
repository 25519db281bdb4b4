"""The main job as a stranger types it, and what scripts may rely on."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def object_of(text: str) -> dict[str, Any]:
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def test_quote_order_position(shell):
    quoted = object_of(shell("seq --local quote ETH-USD --json").stdout)
    assert quoted["source"] == "edge_nbbo"
    bought = shell("seq --local order buy ETH-USD 1.0 --wait --json")
    assert bought.returncode == 0, bought.stderr
    order = object_of(bought.stdout)
    assert (order["outcome"], order["mode"], order["status"]) == ("accepted", "local", "FILLED")
    fills = object_of(shell("seq --local fills --json").stdout)["fills"]
    cost = sum(fill["price_1e9"] * fill["qty_1e8"] for fill in fills)
    assert sum(fill["qty_1e8"] for fill in fills) == 100_000_000
    one = order["orders"][0]
    assert abs(one["avg_fill_price_1e9"] * 100_000_000 - cost) <= 100_000_000
    assert one["fees_usd_1e9"] == sum(fill["fee_usd_1e9"] for fill in fills)
    held = object_of(shell("seq --local portfolio positions --kind crypto --json").stdout)["positions"]
    assert sum(row["qty_1e8"] for row in held if row["instrument"]["symbol"] == "ETH") == 100_000_000


def test_two_shells_at_once_lose_nothing(shell):
    with ThreadPoolExecutor(4) as pool:
        line = "for i in 1 2 3; do seq --local order buy BTC-USD 0.01 --wait -q; done"
        ends = list(pool.map(shell, [line] * 4))
    assert [end.returncode for end in ends] == [0] * 4, [end.stderr for end in ends]
    ids = [name for end in ends for name in end.stdout.split()]
    assert len(set(ids)) == 12
    listed = object_of(shell("seq --local order list --all --json").stdout)["orders"]
    assert {order["graph_id"] for order in listed} == set(ids)
    assert {order["status"] for order in listed} == {"FILLED"}


def test_a_script_whose_secret_went_missing_stops(shell):
    for line in ("seq order buy ETH-USD 1 --yes", "seq quote ETH-USD"):
        done = shell(f"{line} --json </dev/null")
        assert (done.returncode, done.stdout) == (4, "")
        error = object_of(done.stderr)["error"]
        assert error["exit_status"] == 4
        assert all(word in error["hint"] for word in ("SEQ_API_KEY", "seq creds login", "--local"))


def test_an_unknown_symbol_is_answered_with_the_nearest_names(shell):
    done = shell("seq --local quote ETH-UDS --json")
    assert done.returncode == 5
    assert object_of(done.stdout)["source"] == "unavailable"
    assert "ETH-USD" in object_of(done.stderr)["error"]["hint"]


def test_a_rejected_order_is_status_3_also_inside_a_201(shell):
    done = shell("seq --local order sell ETH-USD 1 --venue kraken --json")
    assert done.returncode == 3
    body = object_of(done.stdout)
    assert (body["outcome"], body["status"]) == ("rejected", "REJECTED")
    assert object_of(done.stderr)["error"]["code"] == "INSUFFICIENT_BALANCE"


def test_a_dry_run_shows_exactly_what_would_be_sent_and_needs_nothing(shell):
    done = shell("seq order buy ETH-USD 1.5 --limit 2000.10 --graph-id mine --dry-run --json")
    assert done.returncode == 0, done.stderr
    request = object_of(done.stdout)
    assert request["headers"]["Authorization"] == "Bearer <none>"
    assert (request["method"], request["url"]) == ("POST", "https://api.sequencemkts.com/v1/orders")
    node = request["body"]["nodes"][0]
    assert node["order_type"] == {"limit": {"price_1e9": 2_000_100_000_000}}
    assert node["quantity"] == {"fixed": {"qty_1e8": 150_000_000}}
    assert request["body"]["graph_id"] == "mine"


def test_bad_words_say_what_to_type_instead(shell):
    for line, named in (
        ("order buy ETH-USD 0.123456789", "at most 8 decimals"),
        ("order buy ETH-USD 1e3", "is not a number"),
        ("order buy ETH-USD 1 --limit 0", "above 0"),
        ("order buy ETH-USD 1 --tif day", "is not a time in force"),
        ("order hold ETH-USD 1", "is not a command"),
        ("order buy ETH-USD 1 --pric 5", "has no option --pric"),
        ("order buy 'ETH USD' 1", "is not a symbol"),
        ("--profile nobody quote ETH-USD --color never", "nobody"),
        ("quote ETH-USD --fields nothing", "no field"),
        ("order submit missing.ndjson", "missing.ndjson"),
    ):
        done = shell(f"seq {'' if '--profile' in line else '--local'} {line} --json")
        assert (done.returncode, done.stdout) == (2, ""), (line, done)
        error = object_of(done.stderr)["error"]
        assert named in error["message"], (line, error)
        assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_141_and_says_nothing(shell):
    done = shell("set +o pipefail; seq --local market symbols -o ndjson | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}")
    assert (done.stdout.strip() in {"141", "0"}, done.stderr) == (True, "")


def test_the_kill_switch_proves_flat_and_blocks_new_orders(shell):
    shell("seq --local order buy ETH-USD 1 --limit 900 -q")
    on = shell("seq --local killswitch on --json")
    assert on.returncode == 0, on.stderr
    report = object_of(on.stdout)
    assert (report["flat"], report["open_orders"]) == (True, 0)
    blocked = shell("seq --local order buy ETH-USD 1 --json")
    assert (blocked.returncode, blocked.stdout) == (3, "")
    assert object_of(blocked.stderr)["error"]["code"] == "KILL_SWITCH"
    assert shell("seq --local order list").returncode == 0
    assert shell("seq --local killswitch off").returncode == 0
    assert shell("seq --local order buy ETH-USD 1 --wait").returncode == 0


def test_every_machine_form_of_a_list(shell):
    shell("seq --local order buy ETH-USD 1 --wait; seq --local order buy BTC-USD 0.1 --wait")
    rows = [json.loads(line) for line in shell("seq --local order list -o ndjson").stdout.splitlines()]
    assert [row["symbol"] for row in rows] == ["BTC-USD", "ETH-USD"]
    assert rows[0]["qty"] == "0.1"
    csv = shell("seq --local order list -o csv --fields symbol,qty").stdout
    assert csv.splitlines() == ["symbol,qty", "BTC-USD,0.1", "ETH-USD,1"]
    raw = object_of(shell("seq --local order list -o raw").stdout)
    assert "qty" not in raw["orders"][0]
    assert shell("seq --local order list -q").stdout.count("\n") == 2
