"""A file of orders: read in every form, refused whole for one bad line, stopped by the kill switch, one row a line."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Seq

GOOD = '{"symbol": "ETH-USD", "side": "buy", "qty": "0.1"}'


def submitted(seq: Seq) -> int:
    """How many orders the exchange has."""
    total: int = seq("--local", "order", "list", "--json").body["total"]
    return total


def test_a_table_says_the_same_as_json(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "\ufeffsymbol,side,qty,notional,price,graph_id,cancel\r\n"
        'ETH-USD,buy,0.5,,"10.5",a-1,\r\n\r\n'
        "BTC-USD,buy,,250,,a-2,\r\n"
        ",,,,,,a-1\r\n"
    )
    for words, stdin in ((str(path), b""), ("-", path.read_bytes())):
        done = seq("--local", "order", "submit", words, "-n", "--json", stdin=stdin)
        first, second, third = done.rows
        node = first["body"]["nodes"][0]
        assert (node["quantity"], node["order_type"]) == (
            {"fixed": {"qty_1e8": 50_000_000}},
            {"limit": {"price_1e9": 10_500_000_000}},
        )
        assert second["body"]["nodes"][0]["quantity"] == {"notional": {"notional_usd_1e9": 250 * 10**9}}
        assert (third["method"], third["url"].rpartition("/")[2]) == ("DELETE", "a-1")
    rows = seq("--local", "order", "submit", str(path), "-o", "ndjson").rows
    assert [(row["line"], row["outcome"]) for row in rows] == [(2, "accepted"), (4, "accepted"), (5, "cancelled")]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("o.csv", "symbol,side,size\nETH-USD,buy,1\n", "'size'"),
        ("o.csv", "symbol,side,qty\nETH-USD,buy\n", "line 2: 2 cells under 3 columns"),
        ("o.csv", "symbol,side,qty\nETH-USD,buy,1e3\n", "line 2"),
        ("o.csv", 'symbol,side,qty\nETH-USD,"bu"y,1\n', "not CSV"),
        ("o.ndjson", f"{GOOD}\n{{broken\n", "line 2: not JSON"),
        ("o.ndjson", f'{GOOD}\n{{"cancel": 7}}\n', "line 2: a cancel names one"),
        ("o.ndjson", f'{GOOD[:-1]}, "graph_id": "x"}}\n' * 2, "the id x is that of line 1"),
        ("o.ndjson", f"{GOOD}\n{GOOD.replace('0.1', '0.123456789')}\n", "at most 8 decimals"),
    ],
)  # fmt: skip
def test_one_bad_line_stops_all_before_the_first_is_sent(
    seq: Seq, tmp_path: Path, name: str, text: str, told: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    done = seq("--local", "order", "submit", str(path), "--json")
    assert (done.status, done.out) == (2, "")
    assert told in done.error["message"]
    assert submitted(seq) == 0


def test_an_account_that_is_wrong_is_told_once_and_not_of_each_line(
    seq: Seq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text(f"{GOOD}\n" * 3)
    monkeypatch.setenv("SEQ_API_KEY", "")
    done = seq("order", "submit", str(path), "--json")
    assert done.error["message"] == "SEQ_API_KEY is set but empty"
    assert done.error["details"] == []


def test_every_bad_line_is_named(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text("\n".join([GOOD, *[GOOD.replace("buy", "bye")] * 5, GOOD]) + "\n")
    done = seq("--local", "order", "submit", str(path), "--json")
    assert done.status == 2
    assert done.error["message"].endswith("line 2: 'bye' is not a side; 4 more of 7 lines are wrong")
    assert [row["field"] for row in done.error["details"]] == [f"line {number}" for number in range(2, 7)]


def test_the_kill_switch_stops_the_rest_and_the_file_goes_on_later(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text(f"{GOOD}\n" * 4)
    assert seq("--local", "killswitch", "on", "--json").status == 0
    done = seq("--local", "order", "submit", str(path), "-o", "ndjson")
    assert done.status == 3
    assert [row["outcome"] for row in done.rows] == ["not_sent"] * 4
    assert "not tried after line 1" in done.rows[-1]["error"]
    assert seq("--local", "killswitch", "off").status == 0
    again = seq("--local", "order", "submit", str(path), "-o", "ndjson")
    assert (again.status, submitted(seq)) == (0, 4)


def test_equal_lines_of_a_file_are_meant_unless_the_policy_says_otherwise(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text(f"{GOOD}\n" * 3)
    assert seq("--local", "order", "submit", str(path), "--yes", "-o", "ndjson").status == 0
    policy = tmp_path / "limits.toml"
    policy.write_text("duplicate_guard = true\n")
    assert seq("config", "set", "policy", str(policy)).status == 0
    path.write_text(f"{GOOD.replace('buy', 'sell')}\n" * 3)
    done = seq("--local", "order", "submit", str(path), "-o", "ndjson")
    assert (done.status, [row["outcome"] for row in done.rows]) == (10, ["accepted", "not_sent", "not_sent"])


def test_what_is_settled_is_told_from_the_journal(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    lost = json.dumps({"symbol": "ETH-USD", "side": "sell", "qty": "99"})
    path.write_text(f'{GOOD}\n{lost}\n{{"cancel": "nothing"}}\n')
    runs = [seq("--local", "order", "submit", str(path), "-o", "ndjson") for _ in range(2)]
    for name in ("graph_id", "outcome", "node_order_id"):
        first, second = ([row.get(name) for row in run.rows] for run in runs)
        assert first == second
    assert submitted(seq) == 2
